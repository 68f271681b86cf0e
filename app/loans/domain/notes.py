"""The principal plan and the interest periods of one note.

A note is one drawdown of a contract. Its plan says which principal falls due on which day,
its periods when interest does; interest itself follows from the balances that really held.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from itertools import pairwise
from math import lcm
from typing import Any, NamedTuple

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up, split_largest_remainder
from app.kernel.schedule_dates import (
    Every,
    MonthEnd,
    Rhythm,
    quarterly_interest_days,
    quarterly_principal_days,
)
from app.kernel.text import N_
from app.loans.domain.accrual import (
    BalanceFrom,
    RateFrom,
    accrued_fen,
    balance_on,
    held,
    rate_of_period,
)
from app.loans.domain.amounts import DatedAmount, equal_parts
from app.loans.domain.periods import Period, joined
from app.loans.domain.schedule import (
    Instalment,
    Schedule,
    level_fen,
    make_schedule,
    period_rates,
)
from app.loans.domain.spreading import Spread
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import (
    Method,
    OddDays,
    ScheduleError,
    Terms,
    due_days,
    odd_period,
    periods_of,
    periods_passed,
)

_QUARTER_MONTHS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteTerms:
    """What the contract says about one note."""

    amount_fen: int
    drawn_on: date
    matures_on: date
    rate_ppm: int
    method: Method
    every: Every
    day_count: DayCount
    style: InterestStyle
    contract_starts_on: date
    first_due_on: date | None = None
    plan: tuple[DatedAmount, ...] = ()
    """For the method `plan`: dated principal of the note, or of the contract to be shared."""
    grace_principal: int = 0
    """First periods of the contract in which only interest falls due."""
    month_end: MonthEnd = MonthEnd.CLAMP
    odd_days: OddDays = OddDays.JOINED
    moved: tuple[tuple[date, date], ...] = ()
    """Due days that fall on a closed day, each with the open day that it was moved to at contract."""
    extended_from_on: date | None = None
    """The maturity that was signed, of a contract that was extended."""
    rates: tuple[RateFrom, ...] = ()
    """The rates since the drawdown, where there was more than one."""

    @property
    def ends_on(self) -> date:
        """The maturity, where it falls due."""
        return dict(self.moved).get(self.matures_on, self.matures_on)


def require_terms(terms: NoteTerms) -> None:
    """Refuse terms that no plan can meet."""
    _require_form(terms)
    if terms.style is InterestStyle.SCHEDULE and terms.method is not Method.PLAN:
        make_schedule(_schedule_terms(terms))


def _require_form(terms: NoteTerms) -> None:
    """Refuse what does not fit together, before a schedule is drawn."""
    if terms.style is InterestStyle.QUARTERLY:
        _require_quarterly(terms)
    _require_storable(terms)
    if terms.method is Method.PLAN:
        _require_plan(terms)


def principal_plan(terms: NoteTerms) -> tuple[DatedAmount, ...]:
    """The principal by due day: above zero, ascending, summing to the note."""
    _require_form(terms)
    if terms.method is Method.PLAN:
        return _shared_plan(terms)
    if terms.style is InterestStyle.SCHEDULE:
        rows = make_schedule(_schedule_terms(terms)).instalments
        dated = (DatedAmount(on=row.due_on, amount_fen=row.principal_fen) for row in rows)
        return tuple(each for each in dated if each.amount_fen)
    if terms.method is Method.EQUAL_PRINCIPAL:
        return _positive(equal_parts(terms.amount_fen, _quarterly_days(terms)))
    return (DatedAmount(on=terms.ends_on, amount_fen=terms.amount_fen),)


def interest_periods(terms: NoteTerms) -> tuple[Period, ...]:
    """The periods at whose ends interest falls due, the last ending at the maturity.

    Where the interest of odd days is spread, they are the first period, and nothing falls due at its end.
    """
    if terms.style is InterestStyle.QUARTERLY:
        days = _settlement_days(terms)
        starts = (terms.drawn_on, *days[:-1])
        return tuple(
            Period(starts_on=start, due_on=due, day_count=terms.day_count)
            for start, due in zip(starts, days, strict=True)
        )
    if terms.method is Method.PLAN:
        return _with_odd(_schedule_terms(terms, method=Method.BULLET))
    if terms.method is Method.BULLET_ALL:
        return (joined(periods_of(_schedule_terms(terms))),)
    return _with_odd(_schedule_terms(terms))


def nominal_days(terms: NoteTerms) -> tuple[date, ...]:
    """The days of a contract on which something is to fall due, before any roll."""
    planned = [each.on for each in terms.plan]
    if terms.style is InterestStyle.SCHEDULE:
        method = Method.BULLET if terms.method is Method.PLAN else terms.method
        return (*due_days(_schedule_terms(terms, method=method)), *planned)
    days = quarterly_interest_days(terms.contract_starts_on, terms.matures_on)
    if terms.method is Method.EQUAL_PRINCIPAL:
        return (*days, *_quarterly_days(replace(terms, moved=())))
    return (*days, *planned)


def spread_period(terms: NoteTerms) -> Period | None:
    """The odd days of a note whose interest falls due in parts, with the instalments after them."""
    if terms.odd_days is not OddDays.SPREAD:
        return None
    if terms.style is InterestStyle.QUARTERLY:
        begins_on = _first_settlement_on(terms)
        if not terms.drawn_on < begins_on < terms.ends_on:
            return None
        return Period(starts_on=terms.drawn_on, due_on=begins_on, day_count=terms.day_count)
    method = Method.BULLET if terms.method is Method.PLAN else terms.method
    return odd_period(_schedule_terms(terms, method=method))


def first_due_on(terms: NoteTerms, plan: Sequence[DatedAmount]) -> date:
    """The first day on which something of a note falls due."""
    odd = spread_period(terms)
    return min(plan[0].on, next(each.due_on for each in interest_periods(terms) if each != odd))


def _first_settlement_on(terms: NoteTerms) -> date:
    """The 21st with which the first whole quarter of the contract begins."""
    day_before = terms.contract_starts_on - timedelta(days=1)
    return quarterly_interest_days(day_before, terms.matures_on)[0]


def _settlement_days(terms: NoteTerms) -> tuple[date, ...]:
    """Where the 21sts of the quarters went, and the maturity; odd days that are spread end on their 21st."""
    odd, moved = spread_period(terms), dict(terms.moved)
    days = {
        day if odd and day == odd.due_on else moved.get(day, day)
        for day in quarterly_interest_days(terms.drawn_on, terms.matures_on)
    }
    return (*sorted(day for day in days if terms.drawn_on < day < terms.ends_on), terms.ends_on)


def _with_odd(terms: Terms) -> tuple[Period, ...]:
    """The odd days where they stand apart, then the periods; two days rolled together end one period."""
    odd = odd_period(terms)
    periods = (*([odd] if odd else []), *periods_of(terms))
    return tuple(each for each in periods if each.starts_on < each.due_on)


def note_schedule(terms: NoteTerms, plan: Sequence[DatedAmount]) -> Schedule:
    """What falls due when every due day is met: interest by periods, principal by the plan."""
    balances = plan_balances(terms, plan)
    ending = {step.period.due_on: step for step in spread_steps(terms, plan, balances)}
    falling = _by_day(plan)
    days = sorted(falling.keys() | {day for day, step in ending.items() if step.falls_due})
    rows, balance = list[Instalment](), terms.amount_fen
    for number, day in enumerate(days, start=1):
        step, principal = ending.get(day), falling.get(day, 0)
        period = step.period if step and step.falls_due else None
        odd = step.due_fen if step else 0
        interest = (accrued_fen(period, balances, day) if period else 0) + odd
        rows.append(
            Instalment(
                number=number,
                starts_on=period.starts_on if period else day,
                due_on=day,
                days=period.days if period else 0,
                payment_fen=principal + interest,
                principal_fen=principal,
                interest_fen=interest,
                base_fen=balance,
                odd_interest_fen=odd,
            )
        )
        balance -= principal
    return Schedule(instalments=tuple(rows))


def _by_day(plan: Iterable[DatedAmount]) -> dict[date, int]:
    found: dict[date, int] = {}
    for each in plan:
        found[each.on] = found.get(each.on, 0) + each.amount_fen
    return found


class SpreadStep(NamedTuple):
    """A period of a note, and what becomes at its end of the interest of odd days before it."""

    period: Period
    spread: Spread
    """Not fallen due before the end of the period; what was paid ahead in it is taken off."""
    ahead_fen: int
    """What was paid ahead in the period on its own interest."""
    due_fen: int
    """Of the odd days, what falls due at the end of the period."""
    falls_due: bool = True
    """Whether the interest of the period does."""


def spread_steps(
    terms: NoteTerms,
    plan: Sequence[DatedAmount],
    balances: Sequence[BalanceFrom],
    early: Sequence[DatedAmount] = (),
) -> Iterator[SpreadStep]:
    """The periods of a note, with the interest of its odd days where that is spread.

    plan: the one in force when the odd days end. early: interest that was paid before its day.
    """
    odd, spread = spread_period(terms), Spread()
    for period in interest_periods(terms):
        if not (odd or early or spread.left_fen):
            yield SpreadStep(period=period, spread=spread, ahead_fen=0, due_fen=0)
            continue
        paid = sum(each.amount_fen for each in early if period.starts_on <= each.on < period.due_on)
        spread, ahead = spread.paid(paid)
        if period == odd:
            yield SpreadStep(
                period=period, spread=spread, ahead_fen=ahead, due_fen=0, falls_due=False
            )
            grown = accrued_fen(period, balances, period.due_on) - ahead
            spread = Spread.over(grown, spread_over(terms, plan))
            continue
        last = bool(spread.left_fen) and (
            not balance_on(balances, period.due_on) or only_rest_left(terms, spread, period.due_on)
        )
        due = spread.due_fen(last=last)
        yield SpreadStep(period=period, spread=spread, ahead_fen=ahead, due_fen=due)
        spread = spread.less(due)


def spread_over(terms: NoteTerms, plan: Sequence[DatedAmount]) -> int:
    """Over how many instalments the interest of odd days is spread: those up to the end of the plan."""
    odd = spread_period(terms)
    if odd is None or not plan:
        return 1
    starts = (each.starts_on for each in interest_periods(terms))
    return max(sum(odd.due_on <= start < plan[-1].on for start in starts), 1)


def only_rest_left(terms: NoteTerms, spread: Spread, due_on: date) -> bool:
    """Whether an instalment takes the rest of the odd days' interest with its part, though more are to come.

    So does, where the contract was extended, the last by the plan over which the parts were spread.
    """
    signed_on, odd = terms.extended_from_on, spread_period(terms)
    if signed_on is None or odd is None or due_on < dict(terms.moved).get(signed_on, signed_on):
        return False
    starts = (each.starts_on for each in interest_periods(terms))
    parts = sum(odd.due_on <= start < signed_on for start in starts)
    return spread.left_fen - spread.part_fen < parts


def plan_balances(terms: NoteTerms, plan: Sequence[DatedAmount]) -> tuple[BalanceFrom, ...]:
    """The balances that hold when principal is paid by the plan."""
    balance = terms.amount_fen
    steps = {terms.drawn_on: balance}
    for each in plan:
        balance -= each.amount_fen
        steps[each.on] = balance
    return tuple(held(tuple(steps.items()), rates_of(terms)))


def rates_of(terms: NoteTerms) -> tuple[RateFrom, ...]:
    """The rates of a note by day, from its drawdown on."""
    return terms.rates or (RateFrom(from_on=terms.drawn_on, rate_ppm=terms.rate_ppm),)


def replanned(
    terms: NoteTerms, plan: Sequence[DatedAmount], *, after_on: date, balance_fen: int
) -> tuple[DatedAmount, ...]:
    """The plan for the days after a day when the principal left on it changed.

    Level instalments and equal principal keep their days, up to the last of the plan before, and
    change their amounts; a given plan is shortened or lengthened at its end.
    """
    left = tuple(each for each in plan if each.on > after_on)
    if not balance_fen:
        return ()
    if not left:
        return (DatedAmount(on=terms.ends_on, amount_fen=balance_fen),)
    if terms.method is Method.EQUAL_PRINCIPAL:
        return _positive(equal_parts(balance_fen, [each.on for each in left]))
    if terms.method is Method.EQUAL_INSTALMENT:
        return _level_plan(terms, after_on, left[-1].on, balance_fen)
    return cut_at_end(left, balance_fen)


def completing_plan(
    terms: NoteTerms, others: Sequence[DatedAmount]
) -> tuple[DatedAmount, ...] | None:
    """The plan of the note that draws a contract in full: what its other notes leave of each day.

    So the notes sum to the contract's plan to the fen; None where the parts do not fit.
    """
    whole = moved_plan(terms.plan, terms.moved)
    left = {each.on: each.amount_fen for each in whole if each.on > terms.drawn_on}
    for each in others:
        if each.on > terms.drawn_on:
            left[each.on] = left.get(each.on, 0) - each.amount_fen
    if sum(left.values()) != terms.amount_fen or min(left.values(), default=-1) < 0:
        return None
    return _positive(DatedAmount(on=day, amount_fen=fen) for day, fen in sorted(left.items()))


def plan_to_json(plan: Sequence[DatedAmount]) -> list[dict[str, Any]]:
    """A plan as it is stored."""
    return [{"on": each.on.isoformat(), "fen": each.amount_fen} for each in plan]


def plan_from_json(rows: Sequence[Mapping[str, Any]] | None) -> tuple[DatedAmount, ...]:
    """A plan as it was stored."""
    return tuple(
        DatedAmount(on=date.fromisoformat(row["on"]), amount_fen=int(row["fen"]))
        for row in rows or ()
    )


def _schedule_terms(terms: NoteTerms, *, method: Method | None = None) -> Terms:
    """The note as a part of its contract: a later note joins the contract's steps and its grace."""
    whole = Terms(
        principal_fen=terms.amount_fen,
        rate_ppm=terms.rate_ppm,
        start_on=terms.drawn_on,
        every=terms.every,
        method=method or terms.method,
        day_count=terms.day_count,
        matures_on=terms.matures_on,
        first_due_on=terms.first_due_on,
        month_end=terms.month_end,
        odd_days=terms.odd_days,
        anchored_on=terms.contract_starts_on,
        moved=terms.moved,
    )
    return replace(whole, grace_principal=_grace_left(terms, whole))


def _grace_left(terms: NoteTerms, whole: Terms) -> int:
    """Periods of the contract's grace that end after the drawdown."""
    return max(0, terms.grace_principal - periods_passed(whole))


def _require_quarterly(terms: NoteTerms) -> None:
    if terms.method in (Method.EQUAL_INSTALMENT, Method.BULLET_ALL):
        raise ScheduleError.at(
            "/method", N_("Interest settled by quarters needs equal principal, a bullet or a plan.")
        )
    months = terms.every.months
    if terms.method is Method.EQUAL_PRINCIPAL and (not months or months % _QUARTER_MONTHS):
        raise ScheduleError.at(
            "/every", N_("Principal beside quarterly interest falls due every 3, 6 or 12 months.")
        )


def _require_storable(terms: NoteTerms) -> None:
    """Refuse a grace beside a plan."""
    if terms.method is Method.PLAN and terms.grace_principal:
        raise ScheduleError.at(
            "/grace_principal", N_("A plan says itself when principal begins to fall due.")
        )


def _require_plan(terms: NoteTerms) -> None:
    days = [each.on for each in terms.plan]
    ascending = all(before < after for before, after in pairwise(days))
    positive = all(each.amount_fen > 0 for each in terms.plan)
    if days and ascending and positive and terms.drawn_on < days[-1] <= terms.matures_on:
        return
    raise ScheduleError.at(
        "/plan", N_("Give a plan of amounts above 0.00 on ascending days, ending at the maturity.")
    )


def _shared_plan(terms: NoteTerms) -> tuple[DatedAmount, ...]:
    """The note's share of the contract's plan after its drawdown, in whole fen."""
    left = [each for each in moved_plan(terms.plan, terms.moved) if each.on > terms.drawn_on]
    parts = split_largest_remainder(terms.amount_fen, [each.amount_fen for each in left])
    dated = (
        DatedAmount(on=each.on, amount_fen=part) for each, part in zip(left, parts, strict=True)
    )
    return _positive(dated)


def moved_plan(
    plan: Sequence[DatedAmount], moved: Iterable[tuple[date, date]]
) -> tuple[DatedAmount, ...]:
    """A plan with its days where the roll moved them; days that meet are one."""
    to = dict(moved)
    found = _by_day(replace(each, on=to.get(each.on, each.on)) for each in plan)
    return tuple(DatedAmount(on=day, amount_fen=fen) for day, fen in sorted(found.items()))


def _positive(plan: Iterable[DatedAmount]) -> tuple[DatedAmount, ...]:
    return tuple(each for each in plan if each.amount_fen)


def _quarterly_days(terms: NoteTerms) -> tuple[date, ...]:
    """Days of equal principal; a day in the month of the maturity gives way to the maturity."""
    if terms.first_due_on is not None:
        rhythm = Rhythm(
            start_on=terms.contract_starts_on,
            every=terms.every,
            month_end=terms.month_end,
            first_due_on=terms.first_due_on,
        )
        days = rhythm.due_dates_until(terms.matures_on)
    else:
        start, end = terms.contract_starts_on, terms.matures_on
        steps = 12 * (end.year - start.year) + end.month - start.month
        days = quarterly_principal_days(
            start,
            end,
            instalments=steps // terms.every.months + 2,
            quarters=terms.every.months // _QUARTER_MONTHS,
        )
    months = (terms.matures_on.year, terms.matures_on.month)
    regular = [day for day in days[:-1] if (day.year, day.month) != months]
    moved = dict(terms.moved)
    kept = {moved.get(day, day) for day in regular[terms.grace_principal :]}
    return (*sorted(day for day in kept if terms.drawn_on < day < terms.ends_on), terms.ends_on)


def _level_plan(
    terms: NoteTerms, after_on: date, last_on: date, balance_fen: int
) -> tuple[DatedAmount, ...]:
    """Level instalments until a last day, which lies before the maturity where the tenor was shortened."""
    free_on = max(after_on, _grace_ends_on(terms))
    periods = [
        each
        for each in interest_periods(terms)
        if each.due_on > free_on and each.starts_on < last_on
    ]
    rates, denominator = _period_rates(terms, periods)
    level = level_fen(balance_fen, rates, denominator)
    plan, balance = [], balance_fen
    for period, rate in zip(periods, rates, strict=True):
        interest = round_half_up(balance * rate, denominator)
        wanted = balance if period is periods[-1] else level - interest
        principal = min(max(wanted, 0), balance)
        balance -= principal
        plan.append(DatedAmount(on=period.due_on, amount_fen=principal))
    return _positive(plan)


def _grace_ends_on(terms: NoteTerms) -> date:
    """The last day on which no principal falls due by its method: of the grace, or of odd days apart."""
    whole = _schedule_terms(terms)
    grace, periods = whole.grace_principal, periods_of(whole)
    return periods[grace - 1].due_on if grace else periods[0].starts_on


def _period_rates(terms: NoteTerms, periods: Sequence[Period]) -> tuple[list[int], int]:
    """Rates of the periods over one denominator; a period with two rates has the mean of its days."""
    rates = rates_of(terms)
    if len(rates) == 1:
        return period_rates(periods, rates[0].rate_ppm)
    exact: list[Fraction] = [rate_of_period(period, rates) for period in periods]
    denominator = lcm(*(each.denominator for each in exact))
    return [int(each * denominator) for each in exact], denominator


def cut_at_end(plan: Sequence[DatedAmount], balance_fen: int) -> tuple[DatedAmount, ...]:
    """Keep the plan from its beginning; the last day kept takes what is left."""
    cut: list[DatedAmount] = []
    left_fen = balance_fen
    for each in plan:
        if not left_fen:
            break
        part_fen = left_fen if each is plan[-1] else min(each.amount_fen, left_fen)
        cut.append(DatedAmount(on=each.on, amount_fen=part_fen))
        left_fen -= part_fen
    return tuple(cut)


__all__ = [
    "NoteTerms",
    "SpreadStep",
    "completing_plan",
    "cut_at_end",
    "first_due_on",
    "interest_periods",
    "moved_plan",
    "nominal_days",
    "note_schedule",
    "only_rest_left",
    "plan_from_json",
    "plan_to_json",
    "principal_plan",
    "rates_of",
    "replanned",
    "require_terms",
    "spread_over",
    "spread_period",
    "spread_steps",
]
