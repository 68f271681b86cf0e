"""Decisions on applications and drawdowns, each rule on both sides of its border."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.assets.domain import AssetKind
from app.collateral.domain.states import SecurityKind
from app.kernel.ids import new_id
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LtvBasis, Security
from app.loans.domain.terms import Method
from app.loans.titles import loan_title
from app.origination.domain.application import (
    ApprovalFacts,
    ContractFacts,
    InvestigationFacts,
    SubmitFacts,
    decide_approval,
    decide_contract,
    decide_investigation,
    decide_submit,
    matures_on,
)
from app.origination.domain.checks import Outcome, unmet
from app.origination.domain.drawdown import DrawdownFacts, decide_drawdown
from app.origination.domain.pool import PoolValue, limit_fen, measure_pool, security_of
from app.origination.domain.products import Use, read_terms
from app.origination.domain.states import Payment
from app.origination.services.products import PRODUCTS, _catalogue

ROWS = _catalogue()
FOREST_CARBON = read_terms(ROWS["forest-carbon-loan"]["terms"])


def codes(checks) -> list[str]:
    return [check.code for check in unmet(checks)]


# --- Products ---


def test_the_products_of_the_demonstration_are_there() -> None:
    assert {
        "forest-right-loan",
        "forest-carbon-loan",
        "carbon-income-loan",
        "compensation-income-loan",
        "gep-income-loan",
        "water-right-loan",
        "allowance-loan",
        "project-loan",
        "ecological-working-capital",
    } <= set(ROWS)
    assert PRODUCTS.exists()


@pytest.mark.parametrize("code", sorted(ROWS))
def test_each_product_has_readable_terms_in_two_languages(code) -> None:
    row = ROWS[code]
    terms = read_terms(row["terms"])
    assert row["zh"]
    assert loan_title(row["zh"]).en
    assert terms.methods
    assert set(terms.needs_kinds) <= (terms.asset_kinds or set(AssetKind))
    assert 0 < terms.max_rate_ppm <= 1_000_000


def test_terms_say_what_they_take_and_measure() -> None:
    assert FOREST_CARBON.takes(AssetKind.FOREST_RIGHT)
    assert not FOREST_CARBON.takes(AssetKind.WATER_RIGHT)
    assert FOREST_CARBON.ltv_basis is None
    project = read_terms(ROWS["project-loan"]["terms"])
    assert project.takes(AssetKind.WATER_RIGHT)
    assert (project.ltv_basis, project.use) == (LtvBasis.PRINCIPAL, Use.FIXED_ASSETS)
    assert read_terms(ROWS["allowance-loan"]["terms"]).green_required is False


# --- Submit ---

COMPLETE = SubmitFacts(
    terms=FOREST_CARBON,
    offered=True,
    term_months=36,
    purpose="收购原料",
    repayment_source="果品销售",
    credit_consent=True,
    asset_kinds=(AssetKind.FOREST_RIGHT, AssetKind.CARBON_SINK_INCOME),
    guaranteed_fen=0,
)


def test_a_complete_application_meets_every_check() -> None:
    assert codes(decide_submit(COMPLETE)) == []


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"offered": False}, "product-offered"),
        ({"term_months": 37}, "term-within-product"),
        ({"purpose": "收购款"}, "purpose-stated"),
        ({"repayment_source": ""}, "repayment-source-stated"),
        ({"credit_consent": False}, "credit-consent"),
        ({"asset_kinds": (AssetKind.FOREST_RIGHT,)}, "needed-assets-offered"),
    ],
)
def test_each_gap_is_named(changed, code) -> None:
    assert codes(decide_submit(replace(COMPLETE, **changed))) == [code]


def test_security_is_offered_unless_the_product_is_lent_on_credit() -> None:
    bare = replace(COMPLETE, asset_kinds=())
    assert "security-offered" in codes(decide_submit(bare))
    credit = read_terms(ROWS["ecological-working-capital"]["terms"])
    assert codes(decide_submit(replace(bare, terms=credit, term_months=24))) == []
    guarantee = replace(bare, terms=read_terms(ROWS["gep-income-loan"]["terms"]), term_months=12)
    assert codes(decide_submit(replace(guarantee, guaranteed_fen=1))) == []


# --- Investigation ---

SOUND = InvestigationFacts(
    terms=FOREST_CARBON,
    method=Method.BULLET,
    rate_ppm=44_500,
    term_months=36,
    purpose_checked=True,
    green=True,
    leaf_known=True,
    edition_in_force=True,
    green_evidence="合同",
)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"method": Method.PLAN}, ["method-of-product"]),
        ({"rate_ppm": 0}, ["rate-within-product"]),
        ({"rate_ppm": 150_000}, []),
        ({"rate_ppm": 150_001}, ["rate-within-product"]),
        ({"term_months": 37}, ["term-within-product"]),
        ({"purpose_checked": False}, ["purpose-checked"]),
        ({"green": False}, ["green-leaf"]),
        ({"leaf_known": False}, ["green-leaf-known"]),
        ({"edition_in_force": False}, ["green-leaf-known"]),
        ({"green_evidence": ""}, ["green-evidence"]),
    ],
)
def test_an_investigation_is_signed_only_when_it_holds(changed, found) -> None:
    assert codes(decide_investigation(replace(SOUND, **changed))) == found


def test_a_product_without_green_use_needs_no_leaf() -> None:
    allowance = replace(
        SOUND,
        terms=read_terms(ROWS["allowance-loan"]["terms"]),
        term_months=12,
        green=False,
        leaf_known=False,
        green_evidence="",
    )
    outcomes = {check.code: check.outcome for check in decide_investigation(allowance)}
    assert outcomes["green-leaf"] is Outcome.NOT_NEEDED
    assert Outcome.UNMET not in outcomes.values()


# --- Approval and contract ---

BOUNDS = ApprovalFacts(amount_fen=300, asked_fen=300, limit_fen=300, ceiling_fen=300)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"ceiling_fen": 299}, ["within-authority"]),
        ({"limit_fen": 299}, ["within-limit"]),
        ({"amount_fen": 301, "on_credit": True}, ["within-authority", "within-request"]),
        ({"asked_fen": 299}, ["within-request"]),
    ],
)
def test_an_approval_stays_within_authority_pool_and_request(changed, found) -> None:
    assert codes(decide_approval(replace(BOUNDS, **changed))) == found


SIGNED = ContractFacts(
    amount_fen=300,
    approved_fen=300,
    approved_until=date(2024, 6, 30),
    today=date(2024, 6, 30),
    pool_changed=False,
)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"amount_fen": 301}, ["within-approval"]),
        ({"today": date(2024, 7, 1)}, ["approval-valid"]),
        ({"pool_changed": True}, ["pool-as-approved"]),
    ],
)
def test_a_contract_stays_within_its_approval(changed, found) -> None:
    assert codes(decide_contract(replace(SIGNED, **changed))) == found


@pytest.mark.parametrize(
    ("start", "months", "end"),
    [
        (date(2023, 12, 26), 36, date(2026, 12, 25)),
        (date(2024, 1, 1), 12, date(2024, 12, 31)),
        (date(2024, 1, 31), 1, date(2024, 2, 28)),
        (date(2024, 2, 29), 12, date(2025, 2, 27)),
    ],
)
def test_a_term_ends_the_day_before_its_anniversary(start, months, end) -> None:
    assert matures_on(start, months) == end


# --- Pool ---


def value(recognised: int | None, *, cap: int = 500_000, secured: int = 10**12, senior: int = 0):
    return PoolValue(
        asset_id=new_id(),
        number="A-2023-000001",
        title="示例",
        kind="forest-right",
        security=SecurityKind.MORTGAGE,
        secured_fen=secured,
        appraised_fen=recognised,
        valuation_fen=None,
        current_fen=recognised,
        valid_until=None,
        recognised_fen=recognised,
        cap_ppm=cap,
        senior_fen=senior,
        unsecured_fen=0,
    )


@pytest.mark.parametrize(
    ("recognised", "senior", "free"),
    [(96, 0, 48), (96, 47, 1), (96, 48, 0), (96, 120, 0), (None, 0, None)],
)
def test_what_is_free_is_lendable_less_what_is_secured(recognised, senior, free) -> None:
    assert value(recognised, secured=1, senior=senior).free_fen == free


def test_the_limit_is_the_lower_of_cover_and_request() -> None:
    assert limit_fen(lendable_fen=300, guaranteed_fen=200, asked_fen=501) == 500
    assert limit_fen(lendable_fen=300, guaranteed_fen=200, asked_fen=499) == 499


def test_an_unknown_value_leaves_the_sums_unknown_and_lends_nothing() -> None:
    totals = measure_pool([value(1_000), value(None)], guaranteed_fen=0, asked_fen=600)
    assert (totals.recognised_fen, totals.current_fen, totals.ltv_ppm) == (None, None, None)
    assert (totals.lendable_fen, totals.limit_fen, totals.gap_fen) == (500, 500, 100)


def test_an_empty_pool_lends_only_what_is_guaranteed_or_on_credit() -> None:
    assert measure_pool([], guaranteed_fen=70, asked_fen=100).limit_fen == 70
    assert measure_pool([], guaranteed_fen=0, asked_fen=100).limit_fen == 0
    assert measure_pool([], guaranteed_fen=0, asked_fen=100, on_credit=True).limit_fen == 100


@pytest.mark.parametrize(
    ("kinds", "guaranteed", "word"),
    [
        ([], False, Security.CREDIT),
        ([], True, Security.GUARANTEE),
        ([SecurityKind.PLEDGE], False, Security.PLEDGE),
        ([SecurityKind.MORTGAGE, SecurityKind.MORTGAGE], False, Security.MORTGAGE),
        ([SecurityKind.MORTGAGE, SecurityKind.PLEDGE], False, Security.MIXED),
        ([SecurityKind.PLEDGE], True, Security.MIXED),
    ],
)
def test_security_is_named_in_one_word(kinds, guaranteed, word) -> None:
    assert security_of(kinds, guaranteed=guaranteed) is word


amounts = st.integers(min_value=0, max_value=10**12)


@given(
    st.lists(
        st.builds(value, st.one_of(st.none(), amounts), cap=st.integers(0, 10**6), senior=amounts),
        max_size=6,
    ),
    amounts,
    st.integers(min_value=1, max_value=10**12),
)
def test_no_pool_lends_more_than_asked_or_covered(values, guaranteed, asked) -> None:
    totals = measure_pool(values, guaranteed_fen=guaranteed, asked_fen=asked)
    assert totals.limit_fen <= asked
    assert totals.limit_fen <= totals.lendable_fen + guaranteed
    assert totals.limit_fen + totals.gap_fen == asked


@given(st.lists(st.builds(value, amounts, senior=amounts), min_size=1, max_size=5), amounts)
def test_one_more_asset_never_lends_less(values, recognised) -> None:
    asked = 10**12
    before = measure_pool(values, guaranteed_fen=0, asked_fen=asked)
    after = measure_pool([*values, value(recognised)], guaranteed_fen=0, asked_fen=asked)
    assert after.limit_fen >= before.limit_fen
    assert (after.recognised_fen or 0) >= (before.recognised_fen or 0)


# --- Drawdown ---

READY = DrawdownFacts(
    amount_fen=300,
    contract_fen=300,
    drawn_fen=0,
    contract_signed=True,
    loan_open=True,
    loan_class=LoanClass.SPECIAL_MENTION,
    observed=False,
    debtor_overdue_fen=0,
    secured=True,
    all_registered=True,
    lendable_fen=200,
    guaranteed_fen=100,
    exposure_fen=0,
    conditions="保险",
    conditions_evidence="保单",
    open_top_up_case=False,
    last_registered_on=date(2024, 1, 2),
    searched_on=date(2024, 1, 2),
    payee="示例供货商",
    payment=Payment.SELF,
    paid_before_fen=0,
    entrusted_above_fen=300,
)


@pytest.mark.parametrize(
    ("changed", "found"),
    [
        ({}, []),
        ({"contract_signed": False}, ["contract-signed"]),
        ({"loan_open": False}, ["contract-signed"]),
        ({"loan_class": LoanClass.SUBSTANDARD}, ["class-allows"]),
        ({"observed": True}, ["class-allows"]),
        ({"debtor_overdue_fen": 1}, ["debtor-not-overdue"]),
        ({"conditions_evidence": ""}, ["conditions-met"]),
        ({"conditions": "", "conditions_evidence": ""}, []),
        ({"drawn_fen": 1}, ["within-undrawn"]),
        ({"all_registered": False}, ["security-registered"]),
        ({"searched_on": None}, ["search-after-registration"]),
        ({"searched_on": date(2024, 1, 1)}, ["search-after-registration"]),
        ({"exposure_fen": 1, "contract_fen": 301}, ["debt-covered"]),
        ({"lendable_fen": 199}, ["debt-covered"]),
        ({"secured": False, "lendable_fen": 0, "guaranteed_fen": 0}, []),
        ({"open_top_up_case": True}, ["no-top-up-case"]),
        ({"payee": "  "}, ["payee-named"]),
        ({"paid_before_fen": 1}, ["entrusted-payment"]),
        ({"paid_before_fen": 1, "payment": Payment.ENTRUSTED}, []),
    ],
)
def test_money_moves_only_when_each_condition_holds(changed, found) -> None:
    assert codes(decide_drawdown(replace(READY, **changed))) == found


def test_without_anything_to_register_nothing_is_searched() -> None:
    facts = replace(READY, last_registered_on=None, searched_on=None, lendable_fen=300)
    outcomes = {check.code: check.outcome for check in decide_drawdown(facts)}
    assert outcomes["security-registered"] is Outcome.NOT_NEEDED
    assert outcomes["search-after-registration"] is Outcome.NOT_NEEDED


def test_a_pool_not_registered_at_all_is_not_met() -> None:
    facts = replace(READY, last_registered_on=None, all_registered=False, searched_on=None)
    assert codes(decide_drawdown(facts)) == ["security-registered", "search-after-registration"]
