"""Pages of due dates: the list, the month, and files of them."""

from datetime import date, timedelta

from flask import Blueprint, Response, render_template, request
from flask_babel import gettext
from sqlmodel import Session

from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, ExportTable, table_csv, table_xlsx
from app.kernel.permissions import Permission
from app.loans.domain.due import DUE_PART_TITLES
from app.loans.due.schemas import DueQuery, MonthQuery
from app.loans.due.services import MAX_AHEAD, DueFilter, due_day, due_month
from app.loans.due.views import ONLY_NEXT, asked_filters, due_file_name, due_page, due_table
from app.loans.pages import words_of_loans
from app.reference.domain import RegionLevel
from app.reference.services import region_names
from app.web.access import access, current_actor, current_session
from app.web.reading import load_schema
from app.web.shell import words

blueprint = Blueprint("due_pages", __name__, url_prefix="/due-dates")


@blueprint.get("")
@access(Permission.READ_LOANS)
def due_list() -> str:
    """What falls due or is overdue, by day."""
    session = current_session()
    return render_template(
        "loans/due.html",
        page=due_page(session, current_actor(), _wanted()),
        asked=asked_filters(request.args),
        parts=[(part.value, gettext(title)) for part, title in DUE_PART_TITLES.items()],
        counties=_counties(session),
        only_next=gettext(ONLY_NEXT),
        exports=[
            (title, f"/due-dates/export.{ending}?{request.query_string.decode()}")
            for title, ending in (("Excel", "xlsx"), ("CSV", "csv"))
        ],
        **words_of_loans(),
    )


@blueprint.get("/calendar")
@access(Permission.READ_LOANS)
def calendar() -> str:
    """A month of days with what falls due on each."""
    session, actor = current_session(), current_actor()
    given = {"day": request.args["day"]} if request.args.get("day") else {}
    asked = load_schema(MonthQuery(), given)
    day = due_day(session, actor)
    month = due_month(session, actor, asked.get("day") or day)
    return render_template(
        "loans/due_month.html",
        month=month,
        before=_month_before(month.first_on),
        after=_month_after(month.first_on, day + MAX_AHEAD),
        only_next=gettext(ONLY_NEXT),
        **words_of_loans(),
    )


@blueprint.get("/export.csv")
@access(Permission.READ_LOANS)
def due_csv() -> Response:
    """What falls due as CSV, a line a payment."""
    content, name = table_csv(_table()), due_file_name(_wanted(), "csv")
    return attachment(content, name=name, media_type=CSV_TYPE)


@blueprint.get("/export.xlsx")
@access(Permission.READ_LOANS)
def due_xlsx() -> Response:
    """What falls due as a workbook with native numbers, a line a payment."""
    content, name = table_xlsx(_table()), due_file_name(_wanted(), "xlsx")
    return attachment(content, name=name, media_type=XLSX_TYPE)


def _table() -> ExportTable:
    return due_table(current_session(), current_actor(), _wanted())


def _wanted() -> DueFilter:
    asked = asked_filters(request.args)
    wanted: DueFilter = load_schema(
        DueQuery(), {name: text for name, text in asked.items() if text}
    )
    return wanted


def _counties(session: Session) -> list[tuple[str, str]]:
    names = region_names(session, RegionLevel.COUNTY)
    return [(code, words(name)) for code, name in names.items()]


def _month_before(first_on: date) -> date:
    return (first_on - timedelta(days=1)).replace(day=1)


def _month_after(first_on: date, last_on: date) -> date | None:
    """The first day of the next month, unless nothing is looked for so far ahead."""
    following = (first_on + timedelta(days=31)).replace(day=1)
    return following if following <= last_on else None
