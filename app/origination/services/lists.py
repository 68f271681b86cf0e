"""Lists of applications and drawdowns, and what waits for an actor."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import InvalidInput
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.origination.change_models import LoanChange
from app.origination.domain.changes import LOAN_CHANGE, ChangeEvent, ChangeState
from app.origination.domain.states import (
    APPLICATION,
    DRAWDOWN,
    ApplicationEvent,
    ApplicationState,
    DrawdownState,
)
from app.origination.domain.write_off import WRITE_OFF
from app.origination.models import Application, Drawdown
from app.origination.queries import visible_applications, visible_drawdowns
from app.origination.services.changes import change_views, visible_changes
from app.origination.services.drawdowns import DrawdownView, drawdown_views
from app.origination.services.pool import PoolPreview, stored_pool
from app.origination.services.views import (
    ApplicationSummary,
    load_application,
    summaries,
)
from app.origination.services.write_offs import visible_write_offs, write_off_views
from app.origination.write_off_models import LoanWriteOff
from app.web.paging import Page, PageRequest, fetch_page

MAX_WAITING: Final = 200
"""Rows looked at for a worklist; a desk with more than this filters its lists."""

SORTS: Final[Mapping[str, Any]] = {
    "number": col(Application.number),
    "amount": col(Application.amount_fen),
    "due_on": col(Application.due_on),
    "submitted_on": col(Application.submitted_on),
}
"""What a list of applications may be sorted by; a leading minus turns the order."""

DEFAULT_SORT: Final = "-number"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationFilter:
    """What a list of applications is narrowed to; `q` looks in number and borrower."""

    q: str = ""
    state: ApplicationState | None = None
    product: str = ""
    number: str = ""
    borrower_id: UUID | None = None
    mine: bool = False
    sort: str = DEFAULT_SORT


def application_page(
    session: Session, actor: Actor, wanted: PageRequest, narrowed: ApplicationFilter
) -> Page[ApplicationSummary]:
    """Applications in sight."""
    statement = _narrow(visible_applications(session, actor), actor, narrowed)
    page = fetch_page(session, statement, wanted)
    return page.holding(summaries(session, actor, page.items))


def _narrow(statement: sa.Select[Any], actor: Actor, narrowed: ApplicationFilter) -> sa.Select[Any]:
    if narrowed.q:
        firms = sa.select(col(Organisation.id)).where(
            sa.or_(
                col(Organisation.name_zh).icontains(narrowed.q, autoescape=True),
                col(Organisation.name_en).icontains(narrowed.q, autoescape=True),
            )
        )
        number = col(Application.number).icontains(narrowed.q, autoescape=True)
        statement = statement.where(sa.or_(number, col(Application.borrower_id).in_(firms)))
    for column, value in (
        (Application.state, narrowed.state),
        (Application.product, narrowed.product or None),
        (Application.number, narrowed.number or None),
        (Application.borrower_id, narrowed.borrower_id),
        (Application.officer_id, actor.person_id if narrowed.mine else None),
    ):
        if value is not None:
            statement = statement.where(col(column) == value)
    return statement.order_by(_order(narrowed.sort), col(Application.id))


def _order(sort: str) -> Any:
    column = SORTS.get(sort.removeprefix("-"))
    if column is None:
        raise InvalidInput.at("/sort", N_("Choose one of: %(choices)s."), choices=", ".join(SORTS))
    return column.desc().nulls_last() if sort.startswith("-") else column.asc().nulls_last()


def pool_of(session: Session, actor: Actor, application_id: UUID) -> PoolPreview:
    """The stored pool of an application in sight, valued today."""
    return stored_pool(session, load_application(session, actor, application_id))


def drawdown_page(
    session: Session, actor: Actor, wanted: PageRequest, state: DrawdownState | None = None
) -> Page[DrawdownView]:
    """Drawdowns in sight, the newest first."""
    statement = visible_drawdowns(session, actor).order_by(col(Drawdown.number).desc())
    if state is not None:
        statement = statement.where(col(Drawdown.state) == state)
    page = fetch_page(session, statement, wanted)
    return page.holding(drawdown_views(session, actor, page.items))


@dataclass(frozen=True, slots=True, kw_only=True)
class WaitingItem:
    """One thing that waits for an actor; `what` is a message of the catalogue."""

    thing: str
    id: UUID
    number: str
    title: Name
    customer: Name
    amount_fen: int
    due_on: date | None
    href: str
    what: str


_WHAT: Final = {
    ApplicationState.DRAFT: N_("Complete and submit the application"),
    ApplicationState.RETURNED: N_("Complete and submit again"),
    ApplicationState.SUBMITTED: N_("Take the application up"),
    ApplicationState.INVESTIGATING: N_("Investigate and sign"),
    ApplicationState.HALF_INVESTIGATED: N_("Confirm the investigation"),
    ApplicationState.INVESTIGATED: N_("Review the file"),
    ApplicationState.REVIEWED: N_("Decide"),
    ApplicationState.APPROVED: N_("Sign the contract"),
}
_DRAWDOWN_WHAT: Final = {
    DrawdownState.REQUESTED: N_("Check the conditions of the drawdown"),
    DrawdownState.CHECKED: N_("Post the drawdown"),
}
_ONWARD: Final = frozenset(ApplicationEvent) - {ApplicationEvent.WITHDRAW, ApplicationEvent.RETURN}


def waiting_for(session: Session, actor: Actor) -> list[WaitingItem]:
    """What waits for this actor: files and drawdowns whose next step is permitted and open to them."""
    return [
        *_applications(session, actor),
        *_drawdowns(session, actor),
        *_changes(session, actor),
        *_write_offs(session, actor),
    ]


def _applications(session: Session, actor: Actor) -> Iterator[WaitingItem]:
    states = {
        state
        for (state, event) in APPLICATION.table
        if event in _ONWARD and actor.may(APPLICATION.permissions[event])
    }
    if actor.organisation_kind == "bank":
        # A returned file or a draft waits for the borrower, unless the bank opened it.
        theirs = {ApplicationState.DRAFT, ApplicationState.RETURNED}
        own = col(Application.created_for_id) == actor.organisation_id
        at_hand = sa.or_(col(Application.state).not_in(theirs), own)
    else:
        at_hand = sa.true()
    statement = (
        visible_applications(session, actor)
        .where(col(Application.state).in_(states), at_hand)
        .order_by(col(Application.due_on).asc().nulls_last(), col(Application.number))
        .limit(MAX_WAITING)
    )
    rows = session.execute(statement).scalars().all()
    onward = {event.value for event in _ONWARD}
    officers = {row.id: row.officer_id for row in rows}
    for view in summaries(session, actor, rows):
        if onward & set(view.events) and _in_hand(actor, view, officers[view.id]):
            yield _application_item(view)


def _in_hand(actor: Actor, view: ApplicationSummary, officer_id: UUID | None) -> bool:
    """A file under investigation or ready to sign waits for the officer in charge alone."""
    charged = {ApplicationState.INVESTIGATING, ApplicationState.APPROVED}
    return view.state not in charged or officer_id in {None, actor.person_id}


def _application_item(view: ApplicationSummary) -> WaitingItem:
    return WaitingItem(
        thing="application",
        id=view.id,
        number=view.number,
        title=view.product_title,
        customer=view.borrower,
        amount_fen=view.approved_fen or view.amount_fen,
        due_on=view.due_on,
        href=f"/loan-applications/{view.id}",
        what=_WHAT[view.state],
    )


def _drawdowns(session: Session, actor: Actor) -> Iterator[WaitingItem]:
    states = {state for (state, event) in DRAWDOWN.table if actor.may(DRAWDOWN.permissions[event])}
    statement = (
        visible_drawdowns(session, actor)
        .where(col(Drawdown.state).in_(states))
        .order_by(col(Drawdown.number))
        .limit(MAX_WAITING)
    )
    rows = session.execute(statement).scalars().all()
    for view in drawdown_views(session, actor, rows):
        if view.events:
            yield WaitingItem(
                thing="drawdown",
                id=view.id,
                number=view.number,
                title=view.loan_name,
                customer=view.borrower,
                amount_fen=view.amount_fen,
                due_on=None,
                href=f"/drawdowns/{view.id}",
                what=_DRAWDOWN_WHAT[view.state],
            )


def _changes(session: Session, actor: Actor) -> Iterator[WaitingItem]:
    """Changes of loans to decide on or to carry out; taking one back waits for nobody."""
    states = _at_hand(LOAN_CHANGE, actor)
    statement = (
        visible_changes(session, actor)
        .where(col(LoanChange.state).in_(states))
        .order_by(col(LoanChange.number))
        .limit(MAX_WAITING)
    )
    rows = session.execute(statement).scalars().all()
    for view in change_views(session, actor, rows):
        if _goes_on(view.events):
            yield WaitingItem(
                thing="loan-change",
                id=view.id,
                number=view.number,
                title=view.loan_name,
                customer=view.borrower,
                amount_fen=view.balance_fen,
                due_on=view.decided_on or view.applied_on,
                href=f"/loan-changes/{view.id}",
                what=_CHANGE_WHAT[view.state],
            )


_CHANGE_WHAT: Final = {
    ChangeState.PROPOSED: N_("Decide on the change of a loan"),
    ChangeState.APPROVED: N_("Carry out the change of a loan"),
}


def _write_offs(session: Session, actor: Actor) -> Iterator[WaitingItem]:
    """Write-offs to decide on or to carry out."""
    statement = (
        visible_write_offs(session, actor)
        .where(col(LoanWriteOff.state).in_(_at_hand(WRITE_OFF, actor)))
        .order_by(col(LoanWriteOff.number))
        .limit(MAX_WAITING)
    )
    rows = session.execute(statement).scalars().all()
    for view in write_off_views(session, actor, rows):
        if _goes_on(view.events):
            yield WaitingItem(
                thing="loan-write-off",
                id=view.id,
                number=view.number,
                title=view.loan_name,
                customer=view.borrower,
                amount_fen=view.principal_fen,
                due_on=None,
                href=f"/loan-write-offs/{view.id}",
                what=_WRITE_OFF_WHAT[view.state],
            )


_WRITE_OFF_WHAT: Final = {
    ChangeState.PROPOSED: N_("Decide on the write-off of a loan"),
    ChangeState.APPROVED: N_("Carry out the write-off of a loan"),
}
_CARRIES_ON: Final = (ChangeEvent.APPROVE, ChangeEvent.CARRY_OUT)


def _at_hand(machine: StateMachine[ChangeState, ChangeEvent], actor: Actor) -> set[ChangeState]:
    """The states from which the actor's permissions lead on."""
    return {
        state
        for (state, event) in machine.table
        if event in _CARRIES_ON and actor.may(machine.permissions[event])
    }


def _goes_on(events: Sequence[str]) -> bool:
    return any(event.value in events for event in _CARRIES_ON)
