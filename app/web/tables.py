"""Tables that a narrow screen shows as cards: every cell carries the heading of its column."""

import re
from collections.abc import Iterable
from typing import Final

from flask import Flask
from markupsafe import Markup

NARROW_COLUMNS: Final = 2
"""A table of so few columns fits a telephone as it is."""
ROW: Final = re.compile(r"<tr\b.*?</tr>", re.DOTALL)
CELL: Final = re.compile(r"<(t[dh])\b([^>]*)>(.*?)</\1>", re.DOTALL)
COLSPAN: Final = re.compile(r'\bcolspan="(\d+)"')


def labelled(rows: Markup) -> Markup:
    """Name its column on every data cell, for the style sheet; a table of few columns stays as it is.

    `rows` is the inside of one table, its head in `<thead>`; cells that span columns are counted as many.
    """
    head, end, body = str(rows).partition("</thead>")
    titles = [Markup(cell[2]).striptags() for cell in CELL.findall(head)]  # noqa: S704 - the mark-up of the page itself.
    if not end or len(titles) <= NARROW_COLUMNS:
        return rows
    return Markup(head + end + ROW.sub(lambda row: _with_labels(row[0], titles), body))  # noqa: S704 - the same; titles are escaped.


def _with_labels(row: str, titles: Iterable[str]) -> str:
    left = iter(titles)

    def named(cell: re.Match[str]) -> str:
        tag, attributes, inside = cell.groups()
        title = next(left, "")
        spanned = COLSPAN.search(attributes)
        for _more in range(int(spanned[1]) - 1 if spanned else 0):
            next(left, "")
        label = Markup(' data-label="{}"').format(title) if tag == "td" and title else ""
        return f"<{tag}{attributes}{label}>{inside}</{tag}>"

    return CELL.sub(named, row)


def install(app: Flask) -> None:
    """Register the filter that `macros/tables.html` reads every table through."""
    app.jinja_env.filters["labelled"] = labelled
