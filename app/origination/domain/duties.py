"""Duties apart: who took an earlier step of a file may not take the deciding ones."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.origination.domain.states import ApplicationEvent, ApplicationState


class Duty(StrEnum):
    """Whose work a step is."""

    APPLY = "apply"
    INVESTIGATE = "investigate"
    CONFIRM = "confirm"
    REVIEW = "review"
    DECIDE = "decide"


_E, _S = ApplicationEvent, ApplicationState

_BY_EVENT: Final = {
    _E.SUBMIT: Duty.APPLY,
    _E.WITHDRAW: Duty.APPLY,
    _E.ACCEPT: Duty.INVESTIGATE,
    _E.SIGN: Duty.INVESTIGATE,
    _E.CONTRACT: Duty.INVESTIGATE,
    _E.COUNTERSIGN: Duty.CONFIRM,
    _E.PASS: Duty.REVIEW,
    _E.APPROVE: Duty.DECIDE,
    _E.REJECT: Duty.DECIDE,
}

# A file goes back by the hand of whoever holds it.
_RETURN_FROM: Final = {
    _S.SUBMITTED: Duty.INVESTIGATE,
    _S.INVESTIGATING: Duty.INVESTIGATE,
    _S.INVESTIGATED: Duty.REVIEW,
    _S.REVIEWED: Duty.DECIDE,
}

APART: Final = frozenset({Duty.CONFIRM, Duty.REVIEW, Duty.DECIDE})
"""Duties of somebody who had no other part in the file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The part that a person had in a file."""

    person_id: UUID
    duty: Duty


def duty_of(event: ApplicationEvent, before: ApplicationState) -> Duty:
    """The duty to which a step from a state belongs."""
    return _RETURN_FROM[before] if event is _E.RETURN else _BY_EVENT[event]


def decide_duty(parts: Iterable[Part], *, person_id: UUID, duty: Duty) -> bool:
    """Whether a person may take a step of this duty.

    Confirming, reviewing and deciding exclude everybody who had another part in the file; doing the own
    step again after a return is allowed.
    """
    if duty not in APART:
        return True
    return all(part.duty is duty for part in parts if part.person_id == person_id)
