"""Units as people read them, in both languages, for pages and documents."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from app.kernel.actor import Name
from risk_models.units import unit_words

RATIO: Final = "ratio"
"""A share of one; people read it in per cent."""


def unit_name(unit: str) -> Name:
    """A unit in both languages; one of unknown parts stays as it was written."""
    words = unit_words(unit)
    return Name(zh=words.zh, en=words.en)


def facts_named(facts: Mapping[str, object], language: str) -> dict[str, object]:
    """Facts of a message, the unit among them as a language calls it."""
    unit = facts.get("unit")
    if not isinstance(unit, str):
        return dict(facts)
    return {**facts, "unit": unit_name(unit).in_language(language)}


CALENDAR_YEARS: Final = range(1900, 2201)


def bound(end: float | None, unit: str) -> str:
    """An end of a range in digits: 100,000,000 and not 1e+08, a calendar year without separators."""
    if end is None:
        return ""
    if unit == "year" and end in CALENDAR_YEARS:
        return f"{end:.0f}"
    return f"{end:,.6f}".rstrip("0").rstrip(".")


def span(low: float | None, high: float | None, unit: str, *, above: bool) -> str:
    """A range in digits, 0 – 0.5; with `above` its low end is not in it, > 0 – 0.5. Empty without ends."""
    ends = f"{bound(low, unit)} – {bound(high, unit)}".strip(" –")
    return f"> {ends}" if above and low is not None else ends


def per_cent(share: Decimal | float | str) -> str:
    """A share of one in per cent, with no more digits than it has: 0.075 is 7.5."""
    return f"{(Decimal(str(share)) * 100).normalize():f}"
