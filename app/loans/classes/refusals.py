"""What is refused about classes, and why."""

from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_


class LoanNotClassified(RuleViolation):
    """A loan that no close classifies."""

    code = "loan-not-classified"
    title = N_("This loan takes no class")
    detail = N_("Only drawn, open loans are classified; %(number)s is not one.")


class ClassUnchanged(RuleViolation):
    """A change to the class that the loan has."""

    code = "class-unchanged"
    title = N_("The loan is in this class already")
    detail = N_("%(number)s is in this class. Choose another one.")


class ClassHeldByRule(RuleViolation):
    """A better class than the rules allow."""

    code = "class-held-by-rule"
    title = N_("A rule holds the class")
    detail = N_(
        "The rules leave this loan “%(floor)s” at best. No person lifts a class above that."
    )


class ClassChangeWaiting(Conflict):
    """One change of a loan's class at a time."""

    code = "class-change-waiting"
    title = N_("A change of class is waiting already")
    detail = N_("Have %(number)s confirmed or refused first.")


class FactByDecision(RuleViolation):
    """A fact that only a decision carried out records."""

    code = "fact-by-decision"
    title = N_("This fact is not recorded by hand")
    detail = N_("It follows from a decision that was carried out. Propose that change instead.")


class FactRecordedAlready(Conflict):
    """The fact is in force."""

    code = "fact-recorded-already"
    title = N_("This fact is in force already")
    detail = N_("It counts since %(since)s. Propose its end before it is recorded anew.")


class FactNotInForce(RuleViolation):
    """A fact that ended, or of another loan."""

    code = "fact-not-in-force"
    title = N_("This fact is not in force")
    detail = N_("Choose a fact of this loan that counts today.")


class ObservationRuns(RuleViolation):
    """An observation ends by rule only."""

    code = "observation-runs"
    title = N_("The observation ends by rule only")
    detail = N_(
        "A restructured loan stays under observation until its due days were met for long enough; nobody ends it."
    )


class DelayNotPossible(RuleViolation):
    """A technical delay of a loan that is not overdue, or for too long."""

    code = "technical-delay-not-possible"
    title = N_("No technical delay can be declared")
    detail = N_(
        "%(number)s is overdue by %(days)s days; a technical delay is declared from 1 to %(limit)s days."
    )


class RestructuringRefused(RuleViolation):
    """A restructuring of a loan that is not open, or at its end."""

    code = "restructuring-refused"
    title = N_("This loan cannot be restructured")
    detail = N_("Only a drawn, open loan is restructured, before its maturity.")
