"""Which applications and drawdowns an actor sees, and the rows behind their views."""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa
import sqlalchemy.orm
from sqlmodel import Session, col

from app.identity.models import Organisation, Person
from app.kernel.actor import Actor, Name
from app.loans.models import BankDay, Loan
from app.loans.queries import visible_loans
from app.origination.change_models import LoanChange
from app.origination.domain.changes import WAITING_STATES
from app.origination.models import (
    Application,
    ApplicationAct,
    ApplicationDocument,
    Drawdown,
    PoolLine,
    Product,
    ProposedGuarantee,
)
from app.origination.write_off_models import LoanWriteOff


def visible_applications(session: Session, actor: Actor) -> sa.Select[Application]:  # noqa: ARG001 - the shape of all
    """Applications in sight: a borrower's own; a bank's once they were submitted, or opened by itself."""
    return sa.select(Application).where(_in_sight(actor))


def _in_sight(actor: Actor) -> sa.ColumnElement[bool]:
    rule = actor.sees("application")
    if actor.sees("*") == "all" or rule == "all":
        return sa.true()
    if rule == "own" and actor.organisation_kind == "enterprise":
        return col(Application.borrower_id) == actor.organisation_id
    if rule == "own" and actor.organisation_kind == "bank":
        reached = sa.or_(
            col(Application.submitted_on).is_not(None),
            col(Application.created_for_id) == actor.organisation_id,
        )
        return sa.and_(col(Application.bank_id) == actor.organisation_id, reached)
    return sa.false()


def visible_drawdowns(session: Session, actor: Actor) -> sa.Select[Drawdown]:
    """Drawdowns of loans that the actor sees as bank or borrower."""
    if actor.sees("loan") != "own" and actor.sees("*") != "all":
        return sa.select(Drawdown).where(sa.false())
    loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
    return sa.select(Drawdown).where(col(Drawdown.loan_id).in_(loans))


def visible_products(actor: Actor, today: date) -> sa.Select[Product]:
    """Products on offer on their bank's business day; on `today` where its books were never opened."""
    if "all" not in {actor.sees("product"), actor.sees("*")}:
        return sa.select(Product).where(sa.false())
    day = sa.func.coalesce(col(BankDay.open_on), today)
    return (
        sa.select(Product)
        .outerjoin(BankDay, col(BankDay.bank_id) == col(Product.bank_id))
        .where(
            col(Product.valid_from) <= day,
            sa.or_(col(Product.valid_until).is_(None), col(Product.valid_until) >= day),
        )
    )


def acts_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[ApplicationAct]]:
    """The acts of files in their order."""
    statement = (
        sa.select(ApplicationAct)
        .where(col(ApplicationAct.application_id).in_(ids))
        .order_by(col(ApplicationAct.application_id), col(ApplicationAct.seq))
    )
    return _grouped(session.execute(statement).scalars())


def lines_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[PoolLine]]:
    """The pool lines of files in the order in which they were named."""
    statement = (
        sa.select(PoolLine).where(col(PoolLine.application_id).in_(ids)).order_by(col(PoolLine.seq))
    )
    return _grouped(session.execute(statement).scalars())


def guarantees_of(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[ProposedGuarantee]]:
    """The guarantees offered in files."""
    statement = (
        sa.select(ProposedGuarantee)
        .where(col(ProposedGuarantee.application_id).in_(ids))
        .order_by(col(ProposedGuarantee.seq))
    )
    return _grouped(session.execute(statement).scalars())


def documents_of(session: Session, application_id: UUID) -> list[ApplicationDocument]:
    """The evidence of a file, in the order in which it came."""
    statement = (
        sa.select(ApplicationDocument)
        .where(col(ApplicationDocument.application_id) == application_id)
        .order_by(col(ApplicationDocument.added_at), col(ApplicationDocument.id))
    )
    return list(session.execute(statement).scalars())


def organisations_by_id(session: Session, ids: Iterable[UUID]) -> dict[UUID, Organisation]:
    """Organisations named by rows that are in sight already."""
    statement = sa.select(Organisation).where(col(Organisation.id).in_(set(ids)))
    return {row.id: row for row in session.execute(statement).scalars()}


def person_names(session: Session, ids: Iterable[UUID]) -> dict[UUID, Name]:
    """Names of the people who acted in rows that are in sight already."""
    statement = sa.select(Person).where(col(Person.id).in_(set(ids)))
    rows = session.execute(statement).scalars()
    return {row.id: Name(zh=row.name_zh, en=row.name_en) for row in rows}


def _grouped(rows: Iterable[Any]) -> dict[UUID, list[Any]]:
    found: dict[UUID, list[Any]] = {}
    for row in rows:
        found.setdefault(row.application_id, []).append(row)
    return found


def waiting_change(session: Session, loan_id: UUID) -> str | None:
    """The number of the change or write-off of a loan that waits to be decided on or carried out."""
    for model in (LoanChange, LoanWriteOff):
        statement = sa.select(col(model.number)).where(
            col(model.loan_id) == loan_id, col(model.state).in_(WAITING_STATES)
        )
        number: str | None = session.execute(statement).scalar_one_or_none()
        if number is not None:
            return number
    return None
