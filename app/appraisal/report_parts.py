"""Pieces that the sections and annexes of the appraisal report share: labels, columns, figures and units."""

from decimal import Decimal
from typing import Final

from app.appraisal.domain.catalogue import names_in
from app.appraisal.report_views import Figure
from app.documents.pdf import Cell, Column, Heading, Row, Words
from app.documents.pdf_blocks import Align
from app.documents.wording import BLANK
from app.kernel.units import CALENDAR_YEARS, RATIO, per_cent, unit_name

COUNTED: Final = frozenset({"year", "month", "day"})
"""Units whose English word takes an s beside any figure but one."""

SHORT_WORDS: Final = 12
"""So many characters, as of a choice, stand as the figures of their column do."""

LISTED_FIGURES: Final = 4
"""So many of a row of numbers are printed; the rest are counted."""


def figure(value: Figure) -> str:
    """A number as a table prints it: separators, six significant digits below a thousand."""
    if isinstance(value, str):
        return value
    if isinstance(value, int | float):
        value += 0.0  # The negative zero of a product is printed as zero.
        return f"{value:,.2f}" if abs(value) >= 1000 else f"{value:.6g}"
    shown = ", ".join(figure(each) for each in value[:LISTED_FIGURES])
    return f"{shown}, … ({len(value)})" if len(value) > LISTED_FIGURES else shown


def yuan_figure(yuan: float) -> str:
    """What a year or a sum of them is worth, to the fen."""
    return f"{yuan:z,.2f}"


def input_figure(name: str, value: Figure) -> str:
    """What goes into a step: a figure, or a year without separators."""
    if name in names_in("year") and is_calendar_year(value, "year"):
        return str(value).removesuffix(".0")
    return figure(value)


def both(words: Words) -> str:
    return f"{words.zh} {words.en}".strip()


def below(words: Words) -> Cell:
    return Cell(text=words.zh, note=words.en)


def label(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


def row(zh: str, en: str, value: str, *, note: str = "", strong: bool = False) -> Row:
    return Row(label=label(zh, en), value=value, note=note, strong=strong)


def heading(zh: str, en: str) -> Heading:
    return Heading(words=label(zh, en))


def column(zh: str, en: str, width: float = 1, *, number: bool = False) -> Column:
    return Column(title=label(zh, en), width=width, align="right" if number else "left")


def with_unit(value: Figure | Words, unit: str) -> tuple[str | Cell, Cell]:
    """A figure and its unit in both languages; a share is printed in per cent, words stand alone."""
    if isinstance(value, Words):
        # Sentences are read from the left, also in a column of figures.
        align: Align | None = "left" if len(value.zh) > SHORT_WORDS else None
        return Cell(text=value.zh, note=value.en, align=align), Cell(text="")
    if unit == RATIO and _is_share(value):
        return per_cent(str(value)), Cell(text="%")
    if is_calendar_year(value, unit):
        return str(value).removesuffix(".0"), Cell(text="")
    shown = grouped_text(value) if isinstance(value, str) and _is_share(value) else figure(value)
    return shown, unit_beside(value, unit)


def grouped_text(digits: str) -> str:
    """Stored digits with separators; other words, as a day, stay as they are."""
    plain = digits.removeprefix("-").replace(".", "", 1)
    return f"{Decimal(digits):,f}" if plain.isdecimal() else digits


def unit_beside(value: Figure, unit: str) -> Cell:
    """The unit of a figure; a calendar day has none."""
    is_day = unit == "day" and isinstance(value, str) and value[4:5] == "-"
    return Cell(text="") if is_day else unit_cell(unit, counted=value != 1)


def is_calendar_year(value: Figure, unit: str) -> bool:
    """Whether a figure names a year and does not count years."""
    plain = str(value).removesuffix(".0")
    return unit == "year" and plain.isdecimal() and int(plain) in CALENDAR_YEARS


def with_unit_name(shown_figure: str, unit: str) -> str:
    """A figure with its unit in Chinese, and behind it in English where that is another word."""
    name = unit_words(unit, counted=shown_figure != "1")
    beside = "" if name.en in {"", name.zh} else f" ({name.en})"
    return f"{shown_figure} {name.zh}".strip() + beside


def unit_words(unit: str, *, counted: bool) -> Words:
    """A unit in both languages; years, months and days are counted in English."""
    name = unit_name(unit)
    return Words(zh=name.zh, en=f"{name.en}s" if counted and unit in COUNTED else name.en)


def _is_share(value: Figure) -> bool:
    return isinstance(value, int | float) or (isinstance(value, str) and value[:1].isdecimal())


def unit_cell(unit: str, *, counted: bool = True) -> Cell:
    name = unit_words(unit, counted=counted)
    return Cell(text=name.zh, note="" if name.en == name.zh else name.en)


def cited(words: Words) -> Cell:
    """Where a formula or a figure comes from, in both languages."""
    return below(words) if words.zh else Cell(text=BLANK)
