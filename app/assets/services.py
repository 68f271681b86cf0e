"""Use cases of the asset registry."""

from uuid import UUID

from sqlmodel import Session

from app.assets.domain import GrantReason
from app.assets.models import AssetGrant
from app.db.engine import now
from app.db.numbers import insert_ignoring
from app.kernel.ids import new_id


def share_asset(
    session: Session, *, asset_id: UUID, organisation_id: UUID, reason: GrantReason | str
) -> None:
    """Let another organisation see an asset for a reason; sharing twice changes nothing.

    Called by the rooms in which the reason arises, inside their transaction.
    """
    row = {
        "id": new_id(),
        "asset_id": asset_id,
        "organisation_id": organisation_id,
        "reason": GrantReason(reason),
        "granted_at": now(session),
    }
    insert_ignoring(session, AssetGrant.__table__, row)  # type: ignore[attr-defined]
