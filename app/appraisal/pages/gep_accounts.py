"""Pages of GEP accounts: the list, a workbook checked or stored, one account, publishing."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext

from app.appraisal import queries
from app.appraisal.domain.gep import STATE_TITLES
from app.appraisal.gep_changes import (
    changes_of,
    comparison_name,
    comparison_xlsx,
    places,
    scope_words,
)
from app.appraisal.gep_schemas import (
    AccountWorkbookSchema,
    GepComparisonQuery,
    PublishAccountSchema,
)
from app.appraisal.gep_tables import (
    account_xlsx,
    file_name,
    row_title,
    tables_of,
    tables_of_account,
)
from app.appraisal.gep_workbook import column_title
from app.appraisal.services.gep_accounts import (
    AccountOfYearPublished,
    CheckedAccount,
    account_summaries,
    check_workbook,
    gep_template,
    get_gep_account,
    publish_account,
    standing_account,
    take_workbook,
)
from app.appraisal.services.gep_comparison import GepComparisonView, compare_gep_accounts
from app.appraisal.units import unit_title
from app.db.engine import today
from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.actor import Name
from app.kernel.permissions import Permission
from app.web.access import access, check_version, current_actor, current_session, prepared_as, tell
from app.web.forms import form_page, read_form
from app.web.language import current_language
from app.web.paging import fetch_page, page_request
from app.web.problems import fill
from app.web.reading import load_schema
from app.web.shell import words

blueprint = Blueprint("gep_account_pages", __name__, url_prefix="/gep-accounts")

Answer = Response | str | tuple[str, int]


@blueprint.get("")
@access(Permission.READ_GEP_ACCOUNTS)
def account_list() -> str:
    """The accounts in sight."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_gep_accounts(session, actor), page_request())
    return render_template(
        "appraisal/gep_accounts.html",
        page=page.holding(account_summaries(session, list(page.items))),
        may_keep=actor.may(Permission.KEEP_GEP_ACCOUNTS),
        state_titles=STATE_TITLES,
        words=words,
    )


@blueprint.get("/template.xlsx")
@access(Permission.KEEP_GEP_ACCOUNTS)
def template() -> Response:
    """The workbook to fill in."""
    content = gep_template(current_session(), current_actor(), current_language())
    return attachment(content, name="gep-account-template.xlsx", media_type=XLSX_TYPE)


def _check() -> CheckedAccount:
    schema = AccountWorkbookSchema()
    command = schema.command_for(load_schema(schema, read_form(schema)))
    return check_workbook(current_session(), current_actor(), command)


@blueprint.route("/new", methods=["GET", "POST"])
@access(Permission.KEEP_GEP_ACCOUNTS, upload=True, ahead=_check)
def new_account() -> Answer:
    """Check a workbook, or store it as a draft."""
    session, actor = current_session(), current_actor()
    schema = AccountWorkbookSchema()

    def submit(data: dict[str, Any]) -> Response:
        checked = take_workbook(
            session, actor, schema.command_for(data), prepared_as(CheckedAccount)
        )
        if checked.stored_id is None:
            return _checked(checked)
        tell("ok", gettext("The account is stored as a draft."))
        return redirect(f"/gep-accounts/{checked.stored_id}", 303)  # type: ignore[return-value]

    return form_page(
        schema,
        title=gettext("Store a GEP account"),
        help_text=gettext(
            "One row is one type of ecosystem in one area. Figures without quantities may be "
            "stated by service. Take the template from the list of accounts."
        ),
        back="/gep-accounts",
        values={"accounted_on": today(session).isoformat(), "dry_run": "true"},
        submit=submit,
        submit_title=gettext("Send the workbook"),
    )


def _checked(checked: CheckedAccount) -> Response:
    account = checked.account
    codes = {cell.region for cell in account.cells} | set(account.by_region)
    names = queries.region_names(current_session(), codes)
    page = render_template(
        "appraisal/gep_check.html",
        year=account.year,
        tables=tables_of_account(account, names),
        refused=len({each.row for each in checked.problems if each.severity == "refuse"}),
        problems=[each for each in checked.problems if each.severity != "note"],
        words=words,
        column_title=column_title,
        unit_title=unit_title,
    )
    return make_response(page)


@blueprint.get("/<uuid:account_id>")
@access(Permission.READ_GEP_ACCOUNTS)
def account_page(account_id: UUID) -> str:
    """One account: services by ecosystem, regions, differences, quantities."""
    session, actor = current_session(), current_actor()
    view = get_gep_account(session, actor, account_id)
    names = queries.region_names(session, view.result["by_region"])
    return render_template(
        "appraisal/gep_account.html",
        account=view,
        tables=tables_of(view.result, names),
        asked=[each for each in view.result["problems"] if each["severity"] != "note"],
        state_titles=STATE_TITLES,
        column_title=column_title,
        name_of=lambda told: Name(**told),
        words=words,
        unit_title=unit_title,
        row_title=row_title,
    )


@blueprint.get("/<uuid:account_id>/account.xlsx")
@access(Permission.READ_GEP_ACCOUNTS)
def workbook(account_id: UUID) -> Response:
    """Services by ecosystem as a workbook."""
    view = get_gep_account(current_session(), current_actor(), account_id)
    return attachment(account_xlsx(view), name=file_name(view), media_type=XLSX_TYPE)


@blueprint.get("/<uuid:account_id>/comparison")
@access(Permission.READ_GEP_ACCOUNTS)
def comparison(account_id: UUID) -> str:
    """The account against an earlier one, at constant prices where quantities are known."""
    view = _comparison(account_id)
    found = view.comparison
    names = queries.region_names(current_session(), places(found))
    return render_template(
        "appraisal/gep_comparison.html",
        view=view,
        found=None if found is None else changes_of(found, names),
        scope_words=scope_words,
        state_titles=STATE_TITLES,
        words=words,
    )


@blueprint.get("/<uuid:account_id>/comparison.xlsx")
@access(Permission.READ_GEP_ACCOUNTS)
def comparison_workbook(account_id: UUID) -> Response:
    """The comparison as a workbook."""
    view = _comparison(account_id)
    names = queries.region_names(current_session(), places(view.comparison))
    content = comparison_xlsx(view, names)
    return attachment(content, name=comparison_name(view), media_type=XLSX_TYPE)


def _comparison(account_id: UUID) -> GepComparisonView:
    """With the base that the address names; with the last one before when it names none."""
    asked = request.args.get("base", "")
    query = load_schema(GepComparisonQuery(), {"base": asked} if asked else {})
    return compare_gep_accounts(current_session(), current_actor(), account_id, query.get("base"))


@blueprint.route("/<uuid:account_id>/publish", methods=["GET", "POST"])
@access(Permission.KEEP_GEP_ACCOUNTS)
def publish(account_id: UUID) -> Answer:
    """Publish a draft."""
    session, actor = current_session(), current_actor()
    view = get_gep_account(session, actor, account_id)

    def submit(_command: object) -> Response:
        check_version(view.version)
        publish_account(session, actor, account_id)
        tell("ok", gettext("The account is published."))
        return redirect(f"/gep-accounts/{account_id}", 303)  # type: ignore[return-value]

    return form_page(
        PublishAccountSchema(),
        title=gettext("Publish the account"),
        subtitle=view.title,
        help_text=_publishing(standing_account(session, actor, account_id)),
        back=f"/gep-accounts/{account_id}",
        version=view.version,
        submit=submit,
    )


def _publishing(standing: AccountOfYearPublished | None) -> str:
    """What publishing means, and before it is pressed what will refuse it."""
    told = gettext(
        "Every reader sees it then, and it is never changed. Another officer than who stored it"
        " publishes it; a region has one published account of a year under a norm, and one without a"
        " norm stands for all of them."
    )
    if standing is None:
        return told
    return f"{told} {gettext('It will be refused:')} {fill(standing.detail, standing.facts)}"
