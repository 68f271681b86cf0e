"""Reading a page as a person sees it: its texts, and its tables with their headings."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

SILENT = {"script", "style", "svg", "template"}
CODE = {"code", "pre", "kbd"}
UNIT_COLUMNS = {"Unit", "单位"}
VOID = {"input", "meta", "link", "br", "hr", "img", "use", "path", "rect", "source", "wbr"}
SPOKEN_ATTRIBUTES = ("placeholder", "aria-label", "title", "alt")


@dataclass(slots=True)
class Cell:
    """A cell with the heading of its column."""

    text: str
    heading: str
    unit_of_card: str
    has_unit_column: bool = False


@dataclass(slots=True)
class Page:
    """What a page says."""

    texts: list[str] = field(default_factory=list)
    attributes: list[str] = field(default_factory=list)
    values: list[str] = field(default_factory=list)
    cells: list[Cell] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)
    """Key figures, with their unit where they have one."""


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.page = Page()
        self.open: list[tuple[str, str]] = []
        self.heads: list[str] = []
        self.column = 0
        self.buffer: list[str] | None = None
        self.unit = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = given.get("class", "")
        if "lang" in given and tag != "html":
            classes += " code"  # Words in the other language, on purpose.
        self.page.attributes += [given[name] for name in SPOKEN_ATTRIBUTES if given.get(name)]
        if "value" in given and given.get("type") not in {"hidden", "checkbox", "radio"}:
            self.page.values.append(given["value"])
        if tag == "section" and "card" in classes.split():
            self.unit = ""
        if tag == "table":
            self.heads = []
        if tag == "tr":
            self.column = 0
        if tag in {"th", "td"} or "kpi-value" in classes or "card-unit" in classes:
            self.buffer = []
        if tag not in VOID:
            self.open.append((tag, classes))

    def handle_data(self, data: str) -> None:
        text = " ".join(data.split())
        if not text or any(tag in SILENT for tag, _classes in self.open):
            return
        if self.buffer is not None:
            self.buffer.append(text)
        coded = any(tag in CODE or "code" in classes.split() for tag, classes in self.open)
        if not coded:
            self.page.texts.append(text)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {each for each, _classes in self.open}:
            return
        while self.open:
            closed, classes = self.open.pop()
            self._close(closed, classes)
            if closed == tag:
                return

    def _close(self, tag: str, classes: str) -> None:
        if tag not in {"th", "td"} and not {"kpi-value", "card-unit"} & set(classes.split()):
            return
        text, self.buffer = " ".join(self.buffer or []), None
        inside_head = any(each == "thead" for each, _classes in self.open)
        if "card-unit" in classes.split():
            self.unit = text
        elif "kpi-value" in classes.split():
            self.page.figures.append(text)
        elif inside_head:
            self.heads.append(text)
        else:
            heading = self.heads[self.column] if self.column < len(self.heads) else ""
            self.page.cells.append(
                Cell(text, heading, self.unit, bool(UNIT_COLUMNS & {*self.heads}))
            )
            self.column += 1


def read_page(html: str) -> Page:
    """The texts and tables of a page."""
    reader = _Reader()
    reader.feed(html)
    return reader.page


MONEY = re.compile(r"[-−]?[\d,]+\.\d{2}")


def figures_without_unit(page: Page) -> list[str]:
    """Money in a table or a key figure that does not say in what."""
    cells = [
        f"{cell.heading}: {cell.text}"
        for cell in page.cells
        if MONEY.fullmatch(cell.text)
        and not re.search(r"[(（]", cell.heading)
        and not cell.unit_of_card
        and not cell.has_unit_column
    ]
    return [*cells, *(text for text in page.figures if MONEY.fullmatch(text))]


ENGLISH_SENTENCE = re.compile(r"\b[A-Za-z]{2,},? [a-z]{2,}\b")
COMMAND = re.compile(r"greenpledge [a-z-]+( [a-z-]+)*")
UNFINISHED = re.compile(
    r"\bNone\b|\bUndefined\b|%\([a-z_]+\)s|\{\{|Decimal\(|datetime\.|&lt;|<[a-z]+ "
)


def english_texts(page: Page) -> list[str]:
    """Texts of two or more English words in a row; codes and numbers do not count."""
    return [
        text
        for text in [*page.texts, *page.attributes]
        if ENGLISH_SENTENCE.search(COMMAND.sub("", text))
    ]


def unfinished_texts(page: Page) -> list[str]:
    """Texts that show the inside of the program."""
    return [
        text for text in [*page.texts, *page.attributes, *page.values] if UNFINISHED.search(text)
    ]
