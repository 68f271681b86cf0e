"""What is refused about rates, and why."""

from app.kernel.errors import RuleViolation
from app.kernel.text import N_


class MisuseNotAgreed(RuleViolation):
    """Misuse of a loan whose contract names no surcharge for it."""

    code = "misuse-not-agreed"
    title = N_("The contract names no surcharge for misuse")
    detail = N_(
        "%(number)s was signed without a surcharge on misused principal. "
        "Record the misuse as a fact of the class, and agree on a surcharge with the next contract."
    )
