"""Reading what callers send into commands, with every wrong field named by its pointer."""

from collections.abc import Iterator, Mapping
from typing import Any, Final

import marshmallow as ma
from flask import request
from webargs.flaskparser import FlaskParser

from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_
from app.web.fields import Flag, Message, Whole
from app.web.strict_json import read_json

FORM_TYPES: Final = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
"""What browsers send of a form."""


OWN_WORDS: Final = {
    "Not a valid list.": N_("Send a list."),
    "Invalid input type.": N_("Send a JSON object."),
}
"""What marshmallow says of lists and objects of another type, in words of the catalogue."""


class StrictParser(FlaskParser):
    """webargs with our JSON reader and our refusals."""

    DEFAULT_VALIDATION_STATUS = 422
    # What a schema does not name is refused in the query as well, since a misspelt filter shows too much.
    DEFAULT_UNKNOWN_BY_LOCATION = {}  # noqa: RUF012 - webargs reads it from the class

    def load_querystring(self, req: Any, schema: ma.Schema) -> dict[str, Any]:
        """The query as the schema's JSON: whole numbers and flags from their text."""
        fields = {each.data_key or name: each for name, each in schema.load_fields.items()}
        read_elsewhere = ANYWHERE | (PAGE_ARGUMENTS & fields.keys())
        return {
            name: query_value(fields.get(name), req.args.getlist(name))
            for name in req.args
            if name not in read_elsewhere
        }

    def load_json(self, req: Any, schema: ma.Schema) -> Any:  # noqa: ARG002
        """The body by the strict reader; no body is an empty object."""
        body = req.get_data(cache=True)
        return read_json(body) if body.strip() else {}

    def handle_error(
        self,
        error: ma.ValidationError,
        req: Any,  # noqa: ARG002
        schema: ma.Schema,  # noqa: ARG002
        *,
        error_status_code: int | None,  # noqa: ARG002
        error_headers: Any,  # noqa: ARG002
    ) -> Any:
        """A refusal that names each field."""
        messages: Any = error.messages
        inner = (
            messages.get("json", messages.get("query", messages.get("files", messages)))
            if isinstance(messages, dict)
            else messages
        )
        raise InvalidInput(errors=tuple(field_errors(inner)))


ANYWHERE: Final = frozenset({"lang"})
"""Read by `web.language`, whatever the address."""

PAGE_ARGUMENTS: Final = frozenset({"page", "page_size"})
"""Read by `web.paging` where the schema of a list names them; refused elsewhere."""


def require_known_query(view: object) -> None:
    """Refuse a query on a route of the API that reads none; the others name what they do not know."""
    described = getattr(view, "_apidoc", {}).get("arguments", {}).get("parameters", [])
    if any(each.get("in") == "query" for each in described):
        return
    unknown = [name for name in request.args if name not in ANYWHERE]
    if unknown:
        detail = N_("This field is not known here. Take it out.")
        raise InvalidInput(
            errors=tuple(FieldError(pointer=f"/{name}"[:200], detail=detail) for name in unknown)
        )


def query_value(field: Any, texts: list[str]) -> Any:
    """The JSON value that the text of a query stands for; of a name given twice the first counts."""
    if isinstance(field, ma.fields.List):
        return texts
    return field.from_form(texts[0]) if isinstance(field, Whole | Flag) else texts[0]


parser = StrictParser()


def read_body() -> dict[str, Any]:
    """The JSON object in the body."""
    body = request.get_data(cache=True)
    value = read_json(body) if body.strip() else {}
    if not isinstance(value, dict):
        raise InvalidInput.at("", N_("Send a JSON object."))
    return value


def load_schema(schema: ma.Schema, data: Mapping[str, Any]) -> Any:
    """The command of a schema; `InvalidInput` with all wrong fields."""
    try:
        return schema.load(data)
    except ma.ValidationError as error:
        raise InvalidInput(errors=tuple(field_errors(error.messages))) from None


def field_errors(messages: Any, pointer: str = "") -> Iterator[FieldError]:
    """Flatten marshmallow's nested messages into pointers and words."""
    if isinstance(messages, Mapping):
        for key, inner in messages.items():
            yield from field_errors(inner, pointer if key == "_schema" else f"{pointer}/{key}")
    elif isinstance(messages, list | tuple):
        for inner in messages:
            yield from field_errors(inner, pointer)
    else:
        facts = dict(messages.facts) if isinstance(messages, Message) else {}
        detail = OWN_WORDS.get(str(messages), str(messages))
        yield FieldError(pointer=pointer, detail=detail, facts=facts)
