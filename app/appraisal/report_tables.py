"""Rows of dated tables as the pages and the report print them: the row a choice named, or a whole small table."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from typing import Any, Final

from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.report_parts import grouped_text, is_calendar_year
from app.documents.pdf_blocks import Words
from app.documents.pdf_text import MAX_CELL_CHARACTERS
from app.kernel.units import RATIO, per_cent, unit_name
from risk_models.dated import Table

FLAG: Final = "flag"
FLAG_HINT: Final = re.compile(r" ?[(（]1[^)）]*[)）]$")
"""What the title of a column of flags says of its figures, as “(1 yes, 0 no)”."""

YES_NO: Final[Mapping[bool, Words]] = {
    True: Words(zh="是", en="yes"),
    False: Words(zh="否", en="no"),
}
TABLE: Final = Words(zh="表，见模型说明", en="table, see the model's page")
"""What stands for a table of which no row was named and that no cell of the report can hold."""


def cell_told(cell: Mapping[str, str], language: str) -> str:
    """One cell with the title of its column: a share in per cent, a flag as yes or no."""
    is_zh = language.startswith("zh")
    title, value, unit = cell["zh" if is_zh else "en"], cell["value"], cell["unit"]
    if unit == FLAG:
        answer = YES_NO[Decimal(value) != 0]
        colon, said = ("：", answer.zh) if is_zh else (": ", answer.en)
        return f"{FLAG_HINT.sub('', title)}{colon}{said}"
    if unit == RATIO:
        return f"{title} {per_cent(value)}%"
    shown = value if is_calendar_year(value, unit) else grouped_text(value)
    return f"{title} {shown} {unit_name(unit).in_language(language)}".strip()


def table_told(parameter: Mapping[str, Any], on: date) -> Words:
    """The row that a choice named in a table of parameters; else all rows of a table that is small."""
    named = parameter.get("cells", ())
    rows = [(parameter["row"], named)] if named else list(_rows(parameter["id"], on))
    told = Words(
        zh="\n".join(
            f"{row['zh']}：{'；'.join(cell_told(each, 'zh') for each in cells)}"
            for row, cells in rows
        ),
        en="\n".join(
            f"{row['en']}: {'; '.join(cell_told(each, 'en') for each in cells)}"
            for row, cells in rows
        ),
    )
    whole = rows and max(len(told.zh), len(told.en)) <= MAX_CELL_CHARACTERS
    return told if named or whole else TABLE


def _rows(parameter_id: str, on: date) -> Iterator[tuple[dict[str, str], list[dict[str, str]]]]:
    parameters = parameters_on(on)
    if parameter_id not in parameters:
        return
    table = parameters[parameter_id]
    if not isinstance(table, Table):
        return
    for row in table:
        title = table.rows[row]
        cells: list[dict[str, str]] = [
            {
                "zh": column.title.zh,
                "en": column.title.en,
                "value": f"{table.decimal(row, name):f}",
                "unit": column.unit,
            }
            for name, column in table.columns.items()
            if table.has(row, name)
        ]
        yield {"zh": title.zh, "en": title.en}, cells
