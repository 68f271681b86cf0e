"""The service without the guards of liens: no asset is held, and what is free is read, then written.

Loans are numbered without the series, whose row would let one contract in after the other, and the pool
is not asked whether it covers the loan, which would find what earlier ranks left.

Only for the test that shows that the race tests see what the guard prevents.
"""

from collections.abc import Callable
from datetime import date
from types import ModuleType
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app import create_app
from app.assets.models import Asset
from app.assets.queries import load_asset
from app.collateral.models import AssetLien
from app.collateral.refusals import CapacityExhausted
from app.collateral.services import pledging
from app.db.numbers import insert_ignoring
from app.kernel.actor import Actor
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.loans import contracts


def _read_then_write(session: Session, asset: Asset, amount_fen: int, day: date) -> int:
    free = pledging.free_fen(session, asset.id, day)
    if amount_fen > free:
        raise CapacityExhausted(asset=asset.number, wanted=Money(amount_fen), free=Money(free))
    row = {"asset_id": asset.id, "secured_fen": 0}
    insert_ignoring(session, AssetLien.__table__, row)  # type: ignore[attr-defined]
    statement = (
        sa.update(AssetLien)
        .where(col(AssetLien.asset_id) == asset.id)
        .values(secured_fen=AssetLien.secured_fen + amount_fen)
    )
    session.execute(statement.execution_options(synchronize_session=False))
    return amount_fen


def _load_without_hold(session: Session, actor: Actor, asset_id: UUID, *, lock: bool) -> Asset:
    return load_asset(session, actor, asset_id)


def _any_pool(*_given: object, **_more: object) -> None:
    return None


def _number_apart(_session: Session, series: str, year: int) -> str:
    return f"{series}-{year}-{new_id().hex[-6:]}"


def _without(module: ModuleType, guard: str, instead: Callable[..., object]) -> None:
    """A guard that bears another name by now is not passed over in silence."""
    if not hasattr(module, guard):
        raise AttributeError(f"{module.__name__} has no {guard}")
    setattr(module, guard, instead)


_without(contracts, "next_number", _number_apart)
_without(pledging, "secure", _read_then_write)
_without(pledging, "require_cover", _any_pool)
_without(pledging, "load_asset", _load_without_hold)
app = create_app()
