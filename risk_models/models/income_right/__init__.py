"""Income right: a yearly net income that someone owes, until the right ends."""

from risk_models.models.income_right.model import MODEL

__all__ = ["MODEL"]
