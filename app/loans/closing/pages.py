"""Pages of closes of days: the list with the form that files the next, and one with its progress."""

from datetime import date, timedelta
from typing import Final
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext, ngettext

from app.db.engine import demonstration_day, today
from app.kernel.errors import InvalidInput, Refusal, RuleViolation
from app.kernel.permissions import Permission
from app.loans.books import find_business_day
from app.loans.closing import queries
from app.loans.closing.repeating import (
    FiledCloses,
    RepeatLoans,
    repeat_loans,
    request_closes,
)
from app.loans.closing.schemas import RequestCloseSchema
from app.loans.pages import words_of_loans
from app.web.access import access, current_actor, current_session, start_over, tell
from app.web.csrf import page_token
from app.web.formats import day as shown_day
from app.web.forms import errors_by_field, with_titles
from app.web.paging import fetch_page, page_request
from app.web.problems import problem_of, status_of
from app.web.reading import load_schema

blueprint = Blueprint("day_closes_pages", __name__, url_prefix="/day-closes")

_WEEK: Final = timedelta(days=6)

READERS = (Permission.CLOSE_DAY, Permission.READ_JOBS)


@blueprint.route("", methods=["GET", "POST"])
@access(*READERS)
def close_list() -> Response | str | tuple[str, int]:
    """The closes of the own bank, and the form that files the next."""
    if request.method == "GET":
        return _closes(None)
    try:
        return _file_close()
    except (InvalidInput, RuleViolation) as refusal:
        start_over()
        return _closes(refusal), status_of(refusal)


def _closes(refusal: Refusal | None) -> str:
    """The list with its form; refused, the form has what was typed and why it does not do."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_closes(actor), page_request())
    day = find_business_day(session, actor.organisation_id)
    ahead = day is not None and demonstration_day(session) is not None
    return render_template(
        "loans/closes.html",
        page=page.holding([queries.close_view_of(row) for row in page.items]),
        day=day,
        today=today(session),
        last_day=request.form.get("until_on")
        or _last_day(today(session), day, ahead=ahead).isoformat(),
        problem=with_titles(problem_of(refusal), {"until_on": gettext("Up to day")})
        if refusal
        else None,
        until_error=errors_by_field(refusal).get("until_on", ""),
        ahead=ahead,
        may_close=actor.may(Permission.CLOSE_DAY),
        csrf_token=page_token(),
        **words_of_loans(),
    )


def _last_day(now_on: date, day: date | None, *, ahead: bool) -> date:
    """The day proposed as the last: yesterday; in a demonstration, whose closes move the day, a week ahead."""
    return day + _WEEK if ahead and day is not None else now_on - timedelta(days=1)


def _file_close() -> Response:
    sent = {name: request.form.get(name, "") for name in ("on", "until_on")}
    command = load_schema(RequestCloseSchema(), {name: text for name, text in sent.items() if text})
    found = request_closes(current_session(), current_actor(), command)
    _tell_filed(found)
    return redirect(f"/day-closes/{found.view.id}", 303)  # type: ignore[return-value]


def _tell_filed(found: FiledCloses) -> None:
    """What was filed, where the page of the close does not say it: several days, or none."""
    day = shown_day(found.view.on)
    if found.days > 1:
        words = gettext("%(count)s days are filed, the last is %(day)s.", count=found.days, day=day)
        tell("ok", words)
    elif not found.days and found.view.finished_at is not None:
        tell("note", gettext("%(day)s is closed already; nothing was filed.", day=day))
    elif not found.days:
        tell("note", gettext("The close of %(day)s was filed before; nothing was filed.", day=day))


@blueprint.get("/<uuid:close_id>")
@access(*READERS)
def close_page(close_id: UUID) -> Response | str:
    """A close with its progress; asked again every second until it is done, when the whole page is."""
    actor = current_actor()
    view = queries.close_view(current_session(), actor, close_id)
    if "HX-Request" in request.headers:
        return _close_progress(view)
    return render_template(
        "loans/close.html",
        close=view,
        may_close=actor.may(Permission.CLOSE_DAY),
        csrf_token=page_token(),
        **words_of_loans(),
    )


def _close_progress(view: queries.DayCloseView) -> Response:
    answer = make_response(
        render_template("loans/close_progress.html", close=view, **words_of_loans())
    )
    if view.finished_at is not None:
        answer.headers["HX-Refresh"] = "true"
    return answer


@blueprint.post("/<uuid:close_id>/repeats")
@access(Permission.CLOSE_DAY)
def repeat(close_id: UUID) -> Response:
    """Close the loans that were left behind, or the one that is named."""
    number = request.form.get("loan_number", "")[:40]
    command = RepeatLoans(loan_numbers=(number,) if number else ())
    view = repeat_loans(current_session(), current_actor(), close_id, command)
    last = view.repeats[-1]
    if last.failed:
        tell(
            "alarm",
            ngettext(
                "%(failed)s loan failed again; the reason stands beside it.",
                "%(failed)s loans failed again; the reason stands beside each.",
                last.failed,
                failed=last.failed,
            ),
        )
    else:
        words = ngettext(
            "%(done)s loan is closed up to the open day.",
            "%(done)s loans are closed up to the open day.",
            last.done,
            done=last.done,
        )
        tell("ok", words)
    return redirect(f"/day-closes/{close_id}", 303)  # type: ignore[return-value]
