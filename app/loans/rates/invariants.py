"""What `verify` asks of rates by day and of misuse: made by the contract, on its days, of published LPR."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.domain.repricing import (
    SERIES,
    LprTenor,
    Pricing,
    RateReason,
    ResetRule,
    floating_rate_ppm,
    next_reset_on,
)
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanNote, LoanStateRow, NoteStateRow
from app.loans.rates.models import LoanRateChange, NoteMisuse, NoteRate
from app.loans.rates.queries import moved_from_json, pricing_of
from app.market.models import PricePoint

_Published = set[tuple[str, date, int]]


def rate_violations(session: Session) -> Iterator[Violation]:
    """Each rate that its contract and the published LPR do not give, and misuse above its note."""
    rates: dict[UUID, list[NoteRate]] = defaultdict(list)
    for row in session.execute(sa.select(NoteRate).order_by(col(NoteRate.number))).scalars():
        rates[row.note_id].append(row)
    published, changes = _published(session), _changes(session)
    statement = (
        sa.select(Loan, LoanStateRow, LoanNote, NoteStateRow)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .join(LoanNote, col(LoanNote.loan_id) == col(Loan.id))
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .order_by(col(LoanNote.number))
    )
    for loan, state, note, running in session.execute(statement):
        rows = rates.get(note.id, [])
        changed = changes.get(loan.id, [])
        yield from _history(note, rows)
        yield from _by_change(note, rows, changed)
        pricing = pricing_of(loan)
        if pricing is not None:
            yield from _made(note, rows, _pricings(pricing, changed), published)
            if loan.state is not LoanState.WRITTEN_OFF:
                rule = pricing.rule
                yield from _on_their_days(rule, _ends_on(loan, note), state, running, note, rows)
        elif len(rows) > len(_set_after(note, changed)) + 1 or running.next_reset_on is not None:
            yield _broken("note-rate", note, "a fixed rate was set again")
    yield from _loan_changes(session, changes)
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


_Changes = dict[UUID, list[LoanRateChange]]


def _changes(session: Session) -> _Changes:
    found: _Changes = defaultdict(list)
    statement = sa.select(LoanRateChange).order_by(col(LoanRateChange.number))
    for row in session.execute(statement).scalars():
        found[row.loan_id].append(row)
    return found


def _set_after(note: LoanNote, changed: Sequence[LoanRateChange]) -> list[LoanRateChange]:
    """The changes of the loan's rate that came after a note was drawn."""
    return [each for each in changed if each.from_on > note.drawn_on]


def _by_change(
    note: LoanNote, rows: Sequence[NoteRate], changed: Sequence[LoanRateChange]
) -> Iterator[Violation]:
    """Each change of the loan's rate after the drawdown set that of the note, and nothing else did."""
    found = [(row.from_on, row.rate_ppm) for row in rows if row.reason is RateReason.CHANGE]
    if found != [(each.from_on, each.rate_ppm) for each in _set_after(note, changed)]:
        yield _broken("note-rate-change", note, "its rates are not those of the changes of terms")


def _loan_changes(session: Session, changes: _Changes) -> Iterator[Violation]:
    """The terms of the rate follow on from change to change, and the last ones stand on the loan."""
    loans = sa.select(Loan).where(sa.or_(col(Loan.id).in_(changes), col(Loan.repriced)))
    for loan in session.execute(loans.order_by(col(Loan.number))).scalars():
        rows, subject = changes.get(loan.id, []), f"loan {loan.number}"
        terms = [_terms_of(row) for row in rows]
        before = [(row.before_rate_ppm, row.before_lpr_tenor, row.before_lpr_bp) for row in rows]
        if before[1:] != terms[:-1] or terms[-1:] != [_terms_of(loan)]:
            detail = "its rate does not follow from its changes"
            yield Violation(invariant="loan-rate-change", subject=subject, detail=detail)
        if loan.repriced != bool(rows):
            detail = f"repriced is {loan.repriced} with {len(rows)} changes"
            yield Violation(invariant="loan-rate-change", subject=subject, detail=detail)


def _terms_of(row: Loan | LoanRateChange) -> tuple[int, LprTenor | None, int | None]:
    return row.rate_ppm, row.lpr_tenor, row.lpr_bp


def _pricings(last: Pricing, changed: Sequence[LoanRateChange]) -> list[tuple[date, Pricing]]:
    """How a floating rate was made, from which day on."""
    found = [(date.min, last)]
    for each in reversed(changed):
        if each.before_lpr_tenor is not None and each.before_lpr_bp is not None:
            found[0] = (each.from_on, found[0][1])
            before = replace(last, tenor=each.before_lpr_tenor, bp=each.before_lpr_bp)
            found.insert(0, (date.min, before))
    return found


def _made(
    note: LoanNote,
    rows: Sequence[NoteRate],
    pricings: Sequence[tuple[date, Pricing]],
    published: _Published,
) -> Iterator[Violation]:
    """Each floating rate is a published LPR and the basis points of the contract on its day."""
    for row in rows:
        pricing = next(each for on, each in reversed(pricings) if on <= row.from_on)
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
    """A rate was set on every day of the rule that was closed, beside changes of terms, and the next day is known."""
    expected, closed_on = [note.drawn_on], state.closed_on or date.min
    changed = {row.from_on for row in rows if row.reason is RateReason.CHANGE}
    while True:
        following = next_reset_on(
            rule, drawn_on=note.drawn_on, after_on=expected[-1], ends_on=ends_on
        )
        others = [day for day in changed if day > expected[-1]]
        days = [*others, *([following] if following and following <= closed_on else [])]
        if not days:
            break
        expected.append(min(days))
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
