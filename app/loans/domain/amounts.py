"""Amounts of principal, each on its day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import accumulate

from app.kernel.money import round_half_up


@dataclass(frozen=True, slots=True, kw_only=True)
class DatedAmount:
    """An amount that falls due, or counts, on a day."""

    on: date
    amount_fen: int


def equal_parts(principal_fen: int, days: Sequence[date]) -> tuple[DatedAmount, ...]:
    """The same amount on each day, rounded half-up, the last by subtraction."""
    part_fen = min(round_half_up(principal_fen, len(days)), principal_fen)
    paid = accumulate([part_fen] * (len(days) - 1), initial=0)
    starts = [min(total, principal_fen) for total in paid]
    ends = [*starts[1:], principal_fen]
    parts = zip(days, starts, ends, strict=True)
    return tuple(DatedAmount(on=day, amount_fen=end - start) for day, start, end in parts)
