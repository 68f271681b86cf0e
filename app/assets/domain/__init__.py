"""Kinds and states of ecological assets, and the rules of their registration."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class AssetKind(StrEnum):
    """What right the asset is."""

    FOREST_RIGHT = "forest-right"
    CARBON_SINK_INCOME = "carbon-sink-income"
    COMPENSATION_INCOME = "compensation-income"
    GEP_INCOME = "gep-income"
    OPERATING_INCOME = "operating-income"
    WATER_RIGHT = "water-right"
    DISCHARGE_RIGHT = "discharge-right"
    ENERGY_USE_RIGHT = "energy-use-right"
    CARBON_ALLOWANCE = "carbon-allowance"
    CARBON_CREDIT = "carbon-credit"
    CARBON_TICKET = "carbon-ticket"
    GREEN_CERTIFICATE = "green-certificate"
    GRASSLAND_RIGHT = "grassland-right"
    TARIFF_INCOME = "tariff-income"
    EQUIPMENT_AND_BUILDINGS = "equipment-and-buildings"


class ForestCategory(StrEnum):
    """Category of a forest by its main use."""

    TIMBER = "timber"
    ECONOMIC = "economic"
    FUEL = "fuel"
    PROTECTION = "protection"
    SPECIAL_USE = "special-use"


FOREST_CATEGORY_TITLES: Mapping[ForestCategory, str] = {
    ForestCategory.TIMBER: N_("Timber forest"),
    ForestCategory.ECONOMIC: N_("Economic forest"),
    ForestCategory.FUEL: N_("Fuel forest"),
    ForestCategory.PROTECTION: N_("Protection forest (public welfare)"),
    ForestCategory.SPECIAL_USE: N_("Special-use forest (public welfare)"),
}


class AssetState(StrEnum):
    """Where an asset stands in the registry."""

    DRAFT = "draft"
    REGISTERED = "registered"
    MEASURED = "measured"
    CERTIFIED = "certified"
    FILED = "filed"
    WITHDRAWN = "withdrawn"


ASSET_STATE_TITLES: Mapping[AssetState, str] = {
    AssetState.DRAFT: N_("Draft"),
    AssetState.REGISTERED: N_("Registered"),
    AssetState.MEASURED: N_("Measured"),
    AssetState.CERTIFIED: N_("Certified"),
    AssetState.FILED: N_("Filed"),
    AssetState.WITHDRAWN: N_("Withdrawn"),
}

ACTIVE_STATES: Final = frozenset(AssetState) - {AssetState.DRAFT, AssetState.WITHDRAWN}


class AssetEvent(StrEnum):
    """What moves an asset."""

    REGISTER = "register"
    MEASURE = "measure"
    CERTIFY = "certify"
    FILE = "file"
    WITHDRAW = "withdraw"


ASSET_EVENT_TITLES: Mapping[AssetEvent, str] = {
    AssetEvent.REGISTER: N_("Register the asset"),
    AssetEvent.MEASURE: N_("Record the measurement"),
    AssetEvent.CERTIFY: N_("Record the certification"),
    AssetEvent.FILE: N_("Record the filing"),
    AssetEvent.WITHDRAW: N_("Withdraw the asset"),
}

S, E = AssetState, AssetEvent
ASSET: Final = StateMachine(
    "asset",
    {
        (S.DRAFT, E.REGISTER): S.REGISTERED,
        (S.REGISTERED, E.MEASURE): S.MEASURED,
        (S.MEASURED, E.CERTIFY): S.CERTIFIED,
        (S.CERTIFIED, E.FILE): S.FILED,
        (S.DRAFT, E.WITHDRAW): S.WITHDRAWN,
        (S.REGISTERED, E.WITHDRAW): S.WITHDRAWN,
        (S.MEASURED, E.WITHDRAW): S.WITHDRAWN,
        (S.CERTIFIED, E.WITHDRAW): S.WITHDRAWN,
        (S.FILED, E.WITHDRAW): S.WITHDRAWN,
    },
    initial=S.DRAFT,
    permissions={
        E.REGISTER: Permission.REGISTER_ASSET,
        E.MEASURE: Permission.MEASURE_ASSET,
        E.CERTIFY: Permission.CERTIFY_ASSET,
        E.FILE: Permission.FILE_ASSET,
        E.WITHDRAW: Permission.REGISTER_ASSET,
    },
    state_titles=ASSET_STATE_TITLES,
    event_titles=ASSET_EVENT_TITLES,
)

UNMEASURED: Final = ASSET.without({E.MEASURE, E.CERTIFY, E.FILE})
"""What may happen to an asset whose kind is not measured."""


class MrvAct(StrEnum):
    """The three acts of the local chain, by three bodies."""

    MEASURE = "measure"
    CERTIFY = "certify"
    FILE = "file"


MRV_ACT_TITLES: Mapping[MrvAct, str] = {
    MrvAct.MEASURE: N_("Measurement and monitoring"),
    MrvAct.CERTIFY: N_("Review and certification"),
    MrvAct.FILE: N_("Filing"),
}


class GrantReason(StrEnum):
    """Why an organisation sees an asset of another."""

    OFFERED = "offered"
    ORDERED = "ordered"
    PLEDGED = "pledged"
    SENT = "sent"


class EncumbranceKind(StrEnum):
    """A right of a third party."""

    MORTGAGE = "mortgage"
    PLEDGE = "pledge"
    LEASE = "lease"
    SEIZURE = "seizure"
    FREEZE = "freeze"
    OTHER = "other"


ENCUMBRANCE_TITLES: Mapping[EncumbranceKind, str] = {
    EncumbranceKind.MORTGAGE: N_("Mortgage"),
    EncumbranceKind.PLEDGE: N_("Pledge"),
    EncumbranceKind.LEASE: N_("Lease"),
    EncumbranceKind.SEIZURE: N_("Seizure"),
    EncumbranceKind.FREEZE: N_("Freeze"),
    EncumbranceKind.OTHER: N_("Other right"),
}
