"""What is refused when a loan is taken back to an earlier day."""

from app.kernel.errors import RuleViolation
from app.kernel.text import N_


class RefundedSince(RuleViolation):
    """Money was given back later that would not have waited."""

    code = "refunded-since"
    title = N_("The money that waited was given back")
    detail = N_(
        "%(entry)s gave back %(amount)s yuan on %(on)s; after this change it would not have waited."
        " Take %(entry)s back first, in the ledger, by a reversal with its reason."
    )


class NotReopened(RuleViolation):
    """The days since a settled loan would be open again do not close."""

    code = "not-reopened"
    title = N_("The settled loan cannot be opened again")
    detail = N_(
        "Open again, %(number)s would be closed through %(last)s, and that fails: %(why)s."
        " Mend the cause, then take the repayment back again."
    )


class SuspenseUsedSince(RuleViolation):
    """Money that waited was used later, and would not have been there or not have been needed."""

    code = "suspense-used-since"
    title = N_("A later repayment used the money that waited")
    detail = N_(
        "%(repayment)s used %(amount)s yuan that waited on %(on)s; after this change it could not."
        " Take %(repayment)s back first, then book what is still owed."
    )
