"""A price that a row needs is missing or in another unit: refused before the model runs, by its title."""

from dataclasses import replace

import numpy as np
import pytest

from risk_models.appraise import finding_detail
from risk_models.conformance import conformance
from risk_models.contract import Choice, Exposure, Flow, Keyed, ModelSpec, Price, PriceUse, step
from risk_models.fields import choice, number, part
from risk_models.modelling import single
from risk_models.words import Text
from tests.risk_models.helpers import codes, run

WORDS = Text(en="Reeds", zh="芦苇")
TITLE = Text(en="Dry reeds", zh="干芦苇")
SOLD = (("sold", frozenset({"market", ""})),)
PRICE = {"reed": Price(yuan=400.0, unit="yuan/t")}


def _spec(use: PriceUse) -> ModelSpec:
    sold = tuple(Choice(id=name, title=WORDS) for name in ("market", "contract"))
    return ModelSpec(
        id="reed-sale",
        version="1.0.0",
        title=WORDS,
        help=WORDS,
        value_kind="market",
        per="once",
        asset_kinds=("reed",),
        fields=(
            choice("sold", WORDS, WORDS, *sold, group="reed"),
            number("reed_t", WORDS, WORDS, unit="t", example=12.0, group="reed"),
            number("agreed_yuan_per_t", WORDS, WORDS, unit="yuan/t", example=310.0, group="reed"),
        ),
        components=(part("sales", "Sales", "销售"),),
        approaches=(part("income", "Income", "收益法"),),
        parameters=(),
        prices=(use,),
        standards=(),
        limits=(),
    )


@step(unit="t", zh="按市价销售量")
def at_market_t(*, reed_t):
    """What the market pays: reed_t."""
    return reed_t


class Sale:
    """Sells reeds now, at the market's price or at an agreed one. `patient` bears a missing price."""

    def __init__(self, use: PriceUse, *, patient: bool) -> None:
        self.spec, self.patient = _spec(use), patient

    def check(self, batch, basis):
        return []

    def exposures(self, batch, basis, steps):
        tonnes = steps("at_market_t", at_market_t, reed_t=batch.numbers("reed_t"))
        market = batch.is_level("sold", "market", "")
        flows = [
            self._flow(batch, np.where(market, 0.0, tonnes), batch.numbers("agreed_yuan_per_t"))
        ]
        if "reed" in basis.prices or not self.patient:
            price = basis.prices["reed"].yuan
            sold = self._flow(batch, np.where(market, tonnes, 0.0), np.full(batch.n, price))
            flows.append(replace(sold, index="reed"))
        nothing = Keyed.one(0.0, batch.n)
        return {"income": Exposure(n=batch.n, flows=tuple(flows), rate=nothing, hazard=nothing)}

    def _flow(self, batch, quantity, price):
        plain = {"name": "sales", "unit": "t", "first": 0.0, "at_risk": False}
        return Flow(profile=single(batch.n), quantity=quantity, unit_price=price, **plain)


def _use(**changes) -> PriceUse:
    return replace(PriceUse(id="reed", title=TITLE, unit="yuan/t"), **changes)


ROWS = [
    {"sold": "market", "reed_t": 12.0, "agreed_yuan_per_t": 310.0},
    {"sold": "contract", "reed_t": 12.0, "agreed_yuan_per_t": 310.0},
]


def test_a_missing_price_refuses_every_row_that_may_use_it_before_the_model_runs():
    result = run(Sale(_use(), patient=False), ROWS)
    assert not result.valid.any()
    assert codes(result, 0) == codes(result, 1) == {"price-missing"}
    told = finding_detail(result.findings[0], 0)
    assert "“Dry reeds”" in told.en
    assert "state the price with its source" in told.en
    assert "“干芦苇”" in told.zh
    assert "reed-" not in told.en


def test_a_missing_price_leaves_rows_alone_that_do_not_use_it():
    result = run(Sale(_use(when=SOLD), patient=True), ROWS)
    assert list(result.valid) == [False, True]
    assert result.value[1] == 12.0 * 310.0
    assert codes(result, 0) == {"price-missing"}
    assert codes(result, 1) == set()
    priced = run(Sale(_use(when=SOLD), patient=True), ROWS, PRICE)
    assert list(priced.value) == [12.0 * 400.0, 12.0 * 310.0]


def test_a_price_that_rows_may_do_without_is_left_to_the_model():
    result = run(Sale(_use(needed=False), patient=True), ROWS)
    assert result.valid.all()


def test_a_price_in_another_unit_is_refused_by_its_title_where_it_is_used():
    wrong = {"reed": Price(yuan=0.4, unit="yuan/kg")}
    for needed in (True, False):
        result = run(Sale(_use(when=SOLD, needed=needed), patient=True), ROWS, wrong)
        assert list(result.valid) == [False, True]
        told = finding_detail(result.findings[0], 0)
        assert codes(result, 0) == {"price-unit"}
        assert told.en.startswith(
            "The price of “Dry reeds” comes in yuan/kg; the model needs yuan/t."
        )


@pytest.mark.parametrize(
    ("model", "problem"),
    [
        (Sale(_use(), patient=False), None),
        (Sale(_use(when=SOLD), patient=True), None),
        (Sale(_use(when=SOLD), patient=False), "without the price reed: raises KeyError"),
        (Sale(_use(needed=False), patient=False), "without the price reed: raises KeyError"),
    ],
)
def test_conformance_tries_a_model_without_its_prices(model, problem):
    told = [each for each in conformance(model) if each.startswith("without")]
    assert (problem is None) == (told == [])
    assert all(each.startswith(problem or "") for each in told)


class Slipping(Sale):
    """Gives a row that does not use the price another value where the price is missing."""

    def exposures(self, batch, basis, steps):
        found = super().exposures(batch, basis, steps)
        if "reed" in basis.prices:
            return found
        sale = found["income"]
        flows = tuple(replace(flow, quantity=flow.quantity * 0.9) for flow in sale.flows)
        return {"income": replace(sale, flows=flows)}


def test_a_missing_price_that_moves_another_row_is_named():
    told = conformance(Slipping(_use(when=SOLD), patient=True))
    assert "without the price reed: a row that does not use it has another value" in told


class Breaking(Sale):
    """Fails on whatever it is given."""

    def check(self, batch, basis):
        raise KeyError("lost")


def test_a_model_that_always_fails_is_named_not_raised():
    assert conformance(Breaking(_use(), patient=True)) == ["raises KeyError('lost')"]
