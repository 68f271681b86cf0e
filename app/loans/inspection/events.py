"""The events of checks and of signals: one table for the API, the buttons and the forms."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.inspection import INSPECTION, InspectionEvent, machine_for
from app.loans.domain.signals import SIGNAL, SignalEvent, is_raised, levels
from app.loans.inspection import services, signals
from app.loans.inspection.queries import InspectionView, inspection_view
from app.loans.inspection.report import issue_report
from app.loans.inspection.schemas import (
    NEEDED_FIELDS,
    FindingsFormSchema,
    InspectionSchema,
    ReasonSchema,
    RecordFindingsSchema,
    ReviewSchema,
    form_values,
    other_points,
)
from app.loans.inspection.signal_queries import signal_view
from app.loans.inspection.signal_schemas import (
    CloseSignalSchema,
    CompleteMeasureSchema,
    PlanMeasureSchema,
    RaiseLevelSchema,
    SignalSchema,
)
from app.loans.loan_officers import colleagues
from app.web.dispatch import after_commit
from app.web.events import EventHandler, Events
from app.web.shell import words

Choices = dict[str, Sequence[tuple[str, str]]]


def _values(view: InspectionView) -> dict[str, str]:
    known = {
        "checked_on": view.checked_on.isoformat() if view.checked_on else "",
        "place": view.place,
        "present": view.present,
        "conclusion": view.conclusion.value if view.conclusion else "",
        "summary": view.summary,
        "next_step": view.next_step,
    }
    return form_values(view.findings, known)


def _people(session: Session, actor: Actor, signal_id: UUID) -> Choices:
    bank_id = signal_view(session, actor, signal_id).bank_id
    found = colleagues(session, bank_id, Permission.HANDLE_SIGNAL)
    return {"person_id": [(str(key), words(name)) for key, name in found]}


def _higher(session: Session, actor: Actor, signal_id: UUID) -> Choices:
    level = signal_view(session, actor, signal_id).level
    higher = [each for each in levels().values() if is_raised(level, each.code)]
    return {"level": [(each.code, words(each.name)) for each in higher]}


def _open_measures(session: Session, actor: Actor, signal_id: UUID) -> Choices:
    view: Any = signal_view(session, actor, signal_id)
    return {"measure": [(str(each.seq), each.task[:80]) for each in view.open_measures]}


def _review(session: Session, actor: Actor, inspection_id: UUID, command: services.Said) -> Any:
    view = services.review_report(session, actor, inspection_id, command)
    after_commit(
        lambda store: issue_report(store, actor, inspection_id), what=f"report of {view.number}"
    )
    return view


INSPECTION_EVENTS = Events(
    thing="inspection",
    machine=INSPECTION,
    handlers=(
        EventHandler(
            event=InspectionEvent.RECORD,
            schema=RecordFindingsSchema,
            handle=services.record_findings,
            form_schema=FindingsFormSchema,
            form_handle=services.record_findings,
            values=_values,
            help=N_(
                "A draft needs the day, the place, who was there and one answer;"
                " the rest is said before it is submitted."
                " Photos and proofs are added to the draft afterwards; a concern needs words."
            ),
            needed=NEEDED_FIELDS,
            without=lambda view: other_points(view.security),
        ),
        EventHandler(event=InspectionEvent.SUBMIT, handle=services.submit_report),
        EventHandler(
            event=InspectionEvent.REVIEW,
            schema=ReviewSchema,
            handle=_review,
            help=N_("The report is numbered and printed; after this nothing of it changes."),
        ),
        EventHandler(
            event=InspectionEvent.RETURN,
            schema=ReasonSchema,
            handle=services.return_report,
            tone="secondary",
        ),
        EventHandler(
            event=InspectionEvent.DROP,
            schema=ReasonSchema,
            handle=services.drop_inspection,
            tone="danger",
        ),
    ),
    get=inspection_view,
    view_schema=InspectionSchema,
    page_href=lambda thing_id: f"/inspections/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower_name)}",
    machine_of=lambda view: machine_for(view.kind),
)

SIGNAL_EVENTS = Events(
    thing="warning-signal",
    machine=SIGNAL,
    handlers=(
        EventHandler(
            event=SignalEvent.PLAN,
            schema=PlanMeasureSchema,
            handle=signals.plan_measure,
            choices=_people,
        ),
        EventHandler(
            event=SignalEvent.COMPLETE,
            schema=CompleteMeasureSchema,
            handle=signals.complete_measure,
            choices=_open_measures,
        ),
        EventHandler(
            event=SignalEvent.ESCALATE,
            schema=RaiseLevelSchema,
            handle=signals.raise_level,
            choices=_higher,
            tone="danger",
        ),
        EventHandler(
            event=SignalEvent.RESOLVE,
            schema=CloseSignalSchema,
            handle=signals.resolve_signal,
            tone="secondary",
        ),
        EventHandler(
            event=SignalEvent.DISMISS,
            schema=CloseSignalSchema,
            handle=signals.dismiss_signal,
            tone="secondary",
            help=N_("A signal that was none; the reason is kept, and the signal too."),
        ),
    ),
    get=signal_view,
    view_schema=SignalSchema,
    page_href=lambda thing_id: f"/warning-signals/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower_name)}",
)
