"""The events of applications and drawdowns: one table for the API, the buttons and the forms."""

from collections.abc import Sequence
from uuid import UUID

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.origination.domain.states import (
    APPLICATION,
    DRAWDOWN,
    PAYMENT_TITLES,
    ApplicationEvent,
    DrawdownEvent,
)
from app.origination.event_schemas import (
    ApproveSchema,
    OpinionSchema,
    SignContractSchema,
    SignInvestigationSchema,
    SubmitApplicationSchema,
    TakeUpSchema,
)
from app.origination.schemas import (
    ApplicationSchema,
    CheckDrawdownSchema,
    DrawdownSchema,
    PostDrawdownSchema,
    RefuseDrawdownSchema,
)
from app.origination.services import choices, contract, decisions, drafts, drawdowns
from app.origination.services.views import get_application, load_application
from app.web.events import EventHandler, Events
from app.web.formats import current_locale, money_with_unit
from app.web.language import current_language
from app.web.shell import words

_E = ApplicationEvent


def _leaves(
    session: Session, actor: Actor, application_id: UUID
) -> dict[str, Sequence[tuple[str, str]]]:
    row = load_application(session, actor, application_id)
    return choices.leaves(session, row, current_language())


APPLICATION_EVENTS = Events(
    thing="application",
    machine=APPLICATION,
    handlers=(
        EventHandler(
            event=_E.SUBMIT,
            schema=SubmitApplicationSchema,
            handle=drafts.submit,
            help=N_("The bank then sees the application and the assets offered in it."),
        ),
        EventHandler(
            event=_E.ACCEPT,
            schema=TakeUpSchema,
            handle=decisions.accept,
            help=N_("You become the officer in charge."),
        ),
        EventHandler(
            event=_E.SIGN,
            schema=SignInvestigationSchema,
            handle=decisions.sign,
            choices=_leaves,
            help=N_("The pool is fixed with your signature. A second person confirms."),
        ),
        EventHandler(
            event=_E.COUNTERSIGN,
            schema=OpinionSchema,
            handle=decisions.countersign,
        ),
        EventHandler(
            event=_E.PASS,
            schema=OpinionSchema,
            handle=decisions.pass_review,
            help=N_("Compliance, purpose, source of repayment, green item, security."),
        ),
        EventHandler(
            event=_E.APPROVE,
            schema=ApproveSchema,
            handle=decisions.approve,
            help=N_("At most your authority, the amount asked, and what the security lends today."),
        ),
        EventHandler(
            event=_E.CONTRACT,
            schema=SignContractSchema,
            handle=contract.contract,
            help=N_("Opens the loan and takes every mortgage, pledge and guarantee at once."),
        ),
        EventHandler(
            event=_E.RETURN,
            schema=OpinionSchema,
            handle=decisions.send_back,
            tone="secondary",
            help=N_("Say what is missing; the reason goes with the file."),
        ),
        EventHandler(
            event=_E.REJECT,
            schema=OpinionSchema,
            handle=decisions.reject,
            tone="danger",
        ),
        EventHandler(
            event=_E.WITHDRAW,
            schema=OpinionSchema,
            handle=decisions.withdraw,
            tone="secondary",
        ),
    ),
    get=get_application,
    view_schema=ApplicationSchema,
    page_href=lambda thing_id: f"/loan-applications/{thing_id}",
    heading=lambda view: f"{view.number} · {words(view.borrower)} · {words(view.product_title)}",
)


def _payment(
    session: Session,  # noqa: ARG001 - the shape of all facts
    actor: Actor,  # noqa: ARG001
    view: drawdowns.DrawdownView,
) -> list[tuple[str, str]]:
    """The money that is checked, posted or refused."""
    return [
        (gettext("Amount"), money_with_unit(view.amount_fen, "yuan", locale=current_locale())),
        (gettext("Payee"), view.payee),
        (gettext("Payment"), gettext(PAYMENT_TITLES[view.payment])),
        (gettext("Loan"), f"{view.loan_number} · {words(view.loan_name)}"),
    ]


DRAWDOWN_EVENTS = Events(
    thing="drawdown",
    machine=DRAWDOWN,
    handlers=(
        EventHandler(
            event=DrawdownEvent.CHECK,
            schema=CheckDrawdownSchema,
            handle=drawdowns.check_drawdown,
            help=N_(
                "All conditions are tested anew; with one not met the drawdown stays where it is."
            ),
            facts=_payment,
        ),
        EventHandler(
            event=DrawdownEvent.POST,
            schema=PostDrawdownSchema,
            handle=drawdowns.post_checked,
            help=N_("The money is booked on the business day."),
            facts=_payment,
        ),
        EventHandler(
            event=DrawdownEvent.REFUSE,
            schema=RefuseDrawdownSchema,
            handle=drawdowns.refuse_drawdown,
            tone="danger",
            facts=_payment,
        ),
    ),
    get=drawdowns.drawdown_view,
    view_schema=DrawdownSchema,
    page_href=lambda thing_id: f"/drawdowns/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower)}",
)
