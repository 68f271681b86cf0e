"""Pages of due dates: list, month, files, in both languages."""

from io import BytesIO
from zipfile import ZipFile

import pytest

from tests.functional.api.test_due_dates import loan_id  # noqa: F401 - a fixture


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_list_shows_what_is_late_and_its_sum(sign_in, loan_id, language):  # noqa: F811
    text = sign_in("a-ops", language=language).get("/due-dates?until=2024-06-21", status=200).text
    assert "31,891.67" in text
    assert ("逾期" if language == "zh_CN" else "Overdue") in text
    assert "/due-dates/export.xlsx?until=2024-06-21" in text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_month_leads_to_its_days(sign_in, loan_id, language):  # noqa: F811
    text = sign_in("c1-fin", language=language).get("/due-dates/calendar", status=200).text
    assert "from=2024-03-21&amp;until=2024-03-21" in text
    assert "day=2024-02-01" in text
    assert "day=2024-04-01" in text


@pytest.mark.parametrize(("language", "off"), [("zh_CN", "休"), ("en", "Holiday")])
def test_the_month_marks_holidays_and_days_made_up(sign_in, api, loan_id, language, off):  # noqa: F811
    """2024-04-04 to 06 were off for Tomb-Sweeping Day; the Sundays 7 and 28 were worked."""
    browser = sign_in("c1-fin", language=language)
    assert f">{off}<" not in browser.get("/due-dates/calendar?day=2024-03-01", status=200).text
    text = browser.get("/due-dates/calendar?day=2024-04-01", status=200).text
    assert text.count(f">{off}<") == 3
    # With the other weekend days: Saturdays 13, 20, 27, Sundays 14, 21.
    assert text.count('"is-rest') == 3 + 5
    month = api("c1-fin").get("/due-dates/calendar?day=2024-04-01", status=200).json
    assert (month["holidays"], month["workdays"]) == (
        ["2024-04-04", "2024-04-05", "2024-04-06"],
        ["2024-04-07", "2024-04-28"],
    )
    spring = api("c1-fin").get("/due-dates/calendar?day=2024-02-01", status=200).json
    assert spring["holidays"] == [f"2024-02-{number}" for number in range(10, 18)]
    assert spring["workdays"] == ["2024-02-04", "2024-02-18"]


def test_files_carry_the_filter_of_the_list(sign_in, loan_id):  # noqa: F811
    browser = sign_in("a-ops")
    sheet = browser.get("/due-dates/export.csv?until=2024-06-21&state=overdue", status=200)
    assert sheet.data.decode("utf-8-sig").count("31891.67") >= 2
    assert "due-dates-2024-06-21.csv" in sheet.headers["Content-Disposition"]
    book = browser.get("/due-dates/export.xlsx", status=200).data
    assert b"L-2023-000001" in ZipFile(BytesIO(book)).read("xl/sharedStrings.xml")


def test_a_wrong_day_keeps_the_form(sign_in, loan_id):  # noqa: F811
    text = sign_in("a-ops", language="en").get("/due-dates?until=2024-02-30", status=422).text
    assert "There is no such day in the calendar." in text
    assert 'value="2024-02-30"' in text
