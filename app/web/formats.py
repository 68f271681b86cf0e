"""Figures and days as people read them.

The helpers are pure: they take the locale and round half-up once, by Decimal. `install` makes
Jinja filters of them that ask for the reader's locale at every call. Each filter is marked as
depending on the context, because Jinja otherwise computes a filter of a constant once and freezes
the page in the language of its first reader.

A missing figure is "—", never zero; zero is 0.00. A ratio is a Decimal (0.719) or an int of ppm
(719000); floats are refused. 万 and 亿 are other factors than m and bn, so the same cell carries
other digits in each language, and nothing but these helpers scales money.
"""

from collections.abc import Callable
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import wraps
from typing import Final, Literal

from flask import Flask
from flask_babel import get_locale
from jinja2 import pass_context
from jinja2.runtime import Context

from app.kernel.clock import CIVIL_ZONE
from app.kernel.units import unit_name

Language = Literal["zh", "en"]
Place = Literal["yuan", "wan", "yi"]
Figure = int | Decimal

MISSING: Final = "—"
PPM_POWER: Final = 6
FEN_POWER: Final[dict[Place, dict[Language, int]]] = {
    "yuan": {"zh": 2, "en": 2},
    "wan": {"zh": 6, "en": 8},
    "yi": {"zh": 10, "en": 11},
}
"""How many places the decimal point of an amount in fen moves to the left."""
_TEN_THOUSAND_YUAN_FEN: Final = 10**6
MONEY_UNITS: Final[dict[Place, dict[Language, str]]] = {
    "yuan": {"zh": "元", "en": "CNY"},
    "wan": {"zh": "万元", "en": "CNY million"},
    "yi": {"zh": "亿元", "en": "CNY billion"},
}
POINTS: Final[dict[Language, str]] = {"zh": "个百分点", "en": "pp"}
MU_PER_HECTARE: Final = 15
MONTHS_EN: Final = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()  # noqa: SIM905 - reads as a row.
ARROWS: Final = {1: "↗", 0: "→", -1: "↘"}


def language_of(locale: str) -> Language:
    """Tell which of the two languages a locale such as "zh_CN" or "zh_Hans_CN" asks for."""
    return "zh" if locale.lower().startswith("zh") else "en"


def dash(value: object) -> str:
    """Show what is missing as a dash, anything else as it is."""
    return MISSING if value is None or value == "" else str(value)


def number(value: Figure | None, places: int | None = None) -> str:
    """Group the digits; with `places`, round half-up and fill with zeros."""
    if value is None:
        return MISSING
    figure = _exact(value)
    return _grouped(figure if places is None else _rounded(figure, places))


def plain(value: Figure | None, places: int) -> str | None:
    """Round half-up without grouping: for charts and input fields, where a program reads it."""
    return None if value is None else f"{_rounded(_exact(value), places):f}"


def money(fen: int | None, place: Place, *, locale: str) -> str:
    """Show an amount at the scale of a place: full yuan, 万元 or CNY million, 亿元 or CNY billion."""
    return number(_scaled(fen, place, locale), 2)


def money_yuan(fen: int | None) -> str:
    """Show full yuan, as contracts, schedules and notices do; alike in both languages."""
    return money(fen, "yuan", locale="en")


def money_wan(fen: int | None, *, locale: str) -> str:
    """Show 万元 or CNY million: loans and collateral."""
    return money(fen, "wan", locale=locale)


def money_short(fen: int | None, *, locale: str) -> str:
    """Show 万元 or CNY million, and below ten thousand yuan those with their unit, so that none looks like nothing."""
    if fen and abs(fen) < _TEN_THOUSAND_YUAN_FEN:
        return money_with_unit(fen, "yuan", locale=locale)
    return money_wan(fen, locale=locale)


def money_yi(fen: int | None, *, locale: str) -> str:
    """Show 亿元 or CNY billion: totals of a city, a province, a bank."""
    return money(fen, "yi", locale=locale)


def money_unit(place: Place, *, locale: str) -> str:
    """Name the unit that belongs to the figures of a place."""
    return MONEY_UNITS[place][language_of(locale)]


def money_with_unit(fen: int | None, place: Place, *, locale: str) -> str:
    """Show an amount in a sentence, with its unit where the language puts it."""
    if fen is None:
        return MISSING
    figure, unit = money(fen, place, locale=locale), money_unit(place, locale=locale)
    if language_of(locale) == "zh":
        return f"{figure} {unit}"
    currency, _, scale = unit.partition(" ")
    return f"{currency} {figure} {scale}".rstrip()


def money_plot(fen: int | None, place: Place, *, locale: str) -> str | None:
    """Scale an amount for the data block of a chart; None stays a gap."""
    return plain(_scaled(fen, place, locale), 2)


def money_signed(fen: int | None, place: Place, *, locale: str) -> str:
    """Show a change of an amount with its sign."""
    return _signed(_scaled(fen, place, locale), 2, "")


def percent(ratio: Figure | None, places: int = 1) -> str:
    """Show a ratio in percent: Decimal 0.719 or 719000 ppm is 71.9%."""
    return MISSING if ratio is None else f"{number(_ratio(ratio).scaleb(2), places)}%"


def ppm_percent(ppm: int | None, places: int = 2) -> str:
    """Show a rate in ppm: 43500 is 4.35%."""
    return percent(ppm, places)


def percent_signed(ratio: Figure | None, places: int = 1) -> str:
    """Show a growth with its sign: +21.4%."""
    return _signed(None if ratio is None else _ratio(ratio).scaleb(2), places, "%")


def percent_plot(ratio: Figure | None, places: int = 2) -> str | None:
    """Scale a ratio to percent for the data block of a chart; None stays a gap."""
    return None if ratio is None else plain(_ratio(ratio).scaleb(2), places)


def pp(change: Figure | None, places: int = 1, *, locale: str) -> str:
    """Show a change between two ratios in percentage points, never in percent."""
    points = None if change is None else _ratio(change).scaleb(2)
    space = "" if language_of(locale) == "zh" else " "
    return _signed(points, places, space + POINTS[language_of(locale)])


def bp(change: Figure | None) -> str:
    """Show a change between two rates in basis points: -2500 ppm is -25 BP."""
    return _signed(None if change is None else _ratio(change).scaleb(4), 0, " BP")


def delta(ratio: Figure | None, places: int = 1) -> str:
    """Show a growth with arrow and sign: ↗ +21.4%. Whether that is good is for the page to say."""
    return _with_arrow(percent_signed(ratio, places))


def delta_pp(change: Figure | None, places: int = 1, *, locale: str) -> str:
    """Show a change of a ratio with arrow and sign: ↘ -0.10 pp."""
    return _with_arrow(pp(change, places, locale=locale))


def area_mu(mu: Figure | None, places: int = 1) -> str:
    """Show an area in mu, without its unit."""
    return number(mu, places)


def area_long(mu: Figure | None, places: int = 1, *, locale: str) -> str:
    """Show an area in mu with hectares second: 386.5 亩（25.77 公顷）."""
    if mu is None:
        return MISSING
    hectares = number(_exact(mu) / MU_PER_HECTARE, 2)
    if language_of(locale) == "zh":
        return f"{number(mu, places)} 亩（{hectares} 公顷）"
    return f"{number(mu, places)} mu ({hectares} ha)"


def day(value: date | None) -> str:
    """Show a day in tables and forms: 2026-11-20."""
    return MISSING if value is None else _civil(value).isoformat()


def day_long(value: date | None, *, locale: str) -> str:
    """Show a day in prose and documents: 2026年11月20日, 20 Nov 2026."""
    if value is None:
        return MISSING
    civil = _civil(value)
    if language_of(locale) == "zh":
        return f"{civil.year}年{civil.month}月{civil.day}日"
    return f"{civil.day} {MONTHS_EN[civil.month - 1]} {civil.year}"


def instant(value: datetime | None, *, seconds: bool = False) -> str:
    """Show an aware instant as the clock in China showed it: 2026-11-20 18:00."""
    if value is None:
        return MISSING
    if value.tzinfo is None:
        raise TypeError("an instant without a time zone cannot be shown")
    local = value.astimezone(CIVIL_ZONE)
    return local.strftime("%Y-%m-%d %H:%M:%S" if seconds else "%Y-%m-%d %H:%M")


def _exact(value: Figure) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise TypeError(f"a figure is an int or a Decimal, not {type(value).__name__}")
    return Decimal(value)


def _ratio(value: Figure) -> Decimal:
    exact = _exact(value)
    return exact.scaleb(-PPM_POWER) if isinstance(value, int) else exact


def _scaled(fen: int | None, place: Place, locale: str) -> Decimal | None:
    if fen is None:
        return None
    if type(fen) is not int:
        raise TypeError(f"an amount is whole fen, not {type(fen).__name__}")
    return Decimal(fen).scaleb(-FEN_POWER[place][language_of(locale)])


def _rounded(figure: Decimal, places: int) -> Decimal:
    rounded = figure.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
    return abs(rounded) if rounded.is_zero() else rounded  # No reader expects "-0.00".


def _grouped(figure: Decimal) -> str:
    return f"{figure:,f}"


def unit_title(unit: str, *, locale: str) -> str:
    """Name a unit of measure; one that is not listed stays as it was written."""
    return unit_name(unit).in_language(language_of(locale))


def _signed(figure: Decimal | None, places: int, unit: str) -> str:
    if figure is None:
        return MISSING
    rounded = _rounded(figure, places)
    return f"{'+' if rounded > 0 else ''}{_grouped(rounded)}{unit}"


def _with_arrow(text: str) -> str:
    if text == MISSING:
        return text
    direction = {"+": 1, "-": -1}.get(text[0], 0)
    return f"{ARROWS[direction]} {text}"


def _civil(value: date) -> date:
    if isinstance(value, datetime):
        raise TypeError("an instant is not a day: show it by `instant`")
    return value


def current_locale() -> str:
    """Name the locale of the request; English outside of one."""
    return str(get_locale() or "en")


def _alike(helper: Callable[..., object]) -> Callable[..., object]:
    @pass_context
    @wraps(helper)
    def render(_context: Context, *args: object, **kwargs: object) -> object:
        return helper(*args, **kwargs)

    return render


def _by_locale(helper: Callable[..., object]) -> Callable[..., object]:
    @pass_context
    @wraps(helper)
    def render(_context: Context, *args: object, **kwargs: object) -> object:
        return helper(*args, locale=current_locale(), **kwargs)

    return render


ALIKE: Final[tuple[Callable[..., object], ...]] = (
    *(dash, number, plain, money_yuan, area_mu, day, instant),
    *(percent, ppm_percent, percent_signed, percent_plot, bp, delta),
)
BY_LOCALE: Final[tuple[Callable[..., object], ...]] = (
    *(
        money,
        money_wan,
        money_short,
        money_yi,
        money_unit,
        money_with_unit,
        money_plot,
        money_signed,
    ),
    *(pp, delta_pp, area_long, day_long, unit_title),
)


def install(app: Flask) -> None:
    """Register every helper as a filter of its own name, and `money_unit` as a function too."""
    filters = {helper.__name__: _alike(helper) for helper in ALIKE}
    filters |= {helper.__name__: _by_locale(helper) for helper in BY_LOCALE}
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals["money_unit"] = filters["money_unit"]
