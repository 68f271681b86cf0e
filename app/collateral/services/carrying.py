"""Security that passes from a loan to the one that renews it: in one transaction, in its rank, without a gap."""

from dataclasses import dataclass
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.models import Asset
from app.audit.services import record
from app.collateral.domain.states import PledgeState
from app.collateral.models import AssetLien, Guarantee, Pledge
from app.collateral.queries import ACTIVE, load_loan
from app.collateral.refusals import NotRegisteredYet
from app.collateral.services.pledging import (
    GuaranteeLine,
    PledgeLine,
    admit,
    guarantee,
    hold_assets,
    insert_pledge,
    require_cover,
    secure,
)
from app.collateral.services.recognition import follow_down
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.ledger.pledges import book_security, hold_lending_day
from app.loans.models import Loan


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The security of a loan under lock, in the order of the assets."""

    pledges: tuple[Pledge, ...]
    assets: dict[UUID, Asset]


def hold_security(session: Session, actor: Actor, loan_id: UUID) -> Held:
    """Hold the pledges of a loan, their assets and the lien ledger, in the order of all contracts.

    Held before day, debt and numbers: nobody releases, registers or takes these assets meanwhile.
    """
    statement = (
        sa.select(Pledge)
        .where(col(Pledge.loan_id) == loan_id, col(Pledge.state).in_(ACTIVE))
        .order_by(col(Pledge.id))
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    pledges = session.execute(statement).scalars().all()
    assets = hold_assets(session, actor, [each.asset_id for each in pledges])
    liens = sa.select(col(AssetLien.asset_id)).where(col(AssetLien.asset_id).in_(assets))
    session.execute(liens.order_by(col(AssetLien.asset_id)).with_for_update()).all()
    ordered = sorted(pledges, key=lambda pledge: pledge.asset_id.bytes)
    return Held(pledges=tuple(ordered), assets=assets)


def carry_security(
    session: Session, actor: Actor, held: Held, *, old_id: UUID, new_id: UUID
) -> None:
    """Let everything that secured the old loan secure the new one, of the same amounts and in the same ranks.

    Each asset must still be one that may be taken, for the new maturity, within its current value, and the
    pool must cover the new contract. The registrations stand; that they name the new contract is a task.
    """
    actor.require(Permission.SIGN_CONTRACT)
    old, new = load_loan(session, actor, old_id), load_loan(session, actor, new_id)
    follow_down(
        session,
        actor,
        new.bank_id,
        hold_lending_day(session, new.bank_id),
        assets=list(held.assets),
    )
    for pledge in held.pledges:
        _carry(session, actor, pledge, held.assets[pledge.asset_id], old, new)
    guaranteed_fen = _carry_guarantees(session, actor, old, new)
    if held.pledges or guaranteed_fen:
        require_cover(session, new, guaranteed_fen=guaranteed_fen, lines=len(held.pledges))


def _carry(
    session: Session, actor: Actor, pledge: Pledge, asset: Asset, old: Loan, new: Loan
) -> None:
    if pledge.state is not PledgeState.REGISTERED:
        raise NotRegisteredYet(pledge=pledge.number)
    day = hold_lending_day(session, new.bank_id)
    line = PledgeLine(asset_id=asset.id, security=pledge.security, secured_fen=pledge.secured_fen)
    admit(session, new, line, asset, day)
    total_fen = secure(session, asset, 0, day)
    pledge.state, pledge.released_on = PledgeState.CARRIED_OVER, day
    book_security(session, old.id, secured_fen=-pledge.secured_fen, number=pledge.number)
    session.flush()
    made = insert_pledge(session, actor, new, line, asset, total_fen, day, carries=pledge)
    book_security(session, new.id, secured_fen=made.secured_fen, number=made.number)
    record(
        session,
        actor,
        "pledge.carry-over",
        subject_kind="pledge",
        subject_id=pledge.id,
        organisation_id=pledge.bank_id,
        pledge=pledge.number,
        to=made.number,
        loan=new.number,
        on=day,
    )


def _carry_guarantees(session: Session, actor: Actor, old: Loan, new: Loan) -> int:
    """The guarantees go on for the new loan, of no more than it; gives their sum."""
    day = hold_lending_day(session, new.bank_id)
    statement = sa.select(Guarantee).where(
        col(Guarantee.loan_id) == old.id, col(Guarantee.released_on).is_(None)
    )
    total_fen = 0
    for row in session.execute(statement.order_by(col(Guarantee.id)).with_for_update()).scalars():
        row.released_on = day
        covered_fen = min(row.covered_fen, new.contract_fen)
        guarantee(
            session,
            actor,
            new,
            GuaranteeLine(guarantor_id=row.guarantor_id, covered_fen=covered_fen),
        )
        total_fen += covered_fen
    return total_fen
