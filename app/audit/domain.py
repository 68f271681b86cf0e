"""The canonical form of an audit event and its hash."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final
from uuid import UUID

from app.kernel.money import Money

GENESIS_HASH: Final = "0" * 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What the hash of an event covers; `facts` holds JSON values only."""

    organisation_id: UUID
    seq: int
    prev_hash: str
    at: datetime
    person_id: UUID
    action: str
    subject_kind: str
    subject_id: str
    facts: Mapping[str, Any]
    request_id: str


def entry_hash(entry: Entry) -> str:
    """SHA-256 over the length-prefixed canonical parts, in hex."""
    parts = (
        str(entry.organisation_id),
        str(entry.seq),
        entry.prev_hash,
        entry.at.astimezone(UTC).isoformat(timespec="microseconds"),
        str(entry.person_id),
        entry.action,
        entry.subject_kind,
        entry.subject_id,
        canonical(entry.facts),
        entry.request_id,
    )
    digest = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8")
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()


def canonical(value: object) -> str:
    """JSON with sorted keys, no spaces, ASCII only: the same bytes everywhere."""
    return json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False
    )


def json_facts(facts: Mapping[str, object]) -> dict[str, Any]:
    """Facts as JSON values: money as text, days and instants in ISO form."""
    return {name: json_value(value) for name, value in facts.items()}


def json_value(value: object) -> Any:  # noqa: PLR0911 - one line a type
    """One fact as a JSON value; floats are refused, since a float has no one text."""
    if value is None or (isinstance(value, bool | int | str) and not isinstance(value, Enum)):
        return value
    if isinstance(value, Enum):
        return json_value(value.value)
    if isinstance(value, Money):
        return value.yuan
    if isinstance(value, date | datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, Mapping):
        return {str(key): json_value(each) for key, each in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [json_value(each) for each in value]
    if isinstance(value, UUID):
        return str(value)
    raise TypeError(f"an audit fact cannot be a {type(value).__name__}")
