"""A repayment line by line: which debt took what, at which place of the order, and why; before or after posting."""

from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col

from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import open_books, require_current
from app.loans.domain.waterfall import Claim, row_title
from app.loans.models import LoanDue, LoanNote, LoanStateRow, Repayment, RepaymentLine
from app.loans.queries import RepaymentView, loan_view, repayment_view
from app.loans.repayments.models import DueChange, RepaymentOrder
from app.loans.repayments.repaying import Repay, book_row

BY_ORDER: Final = N_("Place %(place)s of the order “%(order)s”; in a place the oldest day first.")
BY_ORDER_BEFORE: Final = N_("By the order of claims of its day.")
EARLY: Final = N_("Not yet due: paid early, after all that is due.")
WAITS: Final = N_("No debt needed it: it waits in suspense.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """A reason as a message with its facts."""

    detail: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitLine:
    """What one debt took of a repayment."""

    seq: int
    claim: Claim | None
    """None for what waits in suspense."""
    place: int | None
    note_number: str
    due_number: int | None
    due_on: date | None
    owed_fen: int | None
    paid_fen: int
    why: Why

    @property
    def left_fen(self) -> int | None:
        """What is still owed of the debt."""
        return None if self.owed_fen is None else self.owed_fen - self.paid_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class BilledOnce:
    """What a bill said before this repayment changed it."""

    note_number: str
    due_on: date
    before_fen: int
    after_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """A repayment with its lines; `replayed` are later ones that were booked again because of it.

    Of a preview they bear the numbers that they have, since what would be booked has none yet.
    """

    repayment: RepaymentView
    order: Name | None
    lines: tuple[SplitLine, ...]
    reversed_by: RepaymentView | None
    """The reversal that took it back."""
    replays: str
    replayed: tuple[str, ...]
    bills: tuple[BilledOnce, ...]
    principal_fen: int
    """Of the loan after it; for a stored repayment, as the loan stands now."""
    accrued_fen: int
    suspense_fen: int


def preview_repayment(session: Session, actor: Actor, loan_id: UUID, command: Repay) -> Explanation:
    """How money would be split, by booking it and taking the whole step back; nothing is stored."""
    actor.require(Permission.POST_REPAYMENT)
    ledger, day = open_books(session, actor, loan_id)
    require_current(ledger, day)
    step = session.begin_nested()
    try:
        row = book_row(session, actor, ledger, command, day)
        found = _explained(session, row, named=col(RepaymentOrder.replays_id))
    finally:
        step.rollback()
        session.expire_all()
    return found


def explain_repayment(session: Session, actor: Actor, loan_id: UUID, entry_id: UUID) -> Explanation:
    """How a repayment of a visible loan was split, by its entry in the journal."""
    actor.require(Permission.READ_LOANS)
    loan_view(session, actor, loan_id)
    statement = sa.select(Repayment).where(
        col(Repayment.entry_id) == entry_id, col(Repayment.loan_id) == loan_id
    )
    row = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return _explained(session, row, named=col(RepaymentOrder.repayment_id))


def _explained(session: Session, row: Repayment, *, named: Mapped[Any]) -> Explanation:
    order = session.get(RepaymentOrder, row.id)
    title = row_title(order.waterfall) if order is not None else None
    state = session.get_one(LoanStateRow, row.loan_id)
    replays = session.get(Repayment, order.replays_id) if order and order.replays_id else None
    return Explanation(
        repayment=repayment_view(row),
        order=title,
        lines=_lines(session, row, title),
        reversed_by=_reversal(session, row),
        replays=replays.number if replays else "",
        replayed=_replayed(session, row, named),
        bills=_bills(session, row),
        principal_fen=state.principal_fen,
        accrued_fen=state.accrued_fen,
        suspense_fen=state.suspense_fen,
    )


def _reversal(session: Session, row: Repayment) -> RepaymentView | None:
    statement = sa.select(Repayment).where(col(Repayment.reverses_id) == row.id)
    found = session.execute(statement).scalar_one_or_none()
    return None if found is None else repayment_view(found)


def _lines(session: Session, row: Repayment, order: Name | None) -> tuple[SplitLine, ...]:
    statement = (
        sa.select(RepaymentLine, col(LoanNote.number), LoanDue)
        .join(LoanNote, col(LoanNote.id) == col(RepaymentLine.note_id))
        .outerjoin(LoanDue, col(LoanDue.id) == col(RepaymentLine.due_id))
        .where(col(RepaymentLine.repayment_id) == row.id)
        .order_by(col(RepaymentLine.seq))
    )
    lines = [
        SplitLine(
            seq=line.seq,
            claim=line.claim,
            place=line.place,
            note_number=note_number,
            due_number=due.number if due else None,
            due_on=due.due_on if due else None,
            owed_fen=line.owed_fen,
            paid_fen=line.paid_fen,
            why=_why(line, order),
        )
        for line, note_number, due in session.execute(statement)
    ]
    if row.suspense_fen:
        lines.append(_waiting(row, len(lines) + 1))
    return tuple(lines)


def _waiting(row: Repayment, seq: int) -> SplitLine:
    return SplitLine(
        seq=seq,
        claim=None,
        place=None,
        note_number="",
        due_number=None,
        due_on=None,
        owed_fen=None,
        paid_fen=-row.suspense_fen if row.reverses_id else row.suspense_fen,
        why=Why(detail=WAITS, facts={}),
    )


def _why(line: RepaymentLine, order: Name | None) -> Why:
    if line.due_id is None and line.claim in (Claim.INTEREST, Claim.PRINCIPAL):
        return Why(detail=EARLY, facts={})
    if line.place is None or order is None:
        return Why(detail=BY_ORDER_BEFORE, facts={})
    return Why(detail=BY_ORDER, facts={"place": line.place, "order": order})


def _replayed(session: Session, row: Repayment, named: Mapped[Any]) -> tuple[str, ...]:
    statement = (
        sa.select(col(Repayment.number))
        .join(RepaymentOrder, named == col(Repayment.id))
        .where(col(RepaymentOrder.cause_id) == row.id, col(RepaymentOrder.replays_id).is_not(None))
        .order_by(col(Repayment.id))
    )
    return tuple(session.execute(statement).scalars())


def _bills(session: Session, row: Repayment) -> tuple[BilledOnce, ...]:
    statement = (
        sa.select(DueChange, LoanDue, col(LoanNote.number))
        .join(LoanDue, col(LoanDue.id) == col(DueChange.due_id))
        .join(LoanNote, col(LoanNote.id) == col(LoanDue.note_id))
        .where(col(DueChange.repayment_id) == row.id)
        .order_by(col(LoanDue.due_on))
    )
    return tuple(
        BilledOnce(
            note_number=number,
            due_on=due.due_on,
            before_fen=change.principal_fen + change.interest_fen,
            after_fen=due.principal_fen + due.interest_fen,
        )
        for change, due, number in session.execute(statement)
    )
