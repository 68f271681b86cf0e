"""The digest that a review leaves on a report and its files."""

import hashlib
from typing import Any, Final

from app.audit.domain import canonical, json_value
from app.loans.inspection.models import Inspection, InspectionFile

_SEALED: Final = (
    "number loan_id kind due_on checked_on place present findings conclusion summary next_step"
    " inspector_id submitted_by submitted_on drawn_fen proved_fen reviewed_by reviewed_on review_note document_id"
)


def seal_of(row: Inspection, files: list[InspectionFile]) -> str:
    """SHA-256 over the content of a report and its files, as the review left them."""
    content: dict[str, Any] = {name: getattr(row, name) for name in _SEALED.split()}
    content["files"] = [
        [each.document_id, each.purpose, each.amount_fen, each.payee, each.withdrawn_reason]
        for each in sorted(files, key=lambda each: each.id)
    ]
    return hashlib.sha256(canonical(json_value(content)).encode()).hexdigest()
