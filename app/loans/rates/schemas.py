"""What callers send and receive about the rates of a loan."""

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.repricing import LprTenor, RateReason, ResetRule
from app.loans.misuse import RecordMisuse
from app.web.fields import Choice, Day, Rate, Text, Whole, Yuan
from app.web.schemas import CommandSchema, ViewSchema

MAX_BP = 10_000
"""A whole hundred per cent; the bank's own range is narrower."""
MAX_LAG_DAYS = 366
"""A year; the longest that a bank allows is a parameter."""


class RateSchema(ViewSchema):
    """A rate from a day on, and the LPR that it was made from."""

    from_on = Day()
    rate_ppm = Rate()
    reason = Choice(RateReason)
    lpr_on = Day(allow_none=True)
    lpr_ppm = Rate(allow_none=True)


class MisuseSchema(ViewSchema):
    """Principal that was misused from a day on; zero when it was put right."""

    number = Whole(low=1, high=10_000)
    from_on = Day()
    amount_fen = Yuan()
    reason = Text(max_length=300)
    booked_on = Day()


class NoteRatesSchema(ViewSchema):
    """The rates of a note: in force, while overdue, of misused principal, and by day."""

    note_number = Text(max_length=40)
    drawn_on = Day()
    rate_ppm = Rate()
    overdue_rate_ppm = Rate()
    misuse_rate_ppm = Rate(allow_none=True)
    next_reset_on = Day(allow_none=True)
    rates = ma.fields.List(ma.fields.Nested(RateSchema))
    misuses = ma.fields.List(ma.fields.Nested(MisuseSchema))


class LoanRatesSchema(ViewSchema):
    """How the rate of a loan is made, and the rates of its notes."""

    lpr_tenor = Choice(LprTenor, allow_none=True)
    lpr_bp = Whole(low=-MAX_BP, high=MAX_BP, allow_none=True)
    reset_rule = Choice(ResetRule, allow_none=True)
    lpr_lag_days = Whole(low=0, high=MAX_LAG_DAYS, allow_none=True)
    penalty_ppm = Rate()
    misuse_ppm = Rate(allow_none=True)
    notes = ma.fields.List(ma.fields.Nested(NoteRatesSchema))


class RecordMisuseSchema(CommandSchema):
    """The principal of a note that is misused from a day on."""

    command = RecordMisuse

    note_number = Text(required=True, max_length=40, title=N_("Loan note"))
    amount_fen = Yuan(
        required=True,
        low_fen=0,
        title=N_("Misused principal"),
        help=N_("0.00 when it was put right. What is repaid is first what was used as agreed."),
    )
    from_on = Day(
        required=True,
        title=N_("Misused since"),
        help=N_("The surcharge grows from this day; the next close books it."),
    )
    reason = Text(
        required=True,
        max_length=300,
        lines=True,
        title=N_("Reason"),
        help=N_("What the money was used for, and what shows it."),
    )
