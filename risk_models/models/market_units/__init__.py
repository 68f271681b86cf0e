"""Tradable units: allowances, credits, certificates and tickets at a cautious market price."""

from risk_models.models.market_units.model import MODEL

__all__ = ["MODEL"]
