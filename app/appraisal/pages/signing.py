"""The first signature, with words on each finding; the agency's own report and its file."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.appraisal import services
from app.appraisal.domain import APPRAISAL, AppraisalEvent, AppraisalKind
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.domain.findings import MAX_WORDS, asked
from app.appraisal.events import EVENTS
from app.appraisal.pages.shown import in_words, result_shown, room_words
from app.appraisal.schemas import (
    CountersignAppraisalSchema,
    FileOutsideReportSchema,
    SignAppraisalSchema,
)
from app.db.engine import today
from app.documents.downloads import attachment
from app.kernel.errors import NotFound, Refusal
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.web.access import (
    access,
    check_version,
    current_actor,
    current_session,
    start_over,
    tell,
)
from app.web.csrf import page_token
from app.web.forms import FormField, errors_by_field, form_of, form_page, need
from app.web.problems import problem_of, status_of
from app.web.reading import load_schema
from app.web.shell import words

Answer = Response | str | tuple[str, int]
PREFIX: Final = "explanations-"


def register(blueprint: Blueprint) -> None:
    """Add the pages; the first signature's comes before the one of any event."""
    blueprint.add_url_rule(
        "/<uuid:appraisal_id>/events/sign", view_func=sign, methods=["GET", "POST"]
    )
    blueprint.add_url_rule(
        "/<uuid:appraisal_id>/events/countersign", view_func=countersign, methods=["GET", "POST"]
    )
    blueprint.add_url_rule("/<uuid:appraisal_id>/draft.pdf", view_func=draft)
    rule = "/<uuid:appraisal_id>/outside-report"
    blueprint.add_url_rule(rule, view_func=file_outside_report, methods=["GET", "POST"])
    blueprint.add_url_rule(f"{rule}.pdf", view_func=outside_report)


@access(Permission.PREPARE_APPRAISAL)
def sign(appraisal_id: UUID) -> Answer:
    """Sign what the model gave; each finding that asks for words has its own field."""
    session, actor = current_session(), current_actor()
    view = services.get_appraisal(session, actor, appraisal_id)
    if request.method == "GET":
        APPRAISAL.next(view.state, AppraisalEvent.SIGN)
        return _sign_form(view, {}, None)
    try:
        check_version(view.version)
        services.sign_appraisal(session, actor, appraisal_id, _signed(view))
    except Refusal as refusal:
        start_over()
        return _sign_form(view, request.form, refusal), status_of(refusal)
    step = gettext(APPRAISAL.event_titles[AppraisalEvent.SIGN])
    tell("ok", gettext("Done: %(step)s.", step=step))
    return redirect(f"/appraisals/{appraisal_id}", 303)  # type: ignore[return-value]


def _signed(view: services.AppraisalView) -> Any:
    found = {each["name"] for each in asked(view.result or {})}
    typed = {name: request.form.get(PREFIX + name, "").strip() for name in found}
    body: dict[str, Any] = {"explanations": {name: text for name, text in typed.items() if text}}
    qualification = request.form.get("qualification", "").strip()
    if qualification:
        body["qualification"] = qualification
    return load_schema(SignAppraisalSchema(), body)


def _sign_form(
    view: services.AppraisalView, values: Mapping[str, str], refusal: Refusal | None
) -> str:
    errors = errors_by_field(refusal)
    plain = form_of(SignAppraisalSchema(exclude=("explanations",)), values, errors, {})
    need(plain, _needed(view))
    return render_template(
        "appraisal/sign.html",
        title=gettext(APPRAISAL.event_titles[AppraisalEvent.SIGN]),
        subtitle=f"{view.number} · {words(view.asset_title)}",
        appraisal=view,
        fields=[_words_field(each, values, errors) for each in asked(view.result or {})],
        plain=plain.fields,
        problem=problem_of(refusal) if refusal else None,
        back=f"/appraisals/{view.id}",
        version=view.version,
        csrf_token=page_token(),
        idempotency_key=str(new_id()),
    )


def _needed(view: services.AppraisalView) -> tuple[str, ...]:
    """An agency's report prints the numbers of its appraisers; a bank's own staff may leave theirs out."""
    return ("qualification",) if view.kind is AppraisalKind.EXTERNAL else ()


@access(Permission.SIGN_APPRAISAL)
def countersign(appraisal_id: UUID) -> Answer:
    """Countersign, with what is signed in view: value, days, parts, findings and the words on them, the draft."""
    session, actor = current_session(), current_actor()
    view = services.get_appraisal(session, actor, appraisal_id)
    if request.method == "GET":
        APPRAISAL.next(view.state, AppraisalEvent.COUNTERSIGN)
    step = gettext(APPRAISAL.event_titles[AppraisalEvent.COUNTERSIGN])

    def submit(command: services.CountersignAppraisal) -> Response:
        check_version(view.version)
        EVENTS.handlers[AppraisalEvent.COUNTERSIGN].handle(session, actor, appraisal_id, command)
        tell("ok", gettext("Done: %(step)s.", step=step))
        return redirect(f"/appraisals/{appraisal_id}", 303)  # type: ignore[return-value]

    maker = next((each for each in view.signatures if each.counts), None)
    result, spec = view.result or {}, find_spec(view.model_id)
    on = view.valued_on or today(session)
    return form_page(
        CountersignAppraisalSchema(),
        title=step,
        subtitle=f"{view.number} · {words(view.asset_title)}",
        back=f"/appraisals/{appraisal_id}",
        version=view.version,
        needed=_needed(view),
        template="appraisal/countersign.html",
        appraisal=view,
        result=result_shown(spec, result, view.inputs or {}, on) if result else None,
        maker=maker,
        own=maker is not None and maker.person_id == actor.person_id,
        submit=submit,
        **room_words(),
    )


@access(Permission.SIGN_APPRAISAL)
def draft(appraisal_id: UUID) -> Response:
    """The report between its two signatures, for those who make it."""
    name, content = services.draft_content(current_session(), current_actor(), appraisal_id)
    return attachment(content, name=name, media_type="application/pdf")


def _words_field(
    finding: Mapping[str, Any], values: Mapping[str, str], errors: Mapping[str, str]
) -> FormField:
    name = PREFIX + finding["name"]
    return FormField(
        name=name,
        id=name,
        kind="textarea",
        label=in_words({"en": finding["en"], "zh": finding["zh"]}),
        value=values.get(name, ""),
        error=gettext("Explain this finding.") if name in errors else "",
        max_length=MAX_WORDS,
    )


@access(Permission.PREPARE_APPRAISAL, upload=True)
def file_outside_report(appraisal_id: UUID) -> Answer:
    """Keep the agency's own report with the appraisal in preparation."""
    session, actor = current_session(), current_actor()
    view = services.get_preparing(session, actor, appraisal_id)
    if view.kind is not AppraisalKind.EXTERNAL:
        raise NotFound

    def submit(command: services.FileOutsideReport) -> Response:
        check_version(view.version)
        services.file_outside_report(session, actor, appraisal_id, command)
        tell("ok", gettext("The agency's report is filed."))
        return redirect(f"/appraisals/{appraisal_id}", 303)  # type: ignore[return-value]

    return form_page(
        FileOutsideReportSchema(),
        title=gettext("File the agency's report"),
        subtitle=f"{view.number} · {words(view.asset_title)}",
        help_text=gettext(
            "For an appraisal made elsewhere. Its value is compared with the model's; "
            "a difference above the limit must be explained."
        ),
        back=f"/appraisals/{appraisal_id}",
        version=view.version,
        submit=submit,
    )


@access(Permission.READ_APPRAISALS)
def outside_report(appraisal_id: UUID) -> Response:
    """The agency's own report as it was filed."""
    name, content = services.outside_content(current_session(), current_actor(), appraisal_id)
    return attachment(content, name=name, media_type="application/pdf")
