"""Reference pages say what the code does."""

import pytest

from tests.support.reference_pages import FOLDER, PAGES, limits


@pytest.mark.parametrize("name", sorted(PAGES))
def test_the_page_is_that_of_the_code(name):
    assert (FOLDER / name).read_text(encoding="utf-8") == PAGES[name](), (
        "write it anew: python -m tests.support.reference_pages"
    )


def test_every_limit_says_why():
    assert [f"{each.module}.{each.name}" for each in limits() if not each.reason] == []
