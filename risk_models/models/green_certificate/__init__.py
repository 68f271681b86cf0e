"""Green electricity certificates: those held now, and those that come each year."""

from risk_models.models.green_certificate.model import MODEL

__all__ = ["MODEL"]
