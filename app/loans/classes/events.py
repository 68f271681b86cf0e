"""The events of a change of class: one table for the API, the buttons and the forms."""

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.loans.classes.changes import (
    ClassChangeView,
    class_change_view,
    confirm_change,
    refuse_change,
)
from app.loans.classes.schemas import ClassChangeSchema, DecideChangeSchema
from app.loans.domain.class_changes import CHANGE_KIND_TITLES, CLASS_CHANGE, ChangeEvent
from app.loans.domain.classification import CLASS_TITLES
from app.loans.domain.debtor import FACT_TITLES
from app.web.events import EventHandler, Events


def change_words(view: ClassChangeView) -> str:
    """What a change comes to, in one phrase."""
    if view.judged_class is not None:
        return gettext(CLASS_TITLES[view.judged_class])
    return gettext(FACT_TITLES[view.fact]) if view.fact else ""


def _what(
    session: Session,  # noqa: ARG001 - the shape of all facts
    actor: Actor,  # noqa: ARG001
    view: ClassChangeView,
) -> list[tuple[str, str]]:
    return [
        (gettext("Loan"), view.loan_number),
        (gettext(CHANGE_KIND_TITLES[view.kind]), change_words(view)),
        (gettext("Class when it was proposed"), gettext(CLASS_TITLES[view.held_class])),
        (gettext("Reason"), view.reason),
    ]


CLASS_CHANGE_EVENTS = Events(
    thing="class-change",
    machine=CLASS_CHANGE,
    handlers=(
        EventHandler(
            event=ChangeEvent.CONFIRM,
            schema=DecideChangeSchema,
            handle=confirm_change,
            help=N_("It counts from the close of the business day, within what the rules allow."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.REFUSE,
            schema=DecideChangeSchema,
            handle=refuse_change,
            tone="danger",
            facts=_what,
        ),
    ),
    get=class_change_view,
    view_schema=ClassChangeSchema,
    page_href=lambda thing_id: f"/class-changes/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number}",
)
