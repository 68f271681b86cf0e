"""A note closed day by day comes to its schedule, whatever its terms."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from app.kernel.calendar import BusinessCalendar
from app.kernel.daycount import DayCount
from app.kernel.errors import IllegalEvent
from app.kernel.schedule_dates import Every, MonthEnd
from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount, equal_parts
from app.loans.domain.burden import Burden, OpenDue, penalty_to
from app.loans.domain.notes import (
    NoteTerms,
    completing_plan,
    first_due_on,
    interest_periods,
    nominal_days,
    note_schedule,
    principal_plan,
    replanned,
    require_terms,
    spread_period,
)
from app.loans.domain.servicing import NoteBook, overdue_on, stepped
from app.loans.domain.states import LOAN, InterestStyle, LoanEvent, LoanState
from app.loans.domain.terms import DayRoll, Method, OddDays, ScheduleError, Terms, moved_among
from tests.support.examples import examples

ONE_DAY = timedelta(days=1)
STYLES = {
    InterestStyle.QUARTERLY: (Method.BULLET, Method.EQUAL_PRINCIPAL),
    InterestStyle.SCHEDULE: (
        Method.EQUAL_INSTALMENT,
        Method.EQUAL_PRINCIPAL,
        Method.BULLET,
        Method.BULLET_ALL,
    ),
}


@st.composite
def note_terms(draw):
    style = draw(st.sampled_from(list(STYLES)))
    starts_on = draw(st.dates(date(2020, 1, 1), date(2024, 12, 31)))
    terms = NoteTerms(
        amount_fen=draw(st.integers(1_00, 10**11)),
        drawn_on=starts_on,
        matures_on=starts_on + timedelta(days=draw(st.integers(95, 900))),
        rate_ppm=draw(st.integers(0, 240_000)),
        method=draw(st.sampled_from(STYLES[style])),
        every=Every(months=draw(st.sampled_from((3, 6)))),
        day_count=draw(st.sampled_from(list(DayCount))),
        style=style,
        contract_starts_on=starts_on,
    )
    return draw(st.sampled_from((terms, draw(with_terms_of_due_days(terms)))))


WEEKDAYS = BusinessCalendar(
    holidays=frozenset(), workdays=frozenset(), official_until=date(2030, 12, 31)
)


@st.composite
def with_terms_of_due_days(draw, terms):
    """Grace, odd days, month end, roll, and a drawdown later than the contract begins."""
    days = (terms.matures_on - terms.drawn_on).days
    first = st.integers(1, days - 1).map(lambda n: terms.drawn_on + timedelta(days=n))
    found = replace(
        terms,
        first_due_on=draw(st.none() | first),
        month_end=draw(st.sampled_from(list(MonthEnd))),
        grace_principal=draw(st.integers(0, 3)),
    )
    found = replace(found, odd_days=draw(st.sampled_from(OddDays)))
    found = replace(found, moved=rolled(found, draw(st.sampled_from(list(DayRoll)))))
    later = terms.drawn_on + timedelta(days=draw(st.integers(0, days - 2)))
    found = replace(found, drawn_on=min(later, found.ends_on - ONE_DAY))
    assume(possible(found))
    return found


def rolled(terms, roll):
    whole = Terms(
        principal_fen=terms.amount_fen,
        rate_ppm=terms.rate_ppm,
        start_on=terms.contract_starts_on,
        every=terms.every,
        method=Method.BULLET,
        day_count=terms.day_count,
        matures_on=terms.matures_on,
        first_due_on=terms.first_due_on,
        month_end=terms.month_end,
        odd_days=terms.odd_days,
        roll=roll,
        calendar=WEEKDAYS,
    )
    return moved_among(whole, nominal_days(terms))


def possible(terms):
    """A grace that outlasts the contract is refused where it is signed."""
    try:
        require_terms(replace(terms, drawn_on=terms.contract_starts_on))
    except ScheduleError:
        return False
    return True


def book_of(terms):
    plan, first = principal_plan(terms), interest_periods(terms)[0]
    return NoteBook(
        rate_ppm=terms.rate_ppm,
        surcharge_ppm=500_000,
        day_count=terms.day_count,
        ends_on=terms.ends_on,
        unbilled_fen=terms.amount_fen,
        period_number=1,
        period_starts_on=first.starts_on,
        period_due_on=first.due_on,
        whole_months=first.whole_months,
        interest_fen=0,
        penalty_fen=0,
        compound_fen=0,
        next_due_on=first_due_on(terms, plan),
        terms=terms,
        plan=plan,
    )


def run(terms, *, days):
    """Close the chosen days; gives bills and the sum of what was posted."""
    book, bills, posted = book_of(terms), [], 0
    for day in days:
        found = book.close(day)
        posted += found.interest_fen
        if found.bill:
            bills.append(found.bill)
        book.is_overdue = False
    return book, bills, posted


def every_day(terms):
    count = (terms.ends_on - terms.drawn_on).days
    return [terms.drawn_on + timedelta(days=n) for n in range(count)]


@given(note_terms())
@examples(60)
def test_daily_postings_sum_to_the_schedule_and_bills_equal_its_rows(terms):
    book, bills, posted = run(terms, days=every_day(terms))
    rows = note_schedule(terms, principal_plan(terms)).instalments
    expected = [
        (row.due_on, row.principal_fen, row.interest_fen)
        for row in rows
        if row.principal_fen or row.interest_fen
    ]
    assert [(bill.due_on, bill.principal_fen, bill.interest_fen) for bill in bills] == expected
    assert posted == sum(row.interest_fen for row in rows)
    assert (book.unbilled_fen, book.next_due_on, book.grown_fen) == (0, None, 0)


def quarterly(method, drawn_on, matures_on, amount_fen):
    return NoteTerms(
        amount_fen=amount_fen,
        drawn_on=drawn_on,
        matures_on=matures_on,
        rate_ppm=44_500,
        method=method,
        every=Every(months=3),
        day_count=DayCount.ACT_360,
        style=InterestStyle.QUARTERLY,
        contract_starts_on=drawn_on,
    )


def test_a_quarterly_bullet_pays_interest_by_quarter_and_the_last_with_the_principal():
    terms = quarterly(Method.BULLET, date(2023, 12, 26), date(2024, 12, 25), 300_000_000)
    rows = note_schedule(terms, principal_plan(terms)).instalments
    assert [row.days for row in rows] == [86, 92, 92, 91, 4]
    assert rows[0].interest_fen == 3_189_167
    assert [row.principal_fen for row in rows] == [0, 0, 0, 0, 300_000_000]
    assert rows[-1].balance_fen == 0


def test_quarterly_equal_principal_lowers_the_interest_of_the_next_quarter():
    terms = quarterly(Method.EQUAL_PRINCIPAL, date(2023, 6, 28), date(2026, 6, 27), 360_000_000)
    rows = note_schedule(terms, principal_plan(terms)).instalments
    assert [row.balance_fen for row in rows[:2]] == [330_000_000, 300_000_000]
    # 3,600,000.00 * 4.45 % * 85 / 360, then 3,300,000.00 over 91 days.
    assert [row.interest_fen for row in rows[:2]] == [3_782_500, 3_712_042]
    assert rows[-1].balance_fen == 0


@given(st.integers(1, 10**12), st.integers(1, 20))
def test_equal_parts_sum_to_the_principal_and_none_is_negative(principal_fen, count):
    days = [date(2024, 1, 1) + timedelta(days=number) for number in range(count)]
    parts = equal_parts(principal_fen, days)
    assert [each.on for each in parts] == days
    assert sum(each.amount_fen for each in parts) == principal_fen
    assert min(each.amount_fen for each in parts) >= 0


@given(note_terms(), st.data())
@examples(40)
def test_days_left_out_change_no_bill(terms, data):
    """A past replayed in leaps comes to the same, where no leap goes over a day that must be stopped at."""
    days, odd = every_day(terms), spread_period(terms)
    rows = note_schedule(terms, principal_plan(terms)).instalments
    stops = {row.due_on for row in rows} | ({odd.due_on} if odd else set())
    kept = [day for day in days if day + ONE_DAY in stops or data.draw(st.booleans())]
    assert run(terms, days=kept)[1:] == run(terms, days=days)[1:]


@given(note_terms(), st.integers(1, 10**11), st.integers(1, 800))
@examples(60)
def test_a_plan_made_anew_sums_to_what_is_left(terms, left_fen, after_days):
    after_on = min(terms.drawn_on + timedelta(days=after_days), terms.ends_on - ONE_DAY)
    left_fen = min(left_fen, terms.amount_fen)
    plan = replanned(terms, principal_plan(terms), after_on=after_on, balance_fen=left_fen)
    assert sum(each.amount_fen for each in plan) == left_fen
    assert all(each.on > after_on and each.amount_fen > 0 for each in plan)
    assert list(plan) == sorted(plan, key=lambda each: each.on)


def test_the_notes_of_a_planned_contract_sum_to_its_plan_to_the_fen():
    days = [date(2024, 6, 21), date(2024, 12, 21), date(2025, 6, 30)]
    plan = tuple(DatedAmount(on=day, amount_fen=33_33) for day in days)
    shared = {"matures_on": days[-1], "rate_ppm": 43_500, "method": Method.PLAN, "plan": plan}
    rest = {
        "every": Every(months=6),
        "day_count": DayCount.ACT_360,
        "style": InterestStyle.QUARTERLY,
        "contract_starts_on": date(2024, 1, 1),
    }
    first = NoteTerms(amount_fen=50_00, drawn_on=date(2024, 1, 1), **shared, **rest)
    second = NoteTerms(amount_fen=49_99, drawn_on=date(2024, 2, 1), **shared, **rest)
    one = principal_plan(first)
    two = completing_plan(second, one)
    sums = [a.amount_fen + b.amount_fen for a, b in zip(one, two, strict=True)]
    assert sums == [33_33] * 3
    late = NoteTerms(amount_fen=49_99, drawn_on=date(2024, 7, 1), **shared, **rest)
    assert completing_plan(late, one) is None


def test_principal_paid_on_its_day_bears_no_penalty_and_a_day_later_one_day():
    due_on = date(2024, 1, 12)
    burden = Burden(
        rates=(RateFrom(from_on=date(2023, 1, 12), rate_ppm=44_500),),
        surcharge_ppm=500_000,
        day_count=DayCount.ACT_360,
        ends_on=due_on,
    )

    def penalty(paid_on, until_on):
        paid = (DatedAmount(on=paid_on, amount_fen=900_000_00),) if paid_on else ()
        due = OpenDue(due_on=due_on, principal_fen=900_000_00, interest_fen=0, paid_principal=paid)
        return penalty_to([due], until_on, burden)

    later = date(2024, 2, 1)
    assert penalty(due_on, later) == 0
    assert penalty(due_on - timedelta(days=3), later) == 0
    assert penalty(due_on + ONE_DAY, later) == 166_88
    assert penalty(None, due_on + timedelta(days=5)) == 834_38


def test_a_loan_is_overdue_from_the_day_after_its_due_day():
    unpaid = [DatedAmount(on=date(2023, 12, 21), amount_fen=5)]
    assert overdue_on(unpaid, date(2023, 12, 21)).days == 0
    assert overdue_on(unpaid, date(2023, 12, 22)).days == 1
    assert overdue_on(unpaid, date(2024, 1, 2)).days == 12


def test_a_step_into_the_past_moves_all_steps_after_it():
    first, second = date(2024, 1, 1), date(2024, 1, 10)
    steps = stepped(((first, 100), (second, 60)), date(2024, 1, 5), 7)
    assert steps == ((first, 100), (date(2024, 1, 5), 107), (second, 67))
    assert stepped(steps, second, 3)[-1] == (second, 70)


@pytest.mark.parametrize("method", [Method.EQUAL_INSTALMENT, Method.BULLET_ALL])
def test_interest_by_quarters_refuses_methods_that_tie_interest_to_instalments(method):
    terms = NoteTerms(
        amount_fen=100,
        drawn_on=date(2024, 1, 1),
        matures_on=date(2025, 1, 1),
        rate_ppm=43_500,
        method=method,
        every=Every(months=3),
        day_count=DayCount.ACT_360,
        style=InterestStyle.QUARTERLY,
        contract_starts_on=date(2024, 1, 1),
    )
    with pytest.raises(ScheduleError):
        principal_plan(terms)


@pytest.mark.parametrize(("state", "event"), list(product(LoanState, LoanEvent)))
def test_each_event_is_listed_or_refused(state, event):
    if (state, event) in LOAN.table:
        assert LOAN.next(state, event) in LoanState
    else:
        with pytest.raises(IllegalEvent):
            LOAN.next(state, event)


def test_every_state_of_a_serviced_loan_is_reachable_and_final_states_have_no_exit():
    reached = {LOAN.initial, *LOAN.table.values()}
    assert reached == set(LoanState) - {LoanState.MIRRORED}
    assert LOAN.final_states() == {
        LoanState.RELEASED,
        LoanState.WRITTEN_OFF,
        LoanState.CANCELLED,
    }
