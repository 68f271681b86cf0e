"""What an entry by hand does to the figures of its loan."""

from app.loans.domain.ledger import ManualKind
from app.loans.ledger.models import ManualEntry
from app.loans.models import LoanStateRow


def move_by_entry(state: LoanStateRow, row: ManualEntry, kind: ManualKind, *, sign: int) -> None:
    """Move fees, suspense and interest by an entry of a kind; with -1 the other way."""
    if kind is ManualKind.FEE:
        state.fees_fen += sign * row.amount_fen
    elif kind is ManualKind.REFUND:
        state.suspense_fen -= sign * row.amount_fen
    else:
        state.fees_fen -= sign * row.fee_fen
        state.accrued_fen -= sign * row.interest_fen
        state.suspense_fen += sign * row.suspense_fen


__all__ = ["move_by_entry"]
