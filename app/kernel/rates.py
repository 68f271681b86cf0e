"""Yearly rates and ratios as whole parts per million: 4.35 % is 43,500 ppm."""

import re
from typing import Final

PPM: Final = 1_000_000

_FRACTION_TEXT: Final = re.compile(r"(-?)([0-9]{1,3})(?:\.([0-9]{1,6}))?")


def parse_fraction(text: str) -> int:
    """Read "0.0435" as 43,500 ppm; ValueError for percent signs, exponents, a seventh decimal."""
    match = _FRACTION_TEXT.fullmatch(text)
    if match is None:
        raise ValueError(f"Not a fraction with at most six decimals: {text[:40]!r}.")
    sign, whole, decimals = match.groups()
    ppm = int(whole) * PPM + int((decimals or "").ljust(6, "0"))
    return -ppm if sign else ppm


def format_fraction(ppm: int) -> str:
    """The shortest exact fraction with a decimal: 43,500 ppm is "0.0435", a million is "1.0"."""
    return _exact(ppm, places=6, at_least=1)


def format_percent(ppm: int) -> str:
    """The rate in percent with at least two decimals and no loss: 43,500 ppm is "4.35"."""
    return _exact(ppm, places=4, at_least=2)


def _exact(ppm: int, *, places: int, at_least: int) -> str:
    whole, rest = divmod(abs(ppm), 10**places)
    decimals = f"{rest:0{places}d}".rstrip("0").ljust(at_least, "0")
    return f"{'-' if ppm < 0 else ''}{whole}.{decimals}"
