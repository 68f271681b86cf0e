"""The terms of a repayment schedule, and what makes them impossible."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.calendar import BusinessCalendar
from app.kernel.daycount import DayCount
from app.kernel.errors import Fact, FieldError, InvalidInput
from app.kernel.money import MAX_FEN, Money
from app.kernel.rates import PPM, format_fraction
from app.kernel.schedule_dates import Every, MonthEnd, Rhythm
from app.kernel.text import N_
from app.loans.domain.periods import Period, PeriodColumns

# A century of months; longer loans do not exist and would only burn time.
MAX_PERIODS: Final = 1200
MAX_TERM_YEARS: Final = 100
"""No loan outlives the land right behind it."""

# Above 100 % a year a percentage was sent where a fraction is asked.
MAX_RATE_PPM: Final = PPM
MIN_START_YEAR: Final = 1950
MAX_START_YEAR: Final = 2199
"""The last year of the calendar that forms accept."""


class Method(StrEnum):
    """How principal comes back."""

    EQUAL_INSTALMENT = "equal-instalment"
    EQUAL_PRINCIPAL = "equal-principal"
    BULLET = "bullet"
    """Interest each period, principal at the end."""
    BULLET_ALL = "bullet-all"
    """Interest and principal together at the end, without compounding."""
    PLAN = "plan"
    """Given principal amounts."""


class OddDays(StrEnum):
    """What becomes of the days by which the first period is longer than a step."""

    JOINED = "with-first"
    """They stay in the first period."""
    OWN_ROW = "own-row"
    """Their interest falls due alone, where the first whole period begins."""
    SPREAD = "spread"
    """Their interest is added in equal parts to all instalments."""


class DayRoll(StrEnum):
    """Where a due day goes on which banks are closed; its interest runs up to the day it goes to."""

    NONE = "none"
    NEXT = "next"
    NEXT_IN_MONTH = "next-in-month"
    """To the next open day, but back to the last one where that lies in another month."""
    BEFORE = "before"


class ScheduleError(InvalidInput):
    """Terms that no schedule can meet; `errors` names the fields and the facts."""

    code = "invalid-schedule-terms"
    title = N_("No schedule can be drawn for these terms")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What the contract says; either `periods` or `matures_on` gives the length.

    In the first `grace_principal` periods only interest is due. `plan_fen` has one amount
    for each period after them. Under `bullet` and `bullet-all` grace changes nothing.
    `odd_days` needs a first due day later than one step after the start; an own row of
    interest comes on top of the number of periods. `bullet-all` joins them always.
    `anchored_on` is where steps begin when the money comes later than the contract begins: the
    periods are then those of the contract that are left. `moved` are the due days that a roll
    moved, where they were fixed before.
    """

    principal_fen: int
    rate_ppm: int
    start_on: date
    every: Every
    method: Method
    day_count: DayCount
    periods: int | None = None
    matures_on: date | None = None
    first_due_on: date | None = None
    grace_principal: int = 0
    month_end: MonthEnd = MonthEnd.CLAMP
    odd_days: OddDays = OddDays.JOINED
    roll: DayRoll = DayRoll.NONE
    calendar: BusinessCalendar | None = None
    """Needed by a roll of due days."""
    plan_fen: tuple[int, ...] = ()
    anchored_on: date | None = None
    moved: tuple[tuple[date, date], ...] | None = None


def require_possible(terms: Terms) -> None:
    """Refuse terms outside their limits, all wrong fields at once."""
    errors = tuple(_limit_problems(terms)) or tuple(_term_problems(terms))
    if not errors:
        errors = tuple(_repayment_problems(terms))
    if errors:
        raise ScheduleError(errors=errors)


def odd_period(terms: Terms) -> Period | None:
    """The days before the first whole period, where they are to stand apart."""
    if terms.odd_days is OddDays.JOINED or terms.method is Method.BULLET_ALL:
        return None
    rhythm = _rhythm(terms)
    begins_on = rhythm.first_step_on
    if begins_on <= rhythm.start_on:
        # The day of the drawdown is no due day: whether banks are closed on it makes no odd days.
        return None
    if terms.odd_days is OddDays.OWN_ROW:
        begins_on = _rolled(terms, begins_on)
    if begins_on <= terms.start_on:
        return None
    return Period(starts_on=terms.start_on, due_on=begins_on, day_count=terms.day_count)


def periods_of(terms: Terms) -> tuple[Period, ...]:
    """The interest periods of possible terms, marking the regular months under `30/360`.

    Odd days that stand apart are in none of them.
    """
    return period_columns(terms).periods()


def period_columns(terms: Terms) -> PeriodColumns:
    """The same, to be put together later."""
    nominal, odd = _due_dates(terms), odd_period(terms)
    months = terms.every.months if terms.day_count is DayCount.THIRTY_360 else 0
    whole_months = [months] * len(nominal)
    if nominal[-1] != _rhythm(terms).due_date(periods_passed(terms) + len(nominal)):
        whole_months[-1] = 0
    if odd is None and not _starts_whole(terms):
        whole_months[0] = 0
    dues = _all_rolled(terms, nominal)
    return PeriodColumns(
        starts=(odd.due_on if odd else terms.start_on, *dues[:-1]),
        dues=dues,
        day_count=terms.day_count,
        whole_months=whole_months,
    )


def moved_days(terms: Terms) -> tuple[tuple[date, date], ...]:
    """The due days that the roll of the terms moves, each with the day it goes to."""
    return moved_among(terms, due_days(terms))


def due_days(terms: Terms) -> tuple[date, ...]:
    """Where the first whole period begins, then the ends of the periods, before any roll."""
    return (_rhythm(terms).first_step_on, *_due_dates(terms))


def moved_among(terms: Terms, days: Iterable[date]) -> tuple[tuple[date, date], ...]:
    """Those of some days after the start that the roll moves, each with the day it goes to."""
    later = sorted(day for day in set(days) if day > terms.start_on)
    moved = zip(later, _all_rolled(terms, later), strict=True)
    return tuple((day, to) for day, to in moved if day != to)


def periods_passed(terms: Terms) -> int:
    """Periods of the contract that ended by the day of the drawdown."""
    if terms.anchored_on in (None, terms.start_on) or terms.matures_on is None:
        return 0
    days = _rhythm(terms).due_dates_until(terms.matures_on)
    return sum(day <= terms.start_on for day in _all_rolled(terms, days))


def _rhythm(terms: Terms) -> Rhythm:
    return Rhythm(
        start_on=terms.anchored_on or terms.start_on,
        every=terms.every,
        month_end=terms.month_end,
        first_due_on=terms.first_due_on,
    )


def _starts_whole(terms: Terms) -> bool:
    """Whether the first period is one whole step of the contract."""
    rhythm, passed = _rhythm(terms), periods_passed(terms)
    if passed:
        return terms.start_on == _rolled(terms, rhythm.due_date(passed))
    return rhythm.starts_regularly and terms.start_on == rhythm.start_on


def _all_rolled(terms: Terms, days: Sequence[date]) -> Sequence[date]:
    """Where the roll of the terms moves some days."""
    if terms.moved is not None:
        to = dict(terms.moved)
        return [to.get(day, day) for day in days] if to else days
    if terms.calendar is None or terms.roll is DayRoll.NONE:
        return days
    return [_rolled(terms, day) for day in days]


def _rolled(terms: Terms, due_on: date) -> date:
    if terms.moved is not None:
        return dict(terms.moved).get(due_on, due_on)
    calendar, roll = terms.calendar, terms.roll
    if calendar is None or roll is DayRoll.NONE or calendar.is_business_day(due_on):
        return due_on
    later, before = calendar.on_or_after(due_on), calendar.on_or_before(due_on)
    back = roll is DayRoll.BEFORE or (roll is DayRoll.NEXT_IN_MONTH and later.month != due_on.month)
    # Money is never due on or before the day on which it is paid out.
    return before if back and before > terms.start_on else later


def _due_dates(terms: Terms) -> tuple[date, ...]:
    if terms.matures_on is None:
        return _rhythm(terms).due_dates(terms.periods or 0)
    days = _rhythm(terms).due_dates_until(terms.matures_on)
    return days[periods_passed(terms) :]


def _error(pointer: str, detail: str, **facts: Fact) -> FieldError:
    return FieldError(pointer=pointer, detail=detail, facts=facts)


def _limit_problems(terms: Terms) -> Iterator[FieldError]:
    if not 0 < terms.principal_fen <= MAX_FEN:
        detail = N_("The principal must be above 0.00 and at most %(limit)s yuan.")
        yield _error("/principal_yuan", detail, limit=Money(MAX_FEN).yuan)
    if not 0 <= terms.rate_ppm <= MAX_RATE_PPM:
        detail = N_("The rate is a yearly fraction from 0 to %(limit)s: 0.0435 means 4.35 %%.")
        yield _error("/rate", detail, limit=format_fraction(MAX_RATE_PPM))
    if not MIN_START_YEAR <= terms.start_on.year <= MAX_START_YEAR:
        detail = N_("The start must lie in the years %(first)s to %(last)s.")
        yield _error("/start_on", detail, first=MIN_START_YEAR, last=MAX_START_YEAR)


def _term_problems(terms: Terms) -> Iterator[FieldError]:
    if (terms.periods is None) == (terms.matures_on is None):
        yield _error("/periods", N_("Give either the number of periods or the maturity."))
    elif terms.periods is not None:
        yield from _length_problems(terms.periods, terms)
    elif terms.matures_on is not None:
        yield from _maturity_problems(terms.matures_on, terms)
    if terms.roll is not DayRoll.NONE and terms.calendar is None and terms.moved is None:
        yield _error("/roll", N_("Rolling due days needs a calendar of open days."))
    starts_on = terms.anchored_on or terms.start_on
    if terms.first_due_on is not None and terms.first_due_on <= starts_on:
        yield _error("/first_due_on", N_("The first due day must lie after the start."))


def _length_problems(periods: int, terms: Terms) -> Iterator[FieldError]:
    every = terms.every
    if not 1 <= periods <= MAX_PERIODS:
        detail = N_("The number of periods must be from 1 to %(limit)s.")
        yield _error("/periods", detail, limit=MAX_PERIODS)
    elif periods * (every.months * 31 + every.days) > MAX_TERM_YEARS * 372:
        detail = N_("The loan would run longer than %(limit)s years.")
        yield _error("/periods", detail, limit=MAX_TERM_YEARS)


def _maturity_problems(matures_on: date, terms: Terms) -> Iterator[FieldError]:
    if matures_on <= terms.start_on:
        yield _error("/matures_on", N_("The maturity must lie after the start."))
    elif matures_on.year - terms.start_on.year > MAX_TERM_YEARS:
        detail = N_("The loan would run longer than %(limit)s years.")
        yield _error("/matures_on", detail, limit=MAX_TERM_YEARS)
    elif terms.first_due_on is not None and terms.first_due_on > matures_on:
        detail = N_("The first due day must not lie after the maturity.")
        yield _error("/first_due_on", detail)


def _repayment_problems(terms: Terms) -> Iterator[FieldError]:
    count = terms.periods or len(_due_dates(terms))
    if count > MAX_PERIODS:
        detail = N_("The number of periods must be from 1 to %(limit)s.")
        yield _error("/matures_on", detail, limit=MAX_PERIODS)
    if not 0 <= terms.grace_principal < count:
        detail = N_("The grace must leave at least one of the %(periods)s periods for principal.")
        yield _error("/grace_principal", detail, periods=count)
    elif terms.method is Method.PLAN:
        yield from _plan_problems(terms, count - terms.grace_principal)
    elif terms.plan_fen:
        detail = N_("Principal amounts are given only with the method “plan”.")
        yield _error("/plan_yuan", detail)


def _plan_problems(terms: Terms, count: int) -> Iterator[FieldError]:
    if len(terms.plan_fen) != count:
        detail = N_("The plan must have %(count)s principal amounts; it has %(given)s.")
        yield _error("/plan_yuan", detail, count=count, given=len(terms.plan_fen))
    elif any(amount < 0 for amount in terms.plan_fen):
        yield _error("/plan_yuan", N_("No amount of the plan may be negative."))
    elif sum(terms.plan_fen) != terms.principal_fen:
        detail = N_("The plan sums to %(total)s yuan; the principal is %(principal)s yuan.")
        total, principal = Money(sum(terms.plan_fen)).yuan, Money(terms.principal_fen).yuan
        yield _error("/plan_yuan", detail, total=total, principal=principal)
