"""Pages of rates: those of a loan by note and day, and the form that records misuse."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask_babel import gettext

from app.kernel.permissions import Permission
from app.loans import services
from app.loans.domain.repricing import RATE_REASON_TITLES, RESET_TITLES, TENOR_TITLES
from app.loans.misuse import RecordMisuse, record_misuse
from app.loans.pages import words_of_loans
from app.loans.rates.schemas import RecordMisuseSchema
from app.loans.rates.services import loan_rates
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.shell import words

blueprint = Blueprint("loan_rates_pages", __name__, url_prefix="/loans")

Answer = Response | str | tuple[str, int]


@blueprint.get("/<uuid:loan_id>/rates")
@access(Permission.READ_LOANS)
def rates_page(loan_id: UUID) -> str:
    """The rates of a loan with what they were made from."""
    session, actor = current_session(), current_actor()
    return render_template(
        "loans/rates.html",
        loan=services.loan_view(session, actor, loan_id),
        rates=loan_rates(session, actor, loan_id),
        may_record=actor.may(Permission.REVIEW_WARNING),
        tenor_titles=TENOR_TITLES,
        reset_titles=RESET_TITLES,
        reason_titles=RATE_REASON_TITLES,
        **words_of_loans(),
    )


@blueprint.route("/<uuid:loan_id>/misuses/new", methods=["GET", "POST"])
@access(Permission.REVIEW_WARNING)
def new_misuse(loan_id: UUID) -> Answer:
    """Record that principal was used for something else."""
    session, actor = current_session(), current_actor()
    view = services.loan_view(session, actor, loan_id)

    def submit(command: RecordMisuse) -> Response:
        record_misuse(session, actor, loan_id, command)
        if command.amount_fen:
            told = gettext("The misuse is recorded; the next close works out its surcharge.")
        else:
            told = gettext(
                "It is on file that the misuse was put right: no surcharge from its day on."
            )
        tell("ok", told)
        return redirect(f"/loans/{loan_id}/rates", 303)  # type: ignore[return-value]

    return form_page(
        RecordMisuseSchema(),
        title=gettext("Record misuse"),
        subtitle=f"{view.number} · {words(view.borrower_name)}",
        help_text=gettext("Also recorded as a fact that bears on the class of the loan."),
        submit=submit,
        back=f"/loans/{loan_id}/rates",
        choices=_choices(loan_id),
        tone="danger",
    )


def _choices(loan_id: UUID) -> dict[str, Any]:
    rates = loan_rates(current_session(), current_actor(), loan_id)
    return {"note_number": [(each.note_number, each.note_number) for each in rates.notes]}
