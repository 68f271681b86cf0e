"""What a note bears beyond its interest: penalty on overdue or misused principal, compound interest.

Overdue principal bears the contract rate of each day with the surcharge for delay. Misused
principal bears it with the surcharge for misuse: before it falls due the surcharge alone comes
on top of the interest; once it is overdue too, the heavier surcharge counts, never both. Unpaid
interest bears the contract rate up to the maturity and the penalty rate after it, for misused
principal the rate of misuse at any time (银发〔1999〕77号, 银发〔2003〕251号).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction
from itertools import accumulate
from typing import Final

from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up, round_half_up
from app.loans.domain.accrual import (
    BalanceFrom,
    InterestPart,
    RateFrom,
    exact_interest,
    held,
    interest_parts,
    on_day,
    overdue_rate_ppm,
    rate_on,
)
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.periods import Period

Steps = tuple[tuple[date, int], ...]
Layers = Sequence[Sequence[BalanceFrom]]

_ZERO: Final = Fraction(0)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenDue:
    """A bill and what was settled of it, with the days from which the payments count."""

    due_on: date
    principal_fen: int
    interest_fen: int
    paid_principal: tuple[DatedAmount, ...] = ()
    paid_interest: tuple[DatedAmount, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Misuse:
    """How much principal was used for something else from which day on, and the note's other principal.

    A later amount replaces the one before; zero means that it was put right. What is repaid is
    first what was used as agreed.
    """

    misused: tuple[DatedAmount, ...]
    drawn_on: date
    drawn_fen: int
    early: tuple[DatedAmount, ...] = ()
    """Principal repaid before its day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Burden:
    """The rates by which a note bears penalty and compound interest."""

    rates: tuple[RateFrom, ...]
    surcharge_ppm: int
    day_count: DayCount
    ends_on: date
    """The maturity, where it falls due: from here on unpaid interest bears the penalty rate."""
    misuse_ppm: int = 0
    misuse: Misuse | None = None

    def overdue_ppm(self, day: date) -> int:
        """The penalty rate of a day."""
        return overdue_rate_ppm(rate_on(self.rates, day), surcharge_ppm=self.surcharge_ppm)

    def misuse_rate_ppm(self, day: date, *, overdue: bool) -> int:
        """The rate of misuse of a day; with a delay beside it the heavier of the two."""
        surcharge = max(self.misuse_ppm, self.surcharge_ppm) if overdue else self.misuse_ppm
        return overdue_rate_ppm(rate_on(self.rates, day), surcharge_ppm=surcharge)

    def unpaid_ppm(self, day: date) -> int:
        """The rate of a day on interest that is not paid, on a note that was not misused."""
        return self.overdue_ppm(day) if day >= self.ends_on else rate_on(self.rates, day)

    def change_days(self) -> set[date]:
        """Days on which a rate of this note changes."""
        return {each.from_on for each in self.rates} | {self.ends_on}


def penalty_to(dues: Sequence[OpenDue], until_on: date, burden: Burden) -> int:
    """Penalty interest grown up to, and without, a day: on overdue principal, and on misused principal."""
    return _grown(_penalty_layers(dues, until_on, burden), until_on, burden.day_count)


def penalty_parts(
    dues: Sequence[OpenDue], until_on: date, burden: Burden
) -> tuple[InterestPart, ...]:
    """What the penalty interest up to a day was worked out from."""
    return _parts(_penalty_layers(dues, until_on, burden), until_on, burden.day_count)


def _penalty_layers(dues: Sequence[OpenDue], until_on: date, burden: Burden) -> Layers:
    overdue = _steps(
        move for due in dues for move in _moves(due.due_on, due.principal_fen, due.paid_principal)
    )
    if burden.misuse is None:
        return [_layer(overdue, burden, until_on)]
    return _misused_layers(overdue, _unbilled(dues, burden.misuse), burden, until_on)


def compound_to(dues: Sequence[OpenDue], until_on: date, burden: Burden) -> int:
    """Compound interest on interest not paid on its day, grown up to, and without, a day."""
    return _grown(_compound_layers(dues, until_on, burden), until_on, burden.day_count)


def compound_parts(
    dues: Sequence[OpenDue], until_on: date, burden: Burden
) -> tuple[InterestPart, ...]:
    """What the compound interest up to a day was worked out from."""
    return _parts(_compound_layers(dues, until_on, burden), until_on, burden.day_count)


def _compound_layers(dues: Sequence[OpenDue], until_on: date, burden: Burden) -> Layers:
    unpaid = _steps(
        move for due in dues for move in _moves(due.due_on, due.interest_fen, due.paid_interest)
    )
    if not unpaid:
        return []
    owed: Steps = ()
    if burden.misuse is not None:
        principal = [
            move
            for due in dues
            for move in _moves(due.due_on, due.principal_fen, due.paid_principal)
        ]
        owed = _sum_steps(_unbilled(dues, burden.misuse), _steps(principal))
    days = _days(until_on, unpaid, owed, burden)
    layer = [
        BalanceFrom(
            from_on=day,
            balance_fen=on_day(unpaid, day),
            rate_ppm=_compound_ppm(burden, day, on_day(owed, day)),
        )
        for day in days
        if day >= unpaid[0][0]
    ]
    return [layer]


def _compound_ppm(burden: Burden, day: date, owed_fen: int) -> int:
    """The rate on unpaid interest, weighted by the share of the principal that was misused."""
    plain = burden.unpaid_ppm(day)
    misused = _misused_on(burden.misuse, day)
    if not misused:
        return plain
    heavy = burden.misuse_rate_ppm(day, overdue=day >= burden.ends_on)
    part = min(misused, owed_fen)
    if not owed_fen:
        return heavy
    return round_half_up(plain * (owed_fen - part) + heavy * part, owed_fen)


def _layer(overdue: Steps, burden: Burden, until_on: date) -> list[BalanceFrom]:
    rates = [
        RateFrom(from_on=each.from_on, rate_ppm=burden.overdue_ppm(each.from_on))
        for each in burden.rates
    ]
    known = tuple(step for step in overdue if step[0] < until_on)
    return held(known, rates) if known else []


def _misused_layers(
    overdue: Steps, unbilled: Steps, burden: Burden, until_on: date
) -> list[list[BalanceFrom]]:
    """Overdue as agreed, overdue and misused, misused and not due: each with its rate by day."""
    layers: list[list[BalanceFrom]] = [[], [], []]
    for day in _days(until_on, overdue, unbilled, burden):
        misused, late = _misused_on(burden.misuse, day), on_day(overdue, day)
        running = min(misused, on_day(unbilled, day))
        both = min(misused - running, late)
        surcharge = burden.misuse_rate_ppm(day, overdue=False) - rate_on(burden.rates, day)
        for layer, balance, rate in zip(
            layers,
            (late - both, both, running),
            (burden.overdue_ppm(day), burden.misuse_rate_ppm(day, overdue=True), surcharge),
            strict=True,
        ):
            layer.append(BalanceFrom(from_on=day, balance_fen=balance, rate_ppm=rate))
    return layers


def _days(until_on: date, first: Steps, second: Steps, burden: Burden) -> list[date]:
    """Days before another on which a balance, a rate or the misuse changes."""
    misuse = burden.misuse
    days = {day for day, _ in (*first, *second)} | burden.change_days()
    days |= {each.on for each in misuse.misused} if misuse else set()
    start = min((day for day, _ in (*first, *second)), default=until_on)
    return sorted(day for day in days if start <= day < until_on)


def _misused_on(misuse: Misuse | None, day: date) -> int:
    known = [each.amount_fen for each in misuse.misused if each.on <= day] if misuse else []
    return known[-1] if known else 0


def _unbilled(dues: Sequence[OpenDue], misuse: Misuse) -> Steps:
    """Principal that had not fallen due, from each day on."""
    moves = [(misuse.drawn_on, misuse.drawn_fen)]
    moves += [(due.due_on, -due.principal_fen) for due in dues if due.principal_fen]
    moves += [(each.on, -each.amount_fen) for each in misuse.early]
    return _steps(moves)


def _moves(
    due_on: date, billed_fen: int, paid: Sequence[DatedAmount]
) -> Iterable[tuple[date, int]]:
    """A bill adds to the overdue balance; a payment, never before the due day, lowers it."""
    yield due_on, billed_fen
    for each in paid:
        yield max(each.on, due_on), -each.amount_fen


def _steps(moves: Iterable[tuple[date, int]]) -> Steps:
    """Moves of an amount as the amounts that hold from each day on."""
    ordered = sorted(moves)
    totals = accumulate(fen for _, fen in ordered)
    return tuple(dict(zip((day for day, _ in ordered), totals, strict=True)).items())


def _sum_steps(first: Steps, second: Steps) -> Steps:
    days = sorted({day for day, _ in (*first, *second)})
    return tuple((day, on_day(first, day) + on_day(second, day)) for day in days)


def _grown(layers: Layers, until_on: date, day_count: DayCount) -> int:
    """The interest of all layers together, rounded once."""
    running, period = _running(layers, until_on, day_count)
    return fen_half_up(sum((exact_interest(period, layer, until_on) for layer in running), _ZERO))


def _parts(layers: Layers, until_on: date, day_count: DayCount) -> tuple[InterestPart, ...]:
    running, period = _running(layers, until_on, day_count)
    parts = [part for layer in running for part in interest_parts(period, layer, until_on)]
    return tuple(sorted(parts, key=lambda part: part.from_on))


def _running(layers: Layers, until_on: date, day_count: DayCount) -> tuple[Layers, Period]:
    """The layers with days before another, and the time from the first of these days on."""
    running = [layer for layer in layers if layer and layer[0].from_on < until_on]
    starts_on = min((layer[0].from_on for layer in running), default=until_on)
    return running, Period(starts_on=starts_on, due_on=until_on, day_count=day_count)
