"""The figures that were printed elsewhere for a region, from `data/published_figures.yaml`."""

from collections.abc import Sequence
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from app.kernel.actor import Name
from app.oversight.domain import PublishedFigure


def published_figures(region_code: str, on: date) -> Sequence[PublishedFigure]:
    """What was printed for exactly this region and day."""
    return _table().get((region_code, on), ())


@cache
def _table() -> dict[tuple[str, date], tuple[PublishedFigure, ...]]:
    path = Path(__file__).resolve().parent / "data" / "published_figures.yaml"
    groups: list[dict[str, Any]] = yaml.load(
        path.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return {
        (group["region_code"], date.fromisoformat(group["as_of"])): tuple(
            _figure(group, each) for each in group["figures"]
        )
        for group in groups
    }


def _figure(group: dict[str, Any], row: dict[str, Any]) -> PublishedFigure:
    return PublishedFigure(
        id=row["id"],
        on=date.fromisoformat(group["as_of"]),
        title=Name(zh=row["zh"], en=row["en"]),
        kind=row["kind"],
        printed=row["printed"],
        unit=row["unit"],
        source=Name(**group["source"]),
        note=Name(**row["note"]) if "note" in row else None,
    )
