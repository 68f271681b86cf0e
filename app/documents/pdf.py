"""Bilingual PDF documents: `render(layout, blocks)` gives the same bytes for the same input.

A document is a layout and a sequence of blocks (`pdf_blocks`), all of them plain values. Every
value is checked against the fonts and escaped on its way in (`pdf_text.markup`); nothing in a
value can open a file, reach the network or become mark-up.
"""

import threading
from collections.abc import Sequence
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import partial
from io import BytesIO
from typing import Any, Final

from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing, Line, String
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    NextPageTemplate,
    PageTemplate,
    Spacer,
    Table,
    TableStyle,
)
from reportlab.platypus import PageBreak as PageBreakFlowable

from app.documents.pdf_blocks import (
    Block,
    Cell,
    Column,
    Cover,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    LineChart,
    PageBreak,
    Picture,
    Pictures,
    Row,
    Series,
    Signature,
    Signatures,
    Text,
    Words,
)
from app.documents.pdf_page import (
    BAND_HEIGHT,
    FRAME_WIDTH,
    MARGIN,
    PAGE_HEIGHT,
    DocumentTooLong,
    NumberedCanvas,
    draw_cover,
    draw_qr,
)
from app.documents.pdf_pictures import picture_rows
from app.documents.pdf_text import (
    BODY,
    BODY_EN,
    CAPTION,
    CELL,
    CELL_BOLD,
    CELL_HEAD,
    CELL_NOTE,
    GREEN,
    GREEN_PALE,
    HEADING_1,
    HEADING_2,
    INK_2,
    LABEL,
    LINE,
    MAX_CELL_CHARACTERS,
    MAX_LABEL_CHARACTERS,
    REGULAR,
    TITLE,
    TITLE_EN,
    VALUE,
    VALUE_BOLD,
    FontsMissing,
    paragraph,
    register_fonts,
    without_subscripts,
)
from app.documents.wording import both_days, day_zh

__all__ = [
    "Block",
    "Cell",
    "Column",
    "Cover",
    "DocumentLayout",
    "DocumentTooLong",
    "FontsMissing",
    "Grid",
    "Heading",
    "KeyValues",
    "LineChart",
    "PageBreak",
    "Picture",
    "Pictures",
    "Row",
    "Series",
    "Signature",
    "Signatures",
    "Text",
    "Words",
    "render",
]

CHART_COLORS: Final = tuple(
    HexColor(code) for code in ("#15795a", "#9a6a0c", "#4463ab", "#7d5191", "#0e6f88", "#546c77")
)
CHART_HEIGHT: Final = 46 * mm
HEADING_ROOM: Final = 28 * mm
HEADING_HEIGHT: Final = 13 * mm
MAX_ROOM: Final = 120 * mm
"""No start of a table waits for more: a taller first row is split."""
SIGNING_ROOM: Final = 42 * mm
BLANK_LINE: Final = "\u00a0"
MAX_CHART_LABELS: Final = 13
"""More labels than these would run into each other; every n-th is printed."""

_LABEL_WIDTH: Final = 46 * mm
_HEAD_QR_SIDE: Final = 22 * mm

# The library shares parsers and fonts between documents and is not made for threads.
_lock = threading.Lock()


def render(layout: DocumentLayout, blocks: Sequence[Block]) -> bytes:
    """Build the document; the same layout and blocks give identical bytes.

    Raises FontsMissing when set-up was not run and DocumentTooLong past the page limit.
    """
    register_fonts()
    has_cover = bool(blocks) and isinstance(blocks[0], Cover)
    with _lock:
        target = BytesIO()
        document = _template(target, layout, has_cover=has_cover)
        story = [] if has_cover else _document_head(layout)
        for piece in _kept_together([(block, _flowables(block)) for block in blocks]):
            story += piece
        document.build(
            story or [Spacer(1, 1)],
            canvasmaker=partial(NumberedCanvas, layout=layout, has_cover=has_cover),
        )
        return target.getvalue()


def _template(target: BytesIO, layout: DocumentLayout, *, has_cover: bool) -> BaseDocTemplate:
    document = BaseDocTemplate(
        target,
        pagesize=A4,
        invariant=1,
        initialFontName=REGULAR,
        title=without_subscripts(f"{layout.title_zh} {layout.number}"),
        author=without_subscripts(layout.issuer),
        subject=without_subscripts(layout.title_en),
        creator="greenpledge",
        lang="zh-CN",
    )
    height = PAGE_HEIGHT - 42 * mm
    body = Frame(MARGIN, 20 * mm, FRAME_WIDTH, height, 0, 0, 0, 0)
    below_band = Frame(
        MARGIN, 66 * mm, FRAME_WIDTH, PAGE_HEIGHT - BAND_HEIGHT - 78 * mm, 0, 0, 0, 0
    )

    def on_cover(canvas: Canvas, _document: BaseDocTemplate) -> None:
        draw_cover(canvas, layout)

    pages = [PageTemplate(id="body", frames=[body])]
    if has_cover:
        # The first template in the list is that of the first page.
        pages.insert(0, PageTemplate(id="cover", frames=[below_band], onPage=on_cover))
    document.addPageTemplates(pages)
    return document


def _kept_together(pieces: Sequence[tuple[Block, list[Flowable]]]) -> list[list[Flowable]]:
    """A heading waits for as much room as what follows it wants: it never ends a page alone."""
    wanted = 0.0
    for block, made in reversed(pieces):
        first = made[0] if made else None
        room = first.height if isinstance(first, CondPageBreak) else 0.0
        if isinstance(block, Heading):
            room = max(room, HEADING_HEIGHT + wanted)
            made[0] = CondPageBreak(room)
        wanted = room
    return [made for _, made in pieces]


# -- Head of a document without cover -------------------------------------------------------------


class _QrFlowable(Flowable):
    """The QR code with its words, as tall as the title beside it."""

    def __init__(self, layout: DocumentLayout) -> None:
        super().__init__()
        self._layout = layout
        self.width, self.height = _HEAD_QR_SIDE, _HEAD_QR_SIDE + 9 * mm

    def draw(self) -> None:
        canvas = self.canv
        draw_qr(canvas, self._layout.check_url, x=0, y=9 * mm, side=_HEAD_QR_SIDE)
        canvas.setFillColor(INK_2)
        canvas.setFont(REGULAR, 6.5)
        canvas.drawCentredString(_HEAD_QR_SIDE / 2, 6 * mm, "扫码核验 Scan to verify")
        if self._layout.digest_text:
            code = without_subscripts(self._layout.digest_text)
            canvas.drawCentredString(_HEAD_QR_SIDE / 2, 3 * mm, code)


def _document_head(layout: DocumentLayout) -> list[Flowable]:
    lines = [
        (layout.title_zh, TITLE),
        (layout.title_en, TITLE_EN),
        (f"编号 No. {layout.number}", LABEL),
        (_dated(layout), LABEL),
    ]
    if layout.issuer and layout.check_url:
        lines.append((f"出具方 Issued by {layout.issuer}", LABEL))
    words: list[Flowable] = [paragraph(line, limit=MAX_LABEL_CHARACTERS) for line in lines]
    words.insert(2, Spacer(1, 2.5 * mm))
    width = _HEAD_QR_SIDE + 4 * mm
    code = _QrFlowable(layout) if layout.check_url else ""
    table = Table([[words, code]], colWidths=[FRAME_WIDTH - width, width])
    table.setStyle(
        _style(
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("ALIGN", (1, 0), (1, 0), "RIGHT"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 0),
            ("LINEBELOW", (0, 0), (-1, -1), 0.6, LINE),
        )
    )
    return [table, Spacer(1, 3 * mm)]


def _dated(layout: DocumentLayout) -> str:
    """When it was issued, or that it never was and nobody can check it."""
    day = both_days(layout.issued_on)
    if layout.check_url:
        return f"出具日 Issued on {day}"
    return f"仅供查阅，未出具 For reading, not issued　打印日 Printed on {day}"


def _style(*commands: tuple[Any, ...]) -> TableStyle:
    # Without it every table would name Helvetica, which is not embedded.
    return TableStyle([("FONTNAME", (0, 0), (-1, -1), REGULAR), *commands])


def _drawing(width: float, height: float) -> Drawing:
    drawing = Drawing(width, height)
    # Else the library sets Helvetica first, which is not embedded.
    drawing.initialFontName = REGULAR  # type: ignore[attr-defined]
    return drawing


# -- Blocks ---------------------------------------------------------------------------------------


def _flowables(block: Block) -> list[Flowable]:
    made: list[Flowable]
    match block:
        case Cover():
            made = [_key_values(block.rows), NextPageTemplate("body"), PageBreakFlowable()]
        case Heading():
            made = _heading(block)
        case Text():
            made = _text(block)
        case KeyValues():
            made = [_key_values(block.rows), Spacer(1, 3 * mm)]
        case Grid():
            made = _grid(block)
        case Signatures():
            made = _signatures(block)
        case LineChart():
            made = _line_chart(block)
        case Pictures():
            made = picture_rows(block)
        case PageBreak():
            made = [PageBreakFlowable()]
    return made


def _heading(block: Heading) -> list[Flowable]:
    kind = HEADING_1 if block.level == 1 else HEADING_2
    # A heading stays with the first lines below it.
    words = f"{block.words.zh} {block.words.en}".strip()
    room = HEADING_ROOM + (SIGNING_ROOM if block.before_signatures else 0)
    return [CondPageBreak(room), paragraph((words, kind), limit=MAX_CELL_CHARACTERS)]


def _text(block: Text) -> list[Flowable]:
    kind = VALUE_BOLD if block.strong else BODY
    made: list[Flowable] = [paragraph((block.words.zh, kind))] if block.words.zh else []
    if block.words.en:
        made.append(paragraph((block.words.en, BODY_EN)))
    return made


def _key_values(rows: Sequence[Row]) -> Table:
    cells = [[_label(row.label), _value(row)] for row in rows]
    widths = [_LABEL_WIDTH, FRAME_WIDTH - _LABEL_WIDTH]
    table = _WholeRows(cells or [["", ""]], colWidths=widths)
    table.setStyle(
        _style(
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LINEBELOW", (0, 0), (-1, -1), 0.5, LINE),
            ("TOPPADDING", (0, 0), (-1, -1), 2.5),
            ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
            ("LEFTPADDING", (0, 0), (-1, -1), 2),
        )
    )
    return table


def _label(words: Words) -> Flowable:
    return paragraph((f"{words.zh} {words.en}".strip(), LABEL), limit=MAX_LABEL_CHARACTERS)


def _value(row: Row) -> Flowable:
    pieces = [(row.value, VALUE_BOLD if row.strong else VALUE)]
    if row.note:
        pieces.append((row.note, CELL_NOTE))
    return paragraph(*pieces)


class _WholeRows(Table):
    """A table that goes on with whole rows; only one that is too tall to wait is cut in two."""

    _rowHeights: list[float]  # noqa: N815 - ReportLab's name, missing in its types.

    def split(self, available_width: float, available_height: float) -> list[Flowable]:
        """Cut within a row, the head would stand a second time on the page, over the piece."""
        _, height = self.wrap(available_width, available_height)
        first_rows = height - sum(self._rowHeights[self.repeatRows + 1 :])
        self.splitInRow = int(first_rows > MAX_ROOM)
        return list(super().split(available_width, available_height))


def _grid(block: Grid) -> list[Flowable]:
    rows: list[Sequence[str | Cell]] = list(block.rows)
    head = [_head_cell(column) for column in block.columns]
    body = [_grid_row(block.columns, row) for row in rows] or [_empty_row(block)]
    if block.total is not None:
        body.append(
            [
                paragraph((text, CELL_BOLD), align=column.align, limit=MAX_CELL_CHARACTERS)
                for column, text in zip(block.columns, block.total, strict=True)
            ]
        )
    table = _WholeRows([head, *body], colWidths=_widths(block.columns), repeatRows=1)
    table.setStyle(
        _grid_style(len(body) + 1, has_total=block.total is not None, has_rows=bool(rows))
    )
    caption = block.caption
    below = [_caption(caption)] if caption else []
    room = _room_of([head, body[0]], _widths(block.columns))
    return [CondPageBreak(room), table, *below, Spacer(1, 3 * mm)]


def _room_of(first_rows: list[list[Flowable]], widths: Sequence[float]) -> float:
    """How tall the head and the first row are: a table begins where both find room."""
    table = Table(first_rows, colWidths=widths)
    table.setStyle(_grid_style(len(first_rows), has_total=False, has_rows=True))
    return min(table.wrap(FRAME_WIDTH, MAX_ROOM)[1], MAX_ROOM)


def _caption(words: Words) -> Flowable:
    return paragraph((f"{words.zh} {words.en}".strip(), CAPTION), limit=MAX_CELL_CHARACTERS)


def _head_cell(column: Column) -> Flowable:
    pieces = [(column.title.zh, CELL_HEAD)]
    if column.title.en:
        pieces.append((column.title.en, CELL_HEAD))
    return paragraph(*pieces, align=column.align, limit=MAX_LABEL_CHARACTERS)


def _grid_row(columns: Sequence[Column], row: Sequence[str | Cell]) -> list[Flowable]:
    return [_grid_cell(column, cell) for column, cell in zip(columns, row, strict=True)]


def _grid_cell(column: Column, cell: str | Cell) -> Flowable:
    content = Cell(text=cell) if isinstance(cell, str) else cell
    pieces = [(content.text, CELL)]
    if content.note:
        pieces.append((content.note, CELL_NOTE))
    return paragraph(*pieces, align=content.align or column.align, limit=MAX_CELL_CHARACTERS)


def _empty_row(block: Grid) -> list[Flowable]:
    words = f"{block.empty.zh} {block.empty.en}".strip()
    rest = [paragraph(("", CELL)) for _ in block.columns[1:]]
    return [paragraph((words, CELL_NOTE), limit=MAX_CELL_CHARACTERS), *rest]


def _widths(columns: Sequence[Column]) -> list[float]:
    whole = sum(column.width for column in columns)
    return [FRAME_WIDTH * column.width / whole for column in columns]


def _grid_style(row_count: int, *, has_total: bool, has_rows: bool) -> TableStyle:
    commands: list[tuple[Any, ...]] = [
        ("BACKGROUND", (0, 0), (-1, 0), GREEN),
        ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
        ("LINEBELOW", (0, 1), (-1, -1), 0.4, LINE),
        ("TOPPADDING", (0, 0), (-1, -1), 3.5),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4.5),
        ("LEFTPADDING", (0, 0), (-1, -1), 4),
        ("RIGHTPADDING", (0, 0), (-1, -1), 4),
    ]
    body_rows = row_count - 1 - has_total
    commands += [
        ("BACKGROUND", (0, row), (-1, row), GREEN_PALE) for row in range(2, body_rows + 1, 2)
    ]
    if has_total:
        commands.append(("LINEABOVE", (0, -1), (-1, -1), 0.9, GREEN))
    if not has_rows:
        commands.append(("SPAN", (0, 1), (-1, 1)))
    return _style(*commands)


def _signatures(block: Signatures) -> list[Flowable]:
    cells = [_signature(place) for place in block.places]
    table = Table([cells], colWidths=[FRAME_WIDTH / len(cells)] * len(cells))
    table.setStyle(
        _style(
            ("VALIGN", (0, 0), (-1, -1), "TOP"),
            ("LEFTPADDING", (0, 0), (-1, -1), 0),
            ("RIGHTPADDING", (0, 0), (-1, -1), 10),
        )
    )
    made: list[Flowable] = [CondPageBreak(SIGNING_ROOM), Spacer(1, 5 * mm), table]
    if block.seal:
        words = f"{block.seal.zh}（盖章 seal）{block.seal.en}"
        seal = paragraph((words, VALUE_BOLD), limit=MAX_CELL_CHARACTERS)
        made += [Spacer(1, 4 * mm), seal, Spacer(1, 14 * mm)]
    return made


def _signature(place: Signature) -> list[Flowable]:
    day = day_zh(place.signed_on) if place.signed_on else "年　　月　　日"
    role = f"{place.role.zh} {place.role.en}".strip()
    lines = [(role, LABEL), (place.name or BLANK_LINE, VALUE_BOLD)]
    # A blank line keeps the signature lines beside each other at one height.
    lines.append((place.detail or BLANK_LINE, CELL_NOTE))
    made: list[Flowable] = [paragraph(each, limit=MAX_LABEL_CHARACTERS) for each in lines]
    line = _drawing(60 * mm, 13 * mm)
    line.add(Line(0, 1, 52 * mm, 1, strokeColor=INK_2, strokeWidth=0.5))
    line.add(String(0, 4, "签字 Signature", fontName=REGULAR, fontSize=6.5, fillColor=INK_2))
    return [*made, line, _day_line(day)]


def _day_line(day: str) -> Flowable:
    # A drawing keeps the wide spaces of a blank date, which a paragraph would fold into one.
    drawing = _drawing(60 * mm, 5 * mm)
    words = f"日期 Date　{day}"
    drawing.add(String(0, 3, words, fontName=REGULAR, fontSize=7.5, fillColor=INK_2))
    return drawing


# -- Chart ----------------------------------------------------------------------------------------


def _line_chart(block: LineChart) -> list[Flowable]:
    drawing = _drawing(FRAME_WIDTH, CHART_HEIGHT)
    drawing.add(_chart(block))
    for index, series in enumerate(block.series):
        color = CHART_COLORS[index % len(CHART_COLORS)]
        left, top = 14 * mm + index * 40 * mm, CHART_HEIGHT - 4 * mm
        drawing.add(Line(left, top + 2, left + 6 * mm, top + 2, strokeColor=color, strokeWidth=1.6))
        name = without_subscripts(series.name[:24])
        drawing.add(
            String(left + 8 * mm, top, name, fontName=REGULAR, fontSize=6.5, fillColor=INK_2)
        )
    caption = _caption(block.title)
    return [CondPageBreak(CHART_HEIGHT + 8 * mm), caption, drawing, Spacer(1, 3 * mm)]


def _chart(block: LineChart) -> Any:
    chart: Any = HorizontalLineChart()
    chart.x, chart.y = 14 * mm, 8 * mm
    chart.width, chart.height = FRAME_WIDTH - 18 * mm, CHART_HEIGHT - 16 * mm
    # Drawing coordinates need floats; the figures themselves are printed in tables.
    chart.data = [tuple(float(value) for value in series.values) for series in block.series]
    step = -(-len(block.labels) // MAX_CHART_LABELS) or 1
    labels = (without_subscripts(label) for label in block.labels)
    chart.categoryAxis.categoryNames = [
        label if index % step == 0 else "" for index, label in enumerate(labels)
    ]
    for axis in (chart.categoryAxis, chart.valueAxis):
        axis.labels.fontName, axis.labels.fontSize = REGULAR, 6.5
        axis.labels.fillColor, axis.strokeColor = INK_2, LINE
    chart.valueAxis.gridStrokeColor, chart.valueAxis.visibleGrid = LINE, 1
    ticks = chart_ticks([value for series in block.series for value in series.values])
    chart.valueAxis.valueMin, chart.valueAxis.valueMax = float(ticks[0]), float(ticks[-1])
    chart.valueAxis.valueSteps = [float(tick) for tick in ticks]
    chart.valueAxis.labelTextFormat = "{:,.6g}".format
    for index in range(len(block.series)):
        chart.lines[index].strokeColor = CHART_COLORS[index % len(CHART_COLORS)]
        chart.lines[index].strokeWidth = 1.5
    return chart


def chart_ticks(values: Sequence[Decimal], wanted: int = 4) -> list[Decimal]:
    """Round figures around the values, about `wanted` steps of 1, 2 or 5 times a power of ten."""
    low, high = min(values, default=Decimal(0)), max(values, default=Decimal(1))
    rough = (high - low) / wanted or abs(high) / wanted or Decimal(1)
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(power * factor for factor in (1, 2, 5, 10) if power * factor >= rough)
    first = (low / step).to_integral_value(ROUND_FLOOR)
    last = max((high / step).to_integral_value(ROUND_CEILING), first + 1)
    return [step * (first + index) for index in range(int(last - first) + 1)]
