"""What `verify` asks of rates by day and of misuse: made by the contract, on its days, of published LPR."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.domain.repricing import (
    SERIES,
    Pricing,
    RateReason,
    ResetRule,
    floating_rate_ppm,
    next_reset_on,
)
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanNote, LoanStateRow, NoteStateRow
from app.loans.rates.models import NoteMisuse, NoteRate
from app.loans.rates.queries import moved_from_json, pricing_of
from app.market.models import PricePoint

_Published = set[tuple[str, date, int]]


def rate_violations(session: Session) -> Iterator[Violation]:
    """Each rate that its contract and the published LPR do not give, and misuse above its note."""
    rates: dict[UUID, list[NoteRate]] = defaultdict(list)
    for row in session.execute(sa.select(NoteRate).order_by(col(NoteRate.number))).scalars():
        rates[row.note_id].append(row)
    published = _published(session)
    statement = (
        sa.select(Loan, LoanStateRow, LoanNote, NoteStateRow)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .join(LoanNote, col(LoanNote.loan_id) == col(Loan.id))
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .order_by(col(LoanNote.number))
    )
    for loan, state, note, running in session.execute(statement):
        rows = rates.get(note.id, [])
        yield from _history(note, rows)
        pricing = pricing_of(loan)
        if pricing is not None:
            yield from _made(note, rows, pricing, published)
            if loan.state is not LoanState.WRITTEN_OFF:
                rule = pricing.rule
                yield from _on_their_days(rule, _ends_on(loan, note), state, running, note, rows)
        elif len(rows) > 1 or running.next_reset_on is not None:
            yield _broken("note-rate", note, "a fixed rate was set again")
    yield from _misuse(session)


def _published(session: Session) -> _Published:
    statement = sa.select(PricePoint).where(col(PricePoint.series_code).in_(SERIES.values()))
    return {
        (point.series_code, point.on, int(point.value * 10_000))
        for point in session.execute(statement).scalars()
    }


def _history(note: LoanNote, rows: Sequence[NoteRate]) -> Iterator[Violation]:
    """The first row is that of the drawdown, days ascend, and the last is the rate in force."""
    if not rows or rows[0].from_on != note.drawn_on or rows[0].reason is not RateReason.DRAWDOWN:
        yield _broken("note-rate", note, "its rates do not begin with the drawdown")
        return
    days = [row.from_on for row in rows]
    if days != sorted(days) or [row.number for row in rows] != list(range(1, len(rows) + 1)):
        yield _broken("note-rate", note, "its rates are not in the order of their days")
    if note.rate_ppm != rows[-1].rate_ppm:
        detail = f"rate is {note.rate_ppm} ppm, its last row says {rows[-1].rate_ppm}"
        yield _broken("note-rate", note, detail)


def _made(
    note: LoanNote, rows: Sequence[NoteRate], pricing: Pricing, published: _Published
) -> Iterator[Violation]:
    """Each floating rate is a published LPR and the basis points of the contract."""
    for row in rows:
        fixing = (SERIES[pricing.tenor], row.lpr_on, row.lpr_ppm)
        if fixing not in published:
            yield _broken("note-rate-lpr", note, f"the LPR of {row.from_on} was not published")
        expected = floating_rate_ppm(row.lpr_ppm or 0, bp=pricing.bp)
        if row.rate_ppm != expected:
            detail = f"rate from {row.from_on} is {row.rate_ppm} ppm, the contract says {expected}"
            yield _broken("note-rate", note, detail)


def _ends_on(loan: Loan, note: LoanNote) -> date:
    return dict(moved_from_json(loan.moved_days)).get(note.matures_on, note.matures_on)


def _on_their_days(
    rule: ResetRule,
    ends_on: date,
    state: LoanStateRow,
    running: NoteStateRow,
    note: LoanNote,
    rows: Sequence[NoteRate],
) -> Iterator[Violation]:
    """A rate was set on every day of the rule that was closed, on no other, and the next day is known."""
    expected, closed_on = [note.drawn_on], state.closed_on or date.min
    while True:
        following = next_reset_on(
            rule, drawn_on=note.drawn_on, after_on=expected[-1], ends_on=ends_on
        )
        if following is None or following > closed_on:
            break
        expected.append(following)
    if [row.from_on for row in rows] != expected:
        yield _broken("note-rate-days", note, "its rates were not set on the days of its rule")
    if running.next_reset_on != following:
        detail = f"the next rate is set on {running.next_reset_on}, the rule says {following}"
        yield _broken("note-rate-days", note, detail)


def _misuse(session: Session) -> Iterator[Violation]:
    """No more is misused than was drawn, from no day before the drawdown or after it became known; as told."""
    told = _told_misuse(session)
    statement = (
        sa.select(NoteMisuse, LoanNote)
        .join(LoanNote, col(LoanNote.id) == col(NoteMisuse.note_id))
        .order_by(col(LoanNote.number), col(NoteMisuse.number))
    )
    for row, note in session.execute(statement):
        if (row.amount_fen, row.from_on.isoformat()) not in told[note.number]:
            detail = f"{row.amount_fen} fen from {row.from_on}, the journal was told otherwise"
            yield _broken("note-misuse", note, detail)
        if row.amount_fen > note.amount_fen or row.loan_id != note.loan_id:
            yield _broken("note-misuse", note, f"{row.amount_fen} fen misused of {note.amount_fen}")
        if not note.drawn_on <= row.from_on <= row.booked_on:
            yield _broken("note-misuse", note, f"misused from {row.from_on}, out of its term")


def _told_misuse(session: Session) -> dict[str, set[tuple[int, str]]]:
    """What the audit journal was told of each note: a fen more or less moves no interest of a day."""
    told: dict[str, set[tuple[int, str]]] = defaultdict(set)
    statement = sa.select(AuditEvent).where(col(AuditEvent.action) == "loan.misuse")
    for event in session.execute(statement).scalars():
        facts = event.facts
        told[str(facts["note"])].add((int(facts["amount_fen"]), str(facts["from_on"])))
    return told


def _broken(invariant: str, note: LoanNote, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"note {note.number}", detail=detail)
