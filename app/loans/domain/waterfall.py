"""Which debts a repayment settles: by kind in the order of a table, the oldest first in a kind.

The order stands in the dated parameter `loans.waterfall`, one row for each group of loan
classes, or for a product in it; nothing else in the product knows an order of claims.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from app.kernel.actor import Name
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.policy import Policy, parameter_set

PARAMETER: Final = "loans.waterfall"
PERFORMING: Final = "performing"
NON_PERFORMING: Final = "non-performing"


class Claim(StrEnum):
    """What a repayment can settle."""

    FEE = "fee"
    PENALTY = "penalty"
    """Penalty interest on overdue or misused principal."""
    COMPOUND = "compound"
    """Interest on interest that was not paid."""
    INTEREST = "interest"
    PRINCIPAL = "principal"


CLAIM_TITLES: Final = {
    Claim.FEE: N_("Fees"),
    Claim.PENALTY: N_("Penalty interest"),
    Claim.COMPOUND: N_("Compound interest"),
    Claim.INTEREST: N_("Interest"),
    Claim.PRINCIPAL: N_("Principal"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """The places of claims: a lower one is settled first, equal ones by their due days."""

    row: str
    places: Mapping[Claim, int]

    def place(self, claim: Claim) -> int:
        """Where a kind of claim stands, from 1."""
        return self.places[claim]


def order_of(policy: Policy, *, product: str, loan_class: LoanClass | None, row: str = "") -> Order:
    """The order for a loan on the policy's day: the product's own row, else that of all products.

    A `row` named before is taken where the table still has it.
    """
    table = policy.table(PARAMETER)
    if row not in table:
        group = NON_PERFORMING if loan_class and loan_class.is_non_performing else PERFORMING
        row = f"{product}.{group}" if f"{product}.{group}" in table else group
    places = {claim: int(table.decimal(row, claim.value)) for claim in Claim}
    return Order(row=row, places=places)


def row_title(row: str) -> Name | None:
    """What a row of the table is called; None for one that is no longer in it."""
    found = parameter_set()[PARAMETER].rows.get(row)
    return Name(zh=found.zh, en=found.en) if found else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """An amount owed, of one kind and one due day."""

    claim: Claim
    due_on: date
    owed_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What one debt takes of the repayment, and the place of its kind."""

    debt: Debt
    paid_fen: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Allocation:
    """The repayment by lines, and what no debt needed."""

    lines: tuple[Line, ...]
    suspense_fen: int

    def paid_fen(self, claim: Claim) -> int:
        """What all debts of a kind took."""
        return sum(line.paid_fen for line in self.lines if line.debt.claim is claim)


def allocate(
    amount_fen: int, debts: Iterable[Debt], order: Order, early: Iterable[Debt] = ()
) -> Allocation:
    """Split a repayment over the debts; the parts and the suspense sum to the amount.

    What is not yet due (`early`) comes after all that is, in the order given. ValueError
    when an amount is not positive.
    """
    members = list(Claim)
    due = sorted(
        debts, key=lambda debt: (order.place(debt.claim), debt.due_on, members.index(debt.claim))
    )
    queue = [*due, *early]
    if amount_fen <= 0 or any(debt.owed_fen <= 0 for debt in queue):
        raise ValueError("A repayment and every debt must be above zero.")
    lines = tuple(_lines(amount_fen, queue, order))
    return Allocation(lines=lines, suspense_fen=amount_fen - sum(line.paid_fen for line in lines))


def _lines(amount_fen: int, queue: Iterable[Debt], order: Order) -> Iterator[Line]:
    available = amount_fen
    for debt in queue:
        paid = min(debt.owed_fen, available)
        yield Line(debt=debt, paid_fen=paid, place=order.place(debt.claim))
        available -= paid
