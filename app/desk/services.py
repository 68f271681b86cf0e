"""Use cases over several rooms: a repayment and the look at its loan in one transaction; falls of values tried out."""

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal.domain.catalogue import find_spec
from app.appraisal.domain.valuing import Ask, laid_over, value_many
from app.appraisal.models import Appraisal, AssetValue
from app.appraisal.queries import recorded_inputs, recorded_of, valid_appraisal
from app.appraisal.services.inputs import get_spec
from app.appraisal.services.prices import market_facts
from app.collateral.domain.cover import PPM, PoolAsset
from app.collateral.queries import Pool, pool_of_loan
from app.collateral.services.watch import watch_loan
from app.db.engine import today
from app.desk.domain import FallenAsset, WhatIf, follow_down, lowered_fen, what_if
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.queries import loan_view
from app.loans.services import Repay, RepaymentView, find_business_day, repay

PRICE_PLACES: Final = Decimal("0.000001")


def repay_and_watch(session: Session, actor: Actor, loan_id: UUID, command: Repay) -> RepaymentView:
    """Book a repayment and measure the loan's cover, so that a cured case closes with the money that cured it."""
    view = repay(session, actor, loan_id, command)
    watch_loan(session, actor, loan_id)
    return view


@dataclass(frozen=True, slots=True, kw_only=True)
class Falls:
    """Falls to try out: of market prices, by which models value again, and of values that have no market price."""

    price_ppm: int = 0
    value_ppm: int = 0

    @property
    def asked(self) -> bool:
        """Whether anything falls."""
        return bool(self.price_ppm or self.value_ppm)


def try_falls(session: Session, actor: Actor, loan_id: UUID, falls: Falls) -> WhatIf:
    """What falls would do to the cover of a visible loan; stores nothing.

    An asset whose model reads market prices is valued again on the fallen prices, costs and all; a price is never
    multiplied into a result. Values of other assets fall by the share given for them.
    """
    actor.require(Permission.READ_COLLATERAL)
    loan = loan_view(session, actor, loan_id)
    pool: Pool = pool_of_loan(session, loan_id)
    day = find_business_day(session, loan.bank_id) or today(session)
    fallen = [_fallen(session, asset, falls, day) for asset in pool.assets]
    return what_if(pool.debt, pool.assets, pool.lines, fallen, guaranteed_fen=pool.guaranteed_fen)


def _fallen(session: Session, asset: PoolAsset, falls: Falls, day: date) -> FallenAsset:
    appraisal = valid_appraisal(session, asset.asset_id)
    if appraisal is not None and _reads_prices(appraisal):
        valued = _on_fallen_prices(session, appraisal, falls.price_ppm, day)
        return _result(asset, follow_down(asset.recognised_fen, valued), priced=True)
    row = session.get(AssetValue, asset.asset_id)
    current = row.current_fen if row else None
    lowered = None if current is None else lowered_fen(current, falls.value_ppm)
    after = follow_down(asset.recognised_fen, lowered)
    return _result(asset, after, priced=False)


def _result(asset: PoolAsset, after_fen: int | None, *, priced: bool) -> FallenAsset:
    return FallenAsset(
        asset_id=asset.asset_id,
        before_fen=asset.recognised_fen,
        after_fen=after_fen,
        priced=priced,
    )


def _reads_prices(appraisal: Appraisal) -> bool:
    spec = find_spec(appraisal.model_id)
    return spec is not None and bool(spec.price_ids and appraisal.inputs)


def _on_fallen_prices(
    session: Session, appraisal: Appraisal, fall_ppm: int, day: date
) -> int | None:
    """The lower of the appraisal and the model's figure on fallen prices; None when the model cannot value."""
    if not fall_ppm:
        return appraisal.value_fen
    spec = get_spec(appraisal.model_id)
    prices = market_facts(session, spec.price_ids, day) or dict(appraisal.prices or {})
    known = recorded_inputs(session, [appraisal.asset_id]).get(appraisal.asset_id, [])
    inputs, _used = laid_over(
        appraisal.inputs or {}, recorded_of(known), valued_on=appraisal.valued_on or day, on=day
    )
    ask = Ask(
        model_id=appraisal.model_id,
        on=day,
        rows=[inputs],
        prices={name: _lower(facts, fall_ppm) for name, facts in prices.items()},
    )
    valued = value_many(ask).value_fen[0]
    if valued is None or appraisal.value_fen is None:
        return None
    return min(valued, appraisal.value_fen)


def _lower(facts: Any, fall_ppm: int) -> dict[str, Any]:
    """A price lowered by a share; its curve is relative to it and stays."""
    factor = Decimal(PPM - fall_ppm) / PPM
    return {**facts, "yuan": _text(Decimal(str(facts["yuan"])) * factor)}


def _text(value: Decimal) -> str:
    return format(value.quantize(PRICE_PLACES), "f")
