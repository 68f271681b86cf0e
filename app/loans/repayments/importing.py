"""Files of repayments: checked row by row, then booked in chunks under one batch.

A row's key is the reference of its transfer: sent again, in the same file or another, it is not
booked again. A row that something stands against holds up no other.
"""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Final
from uuid import UUID

import sqlalchemy as sa
import structlog
from sqlalchemy.exc import DataError, IntegrityError, OperationalError
from sqlmodel import Session, col

from app.audit.services import record
from app.db.bulk import pieces
from app.db.engine import Database, now
from app.db.numbers import next_number
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import Actor, system_actor
from app.kernel.csv_rows import LineError
from app.kernel.errors import Busy, NotFound, Refusal
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import business_day, hold_business_day
from app.loans.domain.importing import BatchState, RowState
from app.loans.domain.states import OPEN_STATES, Kept, LoanState
from app.loans.models import Loan, LoanNote, LoanStateRow, Repayment
from app.loans.queries import visible_loans
from app.loans.refusals import AmountTooLarge
from app.loans.repayments.batches import BatchView, batch_view, problem_to_json, tally_of
from app.loans.repayments.import_files import (
    BatchRow,
    ImportRepayments,
    RawRow,
    parse_row,
    read_file,
)
from app.loans.repayments.models import RepaymentBatch, RepaymentBatchRow
from app.loans.repayments.repaying import (
    PAYMENT_LIMIT,
    Repay,
    find_by_key,
    owed_in_all_fen,
    payment_limit,
    repay,
    require_same,
)
from app.loans.repayments.rewinding import OWN_KEYS
from app.reference.services import policy_for

log = structlog.get_logger("greenpledge.loans")

CHUNK_ROWS: Final = 20
"""Repayments booked in one transaction, which stays under half a second on the embedded database."""

LOOKED_UP: Final = 500
"""Numbers in one statement."""

_BAD_ROW: Final = (
    ValueError, ArithmeticError, LookupError, TypeError, IntegrityError, DataError,
)  # fmt: skip
"""What fails again however often the row is tried; a lost database or a deadlock does not."""

NOT_BOOKED: Final = N_(
    "The books did not take this row (%(problem)s). Look at the loan, then book the money by hand."
)


# --- Checking ---


def import_repayments(session: Session, actor: Actor, command: ImportRepayments) -> BatchView:
    """Check a file; unless it is only tried, keep it as a batch whose good rows are booked next."""
    actor.require(Permission.POST_REPAYMENT)
    day = business_day(session, actor.organisation_id)
    rows = _judged(session, actor, read_file(command), day)
    tried = _tried(command, rows)
    if command.dry_run:
        return tried
    batch = RepaymentBatch(
        number=next_number(session, "B", day.year),
        bank_id=actor.organisation_id,
        file_name=command.file_name[:200],
        sha256=hashlib.sha256(command.content).hexdigest(),
        total=len(rows),
        refused=sum(1 for row in rows if row.state is RowState.REFUSED),
        amount_fen=tried.amount_fen,
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(batch)
    session.flush()
    session.add_all([_stored(batch.id, row) for row in rows])
    _finish_if_done(session, batch)
    session.flush()
    record(
        session,
        actor,
        "repayment-batch.file",
        subject_kind="repayment-batch",
        subject_id=batch.id,
        organisation_id=batch.bank_id,
        number=batch.number,
        rows=batch.total,
        refused=batch.refused,
        amount_fen=batch.amount_fen,
        sha256=batch.sha256,
    )
    return replace(batch_view(session, actor, batch.id), rows=tried.rows)


def _tried(command: ImportRepayments, rows: Sequence[BatchRow]) -> BatchView:
    return BatchView(
        id=None,
        number="",
        file_name=command.file_name[:200],
        state=None,
        created_at=None,
        finished_at=None,
        tally=tally_of(rows),
        rows=tuple(rows),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """A loan that rows of a file name, its figures, and the day of its first drawing."""

    loan: Loan
    state: LoanStateRow | None
    drawn_on: date | None


def _judged(session: Session, actor: Actor, raws: Sequence[RawRow], day: date) -> list[BatchRow]:
    """The rows with what stands against them; what they are judged by is read once for all."""
    parsed = [(raw, parse_row(raw)) for raw in raws]
    loans = _loans(session, actor, [row.loan_number for _, row in parsed])
    booked = _booked(session, [(loans.get(row.loan_number), row.key) for _, row in parsed])
    times = policy_for(session, actor.organisation_id, day).ratio(PAYMENT_LIMIT)
    seen: dict[str, BatchRow] = {}
    rows = []
    for raw, row in parsed:
        named = loans.get(row.loan_number)
        if not any(each.column == "loan_number" for each in raw.problems):
            _judge_loan(raw, row, named)
        _judge_amount(raw, row, named, times)
        _judge_day(raw, row, named, day)
        _judge_key(raw, row, seen)
        rows.append(_told(session, raw, row, named, booked))
    return rows


def _loans(session: Session, actor: Actor, numbers: Sequence[str]) -> dict[str, _Named]:
    drawn_on = (
        sa.select(sa.func.min(LoanNote.drawn_on))
        .where(col(LoanNote.loan_id) == col(Loan.id))
        .scalar_subquery()
    )
    found: dict[str, _Named] = {}
    for some in pieces(sorted({number for number in numbers if number}), LOOKED_UP):
        statement = (
            visible_loans(session, actor)
            .add_columns(LoanStateRow, drawn_on)
            .outerjoin(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
            .where(col(Loan.number).in_(some), col(Loan.bank_id) == actor.organisation_id)
        )
        for loan, state, first_on in session.execute(statement):
            found[loan.number] = _Named(loan=loan, state=state, drawn_on=first_on)
    return found


def _booked(session: Session, named: Sequence[tuple[_Named | None, str]]) -> set[tuple[UUID, str]]:
    """Loan and key of the rows of a file under which something was booked before."""
    asked = [(each.loan.id, key) for each, key in named if each is not None and key]
    found: set[tuple[UUID, str]] = set()
    for some in pieces(asked, LOOKED_UP):
        statement = sa.select(col(Repayment.loan_id), col(Repayment.key)).where(
            col(Repayment.loan_id).in_({loan_id for loan_id, _ in some}),
            col(Repayment.key).in_({key for _, key in some}),
        )
        found |= {(loan_id, key) for loan_id, key in session.execute(statement)}
    return found


def _judge_loan(raw: RawRow, row: BatchRow, named: _Named | None) -> None:
    if named is None:
        if row.loan_number:
            raw.refuse("loan_number", N_("Your bank has no loan with this number."))
    elif named.loan.kept is Kept.MIRRORED:
        raw.refuse("loan_number", N_("The books of this loan are not kept here."))
    elif named.loan.state is LoanState.WRITTEN_OFF:
        raw.refuse(
            "loan_number",
            N_("This loan was written off: book the money as a recovery on the loan's page."),
        )
    elif named.loan.state not in OPEN_STATES:
        raw.refuse("loan_number", N_("This loan takes no repayment: it is not drawn, or not open."))


def _judge_amount(raw: RawRow, row: BatchRow, named: _Named | None, times: Decimal) -> None:
    if named is None or named.state is None or row.amount_fen is None:
        return
    limit = payment_limit(named.loan, owed_in_all_fen(named.state), times)
    if row.amount_fen > limit.fen:
        raw.refuse("amount_yuan", AmountTooLarge.detail, number=named.loan.number, limit=limit)


def _judge_day(raw: RawRow, row: BatchRow, named: _Named | None, day: date) -> None:
    if row.value_on is None:
        return
    first = day.replace(day=1)
    if row.value_on > day:
        raw.refuse("value_on", N_("The business day is %(day)s; this day is to come."), day=day)
    elif row.value_on < first:
        raw.refuse("value_on", N_("Payments may be dated from %(first)s."), first=first)
    elif named is not None and named.drawn_on is not None and row.value_on < named.drawn_on:
        raw.refuse("value_on", N_("The loan was drawn on %(day)s only."), day=named.drawn_on)


def _judge_key(raw: RawRow, row: BatchRow, seen: dict[str, BatchRow]) -> None:
    if not row.key or not row.loan_number:
        return
    first = seen.setdefault(row.key, row)
    if first is row:
        return
    words = N_("This reference stands in row %(row)s already.")
    if first.loan_number != row.loan_number:
        words = N_(
            "This reference stands in row %(row)s for another loan:"
            " money for several loans has a reference for each."
        )
    raw.refuse("key", words, row=first.line)


def _told(
    session: Session,
    raw: RawRow,
    row: BatchRow,
    named: _Named | None,
    booked: Collection[tuple[UUID, str]],
) -> BatchRow:
    state = RowState.WAITING
    number = ""
    try:
        known = _known(session, row, named, booked)
    except Refusal as refusal:
        raw.refuse("key", refusal.detail, **refusal.facts)
    else:
        if known is not None:
            state, number = RowState.KNOWN, known.number
            # Booked before, whatever has closed meanwhile.
            raw.problems.clear()
    if raw.problems:
        state = RowState.REFUSED
    return replace(
        row,
        state=state,
        repayment_number=number,
        problems=tuple(raw.problems),
        loan_id=named.loan.id if named is not None else None,
    )


def _known(
    session: Session,
    row: BatchRow,
    named: _Named | None,
    booked: Collection[tuple[UUID, str]],
) -> Repayment | None:
    """The standing repayment that a row names; refused where it is another, was taken back, or no caller's."""
    if named is None:
        return None
    if (named.loan.id, row.key) not in booked and not row.key.startswith(OWN_KEYS):
        return None
    known = find_by_key(session, named.loan.id, row.key)
    if known is not None:
        require_same(session, known, _command(row))
    return known


def _command(row: BatchRow | RepaymentBatchRow) -> Repay:
    return Repay(
        amount_fen=row.amount_fen or 0,
        value_on=row.value_on,
        prepay=row.prepay,
        payer=row.payer,
        key=row.key,
    )


def _stored(batch_id: UUID, row: BatchRow) -> RepaymentBatchRow:
    return RepaymentBatchRow(
        batch_id=batch_id,
        line=row.line,
        loan_number=row.loan_number,
        loan_id=row.loan_id,
        amount_fen=row.amount_fen,
        value_on=row.value_on,
        prepay=row.prepay,
        key=row.key,
        payer=row.payer,
        state=row.state,
        problems=[problem_to_json(each) for each in row.problems],
    )


# --- Booking ---


def run_waiting_batches(database: Database, *, chunk_rows: int = CHUNK_ROWS) -> int:
    """Book what waits, chunk by chunk; gives how many rows were booked. Safe to run twice.

    A batch that fails says why on its page, waits for the next run and holds up no other.
    """
    with database.read() as session:
        batches = session.execute(_waiting_batches()).all()
    booked = 0
    for batch_id, bank_id, kind, region in batches:
        actor = system_actor(organisation_id=bank_id, organisation_kind=kind, region_code=region)
        try:
            booked += run_batch(database, actor, batch_id, chunk_rows=chunk_rows)
        except Exception as problem:
            log.exception("repayment batch failed", batch=str(batch_id))
            _keep_failure(database, batch_id, problem)
    return booked


def _keep_failure(database: Database, batch_id: UUID, problem: Exception) -> None:
    """Count a run that failed; where not even this can be written, the log has it.

    A batch that another process finished meanwhile has not failed.
    """
    name = problem.code if isinstance(problem, Refusal) else type(problem).__name__
    try:
        with database.write() as session:
            batch = session.get_one(RepaymentBatch, batch_id, with_for_update=True)
            if batch.state is not BatchState.WAITING:
                return
            batch.failed_runs += 1
            batch.failed_at, batch.problem = now(session), name[:60]
            batch.version += 1
    except OperationalError:
        log.exception("the failure of a repayment batch was not kept", batch=str(batch_id))


def batches_wait(session: Session) -> bool:
    """Whether a batch is still to be booked."""
    return session.execute(_waiting_batches().limit(1)).first() is not None


def _waiting_batches() -> sa.Select[UUID, UUID, OrganisationKind, str]:
    return (
        sa.select(
            col(RepaymentBatch.id),
            col(RepaymentBatch.bank_id),
            col(Organisation.kind),
            col(Organisation.region_code),
        )
        .join(Organisation, col(Organisation.id) == col(RepaymentBatch.bank_id))
        .where(col(RepaymentBatch.state) == BatchState.WAITING)
        .order_by(col(RepaymentBatch.id))
    )


def run_batch(
    database: Database, actor: Actor, batch_id: UUID, *, chunk_rows: int = CHUNK_ROWS
) -> int:
    """Book the waiting rows of a batch in chunks; stops while a day closes, to be taken up later."""
    booked = 0
    while True:
        with database.write() as session:
            done, more = _run_chunk(session, actor, batch_id, chunk_rows)
        booked += done
        if not more:
            return booked


def _run_chunk(session: Session, actor: Actor, batch_id: UUID, chunk_rows: int) -> tuple[int, bool]:
    batch = session.execute(
        sa.select(RepaymentBatch).where(col(RepaymentBatch.id) == batch_id).with_for_update()
    ).scalar_one()
    rows = session.execute(
        sa.select(RepaymentBatchRow)
        .where(
            col(RepaymentBatchRow.batch_id) == batch_id,
            col(RepaymentBatchRow.state) == RowState.WAITING,
        )
        .order_by(col(RepaymentBatchRow.line))
        .limit(chunk_rows)
    ).scalars()
    waiting = list(rows)
    _hold_loans(session, batch.bank_id, waiting)
    booked, busy = 0, False
    for row in waiting:
        try:
            with session.begin_nested():
                booked += _book(session, actor, batch, row)
        except Busy:
            busy = True
            break
        except Refusal as refusal:
            _refuse(batch, row, refusal.detail, refusal.facts)
        except _BAD_ROW as problem:
            log.exception("repayment row failed", batch=batch.number, line=row.line)
            _refuse(batch, row, NOT_BOOKED, {"problem": type(problem).__name__})
        session.flush()
    more = _finish_if_done(session, batch)
    if not busy:
        batch.failed_runs, batch.failed_at, batch.problem = 0, None, None
    batch.version += 1
    return booked, more and not busy


def _hold_loans(session: Session, bank_id: UUID, rows: Sequence[RepaymentBatchRow]) -> None:
    """Lock the business day, then the loans of a chunk in the order in which a close takes them."""
    hold_business_day(session, bank_id)
    loan_ids = sorted({row.loan_id for row in rows if row.loan_id is not None})
    session.execute(
        sa.select(col(LoanStateRow.loan_id))
        .where(col(LoanStateRow.loan_id).in_(loan_ids))
        .order_by(col(LoanStateRow.loan_id))
        .with_for_update()
    ).all()


def _book(session: Session, actor: Actor, batch: RepaymentBatch, row: RepaymentBatchRow) -> int:
    if row.loan_id is None or row.amount_fen is None:
        raise NotFound
    known = find_by_key(session, row.loan_id, row.key)
    view = repay(session, actor, row.loan_id, _command(row))
    if known is not None:
        row.state = RowState.KNOWN
        return 0
    row.state, row.repayment_id = RowState.BOOKED, view.id
    batch.booked += 1
    batch.booked_fen += view.amount_fen
    return 1


def _refuse(
    batch: RepaymentBatch, row: RepaymentBatchRow, detail: str, facts: Mapping[str, object]
) -> None:
    problem = LineError(line=row.line, column="", detail=detail, facts=dict(facts))
    row.state = RowState.REFUSED
    row.problems = [problem_to_json(problem)]
    batch.refused += 1


def _finish_if_done(session: Session, batch: RepaymentBatch) -> bool:
    """Whether rows are left; without any the batch is finished."""
    session.flush()
    left = session.execute(
        sa.select(sa.func.count()).where(
            col(RepaymentBatchRow.batch_id) == batch.id,
            col(RepaymentBatchRow.state) == RowState.WAITING,
        )
    ).scalar_one()
    if not left and batch.state is BatchState.WAITING:
        batch.state, batch.finished_at = BatchState.FINISHED, now(session)
    return bool(left)
