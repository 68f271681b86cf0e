"""Every built-in model conforms; an honest outside model is accepted, a dishonest one is named."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from risk_models.conformance import conformance, random_rows
from risk_models.contract import (
    Batch,
    Exposure,
    Field,
    Flow,
    Keyed,
    ModelSpec,
    PriceUse,
    step,
)
from risk_models.fields import discount_rate, number, part
from risk_models.modelling import single, years
from risk_models.registry import (
    BUILT_INS,
    ModelRefused,
    UnknownModel,
    collect,
    get_model,
    science_parameters,
)
from risk_models.words import Text
from tests.risk_models.helpers import ON

WORDS = Text(en="Reeds", zh="芦苇")
REED = PriceUse(id="reed", title=WORDS, unit="yuan/t")


def _spec(**changes: Any) -> ModelSpec:
    fields = (
        number("area_mu", WORDS, WORDS, unit="mu", example=900.0, group="reed", vary=(700, 1100)),
        number("reed_t_per_mu", WORDS, WORDS, unit="t/mu", example=0.4, group="reed"),
        number("cutting_yuan_per_t", WORDS, WORDS, unit="yuan/t", example=9.0, group="reed"),
        discount_rate(example=0.07, vary=(0.05, 0.09)),
    )
    plain: dict[str, Any] = {
        "id": "reed-harvest",
        "version": "1.0.0",
        "title": WORDS,
        "help": WORDS,
        "value_kind": "market",
        "per": "once",
        "asset_kinds": ("reed",),
        "fields": fields,
        "components": (part("sales", "Sales", "销售"), part("cutting", "Cutting", "收割")),
        "approaches": (part("income", "Income", "收益法"),),
        "parameters": (),
        "prices": (REED,),
        "standards": (),
        "limits": (),
    }
    return ModelSpec(**{**plain, **changes})


@step(unit="t", zh="收割量")
def reed_t(*, area_mu, reed_t_per_mu):
    """Reeds cut: area_mu * reed_t_per_mu."""
    return area_mu * reed_t_per_mu


@step(unit="year", zh="年数")
def years_on(*, valuation_on):
    """Years of a valuation day: years(valuation_on, valuation_on)."""
    return years(valuation_on, valuation_on)


class Reed:
    """An honest outside model: one harvest now, revenue and cost apart."""

    def __init__(self, spec: ModelSpec | None = None) -> None:
        self.spec = spec or _spec()

    def check(self, batch, basis):
        return []

    def flows(self, batch: Batch, price: float, tonnes: np.ndarray) -> tuple[Flow, ...]:
        plain = {"unit": "t", "profile": single(batch.n), "first": 1.0, "at_risk": False}
        cutting = batch.numbers("cutting_yuan_per_t")
        return (
            Flow(name="sales", quantity=tonnes, unit_price=price, index="reed", **plain),
            Flow(name="cutting", quantity=-tonnes, unit_price=cutting, **plain),
        )

    def exposures(self, batch, basis, steps):
        tonnes = steps(
            "reed_t",
            reed_t,
            area_mu=batch.numbers("area_mu"),
            reed_t_per_mu=batch.numbers("reed_t_per_mu"),
        )
        flows = self.flows(batch, basis.prices["reed"].yuan, tonnes)
        return {
            "income": Exposure(
                n=batch.n,
                flows=flows,
                rate=Keyed.of(batch.numbers("discount_rate")),
                hazard=Keyed.one(0.0, batch.n),
            )
        }


class NetPrice(Reed):
    """Discounts the price less the cost as one price."""

    def flows(self, batch, price, tonnes):
        sales = super().flows(batch, price, tonnes)[0]
        return (replace(sales, unit_price=price - batch.numbers("cutting_yuan_per_t")),)


class HiddenFactor(Reed):
    """Multiplies a quantity after its step."""

    def flows(self, batch, price, tonnes):
        return super().flows(batch, price, tonnes * 0.93)


class PlainPrice(Reed):
    """Sells at a price that nobody stated."""

    def flows(self, batch, price, tonnes):
        sales, cutting = super().flows(batch, price, tonnes)
        return replace(sales, index=None, unit_price=31.0), cutting


class OtherDay(Reed):
    """Prints a day as that of the valuation which is another."""

    def exposures(self, batch, basis, steps):
        steps("years_on", years_on, valuation_on=np.full(batch.n, np.datetime64("2020-01-01")))
        return super().exposures(batch, basis, steps)


class Remembering(Reed):
    """Keeps what it saw."""

    def __init__(self) -> None:
        super().__init__()
        self.seen = 0

    def flows(self, batch, price, tonnes):
        self.seen += 1
        return super().flows(batch, price, tonnes * self.seen)


class Ranking(Reed):
    """Values a row by the others of its batch."""

    def flows(self, batch, price, tonnes):
        return super().flows(batch, price, tonnes / tonnes.max())


class Scribbling(Reed):
    """Writes into what it was given."""

    def flows(self, batch, price, tonnes):
        tonnes *= 1.0
        return super().flows(batch, price, tonnes)


class Prying(Reed):
    """Reads a parameter it did not declare."""

    def check(self, batch, basis):
        basis.parameters.number("price.age_limit_days")
        return []


class WrongUnit(Reed):
    """Multiplies mu by a price per tonne."""

    def flows(self, batch, price, tonnes):
        return tuple(replace(flow, unit="mu") for flow in super().flows(batch, price, tonnes))


class Stranger(Reed):
    """Names a flow that its passport does not list."""

    def flows(self, batch, price, tonnes):
        return tuple(replace(flow, name="other") for flow in super().flows(batch, price, tonnes))


class BadFormula(Reed):
    """Prints a formula that is not what it computes."""

    def exposures(self, batch, basis, steps):
        wrong = replace(reed_t, formula="area_mu + reed_t_per_mu")

        def lying(name, _function, /, **inputs):
            return steps(name, wrong, **inputs)

        return super().exposures(batch, basis, lying)


class RichWithoutArea(Reed):
    """Is worth something on no area."""

    def flows(self, batch, price, tonnes):
        return super().flows(batch, price, tonnes + 1.0)


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_built_in_model_conforms(model):
    assert conformance(model) == []


@pytest.mark.deep
@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_built_in_model_conforms_on_other_rows(model):
    assert conformance(model, seed=7) == []


def test_an_honest_outside_model_conforms():
    assert conformance(Reed()) == []


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (NetPrice, "price shock"),
        (HiddenFactor, "its quantity is no step"),
        (PlainPrice, "its price is no step"),
        (OtherDay, "not what the basis states"),
        (Remembering, "keeps state"),
        (Ranking, "alone is"),
        (Scribbling, "alike: raises"),
        (Prying, "without declaring it"),
        (WrongUnit, "is not yuan"),
        (Stranger, "no component"),
        (BadFormula, "gives"),
        (RichWithoutArea, "no area still has a value"),
    ],
)
def test_a_model_that_breaks_the_contract_is_named(make: Callable[[], Reed], problem: str):
    assert any(problem in told for told in conformance(make()))


def test_figures_that_do_not_follow_are_told_as_plain_numbers():
    (told,) = [each for each in conformance(BadFormula()) if "gives" in each]
    assert told == "reed_t: printed 360, area_mu + reed_t_per_mu gives 900.4"


def test_the_unit_of_a_step_without_words_is_named():
    class Heads(Reed):
        def exposures(self, batch, basis, steps):
            counted = replace(reed_t, unit="goat/mu")

            def other(name, _function, /, **inputs):
                return steps(name, counted, **inputs)

            return super().exposures(batch, basis, other)

    (told,) = conformance(Heads())
    assert told.startswith("step reed_t: the unit 'goat/mu' has no words")
    assert "yuan, mu, ha" in told


def _goats(spec: ModelSpec) -> ModelSpec:
    area = replace(spec.fields[0], unit="goat")
    return replace(spec, fields=(area, *spec.fields[1:]))


def _without_chinese(spec: ModelSpec) -> ModelSpec:
    return replace(spec, title=Text(en="Reeds", zh=" "))


def _choice(spec: ModelSpec) -> ModelSpec:
    loose = Field(name="kind", title=WORDS, help=WORDS, kind="choice", unit="", example="a")
    return replace(spec, fields=(*spec.fields, loose))


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (_without_chinese, "a wording is empty"),
        (_choice, "a choice needs choices"),
        (_goats, "area_mu: the unit 'goat' has no words"),
        (
            lambda spec: replace(spec, prices=(replace(REED, unit="yuan/goat"),)),
            "price reed: the unit 'yuan/goat' has no words",
        ),
        (lambda spec: replace(spec, id="Reed Harvest"), "kebab-case"),
        (lambda spec: replace(spec, version="1"), "major.minor.patch"),
        (lambda spec: replace(spec, contract=2), "contract 2"),
        (lambda spec: replace(spec, parameters=("reed.none",)), "unknown"),
        (lambda spec: replace(spec, fields=(*spec.fields, spec.fields[0])), "used twice"),
    ],
)
def test_an_incomplete_passport_is_refused(change, problem):
    assert any(problem in told for told in conformance(Reed(change(_spec()))))


def test_two_models_with_one_id_stop_the_start():
    with pytest.raises(ModelRefused, match="two models"):
        collect([Reed(), Reed()])


def test_a_model_of_another_contract_stops_the_start():
    with pytest.raises(ModelRefused, match="contract 2"):
        collect([Reed(_spec(contract=2))])


def test_a_model_is_found_by_its_id_or_refused():
    assert get_model("gep").spec.id == "gep"
    with pytest.raises(UnknownModel):
        get_model("reed-harvest")


def test_random_rows_stay_away_from_what_is_neutral():
    spec = get_model("carbon-sink-income").spec
    rows = random_rows(spec, science_parameters().on(ON), 50, seed=1)
    for name in ("tax_share", "buffer_share", "leakage_share"):
        assert len({row[name] for row in rows}) > 40
