"""The figures of a note worked out again from its terms, its bills and what was paid.

Nothing here uses a running figure; `verify` compares what is stored with what comes out.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from app.loans.domain.accrual import BalanceFrom, accrued_fen, held
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import Burden, Misuse, OpenDue, compound_to, penalty_to
from app.loans.domain.notes import (
    NoteTerms,
    interest_periods,
    rates_of,
    spread_period,
    spread_steps,
)
from app.loans.domain.periods import Period
from app.loans.domain.spreading import Spread
from app.loans.domain.states import AccrualKind
from app.loans.domain.waterfall import Claim

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """What was known when something was worked out: all that was booked up to a day; later, up to a row."""

    on: date
    last_id: UUID | None = None
    """Ids grow with the milliseconds in which they are made."""

    def knows(self, booked_on: date, row_id: UUID) -> bool:
        """Whether what was booked on a day under an id had been booked by then."""
        if booked_on <= self.on or self.last_id is None:
            return booked_on <= self.on
        return _milliseconds(row_id) <= _milliseconds(self.last_id)


def _milliseconds(given: UUID) -> int:
    return given.int >> 80


@dataclass(frozen=True, slots=True, kw_only=True)
class PaidLine:
    """What a debt took of a repayment: which bill, from which day, booked when."""

    id: UUID
    claim: Claim
    due_number: int | None
    paid_fen: int
    value_on: date
    booked_on: date


_ALL = AsOf(on=date.max)


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledBefore:
    """What a bill said before a change of an earlier day, and when the change was booked."""

    id: UUID
    booked_on: date
    principal_fen: int
    interest_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledDue:
    """A bill as it is stored, with what it said before, the first change first."""

    id: UUID
    number: int
    due_on: date
    principal_fen: int
    interest_fen: int
    paid_principal_fen: int
    paid_interest_fen: int
    settled: bool
    changes: tuple[BilledBefore, ...] = ()

    def said(self, as_of: AsOf) -> tuple[int, int]:
        """Principal and interest of the bill as it was known."""
        later = [each for each in self.changes if not as_of.knows(each.booked_on, each.id)]
        if later:
            return later[0].principal_fen, later[0].interest_fen
        return self.principal_fen, self.interest_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanFrom:
    """A principal plan and the day from which it holds."""

    from_on: date
    plan: tuple[DatedAmount, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class MisusedFrom:
    """Principal that was misused from a day on, and the business day on which that became known."""

    id: UUID
    from_on: date
    amount_fen: int
    booked_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NotePast:
    """All that ever happened to a note."""

    terms: NoteTerms
    surcharge_ppm: int
    plans: tuple[PlanFrom, ...]
    dues: tuple[BilledDue, ...]
    lines: tuple[PaidLine, ...]
    misuse_ppm: int = 0
    misused: tuple[MisusedFrom, ...] = ()

    def cumulative_fen(self, kind: AccrualKind, on: date, as_of: AsOf) -> int:
        """What had grown through a day by what was known."""
        if kind is AccrualKind.INTEREST:
            period = self.period_on(on)
            return accrued_fen(period, self.balances(as_of), on + _ONE_DAY)
        grow: Callable[..., int] = penalty_to if kind is AccrualKind.PENALTY else compound_to
        return grow(self._open_dues(as_of), on + _ONE_DAY, self._burden(as_of))

    def _burden(self, as_of: AsOf) -> Burden:
        """The rates of what is overdue, unpaid or misused, by what was known."""
        misused = [
            DatedAmount(on=each.from_on, amount_fen=each.amount_fen)
            for each in self.misused
            if as_of.knows(each.booked_on, each.id)
        ]
        return Burden(
            rates=rates_of(self.terms),
            surcharge_ppm=self.surcharge_ppm,
            day_count=self.terms.day_count,
            ends_on=self.terms.ends_on,
            misuse_ppm=self.misuse_ppm,
            misuse=self._misuse(misused, as_of) if misused else None,
        )

    def _misuse(self, misused: Sequence[DatedAmount], as_of: AsOf) -> Misuse:
        return Misuse(
            misused=tuple(misused),
            drawn_on=self.terms.drawn_on,
            drawn_fen=self.terms.amount_fen,
            early=tuple(
                DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
                for line in self._early(Claim.PRINCIPAL)
                if as_of.knows(line.booked_on, line.id)
            ),
        )

    def period_on(self, day: date) -> Period:
        """The interest period in which a day lies."""
        found = [
            each for each in interest_periods(self.terms) if each.starts_on <= day < each.due_on
        ]
        if not found:
            raise ValueError(f"{day} lies outside the term of the note.")
        return found[0]

    def balances(self, as_of: AsOf) -> list[BalanceFrom]:
        """The balances that bear the contract rate, by what was known."""
        moves: dict[date, int] = {}
        for due in self.dues:
            moves[due.due_on] = moves.get(due.due_on, 0) - due.said(as_of)[0]
        for line in self._early(Claim.PRINCIPAL):
            if as_of.knows(line.booked_on, line.id):
                moves[line.value_on] = moves.get(line.value_on, 0) - line.paid_fen
        moves.setdefault(self.terms.drawn_on, 0)
        balance, steps = self.terms.amount_fen, []
        for day in sorted(moves):
            balance += moves[day]
            steps.append((day, balance))
        return held(steps, rates_of(self.terms))

    def unbilled_fen(self) -> int:
        """Principal that has not fallen due."""
        billed = sum(due.principal_fen for due in self.dues)
        early = sum(line.paid_fen for line in self._early(Claim.PRINCIPAL))
        return self.terms.amount_fen - billed - early

    def paid_fen(self, claim: Claim) -> int:
        """What was ever paid of a kind."""
        return sum(line.paid_fen for line in self.lines if line.claim is claim)

    def paid_on_due(self, number: int, claim: Claim) -> int:
        """What was paid of a bill, of a kind."""
        return sum(
            line.paid_fen
            for line in self.lines
            if line.due_number == number and line.claim is claim
        )

    def expected_bills(self, until_on: date) -> Iterator[DatedAmount]:
        """Interest bills that must exist up to a day: of the period ends, and of what came back after the last."""
        expected = self._came_back(Claim.INTEREST)
        for period in interest_periods(self.terms):
            if period.due_on <= until_on:
                interest = self._bill_interest_fen(period)
                expected[period.due_on] = expected.get(period.due_on, 0) + interest
        for day, amount in sorted(expected.items()):
            if amount:
                yield DatedAmount(on=day, amount_fen=amount)

    def _bill_interest_fen(self, period: Period) -> int:
        """The interest that falls due at the end of a period, by what was known when its bill was made or changed."""
        made = next((due for due in self.dues if due.due_on == period.due_on), None)
        as_of = AsOf(on=period.due_on - _ONE_DAY, last_id=made.id if made else None)
        if made and made.changes:
            as_of = AsOf(on=max(each.booked_on for each in made.changes))
        balances = self.balances(as_of)
        ahead = [
            DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
            for line in self._early(Claim.INTEREST)
            if as_of.knows(line.booked_on, line.id)
        ]
        grown = accrued_fen(period, balances, period.due_on)
        odd = spread_period(self.terms)
        if odd is None:
            return grown - sum(
                each.amount_fen for each in ahead if period.starts_on <= each.on < period.due_on
            )
        steps = spread_steps(self.terms, self._plan_before(odd.due_on), balances, ahead)
        step = next(each for each in steps if each.period == period)
        return grown - step.ahead_fen + step.due_fen if step.falls_due else 0

    def paid_ahead(self, starts_on: date) -> tuple[Spread, int]:
        """Interest of odd days not fallen due in the period that began on a day, and what was paid ahead in it."""
        if starts_on >= self.terms.ends_on:
            return Spread(), 0
        odd = spread_period(self.terms)
        early = [
            DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
            for line in self._early(Claim.INTEREST)
        ]
        if odd is not None:
            steps = spread_steps(
                self.terms, self._plan_before(odd.due_on), self.balances(_ALL), early
            )
            for step in steps:
                if step.period.starts_on == starts_on:
                    return step.spread, step.ahead_fen
        return Spread(), sum(each.amount_fen for each in early if each.on >= starts_on)

    def planned_fen(self, due_on: date) -> int:
        """The principal that the plan in force asks for on a day, and what came back on it after the end."""
        planned = sum(each.amount_fen for each in self._plan_before(due_on) if each.on == due_on)
        return planned + self._came_back(Claim.PRINCIPAL).get(due_on, 0)

    @property
    def plan(self) -> tuple[DatedAmount, ...]:
        """The plan in force."""
        return self.plans[-1].plan if self.plans else ()

    def owed_principal_fen(self) -> int:
        """What was lent and not repaid."""
        return self.terms.amount_fen - self.paid_fen(Claim.PRINCIPAL)

    def _came_back(self, claim: Claim) -> dict[date, int]:
        """What was paid before its day and taken back when the note had ended, by day: it is due at once."""
        found: dict[date, int] = {}
        for line in self._early(claim):
            if line.value_on >= self.terms.ends_on:
                found[line.value_on] = found.get(line.value_on, 0) - line.paid_fen
        return found

    def _plan_before(self, day: date) -> tuple[DatedAmount, ...]:
        in_force = [each for each in self.plans if each.from_on < day]
        return in_force[-1].plan if in_force else ()

    def principal_is_paid(self, as_of: AsOf) -> bool:
        """Whether all principal was paid, by what was known."""
        paid = sum(
            line.paid_fen
            for line in self.lines
            if line.claim is Claim.PRINCIPAL and as_of.knows(line.booked_on, line.id)
        )
        return paid == self.terms.amount_fen

    def unpaid(self, as_of: AsOf) -> Iterator[DatedAmount]:
        """What was unpaid of each bill, by what was known."""
        for due in self.dues:
            paid = sum(
                line.paid_fen
                for line in self.lines
                if line.due_number == due.number and as_of.knows(line.booked_on, line.id)
            )
            left = sum(due.said(as_of)) - paid
            yield DatedAmount(on=due.due_on, amount_fen=left)

    def _early(self, claim: Claim) -> Iterable[PaidLine]:
        return (line for line in self.lines if line.due_number is None and line.claim is claim)

    def _open_dues(self, as_of: AsOf) -> Sequence[OpenDue]:
        known = [line for line in self.lines if as_of.knows(line.booked_on, line.id)]
        return [
            OpenDue(
                due_on=due.due_on,
                principal_fen=due.said(as_of)[0],
                interest_fen=due.said(as_of)[1],
                paid_principal=_payments(known, due.number, Claim.PRINCIPAL),
                paid_interest=_payments(known, due.number, Claim.INTEREST),
            )
            for due in self.dues
        ]


def _payments(lines: Iterable[PaidLine], number: int, claim: Claim) -> tuple[DatedAmount, ...]:
    return tuple(
        DatedAmount(on=line.value_on, amount_fen=line.paid_fen)
        for line in lines
        if line.due_number == number and line.claim is claim
    )
