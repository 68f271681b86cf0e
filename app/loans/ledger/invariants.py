"""The ledger of a bank worked out again: closed months, what was booked too late, entries by hand."""

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.domain.journal import Account, Posting, reversal_postings
from app.loans.domain.ledger import (
    ENTRY_KINDS,
    REVERSIBLE,
    EntryState,
    ManualKind,
    manual_postings,
    month_of,
)
from app.loans.domain.states import CloseState, EntryKind
from app.loans.invariants_contracts import bank_names
from app.loans.ledger.entries import FIGURES, split_of
from app.loans.ledger.models import LedgerPeriod, LedgerPeriodTotal, ManualEntry
from app.loans.ledger.periods import period_digest
from app.loans.ledger.queries import pair_sums
from app.loans.models import DayClose, Loan, LoanPosting

Lines = dict[UUID, list[LoanPosting]]


def ledger_violations(session: Session) -> Iterator[Violation]:
    """Each figure of a closed month, and each entry by hand, that does not come out."""
    banks = bank_names(session)
    periods = session.execute(
        sa.select(LedgerPeriod).order_by(col(LedgerPeriod.bank_id), col(LedgerPeriod.ends_on))
    )
    rows = list(periods.scalars())
    for row in rows:
        yield from _period(session, row, str(banks.get(row.bank_id)))
    yield from _missing(session, rows, banks)
    yield from _late(session, rows)
    yield from _entries(session)


# --- Closed months ---


def _period(session: Session, row: LedgerPeriod, bank: str) -> Iterator[Violation]:
    """Number, sum and digest of the lines, and the totals by accounts, trusting nothing stored."""
    subject = f"period {row.ends_on:%Y-%m} of {bank}"
    if (row.starts_on, row.ends_on) != month_of(row.ends_on):
        yield _broken("ledger-period", subject, "is not a whole month")
    digest = period_digest(session, row.bank_id, row.starts_on, row.ends_on)
    for name, stored, found in (
        ("number of lines", row.postings, digest.count),
        ("sum in fen", row.amount_fen, digest.amount_fen),
        ("digest", row.sha256, digest.hexdigest()),
    ):
        if stored != found:
            yield _broken("ledger-period", subject, f"{name} is {stored}, the journal says {found}")
    yield from _totals(session, row, subject)


def _totals(session: Session, row: LedgerPeriod, subject: str) -> Iterator[Violation]:
    statement = sa.select(LedgerPeriodTotal).where(col(LedgerPeriodTotal.period_id) == row.id)
    stored = {
        (each.debit, each.credit): (each.before_fen, each.amount_fen)
        for each in session.execute(statement).scalars()
    }
    found = {
        (each.debit, each.credit): (each.before_fen, each.amount_fen)
        for each in pair_sums(session, row.bank_id, row.starts_on, row.ends_on, stored=False)
    }
    for pair in sorted(stored.keys() | found.keys()):
        if stored.get(pair) != found.get(pair):
            detail = (
                f"{pair[0]} from {pair[1]} is {stored.get(pair)}, the journal says"
                f" {found.get(pair)}"
            )
            yield _broken("ledger-period", subject, detail)


def _missing(
    session: Session, rows: list[LedgerPeriod], banks: Mapping[UUID, str]
) -> Iterator[Violation]:
    """Every month that ended with a closed day is closed."""
    known = {(row.bank_id, row.ends_on) for row in rows}
    statement = sa.select(col(DayClose.bank_id), col(DayClose.on)).where(
        col(DayClose.state) == CloseState.FINISHED
    )
    for bank_id, on in session.execute(statement):
        if month_of(on)[1] == on and (bank_id, on) not in known:
            subject = f"period {on:%Y-%m} of {banks.get(bank_id)}"
            yield _broken("ledger-period", subject, "the month ended and was not closed")


def _late(session: Session, rows: list[LedgerPeriod]) -> Iterator[Violation]:
    """Nothing is dated into a closed month by a later booking; only a loan left behind earns its old days."""
    last: dict[UUID, date] = {row.bank_id: row.ends_on for row in rows}
    for bank_id, ends_on in last.items():
        statement = (
            sa.select(LoanPosting, col(Loan.number))
            .join(Loan, col(Loan.id) == col(LoanPosting.loan_id))
            .where(
                col(LoanPosting.bank_id) == bank_id,
                col(LoanPosting.booked_on) > ends_on,
                col(LoanPosting.value_on) <= ends_on,
                col(LoanPosting.kind) != EntryKind.ACCRUAL,
            )
        )
        for posting, number in session.execute(statement):
            detail = f"booked on {posting.booked_on} with the value day {posting.value_on}"
            yield _broken("ledger-late-posting", f"loan {number}", detail)


# --- Entries by hand ---


def _entries(session: Session) -> Iterator[Violation]:
    """What was booked by hand says what the journal says, and was decided as the audit journal kept it."""
    rows = {row.id: row for row in session.execute(sa.select(ManualEntry)).scalars()}
    lines = _lines(session)
    said = _said(session)
    for row in sorted(rows.values(), key=lambda each: each.number):
        subject = f"entry {row.number}"
        for detail in _as_said(row, said.get(str(row.id), {})):
            yield _broken("manual-entry", subject, detail)
        if row.entry_id is not None:
            for detail in _as_booked(row, rows, lines.pop(row.entry_id, [])):
                yield _broken("manual-entry", subject, detail)
    numbers = sa.select(col(Loan.number))
    for loan_id in {posting.loan_id for each in lines.values() for posting in each}:
        number = session.execute(numbers.where(col(Loan.id) == loan_id)).scalar_one()
        yield _broken("manual-entry", f"loan {number}", "a line by hand that nobody proposed")


def _lines(session: Session) -> Lines:
    """Lines of the journal that only people book, by their entry."""
    reversed_kinds = sa.select(col(LoanPosting.entry_id)).where(
        col(LoanPosting.kind).in_(REVERSIBLE)
    )
    statement = sa.select(LoanPosting).where(
        sa.or_(
            col(LoanPosting.kind).in_(REVERSIBLE),
            sa.and_(
                col(LoanPosting.kind) == EntryKind.REVERSAL,
                col(LoanPosting.reverses_id).in_(reversed_kinds),
            ),
        )
    )
    found: Lines = {}
    for posting in session.execute(statement.order_by(col(LoanPosting.seq))).scalars():
        found.setdefault(posting.entry_id, []).append(posting)
    return found


def _said(session: Session) -> dict[str, Mapping[str, Any]]:
    """What the audit journal said last of each entry."""
    statement = (
        sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.subject_kind) == "manual-entry")
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    return {row[0]: row[1] for row in session.execute(statement)}


def _as_said(row: ManualEntry, facts: Mapping[str, Any]) -> Iterator[str]:
    for name in (*FIGURES, "state"):
        stored = json_value(getattr(row, name))
        if stored != facts.get(name):
            yield f"{name} is {stored}, {facts.get(name)} was said"


def _as_booked(
    row: ManualEntry, rows: Mapping[UUID, ManualEntry], lines: list[LoanPosting]
) -> Iterator[str]:
    other = rows[row.reverses_id] if row.reverses_id else None
    if other is not None and other.state is not EntryState.BOOKED:
        yield f"reverses {other.number}, which was never booked"
    if Counter(_key(each) for each in lines) != Counter(_expected(row, other)):
        yield f"{row.amount_fen} fen do not stand in the journal as booked"
    for each in lines:
        if each.loan_id != row.loan_id or each.booked_on != row.booked_on:
            yield "booked for another loan or on another day"
        if each.reverses_id != (other.entry_id if other else None):
            yield "reverses another entry"


def _expected(row: ManualEntry, other: ManualEntry | None) -> list[tuple[Any, ...]]:
    kind: ManualKind = other.kind if other else row.kind
    postings: tuple[Posting, ...] = manual_postings(kind, row.amount_fen, split_of(row))
    listed = reversal_postings(postings) if other else postings
    return [(ENTRY_KINDS[row.kind], each.debit, each.credit, each.amount_fen) for each in listed]


def _key(posting: LoanPosting) -> tuple[EntryKind, Account, Account, int]:
    return (posting.kind, posting.debit, posting.credit, posting.amount_fen)


def _broken(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
