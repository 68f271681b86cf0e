"""Entries by hand that wait for their second person."""

from collections.abc import Iterator
from typing import Final

from sqlmodel import Session

from app.desk.domain import Task
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.ledger import EntryState
from app.loans.ledger.queries import entry_views, list_entries

MAX_ENTRY_TASKS: Final = 200
"""Rows of this feed; a desk with more works from the list of entries."""


def entry_tasks(session: Session, actor: Actor) -> Iterator[Task]:
    """Fees, refunds and reversals of the own bank that a colleague proposed."""
    if not actor.may(Permission.CHECK_ENTRY):
        return
    statement = list_entries(session, actor, EntryState.PROPOSED).limit(MAX_ENTRY_TASKS)
    rows = session.execute(statement).scalars().all()
    for view in entry_views(session, actor, rows):
        if view.events:
            yield Task(
                what=N_("Check an entry by hand"),
                number=view.number,
                href=f"/ledger/entries/{view.id}",
                title=Name(zh=view.loan_number, en=view.loan_number),
                amount_fen=view.amount_fen,
            )
