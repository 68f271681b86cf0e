"""Pages of classes: the history of a loan with every reason, facts, changes by people."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template
from flask_babel import gettext

from app.kernel.permissions import Permission
from app.loans.classes import changes as class_changes
from app.loans.classes.events import CLASS_CHANGE_EVENTS, change_words
from app.loans.classes.schemas import EndFactFormSchema, JudgeClassSchema, RecordFactSchema
from app.loans.classes.taken import ClassificationView, classes_taken
from app.loans.classes.views import FactView, class_record
from app.loans.domain.class_changes import CHANGE_KIND_TITLES, CHANGE_STATE_TITLES, ChangeState
from app.loans.domain.debtor import FACT_TITLES
from app.loans.pages import words_of_loans
from app.loans.queries import loan_view
from app.web.access import access, current_actor, current_session, tell
from app.web.formats import day, ppm_percent
from app.web.forms import form_page
from app.web.problems import fill
from app.web.shell import words

of_loans = Blueprint("loan_class_pages", __name__, url_prefix="/loans")
changes = Blueprint("class_change_pages", __name__, url_prefix="/class-changes")
BLUEPRINTS = (of_loans, changes)

Answer = Response | str | tuple[str, int]

CHANGE_TONES = {
    ChangeState.PROPOSED: "amber",
    ChangeState.IN_FORCE: "green",
    ChangeState.REFUSED: "grey",
}


def _words() -> dict[str, Any]:
    return {
        **words_of_loans(),
        "change_kinds": CHANGE_KIND_TITLES,
        "change_states": CHANGE_STATE_TITLES,
        "change_tones": CHANGE_TONES,
        "change_words": change_words,
    }


@of_loans.get("/<uuid:loan_id>/classes")
@access(Permission.READ_LOANS)
def class_page(loan_id: UUID) -> str:
    """Each class that a loan took with every reason looked at, and what people recorded and decided."""
    session, actor = current_session(), current_actor()
    history = classes_taken(session, actor, loan_id)
    return render_template(
        "loans/classes.html",
        loan=loan_view(session, actor, loan_id),
        record=class_record(session, actor, loan_id),
        history=[(each, _reasons(each)) for each in history],
        may_judge=actor.may(Permission.JUDGE_CLASS),
        **_words(),
    )


def _reasons(view: ClassificationView) -> list[dict[str, str]]:
    return [
        {"words": fill(each["detail"], each["facts"]), "floor": each["floor"]}
        for each in view.reasons
    ]


@of_loans.route("/<uuid:loan_id>/facts/new", methods=["GET", "POST"])
@access(Permission.JUDGE_CLASS)
def new_fact(loan_id: UUID) -> Answer:
    """Record a fact that bears on the class, or propose one for the better."""
    session, actor = current_session(), current_actor()

    def submit(command: class_changes.RecordClassFact) -> Response:
        change = class_changes.record_class_fact(session, actor, loan_id, command).change
        if change is None:
            tell("ok", gettext("The fact is recorded; it counts from the next close of day."))
        else:
            tell("ok", gettext("Change %(number)s is stored.", number=change.number))
        return _to(loan_id)

    return form_page(
        RecordFactSchema(),
        title=gettext("Record a fact"),
        subtitle=_heading(loan_id),
        submit=submit,
        back=f"/loans/{loan_id}/classes",
    )


@of_loans.route("/<uuid:loan_id>/class-changes/new", methods=["GET", "POST"])
@access(Permission.JUDGE_CLASS)
def new_change(loan_id: UUID) -> Answer:
    """Lower the class, or propose a better one."""
    session, actor = current_session(), current_actor()

    def submit(command: class_changes.JudgeClass) -> Response:
        view = class_changes.judge_class(session, actor, loan_id, command)
        tell("ok", gettext("Change %(number)s is stored.", number=view.number))
        return _to(loan_id)

    return form_page(
        JudgeClassSchema(),
        title=gettext("Change the class"),
        subtitle=_heading(loan_id),
        submit=submit,
        back=f"/loans/{loan_id}/classes",
    )


@of_loans.route("/<uuid:loan_id>/fact-endings/new", methods=["GET", "POST"])
@access(Permission.JUDGE_CLASS)
def new_end(loan_id: UUID) -> Answer:
    """Propose that a fact ends."""
    session, actor = current_session(), current_actor()
    record = class_record(session, actor, loan_id)

    def submit(data: dict[str, Any]) -> Response:
        command = class_changes.EndFact(fact_id=UUID(data["fact_id"]), reason=data["reason"])
        view = class_changes.propose_end(session, actor, loan_id, command)
        tell("ok", gettext("Change %(number)s is stored.", number=view.number))
        return _to(loan_id)

    return form_page(
        EndFactFormSchema(),
        title=gettext("Propose that a fact ends"),
        subtitle=_heading(loan_id),
        help_text=gettext("A second person confirms, since the class may become better."),
        submit=submit,
        back=f"/loans/{loan_id}/classes",
        choices={
            "fact_id": [
                (str(each.id), _fact_words(each))
                for each in record.facts
                if each.counts and not each.by_rule
            ]
        },
    )


def _fact_words(fact: FactView) -> str:
    """What, how much, since when and why: two facts of a kind are told apart."""
    title = gettext(FACT_TITLES[fact.fact])
    share = "" if fact.share_ppm is None else ppm_percent(fact.share_ppm)
    return " · ".join(each for each in (title, share, day(fact.from_on), fact.reason) if each)


@changes.get("/<uuid:change_id>")
@access(Permission.READ_LOANS)
def change_page(change_id: UUID) -> str:
    """A change of a class with its two people."""
    session, actor = current_session(), current_actor()
    view = class_changes.class_change_view(session, actor, change_id)
    return render_template(
        "loans/class_change.html",
        change=view,
        loan=loan_view(session, actor, view.loan_id),
        buttons=CLASS_CHANGE_EVENTS.buttons(view),
        **_words(),
    )


def _heading(loan_id: UUID) -> str:
    view = loan_view(current_session(), current_actor(), loan_id)
    return f"{view.number} · {words(view.borrower_name)}"


def _to(loan_id: UUID) -> Response:
    return redirect(f"/loans/{loan_id}/classes", 303)  # type: ignore[return-value]


CLASS_CHANGE_EVENTS.register_pages(changes)
