"""The use cases of the loans room, by one name each.

A bank's books: `open_business_day`, `business_day`, `close_day`. A loan: `open_loan`,
`post_drawdown`, `repay`, `reverse`, `extend_loan`, `write_off`, `release_loan`. Loans kept
elsewhere: `import_mirrored`.
"""

from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.kernel.errors import NotFound
from app.loans.books import business_day, find_business_day, lending_day
from app.loans.closing.days import (
    RequestClose,
    close_day,
    close_through,
    finish_history,
    open_business_day,
    request_close,
    run_requested_closes,
)
from app.loans.contract_terms import OpenLoan, proposed_pricing
from app.loans.contracts import (
    ExtendLoan,
    NoteView,
    PostDrawdown,
    RecordFact,
    WriteOff,
    cancel_loan,
    extend_loan,
    list_notes,
    open_loan,
    post_drawdown,
    record_fact,
    release_loan,
    require_time_to_draw,
    write_off,
)
from app.loans.history import Drawn, Extended, PastEvent, Repaid, WrittenOff, load_history
from app.loans.models import LoanStateRow
from app.loans.queries import LoanView, RepaymentView, loan_view
from app.loans.repayments.mirroring import ImportMirrored, MirroredReport, import_mirrored
from app.loans.repayments.repaying import Repay, Reverse, repay, reverse

__all__ = [
    "Drawn",
    "ExtendLoan",
    "Extended",
    "ImportMirrored",
    "LoanView",
    "MirroredReport",
    "NoteView",
    "OpenLoan",
    "PastEvent",
    "PostDrawdown",
    "RecordFact",
    "Repaid",
    "Repay",
    "RepaymentView",
    "RequestClose",
    "Reverse",
    "WriteOff",
    "WrittenOff",
    "business_day",
    "cancel_loan",
    "close_day",
    "close_through",
    "exposure",
    "extend_loan",
    "find_business_day",
    "finish_history",
    "import_mirrored",
    "lending_day",
    "list_notes",
    "load_history",
    "loan_view",
    "open_business_day",
    "open_loan",
    "post_drawdown",
    "proposed_pricing",
    "record_fact",
    "release_loan",
    "repay",
    "request_close",
    "require_time_to_draw",
    "reverse",
    "run_requested_closes",
    "write_off",
]


def exposure(session: Session, loan_id: UUID) -> tuple[int, int, int]:
    """Principal, interest grown and fees of a loan, in fen, as they stand now."""
    statement = sa.select(
        col(LoanStateRow.principal_fen), col(LoanStateRow.accrued_fen), col(LoanStateRow.fees_fen)
    ).where(col(LoanStateRow.loan_id) == loan_id)
    row = session.execute(statement).one_or_none()
    if row is None:
        raise NotFound
    return row.principal_fen, row.accrued_fen, row.fees_fen
