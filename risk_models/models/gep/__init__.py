"""Gross ecosystem product of a year: the quantity of each service times its price."""

from risk_models.models.gep.model import MODEL

__all__ = ["MODEL"]
