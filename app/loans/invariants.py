"""What `verify` asks of the loans room: every stored figure worked out again, and the row named."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.classes.invariants import class_violations
from app.loans.closing.models import DayCloseRepeat
from app.loans.closing.rows import DIGEST_COLUMNS, digest_line, posting_digest
from app.loans.domain.classification import LoanClass
from app.loans.domain.debtor import LATER_CODES
from app.loans.domain.journal import Account
from app.loans.domain.states import CloseState, EntryKind, Kept, LoanState
from app.loans.inspection.invariants import inspection_violations
from app.loans.invariants_contracts import bank_names, contract_violations
from app.loans.invariants_decided import decided_violations
from app.loans.invariants_extensions import extension_violations
from app.loans.invariants_lines import line_violations
from app.loans.invariants_notes import note_violations
from app.loans.invariants_renewals import renewal_violations
from app.loans.ledger.invariants import ledger_violations
from app.loans.models import (
    BankDay,
    DayClose,
    DayCloseError,
    Loan,
    LoanClassification,
    LoanDue,
    LoanMonthEnd,
    LoanPosting,
    LoanStateRow,
    Repayment,
    RepaymentLine,
)
from app.loans.notices.invariants import notice_violations
from app.loans.rates.invariants import rate_violations
from app.loans.repayments.invariants import repayment_violations
from app.loans.repayments.models import DueChange

_CHUNK_LOANS: Final = 200
_ONE_DAY = timedelta(days=1)

GROWN: Final = (
    Account.INTEREST_RECEIVABLE,
    Account.PENALTY_RECEIVABLE,
    Account.COMPOUND_RECEIVABLE,
    Account.MEMO_INTEREST,
)
"""The accounts that hold interest grown and not paid."""

Balances = dict[UUID, dict[Account, int]]


def violations(session: Session) -> Iterator[Violation]:
    """Each broken invariant of loans, notes, bills, repayments, month ends, classes and closes."""
    balances = _balances(session)
    for loans in _loan_chunks(session):
        for loan, state in loans:
            yield from _figures(loan, state, balances.get(loan.id, {}))
        yield from note_violations(session, loans)
    yield from rate_violations(session)
    yield from notice_violations(session)
    yield from _without_figures(session)
    yield from _mirrored(session)
    yield from _repayments(session)
    yield from repayment_violations(session)
    yield from line_violations(session)
    yield from _month_ends(session)
    yield from _classes(session)
    yield from _closes(session)
    yield from _business_days(session)
    yield from _chunk_digests(session)
    yield from contract_violations(session)
    yield from renewal_violations(session)
    yield from extension_violations(session)
    yield from decided_violations(session)
    yield from class_violations(session)
    yield from inspection_violations(session)
    yield from ledger_violations(session)


def _loan_chunks(session: Session) -> Iterator[list[tuple[Loan, LoanStateRow]]]:
    last: UUID | None = None
    while True:
        statement = (
            sa.select(Loan, LoanStateRow)
            .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
            .where(col(Loan.kept) == Kept.SERVICED)
            .order_by(col(Loan.id))
            .limit(_CHUNK_LOANS)
        )
        if last is not None:
            statement = statement.where(col(Loan.id) > last)
        rows = [(loan, state) for loan, state in session.execute(statement)]
        if not rows:
            return
        yield rows
        last = rows[-1][0].id


def _balances(session: Session) -> Balances:
    """Debits less credits by loan and account."""
    sums: Balances = defaultdict(lambda: defaultdict(int))
    for side, sign in ((LoanPosting.debit, 1), (LoanPosting.credit, -1)):
        statement = sa.select(
            col(LoanPosting.loan_id), col(side), sa.func.sum(LoanPosting.amount_fen)
        ).group_by(col(LoanPosting.loan_id), col(side))
        for loan_id, account, total in session.execute(statement):
            sums[loan_id][account] += sign * int(total)
    return sums


def _figures(loan: Loan, state: LoanStateRow, balances: dict[Account, int]) -> Iterator[Violation]:
    grown = sum(balances.get(account, 0) for account in GROWN)
    for name, stored, found in (
        ("principal", state.principal_fen, balances.get(Account.PRINCIPAL, 0)),
        ("accrued", state.accrued_fen, grown),
        ("suspense", state.suspense_fen, -balances.get(Account.SUSPENSE, 0)),
        ("fees", state.fees_fen, balances.get(Account.FEE_RECEIVABLE, 0)),
    ):
        if stored != found:
            detail = f"{name} is {stored} fen, the journal says {found}"
            yield _violation("loan-figures", f"loan {loan.number}", detail)
    if state.off_balance and any(balances.get(account, 0) for account in GROWN[:3]):
        yield _violation(
            "loan-non-accrual", f"loan {loan.number}", "unpaid interest stands on the balance sheet"
        )
    if loan.state is LoanState.SETTLED and (state.principal_fen or state.accrued_fen):
        yield _violation("loan-state", f"loan {loan.number}", "settled, but something is owed")


def _without_figures(session: Session) -> Iterator[Violation]:
    """Every loan, mirrored or not, has its row of figures; lists show none without."""
    statement = (
        sa.select(col(Loan.number))
        .outerjoin(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .where(col(LoanStateRow.loan_id).is_(None))
    )
    for number in session.execute(statement).scalars():
        yield _violation("loan-figures", f"loan {number}", "has no row of figures")


def _mirrored(session: Session) -> Iterator[Violation]:
    """A mirrored loan shows its last month end and nothing else; published cards no class."""
    newest = (
        sa.select(col(LoanMonthEnd.loan_id), sa.func.max(LoanMonthEnd.month_end_on).label("on"))
        .group_by(col(LoanMonthEnd.loan_id))
        .subquery()
    )
    statement = (
        sa.select(Loan, LoanStateRow, LoanMonthEnd)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id))
        .outerjoin(newest, newest.c.loan_id == col(Loan.id))
        .outerjoin(
            LoanMonthEnd,
            sa.and_(
                col(LoanMonthEnd.loan_id) == col(Loan.id),
                col(LoanMonthEnd.month_end_on) == newest.c.on,
            ),
        )
        .where(col(Loan.kept) == Kept.MIRRORED)
    )
    for loan, state, last in session.execute(statement):
        expected = last.principal_fen if last else 0
        others = (
            state.accrued_fen,
            state.overdue_fen,
            state.overdue_days,
            state.suspense_fen,
            state.fees_fen,
            state.own_class is not None,
        )
        reported = last.loan_class if last else None
        if state.loan_class is not reported:
            detail = f"class is {state.loan_class}, its last month end {reported}"
            yield _violation("mirrored-loan", f"loan {loan.number}", detail)
        if loan.state is not LoanState.MIRRORED:
            yield _violation("mirrored-loan", f"loan {loan.number}", f"state is {loan.state}")
        if state.principal_fen != expected or any(others):
            detail = f"principal is {state.principal_fen} fen, its last month end {expected}"
            yield _violation("mirrored-loan", f"loan {loan.number}", detail)
        if loan.published and state.loan_class is not None:
            yield _violation("mirrored-loan", f"loan {loan.number}", "a published card has a class")


def _repayments(session: Session) -> Iterator[Violation]:
    """Parts equal the lines and the entry in the journal; a reversal mirrors what it names."""
    rows = session.execute(sa.select(Repayment).order_by(col(Repayment.id))).scalars().all()
    lines = _line_sums(session)
    entries = _entry_sums(session)
    by_id = {row.id: row for row in rows}
    for row in rows:
        sign = -1 if row.reverses_id else 1
        subject = f"repayment {row.number}"
        for claim, stored in _parts(row).items():
            found = sign * lines.get((row.id, claim), 0)
            if stored != found:
                detail = f"{claim} is {stored} fen, its lines say {found}"
                yield _violation("repayment-lines", subject, detail)
        booked = entries.get(row.entry_id, 0)
        expected = row.amount_fen - row.suspense_fen if row.used_suspense else row.amount_fen
        if booked != sign * expected:
            detail = f"{expected} fen received, its entry moves {booked}"
            yield _violation("repayment-entry", subject, detail)
        other = by_id.get(row.reverses_id) if row.reverses_id else None
        if other is not None and other.amount_fen != row.amount_fen:
            yield _violation("repayment-reversal", subject, f"differs from {other.number}")


def _parts(row: Repayment) -> dict[str, int]:
    return {
        "principal": row.principal_fen,
        "interest": row.interest_fen,
        "penalty": row.penalty_fen,
        "compound": row.compound_fen,
        "fee": row.fee_fen,
    }


def _line_sums(session: Session) -> dict[tuple[UUID, str], int]:
    statement = sa.select(
        col(RepaymentLine.repayment_id),
        col(RepaymentLine.claim),
        sa.func.sum(RepaymentLine.paid_fen),
    ).group_by(col(RepaymentLine.repayment_id), col(RepaymentLine.claim))
    return {
        (repayment_id, claim.value): int(total)
        for repayment_id, claim, total in session.execute(statement)
    }


def _entry_sums(session: Session) -> dict[UUID, int]:
    """What each repayment entry took out of cash or suspense into debts; memo lines aside."""
    sums: dict[UUID, int] = defaultdict(int)
    memo = (Account.MEMO_INTEREST, Account.MEMO_CONTRA)
    statement = sa.select(
        col(LoanPosting.entry_id), col(LoanPosting.kind), sa.func.sum(LoanPosting.amount_fen)
    ).where(
        col(LoanPosting.kind).in_((EntryKind.REPAYMENT, EntryKind.REVERSAL)),
        col(LoanPosting.debit).not_in(memo),
    )
    for entry_id, kind, total in session.execute(
        statement.group_by(col(LoanPosting.entry_id), col(LoanPosting.kind))
    ):
        sums[entry_id] += int(total) if kind is EntryKind.REPAYMENT else -int(total)
    return sums


def _month_ends(session: Session) -> Iterator[Violation]:
    """Principal at a month end equals what was booked up to it."""
    moves = _principal_moves(session)
    statement = (
        sa.select(LoanMonthEnd, col(Loan.number))
        .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
        .where(col(Loan.kept) == Kept.SERVICED)
    )
    for row, number in session.execute(statement):
        found = sum(
            fen for booked_on, fen in moves.get(row.loan_id, ()) if booked_on <= row.month_end_on
        )
        if found != row.principal_fen:
            subject = f"loan {number} at {row.month_end_on}"
            detail = f"principal is {row.principal_fen} fen, the journal says {found}"
            yield _violation("loan-month-end", subject, detail)


def _principal_moves(session: Session) -> dict[UUID, list[tuple[date, int]]]:
    moves: dict[UUID, list[tuple[date, int]]] = defaultdict(list)
    for side, sign in ((LoanPosting.debit, 1), (LoanPosting.credit, -1)):
        statement = sa.select(
            col(LoanPosting.loan_id), col(LoanPosting.booked_on), col(LoanPosting.amount_fen)
        ).where(col(side) == Account.PRINCIPAL)
        for loan_id, booked_on, fen in session.execute(statement):
            moves[loan_id].append((booked_on, sign * fen))
    return moves


def _classes(session: Session) -> Iterator[Violation]:
    """A loan's class is the one it took last, and the worst of the floors on file."""
    newest: dict[UUID, LoanClassification] = {}
    named = session.execute(sa.select(col(Loan.id), col(Loan.number)))
    numbers: dict[UUID, str] = {row[0]: row[1] for row in named}
    statement = sa.select(LoanClassification).order_by(col(LoanClassification.on))
    for row in session.execute(statement).scalars():
        newest[row.loan_id] = row
        floors = [LoanClass(reason["floor"]) for reason in row.reasons]
        worst = max(floors, key=lambda each: each.severity, default=None)
        if worst is not row.loan_class:
            subject = f"classification of loan {numbers[row.loan_id]} on {row.on}"
            detail = f"class is {row.loan_class}, its reasons say {worst}"
            yield _violation("loan-class", subject, detail)
        own = max(_own_floors(row), key=lambda each: each.severity, default=None)
        if own is not row.own_class:
            subject = f"classification of loan {numbers[row.loan_id]} on {row.on}"
            detail = f"class by its own facts is {row.own_class}, its reasons say {own}"
            yield _violation("loan-class", subject, detail)
    loans = sa.select(Loan, LoanStateRow).join(
        LoanStateRow, col(LoanStateRow.loan_id) == col(Loan.id)
    )
    for loan, state in session.execute(loans.where(col(Loan.kept) == Kept.SERVICED)):
        taken = newest.get(loan.id)
        expected = taken.loan_class if taken else LoanClass.NORMAL
        if loan.state is LoanState.WRITTEN_OFF:
            expected = LoanClass.LOSS
        if state.loan_class is not expected:
            detail = f"class is {state.loan_class}, the last one taken is {expected}"
            yield _violation("loan-class", f"loan {loan.number}", detail)


def _own_floors(row: LoanClassification) -> list[LoanClass]:
    """The floors that the loan's own facts gave, without judgement and what other claims did."""
    return [
        LoanClass(reason["floor"]) for reason in row.reasons if reason["code"] not in LATER_CODES
    ]


def _closes(session: Session) -> Iterator[Violation]:
    """Counters of a close equal its bookings and its list of errors."""
    earned, repeated = _earned_by_close(session), _earned_by_repeats(session)
    listed = sa.select(col(DayCloseError.close_id), sa.func.count())
    counted = session.execute(listed.group_by(col(DayCloseError.close_id)))
    failures: dict[UUID, int] = {row[0]: row[1] for row in counted}
    banks = bank_names(session)
    closes = session.execute(sa.select(DayClose).order_by(col(DayClose.on))).scalars().all()
    for close in closes:
        subject = f"day close {close.on} of {banks.get(close.bank_id)}"
        key = (close.bank_id, close.on)
        found = earned.get(key, 0) - repeated.get(key, 0)
        if close.accrued_fen != found:
            detail = f"accrued is {close.accrued_fen} fen, the journal says {found}"
            yield _violation("day-close-accrued", subject, detail)
        if close.failed != failures.get(close.id, 0):
            detail = f"{close.failed} loans failed, {failures.get(close.id, 0)} are listed"
            yield _violation("day-close-failed", subject, detail)
        if close.state is CloseState.FINISHED and close.done + close.failed != close.total:
            detail = f"{close.done} done and {close.failed} failed of {close.total}"
            yield _violation("day-close-total", subject, detail)
    for bank_id, on in repeated.keys() - {(close.bank_id, close.on) for close in closes}:
        # The day of the repeat is not closed yet: all that was earned on it is the repeat's.
        if earned.get((bank_id, on), 0) != repeated[bank_id, on]:
            subject = f"repeats on {on} of {banks.get(bank_id)}"
            detail = (
                f"accrued is {repeated[bank_id, on]} fen,"
                f" the journal says {earned.get((bank_id, on), 0)}"
            )
            yield _violation("day-close-accrued", subject, detail)
    yield from _billed(session, closes, banks)


def _earned_by_close(session: Session) -> dict[tuple[UUID, date], int]:
    grown = sa.case(
        (col(LoanPosting.debit).in_(GROWN), col(LoanPosting.amount_fen)),
        else_=-col(LoanPosting.amount_fen),
    )
    statement = (
        sa.select(col(LoanPosting.bank_id), col(LoanPosting.booked_on), sa.func.sum(grown))
        .where(col(LoanPosting.kind) == EntryKind.ACCRUAL)
        .group_by(col(LoanPosting.bank_id), col(LoanPosting.booked_on))
    )
    return {(bank_id, on): int(total) for bank_id, on, total in session.execute(statement)}


def _earned_by_repeats(session: Session) -> dict[tuple[UUID, date], int]:
    """What was earned by loans that a close left behind, by the day on which it was booked."""
    statement = sa.select(
        col(DayCloseRepeat.bank_id),
        col(DayCloseRepeat.booked_on),
        sa.func.sum(DayCloseRepeat.accrued_fen),
    ).group_by(col(DayCloseRepeat.bank_id), col(DayCloseRepeat.booked_on))
    return {(bank_id, on): int(total) for bank_id, on, total in session.execute(statement)}


def _billed(
    session: Session, closes: Sequence[DayClose], banks: Mapping[UUID, str]
) -> Iterator[Violation]:
    """What all closes of a bank billed equals its bills since the first."""
    for bank_id in sorted({close.bank_id for close in closes}):
        own = [close for close in closes if close.bank_id == bank_id]
        stored = sum(close.billed_fen for close in own) + _billed_by_repeats(session, bank_id)
        statement = (
            sa.select(sa.func.sum(LoanDue.principal_fen + LoanDue.interest_fen))
            .join(Loan, col(Loan.id) == col(LoanDue.loan_id))
            .where(col(Loan.bank_id) == bank_id, col(LoanDue.due_on) > own[0].on)
        )
        found = int(session.execute(statement).scalar_one() or 0)
        found -= _changed_since_billed(session, bank_id, own[0].on)
        if stored != found:
            detail = f"its closes billed {stored} fen, its bills since then sum to {found}"
            yield _violation("day-close-billed", str(banks.get(bank_id)), detail)


def _billed_by_repeats(session: Session, bank_id: UUID) -> int:
    statement = sa.select(sa.func.sum(DayCloseRepeat.billed_fen)).where(
        col(DayCloseRepeat.bank_id) == bank_id
    )
    return int(session.execute(statement).scalar_one() or 0)


def _changed_since_billed(session: Session, bank_id: UUID, after_on: date) -> int:
    """By how much changes of earlier days raised the bills that closes made."""
    first: dict[UUID, tuple[int, int]] = {}
    statement = (
        sa.select(DueChange, LoanDue)
        .join(LoanDue, col(LoanDue.id) == col(DueChange.due_id))
        .join(Loan, col(Loan.id) == col(LoanDue.loan_id))
        .where(col(Loan.bank_id) == bank_id, col(LoanDue.due_on) > after_on)
        .order_by(col(DueChange.id))
    )
    for change, due in session.execute(statement):
        said_fen = change.principal_fen + change.interest_fen
        first.setdefault(due.id, (said_fen, due.principal_fen + due.interest_fen))
    return sum(now_fen - said_fen for said_fen, now_fen in first.values())


def _business_days(session: Session) -> Iterator[Violation]:
    """The open day follows the last day closed, and no day was skipped."""
    banks = bank_names(session)
    for held in session.execute(sa.select(BankDay)).scalars():
        statement = (
            sa.select(col(DayClose.on))
            .where(
                col(DayClose.bank_id) == held.bank_id, col(DayClose.state) == CloseState.FINISHED
            )
            .order_by(col(DayClose.on))
        )
        days = session.execute(statement).scalars().all()
        if not days:
            continue
        expected = days[0] + timedelta(days=len(days))
        if days[-1] + _ONE_DAY != expected or held.open_on != expected:
            detail = f"open on {held.open_on}; {len(days)} days closed from {days[0]}"
            yield _violation("business-day", str(banks.get(held.bank_id)), detail)


def _chunk_digests(session: Session) -> Iterator[Violation]:
    """The postings of each chunk are those that the audit journal saw."""
    banks = bank_names(session)
    numbers = sa.select(col(Loan.number))
    statement = sa.select(AuditEvent).where(
        col(AuditEvent.action).in_(("day-close.chunk", "day-close.repeat"))
    )
    for event in session.execute(statement).scalars():
        found = posting_digest(digest_line(row) for row in _chunk_postings(session, event))
        if found != event.facts.get("sha256"):
            first = str(event.facts.get("first") or "")
            number = session.execute(
                numbers.where(col(Loan.id) == (UUID(first) if first else None))
            ).scalar_one_or_none()
            subject = f"day close {event.facts.get('day')} of {banks.get(event.organisation_id)}"
            detail = f"the postings from loan {number or '(repeated)'} on were changed"
            yield _violation("day-close-digest", subject, detail)


def _chunk_postings(session: Session, event: AuditEvent) -> Sequence[sa.Row[Any]]:
    facts = event.facts
    columns = (getattr(LoanPosting, name) for name in DIGEST_COLUMNS)
    statement = sa.select(*columns).where(
        col(LoanPosting.bank_id) == event.organisation_id,
        col(LoanPosting.booked_on) == date.fromisoformat(str(facts["day"])),
        col(LoanPosting.kind) == EntryKind.ACCRUAL,
        _of_event(facts),
    )
    return session.execute(statement).all()


def _of_event(facts: Mapping[str, Any]) -> sa.ColumnElement[bool]:
    """By the ids of the postings; an event of earlier versions names the first and the last loan."""
    if "first_posting" not in facts:
        first, last = UUID(str(facts["first"])), UUID(str(facts["last"]))
        return col(LoanPosting.loan_id).between(first, last)
    if not facts["first_posting"]:
        return sa.false()
    first, last = UUID(str(facts["first_posting"])), UUID(str(facts["last_posting"]))
    return col(LoanPosting.id).between(first, last)


def _violation(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
