"""Pages of changes of a loan: its changes, a proposal, one change with its conditions."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask_babel import gettext

from app.kernel.permissions import Permission
from app.loans.queries import loan_view
from app.origination.change_events import CHANGE_EVENTS
from app.origination.change_schemas import ProposeChangeSchema
from app.origination.domain.changes import (
    CHANGE_KIND_TITLES,
    CHANGE_STATE_TITLES,
    ChangeState,
)
from app.origination.domain.checks import OUTCOME_TITLES, Outcome
from app.origination.services import changes
from app.origination.services.change_previews import find_preview
from app.origination.services.proposals import CheckLine
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.problems import fill
from app.web.shell import words

of_loans = Blueprint("changes_of_loan_pages", __name__, url_prefix="/loans")
things = Blueprint("loan_change_pages", __name__, url_prefix="/loan-changes")
BLUEPRINTS = (of_loans, things)

Answer = Response | str | tuple[str, int]

TONES = {
    ChangeState.PROPOSED: "amber",
    ChangeState.APPROVED: "amber",
    ChangeState.CARRIED_OUT: "green",
    ChangeState.REFUSED: "red",
    ChangeState.WITHDRAWN: "grey",
}


@of_loans.get("/<uuid:loan_id>/changes")
@access(Permission.READ_LOANS)
def change_list(loan_id: UUID) -> str:
    """The changes of a loan."""
    session, actor = current_session(), current_actor()
    return render_template(
        "origination/changes.html",
        loan=loan_view(session, actor, loan_id),
        changes=changes.changes_of_loan(session, actor, loan_id),
        may_propose=actor.may(Permission.INVESTIGATE),
        kinds=CHANGE_KIND_TITLES,
        states=CHANGE_STATE_TITLES,
        tones=TONES,
        words=words,
    )


@of_loans.route("/<uuid:loan_id>/changes/new", methods=["GET", "POST"])
@access(Permission.INVESTIGATE)
def new_change(loan_id: UUID) -> Answer:
    """Propose an extension, a restructuring or a renewal."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    changes.require_changeable(session, actor, loan_id)

    def submit(command: changes.ProposeChange) -> Response:
        view = changes.propose_change(session, actor, loan_id, command)
        tell("ok", gettext("Change %(number)s waits for the decision.", number=view.number))
        return redirect(f"/loan-changes/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        ProposeChangeSchema(),
        title=gettext("Extend, restructure or renew"),
        subtitle=f"{loan.number} · {words(loan.borrower_name)}",
        help_text=gettext("Another person decides; then it is carried out in the books."),
        submit=submit,
        submit_title=gettext("Submit for approval"),
        back=f"/loans/{loan_id}/changes",
        row_titles={
            "plan": gettext(
                "Principal that has not fallen due, for a restructuring or a planned renewal"
            )
        },
    )


@things.get("/<uuid:change_id>")
@access(Permission.READ_LOANS)
def change_page(change_id: UUID) -> str:
    """A change with its conditions and its people."""
    session, actor = current_session(), current_actor()
    view = changes.change_view(session, actor, change_id)
    return render_template(
        "origination/change.html",
        change=view,
        preview=find_preview(session, actor, change_id),
        buttons=CHANGE_EVENTS.buttons(view),
        checks=[
            {
                "title": gettext(check.title),
                "done": check.done and check.outcome is not Outcome.LATER,
                "hint": words_of_check(check),
            }
            for check in view.checks
        ],
        kinds=CHANGE_KIND_TITLES,
        states=CHANGE_STATE_TITLES,
        tones=TONES,
        words=words,
    )


def words_of_check(check: CheckLine) -> str:
    """What to do about a check, or what was found where it is met."""
    if not check.done or check.outcome is Outcome.LATER:
        return fill(check.hint, check.facts)
    if check.found and check.outcome is Outcome.MET:
        return fill(check.found, check.facts)
    return gettext(OUTCOME_TITLES[check.outcome])


CHANGE_EVENTS.register_pages(things)
