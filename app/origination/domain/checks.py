"""A check of a file: what was looked at, and whether it holds; shown to people as a checklist."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from app.kernel.text import N_


class Outcome(StrEnum):
    """What a check found."""

    MET = "met"
    UNMET = "unmet"
    NOT_NEEDED = "not-needed"
    LATER = "later"
    """Not met, and it stands in the way of a later step alone."""


OUTCOME_TITLES: Mapping[Outcome, str] = {
    Outcome.MET: N_("Met"),
    Outcome.UNMET: N_("Not met"),
    Outcome.NOT_NEEDED: N_("Not needed"),
    Outcome.LATER: N_("Needed later"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One check: its code, its words, its outcome, and what to do while it is not met.

    `pointer` names the field that would mend it; `facts` fill the placeholders of `hint`, and of
    `found`, which explains what was found where a check is met.
    """

    code: str
    title: str
    outcome: Outcome
    hint: str = ""
    pointer: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)
    found: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing stands in the way of this step."""
        return self.outcome is not Outcome.UNMET


def unmet(checks: Iterable[Check]) -> tuple[Check, ...]:
    """The checks that still stand in the way."""
    return tuple(check for check in checks if not check.done)


def outcome(*, met: bool, needed: bool = True) -> Outcome:
    """The outcome of a condition that may not apply."""
    if not needed:
        return Outcome.NOT_NEEDED
    return Outcome.MET if met else Outcome.UNMET
