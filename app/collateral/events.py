"""The events of pledges and top-up cases: one table for the API, the buttons and the forms."""

from collections.abc import Sequence
from uuid import UUID

from sqlmodel import Session

from app.assets.kinds import kind_info, registry_names
from app.collateral.domain.states import MARGIN_CALL, PLEDGE, CallEvent, PledgeEvent
from app.collateral.schemas import (
    ExtendCallSchema,
    IssueNoticeSchema,
    MarginCallSchema,
    NoteSchema,
    PledgeSchema,
    RegisterPledgeSchema,
    ReviewCallSchema,
    ServeNoticeSchema,
    ServeWithReceiptSchema,
)
from app.collateral.services import calls, pledge_views, pledging
from app.kernel.actor import Actor
from app.kernel.text import N_
from app.web.events import EventHandler, Events
from app.web.shell import words


def _registries(
    session: Session, actor: Actor, pledge_id: UUID
) -> dict[str, Sequence[tuple[str, str]]]:
    kind = kind_info(pledge_views.pledge_view(session, actor, pledge_id).asset_kind)
    return {"registry": [(code, words(registry_names()[code])) for code in kind.registries]}


def _release(
    session: Session, actor: Actor, pledge_id: UUID, command: calls.CloseCall
) -> pledge_views.PledgeView:
    return pledging.release_pledge(session, actor, pledge_id, command.note)


def _dismiss(
    session: Session, actor: Actor, call_id: UUID, command: calls.CloseCall
) -> calls.MarginCallView:
    return calls.close_call(session, actor, call_id, CallEvent.DISMISS, command)


def _waive(
    session: Session, actor: Actor, call_id: UUID, command: calls.CloseCall
) -> calls.MarginCallView:
    return calls.close_call(session, actor, call_id, CallEvent.WAIVE, command)


def _default(
    session: Session, actor: Actor, call_id: UUID, command: calls.CloseCall
) -> calls.MarginCallView:
    return calls.close_call(session, actor, call_id, CallEvent.DEFAULT, command)


PLEDGE_EVENTS = Events(
    thing="pledge",
    machine=PLEDGE,
    handlers=(
        EventHandler(
            event=PledgeEvent.REGISTER,
            schema=RegisterPledgeSchema,
            handle=pledging.register_pledge,
            choices=_registries,
        ),
        EventHandler(
            event=PledgeEvent.RELEASE,
            schema=NoteSchema,
            handle=_release,
            tone="danger",
        ),
        EventHandler(
            event=PledgeEvent.CANCEL,
            schema=NoteSchema,
            handle=_release,
            tone="danger",
        ),
    ),
    get=pledge_views.pledge_view,
    view_schema=PledgeSchema,
    page_href=lambda thing_id: f"/pledges/{thing_id}",
    heading=lambda view: f"{view.number} · {view.asset_title}",
)

CALL_EVENTS = Events(
    thing="margin-call",
    machine=MARGIN_CALL,
    handlers=(
        EventHandler(
            event=CallEvent.REVIEW,
            schema=ReviewCallSchema,
            handle=calls.review_call,
            help=N_("Check values, exposure and the lines of the contract; say what you found."),
        ),
        EventHandler(
            event=CallEvent.ISSUE,
            schema=IssueNoticeSchema,
            handle=calls.issue_call,
            tone="danger",
            help=N_(
                "The notice is numbered, printed with both ways to cure, and starts the time to cure."
            ),
        ),
        EventHandler(
            event=CallEvent.SERVE,
            schema=ServeNoticeSchema,
            handle=calls.serve_call,
            form_schema=ServeWithReceiptSchema,
            form_handle=calls.serve_with_receipt,
        ),
        EventHandler(
            event=CallEvent.EXTEND,
            schema=ExtendCallSchema,
            handle=calls.extend_call,
            tone="secondary",
        ),
        EventHandler(
            event=CallEvent.DISMISS,
            schema=NoteSchema,
            handle=_dismiss,
            tone="secondary",
        ),
        EventHandler(
            event=CallEvent.WAIVE,
            schema=NoteSchema,
            handle=_waive,
            tone="secondary",
        ),
        EventHandler(
            event=CallEvent.DEFAULT,
            schema=NoteSchema,
            handle=_default,
            tone="danger",
        ),
    ),
    get=calls.margin_call_view,
    view_schema=MarginCallSchema,
    page_href=lambda thing_id: f"/margin-calls/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number}",
)
