"""The state tables of applications and drawdowns, and the acts that leave a signature."""

from collections.abc import Mapping
from enum import StrEnum

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.loans.domain.terms import Method


class ApplicationState(StrEnum):
    """Where an application stands."""

    DRAFT = "draft"
    SUBMITTED = "submitted"
    INVESTIGATING = "investigating"
    HALF_INVESTIGATED = "half-investigated"
    INVESTIGATED = "investigated"
    REVIEWED = "reviewed"
    APPROVED = "approved"
    CONTRACTED = "contracted"
    RETURNED = "returned"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


class ApplicationEvent(StrEnum):
    """What people do with an application."""

    SUBMIT = "submit"
    ACCEPT = "accept"
    SIGN = "sign"
    COUNTERSIGN = "countersign"
    PASS = "pass"  # noqa: S105 - a step of the file, no secret
    APPROVE = "approve"
    REJECT = "reject"
    RETURN = "return"
    CONTRACT = "contract"
    WITHDRAW = "withdraw"


_S, _E = ApplicationState, ApplicationEvent

APPLICATION_STATE_TITLES: Mapping[ApplicationState, str] = {
    _S.DRAFT: N_("Draft"),
    _S.SUBMITTED: N_("Submitted"),
    _S.INVESTIGATING: N_("In investigation"),
    _S.HALF_INVESTIGATED: N_("Investigation signed once"),
    _S.INVESTIGATED: N_("Investigated"),
    _S.REVIEWED: N_("Reviewed"),
    _S.APPROVED: N_("Approved"),
    _S.CONTRACTED: N_("Contract signed"),
    _S.RETURNED: N_("Returned for more"),
    _S.REJECTED: N_("Rejected"),
    _S.WITHDRAWN: N_("Withdrawn"),
}

APPLICATION_EVENT_TITLES: Mapping[ApplicationEvent, str] = {
    _E.SUBMIT: N_("Submit to the bank"),
    _E.ACCEPT: N_("Take up"),
    _E.SIGN: N_("Sign the investigation"),
    _E.COUNTERSIGN: N_("Confirm as second investigator"),
    _E.PASS: N_("Pass the review"),
    _E.APPROVE: N_("Approve"),
    _E.REJECT: N_("Reject"),
    _E.RETURN: N_("Send back"),
    _E.CONTRACT: N_("Sign the contract"),
    _E.WITHDRAW: N_("Withdraw the application"),
}

APPLICATION: StateMachine[ApplicationState, ApplicationEvent] = StateMachine(
    "application",
    {
        (_S.DRAFT, _E.SUBMIT): _S.SUBMITTED,
        (_S.DRAFT, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.RETURNED, _E.SUBMIT): _S.SUBMITTED,
        (_S.RETURNED, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.SUBMITTED, _E.ACCEPT): _S.INVESTIGATING,
        (_S.SUBMITTED, _E.RETURN): _S.RETURNED,
        (_S.SUBMITTED, _E.WITHDRAW): _S.WITHDRAWN,
        (_S.INVESTIGATING, _E.SIGN): _S.HALF_INVESTIGATED,
        (_S.INVESTIGATING, _E.RETURN): _S.RETURNED,
        (_S.HALF_INVESTIGATED, _E.COUNTERSIGN): _S.INVESTIGATED,
        (_S.INVESTIGATED, _E.PASS): _S.REVIEWED,
        # The reviewer finds a gap: the investigation is signed anew by both.
        (_S.INVESTIGATED, _E.RETURN): _S.INVESTIGATING,
        (_S.REVIEWED, _E.APPROVE): _S.APPROVED,
        (_S.REVIEWED, _E.REJECT): _S.REJECTED,
        (_S.REVIEWED, _E.RETURN): _S.INVESTIGATING,
        (_S.APPROVED, _E.CONTRACT): _S.CONTRACTED,
        (_S.APPROVED, _E.WITHDRAW): _S.WITHDRAWN,
    },
    initial=_S.DRAFT,
    permissions={
        _E.SUBMIT: Permission.APPLY_FOR_LOAN,
        _E.WITHDRAW: Permission.APPLY_FOR_LOAN,
        _E.ACCEPT: Permission.TAKE_APPLICATION,
        _E.SIGN: Permission.INVESTIGATE,
        _E.COUNTERSIGN: Permission.CONFIRM_INVESTIGATION,
        _E.PASS: Permission.REVIEW_APPLICATION,
        _E.APPROVE: Permission.APPROVE_APPLICATION,
        _E.REJECT: Permission.APPROVE_APPLICATION,
        # Whoever holds the file sends it back; the service checks that it is this actor's turn.
        _E.RETURN: Permission.READ_APPLICATIONS,
        _E.CONTRACT: Permission.SIGN_CONTRACT,
    },
    state_titles=APPLICATION_STATE_TITLES,
    event_titles=APPLICATION_EVENT_TITLES,
)

RETURNS_FROM: Mapping[ApplicationState, Permission] = {
    _S.SUBMITTED: Permission.TAKE_APPLICATION,
    _S.INVESTIGATING: Permission.INVESTIGATE,
    _S.INVESTIGATED: Permission.REVIEW_APPLICATION,
    _S.REVIEWED: Permission.APPROVE_APPLICATION,
}
"""Whose turn it is to send an application back."""


class DrawdownState(StrEnum):
    """Where a drawdown stands."""

    REQUESTED = "requested"
    CHECKED = "checked"
    POSTED = "posted"
    REFUSED = "refused"


class DrawdownEvent(StrEnum):
    """What people do with a drawdown."""

    CHECK = "check"
    REFUSE = "refuse"
    POST = "post"


DRAWDOWN_STATE_TITLES: Mapping[DrawdownState, str] = {
    DrawdownState.REQUESTED: N_("Requested"),
    DrawdownState.CHECKED: N_("Conditions checked"),
    DrawdownState.POSTED: N_("Posted"),
    DrawdownState.REFUSED: N_("Refused"),
}

DRAWDOWN_EVENT_TITLES: Mapping[DrawdownEvent, str] = {
    DrawdownEvent.CHECK: N_("Test the conditions"),
    DrawdownEvent.REFUSE: N_("Refuse the drawdown"),
    DrawdownEvent.POST: N_("Post the drawdown"),
}

DRAWDOWN: StateMachine[DrawdownState, DrawdownEvent] = StateMachine(
    "drawdown",
    {
        (DrawdownState.REQUESTED, DrawdownEvent.CHECK): DrawdownState.CHECKED,
        (DrawdownState.REQUESTED, DrawdownEvent.REFUSE): DrawdownState.REFUSED,
        (DrawdownState.CHECKED, DrawdownEvent.POST): DrawdownState.POSTED,
    },
    initial=DrawdownState.REQUESTED,
    permissions={
        DrawdownEvent.CHECK: Permission.CHECK_DRAWDOWN,
        DrawdownEvent.REFUSE: Permission.CHECK_DRAWDOWN,
        DrawdownEvent.POST: Permission.POST_DRAWDOWN,
    },
    state_titles=DRAWDOWN_STATE_TITLES,
    event_titles=DRAWDOWN_EVENT_TITLES,
)


class Payment(StrEnum):
    """Who pays the payee of a drawdown."""

    ENTRUSTED = "entrusted"
    SELF = "self"


PAYMENT_TITLES: Mapping[Payment, str] = {
    Payment.ENTRUSTED: N_("Entrusted: the bank pays the payee"),
    Payment.SELF: N_("Self payment: the borrower pays"),
}

METHOD_TITLES: Mapping[Method, str] = {
    Method.EQUAL_INSTALMENT: N_("Equal instalments"),
    Method.EQUAL_PRINCIPAL: N_("Equal principal"),
    Method.BULLET: N_("Periodic interest, principal at maturity"),
    Method.BULLET_ALL: N_("Interest with principal at maturity"),
    Method.PLAN: N_("By a plan"),
}
