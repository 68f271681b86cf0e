"""Certified reductions: issued ones are a holding, others wait for their issue and are at risk."""

from datetime import date

import pytest

from risk_models.contract import Price, Stress
from risk_models.models.ccer import MODEL
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import ON, codes, example, run

PRICES = {f"ccer-vwap-{days}d": Price(yuan=70.0, unit="yuan/tCO2e") for days in (20, 250)}
NOT_ISSUED = {"issue_expected_on": None, "expected_share": None}
RATES = {"yearly_loss_share": None, "discount_rate": None}


def _row(**changes):
    plain = {"daily_volume": 1e9, "frozen_quantity": None, "quantity_needed": 0.0}
    return example(MODEL, **{**plain, **changes})


def _run(row, **changes):
    return run(MODEL, [row], PRICES, **changes)


def test_an_issued_holding_needs_neither_day_nor_rate_and_loses_five_percent():
    result = _run(_row(**NOT_ISSUED, **RATES))
    assert result.value[0] == pytest.approx(60_000.0 * 70.0 * 0.95, rel=1e-12)


@pytest.mark.parametrize("state", ["registered-not-issued", "validated"])
def test_what_is_not_issued_is_discounted_and_at_risk(state):
    row = _row(state=state)
    wait = (date(2024, 9, 30) - ON).days / DAYS_A_YEAR
    closed = 60_000.0 * 0.85 * 70.0 * 0.95 * (0.95 / 1.08) ** wait
    assert _run(row).value[0] == pytest.approx(closed, rel=1e-12)
    lost = _run(row, stress=Stress(loss=(0.1, 1.0)))
    assert lost.value[0] == 0.0


def test_a_loss_to_come_leaves_what_is_issued_alone():
    row = _row()
    assert _run(row, stress=Stress(loss=(0.1, 1.0))).value[0] == _run(row).value[0]


def test_not_issued_without_a_day_or_a_rate_is_refused():
    result = _run(_row(state="validated", **NOT_ISSUED, **RATES))
    refused = {found.field for found in result.findings if found.severity == "refuse"}
    assert refused == {
        "issue_expected_on",
        "expected_share",
        "yearly_loss_share",
        "discount_rate",
    }


@pytest.mark.parametrize(("on", "valid"), [(date(2024, 12, 31), True), (date(2025, 1, 1), False)])
def test_reductions_of_the_old_scheme_ended_with_2024(on, valid):
    result = _run(_row(scheme="old", statement_on=on.isoformat()), on=on)
    assert bool(result.valid[0]) is valid
    assert ("scheme-ended" in codes(result, severity="refuse")) is not valid


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"green_certificates_issued": True}, "double-use"),
        ({"state": "validated", "issue_expected_on": "2023-12-26"}, "issue-passed"),
        ({"frozen_quantity": 60_001.0}, "frozen-above-held"),
    ],
)
def test_what_cannot_be_is_refused(changes, code):
    assert code in codes(_run(_row(**changes)), severity="refuse")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"state": "validated", "issue_expected_on": "2024-05-01"}, "issue-soon"),
        ({"state": "validated", "expected_share": 0.91}, "expected-share-high"),
        ({"buyer_emissions_tco2e": 1_199_000.0}, "above-offset-share"),
        ({"quantity_held": 6.0}, "units-mixed-ten-thousand"),
        ({"state": "validated", "discount_rate": 0.13}, "rate-outside-band"),
    ],
)
def test_what_an_appraiser_must_explain(changes, code):
    assert code in codes(_run(_row(**changes)), severity="ask")


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"state": "validated", "issue_expected_on": "2024-06-27"},
        {"state": "validated", "expected_share": 0.9},
        {"buyer_emissions_tco2e": 1_200_000.0},
        {"buyer_emissions_tco2e": None},
    ],
)
def test_just_inside_a_limit_nothing_is_asked(changes):
    assert codes(_run(_row(**changes)), severity="ask") == set()


def test_a_claim_of_157_yuan_a_tonne_is_asked_about():
    """20 m yuan for 127,400 t, as one loan claimed, lies above any price seen."""
    claimed = {key: Price(yuan=157.0, unit="yuan/tCO2e") for key in PRICES}
    result = run(MODEL, [_row(quantity_held=127_400.0)], claimed)
    assert "implied-value-outside-band" in codes(result, severity="ask")


def test_where_no_mean_is_known_both_that_would_do_are_named():
    result = run(MODEL, [_row(**NOT_ISSUED, **RATES)], {})
    (missing,) = [each for each in result.findings if each.code == "price-missing"]
    for use in MODEL.spec.prices:
        assert f"“{use.title.en}”" in missing.detail.en
        assert f"“{use.title.zh}”" in missing.detail.zh
