"""Which debts a repayment settles: by kind in their order, the oldest first in a kind."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final


class Claim(StrEnum):
    """What a repayment can settle."""

    FEE = "fee"
    PENALTY = "penalty"
    """Penalty interest on overdue or misused principal."""
    COMPOUND = "compound"
    """Interest on interest that was not paid."""
    INTEREST = "interest"
    PRINCIPAL = "principal"


ORDER: Final = (Claim.FEE, Claim.PENALTY, Claim.COMPOUND, Claim.INTEREST, Claim.PRINCIPAL)
"""What a repayment settles first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """An amount owed, of one kind and one due day."""

    claim: Claim
    due_on: date
    owed_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one debt takes of the repayment."""

    debt: Debt
    paid_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The repayment by lines, and what no debt needed."""

    lines: tuple[Line, ...]
    suspense_fen: int

    def paid_fen(self, claim: Claim) -> int:
        """What all debts of a kind took."""
        return sum(line.paid_fen for line in self.lines if line.debt.claim is claim)


def allocate(amount_fen: int, debts: Iterable[Debt]) -> Allocation:
    """Split a repayment over the debts; the parts and the suspense sum to the amount.

    ValueError when an amount is not positive.
    """
    queue = sorted(debts, key=lambda debt: (ORDER.index(debt.claim), debt.due_on))
    if amount_fen <= 0 or any(debt.owed_fen <= 0 for debt in queue):
        raise ValueError("A repayment and every debt must be above zero.")
    lines = tuple(_lines(amount_fen, queue))
    return Allocation(lines=lines, suspense_fen=amount_fen - sum(line.paid_fen for line in lines))


def _lines(amount_fen: int, queue: Iterable[Debt]) -> Iterator[Line]:
    available = amount_fen
    for debt in queue:
        paid = min(debt.owed_fen, available)
        yield Line(debt=debt, paid_fen=paid)
        available -= paid
