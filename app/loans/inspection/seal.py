"""The digest that a review leaves on a report and its files."""

import hashlib
from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from app.audit.domain import canonical, json_value
from app.loans.inspection.models import Inspection, InspectionFile

_SEALED: Final = (
    "number loan_id kind due_on checked_on place present findings conclusion summary next_step"
    " inspector_id submitted_by submitted_on drawn_fen proved_fen reviewed_by reviewed_on review_note document_id"
)


def seal_of(
    row: Inspection, files: Sequence[InspectionFile], *, document_id: UUID | None = None
) -> str:
    """SHA-256 over the content of a report and its files, as the review left them.

    document_id: of the printed report, where the row does not bear it yet.
    """
    content: dict[str, Any] = {name: getattr(row, name) for name in _SEALED.split()}
    content["document_id"] = document_id or row.document_id
    content["files"] = [
        [each.document_id, each.purpose, each.amount_fen, each.payee, each.withdrawn_reason]
        for each in sorted(files, key=lambda each: each.id)
    ]
    return hashlib.sha256(canonical(json_value(content)).encode()).hexdigest()
