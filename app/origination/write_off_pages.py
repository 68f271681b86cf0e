"""Pages of write-offs of a loan: the list, a proposal, one write-off with its conditions."""

from dataclasses import replace
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask_babel import gettext

from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.domain.states import OPEN_STATES
from app.loans.queries import loan_view
from app.origination.change_pages import TONES, Answer, words_of_check
from app.origination.domain.changes import CHANGE_STATE_TITLES
from app.origination.domain.write_off import AMOUNTS, GROUND_TITLES
from app.origination.services import write_offs
from app.origination.services.proposals import CheckLine
from app.origination.write_off_events import WRITE_OFF_EVENTS
from app.origination.write_off_schemas import ProposeWriteOffSchema
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.shell import words

of_loans = Blueprint("write_offs_of_loan_pages", __name__, url_prefix="/loans")
things = Blueprint("loan_write_off_pages", __name__, url_prefix="/loan-write-offs")
BLUEPRINTS = (of_loans, things)


@of_loans.get("/<uuid:loan_id>/write-offs")
@access(Permission.READ_LOANS)
def write_off_list(loan_id: UUID) -> str:
    """The write-offs of a loan."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    return render_template(
        "origination/write_offs.html",
        loan=loan,
        write_offs=write_offs.write_offs_of_loan(session, actor, loan_id),
        loaded=write_offs.find_loaded_write_off(session, actor, loan_id),
        may_propose=actor.may(Permission.WRITE_OFF_LOAN) and loan.state in OPEN_STATES,
        grounds=GROUND_TITLES,
        states=CHANGE_STATE_TITLES,
        tones=TONES,
        words=words,
    )


@of_loans.route("/<uuid:loan_id>/write-offs/new", methods=["GET", "POST"])
@access(Permission.WRITE_OFF_LOAN)
def new_write_off(loan_id: UUID) -> Answer:
    """Propose to write a loan off."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)

    def submit(command: write_offs.ProposeWriteOff) -> Response:
        view = write_offs.propose_write_off(session, actor, loan_id, command)
        tell("ok", gettext("Write-off %(number)s waits for the decision.", number=view.number))
        return redirect(f"/loan-write-offs/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        ProposeWriteOffSchema(),
        title=gettext("Propose a write-off"),
        subtitle=f"{loan.number} · {words(loan.borrower_name)}",
        help_text=gettext(
            "Another person decides; then it leaves the balance sheet and the claim is kept."
        ),
        submit=submit,
        back=f"/loans/{loan_id}/write-offs",
    )


@things.get("/<uuid:write_off_id>")
@access(Permission.READ_LOANS)
def write_off_page(write_off_id: UUID) -> str:
    """A write-off with its conditions and its people."""
    view = write_offs.write_off_view(current_session(), current_actor(), write_off_id)
    return render_template(
        "origination/write_off.html",
        write_off=view,
        buttons=WRITE_OFF_EVENTS.buttons(view),
        checks=[
            {"title": gettext(check.title), "done": check.done, "hint": _said(check)}
            for check in view.checks
        ],
        grounds=GROUND_TITLES,
        states=CHANGE_STATE_TITLES,
        tones=TONES,
        words=words,
    )


def _said(check: CheckLine) -> str:
    """What a check found or asks for; its amounts were stored as text."""
    facts = {
        name: Money.parse(value) if name in AMOUNTS else value
        for name, value in check.facts.items()
    }
    return words_of_check(replace(check, facts=facts))


WRITE_OFF_EVENTS.register_pages(things)
