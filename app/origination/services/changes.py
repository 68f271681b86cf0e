"""Changes of a loan: proposed by an officer, decided by an approver, then carried out in its books."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.queries import load_loan, loans_by_id
from app.collateral.services.carrying import hold_security
from app.collateral.services.pledging import hold_debt
from app.collateral.services.watch import watch_loan
from app.db.engine import now
from app.db.numbers import next_number
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import Coded
from app.loans.books import hold_business_day, open_books, require_current
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import plan_from_json, plan_to_json
from app.loans.domain.states import OPEN_STATES, STATE_TITLES, Kept
from app.loans.models import Loan, LoanStateRow
from app.loans.refusals import LoanNotServiced
from app.loans.restructuring import (
    Restructure,
    extend_in_difficulty,
    require_plan,
    restructure_loan,
)
from app.loans.services import ExtendLoan, extend_loan
from app.loans.titles import loan_title
from app.origination.change_models import KEPT, LoanChange
from app.origination.domain.changes import (
    LOAN_CHANGE,
    ChangeEvent,
    ChangeKind,
    ChangeState,
)
from app.origination.domain.extension import decide_change, longest_of_change
from app.origination.queries import organisations_by_id, person_names, waiting_change
from app.origination.refusals import (
    ChangeNotPossible,
    ChangeRefused,
    ChangeWaiting,
    require_met,
)
from app.origination.services.change_facts import (
    Asked,
    change_facts,
    new_rate,
)
from app.origination.services.proposals import (
    CarryOut,
    CheckLine,
    DecideChange,
    Proposals,
    check_lines,
    require_authority,
    stored_checks,
)
from app.origination.services.renewing import (
    Renewing,
    carry_out_renewal,
    require_renewed_terms,
)
from app.reference.services import policy_for

SERIES: Final = "T"
"""Of the numbers of changes: terms of a loan."""

CHANGES: Final = Proposals(LoanChange, LOAN_CHANGE, KEPT)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposeChange:
    """A later maturity, eased terms, or a renewal, with what shows that the conditions are met.

    A debtor in financial difficulty makes an extension a restructuring for the class of the loan.
    """

    kind: ChangeKind
    reason: str
    financial_difficulty: bool = False
    matures_on: date | None = None
    consent: str = ""
    registered_until: date | None = None
    plan: tuple[DatedAmount, ...] = ()
    rate_ppm: int | None = None
    lpr_bp: int | None = None
    small_borrower: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanChangeView:
    """A change of a loan's terms; for the bank."""

    id: UUID
    number: str
    state: ChangeState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_name: Name
    balance_fen: int
    borrower: Name
    kind: ChangeKind
    signed_until_on: date
    before_on: date
    matures_on: date
    longest_on: date
    applied_on: date
    plan: tuple[DatedAmount, ...]
    financial_difficulty: bool
    reason: str
    consent: str
    registered_until: date | None
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
    rate_ppm: int | None
    lpr_bp: int | None
    small_borrower: bool
    new_loan_id: UUID | None
    new_loan_number: str


def propose_change(
    session: Session, actor: Actor, loan_id: UUID, command: ProposeChange
) -> LoanChangeView:
    """Propose a change of terms or a renewal; what a rule forbids is refused with the limit that it sets."""
    actor.require(Permission.INVESTIGATE)
    loan = require_changeable(session, actor, loan_id)
    ledger, day = open_books(session, actor, loan_id)
    require_current(ledger, day)
    waiting = waiting_change(session, loan_id)
    if waiting is not None:
        raise ChangeWaiting(number=waiting)
    before_on = loan.matures_on or day
    signed_until_on = loan.extended_from_on or before_on
    row = LoanChange(
        number=next_number(session, SERIES, day.year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        kind=command.kind,
        state=LOAN_CHANGE.initial,
        signed_until_on=signed_until_on,
        before_on=before_on,
        matures_on=command.matures_on or before_on,
        longest_on=longest_of_change(
            command.kind,
            starts_on=loan.starts_on or day,
            signed_until_on=signed_until_on,
            applied_on=day,
            policy=policy_for(session, loan.bank_id, day),
        ),
        applied_on=day,
        plan=plan_to_json(command.plan) if command.plan else None,
        financial_difficulty=command.financial_difficulty,
        reason=command.reason,
        consent=command.consent,
        registered_until=command.registered_until,
        rate_ppm=command.rate_ppm,
        lpr_bp=command.lpr_bp,
        small_borrower=command.small_borrower,
        checks=[],
        proposed_by_id=actor.person_id,
        created_at=now(session),
    )
    _require_checks(session, Asked(loan=loan, row=row, day=day))
    if command.plan and command.kind is ChangeKind.RESTRUCTURING:
        require_plan(ledger, command.plan, day, until_on=row.matures_on)
    if command.kind is ChangeKind.RENEWAL:
        require_renewed_terms(session, loan, row, day)
    session.add(row)
    session.flush()
    CHANGES.record(session, actor, row, "propose", loan=loan.number, reason=row.reason)
    return change_view(session, actor, row.id)


def approve_change(
    session: Session, actor: Actor, change_id: UUID, command: DecideChange
) -> LoanChangeView:
    """Approve within the own authority; all conditions are tested anew."""
    row = CHANGES.begin(session, actor, change_id, ChangeEvent.APPROVE)
    ledger, day = open_books(session, actor, row.loan_id)
    require_current(ledger, day)
    require_authority(session, ledger.loan, actor.person_id, day)
    _require_checks(session, Asked(loan=ledger.loan, row=row, day=day))
    CHANGES.decide(session, actor, row, ChangeEvent.APPROVE, command, day)
    return change_view(session, actor, row.id)


def refuse_change(
    session: Session, actor: Actor, change_id: UUID, command: DecideChange
) -> LoanChangeView:
    """Refuse with the reasons; the loan stays as it is."""
    CHANGES.refuse(session, actor, change_id, command)
    return change_view(session, actor, change_id)


def withdraw_change(
    session: Session, actor: Actor, change_id: UUID, command: DecideChange
) -> LoanChangeView:
    """Take a proposal or an approved change back; the loan stays as it is."""
    CHANGES.withdraw(session, actor, change_id, command)
    return change_view(session, actor, change_id)


def carry_out_change(
    session: Session,
    actor: Actor,
    change_id: UUID,
    command: CarryOut,  # noqa: ARG001 - the shape of all events
) -> LoanChangeView:
    """Book the change on the business day while every condition still holds; not by who approved it.

    Security, day and debt are held in the order of all bookings before the conditions are tested.
    """
    row = CHANGES.begin(session, actor, change_id, ChangeEvent.CARRY_OUT)
    loan = load_loan(session, actor, row.loan_id)
    renews = row.kind is ChangeKind.RENEWAL
    held = hold_security(session, actor, loan.id) if renews else None
    day = hold_business_day(session, loan.bank_id)
    hold_debt(session, loan.id)
    session.refresh(loan)
    asked = Asked(loan=loan, row=row, day=day, carrying_out=True)
    require_authority(session, loan, row.decided_by_id or actor.person_id, day)
    _require_checks(session, asked)
    if held is not None:
        renewing = Renewing(loan=loan, row=row, held=held, day=day)
        row.new_loan_id = carry_out_renewal(session, actor, renewing)
    else:
        _book(session, actor, asked)
    made = {"new_loan_id": row.new_loan_id} if renews else {}
    CHANGES.carried_out(session, actor, row, day, **made)
    watch_loan(session, actor, loan.id)
    return change_view(session, actor, row.id)


def _book(session: Session, actor: Actor, asked: Asked) -> None:
    row, rate = asked.row, new_rate(session, asked)
    eased = Restructure(
        loan_id=row.loan_id,
        matures_on=row.matures_on,
        reason=row.reason,
        change_number=row.number,
        plan=plan_from_json(row.plan),
        rate=rate,
    )
    if row.kind is ChangeKind.RESTRUCTURING:
        restructure_loan(session, actor, eased)
    elif row.financial_difficulty:
        extend_in_difficulty(session, actor, eased)
    else:
        later = ExtendLoan(
            loan_id=row.loan_id, matures_on=row.matures_on, reason=row.number, rate=rate
        )
        extend_loan(session, actor, later)


def _require_checks(session: Session, asked: Asked) -> None:
    row, checks = asked.row, decide_change(change_facts(session, asked))
    row.checks = stored_checks(checks)
    require_met(checks, ChangeRefused)


def require_changeable(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    """A loan in sight whose terms may be changed: kept here, drawn and open."""
    loan = load_loan(session, actor, loan_id)
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    if loan.state not in OPEN_STATES:
        raise ChangeNotPossible(
            number=loan.number, state=Coded(loan.state, STATE_TITLES[loan.state])
        )
    return loan


# --- Reading ---


def visible_changes(session: Session, actor: Actor) -> sa.Select[LoanChange]:
    """The changes of the loans of the actor's bank."""
    return CHANGES.visible(session, actor)


def change_view(session: Session, actor: Actor, change_id: UUID) -> LoanChangeView:
    """One change in sight."""
    return change_views(session, actor, [CHANGES.get(session, actor, change_id)])[0]


def changes_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[LoanChangeView]:
    """The changes of a loan in sight, the newest first."""
    return change_views(session, actor, CHANGES.of_loan(session, actor, loan_id))


def change_views(
    session: Session, actor: Actor, rows: Sequence[LoanChange]
) -> list[LoanChangeView]:
    """Views of changes: four queries whatever their number."""
    new_ids = [row.new_loan_id for row in rows if row.new_loan_id is not None]
    loans = loans_by_id(session, [*(row.loan_id for row in rows), *new_ids])
    owed = sa.select(col(LoanStateRow.loan_id), col(LoanStateRow.principal_fen)).where(
        col(LoanStateRow.loan_id).in_(loans)
    )
    balances: dict[UUID, int] = {row[0]: row[1] for row in session.execute(owed)}
    firms = organisations_by_id(
        session, [each.borrower_id for each in loans.values() if each.borrower_id]
    )
    ids = (each for row in rows for each in _people_of(row))
    people = person_names(session, {each for each in ids if each is not None})
    return [_view(actor, row, loans, balances[row.loan_id], firms, people) for row in rows]


def _people_of(row: LoanChange) -> tuple[UUID | None, ...]:
    return row.proposed_by_id, row.decided_by_id, row.carried_out_by_id, row.withdrawn_by_id


def _view(
    actor: Actor,
    row: LoanChange,
    loans: Mapping[UUID, Loan],
    owed_fen: int,
    firms: Mapping[UUID, Any],
    people: Mapping[UUID, Name],
) -> LoanChangeView:
    loan = loans[row.loan_id]
    firm = firms.get(loan.borrower_id) if loan.borrower_id else None
    new = loans.get(row.new_loan_id) if row.new_loan_id else None
    return LoanChangeView(
        events=CHANGES.events(actor, row),
        loan_number=loan.number,
        new_loan_number=new.number if new else "",
        loan_name=loan_title(loan.title),
        balance_fen=owed_fen,
        borrower=Name(zh=firm.name_zh, en=firm.name_en) if firm else Name(zh="", en=""),
        plan=plan_from_json(row.plan),
        checks=check_lines(row.checks),
        proposed_by=people.get(row.proposed_by_id),
        decided_by=people.get(row.decided_by_id) if row.decided_by_id else None,
        carried_out_by=people.get(row.carried_out_by_id) if row.carried_out_by_id else None,
        withdrawn_by=people.get(row.withdrawn_by_id) if row.withdrawn_by_id else None,
        **{name: getattr(row, name) for name in _COPIED},
    )


_DERIVED = {
    "events",
    "loan_number",
    "new_loan_number",
    "loan_name",
    "balance_fen",
    "borrower",
    "plan",
    "checks",
    "proposed_by",
    "decided_by",
    "carried_out_by",
    "withdrawn_by",
}
_COPIED = tuple(name for name in LoanChangeView.__dataclass_fields__ if name not in _DERIVED)

__all__ = [
    "CHANGES",
    "CarryOut",
    "DecideChange",
    "LoanChangeView",
    "ProposeChange",
    "approve_change",
    "carry_out_change",
    "change_view",
    "change_views",
    "changes_of_loan",
    "propose_change",
    "refuse_change",
    "require_changeable",
    "visible_changes",
    "withdraw_change",
]
