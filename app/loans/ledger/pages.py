"""Pages of the ledger: trial balance, its lines, closed periods, entries by hand, recoveries."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.documents.downloads import attachment
from app.documents.tables import CSV_TYPE, XLSX_TYPE, table_csv, table_xlsx
from app.kernel.permissions import Permission
from app.loans.domain.journal import Posting
from app.loans.domain.ledger import (
    COLUMNS,
    ENTRY_STATE_TITLES,
    MANUAL_TITLES,
    ManualKind,
    Split,
    column_totals,
    manual_postings,
)
from app.loans.ledger import entries as manual_entries
from app.loans.ledger import queries
from app.loans.ledger.events import ENTRY_EVENTS
from app.loans.ledger.exports import file_name, trial_balance_table
from app.loans.ledger.schemas import (
    COLUMN_TITLES,
    LedgerLineQuery,
    ManualEntryQuery,
    ProposeFeeSchema,
    ProposeRefundSchema,
    RecoverSchema,
    ReversalReasonSchema,
    TrialBalanceQuery,
)
from app.loans.ledger.written_off import find_written_off
from app.loans.pages import words_of_loans
from app.loans.queries import loan_view
from app.web.access import access, current_actor, current_session, tell
from app.web.formats import money_yuan
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words

ledger = Blueprint("ledger_pages", __name__, url_prefix="/ledger")
entries = Blueprint("ledger_entry_pages", __name__, url_prefix="/ledger/entries")
of_loans = Blueprint("loan_entry_pages", __name__, url_prefix="/loans")

BLUEPRINTS = (ledger, entries, of_loans)

Answer = Response | str | tuple[str, int]

LINE_FILTERS = ("account", "kind", "from_on", "on")
STATE_TONES = {"proposed": "amber", "booked": "green", "refused": "grey"}


def _words() -> dict[str, Any]:
    return {
        **words_of_loans(),
        "manual_titles": {kind.value: gettext(text) for kind, text in MANUAL_TITLES.items()},
        "entry_state_titles": {
            state.value: gettext(text) for state, text in ENTRY_STATE_TITLES.items()
        },
        "entry_tones": STATE_TONES,
    }


def _asked(*names: str) -> dict[str, str]:
    return {name: request.args[name] for name in names if request.args.get(name)}


def _balance() -> queries.TrialBalance:
    wanted = load_schema(TrialBalanceQuery(), _asked("on", "from_on"))
    return queries.bank_trial_balance(current_session(), current_actor(), **wanted)


@ledger.get("")
@access(Permission.READ_LEDGER)
def trial_balance() -> str:
    """The trial balance of the own bank."""
    found = _balance()
    groups = [
        (gettext("On the balance sheet"), found.balance_sheet),
        (gettext("Memorandum (off the balance sheet)"), found.memorandum),
    ]
    return render_template(
        "loans/trial_balance.html",
        found=found,
        groups=[(title, lines, column_totals(lines)) for title, lines in groups if lines],
        columns=[(name, gettext(COLUMN_TITLES[name])) for name in COLUMNS],
        query=urlencode(_asked("on", "from_on")),
        days=urlencode({"from_on": found.from_on.isoformat(), "on": found.on.isoformat()}),
        scope=words(current_actor().organisation_name),
        **_words(),
    )


@ledger.get("/trial-balance.csv")
@access(Permission.READ_LEDGER)
def trial_balance_csv() -> Response:
    """The trial balance as CSV."""
    found = _balance()
    content = table_csv(trial_balance_table(found, current_actor()))
    return attachment(content, name=file_name(found, "csv"), media_type=CSV_TYPE)


@ledger.get("/trial-balance.xlsx")
@access(Permission.READ_LEDGER)
def trial_balance_xlsx() -> Response:
    """The trial balance as a workbook."""
    found = _balance()
    content = table_xlsx(trial_balance_table(found, current_actor()))
    return attachment(content, name=file_name(found, "xlsx"), media_type=XLSX_TYPE)


@ledger.get("/postings")
@access(Permission.READ_LEDGER)
def postings() -> str:
    """The lines behind an account."""
    asked = _asked(*LINE_FILTERS, "cursor")
    wanted, where = load_schema(LedgerLineQuery(), asked)
    found = queries.ledger_lines(current_session(), current_actor(), wanted, **where)
    kept = {name: text for name, text in asked.items() if name != "cursor"}
    return render_template(
        "loans/journal_lines.html",
        found=found,
        asked={name: kept.get(name, "") for name in LINE_FILTERS},
        older=urlencode({**kept, "cursor": found.next_cursor or ""}),
        **_words(),
    )


@ledger.get("/periods")
@access(Permission.READ_LEDGER)
def periods() -> str:
    """The closed months of the own bank."""
    session = current_session()
    page = fetch_page(session, queries.list_periods(session, current_actor()), page_request())
    return render_template(
        "loans/trial_balance_periods.html",
        page=page.holding([queries.period_view(row) for row in page.items]),
        **_words(),
    )


@entries.get("")
@access(Permission.READ_LEDGER)
def entry_list() -> str:
    """Entries by hand of the own bank."""
    session, actor = current_session(), current_actor()
    asked = _asked("state")
    wanted = load_schema(ManualEntryQuery(), asked)
    statement = queries.list_entries(session, actor, wanted.get("state"))
    page = fetch_page(session, statement, page_request())
    return render_template(
        "loans/journal_entries.html",
        page=replace(page, items=queries.entry_views(session, actor, page.items)),
        asked={"state": asked.get("state", "")},
        **_words(),
    )


@entries.get("/<uuid:entry_id>")
@access(Permission.READ_LEDGER)
def entry_page(entry_id: UUID) -> str:
    """An entry by hand, with what the second person may do."""
    actor = current_actor()
    view = queries.entry_view(current_session(), actor, entry_id)
    return render_template(
        "loans/journal_entry.html",
        entry=view,
        buttons=ENTRY_EVENTS.buttons(view),
        may_propose=actor.may(Permission.PROPOSE_ENTRY),
        waiting_fen=loan_view(current_session(), actor, view.loan_id).suspense_fen
        if actor.may(Permission.READ_LOANS)
        else None,
        moved=_moved(view),
        **_words(),
    )


def _moved(view: queries.ManualEntryView) -> tuple[Posting, ...]:
    """The accounts that an entry moves; a reversal moves those of what it reverses, the other way."""
    if view.kind is ManualKind.REVERSAL:
        return ()
    split = Split(
        fee_fen=view.fee_fen,
        principal_fen=view.principal_fen,
        interest_fen=view.interest_fen,
        suspense_fen=view.suspense_fen,
    )
    return manual_postings(view.kind, view.amount_fen, split)


Propose = Callable[..., queries.ManualEntryView]


def _form(
    loan_id: UUID,
    schema: Any,
    title: str,
    help_text: str,
    book: Propose,
    decided: Sequence[tuple[str, str]] = (),
) -> Answer:
    """The form of an entry of a loan; what was made is shown on its own page."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)

    def submit(command: Any) -> Response:
        view = book(session, actor, loan_id, command)
        tell("ok", gettext("Entry %(number)s is kept.", number=view.number))
        return redirect(f"/ledger/entries/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        schema,
        title=title,
        subtitle=f"{loan.number} · {words(loan.borrower_name)}",
        help_text=help_text,
        submit=submit,
        back=f"/loans/{loan_id}/journal",
        decided=decided,
    )


@of_loans.route("/<uuid:loan_id>/fees/new", methods=["GET", "POST"])
@access(Permission.PROPOSE_ENTRY)
def propose_fee(loan_id: UUID) -> Answer:
    """Propose a fee."""
    return _form(
        loan_id,
        ProposeFeeSchema(),
        gettext("Propose a fee"),
        gettext("A second person checks and books it; the next repayment settles it first."),
        manual_entries.propose_fee,
    )


@of_loans.route("/<uuid:loan_id>/refunds/new", methods=["GET", "POST"])
@access(Permission.PROPOSE_ENTRY)
def propose_refund(loan_id: UUID) -> Answer:
    """Propose to pay back money in suspense."""
    return _form(
        loan_id,
        ProposeRefundSchema(),
        gettext("Propose a refund of suspense"),
        gettext("A second person checks and books it."),
        manual_entries.propose_refund,
    )


@of_loans.route("/<uuid:loan_id>/recoveries/new", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT)
def recover(loan_id: UUID) -> Answer:
    """Book money for a loan that was written off."""
    return _form(
        loan_id,
        RecoverSchema(),
        gettext("Book a recovery"),
        gettext(
            "The claim stays in the memorandum until it is recovered; what comes in is income."
        ),
        manual_entries.recover,
        _still_owed(loan_id),
    )


def _still_owed(loan_id: UUID) -> list[tuple[str, str]]:
    """The claim of a visible loan that was written off, in the order in which money settles it."""
    session = current_session()
    loan = loan_view(session, current_actor(), loan_id)
    left = find_written_off(session, loan.id)
    if left is None:
        return []
    return [
        (gettext("Claim left: fees"), money_yuan(left.fees_fen)),
        (gettext("Claim left: principal"), money_yuan(left.principal_fen)),
        (gettext("Claim left: interest"), money_yuan(left.interest_fen)),
        (gettext("Still owed in all (yuan)"), money_yuan(left.claim_fen)),
    ]


@of_loans.route("/<uuid:loan_id>/journal/<uuid:entry_id>/reversal", methods=["GET", "POST"])
@access(Permission.PROPOSE_ENTRY)
def propose_reversal(loan_id: UUID, entry_id: UUID) -> Answer:
    """Propose to take back an entry by hand."""

    def book(session: Any, actor: Any, loan: UUID, data: dict[str, Any]) -> Any:
        command = manual_entries.ProposeReversal(entry_id=entry_id, reason=data["reason"])
        return manual_entries.propose_reversal(session, actor, loan, command)

    return _form(
        loan_id,
        ReversalReasonSchema(),
        gettext("Propose a reversal"),
        gettext("The same amounts are booked the other way; both entries stay."),
        book,
    )


ENTRY_EVENTS.register_pages(entries)
