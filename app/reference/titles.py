"""Titles of regions from the files that come along, for readers without a database."""

import csv
from functools import cache
from pathlib import Path
from typing import Final

from app.kernel.actor import Name

__all__ = ["region_titles"]

REGIONS: Final = Path(__file__).parent / "data" / "regions.csv"


@cache
def region_titles() -> dict[str, Name]:
    """Code -> name of every region that the service knows."""
    with REGIONS.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    return {row["code"]: Name(zh=row["name_zh"], en=row["name_en"]) for row in rows}
