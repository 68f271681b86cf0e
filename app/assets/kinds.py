"""The kinds of assets, as read from `kinds.yaml`, and what values them; an incomplete table means no start."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.assets.domain import AssetKind
from app.kernel.actor import Name
from risk_models.registry import installed_models


@dataclass(frozen=True, slots=True, kw_only=True)
class KindInfo:
    """What holds for every asset of a kind.

    security is `mortgage` or `pledge`; registries are the codes of where it is registered; `land` asks for
    drawn parcels; `needs_mrv` for the three acts; cap_parameter names the pledge-rate cap of the policy.
    """

    kind: AssetKind
    title: Name
    security: str
    registries: tuple[str, ...]
    ecological: bool
    land: bool
    needs_mrv: bool
    model_id: str
    cap_parameter: str


@cache
def _table() -> dict[str, Any]:
    path = Path(__file__).resolve().parent / "kinds.yaml"
    table: dict[str, Any] = yaml.load(path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return table


@cache
def kinds() -> Mapping[AssetKind, KindInfo]:
    """Every kind with what holds for it."""
    return {kind: _info(kind, _table()["kinds"][kind.value]) for kind in AssetKind}


def _info(kind: AssetKind, row: Mapping[str, Any]) -> KindInfo:
    return KindInfo(
        kind=kind,
        title=Name(zh=row["zh"], en=row["en"]),
        security=row["security"],
        registries=tuple(row["registries"]),
        ecological=row["ecological"],
        land=row["land"],
        needs_mrv=row["needs_mrv"],
        model_id=row["model"],
        cap_parameter=row["cap"],
    )


def kind_info(kind: AssetKind | str) -> KindInfo:
    """What holds for a kind."""
    return kinds()[AssetKind(kind)]


@cache
def registry_names() -> Mapping[str, Name]:
    """The registries of securities by code."""
    rows: Mapping[str, Mapping[str, str]] = _table()["registries"]
    return {code: Name(zh=row["zh"], en=row["en"]) for code, row in rows.items()}


def models_for(kind: AssetKind, default: str | None = None) -> tuple[str, ...]:
    """The models that may appraise a kind of asset, the best one first.

    Ecological models give a yearly flow that is shown and never lent on; no appraisal stands on them.
    """
    found = installed_models()
    specs = [found[model_id].spec for model_id in sorted(found)]
    market = [spec for spec in specs if spec.value_kind == "market"]
    fitting = [spec.id for spec in market if kind.value in spec.asset_kinds]
    first = [spec.id for spec in market if spec.id == default]
    return tuple(dict.fromkeys([*first, *fitting]))
