"""Income right of the ecological products of a parcel: what payers owe under contracts."""

from risk_models.models.vep_income.model import MODEL

__all__ = ["MODEL"]
