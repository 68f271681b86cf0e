"""Figures of the desk's pages as charts and banners read them, in the reader's language."""

from collections.abc import Mapping, Sequence
from typing import Any, Final
from uuid import UUID

from flask_babel import gettext

from app.appraisal.models import Valuation
from app.collateral.domain.cover import moving_ppm
from app.collateral.domain.states import LEVEL_TITLES, Level
from app.desk.asset_page import AssetPage
from app.desk.domain import Task
from app.desk.loan_page import LoanPage, PoolLine
from app.loans.schemas import CLASS_TITLES
from app.web import formats
from app.web.shell import words

LEVEL_TONES: Final[Mapping[Level, str]] = {
    Level.NONE: "grey",
    Level.NORMAL: "green",
    Level.WARNING: "amber",
    Level.TOP_UP: "red",
    Level.DISPOSAL: "red",
    Level.UNPRICED: "red",
}
STATE_TONES: Final[Mapping[str, str]] = {
    "performing": "green",
    "overdue": "red",
    "written-off": "red",
    "signed": "amber",
}
CLASS_TONES: Final[Mapping[str, str]] = {"normal": "green", "special-mention": "amber"}


def ltv_chart(page: LoanPage) -> dict[str, Any] | None:
    """Recognised value and ratio by day, with the lines of the contract; None without history.

    Where nothing is owed there is no ratio. A value holds until the next one: the lines go in steps.
    """
    history = page.collateral.history if page.collateral else ()
    if not history:
        return None
    locale = formats.current_locale()
    ratios = [
        moving_ppm(each, page.loan.ltv_basis) if each.exposure_fen else None for each in history
    ]
    return {
        "step": "end",
        "labels": [each.on.isoformat() for each in history],
        "left": {
            "name": gettext("Recognised value"),
            "unit": formats.money_unit("wan", locale=locale),
            "values": [
                formats.money_plot(each.recognised_fen, "wan", locale=locale) for each in history
            ],
            "texts": [formats.money_wan(each.recognised_fen, locale=locale) for each in history],
        },
        "right": {
            "name": gettext("LTV"),
            "unit": "%",
            "values": [formats.percent_plot(ratio) for ratio in ratios],
            "texts": [formats.percent(ratio, 2) for ratio in ratios],
        },
        "lines": _lines(page),
    }


def _lines(page: LoanPage) -> list[dict[str, Any]]:
    lines = (
        (gettext("Early-warning line"), page.loan.warning_ppm, "amber"),
        (gettext("Top-up line"), page.loan.top_up_ppm, "red"),
    )
    return [
        {
            "name": f"{name} {formats.percent(ppm, 0)}",
            "value": formats.percent_plot(ppm),
            "tone": tone,
        }
        for name, ppm, tone in lines
        if ppm is not None
    ]


def parcel_map(page: LoanPage) -> dict[str, Any] | None:
    """The land behind a loan: one shape an asset, all its parcels in it, with its recognised value."""
    if page.collateral is None or not page.collateral.parcels:
        return None
    locale = formats.current_locale()
    shapes: dict[UUID, list[Any]] = {}
    lines: dict[UUID, PoolLine] = {}
    for parcel, line in page.collateral.parcels:
        lines[line.pledge.asset_id] = line
        shapes.setdefault(line.pledge.asset_id, []).extend(_polygons(parcel.geometry))
    return {
        "unit": formats.money_unit("wan", locale=locale),
        "geojson": {
            "type": "FeatureCollection",
            "features": [
                {
                    "type": "Feature",
                    "geometry": {"type": "MultiPolygon", "coordinates": shapes[asset_id]},
                    "properties": {
                        "name": line.pledge.asset_number,
                        "value": formats.money_plot(line.recognised_fen, "wan", locale=locale)
                        or "0",
                        "text": formats.money_wan(line.recognised_fen, locale=locale),
                        "href": f"/assets/{asset_id}",
                    },
                }
                for asset_id, line in lines.items()
            ],
        },
    }


def _polygons(geometry: Mapping[str, Any]) -> list[Any]:
    """The polygons of a parcel, be it of one or of several."""
    coordinates = geometry["coordinates"]
    return list(coordinates) if geometry["type"] == "MultiPolygon" else [coordinates]


def value_chart(page: AssetPage) -> dict[str, Any] | None:
    """Valuations by day; None with fewer than one."""
    history: Sequence[Valuation] = page.history
    if not history:
        return None
    locale = formats.current_locale()
    return {
        "labels": [each.on.isoformat() for each in history],
        "left": {
            "name": gettext("Valuation"),
            "unit": formats.money_unit("wan", locale=locale),
            "values": [
                formats.money_plot(each.value_fen, "wan", locale=locale) for each in history
            ],
            "texts": [formats.money_wan(each.value_fen, locale=locale) for each in history],
        },
        "lines": [],
    }


def chain_chart(page: AssetPage) -> dict[str, Any] | None:
    """Appraised, current, recognised and lendable value as four columns side by side."""
    values = page.values
    if values is None or values.appraised_fen is None:
        return None
    locale = formats.current_locale()
    steps = (
        (gettext("Appraised value"), values.appraised_fen),
        (gettext("Current value"), values.current_fen),
        (gettext("Recognised value"), values.recognised_fen),
        (gettext("Lendable value"), values.lendable_fen),
    )
    return {
        "unit": formats.money_unit("wan", locale=locale),
        "steps": [
            {
                "name": name,
                "value": formats.money_plot(fen or 0, "wan", locale=locale),
                "text": formats.money_wan(fen, locale=locale),
                "total": True,
            }
            for name, fen in steps
        ],
    }


def task_words(task: Task) -> str:
    """What is to be done."""
    return gettext(task.what) % task.facts if task.facts else gettext(task.what)


__all__ = [
    "CLASS_TITLES",
    "CLASS_TONES",
    "LEVEL_TITLES",
    "LEVEL_TONES",
    "STATE_TONES",
    "chain_chart",
    "ltv_chart",
    "moving_ppm",
    "parcel_map",
    "task_words",
    "value_chart",
    "words",
]
