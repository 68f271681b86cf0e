"""What a workbook of a model looks like: its sheets, its columns, and its limits."""

import re
from typing import Final

from risk_models.contract import Field, ModelSpec
from risk_models.words import Text

REF: Final = "ref"
YEAR: Final = "year"
VALUE: Final = "value"

TITLE_ROW: Final = 1
NAME_ROW: Final = 2
UNIT_ROW: Final = 3
EXAMPLE_ROW: Final = 4
FIRST_ROW: Final = 4
"""The example stands where the first row goes: it is written over or deleted."""

EXAMPLE_REF: Final = "EXAMPLE"
"""The reference of the example row; a row that still carries it is refused."""

MAX_IMPORT_ROWS: Final = 10_000
"""All assets of a prefecture; valued in one call, they take seconds."""

MAX_SERIES_ROWS: Final = 100_000
"""Ten years for each of as many assets as one workbook holds."""

MAX_STORED_ROWS: Final = 150
"""Appraisals stored by one request: valued before its transaction, they are written in less than half a second."""

MAX_REF_CHARACTERS: Final = 60
"""A number of ours has eleven characters, a parcel code of a registry up to forty."""

MAX_SHEET_CHARACTERS: Final = 31
"""Of the name of a sheet, by the format."""

_LEADING_ON: Final = frozenset(
    {"a", "an", "and", "at", "by", "for", "from", "in", "of", "on", "or", "the", "to", "with"}
)
"""Words that no name ends with."""

_NOT_IN_NAMES: Final = re.compile(r"[\[\]:*?/\\]")

REF_TITLE: Final = Text(en="Reference", zh="编号")
REF_HELP: Final = Text(
    en="The number of the appraisal, or for a what-if value any name of the asset; each once.",
    zh="评估委托编号；试算时可填任意资产名称，每行不得重复。",
)
YEAR_TITLE: Final = Text(en="No. in the series", zh="序号")
YEAR_HELP: Final = Text(
    en="1 is the first figure, of yearly figures the first year; they follow each other without a gap.",
    zh="1为第一项（逐年数列为第一年），依次连续填写。",
)
VALUE_TITLE: Final = Text(en="Value", zh="数值")
LISTS: Final = Text(en="Lists", zh="选项")
"""The last sheet: what the choices may be."""


def sheet_names(spec: ModelSpec, language: str) -> dict[str, str]:
    """What the sheets are called in a language, by the id of the model and the names of its series.

    A title that another sheet bears already gives way to the name.
    """
    titles = {spec.id: spec.title} | {each.name: each.title for each in series_of(spec)}
    taken = {LISTS.in_language(language).lower()}
    found: dict[str, str] = {}
    for name, title in titles.items():
        told = _sheet_name(title.in_language(language))
        found[name] = name[:MAX_SHEET_CHARACTERS] if told.lower() in taken else told
        taken.add(found[name].lower())
    return found


def known_sheet_names(spec: ModelSpec, name: str) -> tuple[str, ...]:
    """All that a sheet may be called in a workbook that is read: its title in both languages, its name."""
    titles = [sheet_names(spec, language)[name] for language in ("zh", "en")]
    return (*titles, name[:MAX_SHEET_CHARACTERS])


def _sheet_name(title: str) -> str:
    """A title as a sheet may bear it: without signs that addresses of cells have, cut between words."""
    plain = _NOT_IN_NAMES.sub(" ", title)
    if len(plain) <= MAX_SHEET_CHARACTERS:
        return plain
    whole_words = plain[: MAX_SHEET_CHARACTERS + 1].split(" ")[:-1]
    while whole_words and whole_words[-1].lower() in _LEADING_ON:
        whole_words.pop()
    return " ".join(whole_words) or plain[:MAX_SHEET_CHARACTERS]


def columns_of(spec: ModelSpec) -> tuple[Field, ...]:
    """The fields that have a column in the first sheet."""
    return tuple(field for field in spec.fields if field.kind != "series")


def series_of(spec: ModelSpec) -> tuple[Field, ...]:
    """The fields that have a sheet of their own, one row a year."""
    return tuple(field for field in spec.fields if field.kind == "series")
