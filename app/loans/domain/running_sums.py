"""Sums by key up to a day, while amounts come in: each amount costs about the same, however many there are."""

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Hashable
from datetime import date


class SumsByDay:
    """What came to each key, asked up to a day.

    Amounts mostly come in the order of their days: only days after the one asked for are looked at.
    """

    def __init__(self) -> None:
        self._totals: dict[Hashable, int] = defaultdict(int)
        self._days: dict[Hashable, list[date]] = defaultdict(list)
        self._fen: dict[tuple[Hashable, date], int] = {}

    def add(self, key: Hashable, on: date, fen: int) -> None:
        """Count an amount of a day; what is taken back is negative."""
        if (key, on) not in self._fen:
            insort(self._days[key], on)
        self._fen[key, on] = self._fen.get((key, on), 0) + fen
        self._totals[key] += fen

    def until(self, key: Hashable, day: date) -> int:
        """All of a key up to and on a day."""
        days = self._days[key]
        later = days[bisect_right(days, day) :]
        return self._totals[key] - sum(self._fen[key, on] for on in later)
