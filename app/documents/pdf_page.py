"""What stands around the text: header, footer with "page x of y", cover art and the QR code."""

from typing import Any, Final

import segno
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from app.documents.pdf_blocks import DocumentLayout
from app.documents.pdf_text import (
    AMBER,
    BOLD,
    GREEN,
    GREEN_DARK,
    GREEN_LIGHT,
    INK,
    INK_2,
    LINE,
    REGULAR,
    WHITE,
    without_subscripts,
)
from app.documents.wording import both_days

PAGE_WIDTH, PAGE_HEIGHT = A4
MARGIN: Final = 20 * mm
FRAME_WIDTH: Final = PAGE_WIDTH - 2 * MARGIN
BAND_HEIGHT: Final = 94 * mm
QR_SIDE: Final = 26 * mm
MAX_PAGES: Final = 400
"""A statement of a thirty-year monthly loan has twenty; more is a runaway."""


class DocumentTooLong(RuntimeError):  # noqa: N818 - named by what happened, like the refusals
    """The document would have more pages than any document of the service has."""


class NumberedCanvas(Canvas):
    """Keeps each page until the end, when the number of pages is known."""

    def __init__(
        self, *args: Any, layout: DocumentLayout, has_cover: bool = False, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._layout = layout
        self._has_cover = has_cover
        self._pages: list[dict[str, Any]] = []

    def showPage(self) -> None:  # noqa: N802 - the library's name
        if len(self._pages) >= MAX_PAGES:
            raise DocumentTooLong(self._layout.number)
        self._pages.append(dict(self.__dict__))
        self._startPage()  # type: ignore[attr-defined]

    def save(self) -> None:
        pages = self._pages
        for number, page in enumerate(pages, start=1):
            self.__dict__.update(page)
            if number > 1 or not self._has_cover:
                _draw_header(self, self._layout)
            _draw_footer(self, self._layout, page=number, pages=len(pages))
            super().showPage()
        super().save()


def _draw_header(canvas: Canvas, layout: DocumentLayout) -> None:
    top = PAGE_HEIGHT - 13 * mm
    canvas.setFillColor(INK_2)
    canvas.setFont(REGULAR, 7.5)
    canvas.drawString(MARGIN, top, without_subscripts(f"{layout.title_zh} {layout.number}"))
    canvas.drawRightString(PAGE_WIDTH - MARGIN, top, without_subscripts(layout.party[:40]))
    canvas.setStrokeColor(GREEN)
    canvas.setLineWidth(0.9)
    canvas.line(MARGIN, top - 3 * mm, PAGE_WIDTH - MARGIN, top - 3 * mm)
    if layout.notice:
        canvas.setFillColor(AMBER)
        canvas.setFont(REGULAR, 7)
        notice = f"{layout.notice.zh} {layout.notice.en}"
        canvas.drawCentredString(PAGE_WIDTH / 2, top, without_subscripts(notice))


def _draw_footer(canvas: Canvas, layout: DocumentLayout, *, page: int, pages: int) -> None:
    base = 12 * mm
    canvas.setStrokeColor(LINE)
    canvas.setLineWidth(0.6)
    canvas.line(MARGIN, base + 4 * mm, PAGE_WIDTH - MARGIN, base + 4 * mm)
    canvas.setFillColor(INK_2)
    canvas.setFont(REGULAR, 7)
    words = layout.confidentiality
    canvas.drawString(MARGIN, base, without_subscripts(f"{words.zh}　{words.en}"))
    count = f"第 {page} 页 / 共 {pages} 页　Page {page} of {pages}"
    canvas.drawRightString(PAGE_WIDTH - MARGIN, base, count)


def draw_cover(canvas: Canvas, layout: DocumentLayout) -> None:
    """The first page: green band with title and number, QR code at the foot."""
    canvas.saveState()
    _draw_band(canvas)
    canvas.setFillColor(WHITE)
    top = PAGE_HEIGHT - 48 * mm
    canvas.setFont(BOLD, 26)
    canvas.drawString(MARGIN + 2 * mm, top, without_subscripts(layout.title_zh))
    canvas.setFont(REGULAR, 14)
    canvas.drawString(MARGIN + 2 * mm, top - 11 * mm, without_subscripts(layout.title_en))
    canvas.setFont(REGULAR, 10)
    number = f"报告编号 No.　{layout.number}"
    canvas.drawString(MARGIN + 2 * mm, top - 28 * mm, without_subscripts(number))
    canvas.setFont(REGULAR, 8.5)
    canvas.drawString(MARGIN + 2 * mm, top - 35 * mm, without_subscripts(layout.issuer))
    _draw_cover_foot(canvas, layout)
    canvas.restoreState()


def _draw_band(canvas: Canvas) -> None:
    canvas.saveState()
    band = canvas.beginPath()
    band.rect(0, PAGE_HEIGHT - BAND_HEIGHT, PAGE_WIDTH, BAND_HEIGHT)
    canvas.clipPath(band, stroke=0, fill=0)
    canvas.setFillColor(GREEN)
    canvas.rect(0, PAGE_HEIGHT - BAND_HEIGHT, PAGE_WIDTH, BAND_HEIGHT, stroke=0, fill=1)
    canvas.setFillColor(GREEN_LIGHT)
    canvas.circle(PAGE_WIDTH - 22 * mm, PAGE_HEIGHT - 17 * mm, 52 * mm, stroke=0, fill=1)
    canvas.restoreState()
    canvas.setFillColor(GREEN_DARK)
    canvas.circle(PAGE_WIDTH + 5 * mm, PAGE_HEIGHT - 78 * mm, 40 * mm, stroke=0, fill=1)


def _draw_cover_foot(canvas: Canvas, layout: DocumentLayout) -> None:
    left, base = PAGE_WIDTH - MARGIN - QR_SIDE - 4 * mm, 32 * mm
    draw_qr(canvas, layout.check_url, x=left, y=base, side=QR_SIDE)
    canvas.setFillColor(INK_2)
    canvas.setFont(REGULAR, 7)
    middle = left + QR_SIDE / 2
    canvas.drawCentredString(middle, base - 4 * mm, "扫码核验 Scan to verify")
    if layout.digest_text:
        code = f"校验码 {layout.digest_text}"
        canvas.drawCentredString(middle, base - 8 * mm, without_subscripts(code))
    canvas.setFont(REGULAR, 9)
    issued = f"出具日 Issued on　{both_days(layout.issued_on)}"
    canvas.drawString(MARGIN + 2 * mm, base, issued)
    if layout.notice:
        canvas.setFillColor(AMBER)
        canvas.setFont(BOLD, 9)
        notice = f"{layout.notice.zh} {layout.notice.en}"
        canvas.drawString(MARGIN + 2 * mm, base + 7 * mm, without_subscripts(notice))


def draw_qr(canvas: Canvas, url: str, *, x: float, y: float, side: float) -> None:
    """Draw the code as one path of squares: small in the file and exact in print."""
    modules = segno.make(url, error="m", micro=False, boost_error=False).matrix
    step = side / len(modules)
    path = canvas.beginPath()
    for row, line in enumerate(modules):
        for column, dark in enumerate(line):
            if dark:
                path.rect(x + column * step, y + side - (row + 1) * step, step, step)
    canvas.setFillColor(INK)
    canvas.drawPath(path, stroke=0, fill=1)
