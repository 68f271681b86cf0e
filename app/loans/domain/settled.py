"""Schedules of bank loans that settle interest by the calendar, not by the instalment.

Principal is drawn and repaid on days of its own, rates change, and interest is paid on
settlement days (for quarters see `kernel.schedule_dates.quarterly_interest_days`). The
interest of a settlement period is the sum over its spans of equal balance, rounded once.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, pairwise

from app.kernel.daycount import DayCount
from app.kernel.errors import Fact, FieldError
from app.kernel.money import Money, round_half_up
from app.kernel.text import N_
from app.loans.domain.accrual import BalanceFrom, accrued_fen
from app.loans.domain.periods import Period
from app.loans.domain.schedule import Instalment, Schedule
from app.loans.domain.terms import ScheduleError


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAmount:
    """An amount of principal drawn or due on a day."""

    on: date
    amount_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RateFrom:
    """A yearly rate from the start of a day until the next one begins."""

    from_on: date
    rate_ppm: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SettledTerms:
    """Draws, principal due, rates and interest days; the last interest day is the maturity."""

    draws: tuple[DatedAmount, ...]
    principal_due: tuple[DatedAmount, ...]
    rates: tuple[RateFrom, ...]
    interest_days: tuple[date, ...]
    day_count: DayCount = DayCount.ACT_360

    @property
    def starts_on(self) -> date:
        return min(draw.on for draw in self.draws)


def equal_parts(principal_fen: int, days: Sequence[date]) -> tuple[DatedAmount, ...]:
    """The same amount on each day, rounded half-up, the last by subtraction."""
    part_fen = min(round_half_up(principal_fen, len(days)), principal_fen)
    paid = accumulate([part_fen] * (len(days) - 1), initial=0)
    starts = [min(total, principal_fen) for total in paid]
    ends = [*starts[1:], principal_fen]
    parts = zip(days, starts, ends, strict=True)
    return tuple(DatedAmount(on=day, amount_fen=end - start) for day, start, end in parts)


def make_settled_schedule(terms: SettledTerms) -> Schedule:
    """One row for each day on which something is due; `ScheduleError` when it cannot close.

    A day with principal alone shows no interest and no days: its interest is settled with
    the period that it lies in.
    """
    _require_closing(terms)
    balances = balances_of(terms)
    days = sorted({due.on for due in terms.principal_due} | set(terms.interest_days))
    rows = (_row(number, day, terms, balances) for number, day in enumerate(days, start=1))
    return Schedule(instalments=tuple(rows))


def balances_of(terms: SettledTerms) -> tuple[BalanceFrom, ...]:
    """The balances and rates that hold when everything is drawn and paid on its day."""
    days = {each.on for each in (*terms.draws, *terms.principal_due)}
    days |= {rate.from_on for rate in terms.rates if rate.from_on > terms.starts_on}
    return tuple(
        BalanceFrom(
            from_on=day,
            balance_fen=_balance_after(terms, day),
            rate_ppm=_rate_on(terms, day),
        )
        for day in sorted(days)
    )


def settlement_periods(terms: SettledTerms) -> tuple[Period, ...]:
    """From the first draw to the first interest day, and from each to the next."""
    starts = (terms.starts_on, *terms.interest_days[:-1])
    return tuple(
        Period(starts_on=start, due_on=due, day_count=terms.day_count)
        for start, due in zip(starts, terms.interest_days, strict=True)
    )


def _row(
    number: int, day: date, terms: SettledTerms, balances: Sequence[BalanceFrom]
) -> Instalment:
    period = _period_ending_on(terms, day)
    interest_fen = accrued_fen(period, balances, day) if period else 0
    principal_fen = sum(due.amount_fen for due in terms.principal_due if due.on == day)
    return Instalment(
        number=number,
        starts_on=period.starts_on if period else day,
        due_on=day,
        days=period.days if period else 0,
        payment_fen=principal_fen + interest_fen,
        principal_fen=principal_fen,
        interest_fen=interest_fen,
        balance_fen=_balance_after(terms, day),
    )


def _period_ending_on(terms: SettledTerms, day: date) -> Period | None:
    return next((each for each in settlement_periods(terms) if each.due_on == day), None)


def _balance_after(terms: SettledTerms, day: date) -> int:
    drawn = sum(draw.amount_fen for draw in terms.draws if draw.on <= day)
    repaid = sum(due.amount_fen for due in terms.principal_due if due.on <= day)
    return drawn - repaid


def _rate_on(terms: SettledTerms, day: date) -> int:
    in_force = [rate for rate in terms.rates if rate.from_on <= day]
    return max(in_force, key=lambda rate: rate.from_on).rate_ppm


def _require_closing(terms: SettledTerms) -> None:
    error = (
        _draw_problem(terms) or _rate_problem(terms) or _day_problem(terms) or _sum_problem(terms)
    )
    if error is not None:
        raise ScheduleError(errors=(error,))


def _draw_problem(terms: SettledTerms) -> FieldError | None:
    amounts = (*terms.draws, *terms.principal_due)
    if terms.draws and all(each.amount_fen > 0 for each in amounts):
        return None
    detail = N_("Every amount drawn or due must be above 0.00.")
    return FieldError(pointer="/principal_yuan", detail=detail)


def _rate_problem(terms: SettledTerms) -> FieldError | None:
    if any(rate.from_on <= terms.starts_on for rate in terms.rates):
        return None
    return FieldError(pointer="/rate", detail=N_("A rate must hold from the first draw."))


def _day_problem(terms: SettledTerms) -> FieldError | None:
    days = terms.interest_days
    ascending = all(before < after for before, after in pairwise(days))
    last_amount_on = max(each.on for each in (*terms.draws, *terms.principal_due))
    if days and ascending and days[0] > terms.starts_on and days[-1] >= last_amount_on:
        return None
    detail = N_("Interest days must ascend from the first draw to the maturity.")
    return FieldError(pointer="/matures_on", detail=detail)


def _sum_problem(terms: SettledTerms) -> FieldError | None:
    total = sum(due.amount_fen for due in terms.principal_due)
    principal = sum(draw.amount_fen for draw in terms.draws)
    facts: dict[str, Fact] = {"total": Money(total).yuan, "principal": Money(principal).yuan}
    if total != principal:
        detail = N_("The plan sums to %(total)s yuan; the principal is %(principal)s yuan.")
        return FieldError(pointer="/plan_yuan", detail=detail, facts=facts)
    if any(_is_due_before_drawn(terms, due.on) for due in terms.principal_due):
        detail = N_("More principal is due than was drawn before that day.")
        return FieldError(pointer="/plan_yuan", detail=detail)
    return None


def _is_due_before_drawn(terms: SettledTerms, day: date) -> bool:
    drawn = sum(draw.amount_fen for draw in terms.draws if draw.on < day)
    return drawn < sum(due.amount_fen for due in terms.principal_due if due.on <= day)
