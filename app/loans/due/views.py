"""What falls due as pages, API and files show it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext
from sqlmodel import Session

from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Value
from app.kernel.actor import Actor
from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from app.loans.domain.due import DUE_PART_TITLES, DuePart
from app.loans.due.services import MAX_DUE_EXPORT_ROWS, DueFilter, DueList, DueRow, list_due
from app.loans.schedules import INSTALMENT_TITLES
from app.web.paging import Page, PageRequest, page_request
from app.web.shell import words


class DueExportTooLong(RuleViolation):
    """More payments than one file holds."""

    code = "due-export-too-long"
    title = N_("Too many payments for one file")
    detail = N_(
        "%(rows)s payments lie between these days; a file holds %(most)s."
        " Narrow the days and take several files."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class DuePage(Page[DueRow]):
    """A page of what falls due, with what is said of all pages."""

    found: DueList

    @property
    def day(self) -> Any:
        """The day from which lateness is counted."""
        return self.found.day

    @property
    def from_on(self) -> Any:
        """The first day looked at, if any."""
        return self.found.from_on

    @property
    def until_on(self) -> Any:
        """The last day looked at."""
        return self.found.until_on

    @property
    def complete(self) -> bool:
        """Whether every payment to come is listed."""
        return self.found.complete

    @property
    def sums(self) -> Any:
        """The sums of all pages."""
        return self.found.sums


def due_page(session: Session, actor: Actor, wanted: DueFilter) -> DuePage:
    """The page of what falls due that the address asks for."""
    asked: PageRequest = page_request()
    found = list_due(session, actor, wanted, offset=asked.offset, size=asked.size)
    return DuePage(
        items=found.items, number=asked.number, size=asked.size, total=found.total, found=found
    )


def due_table(session: Session, actor: Actor, wanted: DueFilter) -> ExportTable:
    """All that falls due as a table to take away; refused where a file would be too long."""
    found = list_due(session, actor, wanted, offset=0, size=MAX_DUE_EXPORT_ROWS)
    if found.total > MAX_DUE_EXPORT_ROWS:
        raise DueExportTooLong(rows=found.total, most=MAX_DUE_EXPORT_ROWS)
    return ExportTable(
        title=gettext("Due dates"),
        facts=_facts(found, actor, wanted.part),
        columns=_columns(),
        rows=[_line(row) for row in found.items],
        total=_total(found),
    )


def due_file_name(wanted: DueFilter, ending: str) -> str:
    """The name of a file, with the days that it covers where they were named."""
    days = [day.isoformat() for day in (wanted.from_on, wanted.until_on) if day]
    return ".".join(("-".join(("due-dates", *days)), ending))


def _facts(found: DueList, actor: Actor, part: DuePart) -> list[tuple[str, str]]:
    facts = [
        (gettext("Prepared for"), words(actor.organisation_name)),
        (gettext("Lateness counted from"), found.day.isoformat()),
        (gettext("From day"), found.from_on.isoformat() if found.from_on else gettext("none")),
        (gettext("Up to day"), found.until_on.isoformat()),
        (gettext("State"), gettext(DUE_PART_TITLES[part])),
        (gettext("Unit"), gettext("CNY")),
    ]
    if not found.complete:
        facts.append((gettext("Note"), gettext(ONLY_NEXT)))
    return facts


ONLY_NEXT = N_(
    "More notes fall due than are drawn forward at once: only the next payment of each note is"
    " listed, and nothing is summed. Narrow the days to have sums."
)


def _columns() -> list[ExportColumn]:
    text = [gettext("Due on"), gettext("Loan"), gettext("Borrower"), gettext("Loan note")]
    amounts = [
        gettext("Principal"),
        gettext("Interest"),
        gettext("Instalment"),
        gettext("Left to pay"),
    ]
    return [
        *(ExportColumn(title=title) for title in text),
        *(ExportColumn(title=title, kind=ColumnKind.YUAN) for title in amounts),
        ExportColumn(title=gettext("Days late"), kind=ColumnKind.WHOLE),
        ExportColumn(title=gettext("State")),
    ]


def _line(row: DueRow) -> list[Value]:
    return [
        row.due_on.isoformat(),
        row.loan_number,
        words(row.borrower_name),
        row.note_number,
        row.principal_fen,
        row.interest_fen,
        row.payment_fen,
        row.left_fen,
        row.days_late,
        gettext(INSTALMENT_TITLES[row.state]),
    ]


def _total(found: DueList) -> list[Value]:
    if found.sums is None:
        return []
    sums = found.sums
    amounts = [sums.principal_fen, sums.interest_fen, sums.payment_fen, sums.left_fen]
    return [gettext("Total"), "", "", "", *amounts, None, ""]


def asked_filters(given: Mapping[str, str]) -> dict[str, str]:
    """The filters of an address as its form shows them again."""
    names = ("from", "until", "state", "q", "class", "county")
    return {name: given.get(name, "") for name in names}
