"""What callers ask and receive about dated parameters."""

from typing import Any

import marshmallow as ma

from app.kernel.text import N_
from app.reference.parameters import Narrowed, ParameterStatus
from app.web.fields import Choice, Day, Flag, Text
from app.web.schemas import BilingualSchema, CommandSchema, ViewSchema


class ParameterListQuery(CommandSchema):
    """The day on which parameters are asked for, today when it is left out; area, status, words."""

    on = Day(title=N_("Day"))
    area = Text(max_length=40, title=N_("Subject area"))
    status = Choice(ParameterStatus, title=N_("Status"))
    q = Text(max_length=80, title=N_("Search"))

    @staticmethod
    def narrowed(query: dict[str, Any]) -> Narrowed:
        """What the list is narrowed to."""
        return Narrowed(area=query.get("area"), status=query.get("status"), q=query.get("q"))


class ChangesQuery(CommandSchema):
    """Two days between which figures are compared."""

    from_on = Day(required=True, data_key="from", title=N_("From"))
    to_on = Day(required=True, data_key="to", title=N_("To"))


class DatedValueSchema(ViewSchema):
    """What counts from a day on."""

    since = Day()
    value = Text(max_length=40, allow_none=True)
    rows = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), allow_none=True)
    repealed = Flag()
    reference = Text(max_length=500)
    source = Text(max_length=500)


class ParameterColumnSchema(ViewSchema):
    """A column of a table."""

    name = Text(max_length=60)
    title = ma.fields.Nested(BilingualSchema)
    unit = Text(max_length=30)


class ParameterReaderSchema(ViewSchema):
    """A model that reads a parameter."""

    id = Text(max_length=60)
    title = ma.fields.Nested(BilingualSchema)


class ParameterHistorySchema(ViewSchema):
    """A parameter with every dated value, the newest first, and the models that read it."""

    id = Text(max_length=120)
    area = Text(max_length=40)
    title = ma.fields.Nested(BilingualSchema)
    unit = Text(max_length=30)
    status = Text(max_length=20)
    checked_on = Day()
    values = ma.fields.List(ma.fields.Nested(DatedValueSchema))
    row_titles = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Nested(BilingualSchema))
    columns = ma.fields.List(ma.fields.Nested(ParameterColumnSchema))
    models = ma.fields.List(ma.fields.Nested(ParameterReaderSchema))


class ParameterChangeSchema(ViewSchema):
    """A figure that differs between two days."""

    id = Text(max_length=120)
    title = ma.fields.Nested(BilingualSchema)
    row = ma.fields.Nested(BilingualSchema, allow_none=True)
    column = ma.fields.Nested(BilingualSchema, allow_none=True)
    unit = Text(max_length=30)
    before = Text(max_length=40, allow_none=True)
    after = Text(max_length=40, allow_none=True)


class ParameterChangesSchema(ViewSchema):
    """All figures that differ between two days."""

    items = ma.fields.List(ma.fields.Nested(ParameterChangeSchema))
