"""Data files in YAML: every scalar but null is text, and a wrong shape is refused with its place."""

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Final, Literal, get_args

import yaml

from risk_models.words import Text

__all__ = [
    "STATUSES",
    "DataFileError",
    "Reference",
    "Status",
    "day",
    "documents",
    "mapping",
    "named",
    "number",
    "reference",
    "require_known",
    "status",
    "text",
    "words",
]

Status = Literal["sourced", "practice", "judgement", "to-confirm"]
STATUSES: Final[tuple[str, ...]] = get_args(Status)


class DataFileError(ValueError):
    """A data file that does not have the agreed shape."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reference:
    """Where a value comes from."""

    title: str
    source: str


class _Loader(yaml.CSafeLoader):
    """Reads every scalar but null as text, so that no number passes through a float."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[object, object]:  # noqa: FBT001, FBT002 - PyYAML's signature.
        keys = [key.value for key, _ in node.value]
        twice = sorted({key for key in keys if keys.count(key) > 1})
        if twice:
            raise DataFileError(f"keys given twice: {', '.join(twice)}")
        return dict(super().construct_mapping(node, deep=deep))


_Loader.yaml_implicit_resolvers = {
    first: [entry for entry in entries if entry[0] == "tag:yaml.org,2002:null"]
    for first, entries in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}


def documents(path: Path) -> list[object]:
    """The documents of a file, divided by `---`; empty ones are passed over."""
    # The loader is a CSafeLoader that reads even less.
    read = yaml.load_all(path.read_text(encoding="utf-8"), Loader=_Loader)
    return [entry for entry in read if entry is not None]


@contextmanager
def named(name: str) -> Iterator[None]:
    """Puts the name of a file, or of an entry of it, before what is wrong in it."""
    try:
        yield
    except (DataFileError, yaml.YAMLError) as problem:
        raise DataFileError(f"{name}: {problem}") from problem


def mapping(raw: object, what: str) -> Mapping[str, object]:
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise DataFileError(f"{what}: a mapping is needed")
    return raw


def require_known(raw: Mapping[str, object], keys: Collection[str]) -> None:
    unknown = sorted(set(raw) - set(keys))
    if unknown:
        raise DataFileError(f"unknown keys: {', '.join(unknown)}")


def text(raw: Mapping[str, object], key: str) -> str:
    value = raw.get(key)
    if not isinstance(value, str) or not value.strip():
        raise DataFileError(f"{key}: a text is needed")
    return value


def words(raw: object, what: str = "title") -> Text:
    both = mapping(raw, what)
    return Text(en=text(both, "en"), zh=text(both, "zh"))


def day(raw: str) -> date:
    try:
        return date.fromisoformat(raw)
    except ValueError as problem:
        raise DataFileError(f"{raw!r} is not a day") from problem


def number(raw: object) -> Decimal:
    try:
        found = Decimal(raw) if isinstance(raw, str) else None
    except InvalidOperation:
        found = None
    if found is None or not found.is_finite():
        raise DataFileError(f"{raw!r} is not a number")
    return found


def status(raw: Mapping[str, object]) -> Status:
    match text(raw, "status"):
        case "sourced" | "practice" | "judgement" | "to-confirm" as known:
            return known
        case other:
            raise DataFileError(f"status: {other!r} is none of {', '.join(STATUSES)}")


def reference(raw: object) -> Reference:
    entry = mapping(raw, "reference")
    return Reference(title=text(entry, "title"), source=text(entry, "source"))
