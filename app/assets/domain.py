"""Kinds and states of ecological assets, and the rules of their registration."""

from collections.abc import Mapping
from enum import StrEnum

from app.kernel.text import N_


class AssetKind(StrEnum):
    """What right the asset is."""

    FOREST_RIGHT = "forest-right"
    CARBON_SINK_INCOME = "carbon-sink-income"
    COMPENSATION_INCOME = "compensation-income"
    GEP_INCOME = "gep-income"
    OPERATING_INCOME = "operating-income"
    WATER_RIGHT = "water-right"
    CARBON_ALLOWANCE = "carbon-allowance"
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


class MrvAct(StrEnum):
    """The three acts of the local chain, by three bodies."""

    MEASURE = "measure"
    CERTIFY = "certify"
    FILE = "file"


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
