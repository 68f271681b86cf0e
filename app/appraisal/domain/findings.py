"""Findings of an appraisal that ask for the appraiser's words, and the words given on each.

A finding is named by its code and its field, `rate-below-band.discount_rate`; what is found twice
under one name is numbered. Words stand with the finding they are about.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

ASK: Final = "ask"
MAX_WORDS: Final = 1000
"""Characters on one finding: what needs more belongs into a document that the words name."""

StoredFinding = Mapping[str, Any]


def named(findings: Sequence[StoredFinding]) -> list[dict[str, Any]]:
    """The findings, each with the name by which words on it are given."""
    seen: dict[str, int] = {}
    found = []
    for each in findings:
        name = ".".join(part for part in (each["code"], each["field"]) if part)
        seen[name] = seen.get(name, 0) + 1
        numbered = name if seen[name] == 1 else f"{name}.{seen[name]}"
        found.append({**each, "name": numbered, "explanation": ""})
    return found


def asked(result: Mapping[str, Any]) -> list[StoredFinding]:
    """The findings of a stored result that ask for words."""
    return [each for each in result.get("findings", []) if each["severity"] == ASK]


def explained(result: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """A stored result with the appraiser's words on its findings, by their names; earlier words are gone."""
    findings = [
        {**each, "explanation": words.get(each["name"], "").strip()}
        for each in result.get("findings", [])
    ]
    return {**result, "findings": findings}


def unexplained(result: Mapping[str, Any]) -> list[StoredFinding]:
    """The findings that ask for words and have none."""
    return [each for each in asked(result) if not each.get("explanation")]
