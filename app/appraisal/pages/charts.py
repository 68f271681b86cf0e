"""How far a value may lie elsewhere and what changed since the last one, as the templates draw and tell it."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from flask_babel import gettext

from app.appraisal.domain.comparing import (
    CHANGE_TITLES,
    TABLE,
    Change,
    ChangeKind,
    Comparison,
    Item,
)
from app.appraisal.domain.valuing import fen_of
from app.appraisal.pages.shown import grouped, in_words, input_shown
from app.appraisal.units import unit_title
from app.kernel.money import Money
from app.kernel.units import RATIO, per_cent
from app.web.formats import Place, current_locale, money, money_plot, money_unit, money_yuan
from app.web.shell import words
from risk_models.contract import ModelSpec

DRAWN_BARS: Final = 10
"""Bars of the picture; the table beside it has them all."""

SMALL_FEN: Final = 1_000_000_00
"""Below a million yuan the figures of a chart are in yuan: in ten thousands bars would look alike."""


def spread_shown(result: Mapping[str, Any]) -> dict[str, Any]:
    """Band, fan and bars of a stored result."""
    return {
        "band": band_shown(result),
        "fan": fan_shown(result),
        "tornado": tornado_shown(result),
    }


def band_shown(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The band of the value with the share of paths beyond each end; None where no price moves it."""
    found = result.get("scenario")
    if not found:
        return None
    tail = float(found["tail"])
    return {
        "paths": f"{found['paths']:,}",
        "seed": found["seed"],
        "low": money_yuan(fen_of(found["low_yuan"])),
        "mid": money_yuan(fen_of(found["mid_yuan"])),
        "high": money_yuan(fen_of(found["high_yuan"])),
        "low_name": f"P{tail * 100:g}",
        "mid_name": "P50",
        "high_name": f"P{(1 - tail) * 100:g}",
        "tail": f"{per_cent(f'{tail:g}')}%",
        "losses": found.get("losses", False),
    }


def fan_shown(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The net cash flow of each year, counted from the valuation day, as a chart; None without a band."""
    band, found = band_shown(result), (result.get("scenario") or {}).get("fan")
    if band is None or not found:
        return None
    lines = {end: [fen_of(each[end]) for each in found] for end in ("low", "mid", "high")}
    place = place_of(*(each for line in lines.values() for each in line))
    return {
        "unit": _unit(place),
        "labels": [str(each["year"]) for each in found],
        **{end: _line(band[f"{end}_name"], line, place) for end, line in lines.items()},
    }


def _line(name: str, amounts: Sequence[int | None], place: Place) -> dict[str, Any]:
    return {
        "name": name,
        "values": [_plot(each, place) for each in amounts],
        "texts": [_text(each, place) for each in amounts],
    }


def tornado_shown(result: Mapping[str, Any]) -> dict[str, Any] | None:
    """The bars as a chart and as rows of a table; None where nothing moves the value."""
    found = result.get("tornado") or []
    rows = [_bar(each) for each in found]
    if not rows:
        return None
    base = Money.parse(result["value_yuan"]).fen
    drawn = [each for each in rows if None not in (each["at_low"], each["at_high"])][:DRAWN_BARS]
    ends = [each[end] for each in drawn for end in ("at_low", "at_high")]
    return {"rows": rows, "chart": _tornado_chart(base, drawn, place_of(base, *ends))}


def _tornado_chart(
    base_fen: int, bars: Sequence[Mapping[str, Any]], place: Place
) -> dict[str, Any]:
    def end(bar: Mapping[str, Any], name: str) -> dict[str, Any]:
        fen = bar[f"at_{name}"]
        return {"value": _plot(fen, place), "text": f"{bar[name]} → {_text(fen, place)}"}

    return {
        "unit": _unit(place),
        "base": {"value": _plot(base_fen, place), "text": _text(base_fen, place)},
        "low_name": gettext("At the lower end"),
        "high_name": gettext("At the upper end"),
        "bars": [
            {"name": bar["title"], "low": end(bar, "low"), "high": end(bar, "high")} for bar in bars
        ],
    }


def _bar(each: Mapping[str, Any]) -> dict[str, Any]:
    low, high = (_end(each[name], each["unit"]) for name in ("low", "high"))
    kinds = {
        "field": gettext("Input"),
        "list": gettext("Input"),
        "price": gettext("Price"),
        "parameter": gettext("Parameter"),
    }
    return {
        "title": in_words(each),
        "kind": kinds.get(each["kind"], each["kind"]),
        "low": low,
        "high": high,
        "unit": "%" if each["unit"] == RATIO else unit_title(each["unit"]),
        "at_low": fen_of(each["value_at_low_yuan"]),
        "at_high": fen_of(each["value_at_high_yuan"]),
    }


def _end(figure: str, unit: str) -> str:
    """An end of what is moved, in six digits: a price times 1.2 is not told to the last binary place."""
    short = f"{float(figure):.6g}"
    return (
        per_cent(short) if unit == RATIO else grouped(f"{float(short):f}".rstrip("0").rstrip("."))
    )


def place_of(*amounts: int | None) -> Place:
    """The scale on which a chart of these amounts still tells them apart."""
    largest = max((abs(each) for each in amounts if each is not None), default=0)
    return "yuan" if largest < SMALL_FEN else "wan"


def _unit(place: Place) -> str:
    return money_unit(place, locale=current_locale())


def _plot(fen: int | None, place: Place) -> str | None:
    return money_plot(fen, place, locale=current_locale())


def _text(fen: int | None, place: Place) -> str:
    return "—" if fen is None else money(fen, place, locale=current_locale())


# ---------------------------------------------------------------------------
# The last appraisal and this one


def comparison_shown(found: Comparison | None, spec: ModelSpec | None) -> dict[str, Any] | None:
    """Both values, the difference, its steps as a chart and as rows."""
    if found is None:
        return None
    changes = [_change(each, spec, found) for each in found.changes]
    steps = [
        (found.then.number, found.then.value_fen, True),
        *((each["title"], each["fen"], False) for each in changes if each["fen"]),
        (found.now.number, found.now.value_fen, True),
    ]
    place = place_of(found.then.value_fen, found.now.value_fen)
    return {
        "then": found.then,
        "now": found.now,
        "difference_fen": found.difference_fen,
        "changes": changes,
        "chart": {
            "unit": _unit(place),
            "steps": [
                {
                    "name": name,
                    "value": _plot(fen, place),
                    "text": _text(fen, place),
                    "total": total,
                }
                for name, fen, total in steps
            ],
        },
    }


def _change(change: Change, spec: ModelSpec | None, found: Comparison) -> dict[str, Any]:
    return {
        "title": gettext(CHANGE_TITLES[change.kind]),
        "fen": change.amount_fen,
        "items": [_item(each, change.kind, spec, found) for each in change.items],
    }


def _item(
    item: Item, kind: ChangeKind, spec: ModelSpec | None, found: Comparison
) -> dict[str, Any]:
    old, new = item.old, item.new
    unit = unit_title(item.unit)
    if kind is ChangeKind.INPUTS and spec is not None:
        field = spec.field(item.name)
        old, new = (
            None if each is None else input_shown(field, each, side.on)
            for each, side in ((old, found.then), (new, found.now))
        )
        unit = "%" if item.unit == RATIO and field.kind == "number" else unit
    elif item.unit == TABLE:
        old, new = (None if each is None else gettext("Table") for each in (old, new))
    elif kind is ChangeKind.PARAMETERS and item.unit == RATIO:
        old, new = (None if each is None else f"{per_cent(each)}%" for each in (old, new))
        unit = ""
    return {
        "title": words(item.title),
        "unit": "" if item.unit in {"1", "day", TABLE} else unit,
        "old": "—" if old is None else old,
        "new": "—" if new is None else new,
        "fen": item.amount_fen,
    }
