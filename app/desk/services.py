"""Use cases over several rooms: a repayment and the look at its loan in one transaction; falls of values tried out."""

from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal.domain.valuing import Ask, laid_over, value_many
from app.appraisal.models import Appraisal, AssetValue
from app.appraisal.queries import (
    latest_valuation,
    recorded_inputs,
    recorded_of,
    valid_appraisal,
)
from app.collateral.domain.cover import PoolAsset
from app.collateral.queries import Pool, pool_of_loan
from app.collateral.services.watch import watch_loan
from app.desk.domain import FallenAsset, WhatIf, follow_down, lowered_fen, what_if
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.rates import PPM
from app.loans.queries import loan_view
from app.loans.services import Repay, RepaymentView, repay

PROBE_PPM: Final = 100_000
"""A fall that shows whether a value moves with market prices at all."""

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

    An asset whose value moves with market prices is valued again on the fallen prices, costs and all: the question
    behind its latest figure with other prices. Values of other assets fall by the share given for them.
    """
    actor.require(Permission.READ_COLLATERAL)
    loan_view(session, actor, loan_id)
    pool: Pool = pool_of_loan(session, loan_id)
    fallen = [_fallen(session, asset, falls) for asset in pool.assets]
    return what_if(pool.debt, pool.assets, pool.lines, fallen, guaranteed_fen=pool.guaranteed_fen)


def _fallen(session: Session, asset: PoolAsset, falls: Falls) -> FallenAsset:
    appraisal = valid_appraisal(session, asset.asset_id)
    question = None if appraisal is None else _question(session, appraisal)
    if question is not None and _value(question, PROBE_PPM) != _value(question, 0):
        valued = _value(question, falls.price_ppm)
        return _result(asset, follow_down(asset.recognised_fen, valued), priced=True)
    row = session.get(AssetValue, asset.asset_id)
    current = row.current_fen if row else None
    lowered = None if current is None else lowered_fen(current, falls.value_ppm)
    return _result(asset, follow_down(asset.recognised_fen, lowered), priced=False)


def _result(asset: PoolAsset, after_fen: int | None, *, priced: bool) -> FallenAsset:
    return FallenAsset(
        asset_id=asset.asset_id,
        before_fen=asset.recognised_fen,
        after_fen=after_fen,
        priced=priced,
    )


def _question(session: Session, appraisal: Appraisal) -> Ask | None:
    """The question behind the latest figure of an asset, asked again as it was; None when no price went into it."""
    if not appraisal.inputs or appraisal.valued_on is None:
        return None
    latest = latest_valuation(session, appraisal.asset_id, appraisal.id)
    on = latest.on if latest else appraisal.valued_on
    prices = (latest.prices if latest else appraisal.prices) or {}
    known = recorded_inputs(session, [appraisal.asset_id]).get(appraisal.asset_id, [])
    inputs, _used = laid_over(
        appraisal.inputs, recorded_of(known), valued_on=appraisal.valued_on, on=on
    )
    if not prices:
        return None
    return Ask(model_id=appraisal.model_id, on=on, rows=[inputs], prices=prices)


def _value(question: Ask, fall_ppm: int) -> int | None:
    """The model's figure with all prices lowered by a share; None when it cannot value."""
    prices = {name: _lower(facts, fall_ppm) for name, facts in question.prices.items()}
    return value_many(replace(question, prices=prices)).value_fen[0]


def _lower(facts: Any, fall_ppm: int) -> dict[str, Any]:
    """A price lowered by a share; its curve is relative to it and stays."""
    if not fall_ppm:
        return dict(facts)
    factor = Decimal(PPM - fall_ppm) / PPM
    return {**facts, "yuan": _text(Decimal(str(facts["yuan"])) * factor)}


def _text(value: Decimal) -> str:
    return format(value.quantize(PRICE_PLACES), "f")
