"""Pages of prices: list, series, check of a file, import."""

from datetime import timedelta
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
    source = "交易所日报"
    file = (BytesIO(text.encode()), "cea.csv")
    checked = browser.submit("/market/CEA/import", {"file": file, "source": source}, status=200)
    assert "79.42" in checked.text
    assert "+0.73%" in checked.text
    assert source in checked.text
    assert 'name="reason"' in checked.text
    path = "/market/CEA/points"
    refused = browser.submit(path, {"text": text, "source": source}, status=422)
    assert "79.42" in refused.text
    browser.submit(path, {"text": text, "source": source, "reason": "录入错误"}, status=303)
    assert "80" in browser.get("/market/CEA", status=200).text


def test_a_reason_is_asked_for_only_when_a_price_is_corrected(sign_in) -> None:
    file = (BytesIO("on,value,source\n2023-12-30,80,日报\n".encode()), "cea.csv")
    checked = sign_in("tc-1").submit("/market/CEA/import", {"file": file}, status=200)
    assert "/market/CEA/points" in checked.text
    assert 'name="reason"' not in checked.text


def test_a_price_without_a_source_says_so(sign_in) -> None:
    browser = sign_in("tc-1", language="en")
    body = {"text": "on,value\n2023-12-30,80\n"}
    browser.submit("/market/CEA/points", body, status=303)
    assert "To be confirmed" in browser.get("/market/CEA", status=200).text


def test_wrong_lines_are_listed_and_cannot_be_imported(sign_in) -> None:
    browser = sign_in("tc-1")
    file = (BytesIO(b"on,value\n2023-13-28,79\n"), "cea.csv")
    page = browser.submit("/market/CEA/import", {"file": file}, status=200)
    assert "YYYY-MM-DD" in page.text
    assert "/market/CEA/points" not in page.text
    pdf = (BytesIO(b"%PDF-1.7"), "cea.pdf")
    browser.submit("/market/CEA/import", {"file": pdf}, status=422)


@pytest.mark.parametrize(
    ("language", "words", "refusal"),
    [("zh_CN", "半衰期", "无法校准"), ("en", "Half-life", "cannot be calibrated")],
)
def test_how_a_price_moves_is_shown_with_its_haircuts(sign_in, language, words, refusal) -> None:
    browser = sign_in("tc-1", language=language)
    rows = [
        f"2022-{1 + place // 28:02d}-{1 + place % 28:02d},{70 + place % 5 + place * 0.1:.2f}"
        for place in range(150)
    ]
    body = {"text": "\n".join(["on,value", *rows]), "source": "日报"}
    browser.submit("/market/CEA/points", body, status=303)
    assert "/market/CEA/calibration" in browser.get("/market/CEA", status=200).text
    page = browser.get("/market/CEA/calibration?first_on=2022-01-01&last_on=2022-12-31", status=200)
    assert words in page.text
    assert "39.0%" in page.text
    assert "30.0%" in page.text
    empty = browser.get("/market/CEA/calibration?last_on=2020-01-01", status=200)
    assert refusal in empty.text
    browser.get("/market/NONE/calibration", status=404)


def test_too_few_points_are_counted_and_the_advice_can_be_followed(sign_in, clock) -> None:
    today = clock.today()
    clock.instant += timedelta(days=7)
    browser = sign_in("tc-1", language="en")
    sent = {"source": "日报", "reason": "更正"}
    days = [today + timedelta(days=place) for place in range(-4, 7)]
    text = "\n".join(["on,value", *(f"{on},{80 + on.day % 7}" for on in days)])
    browser.submit("/market/CEA/points", {**sent, "text": text}, status=303)
    clock.instant -= timedelta(days=7)
    browser = sign_in("tc-1", language="en")
    period = f"first_on={days[0]}&last_on={days[-1]}"
    told = browser.get(f"/market/CEA/calibration?{period}").text
    assert f"Points up to {today} in the period: 5; 10 are needed." in told
    assert f"Points after {today}, which are not used: 6." in told
    assert "Import more prices." in told
    assert "longer period" not in told
    earlier = [today - timedelta(days=place) for place in range(10, 20)]
    text = "\n".join(["on,value", *(f"{on},{80 + on.day % 7}" for on in earlier)])
    browser.submit("/market/CEA/points", {**sent, "text": text}, status=303)
    short = browser.get(f"/market/CEA/calibration?first_on={days[0]}&last_on={today}").text
    assert "Choose a longer period." in short
    assert "not used" not in short
