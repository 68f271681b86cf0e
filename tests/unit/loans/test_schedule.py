"""Rules of repayment schedules; published cases are in tests/vectors."""

from dataclasses import replace
from datetime import date
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.calendar import BusinessCalendar
from app.kernel.daycount import DayCount
from app.kernel.money import MAX_FEN
from app.kernel.schedule_dates import Every, MonthEnd
from app.loans.domain.schedule import make_schedule
from app.loans.domain.terms import (
    MAX_PERIODS,
    MAX_RATE_PPM,
    DayRoll,
    Method,
    OddDays,
    ScheduleError,
    Terms,
    odd_period,
)

TERMS = Terms(
    principal_fen=1_000_000_00,
    rate_ppm=43_500,
    start_on=date(2024, 1, 15),
    periods=12,
    every=Every(months=1),
    method=Method.EQUAL_INSTALMENT,
    day_count=DayCount.ACT_360,
)


def rows(**changes):
    return make_schedule(replace(TERMS, **changes)).instalments


@st.composite
def possible_terms(draw):
    """Terms of any method, down to one fen over hundreds of periods and up to the ceiling."""
    periods = draw(st.integers(1, 60))
    principal = draw(st.one_of(st.integers(1, 1000), st.integers(1, MAX_FEN)))
    method = draw(st.sampled_from(Method))
    grace = draw(st.integers(0, periods - 1))
    start_on = draw(st.dates(date(1990, 1, 1), date(2100, 12, 31)))
    terms = Terms(
        principal_fen=principal,
        rate_ppm=draw(st.one_of(st.just(0), st.integers(0, MAX_RATE_PPM))),
        start_on=start_on,
        periods=periods,
        every=draw(st.sampled_from([Every.parse(text) for text in ("1m", "3m", "7d", "15d")])),
        method=method,
        day_count=draw(st.sampled_from(DayCount)),
        first_due_on=draw(st.none() | st.dates(start_on, date(2101, 12, 31))),
        grace_principal=grace,
        month_end=draw(st.sampled_from(MonthEnd)),
        odd_days=draw(st.sampled_from(OddDays)),
        plan_fen=split(draw, principal, periods - grace) if method is Method.PLAN else (),
    )
    if terms.first_due_on == start_on:
        return replace(terms, first_due_on=None)
    return terms


def split(draw, total, count):
    cuts = sorted(draw(st.lists(st.integers(0, total), min_size=count - 1, max_size=count - 1)))
    bounds = [0, *cuts, total]
    return tuple(after - before for before, after in pairwise(bounds))


@given(possible_terms())
def test_schedule_repays_exactly_the_principal_in_parts_that_are_never_negative(terms):
    schedule = make_schedule(terms)
    assert schedule.total_principal_fen == terms.principal_fen
    assert schedule.instalments[-1].balance_fen == 0
    assert schedule.matures_on == schedule.instalments[-1].due_on
    balance = terms.principal_fen
    for row in schedule.instalments:
        assert min(row.principal_fen, row.interest_fen, row.balance_fen, row.days) >= 0
        assert row.payment_fen == row.principal_fen + row.interest_fen
        balance -= row.principal_fen
        assert row.balance_fen == balance
    paid = schedule.total_principal_fen + schedule.total_interest_fen
    assert schedule.total_payment_fen == paid


def test_rows_are_the_same_however_they_are_read():
    drawn = rows()
    read = tuple(rows())
    assert len(drawn) == len(read) == 12
    assert drawn == read
    assert hash(drawn) == hash(rows())
    assert (drawn[0], drawn[-1], drawn[3:5]) == (read[0], read[11], read[3:5])
    assert drawn != rows(periods=13)
    assert [row.days for row in drawn] == [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]


@given(possible_terms())
def test_due_days_strictly_increase_and_periods_touch(terms):
    schedule = make_schedule(terms)
    starts = [row.starts_on for row in schedule.instalments]
    dues = [row.due_on for row in schedule.instalments]
    assert starts[1:] == dues[:-1]
    # Odd days that are spread lie in no period.
    set_apart = odd_period(terms) if terms.odd_days is OddDays.SPREAD else None
    assert starts[0] == (set_apart.due_on if set_apart else terms.start_on)
    assert all(before < after for before, after in pairwise([terms.start_on, *dues]))


@given(possible_terms(), st.integers(0, 200_000))
def test_a_higher_rate_never_earns_less_interest(terms, more_ppm):
    higher = min(terms.rate_ppm + more_ppm, MAX_RATE_PPM)
    before = make_schedule(terms).total_interest_fen
    after = make_schedule(replace(terms, rate_ppm=higher)).total_interest_fen
    # Each period is rounded once, so rounding alone may take half a fen from each.
    assert after >= before - (terms.periods or 0)


@given(possible_terms())
def test_no_rate_means_no_interest(terms):
    assert make_schedule(replace(terms, rate_ppm=0)).total_interest_fen == 0


def test_level_instalments_are_equal_but_for_the_last():
    payments = [row.payment_fen for row in rows(periods=360)]
    assert len(set(payments[:-1])) == 1
    # Rounding of 360 instalments and interests moves the last by a few yuan at most.
    assert abs(payments[-1] - payments[0]) < 400


def test_level_instalment_stays_level_when_periods_differ():
    uneven = rows(day_count=DayCount.ACT_365, periods=24)
    assert len({row.days for row in uneven}) > 1
    assert len({row.payment_fen for row in uneven[:-1]}) == 1


def test_interest_above_the_level_instalment_is_paid_alone():
    """At 100 % a year over decades the share of principal is smaller than a day's interest."""
    first = rows(rate_ppm=MAX_RATE_PPM, periods=360)[0]
    assert first.principal_fen == 0
    assert first.interest_fen == first.payment_fen == 8_611_111


def test_one_fen_over_thirty_years_is_repaid_once():
    schedule = rows(principal_fen=1, periods=360)
    assert sum(row.principal_fen for row in schedule) == 1
    assert schedule[-1].principal_fen == 1


def test_equal_principal_leaves_the_rounding_to_the_last():
    parts = [
        row.principal_fen
        for row in rows(principal_fen=100, periods=3, method=Method.EQUAL_PRINCIPAL)
    ]
    assert parts == [33, 33, 34]


def test_equal_principal_of_few_fen_ends_early_rather_than_below_zero():
    parts = [
        row.principal_fen for row in rows(principal_fen=5, periods=9, method=Method.EQUAL_PRINCIPAL)
    ]
    assert parts == [1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_grace_leaves_interest_alone_and_then_repays_over_the_rest():
    schedule = rows(grace_principal=6, method=Method.EQUAL_PRINCIPAL)
    assert [row.principal_fen for row in schedule[:6]] == [0] * 6
    assert schedule[6].principal_fen == round(TERMS.principal_fen / 6)


def test_bullet_pays_interest_each_period_and_principal_at_the_end():
    schedule = rows(method=Method.BULLET)
    assert [row.principal_fen for row in schedule] == [0] * 11 + [TERMS.principal_fen]
    # 1,000,000.00 * 4.35 % * 31 / 360.
    assert schedule[0].interest_fen == 374_583


def test_bullet_all_pays_simple_interest_once_at_the_end():
    (only,) = rows(method=Method.BULLET_ALL)
    assert (only.number, only.starts_on, only.due_on) == (1, date(2024, 1, 15), date(2025, 1, 15))
    assert only.days == 366
    # 1,000,000.00 * 4.35 % * 366 / 360.
    assert only.interest_fen == 4_422_500


def test_plan_repays_the_given_amounts():
    plan = (25_000_000, 0, 75_000_000)
    schedule = rows(method=Method.PLAN, periods=3, plan_fen=plan)
    assert tuple(row.principal_fen for row in schedule) == plan


def test_plan_begins_after_the_grace():
    schedule = rows(method=Method.PLAN, periods=3, grace_principal=2, plan_fen=(100_000_000,))
    assert [row.principal_fen for row in schedule] == [0, 0, 100_000_000]


def test_maturity_cuts_the_last_period():
    schedule = rows(periods=None, matures_on=date(2024, 4, 1), method=Method.BULLET)
    assert [str(row.due_on) for row in schedule] == ["2024-02-15", "2024-03-15", "2024-04-01"]
    assert schedule[-1].days == 17


def test_maturity_on_the_rhythm_equals_a_number_of_periods():
    by_maturity = rows(periods=None, matures_on=date(2025, 1, 15))
    assert by_maturity == rows(periods=12)


def test_regular_months_are_twelfths_under_thirty_360_whatever_their_days():
    interests = {
        row.interest_fen
        for row in rows(day_count=DayCount.THIRTY_360, start_on=date(2024, 1, 31), method="bullet")
    }
    assert interests == {362_500}


def test_odd_first_and_last_periods_count_days_under_thirty_360():
    schedule = rows(
        day_count=DayCount.THIRTY_360,
        start_on=date(2024, 1, 31),
        first_due_on=date(2024, 3, 15),
        periods=None,
        matures_on=date(2024, 4, 30),
        method=Method.BULLET,
    )
    assert [row.days for row in schedule] == [45, 30, 15]


IMPOSSIBLE = [
    ("/principal_yuan", {"principal_fen": 0}),
    ("/principal_yuan", {"principal_fen": -1}),
    ("/principal_yuan", {"principal_fen": MAX_FEN + 1}),
    ("/rate", {"rate_ppm": -1}),
    ("/rate", {"rate_ppm": MAX_RATE_PPM + 1}),
    ("/start_on", {"start_on": date(1, 1, 1)}),
    ("/start_on", {"start_on": date(9999, 12, 31)}),
    ("/periods", {"periods": 0}),
    ("/periods", {"periods": -1}),
    ("/periods", {"periods": MAX_PERIODS + 1}),
    ("/periods", {"periods": MAX_PERIODS, "every": Every(months=2)}),
    ("/periods", {"periods": None}),
    ("/periods", {"matures_on": date(2025, 1, 15)}),
    ("/matures_on", {"periods": None, "matures_on": date(2024, 1, 15)}),
    ("/matures_on", {"periods": None, "matures_on": date(2190, 1, 15)}),
    ("/matures_on", {"periods": None, "matures_on": date(2100, 1, 1), "every": Every(days=1)}),
    ("/first_due_on", {"first_due_on": date(2024, 1, 15)}),
    (
        "/first_due_on",
        {"periods": None, "matures_on": date(2024, 5, 1), "first_due_on": date(2024, 5, 2)},
    ),
    ("/grace_principal", {"grace_principal": 12}),
    ("/grace_principal", {"grace_principal": -1}),
    ("/plan_yuan", {"plan_fen": (1,)}),
    ("/plan_yuan", {"method": Method.PLAN}),
    ("/plan_yuan", {"method": Method.PLAN, "periods": 2, "plan_fen": (60_000_000, 39_999_999)}),
    ("/plan_yuan", {"method": Method.PLAN, "periods": 2, "plan_fen": (100_000_001, -1)}),
]


@pytest.mark.parametrize(("pointer", "changes"), IMPOSSIBLE)
def test_impossible_terms_are_refused_by_field(pointer, changes):
    with pytest.raises(ScheduleError) as refusal:
        rows(**changes)
    assert [error.pointer for error in refusal.value.errors] == [pointer]
    assert all(error.detail % error.facts for error in refusal.value.errors)


BORDERS = [
    {"principal_fen": 1},
    {"principal_fen": MAX_FEN},
    {"rate_ppm": 0},
    {"rate_ppm": MAX_RATE_PPM},
    {"periods": 1},
    {"periods": MAX_PERIODS},
    {"grace_principal": 11},
    {"first_due_on": date(2024, 1, 16)},
    {"periods": None, "matures_on": date(2024, 1, 16)},
]


@pytest.mark.parametrize("changes", BORDERS)
def test_terms_at_the_border_are_accepted(changes):
    assert rows(**changes)[-1].balance_fen == 0


def test_several_wrong_fields_are_named_together():
    with pytest.raises(ScheduleError) as refusal:
        rows(principal_fen=0, rate_ppm=-1)
    assert [error.pointer for error in refusal.value.errors] == ["/principal_yuan", "/rate"]


# --- Days before the first whole period ---

LATE = {"first_due_on": date(2024, 2, 20)}
"""Five days of January stand before the first whole month, of 31 days."""


def test_odd_days_that_join_make_the_first_period_long():
    first = rows(**LATE)[0]
    assert (first.starts_on, first.days, first.odd_interest_fen) == (date(2024, 1, 15), 36, 0)


def test_odd_days_of_their_own_row_pay_interest_alone_on_top_of_the_instalments():
    drawn = rows(**LATE, odd_days=OddDays.OWN_ROW)
    odd, first = drawn[:2]
    assert len(drawn) == 13
    assert (odd.due_on, odd.days, odd.principal_fen) == (date(2024, 1, 20), 5, 0)
    assert odd.interest_fen == odd.odd_interest_fen == 604_17
    assert (first.number, first.starts_on, first.days) == (2, date(2024, 1, 20), 31)


def test_odd_days_spread_over_the_instalments_lose_no_fen():
    spread = rows(**LATE, odd_days=OddDays.SPREAD)
    alone = rows(**LATE, odd_days=OddDays.OWN_ROW)
    assert len(spread) == 12
    assert [row.odd_interest_fen for row in spread] == [50_34] * 11 + [50_43]
    assert [row.principal_fen for row in spread] == [row.principal_fen for row in alone[1:]]
    assert sum(row.payment_fen for row in spread) == sum(row.payment_fen for row in alone)


@pytest.mark.parametrize("odd_days", OddDays)
@pytest.mark.parametrize("first_due_on", [None, date(2024, 2, 15), date(2024, 2, 3)])
def test_without_odd_days_every_answer_is_the_same(odd_days, first_due_on):
    """A first period of a step, or of less, has no days to set apart."""
    assert rows(first_due_on=first_due_on, odd_days=odd_days) == rows(first_due_on=first_due_on)


def test_all_at_the_end_has_one_row_whatever_becomes_of_odd_days():
    drawn = rows(**LATE, method=Method.BULLET_ALL, odd_days=OddDays.OWN_ROW)
    assert len(drawn) == 1
    assert drawn[0].days == (date(2025, 1, 20) - date(2024, 1, 15)).days


# --- Due days on which banks are closed ---

HOLIDAY = BusinessCalendar(
    # Spring Festival: Monday 12 to Friday 16 February off, Sunday 18 is worked.
    holidays=frozenset(date(2024, 2, day) for day in range(12, 17)),
    workdays=frozenset({date(2024, 2, 18)}),
    official_until=date(2024, 12, 31),
)


@pytest.mark.parametrize(
    ("roll", "due_on", "days"),
    [
        (DayRoll.NONE, date(2024, 2, 15), 31),
        (DayRoll.NEXT, date(2024, 2, 18), 34),
        (DayRoll.NEXT_IN_MONTH, date(2024, 2, 18), 34),
        (DayRoll.BEFORE, date(2024, 2, 9), 25),
    ],
)
def test_a_due_day_on_which_banks_are_closed_goes_where_the_contract_says(roll, due_on, days):
    first, second = rows(roll=roll, calendar=HOLIDAY)[:2]
    assert (first.due_on, first.days) == (due_on, days)
    # The next due day is counted from the anchor, its interest from the day paid.
    assert second.starts_on == due_on
    assert second.due_on == date(2024, 3, 15)


def test_a_roll_within_the_month_turns_back_at_its_end():
    """31 August 2024 is a Saturday."""
    terms = {"start_on": date(2024, 7, 31), "calendar": HOLIDAY}
    assert rows(**terms, roll=DayRoll.NEXT)[0].due_on == date(2024, 9, 2)
    assert rows(**terms, roll=DayRoll.NEXT_IN_MONTH)[0].due_on == date(2024, 8, 30)


def test_a_roll_back_never_reaches_the_drawdown():
    terms = {"start_on": date(2024, 3, 8), "every": Every(days=1), "periods": 1}
    assert rows(**terms, roll=DayRoll.BEFORE, calendar=HOLIDAY)[0].due_on == date(2024, 3, 11)


def test_a_regular_month_of_thirty_days_stays_one_wherever_its_due_day_goes():
    plain = rows(day_count=DayCount.THIRTY_360)
    rolled = rows(day_count=DayCount.THIRTY_360, roll=DayRoll.NEXT, calendar=HOLIDAY)
    assert [row.interest_fen for row in rolled] == [row.interest_fen for row in plain]


@pytest.mark.parametrize("roll", DayRoll)
@pytest.mark.parametrize(
    ("start_on", "first_due_on", "every"),
    [
        (date(2024, 2, 10), None, "1m"),
        (date(2024, 2, 10), date(2024, 3, 10), "1m"),
        (date(2024, 2, 10), date(2024, 2, 22), "15d"),
        (date(2024, 2, 12), date(2024, 2, 21), "15d"),
    ],
)
def test_a_drawdown_on_a_closed_day_makes_no_odd_days(start_on, first_due_on, every, roll):
    """Neither a whole first period nor a short one, whose step would begin on a closed day before it."""
    terms = {
        "start_on": start_on, "first_due_on": first_due_on, "every": Every.parse(every),
        "day_count": DayCount.THIRTY_360, "method": Method.EQUAL_PRINCIPAL, "periods": 2,
        "roll": roll, "calendar": HOLIDAY,
    }  # fmt: skip
    joined = rows(**terms)
    assert len(joined) == 2
    assert all(rows(**terms, odd_days=each) == joined for each in OddDays)


@pytest.mark.parametrize("roll", DayRoll)
@pytest.mark.parametrize(
    ("first_due_on", "days"), [(None, 720), (date(2024, 2, 15), 720), (date(2024, 2, 17), 722)]
)
def test_all_at_the_end_bears_interest_by_its_own_days_wherever_others_go(first_due_on, days, roll):
    (only,) = rows(
        day_count=DayCount.THIRTY_360, method=Method.BULLET_ALL, periods=24,
        first_due_on=first_due_on, roll=roll, calendar=HOLIDAY,
    )  # fmt: skip
    moved = {DayRoll.NEXT: 2, DayRoll.NEXT_IN_MONTH: 2, DayRoll.BEFORE: -1}
    # 17 January 2026 is a Saturday, and only an irregular term goes by the day to which it moves.
    assert only.days == days + (moved.get(roll, 0) if days > 720 else 0)


@pytest.mark.parametrize(
    ("odd_days", "days"),
    [(OddDays.JOINED, [41, 30]), (OddDays.OWN_ROW, [13, 30, 30]), (OddDays.SPREAD, [30, 30])],
)
def test_a_first_period_with_odd_days_goes_by_its_dates_and_a_month_after_them_is_one(
    odd_days, days
):
    """17 July 2016 is a Sunday: the first instalment falls due on the 15th, a Friday."""
    drawn = rows(
        day_count=DayCount.THIRTY_360, method=Method.EQUAL_PRINCIPAL, periods=2,
        start_on=date(2016, 6, 4), first_due_on=date(2016, 7, 17), odd_days=odd_days,
        roll=DayRoll.BEFORE, calendar=HOLIDAY,
    )  # fmt: skip
    assert [row.days for row in drawn] == days


def test_a_roll_without_a_calendar_is_refused():
    with pytest.raises(ScheduleError) as refused:
        rows(roll=DayRoll.NEXT)
    assert refused.value.errors[0].pointer == "/roll"


@given(possible_terms(), st.sampled_from(DayRoll))
def test_rolled_due_days_never_go_back_and_lose_no_principal(terms, roll):
    schedule = make_schedule(replace(terms, roll=roll, calendar=HOLIDAY))
    dues = [row.due_on for row in schedule.instalments]
    assert dues == sorted(dues)
    assert dues[0] > terms.start_on
    assert roll is DayRoll.NONE or all(HOLIDAY.is_business_day(due) for due in dues)
    assert schedule.total_principal_fen == terms.principal_fen
