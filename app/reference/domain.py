"""States and levels of the reference tables."""

from collections.abc import Mapping
from enum import StrEnum

from app.kernel.text import N_


class RegionLevel(StrEnum):
    """Level of an administrative division."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"


class DayKind(StrEnum):
    """Why a day differs from its weekday."""

    HOLIDAY = "holiday"
    WORKDAY = "workday"


class ProposalState(StrEnum):
    """Where a change that needs four eyes stands."""

    PROPOSED = "proposed"
    ACCEPTED = "accepted"
    REJECTED = "rejected"


PROPOSAL_STATE_TITLES: Mapping[ProposalState, str] = {
    ProposalState.PROPOSED: N_("Proposed"),
    ProposalState.ACCEPTED: N_("Accepted"),
    ProposalState.REJECTED: N_("Rejected"),
}

STATUS_TITLES: Mapping[str, str] = {
    "sourced": N_("Sourced"),
    "practice": N_("Practice"),
    "judgement": N_("Judgement"),
    "to-confirm": N_("To be confirmed"),
    "computed": N_("Computed"),
    "synthetic": N_("Synthetic"),
}
