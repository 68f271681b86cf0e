"""Changes of a loan that are decided here: the state table, and what must hold before each step."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class ChangeKind(StrEnum):
    """What changes of a loan."""

    EXTENSION = "extension"
    RESTRUCTURING = "restructuring"
    """Terms eased for a debtor in financial difficulty."""
    RENEWAL = "renewal"
    """A new loan takes over without repayment."""


class ChangeState(StrEnum):
    """Where a change stands."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    CARRIED_OUT = "carried-out"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


WAITING_STATES: Final = (ChangeState.PROPOSED, ChangeState.APPROVED)
"""Still to be decided on or carried out: one change of a loan at a time."""


class ChangeEvent(StrEnum):
    """What people do with a change."""

    APPROVE = "approve"
    REFUSE = "refuse"
    WITHDRAW = "withdraw"
    CARRY_OUT = "carry-out"


_S, _E = ChangeState, ChangeEvent

CHANGE_KIND_TITLES: Mapping[ChangeKind, str] = {
    ChangeKind.EXTENSION: N_("Extension"),
    ChangeKind.RESTRUCTURING: N_("Restructuring"),
    ChangeKind.RENEWAL: N_("Renewal without repayment"),
}

CHANGE_STATE_TITLES: Mapping[ChangeState, str] = {
    _S.PROPOSED: N_("Waits for the decision"),
    _S.APPROVED: N_("Approved, to be carried out"),
    _S.CARRIED_OUT: N_("Carried out"),
    _S.REFUSED: N_("Refused"),
    _S.WITHDRAWN: N_("Withdrawn"),
}

CHANGE_EVENT_TITLES: Mapping[ChangeEvent, str] = {
    _E.APPROVE: N_("Approve the change"),
    _E.REFUSE: N_("Refuse the change"),
    _E.WITHDRAW: N_("Withdraw the change"),
    _E.CARRY_OUT: N_("Carry out the change"),
}

LOAN_CHANGE: Final[StateMachine[ChangeState, ChangeEvent]] = StateMachine(
    "loan-change",
    {
        (_S.PROPOSED, _E.APPROVE): _S.APPROVED,
        (_S.PROPOSED, _E.REFUSE): _S.REFUSED,
        (_S.PROPOSED, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.APPROVED, _E.CARRY_OUT): _S.CARRIED_OUT,
        # The conditions of an approval may no longer hold when it is to be carried out.
        (_S.APPROVED, _E.WITHDRAW): _S.WITHDRAWN,
    },
    initial=_S.PROPOSED,
    permissions={
        _E.APPROVE: Permission.APPROVE_APPLICATION,
        _E.REFUSE: Permission.APPROVE_APPLICATION,
        _E.WITHDRAW: Permission.INVESTIGATE,
        _E.CARRY_OUT: Permission.SIGN_CONTRACT,
    },
    state_titles=CHANGE_STATE_TITLES,
    event_titles=CHANGE_EVENT_TITLES,
)
