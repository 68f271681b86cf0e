"""Refusals of the collateral room."""

from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_


class CapacityExhausted(Conflict):
    """Another pledge took the value that is left, or the value fell meanwhile."""

    code = "lien-capacity-exhausted"
    title = N_("The asset's value is already taken")
    detail = N_(
        "Asset %(asset)s cannot secure %(wanted)s more: with what it secures already that is above its current"
        " value, or its appraisal has run out. Not secured yet: %(free)s. Lower the amount or take another asset."
    )


class AlreadyPledged(Conflict):
    """The asset already secures this loan."""

    code = "already-pledged"
    title = N_("The asset secures this loan already")
    detail = N_("Asset %(asset)s is already pledged for this loan. Take another asset.")


class PledgeRefused(RuleViolation):
    """A rule forbids taking the asset as security."""

    code = "pledge-refused"
    title = N_("The asset cannot be taken as security")
    detail = N_("Asset %(asset)s: %(reason)s")


OBSTACLES = {
    "not-the-owner": N_("the borrower is not its owner."),
    "not-ready": N_(
        "its registration or its measurement, certification and filing is not complete."
    ),
    "wrong-security": N_(
        "this kind of asset is secured in the other way: land and forest by mortgage, rights by pledge."
    ),
    "category-not-mortgageable": N_(
        "protection and special-use forest cannot be mortgaged. Take its compensation or carbon income right instead."
    ),
    "encumbered": N_("a third party's right stands against it. Have it lifted first."),
    "no-valid-appraisal": N_("it has no valid appraisal. Order one from an agency on the panel."),
    "appraisal-expired": N_("its appraisal has run out. Order a new one."),
    "appraised-for-less": N_(
        "the bank's own appraisal was made for a smaller loan. Order one from an agency on the panel."
    ),
    "not-recognised": N_(
        "your bank has not recognised a value. The collateral officer confirms it first."
    ),
    "right-ends-before-maturity": N_(
        "the right ends before the loan matures. Shorten the loan or take another asset."
    ),
    "above-current-value": N_(
        "the amount to be secured is above its current value. Lower the amount."
    ),
}


class CoverTooLow(RuleViolation):
    """Lendable values and guarantees do not reach the loan."""

    code = "cover-too-low"
    title = N_("The security does not cover the loan")
    detail = N_(
        "Lendable value %(lendable)s and guarantees %(guaranteed)s together are below the loan of %(loan)s."
        " Add an asset or a guarantee, or lower the loan."
    )


class RecognisedAboveCurrent(RuleViolation):
    """A bank never recognises more than the current value."""

    code = "recognised-above-current"
    title = N_("Above the current value")
    detail = N_("The current value of the asset is %(current)s. Recognise at most this.")


class NoCurrentValue(RuleViolation):
    """Nothing can be recognised without a valid appraisal."""

    code = "no-current-value"
    title = N_("The asset has no current value")
    detail = N_("There is no valid appraisal of this asset. Order one first.")


class RegistryDoesNotFit(RuleViolation):
    """Each kind of asset is registered where it belongs."""

    code = "registry-does-not-fit"
    title = N_("This is not the registry for it")
    detail = N_("This kind of asset is registered here: %(names)s.")


class ReceiptTaken(Conflict):
    """A registry gives each receipt one number."""

    code = "receipt-taken"
    title = N_("This receipt is recorded already")
    detail = N_(
        "Receipt %(number)s of this registry belongs to another registration. Check the number."
    )


class LoanTakesNoSecurity(Conflict):
    """Only a loan that is signed and not at its end is secured here."""

    code = "loan-takes-no-security"
    title = N_("This loan takes no security")
    detail = N_(
        "Loan %(loan)s is settled, ended, or kept in another system. Nothing is pledged for it here."
    )


class StillSecures(RuleViolation):
    """Security is released when the debt is settled or the rest still covers it."""

    code = "still-secures-a-debt"
    title = N_("The debt still needs this security")
    detail = N_(
        "Without this asset the loan would not stay within its lines. It is released when the loan is settled."
    )


class NoticeNeedsValue(RuleViolation):
    """A notice states a ratio; an unpriced pool has none."""

    code = "notice-needs-value"
    title = N_("The pool has no value")
    detail = N_(
        "An asset of this loan has no recognised value. Have it appraised and recognised, then issue the notice."
    )


class NotRegisteredYet(RuleViolation):
    """Security that is passed to a new contract before its own registration is complete."""

    code = "pledge-not-registered"
    title = N_("A pledge or mortgage is not registered yet")
    detail = N_("%(pledge)s waits for a receipt of its registry. Record it first.")
