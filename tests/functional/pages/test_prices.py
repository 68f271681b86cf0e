"""Pages of prices: list, series, check of a file, import."""

from io import BytesIO

import pytest


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_series_and_their_points_are_shown(sign_in, language) -> None:
    browser = sign_in("c1-fin", language=language)
    words = "全国碳排放配额" if language == "zh_CN" else "National carbon allowances"
    assert words in browser.get("/market", status=200).text
    page = browser.get("/market/CEA", status=200).text
    assert "79.42" in page
    browser.get("/market/CEA?history=1", status=200)
    browser.get("/market/NONE", status=404)
    browser.get("/market/CEA/import", status=403)


def test_a_file_is_checked_before_it_is_imported(sign_in) -> None:
    browser = sign_in("tc-1")
    text = "on,value\n2023-12-28,79\n2023-12-29,80\n"
    file = (BytesIO(text.encode()), "cea.csv")
    checked = browser.submit("/market/CEA/import", {"file": file}, status=200)
    assert "79.42" in checked.text
    path = "/market/CEA/points"
    refused = browser.submit(path, {"text": text}, status=422)
    assert "79.42" in refused.text
    browser.submit(path, {"text": text, "reason": "录入错误"}, status=303)
    assert "80" in browser.get("/market/CEA", status=200).text


def test_wrong_lines_are_listed_and_cannot_be_imported(sign_in) -> None:
    browser = sign_in("tc-1")
    file = (BytesIO(b"on,value\n2023-13-28,79\n"), "cea.csv")
    page = browser.submit("/market/CEA/import", {"file": file}, status=200)
    assert "YYYY-MM-DD" in page.text
    assert "/market/CEA/points" not in page.text
    pdf = (BytesIO(b"%PDF-1.7"), "cea.pdf")
    browser.submit("/market/CEA/import", {"file": pdf}, status=422)
