"""Carbon tickets: local certificates of what a forest removed in a past monitoring period."""

from risk_models.models.carbon_ticket.model import MODEL

__all__ = ["MODEL"]
