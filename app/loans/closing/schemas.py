"""What callers send and receive about closes of days."""

import marshmallow as ma

from app.kernel.text import N_
from app.loans.closing.repeating import MAX_REPEATED_LOANS, RepeatLoans, RequestCloses
from app.loans.domain.states import CloseState
from app.web.fields import Choice, Day, Entries, Flag, Ident, Instant, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ViewSchema


class RequestCloseSchema(CommandSchema):
    """The day to close, and up to which the days after it are to be closed."""

    command = RequestCloses

    on = Day(required=True, title=N_("Day to close"))
    until_on = Day(
        title=N_("Up to day"),
        help=N_(
            "Each day from the open one up to this is closed in order. Empty: the open day alone."
        ),
    )


class RepeatLoansSchema(CommandSchema):
    """The loans to close on their own; none named means all that were left behind."""

    loan_numbers = ma.fields.List(
        Text(max_length=40), validate=Entries(max=MAX_REPEATED_LOANS), load_default=()
    )

    @ma.post_load
    def make(self, data: dict[str, object], **_kwargs: object) -> RepeatLoans:
        """The command with its numbers as they cannot be changed."""
        numbers: object = data.get("loan_numbers") or ()
        return RepeatLoans(loan_numbers=tuple(str(each) for each in numbers))  # type: ignore[attr-defined]


class CloseErrorSchema(ViewSchema):
    """A loan that a close left behind; `behind` until it is caught up."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    detail = Text(max_length=300)
    closed_on = Day()
    behind = Flag()


class CloseRepeatSchema(ViewSchema):
    """A try at loans that a close left behind."""

    booked_on = Day()
    done = Whole(low=0, high=10**9)
    failed = Whole(low=0, high=10**9)
    accrued_fen = Yuan()
    billed_fen = Yuan()
    created_at = Instant()


class DayCloseSchema(ViewSchema):
    """How far the close of a day has come."""

    id = Ident()
    bank_id = Ident()
    bank_name = ma.fields.Nested(BilingualSchema)
    on = Day()
    month_end = Flag()
    state = Choice(CloseState)
    interrupted = Flag()
    total = Whole(low=0, high=10**9)
    done = Whole(low=0, high=10**9)
    failed = Whole(low=0, high=10**9)
    behind = Whole(low=0, high=10**9)
    accrued_fen = Yuan()
    billed_fen = Yuan()
    requested_at = Instant()
    started_at = Instant(allow_none=True)
    finished_at = Instant(allow_none=True)
    errors = ma.fields.List(ma.fields.Nested(CloseErrorSchema))
    repeats = ma.fields.List(ma.fields.Nested(CloseRepeatSchema))
