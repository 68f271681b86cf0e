"""How figures, days and short texts are written: what JSON and a plain sheet have, nothing else Python reads."""

import math
import re
import unicodedata
from datetime import date
from decimal import Decimal
from typing import Final, cast

__all__ = ["MOST_SOURCE", "is_plain_text", "read_day", "read_number"]

MOST_SOURCE: Final = 300
"""Characters that say where a price comes from: the title of a bulletin with its address."""

_NUMBER: Final = re.compile(r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

UNSEEN: Final = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
"""Kinds of characters that break a line, turn it around or cannot be printed."""


def read_number(raw: object) -> float:
    """A finite number, or ValueError; as text only plain digits, without gaps or underscores."""
    if not _is_number(raw):
        raise ValueError
    try:
        number = float(cast("float", raw))
    except OverflowError:
        raise ValueError from None
    if not math.isfinite(number):
        raise ValueError
    return number


def _is_number(raw: object) -> bool:
    if isinstance(raw, str):
        return _NUMBER.fullmatch(raw) is not None
    return isinstance(raw, int | float | Decimal) and not isinstance(raw, bool)


def read_day(raw: object) -> date:
    """A day written as 2024-01-02, or ValueError: no weeks, no days without hyphens, no whole numbers."""
    if isinstance(raw, date):
        return raw
    if not isinstance(raw, str) or _ISO_DAY.fullmatch(raw) is None:
        raise ValueError
    return date.fromisoformat(raw)


def is_plain_text(raw: object, most: int) -> bool:
    """Whether it is a text of one line, at most so long, in which every character can be seen."""
    if not isinstance(raw, str) or len(raw) > most:
        return False
    return not any(unicodedata.category(each) in UNSEEN for each in raw)
