"""The page of published cases, drawn from the data of their tests.

`python -m tests.support.reference_pages` writes it with the others.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from risk_models.registry import get_model

FOLDER = Path(__file__).resolve().parents[1] / "vectors"
APART = "not_reproducible.yaml"
"""Figures that no model can or should give."""

UNNAMED = "No source was recorded"


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
        *(f"{_row(*each)} {each[0]['tolerance']} |" for each in listed if not _warns(each[0])),
        "",
        "## Warnings",
        "",
        "Claims that a model must ask about or refuse, and facts that it is set beside; never values to reach.",
        "",
        "| Case | What | Source |",
        "|---|---|---|",
        *(_row(*each) for each in listed if _warns(each[0])),
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
            yield entry, _named(str(entry["id"]), source)
        for each in entry.values():
            yield from _below(each, source)
    elif isinstance(entry, list):
        for each in entry:
            yield from _below(each, source)


def _named(case_id: str, source: Any) -> str:
    """The source of a case: its own, or that of its group, V48 of V48-2024."""
    if isinstance(source, Mapping):
        source = source.get(case_id) or source.get(case_id.partition("-")[0])
    return str(source or UNNAMED)


def _warns(case: Mapping[str, Any]) -> bool:
    """Whether a case is a claim to be wary of, and no value to reach."""
    return bool(case.get("warning")) or "tolerance" not in case


def _row(case: Mapping[str, Any], source: str) -> str:
    return f"| {case['id']} | {case['what']}{_before_sale(case)} | {source} |"


def _before_sale(case: Mapping[str, Any]) -> str:
    """What is compared of a holding whose value would also bear the discount of its sale."""
    parts = case.get("components", {})
    if "model" not in case or "holding" not in parts or "liquidity" in parts:
        return ""
    titles = {part.name: part.title.en for part in get_model(case["model"]).spec.components}
    compared = ", ".join(titles[name] for name in parts)
    return f". Compared before the discount of a sale: {compared}"


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))
