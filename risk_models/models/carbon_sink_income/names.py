"""The parameters, prices and groups of answers of the carbon-sink model, by name."""

from typing import Final

from risk_models.contract import PriceUse
from risk_models.credit_prices import CCER, CCER_MEANS, LOCAL_SINK
from risk_models.modelling import PRICE_AGE
from risk_models.words import Text

__all__ = [
    "AFOLU_LIMITS",
    "AFOLU_LOSS",
    "AFOLU_MITIGATION",
    "APPROACH_WEIGHT",
    "AVERAGES",
    "BASELINE_YEARS",
    "BIOMASS",
    "BUFFER_LOW",
    "CARE_HIGH",
    "CARE_LOW",
    "COMPARABLES",
    "CROWN_COVER",
    "CURVE",
    "CURVED",
    "DRY_LAND",
    "FREE_HALF_WIDTH",
    "GOLD_STANDARD",
    "GOLD_STANDARD_BUFFER",
    "GRASSLAND",
    "GROWING",
    "GROWTH_HIGH",
    "GROWTH_MARGIN",
    "HAZARD_HIGH",
    "KIND",
    "K_RISK",
    "LEAST_COVER",
    "PARAMETERS",
    "PER_TONNE",
    "PRECISION",
    "PRICE_OF",
    "RATE_HIGH",
    "RATE_LOW",
    "REGISTRATION",
    "REGRESSION",
    "SOIL_YEARS",
    "SPECIES",
    "STOCK_BAND",
    "STOCK_FACTORS",
    "TONNE",
]

KIND: Final = "carbon_sink.kind"
REGISTRATION: Final = "carbon_sink.registration"
RATE_LOW: Final = "carbon_sink.discount_rate_low"
RATE_HIGH: Final = "carbon_sink.discount_rate_high"
HAZARD_HIGH: Final = "carbon_sink.hazard_high"
GROWTH_HIGH: Final = "carbon_sink.price_growth_high"
BUFFER_LOW: Final = "carbon_sink.buffer_low"
CARE_LOW: Final = "carbon_sink.care_low"
CARE_HIGH: Final = "carbon_sink.care_high"

SPECIES: Final = "carbon_sink.species"
CURVE: Final = "carbon_sink.growth_curve"
REGRESSION: Final = "carbon_sink.volume_regression"
BIOMASS: Final = "carbon_sink.biomass_factors"
STOCK_BAND: Final = "carbon_sink.stock_band"
STOCK_FACTORS: Final = "carbon_sink.stock_factors"
GOLD_STANDARD: Final = "carbon_sink.gold_standard_factors"
CROWN_COVER: Final = "carbon_sink.crown_cover_factors"
LEAST_COVER: Final = "carbon_sink.least_crown_cover"
BASELINE_YEARS: Final = "carbon_sink.baseline_growth_years"
SOIL_YEARS: Final = "carbon_sink.soil_years"
GRASSLAND: Final = "carbon_sink.grassland"

K_RISK: Final = "carbon_sink.k_risk"
GOLD_STANDARD_BUFFER: Final = "carbon_sink.gold_standard_buffer"
AFOLU_LOSS: Final = "carbon_sink.afolu_loss"
AFOLU_MITIGATION: Final = "carbon_sink.afolu_mitigation"
AFOLU_LIMITS: Final = "carbon_sink.afolu_limits"
PRECISION: Final = "carbon_sink.precision_ladder"
FREE_HALF_WIDTH: Final = "carbon_sink.free_half_width"
DRY_LAND: Final = "carbon_sink.dry_land_refuse_above"
GROWTH_MARGIN: Final = "carbon_sink.growth_margin"

APPROACH_WEIGHT: Final = "carbon_sink.approach_weight"
COMPARABLES: Final = "carbon_sink.comparables"

PARAMETERS: Final = (
    KIND,
    REGISTRATION,
    RATE_LOW,
    RATE_HIGH,
    HAZARD_HIGH,
    GROWTH_HIGH,
    BUFFER_LOW,
    CARE_LOW,
    CARE_HIGH,
    PRICE_AGE,
    SPECIES,
    CURVE,
    REGRESSION,
    BIOMASS,
    STOCK_BAND,
    STOCK_FACTORS,
    GOLD_STANDARD,
    CROWN_COVER,
    LEAST_COVER,
    BASELINE_YEARS,
    SOIL_YEARS,
    GRASSLAND,
    K_RISK,
    GOLD_STANDARD_BUFFER,
    AFOLU_LOSS,
    AFOLU_MITIGATION,
    AFOLU_LIMITS,
    PRECISION,
    FREE_HALF_WIDTH,
    DRY_LAND,
    GROWTH_MARGIN,
    APPROACH_WEIGHT,
    COMPARABLES,
)

CURVED: Final = frozenset({"growth-curve", "own-curve"})
"""Removals from a curve of stock over age."""

GROWING: Final = CURVED | {"yield-table"}
"""Removals from the growth of stock, turned into carbon."""

TONNE: Final = "tCO2e"
PER_TONNE: Final = "yuan/tCO2e"

PRICE_OF: Final[dict[str, PriceUse]] = {
    "local-filing": LOCAL_SINK,
    "ccer": CCER,
    "pilot": PriceUse(
        id="pilot-sink",
        title=Text(en="Sink credits of a pilot market", zh="试点市场碳汇减排量价格"),
        unit=PER_TONNE,
        needed=False,
    ),
    "carbon-ticket": PriceUse(
        id="carbon-ticket",
        title=Text(en="Carbon tickets", zh="碳票价格"),
        unit=PER_TONNE,
        needed=False,
    ),
}

AVERAGES: Final[dict[str, tuple[PriceUse, PriceUse]]] = {
    "ccer": (CCER_MEANS.short, CCER_MEANS.long),
}
"""Averages weighted by volume, where a market keeps them."""
