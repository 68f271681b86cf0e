"""Who looks after a loan: named at the contract, and anew by a person of the bank. The history stays."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.db.engine import now, today
from app.identity.domain import roles
from app.identity.models import Membership, Person
from app.kernel.actor import SYSTEM_PERSON_ID, Actor, Name
from app.kernel.errors import InvalidInput, NotFound
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import lending_day
from app.loans.domain.inspection import InspectionState
from app.loans.domain.states import Kept
from app.loans.inspection.models import Inspection, LoanOfficer
from app.loans.models import Loan
from app.loans.queries import visible_loans
from app.loans.refusals import LoanNotServiced

MAX_COLLEAGUES: Final = 200
"""People that a form offers to choose from: the desks of one bank in a city."""

MAX_OFFICERS: Final = 200
"""Officers that one loan had: more than its months."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NameOfficer:
    """Who looks after a loan from now on, and why."""

    person_id: UUID
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficerView:
    """Who looked after a loan from a day on."""

    person_id: UUID
    name: Name
    from_on: date
    reason: str
    created_at: datetime


def first_officer(session: Session, actor: Actor, loan_id: UUID, person_id: UUID) -> None:
    """Whoever led the file looks after the loan; part of signing its contract."""
    actor.require(Permission.SIGN_CONTRACT)
    loan = session.get_one(Loan, loan_id)
    _add(session, actor, loan, person_id, "")


def name_officer(
    session: Session, actor: Actor, loan_id: UUID, command: NameOfficer
) -> tuple[OfficerView, ...]:
    """Give a loan to another officer of the bank; checks that are only planned go with it."""
    actor.require(Permission.NAME_LOAN_OFFICER)
    loan = _loan(session, actor, loan_id)
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    allowed = {key for key, _name in colleagues(session, loan.bank_id, Permission.INSPECT_LOANS)}
    if command.person_id not in allowed:
        raise InvalidInput.at(
            "/person_id", N_("Choose a colleague whose role includes post-loan checks.")
        )
    _add(session, actor, loan, command.person_id, command.reason)
    session.execute(
        sa.update(Inspection)
        .where(col(Inspection.loan_id) == loan_id, col(Inspection.state) == InspectionState.PLANNED)
        .values(officer_id=command.person_id, version=col(Inspection.version) + 1)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    return list_officers(session, actor, loan_id)


def _add(session: Session, actor: Actor, loan: Loan, person_id: UUID, reason: str) -> None:
    last = sa.select(sa.func.max(LoanOfficer.seq)).where(col(LoanOfficer.loan_id) == loan.id)
    row = LoanOfficer(
        loan_id=loan.id,
        seq=(session.execute(last).scalar_one() or 0) + 1,
        person_id=person_id,
        from_on=lending_day(session, loan.bank_id),
        reason=reason,
        named_by=actor.person_id,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "loan.officer",
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        number=loan.number,
        person_id=person_id,
        seq=row.seq,
        reason=reason,
    )


def _loan(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    statement = visible_loans(session, actor).where(col(Loan.id) == loan_id)
    loan: Loan | None = session.execute(statement).scalar_one_or_none()
    if loan is None:
        raise NotFound
    return loan


def list_officers(session: Session, actor: Actor, loan_id: UUID) -> tuple[OfficerView, ...]:
    """Who looked after a visible loan, the latest first."""
    loan = _loan(session, actor, loan_id)
    if actor.organisation_id != loan.bank_id and actor.sees("*") != "all":
        raise NotFound
    statement = (
        sa.select(LoanOfficer, Person)
        .join(Person, col(Person.id) == col(LoanOfficer.person_id))
        .where(col(LoanOfficer.loan_id) == loan_id)
        .order_by(col(LoanOfficer.seq).desc())
        .limit(MAX_OFFICERS)
    )
    return tuple(
        OfficerView(
            person_id=row.person_id,
            name=Name(zh=person.name_zh, en=person.name_en),
            from_on=row.from_on,
            reason=row.reason,
            created_at=row.created_at,
        )
        for row, person in session.execute(statement)
    )


def officers_now(session: Session, loan_ids: Collection[UUID]) -> Mapping[UUID, UUID]:
    """Who looks after each of some loans."""
    latest = (
        sa.select(col(LoanOfficer.loan_id), sa.func.max(LoanOfficer.seq).label("seq"))
        .where(col(LoanOfficer.loan_id).in_(loan_ids))
        .group_by(col(LoanOfficer.loan_id))
        .subquery()
    )
    statement = sa.select(col(LoanOfficer.loan_id), col(LoanOfficer.person_id)).join(
        latest,
        sa.and_(latest.c.loan_id == col(LoanOfficer.loan_id), latest.c.seq == col(LoanOfficer.seq)),
    )
    return {row.loan_id: row.person_id for row in session.execute(statement)} if loan_ids else {}


def colleagues(
    session: Session, bank_id: UUID, permission: Permission
) -> Sequence[tuple[UUID, Name]]:
    """People of a bank whose roles hold a permission today, by name."""
    day = today(session)
    holding = [role.id for role in roles().values() if permission in role.permissions]
    statement = (
        sa.select(col(Person.id), col(Person.name_zh), col(Person.name_en))
        .join(Membership, col(Membership.person_id) == col(Person.id))
        .where(
            col(Membership.organisation_id) == bank_id,
            col(Membership.role).in_(holding),
            col(Membership.valid_from) <= day,
            sa.or_(col(Membership.valid_until).is_(None), col(Membership.valid_until) >= day),
            col(Person.disabled_at).is_(None),
        )
        .distinct()
        .order_by(col(Person.name_zh), col(Person.id))
        .limit(MAX_COLLEAGUES)
    )
    return [
        (row.id, Name(zh=row.name_zh, en=row.name_en or row.name_zh))
        for row in session.execute(statement)
    ]


def names_of_people(session: Session, ids: Iterable[UUID | None]) -> Mapping[UUID, Name]:
    """The names of some people; the system where nobody acted."""
    wanted = {each for each in ids if each is not None}
    if not wanted:
        return {}
    statement = sa.select(Person).where(col(Person.id).in_(wanted))
    found = {
        row.id: Name(zh=row.name_zh, en=row.name_en or row.name_zh)
        for row in session.execute(statement).scalars()
    }
    return {SYSTEM_PERSON_ID: Name(zh="系统", en="System"), **found}
