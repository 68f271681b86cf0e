"""What callers receive about the papers of a loan."""

import marshmallow as ma

from app.web.fields import Day, Flag, Ident, Text
from app.web.schemas import BilingualSchema, ViewSchema


class LoanDocumentSchema(ViewSchema):
    """A paper of a loan; what was issued here has a number and a code that anybody may check."""

    id = Ident()
    title = ma.fields.Nested(BilingualSchema)
    kind = Text(max_length=40)
    number = Text(max_length=40)
    code = Text(max_length=24)
    issued_on = Day()
    issued = Flag()
    sha256 = Text(max_length=64)


class LoanDocumentListSchema(ViewSchema):
    """The papers of a loan, the latest first."""

    items = ma.fields.List(ma.fields.Nested(LoanDocumentSchema))
