"""Changes of a class by people: down by one, up by two; facts for the better and ends of facts by two."""

from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Final

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.debtor import reason_read
from app.loans.domain.states import LoanFact


class ChangeKind(StrEnum):
    """What a person changes."""

    JUDGE = "judge"
    END_FACT = "end-fact"
    BETTER_FACT = "better-fact"


class ChangeState(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    IN_FORCE = "in-force"
    REFUSED = "refused"


class ChangeEvent(StrEnum):
    """What a second person does with a change for the better."""

    CONFIRM = "confirm"
    REFUSE = "refuse"


CHANGE_KIND_TITLES: Mapping[ChangeKind, str] = {
    ChangeKind.JUDGE: N_("Class by judgement"),
    ChangeKind.END_FACT: N_("End of a fact"),
    ChangeKind.BETTER_FACT: N_("Fact to the debtor's advantage"),
}

CHANGE_STATE_TITLES: Mapping[ChangeState, str] = {
    ChangeState.PROPOSED: N_("Waits for a second person"),
    ChangeState.IN_FORCE: N_("In force"),
    ChangeState.REFUSED: N_("Refused"),
}

CHANGE_EVENT_TITLES: Mapping[ChangeEvent, str] = {
    ChangeEvent.CONFIRM: N_("Confirm the change of class"),
    ChangeEvent.REFUSE: N_("Refuse the change of class"),
}

CLASS_CHANGE: Final[StateMachine[ChangeState, ChangeEvent]] = StateMachine(
    "class-change",
    {
        (ChangeState.PROPOSED, ChangeEvent.CONFIRM): ChangeState.IN_FORCE,
        (ChangeState.PROPOSED, ChangeEvent.REFUSE): ChangeState.REFUSED,
    },
    initial=ChangeState.PROPOSED,
    permissions={
        ChangeEvent.CONFIRM: Permission.CONFIRM_CLASS,
        ChangeEvent.REFUSE: Permission.CONFIRM_CLASS,
    },
    state_titles=CHANGE_STATE_TITLES,
    event_titles=CHANGE_EVENT_TITLES,
)

BY_DECISION_ONLY: Final = frozenset({LoanFact.RESTRUCTURED, LoanFact.RENEWED})
"""Facts that nobody records by hand: a decision carried out does."""

FOR_BETTER: Final = frozenset({LoanFact.TECHNICAL_DELAY, LoanFact.CREDIT_ENHANCED})
"""Facts that keep a class from getting worse: one person proposes them, another confirms."""


def is_upgrade(held: LoanClass, wanted: LoanClass) -> bool:
    """Whether a class is better than the one held."""
    return wanted.severity < held.severity


def holding_reasons(
    reasons: Iterable[Mapping[str, Any]], wanted: LoanClass
) -> tuple[Mapping[str, Any], ...]:
    """The stored reasons other than judgement that allow no class as good as the one wanted."""
    return tuple(
        reason_read(each)
        for each in reasons
        if each["code"] != "judged" and LoanClass(each["floor"]).severity > wanted.severity
    )
