"""The state table of an appraisal, its validity, the current value of an asset, who may sign."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final
from uuid import UUID

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class AppraisalKind(StrEnum):
    """Who prepares it: an agency of the panel, or the bank itself where that is allowed."""

    EXTERNAL = "external"
    INTERNAL = "internal"


class AppraisalState(StrEnum):
    """Where an appraisal stands."""

    ORDERED = "ordered"
    PREPARING = "preparing"
    SIGNED = "signed"
    VALID = "valid"
    DECLINED = "declined"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    REVOKED = "revoked"


class AppraisalEvent(StrEnum):
    """What people do with an appraisal. Expiry and supersession come from the calendar and the next report."""

    ACCEPT = "accept"
    DECLINE = "decline"
    SIGN = "sign"
    RETURN = "return"
    COUNTERSIGN = "countersign"
    REVOKE = "revoke"


STATE_TITLES: Mapping[AppraisalState, str] = {
    AppraisalState.ORDERED: N_("Ordered"),
    AppraisalState.PREPARING: N_("In preparation"),
    AppraisalState.SIGNED: N_("Signed once"),
    AppraisalState.VALID: N_("Valid"),
    AppraisalState.DECLINED: N_("Declined"),
    AppraisalState.EXPIRED: N_("Expired"),
    AppraisalState.SUPERSEDED: N_("Superseded"),
    AppraisalState.REVOKED: N_("Revoked"),
}

EVENT_TITLES: Mapping[AppraisalEvent, str] = {
    AppraisalEvent.ACCEPT: N_("Accept the order"),
    AppraisalEvent.DECLINE: N_("Decline the order"),
    AppraisalEvent.SIGN: N_("Sign as appraiser"),
    AppraisalEvent.RETURN: N_("Return for correction"),
    AppraisalEvent.COUNTERSIGN: N_("Countersign as reviewer"),
    AppraisalEvent.REVOKE: N_("Revoke the report"),
}

APPRAISAL: StateMachine[AppraisalState, AppraisalEvent] = StateMachine(
    "appraisal",
    {
        (AppraisalState.ORDERED, AppraisalEvent.ACCEPT): AppraisalState.PREPARING,
        (AppraisalState.ORDERED, AppraisalEvent.DECLINE): AppraisalState.DECLINED,
        (AppraisalState.PREPARING, AppraisalEvent.SIGN): AppraisalState.SIGNED,
        (AppraisalState.SIGNED, AppraisalEvent.RETURN): AppraisalState.PREPARING,
        (AppraisalState.SIGNED, AppraisalEvent.COUNTERSIGN): AppraisalState.VALID,
        (AppraisalState.VALID, AppraisalEvent.REVOKE): AppraisalState.REVOKED,
    },
    initial=AppraisalState.ORDERED,
    permissions={
        AppraisalEvent.ACCEPT: Permission.PREPARE_APPRAISAL,
        AppraisalEvent.DECLINE: Permission.PREPARE_APPRAISAL,
        AppraisalEvent.SIGN: Permission.SIGN_APPRAISAL,
        AppraisalEvent.RETURN: Permission.SIGN_APPRAISAL,
        AppraisalEvent.COUNTERSIGN: Permission.SIGN_APPRAISAL,
        AppraisalEvent.REVOKE: Permission.SIGN_APPRAISAL,
    },
    state_titles=STATE_TITLES,
    event_titles=EVENT_TITLES,
)

KIND_TITLES: Mapping[AppraisalKind, str] = {
    AppraisalKind.EXTERNAL: N_("External appraisal"),
    AppraisalKind.INTERNAL: N_("Internal appraisal"),
}


class SignatureRole(StrEnum):
    """The two signatures of a report."""

    MAKER = "maker"
    REVIEWER = "reviewer"


class RunState(StrEnum):
    """Where a revaluation run stands.

    A finished run is superseded when its day is revalued again: its figures stay, it answers for the
    day no more. The stored word for that is older than its meaning.
    """

    WAITING = "waiting"
    RUNNING = "running"
    FINISHED = "finished"
    SUPERSEDED = "cancelled"


class ItemState(StrEnum):
    """Where one asset of a run stands."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


SIGNATURE_ROLE_TITLES: Mapping[SignatureRole, str] = {
    SignatureRole.MAKER: N_("Appraiser"),
    SignatureRole.REVIEWER: N_("Reviewer"),
}

RUN_STATE_TITLES: Mapping[RunState, str] = {
    RunState.WAITING: N_("Waiting"),
    RunState.RUNNING: N_("Running"),
    RunState.FINISHED: N_("Finished"),
    RunState.SUPERSEDED: N_("Superseded"),
}

ITEM_STATE_TITLES: Mapping[ItemState, str] = {
    ItemState.WAITING: N_("Waiting"),
    ItemState.DONE: N_("Done"),
    ItemState.FAILED: N_("Failed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueFacts:
    """What decides an asset's current value on a day."""

    appraised_fen: int | None
    valid_until: date | None
    valuation_fen: int | None


def current_value_fen(facts: ValueFacts, *, today: date) -> int | None:
    """The lower of the valid appraisal and the latest valuation; None without a valid appraisal, never zero for it."""
    if facts.appraised_fen is None or facts.valid_until is None or facts.valid_until < today:
        return None
    if facts.valuation_fen is None:
        return facts.appraised_fen
    return max(min(facts.appraised_fen, facts.valuation_fen), 0)


def may_countersign(*, maker_id: UUID | None, person_id: UUID) -> bool:
    """The second signature is another person's."""
    return maker_id is not None and maker_id != person_id


REPORT_VALIDITY: Final = "appraisal.report_validity"
"""The dated rule of how many days a report is valid."""


def report_valid_until(*, valued_on: date, validity_days: int) -> date:
    """The last day of a report: the valuation day is the first of its days.

    Here it ends with the civil day. A bank takes security on its open business day, which may lie a day
    before or after; so a pledge needs a report that neither day has left behind.
    """
    return valued_on + timedelta(days=validity_days - 1)
