"""The import template of a model, drawn from its passport alone."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any, Final

import xlsxwriter

from app.appraisal.workbooks.layout import (
    EXAMPLE_REF,
    EXAMPLE_ROW,
    FIRST_ROW,
    LISTS,
    MAX_IMPORT_ROWS,
    NAME_ROW,
    REF,
    REF_HELP,
    REF_TITLE,
    TITLE_ROW,
    UNIT_ROW,
    VALUE,
    VALUE_TITLE,
    YEAR,
    YEAR_HELP,
    YEAR_TITLE,
    columns_of,
    series_of,
    sheet_names,
)
from app.documents.cells import NO, YES
from app.kernel.actor import Name
from app.kernel.catalogue import in_both
from app.kernel.units import span, unit_name
from risk_models.batches import choices_of
from risk_models.conformance import as_asked
from risk_models.contract import Field, ModelSpec
from risk_models.dated import Parameters
from risk_models.words import Text

WIDTH: Final = 18
ASKED_WHEN: Final = Text(en="Only with: {}", zh="仅适用于：{}")
LISTED: Final = Text(en=", ", zh="、")
EMPTY: Final = Text(en="left empty", zh="不填")
LAST_ROW: Final = FIRST_ROW + MAX_IMPORT_ROWS - 1


def template_xlsx(spec: ModelSpec, parameters: Parameters, language: str) -> bytes:
    """The template in a language: titles, names, units, an example; choices as lists, help as notes."""
    out = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    book = xlsxwriter.Workbook(out, options)
    drawing = _Drawing(book, spec, parameters, language)
    drawing.inputs()
    for field in series_of(spec):
        drawing.series(field)
    drawing.lists()
    book.close()
    return out.getvalue()


@dataclass(frozen=True, slots=True)
class _Head:
    title: str
    name: str
    unit: str
    help: str


class _Drawing:
    """One template while it is written."""

    def __init__(self, book: Any, spec: ModelSpec, parameters: Parameters, language: str) -> None:
        self.book = book
        self.spec = spec
        self.language = language
        self.names = sheet_names(spec, language)
        self.choices = _offered(spec, parameters, language)
        self.examples = as_asked(
            spec, {each.name: each.example for each in spec.fields if each.example is not None}
        )
        made = {
            "title": {"bold": True, "bg_color": "#E8F1ED", "text_wrap": True, "valign": "top"},
            "name": {"font_color": "#5C6B66"},
            "unit": {"font_color": "#5C6B66", "bottom": 1},
            "example": {"italic": True, "font_color": "#8A6D1D"},
            "example-day": {"italic": True, "font_color": "#8A6D1D", "num_format": "yyyy-mm-dd"},
            "day": {"num_format": "yyyy-mm-dd"},
            "text": {"num_format": "@"},
        }
        self.formats = {name: book.add_format(form) for name, form in made.items()}

    def inputs(self) -> None:
        """The first sheet: a row an asset."""
        sheet = self._sheet(
            self.names[self.spec.id], [self._ref_head(), *map(self._head, self._columns)]
        )
        sheet.set_column(0, 0, WIDTH, self.formats["text"])
        sheet.write_string(EXAMPLE_ROW - 1, 0, EXAMPLE_REF, self.formats["example"])
        for column, field in enumerate(self._columns, start=1):
            self._example(sheet, column, field)
            self._validate(sheet, column, field)
            if field.kind == "date":
                sheet.set_column(column, column, WIDTH, self.formats["day"])

    def series(self, field: Field) -> None:
        """A sheet of one series: a row an asset and year."""
        heads = [
            self._ref_head(),
            _Head(self._word(YEAR_TITLE), YEAR, "", self._word(YEAR_HELP)),
            _Head(self._word(VALUE_TITLE), VALUE, self._unit(field.unit), self._help(field)),
        ]
        sheet = self._sheet(self.names[field.name], heads)
        given = self.examples.get(field.name)
        for year, value in enumerate(given if isinstance(given, tuple) else (), start=1):
            row = EXAMPLE_ROW - 2 + year
            sheet.write_string(row, 0, EXAMPLE_REF, self.formats["example"])
            sheet.write_number(row, 1, year, self.formats["example"])
            sheet.write_number(row, 2, value, self.formats["example"])

    def lists(self) -> None:
        """What the choices may be; the first sheet's cells are validated against these columns."""
        sheet = self.book.add_worksheet(self._word(LISTS))
        for column, (name, offered) in enumerate(self.choices.items()):
            sheet.set_column(column, column, WIDTH)
            sheet.write_string(0, column, name, self.formats["title"])
            for row, word in enumerate(offered.values(), start=1):
                sheet.write_string(row, column, word)
        sheet.freeze_panes(1, 0)

    @property
    def _columns(self) -> tuple[Field, ...]:
        return columns_of(self.spec)

    def _sheet(self, name: str, heads: Sequence[_Head]) -> Any:
        sheet = self.book.add_worksheet(name)
        sheet.set_column(0, max(len(heads) - 1, 0), WIDTH)
        for column, head in enumerate(heads):
            sheet.write_string(TITLE_ROW - 1, column, head.title, self.formats["title"])
            sheet.write_string(NAME_ROW - 1, column, head.name, self.formats["name"])
            sheet.write_string(UNIT_ROW - 1, column, head.unit, self.formats["unit"])
            if head.help:
                sheet.write_comment(TITLE_ROW - 1, column, head.help, {"x_scale": 2})
        sheet.freeze_panes(UNIT_ROW, 1)
        return sheet

    def _ref_head(self) -> _Head:
        return _Head(self._word(REF_TITLE), REF, "", self._word(REF_HELP))

    def _head(self, field: Field) -> _Head:
        unit = "" if field.kind in {"choice", "flag", "date"} else self._unit(field.unit)
        return _Head(self._word(field.title), field.name, unit, self._help(field))

    def _help(self, field: Field) -> str:
        ends = span(field.low, field.high, field.unit, above=field.low_open)
        reference = in_both(field.reference).in_language(self.language)
        parts = (self._word(field.help), self._when(field), ends, reference)
        return "\n".join(part for part in parts if part)

    def _when(self, field: Field) -> str:
        """Beside which answers the input is asked for, in the words of the lists."""
        told = [self._condition(*condition) for condition in field.asked_when]
        return self._word(ASKED_WHEN).format("; ".join(told)) if told else ""

    def _condition(self, name: str, levels: Collection[str]) -> str:
        offered = self.choices[name]
        words = [word for level, word in offered.items() if level in levels]
        words += [self._word(EMPTY)] if "" in levels else []
        return f"{self._word(self.spec.field(name).title)}: {self._word(LISTED).join(words)}"

    def _example(self, sheet: Any, column: int, field: Field) -> None:
        """What the other answers of the example ask for; a copied row is one that is valued."""
        given, row = self.examples.get(field.name), EXAMPLE_ROW - 1
        if field.kind == "date" and isinstance(given, str):
            day = date.fromisoformat(given)
            sheet.write_datetime(row, column, day, self.formats["example-day"])
        elif isinstance(given, bool):
            answer = self._word(YES if given else NO)
            sheet.write_string(row, column, answer, self.formats["example"])
        elif field.kind == "choice" and isinstance(given, str):
            word = self.choices[field.name].get(given, given)
            sheet.write_string(row, column, word, self.formats["example"])
        elif isinstance(given, int | float):
            sheet.write_number(row, column, given, self.formats["example"])

    def _validate(self, sheet: Any, column: int, field: Field) -> None:
        offered = self.choices.get(field.name)
        if not offered:
            return
        at = list(self.choices).index(field.name)
        letter = xlsxwriter.utility.xl_col_to_name(at)
        source = f"='{self._word(LISTS)}'!${letter}$2:${letter}${len(offered) + 1}"
        rule = {"validate": "list", "source": source}
        sheet.data_validation(FIRST_ROW - 1, column, LAST_ROW - 1, column, rule)

    def _word(self, words: Text | Name) -> str:
        return words.in_language(self.language)

    def _unit(self, unit: str) -> str:
        return unit_name(unit).in_language(self.language)


def _offered(
    spec: ModelSpec, parameters: Parameters, language: str
) -> Mapping[str, Mapping[str, str]]:
    """The word of each answer of choices and flags: titles in the language, codes where titles repeat."""
    offered: dict[str, Mapping[str, str]] = {}
    for field in columns_of(spec):
        if field.kind == "flag":
            offered[field.name] = {word.en: word.in_language(language) for word in (YES, NO)}
        elif field.kind == "choice":
            choices = choices_of(field, parameters)
            titles = {choice.id: choice.title.in_language(language) for choice in choices}
            once = len(set(titles.values())) == len(titles)
            offered[field.name] = titles if once else {choice.id: choice.id for choice in choices}
    return offered
