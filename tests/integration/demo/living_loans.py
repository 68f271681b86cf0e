"""Loans lived on beside the demonstration: what a bank does with them on two days."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import Database
from app.demo.lending import OPEN_ON
from app.kernel.actor import Actor
from app.loans.classes.changes import RecordClassFact, record_class_fact
from app.loans.closing.repeating import RepeatLoans, repeat_loans
from app.loans.domain.early import QuoteKind
from app.loans.domain.states import InterestStyle, LoanFact
from app.loans.domain.terms import Method
from app.loans.misuse import RecordMisuse, record_misuse
from app.loans.models import Loan, LoanNote, NoteStateRow
from app.loans.repayments.import_files import ImportRepayments
from app.loans.repayments.importing import import_repayments, run_waiting_batches
from app.loans.repayments.quoting import CarryOut, QuoteEarly, carry_out, quote_early
from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    Repay,
    load_history,
    open_loan,
    repay,
)
from app.origination.domain.write_off import WriteOffGround
from app.origination.services.write_offs import ProposeWriteOff, propose_write_off

DRAWN_ON: Final = OPEN_ON - timedelta(days=1)
"""The periods before it are closed."""
WRONG_ON: Final = date(2023, 12, 26)
HEAD: Final = "loan_number,amount_yuan,key,value_on,prepay,payer"


def lend(session: Session, bank: Actor, borrower_id: UUID) -> tuple[UUID, UUID]:
    """Two loans that fall due each week, for the first time on the day after the open one."""
    return _weekly(session, bank, borrower_id), _weekly(session, bank, borrower_id)


def _weekly(session: Session, bank: Actor, borrower_id: UUID) -> UUID:
    terms = OpenLoan(
        bank_id=bank.organisation_id,
        borrower_id=borrower_id,
        title="示例周转贷款",
        contract_fen=90_000_00,
        rate_ppm=60_000,
        penalty_ppm=500_000,
        misuse_ppm=1_000_000,
        starts_on=DRAWN_ON,
        signed_on=DRAWN_ON,
        matures_on=date(2024, 4, 24),
        region_code="620725",
        method=Method.EQUAL_INSTALMENT,
        every="7d",
        first_due_on=OPEN_ON + timedelta(days=1),
        interest_style=InterestStyle.SCHEDULE,
        synthetic=True,
    )
    loan_id = open_loan(session, bank, terms)
    money = PostDrawdown(loan_id=loan_id, amount_fen=90_000_00)
    load_history(session, bank, loan_id, [Drawn(on=DRAWN_ON, command=money)])
    return loan_id


def lend_in_vain(session: Session, bank: Actor, risk: Actor, borrower_id: UUID) -> UUID:
    """A loan without security of which most is impaired at once: doubtful at the next close."""
    terms = OpenLoan(
        bank_id=bank.organisation_id,
        borrower_id=borrower_id,
        title="示例信用贷款",
        contract_fen=10_000_00,
        rate_ppm=60_000,
        penalty_ppm=500_000,
        starts_on=DRAWN_ON,
        signed_on=DRAWN_ON,
        matures_on=date(2024, 12, 24),
        region_code="620725",
        synthetic=True,
    )
    loan_id = open_loan(session, bank, terms)
    money = PostDrawdown(loan_id=loan_id, amount_fen=10_000_00)
    load_history(session, bank, loan_id, [Drawn(on=DRAWN_ON, command=money)])
    impaired = RecordClassFact(fact=LoanFact.CREDIT_IMPAIRED, share_ppm=700_000, reason="减值测试")
    record_class_fact(session, risk, loan_id, impaired)
    return loan_id


def give_up(session: Session, officer: Actor, loan_id: UUID) -> None:
    """The loan waits for the decision to write it off."""
    terms = ProposeWriteOff(
        ground=WriteOffGround.ENFORCEMENT, reason="无财产可供执行", evidence="终结执行裁定书"
    )
    propose_write_off(session, officer, loan_id, terms)


def misuse(session: Session, officer: Actor, loan_id: UUID) -> None:
    """A part of the principal was used for something else since it was drawn."""
    number = session.execute(
        sa.select(col(LoanNote.number)).where(col(LoanNote.loan_id) == loan_id)
    ).scalar_one()
    command = RecordMisuse(
        note_number=number, amount_fen=10_000_00, from_on=DRAWN_ON, reason="购置商品房"
    )
    record_misuse(session, officer, loan_id, command)


def repay_early(session: Session, clerk: Actor, loan_id: UUID) -> None:
    """A quote of a part of the principal, carried out on its day."""
    asked = QuoteEarly(kind=QuoteKind.PREPAYMENT, principal_fen=5_000_00)
    quote = quote_early(session, clerk, loan_id, asked)
    carry_out(session, clerk, loan_id, CarryOut(quote_id=quote.id))


def repay_by_file(database: Database, clerk: Actor, loan_id: UUID) -> None:
    """Two transfers in a file, booked in one run."""
    with database.write() as session:
        number = session.get_one(Loan, loan_id).number
        lines = [HEAD, f"{number},120.50,示例流水1,,,", f"{number},80.00,示例流水2,,yes,", ""]
        file = ImportRepayments(
            content="\n".join(lines).encode(), file_name="repayments.csv", dry_run=False
        )
        import_repayments(session, clerk, file)
    assert run_waiting_batches(database) == 2


def disturb(session: Session, loan_id: UUID) -> date:
    """Make the books of a loan contradict themselves, so that no close can go on; gives what stood there."""
    return put_right(session, loan_id, WRONG_ON)


def put_right(session: Session, loan_id: UUID, due_on: date) -> date:
    """Set the end of the running period of a loan's note; gives the one before."""
    note = session.execute(
        sa.select(NoteStateRow).where(col(NoteStateRow.loan_id) == loan_id)
    ).scalar_one()
    before, note.period_due_on = note.period_due_on, due_on
    session.flush()
    return before


def catch_up(session: Session, clerk: Actor, close_id: UUID) -> None:
    """Close the loan that a close left behind."""
    assert repeat_loans(session, clerk, close_id, RepeatLoans()).repeats[-1].done == 1


def repay_late(session: Session, clerk: Actor, loan_id: UUID) -> None:
    """Money of yesterday: the bill that the close made since and interest posted are corrected."""
    money = Repay(amount_fen=30_000_00, value_on=OPEN_ON, prepay=True)
    repay(session, clerk, loan_id, money)


__all__ = [
    "catch_up",
    "disturb",
    "give_up",
    "lend",
    "lend_in_vain",
    "misuse",
    "put_right",
    "repay_by_file",
    "repay_early",
    "repay_late",
]
