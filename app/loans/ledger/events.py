"""What the second person does with an entry by hand, as API, buttons and forms."""

from flask_babel import gettext
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.text import N_
from app.loans.domain.ledger import ENTRY, MANUAL_TITLES, EntryEvent
from app.loans.ledger.entries import book_entry, refuse_entry
from app.loans.ledger.queries import ManualEntryView, entry_view
from app.loans.ledger.schemas import BookEntrySchema, ManualEntrySchema, RefuseEntrySchema
from app.web.events import EventHandler, Events
from app.web.formats import current_locale, money_with_unit


def _facts(
    session: Session,  # noqa: ARG001 - the shape of all facts
    actor: Actor,  # noqa: ARG001
    view: ManualEntryView,
) -> list[tuple[str, str]]:
    """What is booked or refused."""
    return [
        (gettext("Kind"), gettext(MANUAL_TITLES[view.kind])),
        (gettext("Amount"), money_with_unit(view.amount_fen, "yuan", locale=current_locale())),
        (gettext("Loan"), view.loan_number),
        (gettext("Reason"), view.reason),
    ]


ENTRY_EVENTS = Events(
    thing="entry",
    machine=ENTRY,
    handlers=(
        EventHandler(
            event=EntryEvent.BOOK,
            schema=BookEntrySchema,
            handle=book_entry,
            help=N_("It is booked on the open business day. Only a reversal takes it back."),
            facts=_facts,
        ),
        EventHandler(
            event=EntryEvent.REFUSE,
            schema=RefuseEntrySchema,
            handle=refuse_entry,
            tone="danger",
            help=N_("Nothing is booked; the reason is kept."),
            facts=_facts,
        ),
    ),
    get=entry_view,
    view_schema=ManualEntrySchema,
    page_href=lambda thing_id: f"/ledger/entries/{thing_id}",
    heading=lambda view: f"{view.number} · {view.loan_number}",
)
