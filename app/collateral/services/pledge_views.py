"""A pledge or mortgage as its bank and its owner see it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.models import Asset
from app.collateral.domain.states import PLEDGE, PledgeState, RegistrationKind, SecurityKind
from app.collateral.models import Pledge, RecognisedValue, Registration
from app.collateral.queries import loans_by_id, visible_pledges
from app.kernel.actor import Actor, Name
from app.kernel.errors import NotFound


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeView:
    """A pledge or mortgage as its bank and its owner see it."""

    id: UUID
    number: str
    state: PledgeState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    asset_id: UUID
    asset_number: str
    asset_title: str
    asset_title_en: str
    asset_kind: str
    security: SecurityKind
    rank: int
    secured_fen: int
    cap_ppm: int
    relied_current_fen: int
    relied_recognised_fen: int
    recognised_fen: int | None
    contracted_on: date
    carries_id: UUID | None
    carries_number: str
    """The security of the renewed loan that goes on in this one."""
    change_to_register: bool
    """No receipt names the new contract yet."""
    registrations: tuple[Registration, ...]

    @property
    def asset_name(self) -> Name:
        """The title of the asset in both languages."""
        return Name(zh=self.asset_title, en=self.asset_title_en)


def pledge_view(session: Session, actor: Actor, pledge_id: UUID) -> PledgeView:
    """One pledge in the actor's sight."""
    pledge, asset = load_pledge(session, actor, pledge_id)
    return pledge_views(session, actor, [(pledge, asset)])[0]


def pledge_views(
    session: Session, actor: Actor, rows: Sequence[tuple[Pledge, Asset]]
) -> list[PledgeView]:
    """Views of pledges with their assets: four queries whatever their number."""
    ids = [pledge.id for pledge, _ in rows]
    loans = loans_by_id(session, [pledge.loan_id for pledge, _ in rows])
    carried = _carried(session, [pledge.carries_id for pledge, _ in rows if pledge.carries_id])
    receipts = _receipts(session, ids)
    recognised = _recognised(session, rows)
    return [
        PledgeView(
            id=pledge.id,
            number=pledge.number,
            state=pledge.state,
            events=tuple(PLEDGE.events_for(pledge.state, actor)),
            version=pledge.version,
            created_at=pledge.created_at,
            loan_id=pledge.loan_id,
            loan_number=loans[pledge.loan_id].number,
            asset_id=asset.id,
            asset_number=asset.number,
            asset_title=asset.title,
            asset_title_en=asset.title_en,
            asset_kind=asset.kind,
            security=pledge.security,
            rank=pledge.rank,
            secured_fen=pledge.secured_fen,
            cap_ppm=pledge.cap_ppm,
            relied_current_fen=pledge.relied_current_fen,
            relied_recognised_fen=pledge.relied_recognised_fen,
            recognised_fen=recognised.get((pledge.bank_id, asset.id)),
            contracted_on=pledge.contracted_on,
            carries_id=pledge.carries_id,
            carries_number=carried[pledge.carries_id] if pledge.carries_id else "",
            change_to_register=is_change_due(pledge, receipts.get(pledge.id, ())),
            registrations=tuple(receipts.get(pledge.id, ())),
        )
        for pledge, asset in rows
    ]


def is_change_due(pledge: Pledge, receipts: Sequence[Registration]) -> bool:
    """Whether a security passed to a new contract that no registration names yet."""
    named = any(each.kind is RegistrationKind.CHANGE for each in receipts)
    return pledge.carries_id is not None and pledge.state is PledgeState.REGISTERED and not named


def _carried(session: Session, pledge_ids: Sequence[UUID]) -> dict[UUID, str]:
    statement = sa.select(col(Pledge.id), col(Pledge.number)).where(col(Pledge.id).in_(pledge_ids))
    return {row[0]: row[1] for row in session.execute(statement)}


def _receipts(session: Session, pledge_ids: Sequence[UUID]) -> dict[UUID, list[Registration]]:
    statement = (
        sa.select(Registration)
        .where(col(Registration.pledge_id).in_(pledge_ids))
        .order_by(col(Registration.registered_on), col(Registration.id))
    )
    found: dict[UUID, list[Registration]] = {}
    for row in session.execute(statement).scalars():
        found.setdefault(row.pledge_id, []).append(row)
    return found


def _recognised(
    session: Session, rows: Sequence[tuple[Pledge, Asset]]
) -> dict[tuple[UUID, UUID], int | None]:
    statement = sa.select(RecognisedValue).where(
        col(RecognisedValue.asset_id).in_([asset.id for _, asset in rows]),
        col(RecognisedValue.bank_id).in_({pledge.bank_id for pledge, _ in rows}),
    )
    return {
        (row.bank_id, row.asset_id): row.recognised_fen
        for row in session.execute(statement).scalars()
    }


def load_pledge(
    session: Session, actor: Actor, pledge_id: UUID, *, lock: bool = False
) -> tuple[Pledge, Asset]:
    """The row in the actor's sight with its asset, or `NotFound`; `lock` holds it, freshly read."""
    statement = visible_pledges(session, actor).where(col(Pledge.id) == pledge_id)
    if lock:
        statement = statement.with_for_update(of=Pledge)
        statement = statement.execution_options(populate_existing=True)
    row = session.execute(statement).first()
    if row is None:
        raise NotFound
    return row[0], row[1]
