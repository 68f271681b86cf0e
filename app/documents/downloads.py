"""Answers that carry a stored file: as an attachment, never shown by the browser from our address."""

from typing import Final
from urllib.parse import quote

from flask import Response

CONTENT_POLICY: Final = "default-src 'none'; sandbox; frame-ancestors 'none'"


def attachment(content: bytes, *, name: str, media_type: str) -> Response:
    """A download under its name by RFC 6266: an ASCII stand-in, and the name itself in UTF-8."""
    plain = "".join(
        each if each.isascii() and (each.isalnum() or each in "._-") else "_" for each in name
    )
    disposition = (
        f"attachment; filename=\"{plain or 'file'}\"; filename*=UTF-8''{quote(name, safe='')}"
    )
    return Response(
        content,
        content_type=media_type,
        headers={
            "Content-Disposition": disposition,
            "Content-Security-Policy": CONTENT_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
        },
    )
