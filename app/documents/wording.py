"""Figures and days as documents print them: full yuan, both languages, no scaling."""

from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from app.kernel.rates import format_percent

BLANK: Final = "—"
_MONTHS_EN: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def yuan(amount_fen: int | None) -> str:
    """Amount in yuan with thousands separators and two decimals; a dash when there is none."""
    if amount_fen is None:
        return BLANK
    whole, rest = divmod(abs(amount_fen), 100)
    return f"{'-' if amount_fen < 0 else ''}{whole:,}.{rest:02d}"


def percent(ratio: Decimal | None, places: int = 2) -> str:
    """A ratio as percent, rounded half-up: 0.70089 is "70.09%"."""
    if ratio is None:
        return BLANK
    step = Decimal(1).scaleb(-places)
    return f"{(ratio * 100).quantize(step, ROUND_HALF_UP):,}%"


def rate(rate_ppm: int) -> str:
    """A yearly rate in millionths as percent: 44,500 is "4.45%", 43,525 is "4.3525%"."""
    return f"{format_percent(rate_ppm)}%"


def day_zh(day: date | None) -> str:
    """2024年1月2日."""
    return f"{day.year}年{day.month}月{day.day}日" if day else BLANK


def day_en(day: date | None) -> str:
    """2 January 2024."""
    return f"{day.day} {_MONTHS_EN[day.month - 1]} {day.year}" if day else BLANK


def day(on: date | None) -> str:
    """2024-01-02, as tables carry days."""
    return on.isoformat() if on else BLANK


def both_days(on: date | None) -> str:
    """2024年1月2日 2 January 2024."""
    return f"{day_zh(on)}　{day_en(on)}" if on else BLANK


def percent_ppm(ratio_ppm: int | None) -> str:
    """A ratio in millionths as percent, rounded half-up: 700,925 is "70.09%"."""
    return BLANK if ratio_ppm is None else percent(Decimal(ratio_ppm) / 1_000_000)
