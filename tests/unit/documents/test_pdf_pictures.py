"""Photographs in documents: small, upright, bounded; what cannot be read is said, not shown."""

from datetime import date
from io import BytesIO
from random import Random

import pytest
from PIL import Image

from app.documents.pdf import DocumentLayout, Heading, Picture, Pictures, Words, render
from app.documents.pdf_pictures import MAX_PICTURE_BYTES, MAX_PICTURE_SIDE_PIXELS, printable_jpeg
from tests.support.documents import page_count, text_of

LAYOUT = DocumentLayout(
    title_zh="贷后检查报告",
    title_en="Report of a post-loan check",
    number="PC-2024-000001",
    issued_on=date(2024, 1, 2),
    check_url="https://example.invalid/verify/PC-2024-000001",
)
SIDE = MAX_PICTURE_SIDE_PIXELS
GREEN, WHITE = (30, 120, 60), (255, 255, 255)


def file_of(picture, kind="JPEG", **how):
    sink = BytesIO()
    picture.save(sink, kind, **how)
    return sink.getvalue()


def plain(width=3_000, height=2_000, colour=GREEN, mode="RGB"):
    return Image.new(mode, (width, height), colour)


def shown(content):
    jpeg = printable_jpeg(content)
    assert jpeg is not None
    assert len(jpeg) <= MAX_PICTURE_BYTES
    picture = Image.open(BytesIO(jpeg))
    assert (picture.format, picture.mode) == ("JPEG", "RGB")
    return picture


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_a_large_photograph_is_scaled_to_the_longest_side(kind):
    assert shown(file_of(plain(), kind)).size == (SIDE, SIDE * 2 // 3)


def test_a_small_picture_keeps_its_size():
    assert shown(file_of(plain(SIDE, 20), "PNG")).size == (SIDE, 20)
    assert shown(file_of(plain(SIDE + 1, 20), "PNG")).width == SIDE


def test_a_picture_taken_sideways_is_turned_upright():
    how = Image.Exif()
    how[0x0112] = 6
    assert shown(file_of(plain(300, 200), exif=how)).size == (200, 300)


def test_what_is_transparent_is_white():
    clear = plain(10, 10, (*GREEN, 0), "RGBA")
    assert shown(file_of(clear, "PNG")).getpixel((5, 5)) == WHITE


def test_a_picture_without_any_order_stays_below_the_limit():
    noise = Image.frombytes("RGB", (SIDE, SIDE), Random(1).randbytes(3 * SIDE * SIDE))
    shown(file_of(noise, "PNG"))


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"not a picture",
        file_of(plain(), "PNG")[:400],
        file_of(plain())[:300],
        file_of(plain(20, 20), "GIF"),
        file_of(plain(20, 20), "TIFF"),
    ],
)
def test_what_is_damaged_or_of_another_kind_is_not_shown(content):
    assert printable_jpeg(content) is None


def document(count):
    jpeg = printable_jpeg(file_of(plain()))
    photos = [Picture(title=f"现场{number}.jpg", jpeg=jpeg) for number in range(count)]
    broken = Picture(title="坏图.jpg", notes=("北坡", "照片无法显示"))
    heading = Heading(words=Words(zh="现场照片", en="Photographs"))
    return render(LAYOUT, [heading, Pictures(items=[*photos, broken])])


def test_photographs_stand_in_the_document_with_their_words(tmp_path):
    content = document(12)
    text = text_of(content, tmp_path)
    assert all(words in text for words in ("现场0.jpg", "现场11.jpg", "坏图.jpg", "照片无法显示"))
    assert page_count(content) <= 4


def test_the_same_photographs_give_the_same_bytes():
    assert document(2) == document(2)
