"""What an administrator does with a person, for API, buttons and forms alike."""

from uuid import UUID

from app.identity import domain, queries, services
from app.identity.schemas import DisablePersonSchema, EnablePersonSchema, PersonSchema
from app.kernel.text import N_
from app.web.events import EventHandler, Events
from app.web.shell import words


def person_href(person_id: UUID) -> str:
    """The page of a person."""
    return f"/people/{person_id}"


EVENTS = Events(
    thing="person",
    machine=domain.PERSON,
    handlers=(
        EventHandler(
            event=domain.PersonEvent.DISABLE,
            handle=services.disable_person,
            schema=DisablePersonSchema,
            tone="danger",
            help=N_("Sessions end and tokens are revoked at once. Records stay."),
        ),
        EventHandler(
            event=domain.PersonEvent.ENABLE,
            handle=services.enable_person,
            schema=EnablePersonSchema,
            tone="secondary",
            help=N_("The person may sign in again. Revoked tokens stay revoked."),
        ),
    ),
    get=queries.get_person,
    view_schema=PersonSchema,
    page_href=person_href,
    heading=lambda view: f"{words(view.name)} · {view.login}",
)
