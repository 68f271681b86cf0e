"""The statement of a loan, drawn from its journal and its schedule."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services.reporting import INVENTED
from app.db.engine import Database
from app.documents.files import check_address
from app.documents.pdf import Words
from app.documents.services import DocumentIdentity, IssueDocument, issue_document, new_identity
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.daycount import DayCount
from app.kernel.permissions import Permission
from app.loans.books import lending_day
from app.loans.contracts import list_notes
from app.loans.domain.journal import Account
from app.loans.domain.states import Kept, LoanState
from app.loans.domain.terms import Method
from app.loans.models import LoanStateRow
from app.loans.queries import (
    LoanView,
    due_beside_bills,
    list_dues,
    loan_view,
    trial_balance,
    whole_repayments,
)
from app.loans.queries import RepaymentView as StoredRepayment
from app.loans.refusals import LoanNotServiced, StatementOutdated
from app.loans.reports import (
    InstalmentView,
    RepaymentView,
    StatementNoteView,
    StatementView,
    loan_statement,
)
from app.loans.schedules import InstalmentState, loan_schedule

_STATES: Final = {
    LoanState.SIGNED: Words(zh="已签约未提款", en="Signed, not drawn"),
    LoanState.PERFORMING: Words(zh="履约", en="Performing"),
    LoanState.OVERDUE: Words(zh="逾期", en="Overdue"),
    LoanState.SETTLED: Words(zh="结清", en="Settled"),
    LoanState.RELEASED: Words(zh="结清解押", en="Settled and released"),
    LoanState.WRITTEN_OFF: Words(zh="已核销", en="Written off"),
    LoanState.CANCELLED: Words(zh="已撤销", en="Cancelled"),
    LoanState.MIRRORED: Words(zh="银行自行记账", en="Kept by the bank"),
}

_METHODS: Final = {
    Method.EQUAL_INSTALMENT: Words(zh="等额本息", en="Equal instalments"),
    Method.EQUAL_PRINCIPAL: Words(zh="等额本金", en="Equal principal"),
    Method.BULLET: Words(zh="按期付息到期还本", en="Bullet"),
    Method.BULLET_ALL: Words(zh="到期一次还本付息", en="All at the end"),
    Method.PLAN: Words(zh="按计划分期还本", en="By a plan"),
}

_DAY_COUNTS: Final = {
    DayCount.THIRTY_360: Words(zh="每月30天/360天", en="30-day months over 360"),
    DayCount.THIRTY_E_360: Words(
        zh="每月30天/360天（欧式）", en="30-day months over 360 (European)"
    ),
    DayCount.ACT_360: Words(zh="实际天数/360天", en="actual days over 360"),
    DayCount.ACT_365: Words(zh="实际天数/365天", en="actual days over 365"),
    DayCount.ACT_ACT: Words(zh="实际天数/当年天数", en="actual days over those of the year"),
}

_INSTALMENTS: Final = {
    InstalmentState.PAID: Words(zh="已还", en="Paid"),
    InstalmentState.OVERDUE: Words(zh="逾期", en="Overdue"),
    InstalmentState.DUE: Words(zh="今日到期", en="Due"),
    InstalmentState.TO_COME: Words(zh="未到期", en="To come"),
    InstalmentState.EARLY: Words(zh="提前还本", en="Repaid early"),
    InstalmentState.TAKEN_BACK: Words(zh="提前还本撤回", en="Taken back"),
}

STATEMENT_KIND: Final = "loan-statement"

_REPAID = Words(zh="还款", en="Repayment")
_REVERSED = Words(zh="冲正", en="Reversal")
_OUT_OF_SUSPENSE = Words(zh="挂账转还", en="Out of suspense")


def statement_pdf(session: Session, actor: Actor, loan_id: UUID) -> bytes:
    """The statement of a visible, serviced loan over its whole life up to the business day; for reading, not issued."""
    view = loan_view(session, actor, loan_id)
    if view.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=view.number)
    return loan_statement(_statement(session, actor, view))


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawnStatement:
    """A statement as it is to be issued, and the version of the loan that it tells of."""

    loan_id: UUID
    version: int
    identity: DocumentIdentity
    issued_on: date
    content: bytes


def draw_statement(database: Database, actor: Actor, loan_id: UUID) -> DrawnStatement:
    """Number and print the statement of a visible, serviced loan; give it to `issue_statement`.

    Printing takes some tenths of a second and holds no lock.
    """
    with database.read() as session:
        view, version = _asked_for(session, actor, loan_id)
        told = _statement(session, actor, view)
    with database.write() as session:
        identity = new_identity(session, year=told.issued_on.year)
    printed = replace(
        told,
        number=identity.number,
        check_url=check_address(identity.code),
        digest_text=identity.code,
        prepared_by=actor.display_name.zh,
    )
    return DrawnStatement(
        loan_id=loan_id,
        version=version,
        identity=identity,
        issued_on=told.issued_on,
        content=loan_statement(printed),
    )


def issue_statement(
    session: Session, actor: Actor, loan_id: UUID, drawn: DrawnStatement | None
) -> UUID:
    """Issue a statement that was drawn; gives the id of the document.

    Refused while it does not tell of the loan as it stands: something was booked since it was drawn.
    """
    view, version = _asked_for(session, actor, loan_id)
    if drawn is None or (drawn.loan_id, drawn.version) != (loan_id, version):
        raise StatementOutdated(retry_after=1)
    command = IssueDocument(
        identity=drawn.identity,
        kind=STATEMENT_KIND,
        title=Name(zh="贷款对账单", en="Loan statement"),
        issued_on=drawn.issued_on,
        subject_kind="loan",
        subject_id=view.id,
        content=drawn.content,
        issuer_id=view.bank_id,
        issuer=view.bank_name,
    )
    return issue_document(session, actor, command).id


def _asked_for(session: Session, actor: Actor, loan_id: UUID) -> tuple[LoanView, int]:
    """The loan of a statement, and the version of its figures."""
    actor.require(Permission.SEND_NOTICES)
    view = loan_view(session, actor, loan_id)
    if view.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=view.number)
    return view, session.get_one(LoanStateRow, loan_id).version


def _statement(session: Session, actor: Actor, view: LoanView) -> StatementView:
    if view.starts_on is None or view.matures_on is None:
        raise LoanNotServiced(number=view.number)
    notes = list_notes(session, actor, view.id)
    dues = list_dues(session, actor, view.id, unpaid_only=True)
    issued_on = lending_day(session, view.bank_id)
    late = [due for due in dues if due.due_on < issued_on]
    beside = due_beside_bills(session, actor, view.id)
    billed = sum(due.interest_fen - due.paid_interest_fen for due in dues)
    repayments = whole_repayments(session, actor, view.id)
    drawn_on = notes[0].drawn_on if notes else None
    written_off = _written_off(session, actor, view.id)
    drawn = sum(note.amount_fen for note in notes)
    return StatementView(
        number=view.number,
        issued_on=issued_on,
        from_on=drawn_on or view.starts_on,
        until_on=issued_on,
        check_url="",
        digest_text="",
        bank_name=_words(view.bank_name),
        borrower_name=_words(view.borrower_name),
        borrower_code=_code_of(session, view.borrower_id),
        loan_number=view.number,
        contract_number=view.number,
        product=_words(view.name),
        state=_STATES[view.state],
        method=_METHODS[view.method],
        day_count=_DAY_COUNTS[DayCount(view.day_count)],
        rate_ppm=view.rate_ppm,
        contract_fen=view.contract_fen,
        drawn_on=drawn_on,
        matures_on=view.matures_on,
        opening_fen=0,
        drawn_fen=drawn,
        repaid_fen=drawn - written_off - view.principal_fen,
        written_off_fen=written_off,
        closing_fen=view.principal_fen,
        interest_paid_fen=_sum(repayments, "interest_fen"),
        penalty_paid_fen=_sum(repayments, "penalty_fen") + _sum(repayments, "compound_fen"),
        accrued_fen=view.accrued_fen - billed - beside.penalty_fen - beside.compound_fen,
        suspense_fen=view.suspense_fen,
        overdue_principal_fen=sum(due.principal_fen - due.paid_principal_fen for due in late),
        overdue_interest_fen=sum(due.interest_fen - due.paid_interest_fen for due in late),
        surcharges_fen=beside.total_fen,
        notes=[_note(note) for note in notes],
        schedule=_instalments(session, actor, view.id),
        repayments=[_repayment(each) for each in repayments],
        notice=INVENTED if view.synthetic else None,
    )


def _words(name: Name) -> Words:
    return Words(zh=name.zh, en=name.en if name.en != name.zh else "")


def _code_of(session: Session, organisation_id: UUID | None) -> str:
    statement = sa.select(col(Organisation.uscc)).where(col(Organisation.id) == organisation_id)
    return session.execute(statement).scalar_one_or_none() or ""


def _written_off(session: Session, actor: Actor, loan_id: UUID) -> int:
    balances = trial_balance(session, actor, loan_id=loan_id)
    return sum(each.balance_fen for each in balances if each.account is Account.WRITE_OFF)


def _sum(repayments: Sequence[StoredRepayment], name: str) -> int:
    return sum(getattr(each, name) * (-1 if each.reverses_id else 1) for each in repayments)


def _note(note: object) -> StatementNoteView:
    names = StatementNoteView.__dataclass_fields__
    return StatementNoteView(**{name: getattr(note, name) for name in names})


def _instalments(session: Session, actor: Actor, loan_id: UUID) -> list[InstalmentView]:
    rows = loan_schedule(session, actor, loan_id).instalments
    return [
        InstalmentView(
            number=number,
            due_on=row.due_on,
            days=row.days,
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            payment_fen=row.payment_fen,
            balance_fen=row.balance_fen,
            state=_INSTALMENTS[row.state],
        )
        for number, row in enumerate(rows, start=1)
    ]


def _repayment(row: StoredRepayment) -> RepaymentView:
    sign = -1 if row.reverses_id else 1
    kind = _OUT_OF_SUSPENSE if row.used_suspense else _REPAID
    # Money that waited brings nothing new: it leaves suspense for what it settles.
    new_fen = 0 if row.used_suspense else row.amount_fen
    return RepaymentView(
        number=row.number,
        booked_on=row.booked_on,
        value_on=row.value_on,
        kind=_REVERSED if row.reverses_id else kind,
        principal_fen=sign * row.principal_fen,
        interest_fen=sign * row.interest_fen,
        penalty_fen=sign * (row.penalty_fen + row.compound_fen + row.fee_fen),
        suspense_fen=sign * (row.suspense_fen - row.amount_fen + new_fen),
        total_fen=sign * new_fen,
    )
