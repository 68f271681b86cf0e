"""Expected income right of a forest, bamboo, shrub or grassland carbon sink."""

from risk_models.models.carbon_sink_income.growth_checks import yearly_removals
from risk_models.models.carbon_sink_income.model import MODEL

__all__ = ["MODEL", "yearly_removals"]
