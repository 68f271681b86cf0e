"""Reading the files of the demonstration."""

import csv
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import yaml

DATA: Final = Path(__file__).resolve().parent / "data"
_FEN_PER_WAN: Final = 1_000_000


def rows(name: str) -> Iterator[Mapping[str, str]]:
    """The rows of a CSV file as dictionaries."""
    with (DATA / f"{name}.csv").open(encoding="utf-8", newline="") as handle:
        yield from csv.DictReader(handle)


def table(name: str) -> Mapping[str, Any]:
    """A YAML file."""
    found: Mapping[str, Any] = yaml.load(
        (DATA / f"{name}.yaml").read_text(encoding="utf-8"), Loader=yaml.CSafeLoader
    )
    return found


def wan_to_fen(text: str) -> int:
    """万元 to fen, exactly."""
    fen = Decimal(text) * _FEN_PER_WAN
    if fen != int(fen):
        raise ValueError(f"{text} 万元 is not a whole number of fen")
    return int(fen)


def day_of(text: str) -> date:
    """A day written YYYY-MM-DD."""
    return date.fromisoformat(text)
