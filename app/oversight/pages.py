"""Pages of oversight: the balances, their exports, and single loans under a stated purpose."""

from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask_babel import gettext

from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, table_csv, table_xlsx
from app.kernel.permissions import Permission
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import SECURITY_TITLES, STATE_TITLES, Kept
from app.oversight import dashboard, queries, services, views
from app.oversight.schemas import BalanceQuery, DetailQuery, OpenDrillDownSchema
from app.oversight.shown import CLASS_TITLES, LEVEL_TITLES, charts, figure_text, switch_links
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.paging import page_request
from app.web.reading import load_schema, query_value
from app.web.shell import words

blueprint = Blueprint("oversight_pages", __name__, url_prefix="/oversight")


@blueprint.get("")
@access(Permission.READ_BALANCES)
def balances() -> str:
    """The balances in sight on a day."""
    session, actor = current_session(), current_actor()
    as_of = _as_of()
    found = dashboard.dashboard(session, actor, as_of)
    absence = found if isinstance(found, queries.Absence) else None
    board = None if isinstance(found, queries.Absence) else found
    return render_template(
        "oversight/balances.html",
        board=board,
        charts=charts(board) if board else None,
        months=switch_links(board) if board else (),
        absence=absence,
        figure_text=figure_text,
        message=gettext(queries.ABSENCE_WORDS[absence]) if absence else "",
        merged_name=words(queries.merged_name(board.least)) if board else "",
        class_titles=CLASS_TITLES,
        may_drill=actor.may(Permission.READ_BALANCE_DETAIL),
        scope=words(actor.organisation_name),
        words=words,
    )


@blueprint.get("/balances.csv")
@access(Permission.READ_BALANCES)
def balances_csv() -> Response:
    """The balances as CSV, grouped as asked."""
    report = _report()
    content = table_csv(views.export_table(report, current_actor()))
    return attachment(content, name=views.file_name(report, "csv"), media_type=CSV_TYPE)


@blueprint.get("/balances.xlsx")
@access(Permission.READ_BALANCES)
def balances_xlsx() -> Response:
    """The balances as a workbook, grouped as asked."""
    report = _report()
    content = table_xlsx(views.export_table(report, current_actor()))
    return attachment(content, name=views.file_name(report, "xlsx"), media_type=XLSX_TYPE)


@blueprint.route("/purpose", methods=["GET", "POST"])
@access(Permission.READ_BALANCE_DETAIL)
def purpose() -> Response | str | tuple[str, int]:
    """State what single loans are looked at for."""

    def submit(command: services.OpenDrillDown) -> Response:
        services.open_drill_down(current_session(), current_actor(), command)
        tell("ok", gettext("The purpose is kept. Every loan you look at is written down with it."))
        return redirect(url_for("oversight_pages.loans"), 303)  # type: ignore[return-value]

    return form_page(
        OpenDrillDownSchema(),
        title=gettext("Look at single loans"),
        submit=submit,
        back=url_for("oversight_pages.balances"),
        help_text=gettext(
            "Balances need no purpose, single loans do. It holds for eight hours, for you alone."
        ),
        submit_title=gettext("State the purpose"),
    )


@blueprint.get("/loans")
@access(Permission.READ_BALANCE_DETAIL)
def loans() -> Response | str:
    """Single loans of the region."""
    session, actor = current_session(), current_actor()
    drill_down = services.find_drill_down(session, actor)
    if drill_down is None:
        return redirect(url_for("oversight_pages.purpose"), 303)  # type: ignore[return-value]
    asked = _asked(DetailQuery())
    wanted = views.loan_filter(asked)
    page = services.look_at_loans(session, actor, wanted, page_request(), sort=asked["sort"])
    return render_template(
        "oversight/loans.html",
        page=page,
        rows=views.loan_rows(session, page.items),
        counted=services.counted_loans(session, actor),
        drill_down=drill_down,
        asked=request.args,
        classes=[(each.value, gettext(CLASS_TITLES[each.value])) for each in LoanClass],
        kinds=[
            (Kept.SERVICED.value, gettext("Serviced here")),
            (Kept.MIRRORED.value, gettext("Mirrored from the bank")),
        ],
        regions=[(code, words(name)) for code, name in queries.region_choices(session, actor)],
    )


@blueprint.get("/loans/<uuid:loan_id>")
@access(Permission.READ_BALANCE_DETAIL)
def loan(loan_id: UUID) -> Response | str:
    """One loan of the region."""
    session, actor = current_session(), current_actor()
    drill_down = services.find_drill_down(session, actor)
    if drill_down is None:
        return redirect(url_for("oversight_pages.purpose"), 303)  # type: ignore[return-value]
    detail = services.look_at_loan(session, actor, loan_id)
    return render_template(
        "oversight/loan.html",
        detail=detail,
        loan=detail.loan,
        names=views.loan_names(session, detail.loan),
        class_titles=CLASS_TITLES,
        level_titles=LEVEL_TITLES,
        state_titles=STATE_TITLES,
        security_titles=SECURITY_TITLES,
        drill_down=drill_down,
        words=words,
    )


def _report() -> queries.Report:
    asked = _asked(BalanceQuery())
    return queries.report(current_session(), current_actor(), queries.Wanted(**asked))


def _asked(schema: BalanceQuery | DetailQuery) -> dict[str, Any]:
    sent = {
        name: query_value(field, request.args.getlist(name))
        for name, field in schema.load_fields.items()
        if request.args.get(name)
    }
    asked: dict[str, Any] = load_schema(schema, sent)
    return asked


def _as_of() -> date | None:
    sent = {"as_of": request.args["as_of"]} if request.args.get("as_of") else {}
    asked = load_schema(BalanceQuery(only=("as_of", "group_by")), sent)
    day: date | None = asked["as_of"]
    return day
