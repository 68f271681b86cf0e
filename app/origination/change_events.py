"""The events of a change of a loan: one table for the API, the buttons and the forms."""

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.loans.domain.classification import percent_words
from app.loans.queries import loan_view
from app.origination.change_schemas import CarryOutSchema, DecideChangeSchema, LoanChangeSchema
from app.origination.domain.changes import CHANGE_KIND_TITLES, LOAN_CHANGE, ChangeEvent
from app.origination.services import changes
from app.origination.services.change_previews import rates_of_change
from app.web.events import EventHandler, Events
from app.web.formats import day, money_yuan
from app.web.shell import words


def _what(
    session: Session,
    actor: Actor,
    view: changes.LoanChangeView,
) -> list[tuple[str, str]]:
    loan, rate = loan_view(session, actor, view.loan_id), rates_of_change(session, actor, view.id)
    return [
        (gettext("Loan"), view.loan_number),
        (gettext("What changes"), gettext(CHANGE_KIND_TITLES[view.kind])),
        (gettext("Present maturity"), day(view.before_on)),
        (gettext("New maturity"), day(view.matures_on)),
        (gettext("Present rate"), _between(rate.low_ppm, rate.high_ppm)),
        (gettext("Rate after the change"), rate.after or gettext("Unchanged")),
        (gettext("Principal owed (yuan)"), money_yuan(loan.principal_fen)),
        (gettext("Interest unpaid, due or not (yuan)"), money_yuan(loan.accrued_fen)),
        (gettext("Fees owed (yuan)"), money_yuan(loan.fees_fen)),
        *(
            (
                gettext("New plan: principal due on %(day)s", day=day(each.on)),
                money_yuan(each.amount_fen),
            )
            for each in view.plan
        ),
        (gettext("Why it is proposed"), view.reason),
    ]


def _between(low_ppm: int, high_ppm: int) -> str:
    """The rate of all notes, or the lowest and the highest."""
    ends = dict.fromkeys(percent_words(each) for each in (low_ppm, high_ppm))
    return " – ".join(ends)


CHANGE_EVENTS = Events(
    thing="loan-change",
    machine=LOAN_CHANGE,
    handlers=(
        EventHandler(
            event=ChangeEvent.APPROVE,
            schema=DecideChangeSchema,
            handle=changes.approve_change,
            help=N_("Within your authority; all conditions are tested anew."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.CARRY_OUT,
            schema=CarryOutSchema,
            handle=changes.carry_out_change,
            help=N_("Booked on the business day while every condition still holds."),
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.REFUSE,
            schema=DecideChangeSchema,
            handle=changes.refuse_change,
            tone="danger",
            facts=_what,
        ),
        EventHandler(
            event=ChangeEvent.WITHDRAW,
            schema=DecideChangeSchema,
            handle=changes.withdraw_change,
            tone="secondary",
            facts=_what,
        ),
    ),
    get=changes.change_view,
    view_schema=LoanChangeSchema,
    page_href=lambda thing_id: f"/loan-changes/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number} · {words(view.borrower)}",
)
