"""The API of the ledger: trial balance, its lines, closed periods, entries by hand, recoveries."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Response

from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, table_csv, table_xlsx
from app.kernel.permissions import Permission
from app.loans.ledger import entries as manual_entries
from app.loans.ledger import queries
from app.loans.ledger.events import ENTRY_EVENTS
from app.loans.ledger.exports import file_name, trial_balance_table
from app.loans.ledger.schemas import (
    LedgerLineQuery,
    LedgerLinesSchema,
    ManualEntryQuery,
    ManualEntrySchema,
    PeriodSchema,
    ProposeFeeSchema,
    ProposeRefundSchema,
    ProposeReversalSchema,
    RecoverSchema,
    TrialBalanceQuery,
    TrialBalanceSchema,
)
from app.web.access import access, current_actor, current_session, tagged
from app.web.openapi import ApiBlueprint
from app.web.paging import fetch_page, page_request
from app.web.schemas import ListQuery, page_of

BINARY = {"type": "string", "format": "binary"}

ledger = ApiBlueprint(
    "ledger", __name__, url_prefix="/api/v1/ledger", description="The ledger of the own bank"
)
entries = ApiBlueprint(
    "ledger-entries",
    __name__,
    url_prefix="/api/v1/ledger/entries",
    description="Entries by hand, by two persons",
)
of_loans = ApiBlueprint(
    "loan-entries",
    __name__,
    url_prefix="/api/v1/loans",
    description="Fees, refunds, reversals and recoveries of a loan",
)

BLUEPRINTS = (ledger, entries, of_loans)


@ledger.route("/trial-balance", methods=["GET"])
@access(Permission.READ_LEDGER)
@ledger.arguments(TrialBalanceQuery, location="query")
@ledger.response(200, TrialBalanceSchema)
def get_trial_balance(wanted: dict[str, Any]) -> Any:
    """Opening, debits, credits and closing by account, of one day or from a day to a day.

    At any past day; on the open business day as it stands now.
    """
    return queries.bank_trial_balance(current_session(), current_actor(), **wanted)


@ledger.route("/trial-balance.csv", methods=["GET"])
@access(Permission.READ_LEDGER)
@ledger.arguments(TrialBalanceQuery, location="query")
@ledger.response(200, BINARY, content_type="text/csv")
def get_trial_balance_csv(wanted: dict[str, Any]) -> Response:
    """The trial balance as CSV."""
    found = queries.bank_trial_balance(current_session(), current_actor(), **wanted)
    content = table_csv(trial_balance_table(found, current_actor()))
    return attachment(content, name=file_name(found, "csv"), media_type=CSV_TYPE)


@ledger.route("/trial-balance.xlsx", methods=["GET"])
@access(Permission.READ_LEDGER)
@ledger.arguments(TrialBalanceQuery, location="query")
@ledger.response(200, BINARY, content_type=XLSX_TYPE)
def get_trial_balance_xlsx(wanted: dict[str, Any]) -> Response:
    """The trial balance as a workbook with native numbers."""
    found = queries.bank_trial_balance(current_session(), current_actor(), **wanted)
    content = table_xlsx(trial_balance_table(found, current_actor()))
    return attachment(content, name=file_name(found, "xlsx"), media_type=XLSX_TYPE)


@ledger.route("/postings", methods=["GET"])
@access(Permission.READ_LEDGER)
@ledger.arguments(LedgerLineQuery, location="query")
@ledger.response(200, LedgerLinesSchema)
def list_postings(asked: tuple[queries.LineFilter, dict[str, Any]]) -> Any:
    """The lines behind an account, newest first; `next_cursor` reads on."""
    wanted, where = asked
    return queries.ledger_lines(current_session(), current_actor(), wanted, **where)


@ledger.route("/periods", methods=["GET"])
@access(Permission.READ_LEDGER)
@ledger.arguments(ListQuery, location="query")
@ledger.response(200, page_of(PeriodSchema))
def list_periods(_wanted: dict[str, Any]) -> Any:
    """The closed months of the own bank, the latest first, with the digest of their lines."""
    session = current_session()
    page = fetch_page(session, queries.list_periods(session, current_actor()), page_request())
    return page.holding([queries.period_view(row) for row in page.items])


@entries.route("", methods=["GET"])
@access(Permission.READ_LEDGER)
@entries.arguments(ManualEntryQuery, location="query")
@entries.response(200, page_of(ManualEntrySchema))
def list_entries(wanted: dict[str, Any]) -> Any:
    """Entries by hand of the own bank, the newest first."""
    session, actor = current_session(), current_actor()
    statement = queries.list_entries(session, actor, wanted.get("state"))
    page = fetch_page(session, statement, page_request())
    return replace(page, items=queries.entry_views(session, actor, page.items))


@entries.route("/<uuid:entry_id>", methods=["GET"])
@access(Permission.READ_LEDGER)
@entries.response(200, ManualEntrySchema)
def get_entry(entry_id: UUID) -> Any:
    """An entry by hand with its two persons."""
    return tagged(queries.entry_view(current_session(), current_actor(), entry_id))


@of_loans.route("/<uuid:loan_id>/fees", methods=["POST"])
@access(Permission.PROPOSE_ENTRY, idempotent=True)
@of_loans.arguments(ProposeFeeSchema)
@of_loans.response(201, ManualEntrySchema)
def propose_fee(command: manual_entries.ProposeFee, loan_id: UUID) -> Any:
    """Propose a fee; it is owed once a second person booked it."""
    return _made(manual_entries.propose_fee(current_session(), current_actor(), loan_id, command))


@of_loans.route("/<uuid:loan_id>/refunds", methods=["POST"])
@access(Permission.PROPOSE_ENTRY, idempotent=True)
@of_loans.arguments(ProposeRefundSchema)
@of_loans.response(201, ManualEntrySchema)
def propose_refund(command: manual_entries.ProposeRefund, loan_id: UUID) -> Any:
    """Propose to pay back money that waits in suspense."""
    view = manual_entries.propose_refund(current_session(), current_actor(), loan_id, command)
    return _made(view)


@of_loans.route("/<uuid:loan_id>/reversals", methods=["POST"])
@access(Permission.PROPOSE_ENTRY, idempotent=True)
@of_loans.arguments(ProposeReversalSchema)
@of_loans.response(201, ManualEntrySchema)
def propose_reversal(command: manual_entries.ProposeReversal, loan_id: UUID) -> Any:
    """Propose to take back a fee, a refund or a recovery by its entry in the journal; once only.

    What the service books by itself is refused with what to do instead.
    """
    view = manual_entries.propose_reversal(current_session(), current_actor(), loan_id, command)
    return _made(view)


@of_loans.route("/<uuid:loan_id>/recoveries", methods=["POST"])
@access(Permission.POST_REPAYMENT, idempotent=True)
@of_loans.arguments(RecoverSchema)
@of_loans.response(201, ManualEntrySchema)
def recover(command: manual_entries.Recover, loan_id: UUID) -> Any:
    """Book money received for a loan that was written off."""
    return _made(manual_entries.recover(current_session(), current_actor(), loan_id, command))


def _made(view: queries.ManualEntryView) -> Any:
    return tagged(view), 201, {"Location": f"/api/v1/ledger/entries/{view.id}"}


ENTRY_EVENTS.register_api(entries)
