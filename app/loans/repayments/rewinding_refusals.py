"""What is refused when a loan is taken back to an earlier day, beside a change of its terms."""

from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from app.loans.refusals import ChangedSince


class BookedSince(ChangedSince):
    """A fee, a refund or the reversal of one was booked after a day on which money is to be split."""

    code = "entry-booked-since"
    title = N_("A fee or refund was booked after that day")
    detail = N_(
        "%(entry)s was booked on %(number)s on %(on)s, and is not booked again for an earlier day."
        " Date the payment to that day or later; a repayment is taken back once those dated before"
        " that day that followed it were taken back."
    )


class SuspenseUsedSince(RuleViolation):
    """Money that waited was used later, and would not have been there or not have been needed."""

    code = "suspense-used-since"
    title = N_("A later repayment used the money that waited")
    detail = N_(
        "%(repayment)s used %(amount)s yuan that waited on %(on)s; after this change it could not."
        " Take %(repayment)s back first, then book what is still owed."
    )
