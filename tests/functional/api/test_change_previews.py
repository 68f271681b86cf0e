"""Both schedules of a change, over the API and on its page; the next payment with its amount."""

import pytest

from tests.functional.api.test_loan_changes import (  # noqa: F401 - fixtures
    RENEWAL,
    bank,
    decided,
    loan_id,
)

EASED = {
    "kind": "restructuring",
    "financial_difficulty": True,
    "rate": "0.0210",
    "reason": "经营困难",
}
FIRST = {"due_on": "2024-12-21", "balance_yuan": "3000000.00"}


def test_the_approver_sees_what_falls_due_before_and_after(api, loan_id):  # noqa: F811
    made = api("a-officer").post(f"/loans/{loan_id}/changes", EASED, status=201).json
    shown = api("a-approve").get(f"/loan-changes/{made['id']}/preview", status=200).json
    assert shown["on"] == "2024-10-01"
    before, after = shown["before"][0], shown["after"][0]
    for row in (before, after):
        assert {name: row[name] for name in FIRST} == FIRST
    # 91 days at 4.45 %; then 10 days at 4.45 % and 81 at 2.10 %.
    assert (before["interest_yuan"], after["interest_yuan"]) == ("33745.83", "17883.33")
    api("b-approve").get(f"/loan-changes/{made['id']}/preview", status=404)
    done = decided(api, made, ("a-approve", "approve"), ("a-officer", "carry-out"))
    ended = api("a-approve").get(f"/loan-changes/{done['id']}/preview", status=200).json
    assert (ended["before"], ended["after"]) == ([], [])


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("language", "title"), [("zh_CN", "变更后还款计划"), ("en", "Schedule after")]
)
def test_the_page_of_a_change_shows_both(api, sign_in, loan_id, language, title):  # noqa: F811
    made = api("a-officer").post(f"/loans/{loan_id}/changes", EASED, status=201).json
    browser = sign_in("a-approve", language=language)
    text = browser.get(f"/loan-changes/{made['id']}", status=200).text
    assert all(words in text for words in (title, "33,745.83", "17,883.33"))
    note = {"event": "refuse", "note": "理由不足"}
    api("a-approve").post(f"/loan-changes/{made['id']}/events", note, version=made["version"])
    assert title not in browser.get(f"/loan-changes/{made['id']}", status=200).text


@pytest.mark.one_engine("sqlite")
def test_of_a_renewal_the_new_loan_is_shown(api, sign_in, loan_id):  # noqa: F811
    made = api("a-officer").post(f"/loans/{loan_id}/changes", RENEWAL, status=201).json
    text = sign_in("a-approve", language="en").get(f"/loan-changes/{made['id']}", status=200).text
    assert "Schedule of the new loan" in text


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("page", ["/loans", "/loans/{id}"])
def test_the_next_payment_stands_beside_its_day(sign_in, loan_id, page):  # noqa: F811
    text = sign_in("a-ops", language="en").get(page.format(id=loan_id), status=200).text
    assert "2024-12-21" in text
    assert "33,745.83" in text


@pytest.mark.one_engine("sqlite")
def test_who_decides_on_a_change_reads_all_that_it_changes(api, sign_in, loan_id):  # noqa: F811
    plan = [
        {"on": "2024-11-21", "amount_yuan": "1000000.00"},
        {"on": "2024-12-25", "amount_yuan": "2000000.00"},
    ]
    made = api("a-officer").post(f"/loans/{loan_id}/changes", EASED | {"plan": plan}, status=201)
    page, approver = f"/loan-changes/{made.json['id']}", sign_in("a-approve", language="en")
    # The cards of a column stand one below the other only in a stack.
    assert 'class="w-7 stack"' in approver.get(page, status=200).text
    told = approver.get(f"{page}/events/approve", status=200).text
    for words in ("Present rate", "4.45 %", "2.1 %", "3,000,000.00", "New plan: principal due on"):
        assert words in told, words
    assert all(row["on"] in told for row in plan)
    assert "1,000,000.00" in told
    done = decided(api, made.json, ("a-approve", "approve"), ("a-officer", "carry-out"))
    assert done["state"] == "carried-out"
    # Once it is carried out the books hold the schedule: the page says from which day, and leads there.
    kept = approver.get(page, status=200).text
    assert "In force since 2024-10-01" in kept
    assert f'href="/loans/{loan_id}/schedule"' in kept
    assert "Restructured</" in approver.get(f"/loans/{loan_id}", status=200).text
    form = sign_in("a-officer", language="en").get(f"/loans/{loan_id}/changes/new").text
    assert "Submit for approval</button>" in form
