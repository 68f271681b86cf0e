"""The prices a model is given on a day: from the market, or stated by the appraiser with a source."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlmodel import Session

from app.appraisal.domain.price_use import usable_prices
from app.appraisal.domain.valuing import price_facts
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_
from app.market.services import model_prices
from app.policy import RuleNotInForce
from risk_models.contract import ModelSpec


@dataclass(frozen=True, slots=True, kw_only=True)
class StatedPrice:
    """A price that the appraiser states instead of the market's, with where it comes from."""

    id: str
    yuan: str
    source: str
    growth: str = "0"


def market_facts(session: Session, ids: tuple[str, ...], day: date) -> dict[str, dict[str, Any]]:
    """The market's prices on a day as they are stored; what the market does not have is left out."""
    try:
        found = model_prices(session, ids, day) if ids else {}
    except RuleNotInForce as refusal:
        raise InvalidInput.at(
            "/valued_on",
            N_("“%(rule)s” counts from %(first_on)s on. Choose that day or a later one."),
            **refusal.facts,
        ) from refusal
    return {price_id: price_facts(price) for price_id, price in found.items()}


def prices_for(
    session: Session,
    spec: ModelSpec,
    day: date,
    stated: tuple[StatedPrice, ...] = (),
    inputs: Mapping[str, Any] | None = None,
) -> Mapping[str, dict[str, Any]]:
    """All prices a model may read on a day, stated ones first. A model refuses rows whose price is missing.

    Refuses a stated price that the model does not know or the inputs cannot use, and one stated twice.
    """
    _require_known(spec, stated)
    _require_once(stated)
    if inputs is not None:
        _require_usable(usable_prices(spec, inputs), stated)
    own = {each.id: _stated_facts(spec, each, day) for each in stated}
    return {**market_facts(session, spec.price_ids, day), **own}


def _require_known(spec: ModelSpec, stated: tuple[StatedPrice, ...]) -> None:
    errors = tuple(
        FieldError(
            pointer=f"/prices/{at}/id",
            detail=N_("The model reads no such price. Choose one of: %(choices)s."),
            facts={"choices": list(spec.price_ids)},
        )
        for at, each in enumerate(stated)
        if each.id not in spec.price_ids
    )
    if errors:
        raise InvalidInput(errors=errors)


def _require_once(stated: tuple[StatedPrice, ...]) -> None:
    ids = [each.id for each in stated]
    errors = tuple(
        FieldError(pointer=f"/prices/{at}/id", detail=N_("This price is stated twice. Keep one."))
        for at, each in enumerate(ids)
        if each in ids[:at]
    )
    if errors:
        raise InvalidInput(errors=errors)


def _require_usable(usable: Collection[str], stated: tuple[StatedPrice, ...]) -> None:
    """A price that no step reads would stand in the report as if the value rested on it."""
    errors = tuple(
        FieldError(
            pointer=f"/prices/{at}/id",
            detail=N_("The value does not use this price with these inputs. Leave it out."),
        )
        for at, each in enumerate(stated)
        if each.id not in usable
    )
    if errors:
        raise InvalidInput(errors=errors)


def _stated_facts(spec: ModelSpec, stated: StatedPrice, day: date) -> dict[str, Any]:
    unit = next(use.unit for use in spec.prices if use.id == stated.id)
    return {
        "yuan": stated.yuan,
        "unit": unit,
        "growth": stated.growth,
        "curve": None,
        "source": stated.source,
        "priced_on": day.isoformat(),
    }
