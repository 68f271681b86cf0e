"""Roles, permissions and sight, as read from the two tables of this room."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from app.kernel.actor import Name
from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_

_HERE = Path(__file__).resolve().parent


MAX_CHOICES: Final = 500
"""Organisations offered in one list; an installation with more adds people by the API."""


class OrganisationKind(StrEnum):
    """What an organisation is; it decides what it may see."""

    BANK = "bank"
    BANK_MIRRORED = "bank-mirrored"
    ENTERPRISE = "enterprise"
    APPRAISER = "appraiser"
    MRV_MEASURE = "mrv-measure"
    MRV_VERIFY = "mrv-verify"
    LOCAL_REGISTRY = "local-registry"
    GUARANTOR = "guarantor"
    INSURER = "insurer"
    REGULATOR = "regulator"
    LIST_AUTHORITY = "list-authority"
    FISCAL = "fiscal"
    DEPARTMENT = "department"
    PLATFORM = "platform"


ORGANISATION_KIND_TITLES: Mapping[OrganisationKind, str] = {
    OrganisationKind.BANK: N_("Bank"),
    OrganisationKind.BANK_MIRRORED: N_("Bank, mirrored only"),
    OrganisationKind.ENTERPRISE: N_("Enterprise"),
    OrganisationKind.APPRAISER: N_("Appraisal agency"),
    OrganisationKind.MRV_MEASURE: N_("Measurement and monitoring centre"),
    OrganisationKind.MRV_VERIFY: N_("Review and certification centre"),
    OrganisationKind.LOCAL_REGISTRY: N_("Filing and transaction centre"),
    OrganisationKind.GUARANTOR: N_("Guarantee company"),
    OrganisationKind.INSURER: N_("Insurer"),
    OrganisationKind.REGULATOR: N_("Financial regulator"),
    OrganisationKind.LIST_AUTHORITY: N_("List authority"),
    OrganisationKind.FISCAL: N_("Fiscal desk"),
    OrganisationKind.DEPARTMENT: N_("Department"),
    OrganisationKind.PLATFORM: N_("Platform"),
}


DIRECTORY_KINDS: Final = frozenset(
    {
        OrganisationKind.BANK,
        OrganisationKind.APPRAISER,
        OrganisationKind.MRV_MEASURE,
        OrganisationKind.MRV_VERIFY,
        OrganisationKind.LOCAL_REGISTRY,
        OrganisationKind.GUARANTOR,
    }
)
"""Bodies that a borrower must be able to name: they stand in the directory; enterprises never do."""


class PersonState(StrEnum):
    """Whether a person may sign in."""

    ACTIVE = "active"
    DISABLED = "disabled"


class PersonEvent(StrEnum):
    """What an administrator does with a person."""

    DISABLE = "disable"
    ENABLE = "enable"


PERSON_STATE_TITLES: Mapping[PersonState, str] = {
    PersonState.ACTIVE: N_("Active"),
    PersonState.DISABLED: N_("Disabled"),
}

PERSON_EVENT_TITLES: Mapping[PersonEvent, str] = {
    PersonEvent.DISABLE: N_("Disable"),
    PersonEvent.ENABLE: N_("Enable"),
}

PERSON = StateMachine(
    "person",
    {
        (PersonState.ACTIVE, PersonEvent.DISABLE): PersonState.DISABLED,
        # A person may come back; ended sessions and revoked tokens do not.
        (PersonState.DISABLED, PersonEvent.ENABLE): PersonState.ACTIVE,
    },
    initial=PersonState.ACTIVE,
    permissions={
        PersonEvent.DISABLE: Permission.MANAGE_PEOPLE,
        PersonEvent.ENABLE: Permission.MANAGE_PEOPLE,
    },
    state_titles=PERSON_STATE_TITLES,
    event_titles=PERSON_EVENT_TITLES,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Role:
    """A role: its words, the kinds of organisation that have it, and its permissions."""

    id: str
    title: Name
    kinds: frozenset[OrganisationKind]
    permissions: frozenset[Permission]


@cache
def _table(name: str) -> dict[str, Any]:
    table: dict[str, Any] = yaml.load(
        (_HERE / name).read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return table


@cache
def roles() -> Mapping[str, Role]:
    """All roles of `permissions.yaml`; an unknown permission or kind means no start."""
    return {name: _role(name, row) for name, row in _table("permissions.yaml")["roles"].items()}


def _role(name: str, row: Mapping[str, Any]) -> Role:
    return Role(
        id=name,
        title=Name(zh=row["zh"], en=row["en"]),
        kinds=frozenset(OrganisationKind(kind) for kind in row["kinds"]),
        permissions=frozenset(Permission(permission) for permission in row["permissions"]),
    )


@cache
def sight_table() -> Mapping[str, Mapping[str, str]]:
    """Thing -> sight by organisation kind, from `sight.yaml`."""
    return {thing: dict(row) for thing, row in _table("sight.yaml")["things"].items()}


@cache
def sight_of(kind: OrganisationKind) -> Mapping[str, str]:
    """The sight rules of a kind of organisation, by thing; what is not listed is `none`."""
    return {thing: row.get(kind.value, "none") for thing, row in sight_table().items()}


@cache
def conflicts() -> tuple[frozenset[str], ...]:
    """Pairs of roles that one person may not hold in one organisation, from `permissions.yaml`."""
    return tuple(frozenset(pair) for pair in _table("permissions.yaml")["conflicts"])


@cache
def permissions_of(role_ids: frozenset[str]) -> frozenset[Permission]:
    """All permissions of some roles."""
    known = roles()
    return frozenset(permission for role in role_ids for permission in known[role].permissions)
