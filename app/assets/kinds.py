"""Kinds of assets as `kinds.yaml` lists them."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.assets.domain import AssetKind
from app.kernel.actor import Name


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """How a kind of asset secures, where it is registered, what it needs, which model values it."""

    kind: AssetKind
    title: Name
    security: str
    registries: tuple[str, ...]
    ecological: bool
    needs_mrv: bool
    model_id: str
    cap_parameter: str


@cache
def _table() -> Mapping[str, Any]:
    path = Path(__file__).resolve().parent / "kinds.yaml"
    table: Mapping[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return table


@cache
def all_kinds() -> Mapping[AssetKind, KindInfo]:
    """Every kind; a kind without a row means no start."""
    rows = _table()["kinds"]
    return {kind: _info(kind, rows[kind.value]) for kind in AssetKind}


def kind_info(kind: AssetKind | str) -> KindInfo:
    """The row of one kind."""
    return all_kinds()[AssetKind(kind)]


@cache
def registry_names() -> Mapping[str, Name]:
    """Registries by code."""
    return {code: Name(zh=row["zh"], en=row["en"]) for code, row in _table()["registries"].items()}


def _info(kind: AssetKind, row: Mapping[str, Any]) -> KindInfo:
    return KindInfo(
        kind=kind,
        title=Name(zh=row["zh"], en=row["en"]),
        security=row["security"],
        registries=tuple(row["registries"]),
        ecological=row["ecological"],
        needs_mrv=row["needs_mrv"],
        model_id=row["model"],
        cap_parameter=row["cap"],
    )
