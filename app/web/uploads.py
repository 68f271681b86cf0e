"""Files that come with a form or a multipart request, as fields of a schema."""

from dataclasses import dataclass
from typing import Any, Final

import marshmallow as ma
from flask import request
from werkzeug.datastructures import FileStorage

from app.kernel.text import N_
from app.web.fields import Words, refuse
from app.web.reading import load_schema
from app.web.schemas import CommandSchema

MAX_SENT_BYTES: Final = 25 * 1024 * 1024
"""The largest body that is read at all; each kind of file has its own lower limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SentFile:
    """A file as it was sent; its name is not to be trusted."""

    name: str
    content: bytes


class File(Words):
    """A file of a multipart body."""

    form_kind = "file"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> SentFile:  # noqa: ARG002
        if not isinstance(value, SentFile):
            raise refuse(N_("Choose a file."))
        return value


class UploadSchema(CommandSchema):
    """A command with files: they are taken from the request beside the other fields."""

    @ma.pre_load
    def take_files(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """Put the files that were sent where their fields look for them."""
        sent = {
            name: SentFile(name=found.filename, content=_content(found))
            for name, field in self.load_fields.items()
            if isinstance(field, File) and (found := request.files.get(name)) and found.filename
        }
        return {**data, **sent}


def _content(found: FileStorage) -> bytes:
    """The bytes of a file; whoever reads it next, such as the fingerprint of the request, finds its start."""
    content: bytes = found.read(MAX_SENT_BYTES)
    found.seek(0)
    return content


def read_multipart(schema: UploadSchema) -> Any:
    """The command of a multipart request of a program; texts stand for JSON values as in forms."""
    fields = {field.data_key or name: field for name, field in schema.load_fields.items()}
    data = {name: _json_value(fields.get(name), text) for name, text in request.form.items()}
    return load_schema(schema, data)


def _json_value(field: Any, text: str) -> Any:
    return field.from_form(text) if isinstance(field, Words) else text


def multipart_body(schema: type[ma.Schema]) -> dict[str, Any]:
    """The request body of an upload for the OpenAPI document."""
    return {"required": True, "content": {"multipart/form-data": {"schema": schema}}}
