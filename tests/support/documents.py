"""What a reader finds in a PDF."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest


def page_count(content: bytes) -> int:
    return len(re.findall(rb"/Type /Page\b", content))


def text_of(content: bytes, folder: Path) -> str:
    """The text a reader can copy, without white space: lines break anywhere in Chinese."""
    return "".join(pages_of(content, folder))


def pages_of(content: bytes, folder: Path) -> list[str]:
    """The text of each page, without white space."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext not found: apt-get install poppler-utils")
    path = folder / "document.pdf"
    path.write_bytes(content)
    made = subprocess.run(
        ["pdftotext", str(path), "-"], capture_output=True, check=True, timeout=60
    )
    return [squeezed(page) for page in made.stdout.decode().split("\f")]


def squeezed(text: str) -> str:
    return re.sub(r"\s", "", text)


def require_nothing_embedded(content: bytes) -> None:
    """No picture, form, link, script or file stands in the document."""
    bare = re.sub(rb"/Image[BCI]\b", b"", content)
    for mark in (b"/Image", b"/XObject", b"/URI", b"/Annot", b"/JavaScript", b"/EmbeddedFile"):
        assert mark not in bare, mark
