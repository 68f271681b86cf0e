"""Explanations and files of repayments in the reader's language, for programs and pages."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from app.loans.repayments.batches import BatchView
from app.loans.repayments.explaining import Explanation
from app.loans.repayments.import_files import BatchRow
from app.web.problems import fill, lines_in_words


def explained(found: Explanation) -> dict[str, Any]:
    """An explanation with its reasons as words."""
    names = Explanation.__dataclass_fields__
    told = {name: getattr(found, name) for name in names}
    told["lines"] = [
        {
            "seq": line.seq,
            "claim": line.claim,
            "place": line.place,
            "note_number": line.note_number,
            "due_number": line.due_number,
            "due_on": line.due_on,
            "owed_fen": line.owed_fen,
            "paid_fen": line.paid_fen,
            "left_fen": line.left_fen,
            "why": fill(line.why.detail, line.why.facts),
        }
        for line in found.lines
    ]
    return told


def batch_in_words(view: BatchView) -> BatchView:
    """A batch with what keeps it from being booked, and the problems of the rows just read, as words."""
    failure = view.failure
    if failure is not None:
        failure = replace(failure, detail=fill(failure.detail, failure.facts))
    return replace(view, failure=failure, rows=tuple(rows_in_words(view.rows)))


def rows_in_words(rows: Sequence[BatchRow]) -> list[BatchRow]:
    """Rows with their problems as words."""
    return [replace(row, problems=lines_in_words(row.problems)) for row in rows]
