"""Forest right: timber, fuel and economic forest, valued as the age of the stand calls for."""

from risk_models.models.forest_right.model import MODEL

__all__ = ["MODEL"]
