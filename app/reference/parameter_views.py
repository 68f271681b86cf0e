"""Parameters as tables to take away."""

from collections.abc import Sequence
from datetime import date
from decimal import Decimal

from flask_babel import gettext

from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Value
from app.kernel.units import unit_name
from app.reference.browsing import every_parameter
from app.reference.domain import AREA_TITLES, STATUS_TITLES
from app.reference.parameters import ParameterView
from app.web.shell import said, words


def parameters_table(rows: Sequence[ParameterView], day: date) -> ExportTable:
    """One line a figure: a table has one for each of its cells."""
    text = (
        gettext("Id"),
        gettext("Parameter"),
        gettext("Subject area"),
        gettext("Row"),
        gettext("Column"),
    )
    after = (gettext("Unit"), gettext("Counts from"), gettext("Status"))
    last = (gettext("Basis of the figure"), gettext("Source"))
    return ExportTable(
        title=gettext("Parameters"),
        facts=[(gettext("Day"), day.isoformat())],
        columns=[
            *(ExportColumn(title=title) for title in text),
            ExportColumn(title=gettext("Value"), kind=ColumnKind.NUMBER),
            *(ExportColumn(title=title) for title in (*after, *last)),
        ],
        rows=[line for row in rows for line in _lines(row)],
    )


def _lines(row: ParameterView) -> list[list[Value]]:
    """The figures of one parameter."""
    known = every_parameter()[row.id]
    if row.rows is None:
        return [_line(row, "", "", row.value, row.unit)]
    return [
        _line(row, words(known.rows[name]), words(known.columns[column].title), cell, unit)
        for name, cells in row.rows.items()
        for column, cell in cells.items()
        for unit in (known.columns[column].unit,)
    ]


def _line(row: ParameterView, name: str, column: str, value: str | None, unit: str) -> list[Value]:
    known = every_parameter()[row.id]
    return [
        row.id,
        words(known.title),
        gettext(AREA_TITLES.get(row.area, row.area)),
        name,
        column,
        None if value is None else Decimal(value),
        words(unit_name(unit)),
        row.since.isoformat(),
        gettext(STATUS_TITLES.get(row.status, row.status)),
        said(row.reference),
        said(row.source),
    ]
