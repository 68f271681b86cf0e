"""What callers send and receive about reference tables, catalogues and policy."""

from typing import Any

import marshmallow as ma

from app.kernel.text import N_
from app.reference import domain, services
from app.web.fields import Choice, Day, Flag, Ident, Instant, Number, OneOf, Text, Whole
from app.web.schemas import CommandSchema, ListQuery, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

MAX_CALENDAR_DAYS = 1_100
"""Three years in one answer."""

VALUE_PLACES = 6


class RegionSchema(ViewSchema):
    """An administrative division."""

    code = Text(max_length=6)
    name_zh = Text(max_length=60)
    name_en = Text(max_length=80)
    level = Choice(domain.RegionLevel)
    parent_code = Text(max_length=6, allow_none=True)
    source = Text(max_length=200)
    status = Text(max_length=20)


class RegionQuery(ListQuery):
    """Filters of regions."""

    level = Choice(domain.RegionLevel)
    parent_code = Text(max_length=6)


class IndustrySchema(ViewSchema):
    """An industry."""

    code = Text(max_length=5)
    name_zh = Text(max_length=100)
    name_en = Text(max_length=160)
    source = Text(max_length=200)
    status = Text(max_length=20)


class EditionSchema(ViewSchema):
    """An edition of the green catalogue."""

    edition = Text(max_length=10)
    title_zh = Text(max_length=100)
    title_en = Text(max_length=160)
    document = Text(max_length=100)
    tags_from = Day()
    tags_to = Day(allow_none=True)


class EditionListSchema(ViewSchema):
    """All editions."""

    items = ma.fields.List(ma.fields.Nested(EditionSchema))


class CatalogueItemSchema(ViewSchema):
    """An item of an edition."""

    edition = Text(max_length=10)
    code = Text(max_length=20)
    level = Whole(low=1, high=4)
    parent_code = Text(max_length=20, allow_none=True)
    name_zh = Text(max_length=200)
    name_en = Text(max_length=300)
    status = Text(max_length=20)


class ItemQuery(ListQuery):
    """Filters of catalogue items."""

    level = Whole(low=1, high=4)


class CalendarQuery(CommandSchema):
    """From a day to a day."""

    from_on = Day(required=True, data_key="from")
    to_on = Day(required=True, data_key="to")


class CalendarDaySchema(ViewSchema):
    """A day as banks see it; provisional where no order names the year yet."""

    day = Day()
    is_business_day = Flag()
    is_official = Flag()
    kind = Text(max_length=20)
    note = Text(max_length=60)


class CalendarSchema(ViewSchema):
    """Days in order."""

    items = ma.fields.List(ma.fields.Nested(CalendarDaySchema))


class ParameterSchema(ViewSchema):
    """A parameter in force: value, first day, unit, source, status. Tables show their rows."""

    id = Text(max_length=120)
    area = Text(max_length=40)
    title_zh = Text(max_length=120)
    title_en = Text(max_length=120)
    unit = Text(max_length=30)
    value = Text(max_length=40, allow_none=True)
    rows = ma.fields.Dict(keys=ma.fields.String(), values=ma.fields.Raw(), allow_none=True)
    since = Day()
    status = Text(max_length=20)
    reference = Text(max_length=500)
    source = Text(max_length=500)
    own = Flag()


class ParameterListSchema(ViewSchema):
    """All parameters in force on a day."""

    on = Day()
    items = ma.fields.List(ma.fields.Nested(ParameterSchema))


class ProposeOverrideSchema(CommandSchema):
    """A bank's own value of a parameter."""

    command = services.ProposeOverride

    parameter_id = OneOf(required=True, max_length=120, title=N_("Parameter"))
    valid_from = Day(required=True, title=N_("Counts from"))
    value = Number(
        places=VALUE_PLACES,
        high=10**6,
        load_default=None,
        title=N_("Value"),
        help=N_("A share such as 0.45, or whole days. Leave empty to go back to the files."),
    )
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class PolicyOverrideSchema(ViewSchema):
    """A bank's own row of policy."""

    id = Ident()
    bank_id = Ident()
    parameter_id = Text(max_length=120)
    valid_from = Day()
    value = Number(places=VALUE_PLACES, allow_none=True)
    reason = Text(max_length=300)
    state = Choice(domain.ProposalState)
    events = ma.fields.List(Text(max_length=20))
    proposed_by = Ident()
    proposed_at = Instant()
    decided_by = Ident(allow_none=True)
    version = Whole(low=1, high=2**31)


class ImportItemsSchema(UploadSchema):
    """A CSV file of deeper levels of an edition."""

    file = File(
        required=True,
        title=N_("CSV file"),
        help=N_("Columns code, level, parent_code, name_zh and, if known, name_en and status."),
    )
    source = Text(
        required=True, max_length=300, title=N_("Source"), help=N_("The official annex it follows.")
    )
    dry_run = Flag(title=N_("Only check the file"))

    def command_for(self, edition: str, data: dict[str, Any]) -> services.ImportCatalogue:
        """The command for an edition."""
        sent: SentFile = data["file"]
        return services.ImportCatalogue(
            edition=edition,
            source=data["source"],
            file_name=sent.name,
            content=sent.content,
            dry_run=data.get("dry_run", False),
        )


class NewItemSchema(ViewSchema):
    """An item as a file proposes it."""

    code = Text(max_length=20)
    level = Whole(low=1, high=4)
    parent_code = Text(max_length=20, allow_none=True)
    name_zh = Text(max_length=200)
    name_en = Text(max_length=300)
    status = Text(max_length=20)


class ItemLineErrorSchema(ViewSchema):
    """A wrong line of a file."""

    line = Whole(low=1, high=10**6)
    column = Text(max_length=40)
    detail = Text(max_length=500)


class CatalogueImportSchema(ViewSchema):
    """Proposed items of an edition."""

    id = Ident(allow_none=True)
    edition = Text(max_length=10)
    source = Text(max_length=300)
    state = Text(max_length=20)
    events = ma.fields.List(Text(max_length=20))
    items = ma.fields.List(ma.fields.Nested(NewItemSchema))
    errors = ma.fields.List(ma.fields.Nested(ItemLineErrorSchema))
    version = Whole(low=1, high=2**31)
