"""What the loans room refuses, and why."""

from app.kernel.errors import Busy, Conflict, RuleViolation
from app.kernel.text import N_


class LoanNotServiced(RuleViolation):
    """A loan whose books are kept elsewhere."""

    code = "loan-not-serviced"
    title = N_("This loan is kept by its bank")
    detail = N_("Only balances of %(number)s are known here. Book the step in the bank's system.")


class NotDrawn(RuleViolation):
    """Money for a loan that was never drawn, or is no longer open."""

    code = "loan-not-open"
    title = N_("Nothing can be repaid on this loan")
    detail = N_(
        "%(number)s is in the state “%(state)s”: only drawn, open loans take repayments."
        " Money for a loan written off is booked as a recovery."
    )


class AmountNotPositive(RuleViolation):
    """Zero or less."""

    code = "amount-not-positive"
    title = N_("The amount must be above zero")
    detail = N_("Enter an amount above 0.00 yuan.")


class ContractExceeded(RuleViolation):
    """More drawn than the contract allows."""

    code = "contract-exceeded"
    title = N_("More than the contract allows")
    detail = N_(
        "%(drawn)s of %(contract)s yuan are drawn; %(amount)s yuan are more than what is left."
    )


class DrawdownAfterMaturity(RuleViolation):
    """A drawdown outside the term."""

    code = "drawdown-outside-term"
    title = N_("The loan cannot be drawn on this day")
    detail = N_(
        "The loan can be drawn from %(starts_on)s to %(last_on)s, the day before it falls due;"
        " the business day is %(day)s."
    )


class ValueDayInFuture(RuleViolation):
    """A payment dated after the open business day."""

    code = "value-day-in-future"
    title = N_("The value day lies in the future")
    detail = N_(
        "The business day is %(day)s; the payment is dated %(value_on)s."
        " Date it to the business day or before, or book it once that day is open."
    )


class ClosedPeriod(RuleViolation):
    """Something dated into a closed month."""

    code = "closed-period"
    title = N_("That month is closed")
    detail = N_(
        "Entries may be dated from %(first)s; this one is dated %(value_on)s."
        " What was wrong before is corrected in the open month, by a reversal with its reason."
    )


class ExtensionRefused(RuleViolation):
    """An extension of a loan that is overdue, at its end, or to an earlier day."""

    code = "extension-refused"
    title = N_("This loan cannot be extended")
    detail = N_("Only a performing loan is extended, before its maturity and to a later day.")


class RenewalRefused(Conflict):
    """A renewal of a loan that is no longer as it was when the renewal was decided."""

    code = "renewal-refused"
    title = N_("This loan cannot be renewed now")
    detail = N_(
        "%(number)s is not performing, or something of it has fallen due."
        " Have it paid, or withdraw the renewal."
    )


class RenewalInterestOwed(RuleViolation):
    """A renewal of a loan that owes more interest than waits to be booked on it."""

    code = "renewal-interest-owed"
    title = N_("Interest is owed on the loan to be renewed")
    detail = N_(
        "%(number)s owes %(owed)s yuan of interest and fees; %(waiting)s yuan wait for it."
        " Book a repayment of the rest first."
    )


class RenewalInterestAhead(RuleViolation):
    """A renewal of a loan whose interest was paid before it has grown."""

    code = "renewal-interest-ahead"
    title = N_("Interest of the loan to be renewed was paid ahead")
    detail = N_(
        "%(ahead)s yuan of interest were paid on %(number)s that have not grown yet."
        " Renew it on a day on which they have, or take back the repayment that paid them"
        " and book what it paid on its day."
    )


class LoanRenewed(RuleViolation):
    """Taking back money of a loan that a new one paid off."""

    code = "loan-renewed"
    title = N_("A new loan took this one over")
    detail = N_(
        "%(number)s was renewed by %(by)s, which owes its principal now: nothing paid on it is taken back."
        " Ask for a fee on the new loan instead."
    )


class LoanBehind(Conflict):
    """The loan was left behind by a close of day."""

    code = "loan-behind"
    title = N_("This loan is behind the business day")
    detail = N_(
        "The books of %(number)s stand at %(closed_on)s while the business day is %(day)s."
        " Mend the cause, then repeat it on the page of the close that left it behind."
    )


class DayClosing(Busy):
    """The day is being closed for this loan."""

    code = "day-closing"
    title = N_("The day is being closed")
    detail = N_("The day %(day)s is being closed. Wait %(retry_after)s seconds and try again.")


class KeyTaken(Conflict):
    """The caller's key names another repayment."""

    code = "repayment-key-taken"
    title = N_("This key names another repayment")
    detail = N_("The key was used for %(number)s, which has another amount, day or purpose.")


class KeyTakenBack(Conflict):
    """The caller's key names a repayment that was taken back for good."""

    code = "repayment-key-taken-back"
    title = N_("The repayment with this key was taken back")
    detail = N_(
        "%(number)s had this key and was taken back by %(by)s."
        " To book the money, use a new key; in a file, a new transfer reference."
    )


class KeyReserved(RuleViolation):
    """A key that only bookings of this service bear."""

    code = "repayment-key-reserved"
    title = N_("This key cannot be used")
    detail = N_("Keys that begin with %(prefixes)s are given here. Use another key.")


class AlreadyReversed(Conflict):
    """An entry is reversed at most once."""

    code = "already-reversed"
    title = N_("This was taken back before")
    detail = N_("%(number)s was reversed by %(by)s. If it was right after all, book it anew.")


class ReversalWaits(Conflict):
    """Somebody asked for the same reversal, and nobody decided yet."""

    code = "reversal-waits"
    title = N_("Its reversal waits for the second person")
    detail = N_(
        "%(by)s asks to take back %(number)s and waits for the second person."
        " It is booked or refused before another one is asked for."
    )


class AmountTooLarge(RuleViolation):
    """Far more than the loan could ever owe."""

    code = "amount-too-large"
    title = N_("The amount is above the limit")
    detail = N_(
        "One payment for %(number)s goes up to %(limit)s yuan, by what was lent or is owed."
        " Check the decimals; money that truly came in beyond is booked in parts."
    )


class BeforeDrawdown(RuleViolation):
    """Money dated before anything was owed."""

    code = "before-drawdown"
    title = N_("Nothing was drawn on that day")
    detail = N_(
        "%(number)s was drawn on %(drawn_on)s; the payment is dated %(value_on)s."
        " Date it to the drawdown or later."
    )


class NothingEarly(RuleViolation):
    """No principal is left to be paid before its day."""

    code = "nothing-to-prepay"
    title = N_("Nothing is left to be paid early")
    detail = N_("All principal of %(number)s has fallen due. Book a plain repayment.")


class QuoteExpired(RuleViolation):
    """A quote after its last day."""

    code = "quote-expired"
    title = N_("This quote has expired")
    detail = N_(
        "%(number)s counted until %(valid_until)s; the business day is %(day)s. Quote anew."
    )


class QuoteOutdated(Conflict):
    """A quote whose figures are no longer those of the loan."""

    code = "quote-outdated"
    title = N_("The loan changed since this quote")
    detail = N_(
        "%(number)s says %(quoted)s yuan; now %(found)s yuan are needed. %(change)s Quote anew."
    )


class QuoteUsed(Conflict):
    """A quote is carried out once."""

    code = "quote-used"
    title = N_("This quote was carried out")
    detail = N_("%(number)s was carried out as %(repayment)s.")


class SuspenseTooSmall(RuleViolation):
    """Less money waits than is to be used."""

    code = "suspense-too-small"
    title = N_("Less money waits than this")
    detail = N_(
        "%(suspense)s yuan wait in suspense; no more than that can be used, paid back or taken back."
    )


class SuspenseNotOwed(SuspenseTooSmall):
    """Money that waits is used for debts, and these are fewer."""

    code = "suspense-not-owed"
    title = N_("Less is owed than this")
    detail = N_(
        "Of the money in suspense only %(usable)s yuan have a debt to settle now."
        " Principal not yet due is paid where the rest may repay it early (prepay);"
        " what nobody owes is paid back as a refund."
    )


class DayNotOpened(RuleViolation):
    """A bank whose books were never opened."""

    code = "business-day-missing"
    title = N_("The bank has no business day")
    detail = N_("The books of this bank were never opened here.")


class DayAlreadyOpened(Conflict):
    """Books are opened once."""

    code = "business-day-exists"
    title = N_("The books are already open")
    detail = N_("The business day is %(day)s.")


class DaySkipped(Conflict):
    """Days are closed in order."""

    code = "day-skipped"
    title = N_("An earlier day is still open")
    detail = N_("Close %(open)s first: days are closed in order and none is skipped.")


class DayIsClosed(RuleViolation):
    """A day before the books were opened here."""

    code = "day-is-closed"
    title = N_("That day is closed")
    detail = N_("The business day is %(open)s; %(day)s lies before the books kept here.")


class DayNotOver(RuleViolation):
    """A day is closed when it has come."""

    code = "day-not-come"
    title = N_("That day has not come")
    detail = N_("Today is %(today)s; %(day)s cannot be closed yet.")


class HistoryNotFirst(RuleViolation):
    """History is loaded into an empty loan before its bank's first open day."""

    code = "history-not-first"
    title = N_("History can no longer be loaded")
    detail = N_("Load the history of %(number)s before anything is booked, up to %(until)s.")


class EntryNotReversible(RuleViolation):
    """An entry that no reversal by hand corrects."""

    code = "entry-not-reversible"
    title = N_("This entry is not reversed by hand")
    detail = N_("What to do instead: %(instead)s")


class FeePaid(RuleViolation):
    """A fee that was paid already."""

    code = "fee-paid"
    title = N_("This fee was paid")
    detail = N_("%(owed)s yuan of fees are owed. Take back the repayment that settled them first.")


class LoanNotWrittenOff(RuleViolation):
    """Money for a loan that still stands on the balance sheet."""

    code = "loan-not-written-off"
    title = N_("This loan was not written off")
    detail = N_("%(number)s is in the state “%(state)s”. Book the money as a repayment instead.")


class NothingToRecover(RuleViolation):
    """A loan written off whose claim was recovered in full."""

    code = "nothing-to-recover"
    title = N_("Nothing is left to recover")
    detail = N_(
        "The claim of %(number)s in the memorandum is 0.00 yuan. Give the money back to who paid it."
    )


class FeeNotPossible(RuleViolation):
    """A fee on a loan that is not open."""

    code = "fee-not-possible"
    title = N_("No fee can be booked on this loan")
    detail = N_("%(number)s is in the state “%(state)s”: only drawn, open loans bear fees.")


class FeeTooLarge(RuleViolation):
    """Fees beyond what the contract lends."""

    code = "fee-too-large"
    title = N_("The fee is above the limit")
    detail = N_(
        "Fees owed on %(number)s go up to %(limit)s yuan in all; %(owed)s yuan are owed already. Check the decimals."
    )


class StatementTooLong(RuleViolation):
    """A journal of more lines than one workbook takes."""

    code = "statement-too-long"
    title = N_("The journal is too long for a workbook")
    detail = N_(
        "The journal of %(number)s has %(lines)s lines; a statement as a workbook takes %(limit)s."
        " Read the journal page by page, on the page of the loan or over the API."
    )


class StatementOutdated(Busy):
    """A statement with number and code tells of the loan as it stands when it is issued."""

    code = "statement-outdated"
    title = N_("The loan changed while its statement was printed")
    detail = N_("Something was booked meanwhile. Wait %(retry_after)s seconds and issue it again.")
