"""What every installation holds before its first bank: the platform itself and the public tables."""

from sqlmodel import Session

from app.cli.opening import platform_actor
from app.db.engine import Database, now
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import PLATFORM_ORGANISATION_ID
from app.market.services import load_market
from app.reference.services import load_reference

PLATFORM_CODE = "PLATFORM"
HOME_REGION = "620000"
"""The province whose tables are shipped."""


def is_seeded(database: Database) -> bool:
    """Whether the first start is over."""
    with database.read() as session:
        return session.get(Organisation, PLATFORM_ORGANISATION_ID) is not None


def seed(database: Database) -> None:
    """Bring platform, reference tables and published prices to what the files say; a repetition changes nothing."""
    actor = platform_actor()
    with database.write() as session:
        _add_platform(session)
        load_reference(session, actor)
        load_market(session, actor)


def _add_platform(session: Session) -> None:
    if session.get(Organisation, PLATFORM_ORGANISATION_ID) is not None:
        return
    row = Organisation(
        id=PLATFORM_ORGANISATION_ID,
        kind=OrganisationKind.PLATFORM,
        code=PLATFORM_CODE,
        name_zh="平台",
        name_en="Platform",
        region_code=HOME_REGION,
        created_at=now(session),
    )
    session.add(row)
    session.flush()
