"""Principal paid early: what is kept of the plan, whatever the method."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import policy
from app.kernel.daycount import DayCount
from app.kernel.schedule_dates import Every
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.classification import LoanClass
from app.loans.domain.early import Keep, plan_kept
from app.loans.domain.notes import NoteTerms, note_schedule, principal_plan, replanned
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.domain.waterfall import Claim, order_of
from app.policy import Policy
from tests.support.examples import examples

DAY = date(2024, 3, 10)


def terms(method, amount_fen=120_000_00, **extra):
    return NoteTerms(
        **{
            "amount_fen": amount_fen,
            "drawn_on": date(2024, 1, 2),
            "matures_on": date(2025, 1, 2),
            "rate_ppm": 60_000,
            "method": method,
            "every": Every(months=1),
            "day_count": DayCount.THIRTY_360,
            "style": InterestStyle.SCHEDULE,
            "contract_starts_on": date(2024, 1, 2),
            **extra,
        }
    )


GIVEN = (
    DatedAmount(on=date(2024, 6, 2), amount_fen=50_000_00),
    DatedAmount(on=date(2024, 9, 2), amount_fen=30_000_00),
    DatedAmount(on=date(2025, 1, 2), amount_fen=40_000_00),
)


def kept(method, part_fen, keep):
    given_terms = terms(method, plan=GIVEN if method is Method.PLAN else ())
    plan = principal_plan(given_terms)
    before = sum(each.amount_fen for each in plan if each.on > DAY)
    after = plan_kept(
        given_terms, plan, after_on=DAY, before_fen=before, balance_fen=before - part_fen, keep=keep
    )
    return given_terms, plan, before, after


@given(
    st.sampled_from([each for each in Method if each is not Method.BULLET_ALL]),
    st.sampled_from([None, *Keep]),
    st.integers(1, 100_000_00),
)
@examples(60)
def test_the_plan_after_sums_to_what_is_left_on_days_of_the_plan_before(method, keep, part_fen):
    part_fen = min(part_fen, 90_000_00)
    _, plan, before, after = kept(method, part_fen, keep)
    left = [each for each in plan if each.on > DAY]
    assert sum(each.amount_fen for each in after) == before - part_fen
    assert {each.on for each in after} <= {each.on for each in left}
    assert all(each.amount_fen > 0 for each in after)


def test_the_tenor_is_kept_by_lower_instalments():
    given_terms, plan, _, after = kept(Method.EQUAL_INSTALMENT, 30_000_00, Keep.TENOR)
    level = note_schedule(given_terms, plan).instalments[0].payment_fen
    assert after[-1].on == plan[-1].on
    assert after[0].amount_fen < level


def test_the_instalment_is_kept_by_fewer_of_them():
    """10,327.97 a month as before; from the second on to the last but one exactly so."""
    given_terms, plan, before, after = kept(Method.EQUAL_INSTALMENT, 30_000_00, Keep.INSTALMENT)
    level = note_schedule(given_terms, plan).instalments[0].payment_fen
    assert level == 10_327_97
    balance, payments = before - 30_000_00, []
    for each in after:
        payments.append(each.amount_fen + (balance * 60_000 * 2 + 12_000_000) // 24_000_000)
        balance -= each.amount_fen
    assert set(payments[:-1]) == {level}
    assert 0 < payments[-1] <= level
    assert len(after) == 7


@pytest.mark.parametrize("keep", [None, Keep.TENOR])
def test_a_tenor_that_was_shortened_stays_short_when_more_is_paid(keep):
    given_terms, _, before, short = kept(Method.EQUAL_INSTALMENT, 30_000_00, Keep.INSTALMENT)
    left_fen = before - 30_000_00
    after = plan_kept(
        given_terms,
        short,
        after_on=short[0].on,
        before_fen=left_fen - short[0].amount_fen,
        balance_fen=left_fen - short[0].amount_fen - 5_000_00,
        keep=keep,
    )
    assert [each.on for each in after] == [each.on for each in short[1:]]
    assert sum(each.amount_fen for each in after) == left_fen - short[0].amount_fen - 5_000_00


def test_a_new_rate_keeps_a_tenor_that_was_shortened():
    given_terms, _, before, short = kept(Method.EQUAL_INSTALMENT, 30_000_00, Keep.INSTALMENT)
    cheaper = replace(given_terms, rate_ppm=30_000)
    after = replanned(cheaper, short, after_on=DAY, balance_fen=before - 30_000_00)
    assert [each.on for each in after] == [each.on for each in short]


@pytest.mark.parametrize("method", [Method.EQUAL_PRINCIPAL, Method.PLAN])
def test_given_amounts_are_kept_from_the_beginning(method):
    _, plan, _, after = kept(method, 45_000_00, Keep.INSTALMENT)
    left = [each for each in plan if each.on > DAY]
    assert list(after[:-1]) == left[: len(after) - 1]
    assert len(after) < len(left)


def test_a_plan_whose_tenor_is_kept_falls_in_proportion():
    _, _, _, after = kept(Method.PLAN, 60_000_00, Keep.TENOR)
    assert [each.amount_fen for each in after] == [25_000_00, 15_000_00, 20_000_00]


@pytest.mark.parametrize(
    ("loan_class", "first", "last"),
    [
        (None, Claim.FEE, Claim.PRINCIPAL),
        (LoanClass.SPECIAL_MENTION, Claim.FEE, Claim.PRINCIPAL),
        (LoanClass.SUBSTANDARD, Claim.PRINCIPAL, Claim.COMPOUND),
        (LoanClass.LOSS, Claim.PRINCIPAL, Claim.COMPOUND),
    ],
)
def test_the_order_of_claims_follows_the_class(loan_class, first, last):
    rules = Policy(parameters=policy.on(DAY))
    order = order_of(rules, product="any", loan_class=loan_class)
    places = {claim: order.place(claim) for claim in Claim}
    assert min(places, key=places.__getitem__) is first
    assert places[last] == max(places.values())


def test_an_order_is_unknown_before_its_first_day():
    rules = Policy(parameters=policy.on(date(2009, 5, 12)))
    with pytest.raises(policy.RuleNotInForce):
        order_of(rules, product="any", loan_class=None)
