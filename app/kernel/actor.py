"""Who acts: one person for one organisation, with the permissions and sight of the roles held there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from app.kernel.errors import Forbidden, ScopeMissing
from app.kernel.permissions import Permission

SYSTEM_PERSON_ID: Final = UUID("00000000-0000-7000-8000-000000000001")
PLATFORM_ORGANISATION_ID: Final = UUID("00000000-0000-7000-8000-000000000000")


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name in both languages; names of people and firms are data, not messages."""

    zh: str
    en: str

    def in_language(self, language: str) -> str:
        """The name for `zh` or `en`, falling back to the other when one is empty."""
        return (self.zh or self.en) if language.startswith("zh") else (self.en or self.zh)


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """An authenticated person acting for exactly one organisation."""

    person_id: UUID
    organisation_id: UUID
    organisation_kind: str
    region_code: str
    roles: frozenset[str]
    permissions: frozenset[Permission]
    withheld: frozenset[Permission] = frozenset()
    """What the roles permit and the token in use leaves out."""
    sight: Mapping[str, str] = field(default_factory=dict)
    membership_id: UUID | None = None
    login: str = ""
    display_name: Name = Name(zh="", en="")
    organisation_name: Name = Name(zh="", en="")
    role_title: Name = Name(zh="", en="")

    def may(self, permission: Permission) -> bool:
        """Whether a role of the actor holds the permission."""
        return permission in self.permissions

    def require(self, permission: Permission) -> None:
        """Refuse with `Forbidden` unless the actor holds the permission."""
        self.require_any(permission)

    def require_any(self, *permissions: Permission) -> None:
        """Refuse unless the actor holds one of them; `ScopeMissing` when only the token stands in the way."""
        if self.permissions.isdisjoint(permissions):
            kept = next((each for each in permissions if each in self.withheld), None)
            if kept is not None:
                raise ScopeMissing(permission=kept.value)
            raise Forbidden(permission=permissions[0].value)

    def sees(self, thing: str) -> str:
        """The name of the sight rule for a kind of thing; `none` when the table lists none."""
        return self.sight.get(thing, "none")


def system_actor(*, organisation_id: UUID, organisation_kind: str, region_code: str = "") -> Actor:
    """The scheduler and commands acting for an organisation; every permission, own sight."""
    return Actor(
        person_id=SYSTEM_PERSON_ID,
        organisation_id=organisation_id,
        organisation_kind=organisation_kind,
        region_code=region_code,
        roles=frozenset({"system"}),
        permissions=frozenset(Permission),
        sight={"*": "all"},
        login="system",
        display_name=Name(zh="系统", en="System"),
    )
