"""What callers send and receive about documents."""

import marshmallow as ma

from app.documents import services
from app.kernel.text import N_
from app.web.fields import Day, Flag, Ident, Instant, Text, Whole
from app.web.schemas import ViewSchema
from app.web.uploads import File, SentFile, UploadSchema


class UploadDocumentSchema(UploadSchema):
    """A file of the own organisation."""

    file = File(
        required=True,
        title=N_("File"),
        help=N_(
            "PDF up to 20 MiB, PNG or JPEG up to 12 MiB, XLSX or CSV up to 10 MiB, GeoJSON up to 5 MiB."
        ),
    )

    def command_for(self, data: dict[str, SentFile]) -> services.UploadFile:
        """The command of the service."""
        return services.UploadFile(name=data["file"].name, content=data["file"].content)


class DocumentSchema(ViewSchema):
    """An evidence file."""

    id = Ident()
    name = Text(max_length=160)
    media_type = Text(max_length=100)
    size_bytes = Whole(low=1, high=2**31)
    sha256 = Text(max_length=64)
    created_at = Instant()


class StandingSchema(ViewSchema):
    """Whether a document that can lose its force still counts; nothing of its content."""

    state = Text(max_length=40)
    title_zh = Text(max_length=80, attribute="title.zh")
    title_en = Text(max_length=80, attribute="title.en")
    in_force = Flag()
    on = Day(allow_none=True)


class PublicCheckSchema(ViewSchema):
    """What anybody may learn by a document's code."""

    number = Text(max_length=40)
    code = Text(max_length=24)
    kind = Text(max_length=40)
    title_zh = Text(max_length=160, attribute="title.zh")
    title_en = Text(max_length=200, attribute="title.en")
    issued_on = Day()
    issuer_zh = Text(max_length=120, attribute="issuer.zh")
    issuer_en = Text(max_length=160, attribute="issuer.en")
    sha256 = Text(max_length=64)
    standing = ma.fields.Nested(StandingSchema, allow_none=True)
