from pathlib import Path

import pytest

from tests.support import chromium


@pytest.mark.browser
def test_the_browser_shows_chinese_words() -> None:
    with chromium.chromium() as browser:
        page = browser.new_page(viewport={"width": 390, "height": 800})
        page.set_content("<h1>押品重估</h1>")
        assert page.get_by_role("heading").inner_text() == "押品重估"
        assert page.evaluate("innerWidth") == 390


def test_the_named_browser_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "my-browser"
    named.touch(mode=0o755)
    monkeypatch.setenv("CHROMIUM", str(named))
    assert chromium.find_chromium() == str(named)


@pytest.mark.parametrize(("required", "outcome"), [("", "Skipped"), ("1", "Failed")])
def test_a_missing_browser_is_skipped_or_fails_where_it_is_required(
    required: str, outcome: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CHROMIUM", raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv(chromium.REQUIRED_VARIABLE, required)
    with pytest.raises(BaseException, match="Chromium not found") as caught:
        chromium.find_chromium()
    assert caught.typename == outcome
