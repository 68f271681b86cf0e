"""Write-offs: proposed by asset preservation, decided by an approver, then carried out in the books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.domain.states import OPEN_CALL_STATES
from app.collateral.models import Guarantee, MarginCall, Pledge
from app.collateral.queries import ACTIVE, load_loan, loans_by_id
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.loans.books import LoanLedger, open_books, owed_by_claim, require_current
from app.loans.domain.classification import LoanClass
from app.loans.domain.provision import provision_fen, provision_rates
from app.loans.domain.states import OPEN_STATES, EntryKind
from app.loans.models import Loan, LoanPosting, Repayment
from app.loans.services import WriteOff, write_off
from app.loans.titles import loan_title
from app.origination.domain.changes import ChangeEvent, ChangeState
from app.origination.domain.write_off import (
    WRITE_OFF,
    Owed,
    WriteOffFacts,
    WriteOffGround,
    decide_write_off,
    ground_rule,
)
from app.origination.queries import organisations_by_id, person_names, waiting_change
from app.origination.refusals import ChangeWaiting, WriteOffRefused, require_met
from app.origination.services.proposals import (
    CarryOut,
    CheckLine,
    DecideChange,
    Proposals,
    check_lines,
    require_authority,
    stored_checks,
)
from app.origination.write_off_models import KEPT, LoanWriteOff
from app.reference.services import policy_for

SERIES: Final = "WO"
"""Of the numbers of write-offs."""

WRITE_OFFS: Final = Proposals(LoanWriteOff, WRITE_OFF, KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeWriteOff:
    """The ground of a write-off, with what shows that recovery is exhausted."""

    ground: WriteOffGround
    reason: str
    evidence: str
    security_note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffView:
    """A write-off of a loan; for the bank."""

    id: UUID
    number: str
    state: ChangeState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_name: Name
    borrower: Name
    ground: WriteOffGround
    reason: str
    evidence: str
    security_note: str
    proposed_on: date
    principal_fen: int
    interest_fen: int
    fees_fen: int
    checks: tuple[CheckLine, ...]
    note: str
    proposed_by: Name | None
    decided_by: Name | None
    decided_on: date | None
    carried_out_by: Name | None
    carried_out_on: date | None
    withdrawn_note: str
    withdrawn_by: Name | None
    withdrawn_on: date | None


def propose_write_off(
    session: Session, actor: Actor, loan_id: UUID, command: ProposeWriteOff
) -> WriteOffView:
    """Propose to write a loan off for what it owes today; each condition that is not met is named."""
    actor.require(Permission.WRITE_OFF_LOAN)
    ledger, day = open_books(session, actor, loan_id)
    require_current(ledger, day)
    waiting = waiting_change(session, loan_id)
    if waiting is not None:
        raise ChangeWaiting(number=waiting)
    owed = _owed(session, ledger)
    row = LoanWriteOff(
        number=next_number(session, SERIES, day.year),
        loan_id=loan_id,
        bank_id=ledger.loan.bank_id,
        state=WRITE_OFF.initial,
        ground=command.ground,
        reason=command.reason,
        evidence=command.evidence,
        security_note=command.security_note,
        proposed_on=day,
        principal_fen=owed.principal_fen,
        interest_fen=owed.interest_fen,
        fees_fen=owed.fees_fen,
        repayments=owed.repayments,
        checks=[],
        proposed_by_id=actor.person_id,
        created_at=now(session),
    )
    _require_checks(session, ledger, row, day)
    session.add(row)
    session.flush()
    WRITE_OFFS.record(session, actor, row, "propose", loan=ledger.loan.number)
    return write_off_view(session, actor, row.id)


def approve_write_off(
    session: Session, actor: Actor, write_off_id: UUID, command: DecideChange
) -> WriteOffView:
    """Approve within the own authority what was proposed; all conditions are tested anew."""
    row = WRITE_OFFS.begin(session, actor, write_off_id, ChangeEvent.APPROVE)
    ledger, day = open_books(session, actor, row.loan_id)
    require_current(ledger, day)
    require_authority(session, ledger.loan, actor.person_id, day)
    _require_checks(session, ledger, row, day)
    WRITE_OFFS.decide(session, actor, row, ChangeEvent.APPROVE, command, day)
    return write_off_view(session, actor, row.id)


def refuse_write_off(
    session: Session, actor: Actor, write_off_id: UUID, command: DecideChange
) -> WriteOffView:
    """Refuse with the reasons; the loan stays on the books."""
    WRITE_OFFS.refuse(session, actor, write_off_id, command)
    return write_off_view(session, actor, write_off_id)


def withdraw_write_off(
    session: Session, actor: Actor, write_off_id: UUID, command: DecideChange
) -> WriteOffView:
    """Take a proposal or an approved write-off back; the loan stays on the books."""
    WRITE_OFFS.withdraw(session, actor, write_off_id, command)
    return write_off_view(session, actor, write_off_id)


def carry_out_write_off(
    session: Session,
    actor: Actor,
    write_off_id: UUID,
    command: CarryOut,  # noqa: ARG001 - the shape of all events
) -> WriteOffView:
    """Book the write-off on the business day while every condition still holds; not by who approved it."""
    row = WRITE_OFFS.begin(session, actor, write_off_id, ChangeEvent.CARRY_OUT)
    ledger, day = open_books(session, actor, row.loan_id)
    require_current(ledger, day)
    require_authority(session, ledger.loan, row.decided_by_id or actor.person_id, day)
    _require_checks(session, ledger, row, day)
    write_off(session, actor, WriteOff(loan_id=row.loan_id, reason=row.number))
    WRITE_OFFS.carried_out(session, actor, row, day)
    return write_off_view(session, actor, row.id)


def _require_checks(session: Session, ledger: LoanLedger, row: LoanWriteOff, day: date) -> None:
    checks = decide_write_off(_facts(session, ledger, row, day))
    row.checks = stored_checks(checks)
    require_met(checks, WriteOffRefused)


def _facts(session: Session, ledger: LoanLedger, row: LoanWriteOff, day: date) -> WriteOffFacts:
    loan, state = ledger.loan, ledger.state
    policy = policy_for(session, loan.bank_id, day)
    loan_class = state.loan_class or LoanClass.NORMAL
    return WriteOffFacts(
        open=loan.state in OPEN_STATES,
        loan_class=loan_class,
        overdue_days=state.overdue_days,
        provision_fen=provision_fen(state.principal_fen, provision_rates(policy)[loan_class]),
        suspense_fen=state.suspense_fen,
        pledges=_count(
            session, Pledge, col(Pledge.loan_id) == loan.id, col(Pledge.state).in_(ACTIVE)
        ),
        guarantees=_count(
            session,
            Guarantee,
            col(Guarantee.loan_id) == loan.id,
            col(Guarantee.released_on).is_(None),
        ),
        open_cases=_count(
            session,
            MarginCall,
            col(MarginCall.loan_id) == loan.id,
            col(MarginCall.state).in_(OPEN_CALL_STATES),
        ),
        security_note=row.security_note,
        evidence=row.evidence,
        rule=ground_rule(policy, row.ground),
        proposed=Owed(
            principal_fen=row.principal_fen,
            interest_fen=row.interest_fen,
            fees_fen=row.fees_fen,
            repayments=row.repayments,
        ),
        owed=_owed(session, ledger),
    )


def _owed(session: Session, ledger: LoanLedger) -> Owed:
    return Owed(
        principal_fen=ledger.state.principal_fen,
        interest_fen=sum(owed_by_claim(ledger).values()),
        fees_fen=ledger.state.fees_fen,
        repayments=_count(session, Repayment, col(Repayment.loan_id) == ledger.loan.id),
    )


def _count(session: Session, model: Any, *conditions: sa.ColumnElement[bool]) -> int:
    statement = sa.select(sa.func.count()).select_from(model).where(*conditions)
    return int(session.execute(statement).scalar_one())


# --- Reading ---


def visible_write_offs(session: Session, actor: Actor) -> sa.Select[LoanWriteOff]:
    """The write-offs of the loans of the actor's bank."""
    return WRITE_OFFS.visible(session, actor)


def write_off_view(session: Session, actor: Actor, write_off_id: UUID) -> WriteOffView:
    """One write-off in sight."""
    return write_off_views(session, actor, [WRITE_OFFS.get(session, actor, write_off_id)])[0]


def write_offs_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[WriteOffView]:
    """The write-offs of a loan in sight, the newest first."""
    return write_off_views(session, actor, WRITE_OFFS.of_loan(session, actor, loan_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedWriteOff:
    """A write-off that came with the history of a loan: its bank decided it before its books were opened here."""

    on: date
    words: str


def find_loaded_write_off(session: Session, actor: Actor, loan_id: UUID) -> LoadedWriteOff | None:
    """The write-off of a loan in sight that nobody decided here; None of all others."""
    load_loan(session, actor, loan_id)
    decided = sa.select(col(LoanWriteOff.number)).where(
        col(LoanWriteOff.loan_id) == loan_id,
        col(LoanWriteOff.state) == ChangeState.CARRIED_OUT,
    )
    statement = (
        sa.select(col(LoanPosting.booked_on), col(LoanPosting.text))
        .where(
            col(LoanPosting.loan_id) == loan_id,
            col(LoanPosting.kind) == EntryKind.WRITE_OFF,
            col(LoanPosting.text).not_in(decided),
        )
        .limit(1)
    )
    found = session.execute(statement).first()
    return LoadedWriteOff(on=found[0], words=found[1]) if found else None


def write_off_views(
    session: Session, actor: Actor, rows: Sequence[LoanWriteOff]
) -> list[WriteOffView]:
    """Views of write-offs: three queries whatever their number."""
    loans = loans_by_id(session, [row.loan_id for row in rows])
    firms = organisations_by_id(
        session, [each.borrower_id for each in loans.values() if each.borrower_id]
    )
    ids = (getattr(row, f"{step}_id") for row in rows for step in _STEPS)
    people = person_names(session, {each for each in ids if each is not None})
    return [_view(actor, row, loans[row.loan_id], firms, people) for row in rows]


_STEPS: Final = ("proposed_by", "decided_by", "carried_out_by", "withdrawn_by")


def _view(
    actor: Actor,
    row: LoanWriteOff,
    loan: Loan,
    firms: Mapping[UUID, Any],
    people: Mapping[UUID, Name],
) -> WriteOffView:
    firm = firms.get(loan.borrower_id) if loan.borrower_id else None
    steps: dict[str, Any] = {step: people.get(getattr(row, f"{step}_id")) for step in _STEPS}
    return WriteOffView(
        events=WRITE_OFFS.events(actor, row),
        loan_number=loan.number,
        loan_name=loan_title(loan.title),
        borrower=Name(zh=firm.name_zh, en=firm.name_en) if firm else Name(zh="", en=""),
        checks=check_lines(row.checks),
        **steps,
        **{name: getattr(row, name) for name in _COPIED},
    )


_DERIVED: Final = {"events", "loan_number", "loan_name", "borrower", "checks", *_STEPS}
_COPIED: Final = tuple(name for name in WriteOffView.__dataclass_fields__ if name not in _DERIVED)
