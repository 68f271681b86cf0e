"""The API of GEP accounts."""

from typing import Any
from uuid import UUID

from flask import Response

from app.appraisal import queries
from app.appraisal.gep_changes import comparison_name, comparison_xlsx, places
from app.appraisal.gep_schemas import (
    GepAccountQuery,
    GepAccountSchema,
    GepAccountSummarySchema,
    GepComparisonQuery,
    GepComparisonSchema,
    StoreAccountSchema,
)
from app.appraisal.gep_tables import account_xlsx, file_name
from app.appraisal.services.gep_accounts import (
    StoreAccount,
    account_summaries,
    count_account,
    get_gep_account,
    publish_account,
    store_account,
)
from app.appraisal.services.gep_comparison import compare_gep_accounts
from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.permissions import Permission
from app.web.access import (
    access,
    check_version,
    current_actor,
    current_session,
    prepared_as,
    tagged,
)
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema, read_body
from app.web.schemas import page_of
from risk_models.accounts import Account

BINARY = {"type": "string", "format": "binary"}

blueprint = ApiBlueprint(
    "gep-accounts",
    __name__,
    url_prefix="/api/v1/gep-accounts",
    description="Accounts of gross ecosystem product: yearly flows, shown and never lent on",
)


@blueprint.route("", methods=["GET"])
@access(Permission.READ_GEP_ACCOUNTS)
@blueprint.arguments(GepAccountQuery, location="query")
@blueprint.response(200, page_of(GepAccountSummarySchema))
def list_accounts(wanted: dict[str, Any]) -> Any:
    """The accounts in sight, the latest year first."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, queries.list_gep_accounts(session, actor, wanted), page_request())
    return page.holding(account_summaries(session, list(page.items)))


def _count() -> Account:
    command = load_schema(StoreAccountSchema(), read_body())
    return count_account(current_session(), current_actor(), command)


@blueprint.route("", methods=["POST"])
@access(Permission.KEEP_GEP_ACCOUNTS, idempotent=True, ahead=_count)
@blueprint.arguments(StoreAccountSchema)
@blueprint.response(201, GepAccountSchema)
def store(command: StoreAccount) -> Any:
    """Work an account out of its rows and store it as a draft."""
    view = store_account(current_session(), current_actor(), command, prepared_as(Account))
    return tagged(view), 201, {"Location": f"/api/v1/gep-accounts/{view.id}"}


@blueprint.route("/<uuid:account_id>", methods=["GET"])
@access(Permission.READ_GEP_ACCOUNTS)
@blueprint.response(200, GepAccountSchema)
def get_account(account_id: UUID) -> Any:
    """An account with totals by service, ecosystem and region."""
    return tagged(get_gep_account(current_session(), current_actor(), account_id))


@blueprint.route("/<uuid:account_id>/publish", methods=["POST"])
@access(Permission.KEEP_GEP_ACCOUNTS, idempotent=True, versioned=True)
@blueprint.response(200, GepAccountSchema)
def publish(account_id: UUID) -> Any:
    """Publish a draft that another officer stored; it is never changed after.

    Refused while another account of the region and year is published under its norm.
    """
    session, actor = current_session(), current_actor()
    check_version(get_gep_account(session, actor, account_id).version)
    return tagged(publish_account(session, actor, account_id))


@blueprint.route("/<uuid:account_id>/account.xlsx", methods=["GET"])
@access(Permission.READ_GEP_ACCOUNTS)
@blueprint.response(200, BINARY, content_type=XLSX_TYPE)
def get_workbook(account_id: UUID) -> Response:
    """Services by ecosystem as a workbook with native numbers."""
    view = get_gep_account(current_session(), current_actor(), account_id)
    return attachment(account_xlsx(view), name=file_name(view), media_type=XLSX_TYPE)


@blueprint.route("/<uuid:account_id>/comparison", methods=["GET"])
@access(Permission.READ_GEP_ACCOUNTS)
@blueprint.arguments(GepComparisonQuery, location="query")
@blueprint.response(200, GepComparisonSchema)
def get_comparison(wanted: dict[str, Any], account_id: UUID) -> Any:
    """The account against an earlier one at constant prices; null without an earlier one.

    Whole, by service, by ecosystem and by region: the base, this year's quantities at the prices of
    the base, the effect of quantities, this year, the effect of prices, and growth. Effects are null
    where figures were stated without quantities; growth is then in current prices. A figure is null
    in a year that accounts no unit of it. Where `same_units` is false, growth is that of the units
    of both years, and `only_before` and `only_after` name the others.
    """
    return compare_gep_accounts(current_session(), current_actor(), account_id, wanted.get("base"))


@blueprint.route("/<uuid:account_id>/comparison.xlsx", methods=["GET"])
@access(Permission.READ_GEP_ACCOUNTS)
@blueprint.arguments(GepComparisonQuery, location="query")
@blueprint.response(200, BINARY, content_type=XLSX_TYPE)
def get_comparison_workbook(wanted: dict[str, Any], account_id: UUID) -> Response:
    """The comparison as a workbook with native numbers."""
    view = compare_gep_accounts(current_session(), current_actor(), account_id, wanted.get("base"))
    names = queries.region_names(current_session(), places(view.comparison))
    content = comparison_xlsx(view, names)
    return attachment(content, name=comparison_name(view), media_type=XLSX_TYPE)
