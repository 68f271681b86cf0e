"""Ecological-product income of a parcel: only payers and contracts count."""

from datetime import date

import numpy as np
import pytest

from risk_models.appraise import finding_detail
from risk_models.models.income_right import MODEL as INCOME
from risk_models.models.vep_income import MODEL
from tests.risk_models.helpers import codes, example, run

ON = date(2023, 11, 10)
TERM = {
    "collection_share": 0.97,
    "growth_share": 0.0,
    "paid_each_year_since": "2023-10-26",
    "right_ends_on": "2037-12-31",
    "yearly_loss_share": 0.004,
    "discount_rate": 0.08,
}


def _service(name, income, ends="2037-12-31", payer="state-company", cost=0.0):
    return {
        f"{name}_payer": payer,
        f"{name}_income_yuan": income,
        f"{name}_cost_yuan": cost,
        f"{name}_contract_ends_on": ends,
    }


def _worth(*services, **changes):
    row = {**TERM, **{key: each for one in services for key, each in one.items()}, **changes}
    return run(MODEL, [row], on=ON)


def test_one_contract_is_worth_what_an_income_right_is():
    """The same payer until the same day is the same money, whatever it is called."""
    plain = {
        **TERM,
        "income_kind": "operating",
        "payer": "state-company",
        "yearly_income_yuan": 300_000.0,
        "yearly_cost_yuan": 40_000.0,
    }
    ours = _worth(_service("tourism", 300_000.0, cost=40_000.0))
    assert ours.value[0] == pytest.approx(run(INCOME, [plain], on=ON).value[0], rel=1e-12)


def test_contracts_add_up():
    one, two = _service("tourism", 1_000.0), _service("carbon", 500.0, "2030-12-31")
    whole = _worth(one, two)
    assert whole.value[0] == pytest.approx(_worth(one).value[0] + _worth(two).value[0])
    assert whole.components["carbon"][0] == pytest.approx(_worth(two).value[0])


def test_income_stops_with_its_contract():
    """Seven payments, the last on the contract's last day; one day earlier there are six."""
    last_day = _worth(_service("tourism", 1_000.0, "2030-10-26"))
    day_before = _worth(_service("tourism", 1_000.0, "2030-10-25"))
    assert last_day.quantities["tourism"][0][0] == pytest.approx(7 * 0.97)
    assert day_before.quantities["tourism"][0][0] == pytest.approx(6 * 0.97)


def test_a_contract_beyond_the_right_counts_until_the_right_ends():
    beyond = _worth(_service("tourism", 1_000.0, "2060-12-31"))
    assert beyond.value[0] == _worth(_service("tourism", 1_000.0)).value[0]


def test_ecological_value_never_enters_the_value():
    plain = _worth(_service("tourism", 1_000.0))
    shown = _worth(_service("tourism", 1_000.0), parcel_gep_yuan=5.4e7)
    assert shown.value[0] == plain.value[0]
    assert "value-without-payer" in codes(shown, severity="note")
    assert "value-without-payer" not in codes(plain)


def test_ecological_value_alone_is_refused():
    result = _worth(parcel_gep_yuan=5.4e7)
    assert codes(result, severity="refuse") == {"no-contract"}
    assert np.isnan(result.value[0])


def test_an_income_without_a_payer_is_refused():
    result = _worth(_service("tourism", 1_000.0), water_supply_income_yuan=900.0)
    assert codes(result, severity="refuse") == {"income-without-payer"}


def test_a_payer_without_a_contract_is_refused():
    result = _worth(_service("tourism", 1_000.0), carbon_payer="fiscal")
    assert codes(result, severity="refuse") == {"missing-field"}


@pytest.mark.parametrize(("ends", "refused"), [("2023-11-10", True), ("2023-11-11", False)])
def test_a_contract_that_has_ended_is_refused(ends, refused):
    result = _worth(_service("tourism", 1_000.0), _service("carbon", 10.0, ends))
    assert ("contract-ended" in codes(result, severity="refuse")) is refused


@pytest.mark.parametrize(("ends", "asked"), [("2037-12-30", True), ("2037-12-31", False)])
def test_a_contract_that_ends_before_the_right_is_asked_about(ends, asked):
    result = _worth(_service("tourism", 1_000.0, ends))
    assert ("contract-ends-early" in codes(result, severity="ask")) is asked


def test_one_company_behind_everything_is_asked_about():
    alone = _worth(_service("tourism", 1_000.0, payer="single-company"))
    beside = _worth(_service("tourism", 1_000.0, payer="single-company"), _service("carbon", 9.0))
    assert "single-payer" in codes(alone, severity="ask")
    assert "single-payer" not in codes(beside)


@pytest.mark.parametrize(("gep", "asked"), [(4_000.0, False), (3_999.0, True)])
def test_an_income_too_large_for_the_ecological_value_is_asked_about(gep, asked):
    result = _worth(_service("tourism", 1_000.0), parcel_gep_yuan=gep)
    assert ("income-above-band" in codes(result, severity="ask")) is asked


def test_each_contract_that_ends_early_is_named():
    result = run(MODEL, [example(MODEL)])
    told = [
        finding_detail(each, 0) for each in result.findings if each.code == "contract-ends-early"
    ]
    assert len(told) > 1
    assert len({each.en for each in told}) == len({each.zh for each in told}) == len(told)
    assert any(each.zh.startswith("碳汇：") for each in told)
    assert any(each.en.startswith("Carbon credits: the contract ends") for each in told)
