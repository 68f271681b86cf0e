"""Pages of repayments: a split line by line, quotes of early repayment, files of repayments."""

from collections.abc import Sequence
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, make_response, redirect, render_template, request
from flask_babel import gettext

from app.documents.downloads import attachment
from app.documents.tables import XLSX_TYPE
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.loans.books import business_day
from app.loans.domain.early import (
    KEEP_TITLES,
    QUOTE_STATE_TITLES,
    QUOTE_TITLES,
    QuoteKind,
    QuoteState,
)
from app.loans.domain.importing import BATCH_TITLES, ROW_TITLES, BatchState, RowState
from app.loans.domain.states import OPEN_STATES
from app.loans.domain.waterfall import CLAIM_TITLES
from app.loans.pages import words_of_loans
from app.loans.queries import LoanView, loan_view
from app.loans.repayments import importing, quoting
from app.loans.repayments.batches import (
    BatchView,
    batch_view,
    list_batches,
    list_rows,
    row_views,
)
from app.loans.repayments.explaining import Explanation, explain_repayment
from app.loans.repayments.import_files import TITLES, BatchRow, repayment_template
from app.loans.repayments.schemas import (
    CarryOutQuoteSchema,
    ImportRepaymentsSchema,
    QuoteEarlySchema,
)
from app.loans.repayments.views import batch_in_words, explained, rows_in_words
from app.web import idempotency
from app.web.access import access, current_actor, current_session, tell
from app.web.csrf import page_token
from app.web.formats import money_yuan
from app.web.forms import form_of, form_page
from app.web.language import current_language
from app.web.paging import Page, fetch_page, page_request
from app.web.shell import words

MAX_SHOWN_ROWS: Final = 200
"""Rows on the page of a file that was only checked, those with problems first; the API answers all."""

ROW_TONES = {
    RowState.WAITING: "amber",
    RowState.BOOKED: "green",
    RowState.KNOWN: "grey",
    RowState.REFUSED: "red",
}
QUOTE_TONES = {
    QuoteState.COUNTS: "green",
    QuoteState.CARRIED_OUT: "grey",
    QuoteState.OUTDATED: "amber",
    QuoteState.OVER: "grey",
}
BATCH_TONES = {BatchState.WAITING: "amber", BatchState.FINISHED: "green"}

Answer = Response | str | tuple[str, int]

loans = Blueprint("repayment_pages", __name__, url_prefix="/loans")
batches = Blueprint("repayment_batch_pages", __name__, url_prefix="/repayment-batches")

BLUEPRINTS = (loans, batches)


def _shown(titles: Any) -> dict[str, str]:
    return {key.value: gettext(text) for key, text in titles.items()}


def words_of_repayments() -> dict[str, Any]:
    """Titles and tones that the templates of repayments look up."""
    return {
        **words_of_loans(),
        "claim_titles": _shown(CLAIM_TITLES),
        "keep_titles": _shown(KEEP_TITLES),
        "quote_titles": _shown(QUOTE_TITLES),
        "quote_state_titles": _shown(QUOTE_STATE_TITLES),
        "quote_tones": QUOTE_TONES,
        "row_titles": _shown(ROW_TITLES),
        "batch_titles": _shown(BATCH_TITLES),
        "column_titles": {name: words(title) for name, title in TITLES.items()},
        "row_tones": ROW_TONES,
        "batch_tones": BATCH_TONES,
    }


def split_page(loan: LoanView, found: Explanation, *, preview: bool) -> str:
    """The page of a split: of what was booked, or of what would be, with the form that books it."""
    return render_template(
        "loans/repayment_split.html",
        loan=loan,
        split=explained(found),
        preview=preview,
        sent=sent_again() if preview else {},
        csrf_token=page_token(),
        idempotency_key=str(new_id()),
        **words_of_repayments(),
    )


def sent_again() -> dict[str, str]:
    """What a form that was only looked at said, to be booked or changed."""
    own = {"look", "csrf_token", "idempotency_key", "version"}
    return {name: text for name, text in request.form.items() if text and name not in own}


@loans.get("/<uuid:loan_id>/repayments/<uuid:entry_id>")
@access(Permission.READ_LOANS)
def repayment(loan_id: UUID, entry_id: UUID) -> str:
    """A repayment line by line."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    return split_page(loan, explain_repayment(session, actor, loan_id, entry_id), preview=False)


@loans.get("/<uuid:loan_id>/repayment-quotes")
@access(Permission.POST_REPAYMENT)
def quote_list(loan_id: UUID) -> str:
    """The quotes of early repayment of a loan."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    return render_template(
        "loans/repayment_quotes.html",
        loan=loan,
        may_quote=loan.state in OPEN_STATES,
        quotes=quoting.list_quotes(session, actor, loan_id),
        **words_of_repayments(),
    )


@loans.route("/<uuid:loan_id>/repayment-quotes/new", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT)
def new_quote(loan_id: UUID) -> Answer:
    """Ask what paying early costs."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)

    def submit(command: quoting.QuoteEarly) -> Response:
        view = quoting.quote_early(session, actor, loan_id, command)
        return redirect(f"/loans/{loan_id}/repayment-quotes/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        QuoteEarlySchema(),
        title=gettext("Quote an early repayment"),
        subtitle=f"{loan.number} · {words(loan.borrower_name)}",
        help_text=gettext("Nothing is booked; the figures count on the days that the quote names."),
        submit=submit,
        back=f"/loans/{loan_id}/repayment-quotes",
        submit_title=gettext("Work out the quote"),
        values={"kind": QuoteKind.PREPAYMENT.value},
        needed_when={"principal_yuan": ("kind", [QuoteKind.PREPAYMENT.value])},
    )


@loans.get("/<uuid:loan_id>/repayment-quotes/<uuid:quote_id>")
@access(Permission.POST_REPAYMENT)
def quote(loan_id: UUID, quote_id: UUID) -> str:
    """A quote: what is to be paid on which day, the instalments before and after."""
    session, actor = current_session(), current_actor()
    return render_template(
        "loans/repayment_quote.html",
        loan=loan_view(session, actor, loan_id),
        quote=quoting.get_quote(session, actor, loan_id, quote_id),
        may_refund=actor.may(Permission.PROPOSE_ENTRY),
        **words_of_repayments(),
    )


@loans.route("/<uuid:loan_id>/repayment-quotes/<uuid:quote_id>/execution", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT)
def carry_out(loan_id: UUID, quote_id: UUID) -> Answer:
    """Book the money of a quote."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    view = quoting.get_quote(session, actor, loan_id, quote_id)
    back = f"/loans/{loan_id}/repayment-quotes/{quote_id}"
    if request.method == "GET" and not view.counts:
        tell("note", _why_not(view))
        return redirect(back, 303)  # type: ignore[return-value]
    total_fen = view.total_on(business_day(session, loan.bank_id))

    def submit(sent: dict[str, Any]) -> Response:
        command = quoting.CarryOut(
            quote_id=quote_id,
            payer=sent.get("payer", ""),
            key=idempotency.key_of(request) or str(new_id()),
        )
        done = quoting.carry_out(session, actor, loan_id, command)
        tell("ok", gettext("%(number)s is booked.", number=done.number))
        return redirect(f"/loans/{loan_id}/repayments/{done.entry_id}", 303)  # type: ignore[return-value]

    return form_page(
        CarryOutQuoteSchema(),
        title=gettext("Carry out the quote"),
        subtitle=gettext(
            "%(quote)s · %(loan)s · %(amount)s yuan",
            quote=view.number,
            loan=loan.number,
            amount=money_yuan(total_fen),
        ),
        help_text=gettext("The amount of the business day is booked, exactly as quoted."),
        submit=submit,
        back=back,
    )


def _why_not(view: quoting.QuoteView) -> str:
    """Why a quote is not carried out any more; its page shows the rest."""
    if view.repayment_number:
        number = view.repayment_number
        return gettext("This quote is carried out already, as %(number)s.", number=number)
    return gettext("This quote counts no more; make a new one.")


@batches.route("", methods=["GET", "POST"])
@access(Permission.POST_REPAYMENT, upload=True)
def batch_list() -> Answer:
    """The files of repayments, and the form that sends one."""
    session, actor = current_session(), current_actor()
    page = fetch_page(session, list_batches(actor), page_request())
    schema = ImportRepaymentsSchema()

    def submit(data: dict[str, Any]) -> Response:
        view = importing.import_repayments(session, actor, schema.command_for(data))
        if view.id is None:
            return make_response(_checked(view))
        return redirect(f"/repayment-batches/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        schema,
        title=gettext("Files of repayments"),
        help_text=gettext("Each good row is booked under one batch; the others are listed."),
        submit=submit,
        submit_title=gettext("Send the file"),
        values={"dry_run": "true"},
        template="loans/repayment_batches.html",
        page=page,
        **words_of_repayments(),
    )


@batches.get("/template.xlsx")
@access(Permission.POST_REPAYMENT)
def template() -> Response:
    """The workbook to fill in."""
    content = repayment_template(current_actor(), current_language())
    return attachment(content, name="repayments.xlsx", media_type=XLSX_TYPE)


@batches.get("/<uuid:batch_id>")
@access(Permission.POST_REPAYMENT)
def batch(batch_id: UUID) -> str:
    """A batch and what became of its rows, a page at a time."""
    session, actor = current_session(), current_actor()
    view = batch_in_words(batch_view(session, actor, batch_id))
    page = fetch_page(session, list_rows(session, actor, batch_id), page_request())
    rows = rows_in_words(row_views(page.items))
    return _batch(view, rows, page.holding(rows))


def _checked(view: BatchView) -> str:
    rows = sorted(rows_in_words(view.rows), key=lambda row: (not row.problems, row.line))
    form = form_of(ImportRepaymentsSchema(exclude=("dry_run",)), {}, {}, {})
    keys = {"csrf_token": page_token(), "idempotency_key": str(new_id())}
    return _batch(view, rows[:MAX_SHOWN_ROWS], None, fields=form.fields, **keys)


def _batch(
    view: BatchView, rows: Sequence[BatchRow], page: Page[BatchRow] | None, **booking: Any
) -> str:
    return render_template(
        "loans/repayment_batch.html",
        batch=view,
        rows=rows,
        page=page,
        **booking,
        **words_of_repayments(),
    )
