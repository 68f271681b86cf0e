"""Interest of odd days that is spread: it grows day by day before the first whole period, and falls due in parts.

The parts are equal, and the last instalment takes the rest; so they sum to the interest of the days, to the fen.
Whatever was owed of it when the loan is paid off is owed then.
"""

from dataclasses import dataclass, replace
from typing import Final, Self


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """Interest of odd days that has not fallen due, and how much of it falls due with each instalment."""

    left_fen: int = 0
    part_fen: int = 0

    @classmethod
    def over(cls, grown_fen: int, instalments: int) -> Self:
        """What grew on the odd days in equal parts, rounded down."""
        owed_fen = max(grown_fen, 0)
        return cls(left_fen=owed_fen, part_fen=owed_fen // instalments)

    def due_fen(self, *, last: bool) -> int:
        """What falls due with an instalment: its part; all that is left with the last one."""
        return self.left_fen if last else min(self.part_fen, self.left_fen)

    def less(self, amount_fen: int) -> "Spread":
        """After so much of it fell due or was paid."""
        left_fen = self.left_fen - amount_fen
        return replace(self, left_fen=left_fen) if left_fen else _NOTHING

    def paid(self, paid_fen: int) -> tuple["Spread", int]:
        """Interest paid ahead settles the odd days first; gives what is left of the payment as well."""
        part_fen = min(max(paid_fen, 0), self.left_fen)
        return self.less(part_fen), paid_fen - part_fen


_NOTHING: Final = Spread()
