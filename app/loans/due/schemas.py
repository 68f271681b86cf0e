"""What callers send and receive about due dates."""

from typing import Any

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.due import DUE_PART_TITLES, DuePart
from app.loans.domain.terms import MAX_PERIODS
from app.loans.due.services import DueFilter
from app.loans.schedules import InstalmentState
from app.loans.schemas import CLASS_TITLES
from app.web.fields import Choice, Day, Flag, Ident, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, PageSchema, ViewSchema


class DueQuery(ListQuery):
    """Filters of what falls due; without a first day everything unpaid before belongs to it."""

    from_on = Day(data_key="from", title=N_("From day"))
    until_on = Day(data_key="until", title=N_("Up to day"))
    part = Choice(DuePart, titles=DUE_PART_TITLES, data_key="state")
    q = Text(max_length=60)
    number = Text(max_length=40)
    loan_class = Choice(LoanClass, titles=CLASS_TITLES, data_key="class")
    region_code = Text(max_length=6, pattern=r"[0-9]{2,6}", data_key="county")

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> DueFilter:
        """The filter; which page is read elsewhere."""
        names = DueFilter.__dataclass_fields__
        return DueFilter(**{name: data[name] for name in names if name in data})


class MonthQuery(CommandSchema):
    """The month that a calendar shows, by any of its days."""

    day = Day(title=N_("A day of the month"))


class DueRowSchema(ViewSchema):
    """A payment of a note: billed with what was paid on it, or still to come."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    title = ma.fields.Nested(BilingualSchema)
    borrower_name = ma.fields.Nested(BilingualSchema)
    note_number = Text(max_length=40)
    number = Whole(low=1, high=MAX_PERIODS)
    due_on = Day()
    principal_fen = Yuan()
    interest_fen = Yuan()
    payment_fen = Yuan()
    paid_principal_fen = Yuan()
    paid_interest_fen = Yuan()
    left_fen = Yuan()
    state = Choice(InstalmentState)
    days_late = Whole(low=0, high=40_000)


class DueSumsSchema(ViewSchema):
    """Sums over payments."""

    count = Whole(low=0, high=10**9)
    principal_fen = Yuan()
    interest_fen = Yuan()
    payment_fen = Yuan()
    left_fen = Yuan()
    overdue_count = Whole(low=0, high=10**9)
    overdue_fen = Yuan()


class DueListSchema(PageSchema):
    """A page of what falls due, with the sums of all pages.

    `complete` is false where too many notes fall due to draw them all: then only the next payment of
    each note is listed, and `sums` is null.
    """

    items = ma.fields.List(ma.fields.Nested(DueRowSchema))
    day = Day()
    from_on = Day(data_key="from", allow_none=True)
    until_on = Day(data_key="until")
    complete = Flag()
    sums = ma.fields.Nested(DueSumsSchema, allow_none=True)


class DueDaySchema(ViewSchema):
    """A day on which something falls due."""

    on = Day()
    sums = ma.fields.Nested(DueSumsSchema)


class DueMonthSchema(ViewSchema):
    """The days of a month on which something falls due; amounts to come are summed when `complete`.

    `holidays` are the days of named holidays, weekends within them too; `workdays` weekend days of made-up work.
    """

    first_on = Day()
    day = Day()
    complete = Flag()
    days = ma.fields.List(ma.fields.Nested(DueDaySchema))
    holidays = ma.fields.List(Day())
    workdays = ma.fields.List(Day())
    sums = ma.fields.Nested(DueSumsSchema)
