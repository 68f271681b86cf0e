"""Uploads are known by content and extension, and refused before anything parses them."""

import struct
import time
import zlib
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import content_types as ct
from app.documents.content_types import UploadRefused, check_upload, decode_text, display_name

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\ntrailer\n<<>>\n%%EOF\n"


def png(width: int = 640, height: int = 480) -> bytes:
    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IEND", b"")


def jpeg(width: int = 640, height: int = 480) -> bytes:
    app0 = b"\xff\xe0" + struct.pack(">H", 16) + b"JFIF\x00" + bytes(9)
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, height, width, 3) + bytes(9)
    return b"\xff\xd8" + app0 + frame + b"\xff\xd9"


def xlsx(extra: dict[str, bytes] | None = None) -> bytes:
    target = BytesIO()
    openpyxl.Workbook().save(target)
    with ZipFile(target, "a", ZIP_DEFLATED) as archive:
        for name, body in (extra or {}).items():
            archive.writestr(name, body)
    return target.getvalue()


CSV = '资产,面积\n红枣林,"1,300"\n'.encode()
GEOJSON = b'{"type": "FeatureCollection", "features": []}'
GOOD = {
    "scan.pdf": (PDF, "application/pdf"),
    "photo.PNG": (png(), "image/png"),
    "photo.jpg": (jpeg(), "image/jpeg"),
    "photo.jpeg": (jpeg(), "image/jpeg"),
    "sheet.csv": (CSV, "text/csv"),
    "parcels.geojson": (GEOJSON, "application/geo+json"),
    "parcels.json": (b"\xef\xbb\xbf" + GEOJSON, "application/geo+json"),
}


def code_of(filename: str, content: bytes) -> str:
    with pytest.raises(UploadRefused) as refused:
        check_upload(filename=filename, content=content)
    # Every refusal has words whose placeholders are among its facts.
    assert refused.value.detail % refused.value.facts
    return refused.value.code


@pytest.mark.parametrize("filename", GOOD)
def test_allowed_kinds_are_accepted_under_our_own_media_type(filename: str) -> None:
    content, media_type = GOOD[filename]
    accepted = check_upload(filename=filename, content=content)
    assert accepted.media_type == media_type
    assert accepted.size_bytes == len(content)


def test_a_workbook_of_a_library_is_accepted() -> None:
    assert check_upload(filename="import.xlsx", content=xlsx()).kind == "xlsx"


def test_pictures_tell_their_size() -> None:
    for filename, content in (("a.png", png(3000, 2000)), ("a.jpg", jpeg(3000, 2000))):
        accepted = check_upload(filename=filename, content=content)
        assert (accepted.width_px, accepted.height_px) == (3000, 2000)


@pytest.mark.parametrize("filename", GOOD)
@pytest.mark.parametrize("other", GOOD)
def test_content_of_another_kind_is_refused(filename: str, other: str) -> None:
    if GOOD[filename][1] != GOOD[other][1]:
        assert code_of(filename, GOOD[other][0]) in {"file-content-mismatch", "file-text-encoding"}


@pytest.mark.parametrize(
    ("filename", "content", "code"),
    [
        ("page.html", b"<html>", "file-type-not-allowed"),
        ("drawing.svg", b"<svg onload='x'/>", "file-type-not-allowed"),
        ("noextension", PDF, "file-type-not-allowed"),
        ("double.pdf.exe", PDF, "file-type-not-allowed"),
        ("program.pdf", b"MZ\x90\x00", "file-content-mismatch"),
        ("page.csv", b"  <script>alert(1)</script>", "file-content-mismatch"),
        ("empty.pdf", b"", "file-empty"),
        ("cut.pdf", PDF[:20], "file-damaged"),
        ("cut.png", png()[:-4], "file-damaged"),
        ("cut.jpg", jpeg()[:21], "file-damaged"),
        ("after.png", png() + b"<script>", "file-damaged"),
        ("after.pdf", PDF + b"<script>alert(1)</script>", "file-damaged"),
        ("locked.pdf", PDF.replace(b"<<>>", b"<</Encrypt 5 0 R>>"), "file-encrypted"),
        ("script.pdf", PDF.replace(b"<<>>", b"<</S/JavaScript>>"), "file-active-content"),
        ("launch.pdf", PDF.replace(b"<<>>", b"<</S/Launch>>"), "file-active-content"),
        ("zero.png", png(0, 480), "file-damaged"),
        ("nul.csv", b"a,b\n\x00,1", "file-text-encoding"),
        ("latin.csv", b"a,b\n\xff\xff\xff,1", "file-text-encoding"),
        ("wide.csv", "资产,面积".encode("utf-16"), "file-text-encoding"),
        ("latin.json", b'{"a": "\xff"}', "file-text-encoding"),
        ("text.json", b"hello", "file-content-mismatch"),
        ("locked.xlsx", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(512), "file-encrypted"),
        ("cut.xlsx", xlsx()[:-30], "file-damaged"),
        ("macros.xlsx", xlsx({"xl/vbaProject.bin": b"x"}), "file-active-content"),
        ("slip.xlsx", xlsx({"../../slip.xml": b"x"}), "file-damaged"),
        ("absolute.xlsx", xlsx({"/slip.xml": b"x"}), "file-damaged"),
    ],
)
def test_hostile_or_broken_files_are_refused(filename: str, content: bytes, code: str) -> None:
    assert code_of(filename, content) == code


def test_an_archive_hidden_behind_another_format_is_refused() -> None:
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        archive.writestr("x.html", "<script>")
    hidden = target.getvalue()
    assert code_of("two.jpg", jpeg() + hidden) == "file-two-formats"
    assert code_of("two.pdf", PDF + hidden) == "file-two-formats"


def test_an_archive_that_is_no_workbook_is_refused() -> None:
    target = BytesIO()
    with ZipFile(target, "w") as archive:
        archive.writestr("readme.txt", "x")
    assert code_of("data.xlsx", target.getvalue()) == "file-content-mismatch"


def test_a_workbook_with_a_symbolic_link_is_refused() -> None:
    target = BytesIO(xlsx())
    link = ZipInfo("xl/link.xml")
    link.external_attr = 0o120777 << 16
    with ZipFile(target, "a") as archive:
        archive.writestr(link, "/etc/passwd")
    assert code_of("link.xlsx", target.getvalue()) == "file-damaged"


def test_a_workbook_is_taken_up_to_the_unpacked_limit_and_no_further() -> None:
    empty = sum(member.file_size for member in ZipFile(BytesIO(xlsx())).infolist())
    room = ct.MAX_UNPACKED_SHEET_BYTES - empty
    assert check_upload(filename="a.xlsx", content=xlsx({"xl/big.xml": b" " * room}))
    assert code_of("a.xlsx", xlsx({"xl/big.xml": b" " * (room + 1)})) == "file-unpacks-too-large"


def test_a_workbook_with_too_many_parts_is_refused() -> None:
    parts = {f"xl/worksheets/sheet{n}.xml": b"" for n in range(1000, 1000 + ct.MAX_ZIP_MEMBERS)}
    assert code_of("a.xlsx", xlsx(parts)) == "file-too-many-parts"


def test_pictures_are_taken_up_to_the_pixel_limits_and_no_further() -> None:
    side = ct.MAX_IMAGE_SIDE_PIXELS
    other = ct.MAX_IMAGE_PIXELS // side
    assert check_upload(filename="a.png", content=png(side, other))
    assert code_of("a.png", png(side, other + 1)) == "image-too-large"
    assert code_of("a.png", png(side + 1, 1)) == "image-too-large"
    assert code_of("a.jpg", jpeg(50_000, 50_000)) == "image-too-large"


@pytest.mark.parametrize(
    ("filename", "make", "limit"),
    [
        ("a.pdf", lambda n: b"%PDF-1.7\n" + b" " * (n - 15) + b"%%EOF\n", ct.MAX_PDF_BYTES),
        ("a.csv", lambda n: b"a" * n, ct.MAX_SHEET_BYTES),
        ("a.geojson", lambda n: b"[" + b" " * (n - 2) + b"]", ct.MAX_GEOJSON_BYTES),
    ],
)
def test_files_are_taken_up_to_their_size_and_no_further(
    filename: str, make: Callable[[int], bytes], limit: int
) -> None:
    assert check_upload(filename=filename, content=make(limit)).size_bytes == limit
    assert code_of(filename, make(limit + 1)) == "file-too-large"


def test_json_is_taken_up_to_its_depth_and_no_further() -> None:
    def nested(depth: int) -> bytes:
        return b"[" * depth + b"]" * depth

    assert check_upload(filename="a.json", content=nested(ct.MAX_JSON_DEPTH))
    assert code_of("a.json", nested(ct.MAX_JSON_DEPTH + 1)) == "file-json-too-deep"
    brackets_in_text = b'["' + b"[" * 100 + b'\\"[[["]'
    assert check_upload(filename="a.json", content=brackets_in_text)


def test_the_depth_of_json_is_counted_in_linear_time() -> None:
    started = time.perf_counter()
    check_upload(filename="a.json", content=b'["' + b'\\"' * 2_000_000)
    assert time.perf_counter() - started < 2


def test_text_is_read_as_utf_8_or_as_chinese_excel_writes_it() -> None:
    text = "资产,面积\n红枣林,1300\n"
    for encoding in ("utf-8", "utf-8-sig", "gbk", "gb18030"):
        assert decode_text(text.encode(encoding)) == text


@pytest.mark.parametrize(
    ("filename", "shown"),
    [
        ("../../etc/passwd.pdf", "passwd.pdf"),
        ("C:\\secret\\证书.pdf", "证书.pdf"),
        ("a\x00b\r\nc.pdf", "abc.pdf"),
        ("\u202efdp.exe.pdf", "fdp.exe.pdf"),
        ("--rf.pdf", "rf.pdf"),
        ("", "file"),
        ("e\u0301.pdf", "é.pdf"),
    ],
)
def test_a_name_is_shown_without_path_and_hidden_marks(filename: str, shown: str) -> None:
    assert display_name(filename) == shown


@given(st.text(max_size=400))
def test_a_shown_name_is_always_short_and_never_empty(filename: str) -> None:
    shown = display_name(filename)
    assert 0 < len(shown) <= ct.MAX_NAME_CHARACTERS
    assert not set(shown) & set("/\\\r\n\x00")


@given(st.binary(max_size=600), st.sampled_from(ct.ALLOWED_EXTENSIONS))
def test_any_bytes_are_accepted_or_refused_but_never_crash(content: bytes, extension: str) -> None:
    size_bytes = len(content)
    # Any other exception than the refusal would come through.
    with suppress(UploadRefused):
        size_bytes = check_upload(filename=f"x{extension}", content=content).size_bytes
    assert size_bytes == len(content)
