"""The page of provisions."""

from dataclasses import replace

from flask import Blueprint, render_template, request

from app.kernel.permissions import Permission
from app.loans.classes import provisions
from app.loans.classes.provision_schemas import LoanProvisionQuery
from app.loans.pages import words_of_loans
from app.web.access import access, current_actor, current_session
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema

blueprint = Blueprint("provision_pages", __name__, url_prefix="/provisions")

FILTERS = ("on", "class")


@blueprint.get("")
@access(Permission.READ_PROVISIONS)
def provision_page() -> str:
    """Balance and provision by class on a day, and the loans behind them."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in FILTERS}
    wanted = load_schema(LoanProvisionQuery(), {name: text for name, text in asked.items() if text})
    statement = provisions.list_provisions(session, actor, **wanted)
    page = fetch_page(session, statement, page_request())
    return render_template(
        "loans/provisions.html",
        view=provisions.provision_view(session, actor, wanted.get("on")),
        page=replace(page, items=[provisions.loan_provision(row) for row in page.items]),
        asked=asked,
        **words_of_loans(),
    )
