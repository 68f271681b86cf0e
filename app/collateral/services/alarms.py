"""What collateral knows that is a warning sign of a loan, handed down to the signals of the loans room.

Cover that crossed a line of the contract, as the watch measured it, and registrations that end before the loan.
"""

from collections.abc import Iterator, Sequence
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.domain.cover import LINE_PLACES, guarantees_close, moving_ppm
from app.collateral.domain.states import PledgeState, RegistrationKind
from app.collateral.models import LoanCover, Pledge, Registration
from app.kernel.actor import Actor
from app.loans.domain.causes import Finding, Trigger, trigger_rule
from app.loans.domain.states import OPEN_STATES, Kept, LtvBasis
from app.loans.inspection.causes import take_findings
from app.loans.models import Loan
from app.policy import Policy

_OF_TERM: Final = (RegistrationKind.SEARCH, RegistrationKind.CANCELLATION)
"""Acts of a registry that say nothing of a term."""


def tell_cover(
    session: Session, actor: Actor, bank_id: UUID, on: date, policy: Policy, loans: Sequence[UUID]
) -> int:
    """Say of some measured loans of a bank whose cover crossed a line; gives how many signals were raised."""
    session.flush()
    rule = trigger_rule(policy, Trigger.COVER_LOW)
    found = list(_covers_low(session, bank_id, on, loans))
    return take_findings(session, actor, (bank_id, on), rule, found, among=loans)


def _covers_low(
    session: Session, bank_id: UUID, on: date, loans: Sequence[UUID]
) -> Iterator[Finding]:
    statement = (
        sa.select(LoanCover, col(Loan.ltv_basis), col(Loan.warning_ppm))
        .join(Loan, col(Loan.id) == col(LoanCover.loan_id))
        .where(col(LoanCover.loan_id).in_(loans), col(LoanCover.level).in_(tuple(LINE_PLACES)))
        .where(*_in_life(bank_id))
        .order_by(col(LoanCover.loan_id))
    )
    for cover, basis, warning_ppm in session.execute(statement):
        if guarantees_close(cover, cover.exposure_fen):
            continue
        principal = basis is LtvBasis.PRINCIPAL
        yield Finding(
            loan_id=cover.loan_id,
            began_on=on,
            figures={
                "debt_fen": cover.principal_fen if principal else cover.exposure_fen,
                "recognised_fen": cover.recognised_fen,
                "ratio_ppm": moving_ppm(cover, basis),
                "warning_ppm": warning_ppm,
                "line": LINE_PLACES[cover.level],
            },
        )


def _in_life(bank_id: UUID) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(Loan.bank_id) == bank_id,
        col(Loan.kept) == Kept.SERVICED,
        col(Loan.state).in_(OPEN_STATES),
    )


def tell_registrations(
    session: Session, actor: Actor, bank_id: UUID, on: date, policy: Policy
) -> int:
    """Say which loans of a bank outlast a registration of their security; gives how many signals were raised."""
    rule = trigger_rule(policy, Trigger.REGISTRATION_SHORT)
    soon = timedelta(days=policy.whole("loans.signals.registration_soon_days"))
    found = [
        Finding(
            loan_id=row.loan_id,
            began_on=on,
            figures={
                "ends_on": row.ends_on.isoformat(),
                "matures_on": row.matures_on.isoformat(),
                "stage": _stage(row.ends_on, on, soon),
            },
        )
        for row in session.execute(_registered_short(bank_id))
    ]
    return take_findings(session, actor, (bank_id, on), rule, found)


def _stage(ends_on: date, on: date, soon: timedelta) -> int:
    """1 ends before the loan, 2 ends soon, 3 has ended."""
    if ends_on < on:
        return 3
    return 2 if ends_on <= on + soon else 1


def _registered_short(bank_id: UUID) -> sa.Select[Any]:
    """The first end, by loan, of the terms that were registered last with each registry."""
    later = sa.orm.aliased(Registration)
    renewed = sa.exists().where(
        col(later.pledge_id) == col(Registration.pledge_id),
        col(later.registry_code) == col(Registration.registry_code),
        col(later.kind).not_in(_OF_TERM),
        col(later.id) > col(Registration.id),
    )
    ends_on = sa.func.min(Registration.expires_on)
    statement: Any = (
        sa.select(
            col(Pledge.loan_id), ends_on.label("ends_on"), col(Loan.matures_on).label("matures_on")
        )
        .join(Registration, col(Registration.pledge_id) == col(Pledge.id))
        .join(Loan, col(Loan.id) == col(Pledge.loan_id))
        .where(
            col(Registration.expires_on).is_not(None),
            col(Registration.kind).not_in(_OF_TERM),
            ~renewed,
            col(Registration.expires_on) < col(Loan.matures_on),
            col(Pledge.state) == PledgeState.REGISTERED,
            *_in_life(bank_id),
        )
        .group_by(col(Pledge.loan_id), col(Loan.matures_on))
        .order_by(col(Pledge.loan_id))
    )
    return statement  # type: ignore[no-any-return]
