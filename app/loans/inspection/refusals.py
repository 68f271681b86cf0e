"""Refusals of post-loan checks and warning signals."""

from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_


class LoanNotDrawn(RuleViolation):
    """A check needs a loan whose money was paid out."""

    code = "loan-not-drawn"
    title = N_("This loan is not drawn")
    detail = N_(
        "Loan %(number)s has no money paid out, or has ended. Checks are made of loans in life."
    )


class InspectionTwice(Conflict):
    """One check of a kind a day and loan."""

    code = "inspection-twice"
    title = N_("This check is planned already")
    detail = N_("Loan %(loan)s has a special check on %(day)s: %(number)s. Choose another day.")


class ReportIncomplete(RuleViolation):
    """A report is submitted when the checklist is answered."""

    code = "report-incomplete"
    title = N_("The report is not complete")
    detail = N_("Answer every point that applies, and say what each concern is. Open: %(items)s.")


class ConclusionTooGood(RuleViolation):
    """A concern is not in order."""

    code = "conclusion-too-good"
    title = N_("The conclusion does not fit the findings")
    detail = N_("The report names a concern. Conclude that the loan is watched or acted on.")


class FilesClosed(Conflict):
    """Files belong to a report that is being written."""

    code = "inspection-files-closed"
    title = N_("Files can no longer change")
    detail = N_(
        "Check %(number)s is not being written. Record its findings first, or have the report returned."
    )


class FileWithdrawn(Conflict):
    """A file is withdrawn once."""

    code = "file-withdrawn"
    title = N_("This file was withdrawn")
    detail = N_("The file was withdrawn before. It stays on record with its reason.")


class LevelNotHigher(RuleViolation):
    """A level is raised, never lowered."""

    code = "level-not-higher"
    title = N_("The level is not higher")
    detail = N_(
        "The signal stands at “%(level)s”. Choose a higher level; a lower one is reached by resolving it."
    )


class MeasuresOpen(RuleViolation):
    """A signal is resolved when its measures are done."""

    code = "measures-open"
    title = N_("Measures are still open")
    detail = N_("Measures not completed: %(count)s. Complete them first, then resolve.")


class SignalNotHandled(RuleViolation):
    """A signal that nobody handled is resolved only after its cause has ended."""

    code = "signal-not-handled"
    title = N_("Nobody handled this signal")
    detail = N_(
        "Signal %(number)s has no measure, and no cause of it has ended. Plan a measure, or have it dismissed."
    )


class MeasureDone(Conflict):
    """A measure is completed once."""

    code = "measure-done"
    title = N_("This measure is completed")
    detail = N_("Measure %(seq)s was completed on %(day)s.")
