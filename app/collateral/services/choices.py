"""Choices for forms of collateral."""

from uuid import UUID

from sqlmodel import Session, col

from app.assets.models import Asset
from app.assets.queries import visible_assets
from app.kernel.actor import Actor
from app.loans.models import Loan

MAX_CHOICES = 200
"""A borrower with more assets takes the number from the register and the API."""


def assets_to_pledge(session: Session, actor: Actor, loan: Loan) -> list[tuple[str, str]]:
    """The borrower's assets that the actor's bank sees, as pairs of id and words."""
    owner: UUID | None = loan.borrower_id
    statement = (
        visible_assets(session, actor)
        .where(col(Asset.owner_id) == owner)
        .order_by(col(Asset.number))
    )
    rows = session.execute(statement.limit(MAX_CHOICES)).scalars()
    return [(str(asset.id), f"{asset.number} · {asset.title}") for asset in rows]
