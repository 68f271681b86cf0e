"""Photographs in a document: scaled down, written anew as JPEG, bounded in number and in bytes."""

from collections.abc import Sequence
from io import BytesIO
from typing import Final

from PIL import Image, ImageOps
from reportlab.lib.units import mm
from reportlab.platypus import CondPageBreak, Flowable, Spacer, Table, TableStyle
from reportlab.platypus import Image as ImageFlowable

from app.documents.content_types import MAX_IMAGE_PIXELS
from app.documents.pdf_blocks import Picture, Pictures
from app.documents.pdf_page import FRAME_WIDTH
from app.documents.pdf_text import (
    CELL,
    CELL_NOTE,
    MAX_CELL_CHARACTERS,
    REGULAR,
    paragraph,
)

PRINTABLE_TYPES: Final = frozenset({"image/jpeg", "image/png"})
"""Media types of pictures that a document can show."""

MAX_PICTURE_SIDE_PIXELS: Final = 900
"""Of a picture in a document: printed eight centimetres wide, that is 280 dots an inch."""

MAX_PICTURE_BYTES: Final = 200 * 1024
"""Of one picture in a document: written at a lower quality rather than larger."""

_QUALITIES: Final = (80, 60, 40, 20)
_A_ROW: Final = 2
_WIDTH: Final = FRAME_WIDTH / _A_ROW - 4 * mm
_HEIGHT: Final = 76 * mm
_WHITE: Final = (255, 255, 255)


def printable_jpeg(content: bytes) -> bytes | None:
    """A JPEG or PNG as the upright, small JPEG that a document shows; None of what cannot be read."""
    try:
        with Image.open(BytesIO(content), formats=("JPEG", "PNG")) as picture:
            if picture.width * picture.height > MAX_IMAGE_PIXELS:
                return None
            # A photograph is read at a fraction of its size: quick, and little memory.
            picture.draft("RGB", (MAX_PICTURE_SIDE_PIXELS, MAX_PICTURE_SIDE_PIXELS))
            upright = ImageOps.exif_transpose(picture)
            upright.thumbnail((MAX_PICTURE_SIDE_PIXELS, MAX_PICTURE_SIDE_PIXELS))
            return _as_jpeg(_on_white(upright))
    except Exception:  # noqa: BLE001 - a damaged picture may break its reader in any way
        return None


def _on_white(picture: Image.Image) -> Image.Image:
    if not picture.has_transparency_data:
        return picture.convert("RGB")
    layer = picture.convert("RGBA")
    ground = Image.new("RGB", layer.size, _WHITE)
    ground.paste(layer, mask=layer)
    return ground


def _as_jpeg(picture: Image.Image) -> bytes | None:
    for quality in _QUALITIES:
        sink = BytesIO()
        picture.save(sink, "JPEG", quality=quality)
        if sink.tell() <= MAX_PICTURE_BYTES:
            return sink.getvalue()
    return None


def picture_rows(block: Pictures) -> list[Flowable]:
    """Two pictures side by side with their words below; each row stays on one page."""
    made: list[Flowable] = []
    for start in range(0, len(block.items), _A_ROW):
        row = _row(block.items[start : start + _A_ROW])
        room = row.wrap(FRAME_WIDTH, 10 * _HEIGHT)[1]
        made += [CondPageBreak(room), row, Spacer(1, 3 * mm)]
    return made


def _row(pictures: Sequence[Picture]) -> Table:
    cells: list[list[Flowable]] = [_cell(each) for each in pictures]
    cells += [[] for _ in range(_A_ROW - len(cells))]
    table = Table([cells], colWidths=[FRAME_WIDTH / _A_ROW] * _A_ROW)
    table.setStyle(
        TableStyle(
            [
                ("FONTNAME", (0, 0), (-1, -1), REGULAR),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("LEFTPADDING", (0, 0), (-1, -1), 0),
                ("RIGHTPADDING", (0, 0), (-1, -1), 4 * mm),
            ]
        )
    )
    return table


def _cell(picture: Picture) -> list[Flowable]:
    words = [(picture.title, CELL), *((note, CELL_NOTE) for note in picture.notes if note)]
    below = paragraph(*words, limit=MAX_CELL_CHARACTERS)
    return [below] if picture.jpeg is None else [_image(picture.jpeg), Spacer(1, 1 * mm), below]


def _image(jpeg: bytes) -> Flowable:
    with Image.open(BytesIO(jpeg)) as opened:
        width, height = opened.size
    scale = min(_WIDTH / width, _HEIGHT / height, 1)
    return ImageFlowable(
        BytesIO(jpeg), width=width * scale, height=height * scale, hAlign="LEFT", lazy=0
    )
