"""What `verify` asks of orders, corrections, quotes and files of repayments."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.domain.importing import BatchState, RowState
from app.loans.models import Loan, LoanNote, LoanPosting, Repayment
from app.loans.repayments.models import (
    AccrualCorrection,
    RepaymentBatch,
    RepaymentBatchRow,
    RepaymentOrder,
    RepaymentQuote,
)
from app.loans.repayments.replayed import replay_digest, replayed_rows


def repayment_violations(session: Session) -> Iterator[Violation]:
    """Each repayment without an order, correction without its posting, and batch whose counters do not fit."""
    yield from _orders(session)
    yield from _replays(session)
    yield from _corrections(session)
    yield from _quotes(session)
    yield from _batches(session)


def _orders(session: Session) -> Iterator[Violation]:
    statement = (
        sa.select(Repayment, RepaymentOrder)
        .outerjoin(RepaymentOrder, col(RepaymentOrder.repayment_id) == col(Repayment.id))
        .where(col(Repayment.reverses_id).is_(None))
    )
    found = session.execute(statement).all()
    rows = {row.id: row for row, _ in found}
    gone = sa.select(col(Repayment.reverses_id)).where(col(Repayment.reverses_id).is_not(None))
    taken_back = set(session.execute(gone).scalars())
    for row, order in found:
        subject = f"repayment {row.number}"
        if order is None:
            yield _violation("repayment-order", subject, "nothing says how it was asked for")
            continue
        before = rows.get(order.replays_id)
        if before is None:
            continue
        same = (before.amount_fen, before.value_on) == (row.amount_fen, row.value_on)
        if not same or before.id not in taken_back:
            detail = f"books {before.number} again, which stands or says something else"
            yield _violation("repayment-replay", subject, detail)


def _replays(session: Session) -> Iterator[Violation]:
    """What a booking replayed is what the audit journal was told."""
    numbers = sa.select(col(Repayment.number), col(Repayment.id))
    ids: dict[str, UUID] = {row[0]: row[1] for row in session.execute(numbers)}
    rows = replayed_rows(session)
    events = sa.select(col(AuditEvent.facts)).where(
        col(AuditEvent.action).in_(("loan.repay", "loan.reverse"))
    )
    for facts in session.execute(events).scalars():
        # An event of earlier versions says nothing of what was replayed.
        told, number = facts.get("replayed_sha256"), str(facts.get("number"))
        found = rows.get(ids[number], []) if number in ids else []
        if told and told != replay_digest(found):
            detail = "what it replayed differs from what the journal was told"
            yield _violation("repayment-replay", f"repayment {number}", detail)


def _corrections(session: Session) -> Iterator[Violation]:
    """Corrections of a note under a booking equal what the journal holds in its name."""
    held: dict[tuple[UUID, UUID], int] = defaultdict(int)
    for each in session.execute(sa.select(AccrualCorrection)).scalars():
        held[each.note_id, each.repayment_id] += each.amount_fen
    if not held:
        return
    statement = (
        sa.select(LoanPosting, col(Repayment.id), col(LoanNote.number))
        .join(
            Repayment,
            sa.and_(
                col(Repayment.number) == col(LoanPosting.text),
                col(Repayment.loan_id) == col(LoanPosting.loan_id),
            ),
        )
        .join(LoanNote, col(LoanNote.id) == col(LoanPosting.note_id))
        .where(col(LoanPosting.kind) == "reversal", col(LoanPosting.reverses_id).is_(None))
    )
    numbers: dict[UUID, str] = {}
    for line, repayment_id, number in session.execute(statement):
        sign = 1 if line.credit.value.endswith(("income", "contra")) else -1
        held[line.note_id, repayment_id] -= sign * line.amount_fen
        numbers[line.note_id] = number
    for (note_id, _), left in held.items():
        if left:
            detail = f"corrections differ from their postings by {left} fen"
            yield _violation("accrual-correction", f"note {numbers.get(note_id, note_id)}", detail)


def _quotes(session: Session) -> Iterator[Violation]:
    """A quote names one principal, and was carried out on a day and with the money that it names."""
    statement = (
        sa.select(RepaymentQuote, Repayment, RepaymentOrder)
        .join(RepaymentOrder, col(RepaymentOrder.quote_id) == col(RepaymentQuote.id))
        .join(Repayment, col(Repayment.id) == col(RepaymentOrder.repayment_id))
        .where(col(RepaymentOrder.replays_id).is_(None))
    )
    for each in session.execute(sa.select(RepaymentQuote)).scalars():
        if any(day["principal"] != each.principal_fen for day in each.days):
            detail = f"principal is {each.principal_fen} fen, its days say otherwise"
            yield _violation("repayment-quote", f"quote {each.number}", detail)
    for quote, row, order in session.execute(statement):
        totals = {day["on"]: day["due"] + day["interest"] + day["principal"] for day in quote.days}
        fits = totals.get(row.value_on.isoformat()) == row.amount_fen
        if not fits or (order.early_fen, order.keep) != (quote.principal_fen, quote.keep):
            detail = f"{row.number} differs from what it names"
            yield _violation("repayment-quote", f"quote {quote.number}", detail)


def _batches(session: Session) -> Iterator[Violation]:
    counted: dict[UUID, dict[RowState, int]] = defaultdict(lambda: defaultdict(int))
    money: dict[UUID, int] = defaultdict(int)
    statement = (
        sa.select(RepaymentBatchRow, Repayment, col(Loan.number), col(RepaymentBatch.number))
        .join(RepaymentBatch, col(RepaymentBatch.id) == col(RepaymentBatchRow.batch_id))
        .outerjoin(Repayment, col(Repayment.id) == col(RepaymentBatchRow.repayment_id))
        .outerjoin(Loan, col(Loan.id) == col(Repayment.loan_id))
    )
    for row, booked, number, file in session.execute(statement):
        counted[row.batch_id][row.state] += 1
        if booked is None:
            continue
        money[row.batch_id] += booked.amount_fen
        said: tuple[Any, ...] = (row.loan_number, row.amount_fen, row.key)
        if said != (number, booked.amount_fen, booked.key):
            detail = f"differs from {booked.number}"
            yield _violation("repayment-batch", f"row {row.line} of batch {file}", detail)
    filed = _filed_batches(session)
    for batch in session.execute(sa.select(RepaymentBatch)).scalars():
        if batch.amount_fen != filed.get(str(batch.id)):
            detail = f"{batch.amount_fen} fen, the journal was told {filed.get(str(batch.id))}"
            yield _violation("repayment-batch", f"batch {batch.number}", detail)
        rows = counted[batch.id]
        left = rows[RowState.WAITING]
        stored = (batch.total, batch.booked, batch.refused, batch.booked_fen)
        found = (
            sum(rows.values()),
            rows[RowState.BOOKED],
            rows[RowState.REFUSED],
            money[batch.id],
        )
        fails = (batch.failed_runs > 0, batch.failed_at is not None, batch.problem is not None)
        if len(set(fails)) > 1 or (any(fails) and not left):
            detail = f"{batch.failed_runs} runs failed, with {left} rows waiting"
            yield _violation("repayment-batch", f"batch {batch.number}", detail)
        if stored != found or (batch.state is BatchState.FINISHED) != (not left):
            detail = f"says {stored}, its rows {found} with {left} waiting"
            yield _violation("repayment-batch", f"batch {batch.number}", detail)


def _filed_batches(session: Session) -> dict[str, int]:
    """The money of the good rows of each file, as the audit journal saw it taken in."""
    statement = sa.select(AuditEvent).where(col(AuditEvent.action) == "repayment-batch.file")
    return {
        event.subject_id: int(event.facts["amount_fen"])
        for event in session.execute(statement).scalars()
    }


def _violation(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
