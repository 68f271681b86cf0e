"""What the audit API answers, and the filters of the journal."""

import marshmallow as ma

from app.audit.queries import MAX_EVENTS, EventFilter
from app.kernel.text import N_
from app.web.fields import Day, Ident, Instant, Structure, Text, Whole
from app.web.schemas import CommandSchema, ViewSchema


class EventSchema(ViewSchema):
    """An event of the journal; `hash` chains it to the one before."""

    id = Ident()
    organisation_id = Ident()
    seq = Whole(low=1, high=2**53)
    at = Instant()
    person_id = Ident()
    action = Text(max_length=80)
    subject_kind = Text(max_length=40)
    subject_id = Text(max_length=80)
    facts = Structure()
    request_id = Text(max_length=64)
    hash = Text(max_length=64)


class EventPageSchema(ViewSchema):
    """Some events; `next_cursor` asks for those before them."""

    items = ma.fields.List(ma.fields.Nested(EventSchema))
    next_cursor = Whole(low=1, high=2**53)


class EventQuery(CommandSchema):
    """Filters of the journal."""

    command = EventFilter

    organisation_id = Ident(title=N_("Organisation"))
    action = Text(max_length=80, title=N_("Action"))
    subject_kind = Text(max_length=40, title=N_("Kind of thing"))
    subject_id = Text(max_length=80, title=N_("Thing"))
    first_on = Day(title=N_("From"))
    last_on = Day(title=N_("Until"))
    before_seq = Whole(low=1, high=2**53, data_key="cursor")
    limit = Whole(low=1, high=MAX_EVENTS)
