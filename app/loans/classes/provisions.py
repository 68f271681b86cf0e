"""What a bank sets aside for its loans on a day: by loan and by class, live or at the close of a past day."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final, cast
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import RuleViolation
from app.kernel.permissions import Permission
from app.kernel.rates import PPM
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_
from app.loans.books import business_day
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.provision import Provision, Rates, by_class, provision_rates
from app.loans.domain.states import EntryKind, Kept
from app.loans.models import (
    DayClose,
    Loan,
    LoanClassification,
    LoanMonthEnd,
    LoanPosting,
    LoanStateRow,
)
from app.policy import Policy
from app.reference.services import policy_for

_MOVING: Final = tuple(each for each in EntryKind if each is not EntryKind.ACCRUAL)
"""Accruals are most of a journal and move no principal."""


class ProvisionDayUnknown(RuleViolation):
    """A day before the books were opened here, or one to come."""

    code = "provision-day-unknown"
    title = N_("No provision is known for this day")
    detail = N_(
        "The books kept here speak of the days from %(first)s to %(last)s. Choose one of them."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvisionView:
    """The provision of a bank: at the close of a day, or as its books stand on the open day."""

    on: date
    is_open: bool
    provision: Provision


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanProvision:
    """What is set aside for one loan."""

    loan_id: UUID
    loan_number: str
    borrower: Name
    loan_class: LoanClass
    balance_fen: int
    rate_ppm: int
    provision_fen: int


def provision_view(session: Session, actor: Actor, on: date | None = None) -> ProvisionView:
    """The sums by class of the actor's bank on a day; without one on its open business day."""
    actor.require(Permission.READ_PROVISIONS)
    day, open_on = _days(session, actor, on)
    rates = provision_rates(_policy(session, actor, day))
    rows = _loans(actor.organisation_id, day, open_on, rates).subquery()
    statement = sa.select(
        rows.c.loan_class,
        sa.func.count(),
        sa.func.sum(rows.c.balance_fen),
        sa.func.sum(rows.c.provision_fen),
    ).group_by(rows.c.loan_class)
    sums = [
        (LoanClass(tier), int(loans), int(balance), int(provision))
        for tier, loans, balance, provision in session.execute(statement)
    ]
    return ProvisionView(on=day, is_open=day == open_on, provision=by_class(sums, rates))


def list_provisions(
    session: Session, actor: Actor, on: date | None = None, loan_class: LoanClass | None = None
) -> sa.Select[Any]:
    """The loans behind the sums, the largest provision first; give each row to `loan_provision`."""
    actor.require(Permission.READ_PROVISIONS)
    day, open_on = _days(session, actor, on)
    rates = provision_rates(_policy(session, actor, day))
    rows = _loans(actor.organisation_id, day, open_on, rates).subquery()
    statement = (
        sa.select(
            rows,
            col(Loan.number),
            col(Organisation.name_zh),
            col(Organisation.name_en),
            _of_class(rows.c.loan_class, rates).label("rate_ppm"),
        )
        .join(Loan, col(Loan.id) == rows.c.loan_id)
        .join(Organisation, col(Organisation.id) == col(Loan.borrower_id))
        .order_by(rows.c.provision_fen.desc(), col(Loan.number))
    )
    return statement if loan_class is None else statement.where(rows.c.loan_class == loan_class)


def loan_provision(row: Any) -> LoanProvision:
    """The view of a row of `list_provisions`."""
    return LoanProvision(
        loan_id=row.loan_id,
        loan_number=row.number,
        borrower=Name(zh=row.name_zh, en=row.name_en),
        loan_class=LoanClass(row.loan_class),
        balance_fen=int(row.balance_fen),
        rate_ppm=row.rate_ppm,
        provision_fen=int(row.provision_fen),
    )


def _policy(session: Session, actor: Actor, day: date) -> Policy:
    return policy_for(session, actor.organisation_id, day)


def _days(session: Session, actor: Actor, on: date | None) -> tuple[date, date]:
    """The day asked for, and the open one."""
    open_on = business_day(session, actor.organisation_id)
    if on is None or on == open_on:
        return open_on, open_on
    closes = sa.select(sa.func.min(DayClose.on)).where(
        col(DayClose.bank_id) == actor.organisation_id
    )
    first: date = session.execute(closes).scalar_one_or_none() or open_on
    if not first <= on <= open_on:
        raise ProvisionDayUnknown(first=first, last=open_on).about("/on")
    return on, open_on


def _loans(bank_id: UUID, day: date, open_on: date, rates: Rates) -> sa.Select[Any]:
    """Loan, class, balance and provision of every loan that owes principal."""
    source = _standing() if day == open_on else at_close(bank_id, day, open_on)
    owing = source.where(col(Loan.bank_id) == bank_id).subquery()
    return sa.select(
        owing.c.loan_id,
        owing.c.loan_class,
        owing.c.balance_fen,
        provision_sql(owing.c.balance_fen, owing.c.loan_class, rates).label("provision_fen"),
    ).where(owing.c.balance_fen > 0)


def _standing() -> sa.Select[Any]:
    statement: Any = (
        sa.select(
            col(LoanStateRow.loan_id),
            sa.func.coalesce(col(LoanStateRow.loan_class), LoanClass.NORMAL).label("loan_class"),
            col(LoanStateRow.principal_fen).label("balance_fen"),
        )
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(col(Loan.kept) == Kept.SERVICED)
    )
    return cast("sa.Select[Any]", statement)


def at_close(bank_id: UUID, day: date, open_on: date) -> sa.Select[Any]:
    """Principal at the end of a day, and the class taken last by then.

    What the end of the month has, less what was booked from the day to it: at most a month of the
    journal is read, however old the day is.
    """
    parts = sa.union_all(*_principal_back_to(bank_id, day, open_on)).subquery()
    owed = (
        sa.select(parts.c.loan_id, sa.cast(sa.func.sum(parts.c.fen), sa.BigInteger).label("fen"))
        .group_by(parts.c.loan_id)
        .subquery()
    )
    taken = (
        sa.select(col(LoanClassification.loan_class))
        .where(col(LoanClassification.loan_id) == owed.c.loan_id, col(LoanClassification.on) <= day)
        .order_by(col(LoanClassification.on).desc())
        .limit(1)
        .scalar_subquery()
    )
    statement: Any = sa.select(
        owed.c.loan_id,
        sa.func.coalesce(taken, sa.literal(LoanClass.NORMAL, taken.type)).label("loan_class"),
        owed.c.fen.label("balance_fen"),
    ).join(Loan, col(Loan.id) == owed.c.loan_id)
    return cast("sa.Select[Any]", statement)


def _principal_back_to(bank_id: UUID, day: date, open_on: date) -> Sequence[sa.Select[Any]]:
    """Principal as it stands, or stood at the end of the day's month, then what was booked since the day."""
    month_end_on = add_months(day, 1, anchor_day=1) - timedelta(days=1)
    found: Any
    if month_end_on < open_on:
        found = sa.select(
            col(LoanMonthEnd.loan_id), col(LoanMonthEnd.principal_fen).label("fen")
        ).where(col(LoanMonthEnd.month_end_on) == month_end_on)
    else:
        found = sa.select(col(LoanStateRow.loan_id), col(LoanStateRow.principal_fen).label("fen"))
    serviced = sa.select(col(Loan.id)).where(
        col(Loan.bank_id) == bank_id, col(Loan.kept) == Kept.SERVICED
    )
    back = sa.case(
        (col(LoanPosting.debit) == Account.PRINCIPAL, -col(LoanPosting.amount_fen)),
        else_=col(LoanPosting.amount_fen),
    )
    moved = sa.select(col(LoanPosting.loan_id), back.label("fen")).where(
        col(LoanPosting.bank_id) == bank_id,
        col(LoanPosting.kind).in_(_MOVING),
        col(LoanPosting.booked_on) > day,
        col(LoanPosting.booked_on) <= month_end_on,
        sa.or_(
            col(LoanPosting.debit) == Account.PRINCIPAL,
            col(LoanPosting.credit) == Account.PRINCIPAL,
        ),
    )
    return found.where(found.selected_columns.loan_id.in_(serviced)), moved


def provision_sql(
    balance: sa.SQLColumnExpression[int], loan_class: sa.SQLColumnExpression[Any], rates: Rates
) -> sa.ColumnElement[int]:
    """Balance * rate, half-up to the fen, in whole numbers that cannot overflow."""
    rate = _of_class(loan_class, rates)
    whole, rest = balance // PPM, balance % PPM
    return whole * rate + (2 * rest * rate + PPM) // (2 * PPM)


def _of_class(loan_class: sa.SQLColumnExpression[Any], rates: Rates) -> sa.ColumnElement[int]:
    return sa.case(*((loan_class == tier, rate) for tier, rate in rates.items()))
