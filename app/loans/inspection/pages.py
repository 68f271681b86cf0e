"""Pages of post-loan checks and warning signals, and the form that names a loan's officer."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.documents.downloads import attachment
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import lending_day
from app.loans.domain.causes import told_sources
from app.loans.domain.debtor import FACT_TITLES
from app.loans.domain.inspection import InspectionState, checklist, name_in, tables
from app.loans.domain.signals import levels, signal_kinds, sources
from app.loans.inspection import services as checks
from app.loans.inspection import signals as warnings
from app.loans.inspection.events import INSPECTION_EVENTS, SIGNAL_EVENTS
from app.loans.inspection.queries import (
    inspection_view,
    inspection_views,
    inspections_of_loan,
    list_inspections,
)
from app.loans.inspection.schemas import (
    InspectionFileSchema,
    InspectionQuery,
    NameOfficerSchema,
    OrderInspectionSchema,
    ReasonSchema,
)
from app.loans.inspection.signal_queries import (
    list_signals,
    signal_view,
    signal_views,
    signals_of_loan,
)
from app.loans.inspection.signal_schemas import RaiseSignalSchema, SignalFileSchema, SignalQuery
from app.loans.loan_officers import NameOfficer, colleagues, name_officer
from app.loans.queries import LoanView, loan_view
from app.web.access import access, current_actor, current_session, tell
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words

inspections = Blueprint("inspection_pages", __name__, url_prefix="/inspections")
signals = Blueprint("signal_pages", __name__, url_prefix="/warning-signals")
of_loans = Blueprint("loan_inspection_pages", __name__, url_prefix="/loans")

BLUEPRINTS = (inspections, signals, of_loans)

Answer = Response | str | tuple[str, int]

STATE_TONES = {"planned": "grey", "draft": "amber", "submitted": "amber", "reviewed": "green"}
SIGNAL_TONES = {"open": "red", "handling": "amber", "resolved": "green", "dismissed": "grey"}


def words_of_inspections() -> dict[str, Any]:
    """Words and tones that the templates of checks and signals look up."""
    return {
        "levels": levels(),
        "kinds_of_signal": signal_kinds(),
        "sources_of_signal": sources(),
        "fact_titles": FACT_TITLES,
        "state_tones": STATE_TONES,
        "signal_tones": SIGNAL_TONES,
        "tables": tables(),
        "named": lambda table, code: words(name_in(table, code)),
        "named_figure": lambda code: name_in("figures", code),
        "state_named": lambda machine, state: gettext(_state_words(machine, state)),
        "event_named": lambda event: gettext(_event_words(event)),
        "words": words,
    }


def _state_words(machine: str, state: str) -> str:
    return str(tables()[machine]["states"][state]["en"])


def _event_words(event: str) -> str:
    known = {**tables()["signal"]["events"], **tables()["notes"]}
    return str(known[event]["en"]) if event in known else N_("Raise a signal")


def _asked(names: tuple[str, ...]) -> dict[str, str]:
    return {name: request.args.get(name, "") for name in names}


def _typed(asked: dict[str, str], flags: tuple[str, ...]) -> dict[str, Any]:
    """The query that a form of filters stands for."""
    given: dict[str, Any] = {name: text for name, text in asked.items() if text}
    return {
        **given,
        **{name: given[name] in {"true", "on", "1"} for name in flags if name in given},
    }


@inspections.get("")
@access(Permission.READ_INSPECTIONS)
def inspection_list() -> str:
    """The checks in sight, what still wants work first."""
    session, actor = current_session(), current_actor()
    asked = _asked(("number", "state", "kind", "late", "mine"))
    wanted = load_schema(InspectionQuery(), _typed(asked, ("late", "mine")))
    page = fetch_page(session, list_inspections(session, actor, wanted), page_request())
    return render_template(
        "loans/inspections.html",
        page=replace(page, items=inspection_views(session, actor, page.items)),
        asked=asked,
        day=lending_day(session, actor.organisation_id),
        **words_of_inspections(),
    )


@inspections.get("/<uuid:inspection_id>")
@access(Permission.READ_INSPECTIONS)
def inspection_page(inspection_id: UUID) -> str:
    """A check with its report, evidence and the use of funds."""
    session, actor = current_session(), current_actor()
    view = inspection_view(session, actor, inspection_id)
    found = signals_of_loan(session, actor, view.loan_id)
    return render_template(
        "loans/inspection.html",
        check=view,
        signals=[each for each in found if each.inspection_id == view.id],
        buttons=INSPECTION_EVENTS.buttons(view),
        items={item.code: item for item in checklist()},
        day=lending_day(session, view.bank_id),
        may_add=view.state is InspectionState.DRAFT and actor.may(Permission.INSPECT_LOANS),
        may_raise=view.checked_on is not None and actor.may(Permission.RAISE_SIGNAL),
        **words_of_inspections(),
    )


@inspections.route("/new", methods=["GET", "POST"])
@access(Permission.INSPECT_LOANS)
def order_inspection() -> Answer:
    """Order a special check of a loan."""
    loan = _loan_asked()

    def submit(command: checks.OrderInspection) -> Response:
        view = checks.order_inspection(current_session(), current_actor(), command)
        tell("ok", gettext("Check %(number)s is ordered.", number=view.number))
        return redirect(f"/inspections/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        OrderInspectionSchema(),
        title=gettext("Order a special check"),
        subtitle=_heading(loan) if loan else "",
        submit=submit,
        back=f"/loans/{loan.id}" if loan else "/inspections",
        choices=_loan_choice(loan),
    )


def _loan_asked() -> LoanView | None:
    """The loan that the address names; a page of a loan leads here with it."""
    given = request.values.get("loan_id", "")
    try:
        loan_id = UUID(given)
    except ValueError:
        return None
    return loan_view(current_session(), current_actor(), loan_id)


def _loan_choice(loan: LoanView | None) -> dict[str, list[tuple[str, str]]]:
    return {"loan_id": [(str(loan.id), _heading(loan))]} if loan else {"loan_id": []}


def _heading(loan: LoanView) -> str:
    return f"{loan.number} · {words(loan.borrower_name)}"


@inspections.route("/<uuid:inspection_id>/files", methods=["GET", "POST"])
@access(Permission.INSPECT_LOANS, upload=True)
def add_file(inspection_id: UUID) -> Answer:
    """Add a photo or a paper to a report that is being written."""
    session, actor = current_session(), current_actor()
    view = inspection_view(session, actor, inspection_id)

    def submit(command: checks.AddFile) -> Response:
        checks.add_file(session, actor, inspection_id, command)
        tell("ok", gettext("The file is stored."))
        return redirect(f"/inspections/{inspection_id}", 303)  # type: ignore[return-value]

    return form_page(
        InspectionFileSchema(),
        title=gettext("Add a photo or proof"),
        subtitle=f"{view.number} · {view.loan_number}",
        submit=submit,
        back=f"/inspections/{inspection_id}",
        needed_when={"amount_yuan": ("purpose", ["use-of-funds"])},
    )


@inspections.get("/<uuid:inspection_id>/files/<uuid:file_id>")
@access(Permission.READ_INSPECTIONS)
def get_file(inspection_id: UUID, file_id: UUID) -> Response:
    """A file of a check, as an attachment."""
    row, content = checks.file_content(current_session(), current_actor(), inspection_id, file_id)
    return attachment(content, name=row.name, media_type=row.media_type)


@inspections.route("/<uuid:inspection_id>/files/<uuid:file_id>/withdrawal", methods=["GET", "POST"])
@access(Permission.INSPECT_LOANS)
def withdraw_file(inspection_id: UUID, file_id: UUID) -> Answer:
    """Take a file out of a report that is being written."""
    session, actor = current_session(), current_actor()
    view = inspection_view(session, actor, inspection_id)

    def submit(command: checks.Said) -> Response:
        checks.withdraw_file(session, actor, inspection_id, file_id, command)
        tell("ok", gettext("The file is withdrawn; it stays on record."))
        return redirect(f"/inspections/{inspection_id}", 303)  # type: ignore[return-value]

    return form_page(
        ReasonSchema(),
        title=gettext("Withdraw a file"),
        subtitle=f"{view.number} · {view.loan_number}",
        submit=submit,
        back=f"/inspections/{inspection_id}",
        tone="danger",
    )


@inspections.get("/<uuid:inspection_id>/report.pdf")
@access(Permission.READ_INSPECTIONS)
def get_report(inspection_id: UUID) -> Response:
    """The printed report."""
    name, content = checks.report_content(current_session(), current_actor(), inspection_id)
    return attachment(content, name=name, media_type="application/pdf")


@signals.get("")
@access(Permission.READ_INSPECTIONS)
def signal_list() -> str:
    """The signals in sight, the open and the gravest first."""
    session, actor = current_session(), current_actor()
    asked = _asked(("number", "state", "level", "kind", "source", "over", "mine"))
    wanted = load_schema(SignalQuery(), _typed(asked, ("over", "mine")))
    page = fetch_page(session, list_signals(actor, wanted), page_request())
    return render_template(
        "loans/inspection_signals.html",
        page=replace(page, items=signal_views(session, actor, page.items)),
        asked=asked,
        **words_of_inspections(),
    )


@signals.get("/<uuid:signal_id>")
@access(Permission.READ_INSPECTIONS)
def signal_page(signal_id: UUID) -> str:
    """A signal with its measures, acts and evidence."""
    session, actor = current_session(), current_actor()
    view = signal_view(session, actor, signal_id)
    return render_template(
        "loans/inspection_signal.html",
        signal=view,
        buttons=SIGNAL_EVENTS.buttons(view),
        day=lending_day(session, view.bank_id),
        may_add=actor.may(Permission.RAISE_SIGNAL),
        may_class=actor.may(Permission.JUDGE_CLASS),
        **words_of_inspections(),
    )


@signals.route("/new", methods=["GET", "POST"])
@access(Permission.RAISE_SIGNAL)
def raise_signal() -> Answer:
    """Raise a signal on a loan, by hand or from a check."""
    loan = _loan_asked()

    def submit(command: warnings.RaiseSignal) -> Response:
        view = warnings.raise_signal(current_session(), current_actor(), command)
        tell("ok", gettext("Signal %(number)s is raised.", number=view.number))
        return redirect(f"/warning-signals/{view.id}", 303)  # type: ignore[return-value]

    return form_page(
        RaiseSignalSchema(),
        title=gettext("Raise a signal"),
        subtitle=_heading(loan) if loan else "",
        submit=submit,
        back=f"/loans/{loan.id}" if loan else "/warning-signals",
        choices={**_loan_choice(loan), **_signal_choices(current_actor(), loan)},
    )


def _signal_choices(actor: Actor, loan: LoanView | None) -> dict[str, list[tuple[str, str]]]:
    found = inspections_of_loan(current_session(), actor, loan.id) if loan else ()
    made = [each for each in found if each.checked_on is not None]
    return {
        "level": [(code, words(level.name)) for code, level in levels().items()],
        "kind": [(code, words(kind.name)) for code, kind in signal_kinds().items()],
        "source": [(code, words(name)) for code, name in told_sources().items()],
        "inspection_id": [(str(each.id), f"{each.number} · {each.checked_on}") for each in made],
    }


@signals.route("/<uuid:signal_id>/files", methods=["GET", "POST"])
@access(Permission.RAISE_SIGNAL, upload=True)
def add_evidence(signal_id: UUID) -> Answer:
    """Add evidence to a signal."""
    session, actor = current_session(), current_actor()
    view = signal_view(session, actor, signal_id)

    def submit(command: warnings.AddEvidence) -> Response:
        warnings.add_evidence(session, actor, signal_id, command)
        tell("ok", gettext("The file is stored."))
        return redirect(f"/warning-signals/{signal_id}", 303)  # type: ignore[return-value]

    return form_page(
        SignalFileSchema(),
        title=gettext("Add evidence"),
        subtitle=f"{view.number} · {view.loan_number}",
        submit=submit,
        back=f"/warning-signals/{signal_id}",
    )


@signals.get("/<uuid:signal_id>/files/<uuid:file_id>")
@access(Permission.READ_INSPECTIONS)
def get_evidence(signal_id: UUID, file_id: UUID) -> Response:
    """A file of a signal, as an attachment."""
    row, content = warnings.evidence_content(current_session(), current_actor(), signal_id, file_id)
    return attachment(content, name=row.name, media_type=row.media_type)


@of_loans.route("/<uuid:loan_id>/officer", methods=["GET", "POST"])
@access(Permission.NAME_LOAN_OFFICER)
def name_loan_officer(loan_id: UUID) -> Answer:
    """Give a loan to another officer."""
    session, actor = current_session(), current_actor()
    loan = loan_view(session, actor, loan_id)
    people = colleagues(session, loan.bank_id, Permission.INSPECT_LOANS)

    def submit(command: NameOfficer) -> Response:
        name_officer(session, actor, loan_id, command)
        tell("ok", gettext("The loan has another officer."))
        return redirect(f"/loans/{loan_id}", 303)  # type: ignore[return-value]

    return form_page(
        NameOfficerSchema(),
        title=gettext("Name the loan officer"),
        subtitle=_heading(loan),
        submit=submit,
        back=f"/loans/{loan_id}",
        choices={"person_id": [(str(key), words(name)) for key, name in people]},
    )


INSPECTION_EVENTS.register_pages(inspections)
SIGNAL_EVENTS.register_pages(signals)
