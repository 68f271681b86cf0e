"""Refusals of the origination room."""

from collections.abc import Iterable

from app.kernel.errors import Conflict, FieldError, RuleViolation
from app.kernel.text import N_
from app.origination.domain.checks import Check, unmet


class ChecksNotMet(RuleViolation):
    """At least one check of the file is not met; `errors` says what to do about each."""

    code = "checks-not-met"
    title = N_("The file is not ready for this step")
    detail = N_("Not met: %(checks)s.")


class ApprovalRefused(RuleViolation):
    """The approver may not approve this amount."""

    code = "approval-refused"
    title = N_("This amount cannot be approved here")
    detail = N_("Not met: %(checks)s.")


class NewApprovalNeeded(RuleViolation):
    """What is to be signed differs from what was approved."""

    code = "new-approval-needed"
    title = N_("This needs a new approval")
    detail = N_("Not met: %(checks)s.")


class DrawdownRefused(RuleViolation):
    """Conditions of the drawdown are not met."""

    code = "drawdown-conditions-not-met"
    title = N_("The loan cannot be drawn yet")
    detail = N_("Not met: %(checks)s.")


class LineRefused(RuleViolation):
    """Assets that a rule keeps out of the pool."""

    code = "pool-line-refused"
    title = N_("An asset cannot enter the pool")
    detail = N_("Take out or change the assets that are named.")


class PoolClosed(Conflict):
    """The pool is fixed once the investigation is signed."""

    code = "pool-closed"
    title = N_("The pool is fixed now")
    detail = N_(
        "Assets can be changed until the investigation is signed. Have the file returned first."
    )


class DraftClosed(Conflict):
    """Only a draft or a returned application may be edited."""

    code = "application-not-editable"
    title = N_("The application is with the bank")
    detail = N_("Only a draft or a returned application can be changed.")


class ProductUnknown(RuleViolation):
    """The bank does not offer the product."""

    code = "product-not-offered"
    title = N_("The bank does not offer this product")
    detail = N_("Choose one of: %(choices)s.")


class DrawdownWaiting(Conflict):
    """One drawdown of a loan at a time."""

    code = "drawdown-waiting"
    title = N_("A drawdown of this loan is waiting already")
    detail = N_("Check and post, or refuse, %(number)s first.")


class ChangeRefused(RuleViolation):
    """Conditions of a change of a loan's terms are not met."""

    code = "loan-change-conditions-not-met"
    title = N_("The terms of this loan cannot be changed so")
    detail = N_("Not met: %(checks)s.")


class ChangeNotPossible(RuleViolation):
    """A loan that is not drawn, or has ended."""

    code = "loan-change-not-possible"
    title = N_("The terms of this loan are not changed")
    detail = N_(
        "%(number)s is in the state “%(state)s”: only drawn, open loans are extended, restructured or renewed."
    )


class ChangeAboveAuthority(RuleViolation):
    """A change of a loan that owes, or may still draw, more than the approver may decide on."""

    code = "loan-change-above-authority"
    title = N_("This loan is above the authority of the approver")
    detail = N_(
        "It owes, or may still draw, %(owed)s yuan; the approver may decide up to %(ceiling)s yuan."
    )


class WriteOffRefused(RuleViolation):
    """Conditions of a write-off are not met."""

    code = "write-off-conditions-not-met"
    title = N_("This loan cannot be written off so")
    detail = N_("Not met: %(checks)s.")


class ChangeWaiting(Conflict):
    """One change of a loan at a time."""

    code = "loan-change-waiting"
    title = N_("A change of this loan is waiting already")
    detail = N_("Decide and carry out, or withdraw, %(number)s first.")


def require_met(checks: Iterable[Check], refusal: type[RuleViolation] = ChecksNotMet) -> None:
    """Refuse with every check that is not met."""
    open_checks = unmet(checks)
    if not open_checks:
        return
    errors = tuple(
        FieldError(pointer=check.pointer, detail=check.hint, facts=dict(check.facts))
        for check in open_checks
    )
    raise refusal(
        errors=errors,
        checks=[check.title for check in open_checks],
        codes=[check.code for check in open_checks],
    )
