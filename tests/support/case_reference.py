"""The page of published cases, drawn from the data of their tests.

`python -m tests.support.reference_pages` writes it with the others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
APART = "not_reproducible.yaml"
"""Figures that no model can or should give."""


def cases_page() -> str:
    """All published valuation cases, then those that cannot be reproduced."""
    listed = sorted(_cases(), key=lambda each: str(each[0]["id"]))
    lines = [
        "# Published cases",
        "",
        "Figures published by others that the appraisal models reproduce, each a test with its relative",
        "tolerance. The cases of lending stand in `tests/vectors/lending_*.yaml`.",
        "",
        "| Case | What | Source | Tolerance |",
        "|---|---|---|---|",
        *(f"{_row(*each)} {each[0]['tolerance']} |" for each in listed if "tolerance" in each[0]),
        "",
        "## Warnings",
        "",
        "Claims that a model must ask about or refuse, and facts that it is set beside; never values to reach.",
        "",
        "| Case | What | Source |",
        "|---|---|---|",
        *(_row(*each) for each in listed if "tolerance" not in each[0]),
        "",
        "## Not reproducible",
        "",
        "These figures do not follow from what was published with them. No test expects them.",
        "",
        "| Case | What | Why not | Source |",
        "|---|---|---|---|",
        *(
            f"| {each['id']} | {each['what']} | {each['why']} | {each['source']} |"
            for each in _read(FOLDER / APART)
        ),
        "",
    ]
    return "\n".join(lines)


def _cases() -> Iterator[tuple[Mapping[str, Any], str]]:
    """Every case of the valuation files, with the source that stands in it or above it."""
    for path in sorted(FOLDER.glob("*.yaml")):
        if path.name != APART and not path.name.startswith("lending_"):
            yield from _below(_read(path), "")


def _below(entry: Any, source: Any) -> Iterator[tuple[Mapping[str, Any], str]]:
    if isinstance(entry, Mapping):
        source = entry.get("source", entry.get("sources", source))
        if "id" in entry and "what" in entry:
            named = source.get(entry["id"], "") if isinstance(source, Mapping) else source
            yield entry, named
        for each in entry.values():
            yield from _below(each, source)
    elif isinstance(entry, list):
        for each in entry:
            yield from _below(each, source)


def _row(case: Mapping[str, Any], source: str) -> str:
    return f"| {case['id']} | {case['what']} | {source} |"


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
