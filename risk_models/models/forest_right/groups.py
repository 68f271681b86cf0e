"""Names the forest-right model is built on: its parameters, prices and groups of stands."""

from typing import Final

from risk_models.contract import PriceUse
from risk_models.credit_prices import CCER, LOCAL_SINK
from risk_models.words import Text

__all__ = [
    "AGE_GROUP",
    "AGE_LIMITS",
    "AREA_HIGH",
    "AREA_LOW",
    "BAMBOO",
    "BARE",
    "BEARING",
    "BEARING_AGES",
    "CATEGORY",
    "COMPARABLES_LEAST",
    "CREDIT_PRICES",
    "CUT",
    "FRUIT",
    "HARVESTED",
    "JOINABLE",
    "OUTTURN_HIGH",
    "PHASED",
    "PLANTED",
    "RATE_HIGH",
    "RATE_LOW",
    "RENEWED",
    "ROTATED",
    "ROTATION_SHARES",
    "STANDING",
    "STOCKING",
    "STOCK_HIGH",
    "STOCK_LOW",
    "TERM_HIGH",
    "TIMBER",
    "YEARS_AT_MOST",
    "YIELDING",
]

CATEGORY: Final = "forest_right.category"
AGE_GROUP: Final = "forest_right.age_group"
AGE_LIMITS: Final = "forest_right.age_limits"
BEARING_AGES: Final = "forest_right.bearing_ages"
ROTATION_SHARES: Final = "forest_right.rotation_shares"
STOCKING: Final = "forest_right.stocking"
RATE_LOW: Final = "forest_right.discount_rate_low"
RATE_HIGH: Final = "forest_right.discount_rate_high"
STOCK_LOW: Final = "forest_right.stock_low"
STOCK_HIGH: Final = "forest_right.stock_high"
AREA_LOW: Final = "forest_right.area_low"
AREA_HIGH: Final = "forest_right.area_high"
TERM_HIGH: Final = "forest_right.term_years_high"
OUTTURN_HIGH: Final = "forest_right.outturn_high"
COMPARABLES_LEAST: Final = "forest_right.comparables_least"

YEARS_AT_MOST: Final = 60
"""Years that a series tells one by one."""

PLANTED: Final = frozenset({"young", "pre-yield", "bamboo-new"})
"""Valued by what it cost to raise."""

HARVESTED: Final = frozenset({"middle", "near-mature"})
"""Valued by the harvest to come."""

STANDING: Final = frozenset({"near-mature", "mature", "over-mature"})
"""Valued by what the standing timber fetches today."""

YIELDING: Final = frozenset({"full-yield", "early-yield", "bamboo-yield"})
"""Has a level net yield a year, now or once the trees are grown."""

PHASED: Final = frozenset({"early-yield", "declining"})
"""Has a net yield that differs from year to year."""

BEARING: Final = YIELDING | PHASED
"""Valued by the yields to come."""

FRUIT: Final = frozenset({"pre-yield", "early-yield", "full-yield", "declining"})
"""Economic forest: what it yields is not the trees."""

BARE: Final = frozenset({"bare"})
"""Land without a stand."""

BAMBOO: Final = frozenset({"bamboo-new", "bamboo-yield"})
"""Renews itself: culms are cut every year, and no rotation ends it."""

ROTATED: Final = (PLANTED | HARVESTED | STANDING | FRUIT | BARE) - BAMBOO
"""Felled or given up at an age, its rotation."""

RENEWED: Final = HARVESTED | STANDING | BARE
"""The land may carry further rotations once the stand is felled."""

CUT: Final = RENEWED | frozenset({"young", "bamboo-new", "bamboo-yield"})
"""Earns by being cut, and so earns nothing where the trees are kept for carbon."""

JOINABLE: Final = HARVESTED | STANDING | BEARING
"""Has years or a felling to come in which timber and carbon can be planned together."""

TIMBER: Final = PriceUse(
    id="timber",
    title=Text(en="Timber at the forest road", zh="木材到场价格"),
    unit="yuan/m3",
    needed=False,
)

CREDIT_PRICES: Final[dict[str, PriceUse]] = {"local-sink": LOCAL_SINK, "ccer": CCER}
"""What a tonne of the joint plan is sold at, by the answer of `credit_price`."""
