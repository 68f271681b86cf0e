"""Closes of days over the API and as pages: several days, loans left behind, writes during a close."""

from datetime import timedelta

import pytest

from app.db.models import CivilDay
from app.loans.services import business_day, close_day, run_requested_closes
from tests.functional.api.test_loans import TODAY, loan_id  # noqa: F401 - a fixture

BREAK = "UPDATE note_state SET period_due_on = '2023-12-26'"
MEND = "UPDATE note_state SET period_due_on = '2024-03-21'"


@pytest.fixture
def left_behind(database, world, loan_id, change):  # noqa: F811
    """The close of 2024-01-02, which could not close the one loan of the bank."""
    change(BREAK)
    view = close_day(database, world.system("A"), world.organisation("A"), TODAY)
    assert view.behind == 1
    return view.id


@pytest.fixture
def change(database):
    import sqlalchemy as sa

    def change(statement):
        with database.write() as session:
            session.execute(sa.text(statement))

    return change


def test_several_days_are_filed_at_once_and_closed_in_order(api, database, world, clock, loan_id):  # noqa: F811
    clock.instant += timedelta(days=3)
    until = (TODAY + timedelta(days=2)).isoformat()
    body = {"on": TODAY.isoformat(), "until_on": until}
    api("a-ops").post("/day-closes", body, status=201)
    assert [each.on.isoformat() for each in run_requested_closes(database).views][-1] == until
    listed = api("a-ops").get("/day-closes").json["items"]
    assert [each["state"] for each in listed] == ["finished"] * 3
    with database.read() as session:
        assert business_day(session, world.organisation("A")).isoformat() == "2024-01-05"


def test_a_day_that_is_filed_or_closed_already_answers_with_how_far_it_came(api, database, loan_id):  # noqa: F811
    body = {"on": TODAY.isoformat()}
    filed = api("a-ops").post("/day-closes", body, status=201)
    again = api("a-ops").post("/day-closes", body, status=200)
    assert (again.json["id"], again.json["state"]) == (filed.json["id"], "requested")
    run_requested_closes(database)
    closed = api("a-ops").post("/day-closes", body, status=200)
    assert (closed.json["id"], closed.json["state"]) == (filed.json["id"], "finished")
    assert closed.headers["Location"] == filed.headers["Location"]


def test_days_after_one_that_is_closed_are_filed_anew(api, database, clock, loan_id):  # noqa: F811
    api("a-ops").post("/day-closes", {"on": TODAY.isoformat()}, status=201)
    run_requested_closes(database)
    clock.instant += timedelta(days=2)
    body = {"on": TODAY.isoformat(), "until_on": (TODAY + timedelta(days=1)).isoformat()}
    filed = api("a-ops").post("/day-closes", body, status=201)
    assert (filed.json["on"], filed.json["state"]) == (body["until_on"], "requested")
    assert filed.headers["Location"].endswith(f"/day-closes/{filed.json['id']}")
    again = api("a-ops").post("/day-closes", body, status=200).json
    assert (again["on"], again["state"]) == (body["on"], "finished")


def test_a_day_that_has_not_come_is_refused_with_today(api, loan_id):  # noqa: F811
    body = {"on": "2024-01-02", "until_on": "2024-01-03"}
    refused = api("a-ops").post("/day-closes", body, status=422).json
    assert refused["type"].endswith("day-not-come")


def test_a_later_day_first_is_refused_with_what_to_do(api, sign_in, loan_id):  # noqa: F811
    refused = api("a-ops").post("/day-closes", {"on": "2024-01-03"}, status=409).json
    assert refused["type"].endswith("day-skipped")
    assert "2024-01-02" in refused["detail"]
    page = sign_in("a-ops", language="en").submit("/day-closes", {"on": "2024-01-03"}, status=409)
    assert "Close 2024-01-02 first" in page.text


def test_a_left_behind_loan_refuses_money_until_it_is_repeated(api, left_behind, loan_id, change):  # noqa: F811
    client = api("a-ops")
    money = {"amount_yuan": "10.00"}
    refused = client.post(f"/loans/{loan_id}/repayments", money, status=409).json
    assert refused["type"].endswith("loan-behind")
    shown = client.get(f"/day-closes/{left_behind}", status=200).json
    assert (shown["behind"], shown["errors"][0]["behind"]) == (1, True)
    change(MEND)
    number = shown["errors"][0]["loan_number"]
    done = client.post(
        f"/day-closes/{left_behind}/repeats", {"loan_numbers": [number]}, status=201
    ).json
    assert (done["behind"], done["repeats"][0]["done"]) == (0, 1)
    client.post(f"/loans/{loan_id}/repayments", money, status=201)
    again = client.post(f"/day-closes/{left_behind}/repeats", {}, status=422).json
    assert again["type"].endswith("nothing-left-behind")


def test_money_during_a_close_waits_for_it(api, database, world, clock, loan_id):  # noqa: F811
    """The loan is closed, the day not yet: 409 with the seconds to wait."""
    answers = []

    def pay(_count):
        answers.append(
            api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": "10.00"}, status=409)
        )

    close_day(database, world.system("A"), world.organisation("A"), TODAY, after_chunk=pay)
    assert answers[0].headers["Retry-After"] == "2"
    assert answers[0].json["type"].endswith("day-closing")
    api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": "10.00"}, status=201)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_lists_who_is_left_behind_and_repeats(sign_in, left_behind, change, language):
    browser = sign_in("a-ops", language=language)
    page = browser.get(f"/day-closes/{left_behind}", status=200).text
    assert ("已锁定" if language == "zh_CN" else "Locked") in page
    assert "2023-12-26" in page
    change(MEND)
    browser.submit(
        f"/day-closes/{left_behind}/repeats",
        {"loan_number": "L-2023-000001"},
        page=f"/day-closes/{left_behind}",
        status=303,
    )
    page = browser.get(f"/day-closes/{left_behind}", status=200).text
    assert ("已补结转" if language == "zh_CN" else "Caught up") in page


def test_the_list_offers_to_catch_up_days(sign_in, clock, loan_id):  # noqa: F811
    browser = sign_in("a-ops", language="en")
    assert "Days to catch up" not in browser.get("/day-closes", status=200).text
    clock.instant += timedelta(days=3)
    browser = sign_in("a-ops", language="en")
    assert "Days to catch up" in browser.get("/day-closes", status=200).text
    sent = {"on": "2024-01-02", "until_on": "2024-01-04"}
    browser.submit("/day-closes", sent, status=303)
    assert browser.get("/day-closes").text.count("Waiting to run") == 3


def test_a_demonstration_offers_to_close_days_ahead(database, sign_in, loan_id):  # noqa: F811
    """Its day is the open one whatever the clock says, so no day is ever behind."""
    with database.write() as session:
        session.add(CivilDay(on=TODAY))
    browser = sign_in("a-ops", language="en")
    text = browser.get("/day-closes", status=200).text
    assert "Days to close ahead" in text
    assert "each close moves it on" in text
    assert 'value="2024-01-08"' in text
    browser.submit("/day-closes", {"on": "2024-01-02", "until_on": "2024-01-03"}, status=303)
    assert len(run_requested_closes(database).views) == 2
