"""What is refused about rates, and why."""

from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_


class NothingMisused(RuleViolation):
    """Nothing is on record that 0.00 could put right."""

    code = "nothing-misused"
    title = N_("No misuse is on record for this note")
    detail = N_(
        "0.00 takes back what was told before of %(note)s; nothing was."
        " Enter the principal that is misused, above 0.00 yuan."
    )


class MisuseNotAgreed(RuleViolation):
    """Misuse of a loan whose contract names no surcharge for it."""

    code = "misuse-not-agreed"
    title = N_("The contract names no surcharge for misuse")
    detail = N_(
        "%(number)s was signed without a surcharge on misused principal. "
        "Record the misuse as a fact of the class, and agree on a surcharge with the next contract."
    )


class RateSetToday(Conflict):
    """A rate is set once a day: it held since the morning of the day on which it was set last."""

    code = "rate-set-today"
    title = N_("The rate of this loan was set today")
    detail = N_(
        "The rate of %(number)s holds from %(day)s on, by a drawdown or a change of that day."
        " Carry the change out on the next business day."
    )


class MisusePending(Conflict):
    """A loan to be paid off before the surcharge on misuse told on the day was worked out."""

    code = "misuse-pending"
    title = N_("Misuse told today is not worked out yet")
    detail = N_(
        "Misuse of %(number)s was recorded on %(day)s: the close of that day works out its surcharge."
        " Close the day, then pay the loan off on the next one."
    )
