"""Which inputs of a forest right are asked for beside which other answers, and its prices likewise."""

from dataclasses import replace
from typing import Final

from risk_models.contract import Condition, Field, PriceUse
from risk_models.fields import asked_only
from risk_models.models.forest_right.groups import (
    BEARING,
    CREDIT_PRICES,
    HARVESTED,
    PLANTED,
    STANDING,
    TIMBER,
)
from risk_models.models.forest_right.inputs import FIELDS
from risk_models.models.forest_right.wood import FELLED

__all__ = ["ASKED_FIELDS", "PRICES"]

AGED: Final = ("age_group", HARVESTED | STANDING | {"young"})
"""Stands of timber, whose ages a table of the species bounds."""

COMPARED: Final = ("age_group", PLANTED | HARVESTED | BEARING)
"""Stands whose value rests on a reference stand, so that their quality counts."""

SOLD: Final = ("age_group", HARVESTED | STANDING)
STATED: Final = ("quality_basis", frozenset({"stated", ""}))

SHOWN_WHEN: Final[dict[str, tuple[Condition, ...]]] = {
    "species_group": (AGED,),
    "quality_basis": (COMPARED,),
    "quality_k": (COMPARED, STATED),
    "assortment_outturn_shares": (FELLED,),
    "assortment_prices_yuan_per_m3": (FELLED,),
    "haul_km": (FELLED,),
    "haul_cost_yuan_per_m3_km": (FELLED,),
    "quota_share": (FELLED,),
    "thinning_ages_years": (FELLED,),
    "thinning_stock_m3_per_mu": (FELLED,),
    "thinning_price_share": (FELLED,),
    "land_basis": (FELLED,),
}

ASKED_FIELDS: Final[tuple[Field, ...]] = asked_only(FIELDS, SHOWN_WHEN)

PRICES: Final[tuple[PriceUse, ...]] = (
    replace(TIMBER, when=(SOLD,)),
    *(
        replace(use, when=(("plan", frozenset({"joint"})), ("credit_price", frozenset({level}))))
        for level, use in CREDIT_PRICES.items()
    ),
)
