"""Decimal quantities as scaled whole numbers, and the land units of the field.

Areas, volumes and tonnes that are contracted or registered are kept as whole numbers of
the smallest decimal step, so that sums and comparisons are exact.
"""

import re
from fractions import Fraction
from typing import Final

QUANTITY_PLACES: Final = 4
"""Decimals of a stored quantity: a ten-thousandth of a mu, a cubic metre or a tonne."""

MU_PER_HA: Final = 15
M2_PER_HA: Final = 10_000

_DECIMAL_TEXT: Final = re.compile(r"(-?)([0-9]{1,14})(?:\.([0-9]+))?")


def parse_scaled(text: str, places: int = QUANTITY_PLACES) -> int:
    """Read "12.5" with four places as 125,000; ValueError when a decimal would be lost."""
    match = _DECIMAL_TEXT.fullmatch(text)
    if match is None or len(match[3] or "") > places:
        raise ValueError(f"Not a number with at most {places} decimals: {text[:40]!r}.")
    sign, whole, decimals = match.groups()
    scaled = int(whole + (decimals or "").ljust(places, "0"))
    return -scaled if sign else scaled


def format_scaled(scaled: int, places: int = QUANTITY_PLACES) -> str:
    """The shortest exact text: 125,000 with four places is "12.5"."""
    whole, rest = divmod(abs(scaled), 10**places)
    decimals = f"{rest:0{places}d}".rstrip("0") if places else ""
    text = f"{whole}.{decimals}" if decimals else str(whole)
    return f"-{text}" if scaled < 0 else text


def ha_to_mu(area_ha: Fraction | int) -> Fraction:
    """Area in mu: area_ha * 15."""
    return Fraction(area_ha) * MU_PER_HA


def mu_to_ha(area_mu: Fraction | int) -> Fraction:
    """Area in hectares: area_mu / 15, exact and therefore often without a finite decimal."""
    return Fraction(area_mu) / MU_PER_HA


def m2_to_mu(area_m2: Fraction | int) -> Fraction:
    """Area in mu: area_m2 * 15 / 10000."""
    return Fraction(area_m2) * MU_PER_HA / M2_PER_HA
