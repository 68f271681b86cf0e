"""Bases of schemas: a command schema makes a frozen command, a view schema writes a view."""

from collections.abc import Mapping
from functools import cache
from typing import Any, ClassVar

import marshmallow as ma

from app.kernel.text import N_
from app.web.fields import Ident, Instant, Text, Whole, Words
from app.web.paging import MAX_PAGE, MAX_PAGE_SIZE

_WIRE_ENDINGS = {"_fen": "_yuan", "_ppm": ""}


def wire_name(attribute: str) -> str:
    """The name on the wire: `amount_fen` -> `amount_yuan`, `rate_ppm` -> `rate`."""
    for ending, wire in _WIRE_ENDINGS.items():
        if attribute.endswith(ending):
            return attribute.removesuffix(ending) + wire
    return attribute


class _Base(ma.Schema):
    class Meta:
        """Unknown fields are refused everywhere."""

        unknown = ma.RAISE

    error_messages = {  # noqa: RUF012 - marshmallow reads it from the class
        "unknown": N_("This field is not known here. Take it out."),
        "type": N_("Send a JSON object."),
    }

    def on_bind_field(self, field_name: str, field_obj: ma.fields.Field[Any]) -> None:
        """Give each field its wire name."""
        if field_obj.data_key is None and wire_name(field_name) != field_name:
            field_obj.data_key = wire_name(field_name)


class CommandSchema(_Base):
    """What a caller sends. `command` is the frozen dataclass that the service takes."""

    command: ClassVar[type[Any] | None] = None

    @ma.pre_load
    def leave_out_empty_texts(self, data: Any, **_kwargs: object) -> Any:
        """An empty text where none is needed says nothing, from a program as from a form."""
        if not isinstance(data, Mapping):
            return data
        free = {
            each.data_key or name
            for name, each in self.load_fields.items()
            if isinstance(each, Text) and not each.required
        }
        empty = [name for name in data if name in free and data[name] == ""]
        return {name: data[name] for name in data if name not in empty} if empty else data

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> Any:
        """The frozen command; a schema without one gives the plain dictionary."""
        return data if self.command is None else self.command(**data)


class NoFields(CommandSchema):
    """A command without fields."""


class ViewSchema(_Base):
    """What the service answers; attributes of a frozen view."""


class BilingualSchema(ViewSchema):
    """A `Name` in both languages."""

    zh = Text(max_length=200)
    en = Text(max_length=200)


class ThingSchema(ViewSchema):
    """The head of everything with states."""

    id = Ident()
    number = Text(max_length=40)
    state = Text(max_length=40)
    events = ma.fields.List(Text(max_length=40))
    version = Whole(low=1, high=2**31)
    created_at = Instant()


class ListQuery(CommandSchema):
    """The query of every list; rooms add their filters. Unknown names are refused."""

    page = Whole(low=1, high=MAX_PAGE)
    page_size = Whole(low=1, high=MAX_PAGE_SIZE)


class PageSchema(ViewSchema):
    """The frame of a list: `items` plus where the reader is."""

    page = Whole(low=1, high=MAX_PAGE)
    page_size = Whole(low=1, high=MAX_PAGE_SIZE)
    total = Whole(low=0, high=10**9)


@cache
def page_of(item: type[ViewSchema]) -> type[PageSchema]:
    """The schema of a page of items: one for each, as the API document names it once."""
    name = item.__name__.removesuffix("Schema") + "PageSchema"
    return type(name, (PageSchema,), {"items": ma.fields.List(ma.fields.Nested(item))})


__all__ = [
    "BilingualSchema",
    "CommandSchema",
    "ListQuery",
    "NoFields",
    "PageSchema",
    "ThingSchema",
    "ViewSchema",
    "Words",
    "page_of",
    "wire_name",
]
