"""Words in both languages of the service, as a model and a parameter file carry them."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

__all__ = ["Text", "figure", "plain", "with_facts"]

PLACE: Final = re.compile(r"%(?:\((\w+)\)(?:\.(\d+))?([sdfgp])|%)")
"""A place of a wording that a fact fills, or a percent sign."""

MONEY_DECIMALS: Final = 2
"""Up to so many decimals, as of money, are told whole; more are told without the zeros at their end."""

MOST_DECIMALS: Final = 12

SHARE_DIGITS: Final = 4
"""Digits that count of a share in per cent."""


def plain(number: float, digits: int = 6) -> str:
    """A number as people read it: 8,990,000 or 0.05, never 8.99e+06.

    What lies behind the point is cut to so many digits that count, what lies before it never is.
    """
    if not math.isfinite(number) or number == 0.0:
        return f"{number:g}"
    before = math.floor(math.log10(abs(number))) + 1
    return _trimmed(f"{number:,.{min(MOST_DECIMALS, max(0, digits - before))}f}")


def figure(number: float, decimals: int) -> str:
    """A number with thousands separators and so many decimals; shares without zeros at their end."""
    told = f"{number:,.{decimals}f}"
    if decimals > MONEY_DECIMALS:
        told = _trimmed(told)
        if told == "0":
            return plain(number, 2)
    return told.removeprefix("-") if not told.strip("-0.") else told


def _trimmed(told: str) -> str:
    return told.rstrip("0").rstrip(".") if "." in told else told


def with_facts(words: str, facts: Mapping[str, object]) -> str:
    """A wording with its places filled: `.2f`, `.4g`, `d` (counts and calendar years), `p` or `s`.

    `p` tells a share of one in per cent, with its sign.

    Raises KeyError for a place without a fact.
    """

    def told(place: re.Match[str]) -> str:
        name, digits, kind = place.groups()
        if name is None:
            return "%"
        fact = facts[name]
        if not isinstance(fact, int | float) or kind == "s":
            return str(fact)
        if kind == "d":
            return str(int(fact))
        if kind == "p":
            return f"{plain(100.0 * fact, SHARE_DIGITS)}%"
        return plain(fact, int(digits)) if kind == "g" else figure(fact, int(digits or 0))

    return PLACE.sub(told, words)


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One wording in English and in Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The wording for `en`, `zh` or a locale name that begins with one of them."""
        return self.zh if language.lower().startswith("zh") else self.en

    def filled(self, facts: dict[str, object]) -> "Text":
        """The wording with its %(name)s places filled from facts."""
        return Text(en=with_facts(self.en, facts), zh=with_facts(self.zh, facts)) if facts else self

    def about(self, **words: "Text") -> "Text":
        """The wording with some of its %(name)s places taken by words of the same language."""
        en, zh = self.en, self.zh
        for name, told in words.items():
            en = en.replace(f"%({name})s", told.en.replace("%", "%%"))
            zh = zh.replace(f"%({name})s", told.zh.replace("%", "%%"))
        return Text(en=en, zh=zh)

    @property
    def complete(self) -> bool:
        return bool(self.en.strip()) and bool(self.zh.strip())
