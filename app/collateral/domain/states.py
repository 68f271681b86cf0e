"""The state tables of pledges and top-up cases."""

from collections.abc import Mapping
from enum import StrEnum

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class SecurityKind(StrEnum):
    """How an asset secures a loan."""

    MORTGAGE = "mortgage"
    PLEDGE = "pledge"


class PledgeState(StrEnum):
    """Where a pledge or mortgage stands."""

    CONTRACTED = "contracted"
    REGISTERED = "registered"
    RELEASED = "released"
    CANCELLED = "cancelled"
    CARRIED_OVER = "carried-over"
    """Passed to the contract that renewed the loan, in its rank; only a renewal says so, nobody by hand."""


class PledgeEvent(StrEnum):
    """What can happen to a pledge or mortgage."""

    REGISTER = "register"
    RELEASE = "release"
    CANCEL = "cancel"


PLEDGE_STATE_TITLES: Mapping[PledgeState, str] = {
    PledgeState.CONTRACTED: N_("Contracted"),
    PledgeState.REGISTERED: N_("Registered"),
    PledgeState.RELEASED: N_("Released"),
    PledgeState.CANCELLED: N_("Cancelled"),
    PledgeState.CARRIED_OVER: N_("Passed to the new contract"),
}

PLEDGE_EVENT_TITLES: Mapping[PledgeEvent, str] = {
    PledgeEvent.REGISTER: N_("Record the registration"),
    PledgeEvent.RELEASE: N_("Release the security"),
    PledgeEvent.CANCEL: N_("Cancel before registration"),
}

PLEDGE: StateMachine[PledgeState, PledgeEvent] = StateMachine(
    "pledge",
    {
        (PledgeState.CONTRACTED, PledgeEvent.REGISTER): PledgeState.REGISTERED,
        (PledgeState.CONTRACTED, PledgeEvent.CANCEL): PledgeState.CANCELLED,
        # An asset under dual registration brings a second receipt.
        (PledgeState.REGISTERED, PledgeEvent.REGISTER): PledgeState.REGISTERED,
        (PledgeState.REGISTERED, PledgeEvent.RELEASE): PledgeState.RELEASED,
    },
    initial=PledgeState.CONTRACTED,
    permissions={
        PledgeEvent.REGISTER: Permission.REGISTER_PLEDGE,
        PledgeEvent.RELEASE: Permission.RELEASE_PLEDGE,
        PledgeEvent.CANCEL: Permission.RELEASE_PLEDGE,
    },
    state_titles=PLEDGE_STATE_TITLES,
    event_titles=PLEDGE_EVENT_TITLES,
)


class RegistrationKind(StrEnum):
    """The acts of a registry."""

    INITIAL = "initial"
    SEARCH = "search"
    EXTENSION = "extension"
    CANCELLATION = "cancellation"
    CHANGE = "change"
    """The registration names the contract to which the security was passed."""


class CallState(StrEnum):
    """Where a top-up case stands: a warning until the notice is issued."""

    OPEN = "open"
    REVIEWED = "reviewed"
    ISSUED = "issued"
    SERVED = "served"
    CURED = "cured"
    DISMISSED = "dismissed"
    WAIVED = "waived"
    DEFAULTED = "defaulted"


class CallEvent(StrEnum):
    """What can happen to a top-up case. `cure` is said by the watch alone."""

    REVIEW = "review"
    DISMISS = "dismiss"
    ISSUE = "issue"
    SERVE = "serve"
    EXTEND = "extend"
    WAIVE = "waive"
    DEFAULT = "default"


CALL_STATE_TITLES: Mapping[CallState, str] = {
    CallState.OPEN: N_("Warning open"),
    CallState.REVIEWED: N_("Reviewed, notice proposed"),
    CallState.ISSUED: N_("Notice issued"),
    CallState.SERVED: N_("Notice served"),
    CallState.CURED: N_("Cured"),
    CallState.DISMISSED: N_("Dismissed"),
    CallState.WAIVED: N_("Waived"),
    CallState.DEFAULTED: N_("In default"),
}

CALL_EVENT_TITLES: Mapping[CallEvent, str] = {
    CallEvent.REVIEW: N_("Review the warning"),
    CallEvent.DISMISS: N_("Dismiss"),
    CallEvent.ISSUE: N_("Issue the top-up notice"),
    CallEvent.SERVE: N_("Record the proof of service"),
    CallEvent.EXTEND: N_("Give more time"),
    CallEvent.WAIVE: N_("Waive"),
    CallEvent.DEFAULT: N_("Declare default"),
}

MARGIN_CALL: StateMachine[CallState, CallEvent] = StateMachine(
    "margin-call",
    {
        (CallState.OPEN, CallEvent.REVIEW): CallState.REVIEWED,
        (CallState.OPEN, CallEvent.DISMISS): CallState.DISMISSED,
        (CallState.REVIEWED, CallEvent.ISSUE): CallState.ISSUED,
        (CallState.REVIEWED, CallEvent.DISMISS): CallState.DISMISSED,
        (CallState.ISSUED, CallEvent.SERVE): CallState.SERVED,
        (CallState.ISSUED, CallEvent.WAIVE): CallState.WAIVED,
        # More time keeps the state; only the day moves, with its reason.
        (CallState.SERVED, CallEvent.EXTEND): CallState.SERVED,
        (CallState.SERVED, CallEvent.WAIVE): CallState.WAIVED,
        (CallState.SERVED, CallEvent.DEFAULT): CallState.DEFAULTED,
    },
    initial=CallState.OPEN,
    permissions={
        CallEvent.REVIEW: Permission.REVIEW_WARNING,
        CallEvent.DISMISS: Permission.REVIEW_WARNING,
        CallEvent.ISSUE: Permission.ISSUE_TOP_UP_NOTICE,
        CallEvent.SERVE: Permission.REVIEW_WARNING,
        CallEvent.EXTEND: Permission.ISSUE_TOP_UP_NOTICE,
        CallEvent.WAIVE: Permission.ISSUE_TOP_UP_NOTICE,
        CallEvent.DEFAULT: Permission.ISSUE_TOP_UP_NOTICE,
    },
    state_titles=CALL_STATE_TITLES,
    event_titles=CALL_EVENT_TITLES,
)

OPEN_CALL_STATES = (CallState.OPEN, CallState.REVIEWED, CallState.ISSUED, CallState.SERVED)
"""States in which a loan has a case; at most one at a time. Each of them is cured when the target is met."""


class Level(StrEnum):
    """What the latest observation of a loan's cover says."""

    NONE = "none"
    NORMAL = "normal"
    WARNING = "warning"
    TOP_UP = "top-up"
    DISPOSAL = "disposal"
    UNPRICED = "unpriced"


class RecognitionReason(StrEnum):
    """Why a recognised value changed."""

    CONFIRMATION = "confirmation"
    FALL = "fall"
    LAPSE = "lapse"


LEVEL_TITLES: Mapping[Level, str] = {
    Level.NONE: N_("No ecological security"),
    Level.NORMAL: N_("Within the lines"),
    Level.WARNING: N_("Early warning"),
    Level.TOP_UP: N_("Top-up line crossed"),
    Level.DISPOSAL: N_("Disposal line crossed"),
    Level.UNPRICED: N_("Unpriced"),
}

SECURITY_KIND_TITLES: Mapping[SecurityKind, str] = {
    SecurityKind.MORTGAGE: N_("Mortgage"),
    SecurityKind.PLEDGE: N_("Pledge"),
}
