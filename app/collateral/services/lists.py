"""Lists of collateral for pages and API, each a constant number of queries."""

from uuid import UUID

from sqlmodel import Session, col

from app.collateral.models import MarginCall, Pledge
from app.collateral.queries import (
    CallFilter,
    PledgeFilter,
    list_margin_calls,
    list_pledges,
    load_loan,
    loans_by_id,
    visible_margin_calls,
    visible_pledges,
)
from app.collateral.services.calls import MarginCallView, view_of
from app.collateral.services.pledge_views import PledgeView, pledge_views
from app.kernel.actor import Actor
from app.web.paging import Page, PageRequest, fetch_page


def margin_call_page(
    session: Session, actor: Actor, filtered: CallFilter, wanted: PageRequest
) -> Page[MarginCallView]:
    """Top-up cases in sight, the most pressing first."""
    page = fetch_page(session, list_margin_calls(session, actor, filtered), wanted)
    loans = loans_by_id(session, [call.loan_id for call in page.items])
    return page.holding([view_of(call, loans[call.loan_id], actor) for call in page.items])


def calls_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[MarginCallView]:
    """The cases of a loan in sight, the newest first."""
    loan = load_loan(session, actor, loan_id)
    statement = visible_margin_calls(session, actor).where(col(MarginCall.loan_id) == loan_id)
    rows = session.execute(statement.order_by(col(MarginCall.number).desc())).scalars().all()
    return [view_of(call, loan, actor) for call in rows]


def pledges_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[PledgeView]:
    """The pledges and mortgages of a loan in sight."""
    load_loan(session, actor, loan_id)
    statement = visible_pledges(session, actor).where(col(Pledge.loan_id) == loan_id)
    rows = session.execute(statement.order_by(col(Pledge.number))).all()
    return pledge_views(session, actor, [(pledge, asset) for pledge, asset in rows])


def pledge_page(
    session: Session, actor: Actor, filtered: PledgeFilter, wanted: PageRequest
) -> Page[PledgeView]:
    """The register of pledges and mortgages in sight, the newest first."""
    page = fetch_page(session, list_pledges(session, actor, filtered), wanted)
    return page.holding(pledge_views(session, actor, [(row[0], row[1]) for row in page.items]))
