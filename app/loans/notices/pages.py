"""Pages of notices to borrowers: the list with what became of each, and where borrowers are written to."""

from uuid import UUID

from flask import Blueprint, Response, redirect, render_template, request
from flask_babel import gettext

from app.documents.downloads import attachment
from app.kernel.permissions import Permission
from app.loans.domain.notices import (
    LANGUAGE_TITLES,
    NOTICE_KIND_TITLES,
    NOTICE_STATE_TITLES,
    Language,
    NoticeState,
)
from app.loans.notices import queries, services
from app.loans.notices.issuing import MAX_NOTICES_AT_ONCE
from app.loans.notices.queries import MAIL_TITLES, MailStanding
from app.loans.notices.schemas import LoanNoticeQuery, RecordContactSchema
from app.loans.queries import loan_view
from app.web.access import access, current_actor, current_session, tell
from app.web.csrf import page_token
from app.web.forms import form_page
from app.web.paging import fetch_page, page_request
from app.web.reading import load_schema
from app.web.shell import words

blueprint = Blueprint("loan_notices_pages", __name__, url_prefix="/loan-notices")
contacts = Blueprint("notice_contacts_pages", __name__, url_prefix="/loans")
BLUEPRINTS = (blueprint, contacts)

FILTERS = ("kind", "state", "mail", "number")
STATE_TONES = {
    NoticeState.WAITING: "grey",
    NoticeState.ISSUED: "green",
    NoticeState.DROPPED: "grey",
    NoticeState.FAILED: "red",
}
MAIL_TONES = {
    MailStanding.NONE: "amber",
    MailStanding.WAITING: "grey",
    MailStanding.SENT: "green",
    MailStanding.WRITTEN: "amber",
    MailStanding.FAILED: "red",
}


@blueprint.get("")
@access(Permission.READ_LOANS)
def notice_list() -> str:
    """Notices about loans in sight, by kind, state and mail."""
    session, actor = current_session(), current_actor()
    asked = {name: request.args.get(name, "") for name in FILTERS}
    wanted = load_schema(LoanNoticeQuery(), {name: text for name, text in asked.items() if text})
    statement = queries.list_loan_notices(session, actor, wanted)
    page = fetch_page(session, statement, page_request())
    return render_template(
        "loans/notices.html",
        page=page.holding(queries.notice_views(session, page.items)),
        asked=asked,
        kinds={key.value: gettext(text) for key, text in NOTICE_KIND_TITLES.items()},
        states={key.value: gettext(text) for key, text in NOTICE_STATE_TITLES.items()},
        mails={key.value: gettext(text) for key, text in MAIL_TITLES.items()},
        waiting=queries.count_waiting(session, actor),
        printed_at_once=MAX_NOTICES_AT_ONCE,
        state_tones=STATE_TONES,
        mail_tones=MAIL_TONES,
        may_send=actor.may(Permission.SEND_NOTICES),
        csrf_token=page_token(),
        words=words,
    )


@blueprint.get("/<uuid:notice_id>/notice.pdf")
@access(Permission.READ_LOANS)
def notice_file(notice_id: UUID) -> Response:
    """The notice as it was issued."""
    name, content = services.notice_content(current_session(), current_actor(), notice_id)
    return attachment(content, name=name, media_type="application/pdf")


@blueprint.post("/<uuid:notice_id>/mails")
@access(Permission.SEND_NOTICES)
def send_again(notice_id: UUID) -> Response:
    """Send a notice again."""
    view = services.send_notice_again(current_session(), current_actor(), notice_id)
    tell("ok", gettext("The notice on %(number)s is on its way.", number=view.loan_number))
    return redirect("/loan-notices", 303)  # type: ignore[return-value]


@contacts.route("/<uuid:loan_id>/notice-contact", methods=["GET", "POST"])
@access(Permission.SEND_NOTICES)
def contact(loan_id: UUID) -> Response | str | tuple[str, int]:
    """Where the borrower of a loan is written to."""
    session, actor = current_session(), current_actor()
    view = loan_view(session, actor, loan_id)
    known = services.list_contacts(session, actor, loan_id)

    def submit(command: services.RecordContact) -> Response:
        services.record_contact(session, actor, loan_id, command)
        tell("ok", gettext("Notices go to %(address)s from now on.", address=command.address))
        return redirect(f"/loans/{loan_id}", 303)  # type: ignore[return-value]

    return form_page(
        RecordContactSchema(),
        title=gettext("Address for notices"),
        subtitle=f"{view.number} · {words(view.borrower_name)}",
        submit=submit,
        back=f"/loans/{loan_id}",
        submit_title=gettext("Keep the address"),
        values={"address": known[0].address, "language": known[0].language} if known else {},
        choices={"language": [(key.value, gettext(LANGUAGE_TITLES[key])) for key in Language]},
    )
