"""What callers send and receive about write-offs of a loan."""

import marshmallow as ma

from app.kernel.text import N_
from app.origination.change_schemas import ChangeCheckSchema
from app.origination.domain.write_off import GROUND_TITLES, WriteOffGround
from app.origination.services.write_offs import ProposeWriteOff
from app.web.fields import Choice, Day, Ident, Text, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ThingSchema, ViewSchema


class ProposeWriteOffSchema(CommandSchema):
    """The ground of a write-off, with what shows that recovery is exhausted."""

    command = ProposeWriteOff

    ground = Choice(
        WriteOffGround,
        titles=GROUND_TITLES,
        required=True,
        title=N_("Ground"),
        help=N_("Each ground asks for a class and days overdue; the dated rule names them."),
    )
    reason = Text(required=True, max_length=1000, lines=True, title=N_("Reasons"))
    evidence = Text(
        required=True,
        max_length=1000,
        lines=True,
        title=N_("Evidence that recovery is exhausted"),
        help=N_("Rulings, demands and searches, with number and day of each."),
    )
    security_note = Text(
        max_length=500,
        lines=True,
        title=N_("Why security that is left brings nothing more"),
        help=N_("Needed where pledges or guarantees still stand."),
    )


class WriteOffSchema(ThingSchema):
    """A write-off of a loan, with what it owed when it was proposed."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    borrower = ma.fields.Nested(BilingualSchema)
    ground = Choice(WriteOffGround, titles=GROUND_TITLES)
    reason = Text(max_length=1000)
    evidence = Text(max_length=1000)
    security_note = Text(max_length=500)
    proposed_on = Day()
    principal_fen = Yuan()
    interest_fen = Yuan()
    fees_fen = Yuan()
    checks = ma.fields.List(ma.fields.Nested(ChangeCheckSchema))
    note = Text(max_length=500)
    proposed_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    decided_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    decided_on = Day(allow_none=True)
    carried_out_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    carried_out_on = Day(allow_none=True)
    withdrawn_note = Text(max_length=500)
    withdrawn_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    withdrawn_on = Day(allow_none=True)


class LoadedWriteOffSchema(ViewSchema):
    """A write-off that came with the history of a loan: decided before the books of its bank were opened here."""

    on = Day()
    words = Text(max_length=200)


class WriteOffListSchema(ViewSchema):
    """The write-offs of a loan; `loaded` where it was written off before the books of its bank were opened here."""

    loaded = ma.fields.Nested(LoadedWriteOffSchema, allow_none=True)
    items = ma.fields.List(ma.fields.Nested(WriteOffSchema))
