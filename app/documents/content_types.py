"""Which files may be uploaded: known by content AND by extension, within limits, before parsing.

Nothing here parses a document. Each check reads signatures, headers and tables of contents, so
that a hostile file costs milliseconds and never reaches the library that would choke on it.
"""

import re
import struct
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from io import BytesIO
from pathlib import PurePosixPath
from types import MappingProxyType
from typing import Final
from zipfile import BadZipFile, ZipFile, ZipInfo

from app.kernel.text import N_

MEBIBYTE: Final = 1024 * 1024

MAX_PDF_BYTES: Final = 20 * MEBIBYTE
"""A certificate or report of a hundred scanned pages at 200 dpi fits."""

MAX_IMAGE_BYTES: Final = 12 * MEBIBYTE
"""A photograph of a present-day telephone at full size fits."""

MAX_SHEET_BYTES: Final = 10 * MEBIBYTE
"""Ten times the largest import template when it is full."""

MAX_GEOJSON_BYTES: Final = 5 * MEBIBYTE
"""A thousand parcels of a hundred vertices each fit."""

MAX_UNPACKED_SHEET_BYTES: Final = 25 * MEBIBYTE
"""20,000 rows of twenty columns unpack to about 15 MiB; bombs begin above."""

MAX_ZIP_MEMBERS: Final = 300
"""A workbook with a hundred sheets has fewer parts."""

MAX_IMAGE_PIXELS: Final = 60_000_000
"""A 50-megapixel photograph fits; unpacked it takes 180 MB, which one preview can bear."""

MAX_IMAGE_SIDE_PIXELS: Final = 20_000
"""No scanner or camera of the trade makes longer sides."""

MAX_JSON_DEPTH: Final = 32
"""GeoJSON needs eight levels; deeper text is made to exhaust a parser."""

MAX_NAME_CHARACTERS: Final = 120
"""Of the sender's file name, kept for display only; files are stored under their digest."""

_MESSAGES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "file-empty": N_("The file is empty."),
        "file-too-large": N_(
            "The file has %(size_bytes)s bytes; at most %(limit_bytes)s are taken."
        ),
        "file-type-not-allowed": N_(
            "Files of the type “%(extension)s” are not taken. Allowed: %(allowed)s."
        ),
        "file-content-mismatch": N_(
            "The content of the file is not what its extension “%(extension)s” says."
        ),
        "file-damaged": N_("The file is damaged or incomplete: %(reason)s."),
        "file-encrypted": N_("The file is protected by a password. Send it without."),
        "file-active-content": N_("The file carries a program (%(found)s). Send it without."),
        "file-two-formats": N_(
            "The file is two kinds of file at once. Save it anew and send that."
        ),
        "file-unpacks-too-large": N_("Unpacked, the file is larger than %(limit_bytes)s bytes."),
        "file-too-many-parts": N_("The file has more than %(limit)s parts."),
        "image-too-large": N_(
            "The picture has %(width_px)s × %(height_px)s pixels; at most %(limit_px)s are taken."
        ),
        "file-text-encoding": N_("The text is neither UTF-8 nor GB 18030."),
        "file-json-too-deep": N_("The file is nested more than %(limit)s levels deep."),
    }
)


class UploadRefused(ValueError):  # noqa: N818 - named by what happened, like the refusals
    """A file that is not taken: code, facts, and words for the person who sent it."""

    def __init__(self, code: str, facts: Mapping[str, object] | None = None) -> None:
        super().__init__(code)
        self.code = code
        self.facts: dict[str, object] = dict(facts or {})

    @property
    def detail(self) -> str:
        """The message of the catalogue; its placeholders are the facts."""
        return _MESSAGES[self.code]


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedFile:
    """What is known of an upload after the check; `media_type` is ours, never the sender's."""

    kind: str
    extension: str
    media_type: str
    display_name: str
    size_bytes: int
    width_px: int | None = None
    height_px: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Kind:
    name: str
    media_type: str
    max_bytes: int
    check: Callable[[bytes], "tuple[int, int] | None"]


def check_upload(*, filename: str, content: bytes) -> AcceptedFile:
    """Accept a file by extension, size and content, or refuse it with UploadRefused."""
    extension = PurePosixPath(filename.replace("\\", "/")).suffix.lower()
    kind = _KINDS.get(extension)
    if kind is None:
        named = {"extension": extension[:16], "allowed": ", ".join(ALLOWED_EXTENSIONS)}
        raise UploadRefused("file-type-not-allowed", named)
    if not content:
        raise UploadRefused("file-empty")
    if len(content) > kind.max_bytes:
        facts = {"size_bytes": len(content), "limit_bytes": kind.max_bytes}
        raise UploadRefused("file-too-large", facts)
    try:
        pixels = kind.check(content)
    except _Mismatch as error:
        raise UploadRefused("file-content-mismatch", {"extension": extension}) from error
    width_px, height_px = pixels or (None, None)
    return AcceptedFile(
        kind=kind.name,
        extension=extension,
        media_type=kind.media_type,
        display_name=display_name(filename),
        size_bytes=len(content),
        width_px=width_px,
        height_px=height_px,
    )


def display_name(filename: str) -> str:
    """A sender's file name made safe to show: no path, no control or direction marks, bounded."""
    name = unicodedata.normalize("NFC", filename.replace("\\", "/").rsplit("/", 1)[-1])
    name = "".join(c for c in name if unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Zl", "Zp"})
    name = name.strip().lstrip(".-").strip()
    stem, dot, extension = name.rpartition(".")
    if dot and stem:
        return f"{stem[: MAX_NAME_CHARACTERS - 8]}.{extension[:7]}"
    return name[:MAX_NAME_CHARACTERS] or "file"


class _Mismatch(ValueError):  # noqa: N818 - named by what happened, like the refusals
    """The content does not begin or end as its kind does."""


# -- PDF ----------------------------------------------------------------------------------------

_PDF_END: Final = re.compile(rb"%%EOF[\s\x00]*\Z")
_PDF_ACTIVE: Final = (b"/JavaScript", b"/Launch", b"/EmbeddedFile", b"/RichMedia")


def _check_pdf(content: bytes) -> None:
    if not re.match(rb"%PDF-[12]\.\d", content):
        raise _Mismatch
    _refuse_hidden_zip(content)
    if not _PDF_END.search(content, max(0, len(content) - 1024)):
        raise UploadRefused("file-damaged", {"reason": "PDF"})
    if b"/Encrypt" in content:
        raise UploadRefused("file-encrypted")
    for mark in _PDF_ACTIVE:
        if mark in content:
            raise UploadRefused("file-active-content", {"found": mark.decode("ascii")})


def _refuse_hidden_zip(content: bytes) -> None:
    """A ZIP archive is read from its end, so one can hide behind a picture or a PDF."""
    at = content.rfind(b"PK\x05\x06", max(0, len(content) - 65_557))
    if at < 0 or at + 22 > len(content):
        return
    (comment_bytes,) = struct.unpack_from("<H", content, at + 20)
    if at + 22 + comment_bytes == len(content):
        raise UploadRefused("file-two-formats")


# -- Pictures -----------------------------------------------------------------------------------

_PNG_END: Final = b"\x00\x00\x00\x00IEND\xaeB`\x82"
_JPEG_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _check_png(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\x89PNG\r\n\x1a\n"):
        raise _Mismatch
    if len(content) < 33 or content[12:16] != b"IHDR" or not content.endswith(_PNG_END):
        raise UploadRefused("file-damaged", {"reason": "PNG"})
    width_px, height_px = struct.unpack_from(">II", content, 16)
    return _within_pixel_limits(width_px, height_px)


def _check_jpeg(content: bytes) -> tuple[int, int]:
    if not content.startswith(b"\xff\xd8\xff"):
        raise _Mismatch
    _refuse_hidden_zip(content)
    at = 2
    while at + 9 <= len(content) and content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _JPEG_FRAMES:
            height_px, width_px = struct.unpack_from(">HH", content, at + 5)
            return _within_pixel_limits(width_px, height_px)
        (length,) = struct.unpack_from(">H", content, at + 2)
        at += 2 + max(length, 2)
    raise UploadRefused("file-damaged", {"reason": "JPEG"})


def _within_pixel_limits(width_px: int, height_px: int) -> tuple[int, int]:
    if not width_px or not height_px:
        raise UploadRefused("file-damaged", {"reason": "0 px"})
    if width_px * height_px > MAX_IMAGE_PIXELS or max(width_px, height_px) > MAX_IMAGE_SIDE_PIXELS:
        facts = {"width_px": width_px, "height_px": height_px, "limit_px": MAX_IMAGE_PIXELS}
        raise UploadRefused("image-too-large", facts)
    return width_px, height_px


# -- Workbooks ----------------------------------------------------------------------------------

_SHEET_PARTS: Final = frozenset({"[Content_Types].xml", "xl/workbook.xml"})
_ENCRYPTED_OFFICE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_SYMLINK: Final = 0o120000


def _check_xlsx(content: bytes) -> None:
    if content.startswith(_ENCRYPTED_OFFICE):
        # A workbook with a password is wrapped in the old container format.
        raise UploadRefused("file-encrypted")
    if not content.startswith(b"PK\x03\x04"):
        raise _Mismatch
    try:
        with ZipFile(BytesIO(content)) as archive:
            members = archive.infolist()
    except (BadZipFile, NotImplementedError, UnicodeDecodeError, struct.error) as error:
        raise UploadRefused("file-damaged", {"reason": "XLSX"}) from error
    if not {member.filename for member in members} >= _SHEET_PARTS:
        raise _Mismatch
    _refuse_bombs(members, size_bytes=len(content))
    for member in members:
        _check_member(member)


def _refuse_bombs(members: list[ZipInfo], *, size_bytes: int) -> None:
    if len(members) > MAX_ZIP_MEMBERS:
        raise UploadRefused("file-too-many-parts", {"limit": MAX_ZIP_MEMBERS})
    if sum(member.file_size for member in members) > MAX_UNPACKED_SHEET_BYTES:
        raise UploadRefused("file-unpacks-too-large", {"limit_bytes": MAX_UNPACKED_SHEET_BYTES})
    # Parts that overlap let a small file unpack to any size: together they exceed the file.
    if sum(member.compress_size for member in members) > size_bytes:
        raise UploadRefused("file-damaged", {"reason": "XLSX"})


def _check_member(member: ZipInfo) -> None:
    parts = PurePosixPath(member.filename).parts
    if member.filename.startswith("/") or ".." in parts or "\\" in member.filename:
        raise UploadRefused("file-damaged", {"reason": "XLSX"})
    if (member.external_attr >> 16) & 0o170000 == _SYMLINK:
        raise UploadRefused("file-damaged", {"reason": "XLSX"})
    if member.flag_bits & 1:
        raise UploadRefused("file-encrypted")
    if parts[-1].lower() == "vbaproject.bin":
        raise UploadRefused("file-active-content", {"found": "VBA"})


# -- Text ---------------------------------------------------------------------------------------

_BINARY_STARTS: Final = (
    b"%PDF",
    b"PK\x03\x04",
    b"MZ",
    b"\x7fELF",
    b"\x89PNG",
    b"\xff\xd8\xff",
    b"GIF8",
)
_CONTROL: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def decode_text(content: bytes) -> str:
    """Text of an import file: UTF-8 with or without mark, else GB 18030 as Excel writes it."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        if not _CONTROL.search(text):
            return text
    raise UploadRefused("file-text-encoding")


def _check_csv(content: bytes) -> None:
    start = content.removeprefix(b"\xef\xbb\xbf").lstrip()[:1]
    if content.startswith(_BINARY_STARTS) or start in {b"<", b"{", b"["}:
        raise _Mismatch
    decode_text(content)


def _check_json(content: bytes) -> None:
    text = content.removeprefix(b"\xef\xbb\xbf").lstrip()
    if text[:1] not in {b"{", b"["}:
        raise _Mismatch
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UploadRefused("file-text-encoding") from error
    require_shallow_json(text)


# A string without its end runs to the end of the text, so that the scan stays linear.
_JSON_STRING: Final = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_JSON_BRACKET: Final = re.compile(rb"[\[\]{}]")


def require_shallow_json(text: bytes, *, max_depth: int = MAX_JSON_DEPTH) -> None:
    """Refuse text nested deeper than any form of ours, before a recursive parser sees it."""
    depth = 0
    for match in _JSON_BRACKET.finditer(_JSON_STRING.sub(b"", text)):
        depth += 1 if match.group() in b"[{" else -1
        if depth > max_depth:
            raise UploadRefused("file-json-too-deep", {"limit": max_depth})


_JPEG: Final = _Kind(
    name="jpeg", media_type="image/jpeg", max_bytes=MAX_IMAGE_BYTES, check=_check_jpeg
)
_JSON_MEDIA: Final = "application/geo+json"

_KINDS: Final[Mapping[str, _Kind]] = MappingProxyType(
    {
        ".pdf": _Kind(
            name="pdf", media_type="application/pdf", max_bytes=MAX_PDF_BYTES, check=_check_pdf
        ),
        ".png": _Kind(
            name="png", media_type="image/png", max_bytes=MAX_IMAGE_BYTES, check=_check_png
        ),
        ".jpg": _JPEG,
        ".jpeg": _JPEG,
        ".xlsx": _Kind(
            name="xlsx",
            media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
            max_bytes=MAX_SHEET_BYTES,
            check=_check_xlsx,
        ),
        ".csv": _Kind(
            name="csv", media_type="text/csv", max_bytes=MAX_SHEET_BYTES, check=_check_csv
        ),
        ".geojson": _Kind(
            name="geojson", media_type=_JSON_MEDIA, max_bytes=MAX_GEOJSON_BYTES, check=_check_json
        ),
        ".json": _Kind(
            name="geojson", media_type=_JSON_MEDIA, max_bytes=MAX_GEOJSON_BYTES, check=_check_json
        ),
    }
)
ALLOWED_EXTENSIONS: Final = tuple(sorted(_KINDS))
