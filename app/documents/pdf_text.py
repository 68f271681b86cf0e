"""Text on its way into a PDF: fonts, glyph check, and the one helper that escapes values.

ReportLab reads mark-up in paragraphs, also `<img src="/a/path">`, which would put a file of the
server into the document. So no value reaches a paragraph but through `markup()`.
"""

import threading
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal
from xml.sax.saxutils import escape

from reportlab.lib.colors import Color, HexColor
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont
from reportlab.platypus import Paragraph

from app.documents.pdf_blocks import Align

REGULAR: Final = "NotoSansSC"
BOLD: Final = "NotoSansSC-Bold"
FONT_FOLDER: Final = Path(__file__).resolve().parent.parent / "static" / "vendor"
FONT_FILES: Final = MappingProxyType(
    {REGULAR: "NotoSansSC-Regular.ttf", BOLD: "NotoSansSC-Bold.ttf"}
)

GREEN: Final = HexColor("#0f6b4f")
GREEN_LIGHT: Final = HexColor("#1f8a66")
GREEN_DARK: Final = HexColor("#0c5640")
GREEN_PALE: Final = HexColor("#eef7f3")
INK: Final = HexColor("#17232b")
INK_2: Final = HexColor("#4a5a66")
LINE: Final = HexColor("#e2e8ec")
AMBER: Final = HexColor("#7a4a00")
WHITE: Final = HexColor("#ffffff")

MAX_CHARACTERS: Final = 4_000
"""Of one value: more than a full page; every field of the service is bounded below."""

MAX_CELL_CHARACTERS: Final = 1_200
"""Of one table cell: the longest words a person may write into one, and a row of a page or two."""

MAX_LABEL_CHARACTERS: Final = 80
"""Of a label, a column head, a title or a name: they stand on every page or beside each other."""

CUT: Final = " …（已截断 truncated）"
MISSING: Final = "〓"
"""The printers' mark for a character the fonts lack; its code point follows it."""

_SUBSCRIPTS: Final = "₀₁₂₃₄₅₆₇₈₉"
_SPACES: Final = MappingProxyType({"\n": "\n", "\t": " ", "\r": ""})
_HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn"})

_lock = threading.Lock()
_glyphs: frozenset[int] = frozenset()


class FontsMissing(RuntimeError):  # noqa: N818 - named by what happened, like the refusals
    """The fonts were not copied yet."""


def missing_fonts(folder: Path) -> list[str]:
    """The files of the fonts that are not in a folder."""
    return [name for name in FONT_FILES.values() if not (folder / name).is_file()]


def register_fonts(folder: Path = FONT_FOLDER) -> None:
    """Register both weights once per process; FontsMissing says what to run."""
    global _glyphs  # noqa: PLW0603 - one registration a process, as ReportLab itself keeps it
    with _lock:
        if _glyphs:
            return
        known: list[frozenset[int]] = []
        for name, file_name in FONT_FILES.items():
            font = _load(name, folder / file_name)
            pdfmetrics.registerFont(font)
            known.append(frozenset(font.face.charToGlyph))
        pdfmetrics.registerFontFamily(
            REGULAR, normal=REGULAR, bold=BOLD, italic=REGULAR, boldItalic=BOLD
        )
        _glyphs = frozenset.intersection(*known)


def _load(name: str, path: Path) -> TTFont:
    try:
        return TTFont(name, str(path))
    except (TTFError, OSError) as error:
        raise FontsMissing(
            f"The document font {path.name} is missing: run `python3 dev.py setup`."
        ) from error


def plain(value: str, *, limit: int = MAX_CHARACTERS) -> str:
    """Text that both fonts can print, for places without mark-up; NFC, bounded, nothing hidden."""
    register_fonts()
    text = unicodedata.normalize("NFC", value[: 4 * limit])
    if len(text) > limit:
        text = text[:limit] + CUT
    return "".join(_printable(character) for character in text)


def markup(value: str, *, limit: int = MAX_CHARACTERS) -> str:
    """The one way of a value into a paragraph: printable and escaped; line breaks are kept."""
    text = escape(plain(value, limit=limit))
    for digit, subscript in enumerate(_SUBSCRIPTS):
        text = text.replace(subscript, f'<sub rise="1.6" size="5.6">{digit}</sub>')
    return text.replace("\n", "<br/>")


def _printable(character: str) -> str:
    if character in _SUBSCRIPTS:
        return character
    if character in _SPACES:
        return _SPACES[character]
    if unicodedata.category(character) in _HIDDEN:
        return ""
    if ord(character) in _glyphs:
        return character
    return f"{MISSING}(U+{ord(character):04X})"


def without_subscripts(value: str) -> str:
    """A label for the canvas, which knows no mark-up: subscript figures become plain ones."""
    return plain(value, limit=MAX_LABEL_CHARACTERS).translate(
        {ord(sub): str(i) for i, sub in enumerate(_SUBSCRIPTS)}
    )


# -- Styles -------------------------------------------------------------------------------------


# The library's numbers for alignments; it takes no words here.
_ALIGNMENTS: Final[Mapping[Align, Literal[0, 1, 2]]] = MappingProxyType(
    {"left": 0, "center": 1, "right": 2}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """A kind of text: size, leading, weight and colour."""

    size: float
    leading: float
    color: Color = INK
    bold: bool = False
    before: float = 0
    after: float = 0


BODY: Final = Type(size=9, leading=14.5, after=4)
BODY_EN: Final = Type(size=8, leading=11.5, color=INK_2, after=5)
HEADING_1: Final = Type(size=13, leading=18, color=GREEN, bold=True, before=12, after=5)
HEADING_2: Final = Type(size=10.5, leading=15, color=GREEN_DARK, bold=True, before=8, after=3)
CELL: Final = Type(size=8, leading=11.5)
CELL_BOLD: Final = Type(size=8, leading=11.5, bold=True)
CELL_NOTE: Final = Type(size=6.5, leading=9, color=INK_2)
CELL_HEAD: Final = Type(size=7.5, leading=10, color=WHITE, bold=True)
LABEL: Final = Type(size=7.5, leading=11.5, color=INK_2)
VALUE: Final = Type(size=9, leading=13)
VALUE_BOLD: Final = Type(size=9, leading=13, bold=True)
CAPTION: Final = Type(size=7.5, leading=11, color=INK_2, before=2, after=6)
TITLE: Final = Type(size=19, leading=26, color=GREEN, bold=True)
TITLE_EN: Final = Type(size=11, leading=15, color=INK_2)


def style_of(kind: Type, align: Align = "left") -> ParagraphStyle:
    """The ReportLab style; every one breaks lines the Chinese way."""
    return ParagraphStyle(
        name="",
        fontName=BOLD if kind.bold else REGULAR,
        bulletFontName=REGULAR,
        fontSize=kind.size,
        leading=kind.leading,
        textColor=kind.color,
        spaceBefore=kind.before,
        spaceAfter=kind.after,
        alignment=_ALIGNMENTS[align],
        wordWrap="CJK",
    )


def paragraph(
    *pieces: tuple[str, Type], align: Align = "left", limit: int = MAX_CHARACTERS
) -> Paragraph:
    """A paragraph of escaped pieces; the first sets the style, later ones follow on new lines."""
    first_kind = pieces[0][1]
    parts = [markup(pieces[0][0], limit=limit)]
    for value, kind in pieces[1:]:
        face = BOLD if kind.bold else REGULAR
        color = kind.color.hexval()[2:]
        parts.append(
            f'<font name="{face}" size="{kind.size}" color="#{color}">'
            f"{markup(value, limit=limit)}</font>"
        )
    return Paragraph("<br/>".join(parts), style_of(first_kind, align))
