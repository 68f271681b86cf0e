"""Reference pages say what the code does."""

import re

import pytest

from tests.support.reference_pages import FOLDER, PAGES, ROOT, limits


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_that_of_the_code(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), (
        "write it anew: python -m tests.support.reference_pages"
    )


def test_every_limit_says_why():
    assert [f"{each.module}.{each.name}" for each in limits() if not each.reason] == []


def test_the_glossary_holds_words_that_the_product_shows():
    shown = "".join(
        path.read_text(encoding="utf-8")
        for folder in ("app", "risk_models", "templates")
        for pattern in ("*.py", "*.yaml", "*.po", "*.html")
        for path in (ROOT / folder).rglob(pattern)
    )
    glossary = (ROOT / "docs/glossary.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \| [^|]+ \|$", glossary, flags=re.MULTILINE)
    words = [(en, zh) for en, zh in rows if zh not in {"中文", "---"}]
    assert len(words) > 60
    assert [(en, zh) for en, zh in words if not all(each in shown for each in zh.split("、"))] == []
