"""What cannot be worked out again: contracts, imports and steps as the audit journal kept them."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.identity.models import Organisation
from app.loans.contracts import KEPT_TERMS
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import OPEN_STATES, CloseState, EntryKind, Kept, LoanState
from app.loans.models import (
    BankDay,
    DayClose,
    Loan,
    LoanClassification,
    LoanMonthEnd,
    LoanNote,
    LoanPosting,
    LoanStateRow,
)
from app.loans.repayments.mirroring import mirrored_digest
from app.loans.repricing import RATE_TERMS

_ACTIONS: Final = (
    "loan.open",
    "loan.extend",
    "loan.reprice",
    "loan.write-off",
    "loan.release",
    "loan.cancel",
    "loan.import",
    "business-day.open",
    "day-close.finish",
)
_ENDS: Final = {
    "loan.cancel": LoanState.CANCELLED,
    "loan.release": LoanState.RELEASED,
    "loan.write-off": LoanState.WRITTEN_OFF,
}
_ONE_DAY = timedelta(days=1)

Said = dict[str, dict[str, Mapping[str, Any]]]
"""What the journal said last, by action and by the id of its subject."""


def contract_violations(session: Session) -> Iterator[Violation]:
    """Contracts, states, month ends and closes that differ from what the journal kept of them."""
    said = _said(session)
    banks = bank_names(session)
    yield from _terms(session, said)
    yield from _states(session, said)
    yield from _drawn(session)
    yield from _month_end_classes(session, said)
    yield from _imports(session, said, banks)
    yield from _finished(session, said, banks)


def bank_names(session: Session) -> dict[UUID, str]:
    """Banks by their codes."""
    rows = session.execute(sa.select(col(Organisation.id), col(Organisation.code)))
    return {row[0]: f"bank {row[1]}" for row in rows}


def _said(session: Session) -> Said:
    said: Said = {action: {} for action in _ACTIONS}
    statement = (
        sa.select(col(AuditEvent.action), col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action).in_(_ACTIONS))
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    for action, subject_id, facts in session.execute(statement):
        said[action][subject_id] = facts
    return said


def _serviced(session: Session) -> Iterator[tuple[Loan, LoanStateRow]]:
    statement = (
        sa.select(Loan, LoanStateRow)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(col(Loan.kept) == Kept.SERVICED)
        .order_by(col(Loan.number))
    )
    yield from ((loan, state) for loan, state in session.execute(statement))


def _terms(session: Session, said: Said) -> Iterator[Violation]:
    """A contract is what was signed; only an extension moves its end, only a change of terms its rate."""
    for loan, _state in _serviced(session):
        signed = dict(said["loan.open"].get(str(loan.id), {}))
        extended = said["loan.extend"].get(str(loan.id))
        if extended is not None and "matures_on" in signed:
            signed["matures_on"] = extended["until"]
            signed["moved_days"] = extended.get("moved_days", signed.get("moved_days"))
        repriced = said["loan.reprice"].get(str(loan.id), {})
        if signed:
            signed |= {name: repriced[name] for name in RATE_TERMS if name in repriced}
        for name in KEPT_TERMS:
            stored = json_value(getattr(loan, name))
            if name in signed and stored != signed[name]:
                detail = f"{name} is {stored}, {signed[name]} was signed"
                yield _broken("contract-as-signed", f"loan {loan.number}", detail)


def _states(session: Session, said: Said) -> Iterator[Violation]:
    """The state follows from the notes, from what is owed and overdue, and from how the loan ended."""
    drawn = set(session.execute(sa.select(col(LoanNote.loan_id)).distinct()).scalars())
    for loan, state in _serviced(session):
        expected = _expected(loan, state, said, drawn=loan.id in drawn)
        if loan.state is not expected:
            detail = f"state is {loan.state}, its notes and figures say {expected}"
            yield _broken("loan-state", f"loan {loan.number}", detail)


def _expected(loan: Loan, state: LoanStateRow, said: Said, *, drawn: bool) -> LoanState:
    ended = [found for action, found in _ENDS.items() if str(loan.id) in said[action]]
    if ended:
        return ended[0]
    if not drawn:
        return LoanState.SIGNED
    if not (state.principal_fen or state.accrued_fen or state.fees_fen):
        # Settled by its last repayment, or at the next close when a correction came in between.
        return loan.state if loan.state in (*OPEN_STATES, LoanState.SETTLED) else LoanState.SETTLED
    return LoanState.OVERDUE if state.overdue_days else LoanState.PERFORMING


def _drawn(session: Session) -> Iterator[Violation]:
    """Each note was booked once, with its amount."""
    booked = (
        sa.select(col(LoanPosting.note_id), sa.func.sum(LoanPosting.amount_fen).label("fen"))
        .where(col(LoanPosting.kind) == EntryKind.DRAWDOWN)
        .group_by(col(LoanPosting.note_id))
        .subquery()
    )
    statement = (
        sa.select(LoanNote, booked.c.fen)
        .outerjoin(booked, booked.c.note_id == col(LoanNote.id))
        .where(sa.func.coalesce(booked.c.fen, 0) != col(LoanNote.amount_fen))
    )
    for note, fen in session.execute(statement):
        detail = f"{note.amount_fen} fen drawn, the journal says {int(fen or 0)}"
        yield _broken("note-drawn", f"note {note.number}", detail)


def _month_end_classes(session: Session, said: Said) -> Iterator[Violation]:
    """The class at a month end is the one taken last by then; the past before a bank's first day has none."""
    taken: dict[UUID, list[LoanClassification]] = {}
    classes = sa.select(LoanClassification).order_by(col(LoanClassification.on))
    for each in session.execute(classes).scalars():
        taken.setdefault(each.loan_id, []).append(each)
    statement = (
        sa.select(LoanMonthEnd, Loan)
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(col(Loan.kept) == Kept.SERVICED)
        .order_by(col(Loan.bank_id), col(LoanMonthEnd.month_end_on), col(Loan.number))
    )
    rows = [(row, loan) for row, loan in session.execute(statement)]
    lost = _written_off_on(session)
    for row, loan in rows:
        opened = said["business-day.open"].get(str(loan.bank_id))
        if opened is None:
            continue
        opened_on = date.fromisoformat(str(opened["day"]))
        until = _known_until(row.month_end_on, opened_on, rows, loan)
        expected = _class_on(taken.get(loan.id, []), until)
        if row.month_end_on < until and lost.get(loan.id, until + _ONE_DAY) <= until:
            # Written off in the loaded past: its last month end tells how it ended.
            expected = LoanClass.LOSS
        if row.loan_class is not expected:
            subject = f"loan {loan.number} at {row.month_end_on}"
            detail = f"class is {row.loan_class}, {expected} was taken"
            yield _broken("loan-month-end", subject, detail)


def _written_off_on(session: Session) -> dict[UUID, date]:
    statement = sa.select(col(LoanPosting.loan_id), col(LoanPosting.booked_on)).where(
        col(LoanPosting.kind) == EntryKind.WRITE_OFF
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _known_until(
    month_end_on: date, opened_on: date, rows: Sequence[tuple[LoanMonthEnd, Loan]], loan: Loan
) -> date:
    """Until when classes count: of the loaded past, the last month end has the class of the first day."""
    if month_end_on >= opened_on:
        return month_end_on
    past = max(
        row.month_end_on
        for row, other in rows
        if other.bank_id == loan.bank_id and row.month_end_on < opened_on
    )
    return opened_on - _ONE_DAY if month_end_on == past else month_end_on


def _class_on(taken: Sequence[LoanClassification], day: date) -> LoanClass:
    known = [each.loan_class for each in taken if each.on <= day]
    return known[-1] if known else LoanClass.NORMAL


def _imports(session: Session, said: Said, banks: Mapping[UUID, str]) -> Iterator[Violation]:
    """The loans that banks reported are those of their last import: nothing is added or changed between."""
    for bank_id, facts in said["loan.import"].items():
        kept, found = facts.get("sha256"), mirrored_digest(session, UUID(bank_id))
        if kept is not None and kept != found:
            subject = banks.get(UUID(bank_id), "a bank that is gone")
            detail = "its reported loans or month ends are not those of the last import"
            yield _broken("mirrored-import", subject, detail)


def _finished(session: Session, said: Said, banks: Mapping[UUID, str]) -> Iterator[Violation]:
    """A close is finished when the journal says so; one that runs is of the open day, filed ones are not before it."""
    open_on = {day.bank_id: day.open_on for day in session.execute(sa.select(BankDay)).scalars()}
    for close in session.execute(sa.select(DayClose).order_by(col(DayClose.on))).scalars():
        finished = close.state is CloseState.FINISHED
        held_on = open_on.get(close.bank_id, date.max)
        filed = close.state is CloseState.REQUESTED and close.on >= held_on
        if finished == (str(close.id) in said["day-close.finish"]) and (
            finished or filed or close.on == held_on
        ):
            continue
        subject = f"day close {close.on} of {banks.get(close.bank_id)}"
        yield _broken("day-close-state", subject, f"{close.state} is not what the journal says")


def _broken(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
