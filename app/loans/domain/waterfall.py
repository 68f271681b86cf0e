"""Which debts a repayment settles: by kind in the order agreed, the oldest first in a kind."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.errors import Fact
from app.kernel.money import Money
from app.kernel.text import N_


class Claim(StrEnum):
    """What a repayment can settle."""

    FEE = "fee"
    PENALTY = "penalty"
    """Penalty interest on overdue or misused principal."""
    COMPOUND = "compound"
    """Interest on interest that was not paid."""
    INTEREST = "interest"
    PRINCIPAL = "principal"


ORDERS: Final = {
    "ordinary": (Claim.FEE, Claim.PENALTY, Claim.COMPOUND, Claim.INTEREST, Claim.PRINCIPAL),
    # Banks may take the principal of a non-performing loan before its interest.
    "principal-first": (
        Claim.FEE,
        Claim.PRINCIPAL,
        Claim.INTEREST,
        Claim.PENALTY,
        Claim.COMPOUND,
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """An amount owed, of one kind and one due day."""

    claim: Claim
    due_on: date
    owed_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one debt takes of the repayment, with words that say why."""

    debt: Debt
    paid_fen: int
    available_fen: int
    """What was left of the repayment when the debt's turn came."""

    @property
    def left_fen(self) -> int:
        return self.debt.owed_fen - self.paid_fen

    @property
    def explanation(self) -> str:
        """A message of the catalogue; its placeholders are the `facts`."""
        if self.left_fen == 0:
            return N_("Due %(due_on)s: %(owed)s yuan, paid in full from %(available)s yuan.")
        if self.paid_fen:
            return N_("Due %(due_on)s: %(owed)s yuan, %(paid)s yuan paid, %(left)s yuan left.")
        return N_("Due %(due_on)s: %(owed)s yuan, nothing left to pay it.")

    @property
    def facts(self) -> dict[str, Fact]:
        return {
            "due_on": self.debt.due_on.isoformat(),
            "owed": Money(self.debt.owed_fen).yuan,
            "available": Money(self.available_fen).yuan,
            "paid": Money(self.paid_fen).yuan,
            "left": Money(self.left_fen).yuan,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The repayment by lines, and what no debt needed."""

    lines: tuple[Line, ...]
    suspense_fen: int

    def paid_fen(self, claim: Claim) -> int:
        """What all debts of a kind took."""
        return sum(line.paid_fen for line in self.lines if line.debt.claim is claim)


def allocate(amount_fen: int, debts: Iterable[Debt], order: Sequence[Claim]) -> Allocation:
    """Split a repayment over the debts; the parts and the suspense sum to the amount.

    A kind that the order leaves out is not paid. ValueError when an amount is not positive.
    """
    queue = sorted(
        (debt for debt in debts if debt.claim in order),
        key=lambda debt: (order.index(debt.claim), debt.due_on),
    )
    if amount_fen <= 0 or any(debt.owed_fen <= 0 for debt in queue):
        raise ValueError("A repayment and every debt must be above zero.")
    lines = tuple(_lines(amount_fen, queue))
    return Allocation(lines=lines, suspense_fen=amount_fen - sum(line.paid_fen for line in lines))


def _lines(amount_fen: int, queue: Iterable[Debt]) -> Iterator[Line]:
    available = amount_fen
    for debt in queue:
        paid = min(debt.owed_fen, available)
        yield Line(debt=debt, paid_fen=paid, available_fen=available)
        available -= paid
