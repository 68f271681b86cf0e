"""Due dates over the API and in files: one list, whoever asks for it."""

from datetime import date

import pytest

from app.loans.due import views as due_views
from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    load_history,
    open_business_day,
    open_loan,
)
from tests.support.once import built_once

DUE_DAY = date(2024, 3, 21)


@pytest.fixture
@built_once
def loan_id(database, world):
    """3,000,000.00 at 4.45 % of bank A to C1; 31,891.67 are one day late on 2024-03-22."""
    system, bank = world.system("A"), world.organisation("A")
    with database.write() as session:
        open_business_day(session, system, bank, date(2024, 3, 22))
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="林权抵押贷款",
            contract_fen=3_000_000_00,
            rate_ppm=44_500,
            penalty_ppm=500_000,
            starts_on=date(2023, 12, 26),
            matures_on=date(2024, 12, 25),
            region_code="620725",
        )
        found = open_loan(session, system, command)
        drawdown = PostDrawdown(loan_id=found, amount_fen=3_000_000_00)
        load_history(session, system, found, [Drawn(on=date(2023, 12, 26), command=drawdown)])
    return found


@pytest.mark.parametrize(("login", "total"), [("a-ops", 2), ("c1-fin", 2), ("b-ops", 0)])
def test_a_bank_and_an_enterprise_see_what_is_theirs(api, loan_id, login, total):
    body = api(login).get("/due-dates", until="2024-06-21", status=200).json
    assert (body["total"], len(body["items"])) == (total, total)
    assert body["complete"] is True
    if total:
        assert body["day"] == "2024-03-22"
        assert [each["state"] for each in body["items"]] == ["overdue", "to-come"]
        assert body["items"][0]["days_late"] == 1
        assert body["sums"]["overdue_yuan"] == "31891.67"


def test_a_page_holds_part_of_it_and_the_sums_all(api, loan_id):
    first = api("a-ops").get("/due-dates", until="2024-06-21", page_size=1).json
    second = api("a-ops").get("/due-dates", until="2024-06-21", page_size=1, page=2).json
    assert first["sums"] == second["sums"]
    paid = sum(float(each["items"][0]["payment_yuan"]) for each in (first, second))
    assert float(first["sums"]["payment_yuan"]) == pytest.approx(paid)


def test_a_wrong_filter_is_named(api, loan_id):
    for query, pointer in (
        ({"until": "2024-02-30"}, "/until"),
        ({"until": "2024-03-21", "from": "2024-03-22"}, "/until"),
        ({"until": "2026-01-01"}, "/until"),
        ({"state": "late"}, "/state"),
        ({"day": "2024-03-21"}, "/day"),
        ({"page": "0"}, "/page"),
    ):
        body = api("a-ops").get("/due-dates", status=422, **query).json
        assert [each["pointer"] for each in body["errors"]] == [pointer], query


def test_the_month_names_its_days(api, loan_id):
    body = api("a-ops").get("/due-dates/calendar", day="2024-03-05", status=200).json
    assert [(each["on"], each["sums"]["payment_yuan"]) for each in body["days"]] == [
        ("2024-03-21", "31891.67")
    ]


def as_file(api, path, *, status):
    return api("a-ops").request("GET", path, headers={"Accept": "text/csv"}, status=status)


def test_the_file_says_what_the_list_says(api, loan_id):
    answer = as_file(api, "/due-dates?until=2024-06-21", status=200)
    text = answer.data.decode("utf-8-sig")
    assert "31891.67" in text
    assert text.count("L-2023-000001") >= 2


def test_a_file_of_too_many_payments_is_refused_with_what_to_do(api, loan_id, monkeypatch):
    monkeypatch.setattr(due_views, "MAX_DUE_EXPORT_ROWS", 1)
    as_file(api, "/due-dates?until=2024-03-31", status=200)
    body = as_file(api, "/due-dates?until=2024-06-21", status=422).json
    assert (body["type"].rpartition("/")[2], body["rows"], body["most"]) == (
        "due-export-too-long",
        2,
        1,
    )
