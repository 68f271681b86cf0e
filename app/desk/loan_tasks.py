"""What waits about loans in life: loans left behind by a close, letters that failed, payments soon to be made."""

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any, Final

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.desk.domain import Task
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.due import DuePart
from app.loans.domain.importing import BatchState
from app.loans.domain.ledger import EntryState, ManualKind
from app.loans.domain.notices import NoticeState, notice_days
from app.loans.domain.servicing import overdue_since
from app.loans.domain.states import OPEN_STATES, SETTLED_STATES, LoanState
from app.loans.due.services import DueFilter, due_day, list_due
from app.loans.ledger.models import ManualEntry
from app.loans.models import DayClose, DayCloseError, Loan, LoanStateRow
from app.loans.notices.models import LoanNotice
from app.loans.repayments.models import RepaymentBatch
from app.loans.services import find_business_day
from app.loans.titles import loan_title
from app.notices.domain import MailState
from app.notices.models import OutboxMail
from app.reference.services import policy_for

MAX_WAITING: Final = 200
"""Loans of one such task; a desk with more works from its lists of loans and due dates."""

MAX_COMING: Final = 20
"""Payments of the next days on an enterprise's own page; its list of due dates has all."""


def left_behind(session: Session, actor: Actor) -> Iterator[Task]:
    """Loans that stand before the open day, by the last close that left them there."""
    if not actor.may(Permission.CLOSE_DAY) or actor.organisation_kind != "bank":
        return
    open_on = find_business_day(session, actor.organisation_id)
    if open_on is None:
        return
    statement: Any = (
        sa.select(col(DayClose.id), col(DayClose.on), sa.func.count())
        .join(DayCloseError, col(DayCloseError.close_id) == col(DayClose.id))
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(DayCloseError.loan_id))
        .join(Loan, col(Loan.id) == col(DayCloseError.loan_id))
        .where(
            col(DayClose.bank_id) == actor.organisation_id,
            col(LoanStateRow.closed_on) < col(DayClose.on),
            col(Loan.state).in_(OPEN_STATES),
        )
        .group_by(col(DayClose.id), col(DayClose.on))
        .order_by(col(DayClose.on).desc())
        .limit(1)
    )
    for close_id, on, count in session.execute(statement):
        yield Task(
            what=N_("Loans that the close left behind, to be repeated: %(count)s"),
            facts={"count": count},
            number=on.isoformat(),
            href=f"/day-closes/{close_id}",
            due_on=open_on,
        )


def unsent_notices(session: Session, actor: Actor) -> Iterator[Task]:
    """Notices to borrowers that could not be printed, or whose last letter failed for good."""
    if not actor.may(Permission.SEND_NOTICES) or actor.organisation_kind != "bank":
        return
    newer: Any = sa.orm.aliased(OutboxMail)
    later = (
        sa.select(sa.literal(1))
        .where(newer.notice_id == col(OutboxMail.notice_id), newer.id > col(OutboxMail.id))
        .exists()
    )
    failed = (
        sa.select(sa.func.count())
        .select_from(OutboxMail)
        .join(LoanNotice, col(LoanNotice.message_id) == col(OutboxMail.notice_id))
        .where(
            col(OutboxMail.state) == MailState.FAILED,
            col(LoanNotice.bank_id) == actor.organisation_id,
            sa.not_(later),
        )
    )
    unprinted = sa.select(sa.func.count()).where(
        col(LoanNotice.bank_id) == actor.organisation_id,
        col(LoanNotice.state) == NoticeState.FAILED,
    )
    for what, statement, query in (
        (N_("Notices whose mail failed, to be sent again: %(count)s"), failed, "mail=failed"),
        (N_("Notices to be printed again: %(count)s"), unprinted, "state=failed"),
    ):
        count = int(session.execute(statement).scalar_one())
        if count:
            href = f"/loan-notices?{query}"
            yield Task(what=what, facts={"count": count}, number=str(count), href=href)


def failed_batches(session: Session, actor: Actor) -> Iterator[Task]:
    """Files of repayments that the actor sent and that no run could book."""
    if not actor.may(Permission.POST_REPAYMENT):
        return
    statement = sa.select(RepaymentBatch).where(
        col(RepaymentBatch.bank_id) == actor.organisation_id,
        col(RepaymentBatch.person_id) == actor.person_id,
        col(RepaymentBatch.state) == BatchState.WAITING,
        col(RepaymentBatch.failed_runs) > 0,
    )
    for batch in session.execute(statement).scalars():
        yield Task(
            what=N_("See why the file of repayments is not booked"),
            number=batch.number,
            href=f"/repayment-batches/{batch.id}",
            title=Name(zh=batch.file_name, en=batch.file_name),
            amount_fen=batch.amount_fen - batch.booked_fen,
        )


def waiting_money(session: Session, actor: Actor) -> Iterator[Task]:
    """Loans with money in suspense beside an overdue bill: it settles nothing until it is booked."""
    if not actor.may(Permission.POST_REPAYMENT) or actor.organisation_kind != "bank":
        return
    found = _own_loans(
        session, actor, col(Loan.state) == LoanState.OVERDUE, col(LoanStateRow.suspense_fen) > 0
    )
    for loan, state, firm in found:
        yield Task(
            what=N_("Settle the overdue bill with the money in suspense"),
            number=loan.number,
            href=f"/loans/{loan.id}",
            title=loan_title(loan.title),
            customer=Name(zh=firm.name_zh, en=firm.name_en),
            amount_fen=state.suspense_fen,
            due_on=overdue_since(state.closed_on, state.overdue_days),
        )


def owed_fees(session: Session, actor: Actor) -> Iterator[Task]:
    """Loans with a fee that is owed: it is due at once and stands on no bill."""
    if not actor.may(Permission.POST_REPAYMENT) or actor.organisation_kind != "bank":
        return
    found = _own_loans(
        session, actor, col(Loan.state).in_(OPEN_STATES), col(LoanStateRow.fees_fen) > 0
    )
    for loan, state, firm in found:
        yield Task(
            what=N_("Collect the fees that are owed"),
            number=loan.number,
            href=f"/loans/{loan.id}",
            title=loan_title(loan.title),
            customer=Name(zh=firm.name_zh, en=firm.name_en),
            amount_fen=state.fees_fen,
        )


def refundable_money(session: Session, actor: Actor) -> Iterator[Task]:
    """Loans paid in full with money left in suspense, until a refund is proposed."""
    if not actor.may(Permission.PROPOSE_ENTRY) or actor.organisation_kind != "bank":
        return
    proposed = sa.exists().where(
        col(ManualEntry.loan_id) == col(Loan.id),
        col(ManualEntry.kind) == ManualKind.REFUND,
        col(ManualEntry.state) == EntryState.PROPOSED,
    )
    found = _own_loans(
        session,
        actor,
        col(Loan.state).in_(SETTLED_STATES),
        col(LoanStateRow.suspense_fen) > 0,
        sa.not_(proposed),
    )
    for loan, state, firm in found:
        yield Task(
            what=N_("Refund the money in suspense of a loan paid in full"),
            number=loan.number,
            href=f"/loans/{loan.id}/refunds/new",
            title=loan_title(loan.title),
            customer=Name(zh=firm.name_zh, en=firm.name_en),
            amount_fen=state.suspense_fen,
        )


def _own_loans(
    session: Session, actor: Actor, *conditions: Any
) -> Iterable[sa.Row[Loan, LoanStateRow, Organisation]]:
    """Loans of the own bank with their figures and borrowers, the longest overdue first."""
    statement = (
        sa.select(Loan, LoanStateRow, Organisation)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .join(Organisation, col(Organisation.id) == col(Loan.borrower_id))
        .where(col(Loan.bank_id) == actor.organisation_id, *conditions)
        .order_by(col(LoanStateRow.overdue_days).desc(), col(Loan.number))
        .limit(MAX_WAITING)
    )
    return session.execute(statement)


def coming_payments(session: Session, actor: Actor) -> Iterator[Task]:
    """What an enterprise has to pay within the days of the reminder."""
    if actor.organisation_kind != "enterprise" or not actor.may(Permission.READ_LOANS):
        return
    day = due_day(session, actor)
    ahead = notice_days(policy_for(session, None, day)).ahead
    wanted = DueFilter(part=DuePart.TO_COME, until_on=day + timedelta(days=ahead))
    for row in list_due(session, actor, wanted, offset=0, size=MAX_COMING).items:
        yield Task(
            what=N_("Prepare the payment that falls due"),
            number=row.loan_number,
            href=f"/loans/{row.loan_id}/schedule",
            title=row.title,
            amount_fen=row.payment_fen,
            due_on=row.due_on,
        )
