"""What callers send and receive about provisions."""

from typing import Any, Final

import marshmallow as ma

from app.loans.domain.classification import CLASS_TITLES, LoanClass
from app.web.fields import Choice, Day, Flag, Ident, Rate, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ViewSchema

MAX_LOANS: Final = 10**9
"""More than the loans of any bank: a bound for what programs read, no limit of the service."""

MAX_COVER_PPM: Final = 10**15
"""A provision may be any multiple of a small non-performing balance."""


class ProvisionQuery(CommandSchema):
    """The day of a provision."""

    on = Day()


class LoanProvisionQuery(ListQuery):
    """Day and class of the loans behind a provision."""

    on = Day()
    loan_class = Choice(LoanClass, titles=CLASS_TITLES, data_key="class")

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """Day and class; which page is read elsewhere."""
        return {name: data[name] for name in ("on", "loan_class") if name in data}


class ClassSumSchema(ViewSchema):
    """The loans of one class."""

    loan_class = Choice(LoanClass, data_key="class")
    loans = Whole(low=0, high=MAX_LOANS)
    balance_fen = Yuan()
    rate_ppm = Rate()
    provision_fen = Yuan()


class ProvisionSumsSchema(ViewSchema):
    """Sums by class and over all."""

    classes = ma.fields.List(ma.fields.Nested(ClassSumSchema))
    loans = Whole(low=0, high=MAX_LOANS)
    balance_fen = Yuan()
    provision_fen = Yuan()
    non_performing_fen = Yuan()
    non_performing_ppm = Rate(allow_none=True)
    cover_ppm = Rate(high_ppm=MAX_COVER_PPM, allow_none=True)


class ProvisionSchema(ViewSchema):
    """The provision of the own bank on a day."""

    on = Day()
    is_open = Flag()
    provision = ma.fields.Nested(ProvisionSumsSchema)


class LoanProvisionSchema(ViewSchema):
    """What is set aside for one loan."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    borrower = ma.fields.Nested(BilingualSchema)
    loan_class = Choice(LoanClass, data_key="class")
    balance_fen = Yuan()
    rate_ppm = Rate()
    provision_fen = Yuan()
