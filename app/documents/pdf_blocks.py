"""The blocks a document is made of: plain values in, nothing of the PDF library."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal

Align = Literal["left", "center", "right"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The same words in both languages; an empty English text is left out."""

    zh: str
    en: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentLayout:
    """What every page of a document carries.

    `party` stands at the right of the header, `confidentiality` in the footer, `notice` in amber
    under the header (the demo world says there that it is invented). `check_url` is the public
    page the QR code opens; `digest_text` the short code a reader can compare there. Without `check_url` it is a
    print for reading: nothing is offered to be verified.
    """

    title_zh: str
    title_en: str
    number: str
    issued_on: date
    check_url: str
    digest_text: str = ""
    party: str = ""
    issuer: str = ""
    notice: Words | None = None
    confidentiality: Words = Words(zh="机密 · 仅供授信使用", en="Confidential")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A labelled value; `strong` sets it in bold, `note` stands small below it."""

    label: Words
    value: str
    note: str = ""
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A first page of its own with the title, the main facts and the QR code."""

    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """A heading; one `before_signatures` is kept on one page with them."""

    words: Words
    level: Literal[1, 2] = 1
    before_signatures: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    words: Words
    strong: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValues:
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """A column: title, alignment, and its share of the width beside the others."""

    title: Words
    align: Align = "left"
    width: float = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """A cell with a small second line, for a code under a name; without `align` it stands as its column."""

    text: str
    note: str = ""
    align: Align | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grid:
    """A table; its head is repeated on each page, its total stands below a green line."""

    columns: Sequence[Column]
    rows: Sequence[Sequence[str | Cell]]
    total: Sequence[str] | None = None
    caption: Words | None = None
    empty: Words = Words(zh="无", en="None")


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A place to sign; name and day stay blank until they are known."""

    role: Words
    name: str = ""
    detail: str = ""
    signed_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signatures:
    """Places to sign side by side; `seal` names the body whose seal is put over them."""

    places: Sequence[Signature]
    seal: Words | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    name: str
    values: Sequence[Decimal]


@dataclass(frozen=True, slots=True, kw_only=True)
class LineChart:
    """A small line chart; each series has one value for each label."""

    title: Words
    labels: Sequence[str]
    series: Sequence[Series]


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """A photograph with its words below; `jpeg` is None where there is nothing to be shown."""

    title: str
    notes: Sequence[str] = ()
    jpeg: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pictures:
    """Photographs, two a row."""

    items: Sequence[Picture]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageBreak:
    """What follows begins on a new page."""


Block = Cover | Heading | Text | KeyValues | Grid | Signatures | LineChart | Pictures | PageBreak
