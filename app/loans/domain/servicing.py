"""One note at the close of a day: what it earned, what falls due, what grows while overdue.

The close of day D stands at the opening of D + 1: interest has grown through D, and what
falls due on D + 1 is billed, so that it can be paid on its day. All figures are cumulative
and posted as differences; closing twice, or closing late, comes to the same sums.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import accumulate

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.accrual import BalanceFrom, accrued_fen, overdue_rate_ppm
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, interest_periods
from app.loans.domain.periods import Period

_ONE_DAY = timedelta(days=1)

Steps = tuple[tuple[date, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What falls due of a note on a day."""

    due_on: date
    principal_fen: int
    interest_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDue:
    """A bill and what was settled of it, with the days from which the payments count."""

    due_on: date
    principal_fen: int
    interest_fen: int
    paid_principal: tuple[DatedAmount, ...] = ()
    paid_interest: tuple[DatedAmount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteDay:
    """What the close of one day found for one note."""

    on: date
    interest_fen: int
    interest_cumulative_fen: int
    penalty_fen: int
    penalty_cumulative_fen: int
    compound_fen: int
    compound_cumulative_fen: int
    bill: Bill | None

    @property
    def earned_fen(self) -> int:
        return self.interest_fen + self.penalty_fen + self.compound_fen


@dataclass(slots=True, kw_only=True)
class NoteBook:
    """A note's running figures, moved forward day by day; the caller stores what changed.

    `terms` and `plan` are needed on days when something falls due, `dues` while something is
    overdue or past days changed.
    """

    rate_ppm: int
    surcharge_ppm: int
    day_count: DayCount
    unbilled_fen: int
    period_number: int
    period_starts_on: date
    period_due_on: date
    whole_months: int
    interest_fen: int
    penalty_fen: int
    compound_fen: int
    next_due_on: date | None
    ahead_fen: int = 0
    """Interest of the running period that was paid before it fell due."""
    steps: Steps = ()
    terms: NoteTerms | None = None
    plan: tuple[DatedAmount, ...] = ()
    dues: list[OpenDue] = field(default_factory=list)
    is_overdue: bool = False
    """Whether penalty and compound interest must be worked out."""

    def close(self, on: date) -> NoteDay:
        """Close one day: accrue through it, then bill what falls due on the next."""
        until_on = on + _ONE_DAY
        interest = self._interest_to(until_on) - self.interest_fen
        self.interest_fen += interest
        cumulative = self.interest_fen
        penalty, compound = self._overdue_interest_to(until_on) if self.is_overdue else (0, 0)
        self.penalty_fen += penalty
        self.compound_fen += compound
        bill = self._bill(until_on) if until_on == self.next_due_on else None
        return NoteDay(
            on=on,
            interest_fen=interest,
            interest_cumulative_fen=cumulative,
            penalty_fen=penalty,
            penalty_cumulative_fen=self.penalty_fen,
            compound_fen=compound,
            compound_cumulative_fen=self.compound_fen,
            bill=bill,
        )

    def _interest_to(self, until_on: date) -> int:
        """Interest of the running period; the common case needs no history of balances."""
        if self.next_due_on is None:
            return self.interest_fen
        if self.steps or self.whole_months:
            return accrued_fen(self.period, self._balances(), until_on)
        if until_on > self.period_due_on:
            raise ValueError(f"{until_on} lies after the period that ends on {self.period_due_on}.")
        units = self.day_count.year_units(self.period_starts_on, until_on)
        return round_half_up(self.unbilled_fen * self.rate_ppm * units, PPM * self.day_count.basis)

    @property
    def period(self) -> Period:
        """The running interest period."""
        return Period(
            starts_on=self.period_starts_on,
            due_on=self.period_due_on,
            day_count=self.day_count,
            whole_months=self.whole_months,
        )

    def _balances(self) -> list[BalanceFrom]:
        steps = self.steps or ((self.period_starts_on, self.unbilled_fen),)
        return [
            BalanceFrom(from_on=day, balance_fen=fen, rate_ppm=self.rate_ppm) for day, fen in steps
        ]

    def _overdue_interest_to(self, until_on: date) -> tuple[int, int]:
        penalty = penalty_to(self.dues, until_on, self.overdue_rate_ppm, self.day_count)
        compound = compound_to(self.dues, until_on, self.overdue_rate_ppm, self.day_count)
        return penalty - self.penalty_fen, compound - self.compound_fen

    @property
    def overdue_rate_ppm(self) -> int:
        """The rate on principal and interest that is overdue."""
        return overdue_rate_ppm(self.rate_ppm, surcharge_ppm=self.surcharge_ppm)

    def _bill(self, due_on: date) -> Bill | None:
        if self.terms is None:
            raise ValueError("The terms of a note are needed on the day on which it falls due.")
        principal = sum(each.amount_fen for each in self.plan if each.on == due_on)
        ends = due_on == self.period_due_on
        interest = self.interest_fen - self.ahead_fen if ends else 0
        self._reduce(due_on, principal)
        if ends:
            self._start_period(due_on)
        self.next_due_on = self.next_due(due_on)
        if not principal and not interest:
            return None
        bill = Bill(due_on=due_on, principal_fen=principal, interest_fen=interest)
        self.dues.append(OpenDue(due_on=due_on, principal_fen=principal, interest_fen=interest))
        self.is_overdue = True
        return bill

    def _reduce(self, on: date, principal_fen: int) -> None:
        if principal_fen > self.unbilled_fen:
            raise ValueError("The plan asks for more principal than is left.")
        self.change(on, -principal_fen)

    def change(self, on: date, amount_fen: int) -> None:
        """The balance that bears the contract rate changes from a day on."""
        if not amount_fen:
            return
        steps = self.steps or ((self.period_starts_on, self.unbilled_fen),)
        self.unbilled_fen += amount_fen
        self.steps = stepped(steps, max(on, self.period_starts_on), amount_fen)

    def _start_period(self, starts_on: date) -> None:
        """The next period; after the last one nothing runs any more."""
        self.interest_fen = self.ahead_fen = 0
        self.steps = ()
        following = [
            each for each in interest_periods(_terms(self.terms)) if each.starts_on == starts_on
        ]
        self.period_starts_on = starts_on
        if following:
            self.period_number += 1
            self.period_due_on = following[0].due_on
            self.whole_months = following[0].whole_months

    def next_due(self, after_on: date) -> date | None:
        """The next day on which principal or interest falls due; None when nothing will."""
        days = [each.on for each in self.plan if each.on > after_on]
        runs = self.unbilled_fen or self.interest_fen > self.ahead_fen
        if self.period_due_on > after_on and runs:
            days.append(self.period_due_on)
        return min(days, default=None)


def _terms(terms: NoteTerms | None) -> NoteTerms:
    if terms is None:
        raise ValueError("The terms of a note are needed on the day on which it falls due.")
    return terms


def stepped(steps: Iterable[tuple[date, int]], on: date, amount_fen: int) -> Steps:
    """Steps of a balance after an amount was added from a day on; the steps ascend by day."""
    before = tuple(each for each in steps if each[0] < on)
    known = dict(steps)
    held = known.get(on, before[-1][1] if before else 0)
    after = tuple((day, fen + amount_fen) for day, fen in known.items() if day > on)
    return (*before, (on, held + amount_fen), *after)


def penalty_to(dues: Sequence[OpenDue], until_on: date, rate_ppm: int, day_count: DayCount) -> int:
    """Penalty interest on principal not paid on its day, grown up to, and without, a day."""
    moves = [
        move for due in dues for move in _moves(due.due_on, due.principal_fen, due.paid_principal)
    ]
    return _grown(moves, until_on, rate_ppm, day_count)


def compound_to(dues: Sequence[OpenDue], until_on: date, rate_ppm: int, day_count: DayCount) -> int:
    """Compound interest on interest not paid on its day, grown up to, and without, a day."""
    moves = [
        move for due in dues for move in _moves(due.due_on, due.interest_fen, due.paid_interest)
    ]
    return _grown(moves, until_on, rate_ppm, day_count)


def _moves(
    due_on: date, billed_fen: int, paid: Sequence[DatedAmount]
) -> Iterable[tuple[date, int]]:
    """A bill adds to the overdue balance; a payment, never before the due day, lowers it."""
    yield due_on, billed_fen
    for each in paid:
        yield max(each.on, due_on), -each.amount_fen


def _grown(
    moves: Sequence[tuple[date, int]], until_on: date, rate_ppm: int, day_count: DayCount
) -> int:
    relevant = sorted(move for move in moves if move[0] < until_on)
    if not relevant:
        return 0
    days = [day for day, _ in relevant]
    sums = dict(zip(days, accumulate(fen for _, fen in relevant), strict=True))
    balances = [
        BalanceFrom(from_on=day, balance_fen=fen, rate_ppm=rate_ppm) for day, fen in sums.items()
    ]
    period = Period(starts_on=days[0], due_on=until_on, day_count=day_count)
    return accrued_fen(period, balances, until_on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Overdue:
    """How far a loan is behind on a day."""

    days: int
    amount_fen: int


def overdue_on(unpaid: Iterable[DatedAmount], day: date) -> Overdue:
    """Days since the oldest unpaid due day, and all that was due before the day."""
    late = [each for each in unpaid if each.on < day and each.amount_fen]
    oldest_on = min((each.on for each in late), default=day)
    return Overdue(days=(day - oldest_on).days, amount_fen=sum(each.amount_fen for each in late))
