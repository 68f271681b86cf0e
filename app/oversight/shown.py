"""Figures of the page of balances as its charts read them."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from flask_babel import gettext

from app.collateral.domain.states import LEVEL_TITLES
from app.kernel.text import N_
from app.loans import schemas as loan_schemas
from app.oversight.dashboard import Dashboard, by_share
from app.oversight.queries import Line
from app.web import formats
from app.web.shell import words

CLASS_TITLES: Final[Mapping[str | None, str]] = {
    **{tier.value: title for tier, title in loan_schemas.CLASS_TITLES.items()},
    None: N_("Not published"),
}


def charts(board: Dashboard) -> dict[str, Any]:
    """Data blocks of the charts, scaled and written in the reader's language."""
    return {
        "months": month_chart(board),
        "categories": category_tree(board),
        "ranked": ranked(board),
    }


def month_chart(board: Dashboard) -> dict[str, Any]:
    """Balances by month as bars, growth year on year as a line; no growth where there is no base."""
    locale = formats.current_locale()
    lines = board.months.lines
    return {
        "labels": [str(line.key.month)[:7] if line.key.month else "" for line in lines],
        "bar": {
            "name": gettext("Green loan balance"),
            "unit": formats.money_unit("yi", locale=locale),
            "values": [
                formats.money_plot(line.figures.balance_fen, "yi", locale=locale) for line in lines
            ],
            "texts": [formats.money_yi(line.figures.balance_fen, locale=locale) for line in lines],
        },
        "line": {
            "name": gettext("Growth year on year"),
            "unit": "%",
            "values": [formats.percent_plot(line.figures.growth_ppm) for line in lines],
            "texts": [_growth_text(line) for line in lines],
        },
    }


def _growth_text(line: Line) -> str | None:
    growth = line.figures.growth_ppm
    return None if growth is None else formats.percent(growth, 2)


def category_tree(board: Dashboard) -> dict[str, Any]:
    """Balances by level 1, and within it by level 2."""
    locale = formats.current_locale()
    return {
        "unit": formats.money_unit("yi", locale=locale),
        "items": [
            {
                **_node(line, locale),
                "children": [
                    _node(item, locale) for item in _items(board, line) if not item.key.merged
                ],
            }
            for line in by_share(board.categories.lines)
            if line.figures.balance_fen
        ],
    }


def _items(board: Dashboard, parent: Line) -> Sequence[Line]:
    return [
        line
        for line in by_share(board.items.lines)
        if line.key.edition == parent.key.edition
        and line.key.category.split(".")[0] == parent.key.category
        and line.figures.balance_fen
    ]


def _node(line: Line, locale: str) -> dict[str, Any]:
    return {
        "name": words(line.category_name),
        "value": formats.money_plot(line.figures.balance_fen, "yi", locale=locale),
        "text": formats.money_yi(line.figures.balance_fen, locale=locale),
    }


def ranked(board: Dashboard) -> list[dict[str, Any]]:
    """Categories of level 1, the largest first, each against the largest."""
    locale = formats.current_locale()
    lines = by_share(board.categories.lines)
    top = max((line.figures.balance_fen for line in lines), default=0)
    return [
        {
            "name": words(line.category_name),
            "value": formats.money_yi(line.figures.balance_fen, locale=locale),
            "delta": formats.percent_signed(line.figures.growth_ppm, 2)
            if line.figures.growth_ppm is not None
            else None,
            "tone": tone(line.figures.growth_ppm),
            "share": line.figures.balance_fen * 1_000_000 // top if top else 0,
        }
        for line in lines
    ]


def tone(growth_ppm: int | None) -> str:
    """A rising green balance is good news."""
    if not growth_ppm:
        return "flat"
    return "good" if growth_ppm > 0 else "bad"


def figure_text(text: str | None, unit: str) -> str:
    """A printed figure in the unit of the page: a hundred million yuan is a tenth of a billion, digit for digit."""
    if text is None:
        return formats.MISSING
    if unit == "percent":
        return f"{text}%"
    locale = formats.current_locale()
    power = formats.FEN_POWER["yi"]["zh"] - formats.FEN_POWER["yi"][formats.language_of(locale)]
    return f"{Decimal(text).scaleb(power)} {formats.money_unit('yi', locale=locale)}"


def switch_links(board: Dashboard) -> list[tuple[str, str]]:
    """The days that the page can speak of, the newest first."""
    days = [str(day) for day in reversed(board.latest.month_ends)]
    return [(day, day[:7]) for day in days]


__all__ = [
    "CLASS_TITLES",
    "LEVEL_TITLES",
    "category_tree",
    "charts",
    "figure_text",
    "month_chart",
    "ranked",
    "switch_links",
    "tone",
]
