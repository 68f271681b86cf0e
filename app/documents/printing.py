"""Documents still to be printed, one after the other: one that cannot be printed stops none behind it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Final
from uuid import UUID

import structlog

log = structlog.get_logger("greenpledge.documents")

MAX_FAILED_NAMED: Final = 20
"""Numbers in the result of a run; the log has all of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintRun:
    """What became of the documents that were to be printed."""

    printed: int = 0
    waiting: int = 0
    """Not tried, because the service stops; the next run takes them up."""
    failed: tuple[str, ...] = ()
    """Numbers of those that could not be printed; the next run tries them again."""

    @property
    def facts(self) -> Mapping[str, object]:
        """The result of a job: how many of each, and the first numbers that failed."""
        counts = {"printed": self.printed, "failed": len(self.failed), "waiting": self.waiting}
        if not self.failed:
            return counts
        more = ["…"] if self.failed[MAX_FAILED_NAMED:] else []
        return {**counts, "not_printed": ", ".join([*self.failed[:MAX_FAILED_NAMED], *more])}


def print_each(
    missing: Sequence[tuple[UUID, str]],
    issue: Callable[[UUID], UUID | None],
    *,
    stop: Event | None = None,
) -> PrintRun:
    """Print each of the documents given by id and number, until the wish to stop.

    issue: prints one and gives the document, or None where its content may not be printed.
    """
    printed, failed = 0, list[str]()
    for place, (subject_id, number) in enumerate(missing):
        if stop is not None and stop.is_set():
            return PrintRun(printed=printed, waiting=len(missing) - place, failed=tuple(failed))
        if _is_printed(issue, subject_id, number):
            printed += 1
        else:
            failed.append(number)
    return PrintRun(printed=printed, failed=tuple(failed))


def _is_printed(issue: Callable[[UUID], UUID | None], subject_id: UUID, number: str) -> bool:
    try:
        document_id = issue(subject_id)
    except Exception:
        log.exception("document not printed", number=number)
        return False
    if document_id is None:
        log.error("document not printed, its content is not the confirmed one", number=number)
    return document_id is not None
