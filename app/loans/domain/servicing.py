"""One note at the close of a day: what it earned, what falls due, what grows while overdue.

The close of day D stands at the opening of D + 1: interest has grown through D, and what
falls due on D + 1 is billed, so that it can be paid on its day. All figures are cumulative
and posted as differences; closing twice, or closing late, comes to the same sums.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from app.kernel.daycount import DayCount
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.accrual import BalanceFrom, RateFrom, accrued_fen, held
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import Burden, Misuse, OpenDue, Steps, compound_to, penalty_to
from app.loans.domain.notes import (
    NoteTerms,
    interest_periods,
    only_rest_left,
    replanned,
    spread_over,
    spread_period,
)
from app.loans.domain.periods import Period
from app.loans.domain.repricing import RateSet
from app.loans.domain.spreading import Spread
from app.loans.domain.terms import Method

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """What falls due of a note on a day."""

    due_on: date
    principal_fen: int
    interest_fen: int


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

    `terms` and `plan` are needed on days when something falls due or a rate is set, `dues` while
    something is overdue or misused, or past days changed.
    """

    rate_ppm: int
    surcharge_ppm: int
    day_count: DayCount
    ends_on: date
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
    spread: Spread = field(default_factory=Spread)
    """Interest of odd days that has not fallen due."""
    steps: Steps = ()
    terms: NoteTerms | None = None
    plan: tuple[DatedAmount, ...] = ()
    dues: list[OpenDue] = field(default_factory=list)
    is_overdue: bool = False
    """Whether penalty and compound interest must be worked out."""
    misuse_ppm: int = 0
    misuse: Misuse | None = None
    rates: tuple[RateFrom, ...] = ()
    """The rates since the drawdown, where there was more than one."""
    resets: tuple[RateSet, ...] = ()
    """Rates that are set on days still to be closed."""
    replans: list[tuple[date, tuple[DatedAmount, ...]]] = field(default_factory=list)
    """Plans drawn again when a rate was set, from their days."""

    def close(self, on: date) -> NoteDay:
        """Close one day: set its rate, accrue through it, then bill what falls due on the next."""
        self._reprice(on)
        until_on = on + _ONE_DAY
        interest = self.interest_to(until_on) - self.interest_fen
        self.interest_fen += interest
        cumulative = self.interest_fen
        penalty, compound = self._overdue_interest_to(until_on) if self.is_overdue else (0, 0)
        self.penalty_fen += penalty
        self.compound_fen += compound
        bill = self._bill(until_on) if until_on == self.next_stop_on else None
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

    @property
    def next_stop_on(self) -> date | None:
        """The next day on which something falls due, or odd days end whose interest is spread."""
        if self.next_due_on is None or self.next_due_on < self.period_due_on:
            return self.next_due_on
        return self.period_due_on if self._in_odd_days else self.next_due_on

    @property
    def _in_odd_days(self) -> bool:
        odd = spread_period(self.terms) if self.terms is not None else None
        return odd is not None and odd.starts_on == self.period_starts_on

    @property
    def grown_fen(self) -> int:
        """Interest grown that has neither fallen due nor been paid ahead."""
        return self.interest_fen - self.ahead_fen + self.spread.left_fen

    def _reprice(self, on: date) -> None:
        """The rates set on the days up to this one hold from their days."""
        while self.resets and self.resets[0].from_on <= on:
            reset, *later = self.resets
            self.resets = tuple(later)
            known = self.rates or (RateFrom(from_on=date.min, rate_ppm=self.rate_ppm),)
            self.rates = (*known, RateFrom(from_on=reset.from_on, rate_ppm=reset.rate_ppm))
            if self.rate_ppm == reset.rate_ppm:
                continue
            self.rate_ppm = reset.rate_ppm
            # Kept, so that the running period is worked out by both rates.
            if self.unbilled_fen:
                self.steps = self.steps or ((self.period_starts_on, self.unbilled_fen),)
            self._replan(reset.from_on)

    def _replan(self, on: date) -> None:
        """Equal instalments are drawn again by the new rate."""
        terms = replace(_terms(self.terms), rate_ppm=self.rate_ppm, rates=self.rates)
        self.terms = terms
        if terms.method is not Method.EQUAL_INSTALMENT or not self.unbilled_fen:
            return
        self.plan = replanned(terms, self.plan, after_on=on, balance_fen=self.unbilled_fen)
        self.replans.append((on, self.plan))
        self.next_due_on = self.next_due(on)

    def interest_to(self, until_on: date) -> int:
        """Interest of the running period; the common case needs no history of balances."""
        if self.next_due_on is None:
            return self.interest_fen
        repriced = bool(self.rates) and self.rates[-1].from_on > self.period_starts_on
        if self.steps or self.whole_months or repriced:
            return accrued_fen(self.period, self.balances(), until_on)
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

    def balances(self) -> list[BalanceFrom]:
        """The balances of the running period with their rates."""
        steps = self.steps or ((self.period_starts_on, self.unbilled_fen),)
        return held(steps, self._rates())

    def _rates(self) -> tuple[RateFrom, ...]:
        return self.rates or (RateFrom(from_on=self.period_starts_on, rate_ppm=self.rate_ppm),)

    def _overdue_interest_to(self, until_on: date) -> tuple[int, int]:
        penalty = penalty_to(self.dues, until_on, self.burden)
        compound = compound_to(self.dues, until_on, self.burden)
        return penalty - self.penalty_fen, compound - self.compound_fen

    @property
    def burden(self) -> Burden:
        """The rates on what is overdue, unpaid or misused."""
        return Burden(
            rates=self._rates(),
            surcharge_ppm=self.surcharge_ppm,
            day_count=self.day_count,
            ends_on=self.ends_on,
            misuse_ppm=self.misuse_ppm,
            misuse=self.misuse,
        )

    def _bill(self, due_on: date) -> Bill | None:
        if self.terms is None:
            raise ValueError("The terms of a note are needed on the day on which it falls due.")
        principal = sum(each.amount_fen for each in self.plan if each.on == due_on)
        ends = due_on == self.period_due_on
        self._reduce(due_on, principal)
        interest = self._interest_due(self.terms) if ends else 0
        if ends:
            self._start_period(due_on)
        self.next_due_on = self.next_due(due_on)
        if not principal and not interest:
            return None
        bill = Bill(due_on=due_on, principal_fen=principal, interest_fen=interest)
        self.dues.append(OpenDue(due_on=due_on, principal_fen=principal, interest_fen=interest))
        self.is_overdue = True
        return bill

    def _interest_due(self, terms: NoteTerms) -> int:
        """Of the period that ends, less what was paid ahead; of odd days the part, of all with the last principal."""
        owed = self.interest_fen - self.ahead_fen
        if self._in_odd_days:
            self.spread = Spread.over(owed, spread_over(terms, self.plan))
            return 0
        odd = self.spread.due_fen(
            last=not self.unbilled_fen or only_rest_left(terms, self.spread, self.period_due_on)
        )
        self.spread = self.spread.less(odd)
        return owed + odd

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
        if self.unbilled_fen or self.grown_fen > 0:
            days += [each for each in self._interest_days() if each > after_on][:1]
        return min(days, default=None)

    def _interest_days(self) -> tuple[date, ...]:
        """The end of the running period; of odd days that are spread, the one after it."""
        if not self._in_odd_days:
            return (self.period_due_on,)
        periods = interest_periods(_terms(self.terms))
        return tuple(each.due_on for each in periods if each.starts_on == self.period_due_on)


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


def overdue_since(closed_on: date | None, days: int) -> date | None:
    """The oldest unpaid due day: days overdue are counted from it to the day after the last close."""
    return closed_on + timedelta(days=1 - days) if closed_on is not None and days else None
