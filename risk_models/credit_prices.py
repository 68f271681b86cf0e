"""Prices of carbon credits that several models read: one price, one id, one title."""

from typing import Final

from risk_models.contract import PriceUse
from risk_models.tradable import means_of
from risk_models.words import Text

__all__ = ["CCER", "CCER_MEANS", "LOCAL_SINK"]

TONNE: Final = "tCO2e"

# Which rows sell at these, each model's `check` knows.
LOCAL_SINK: Final = PriceUse(
    id="local-sink",
    title=Text(en="Local forest and grass sink price", zh="地方林草碳汇价格"),
    unit=f"yuan/{TONNE}",
    needed=False,
)
CCER: Final = PriceUse(
    id="ccer",
    title=Text(en="National certified emission reductions", zh="国家核证自愿减排量价格"),
    unit=f"yuan/{TONNE}",
    needed=False,
)
CCER_MEANS: Final = means_of(
    "ccer", Text(en="Certified emission reductions", zh="国家核证自愿减排量"), TONNE
)
