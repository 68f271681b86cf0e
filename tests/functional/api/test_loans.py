"""The API of loans as staff of a bank, its customer and others use it."""

from datetime import date

import pytest

from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    close_day,
    load_history,
    open_business_day,
    open_loan,
)
from tests.support.documents import text_of
from tests.support.once import built_once

TODAY = date(2024, 1, 2)


@pytest.fixture
@built_once
def loan_id(database, world):
    """S11: 4,000,000.00 at 4.35 % drawn on 2023-12-21, 5,800.00 grown by today."""
    bank = world.organisation("A")
    with database.write() as session:
        open_business_day(session, world.system("A"), bank, TODAY)
        found = open_loan(
            session,
            world.actor("a-officer"),
            OpenLoan(
                bank_id=bank,
                borrower_id=world.organisation("C1"),
                title="经济林流动资金贷款",
                contract_fen=4_000_000_00,
                rate_ppm=43_500,
                penalty_ppm=500_000,
                starts_on=date(2023, 12, 21),
                matures_on=date(2024, 4, 17),
                region_code="620725",
                green=True,
            ),
        )
    with database.write() as session:
        command = PostDrawdown(loan_id=found, amount_fen=4_000_000_00)
        events = [Drawn(on=date(2023, 12, 21), command=command)]
        load_history(session, world.system("A"), found, events)
    return found


def test_a_loan_shows_its_figures_at_the_opening_of_the_business_day(api, loan_id):
    body = api("a-ops").get(f"/loans/{loan_id}").json
    assert body["principal_yuan"] == "4000000.00"
    assert body["accrued_yuan"] == "5800.00"
    assert body["exposure_yuan"] == "4005800.00"
    assert (body["state"], body["class"], body["rate"]) == ("performing", "normal", "0.0435")
    assert body["closed_on"] == "2024-01-01"
    # As on the pages: interest of the quarter to its 20th.
    coming = {"due_on": "2024-03-21", "amount_yuan": "43983.33"}
    assert body["next_payment"] == coming
    (listed,) = api("a-ops").get("/loans").json["items"]
    assert listed["next_payment"] == coming


@pytest.mark.parametrize(
    ("login", "status"), [("a-officer", 200), ("c1-fin", 200), ("b-ops", 404), ("c2-fin", 404)]
)
def test_a_loan_is_seen_by_its_parties_only(api, loan_id, login, status):
    api(login).get(f"/loans/{loan_id}", status=status)
    total = api(login).get("/loans").json["total"]
    assert total == (1 if status == 200 else 0)


def test_a_regulator_reads_loans_through_oversight_only(api, loan_id):
    api("pbc-1").get(f"/loans/{loan_id}", status=403)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"q": "果"}, 1),
        ({"q": "%"}, 0),
        ({"state": "performing"}, 1),
        ({"state": "overdue"}, 0),
        ({"class": "normal"}, 1),
        ({"class": "loss"}, 0),
        ({"county": "620725"}, 1),
        ({"county": "6209"}, 0),
        ({"kept": "mirrored"}, 0),
        ({"number": "L-2023-000001"}, 1),
    ],
)
@pytest.mark.one_engine("sqlite")
def test_the_list_is_narrowed_by_filters(api, loan_id, query, found):
    assert api("a-ops").get("/loans", **query).json["total"] == found


@pytest.mark.one_engine("sqlite")
def test_the_list_sorts_by_its_allow_list(api, loan_id):
    assert api("a-ops").get("/loans", sort="-principal").json["total"] == 1
    refused = api("a-ops").get("/loans", status=422, sort="bank_id").json
    assert refused["errors"][0]["pointer"] == "/sort"


def test_a_repayment_is_booked_once_for_a_key(api, loan_id):
    body = {"amount_yuan": "100000.00", "prepay": True}
    first = api("a-ops").post(f"/loans/{loan_id}/repayments", body, key="k1").json
    again = api("a-ops").post(f"/loans/{loan_id}/repayments", body, key="k1").json
    assert again == first
    assert first["principal_yuan"] == "100000.00"
    items = api("a-ops").get(f"/loans/{loan_id}/repayments").json["items"]
    assert [each["number"] for each in items] == [first["number"]]
    api("a-ops").post(f"/loans/{loan_id}/repayments", body, key=None, status=400)


@pytest.mark.parametrize("amount", ["0", "-1.00", "100.001", 100, "1e3", "１００"])
@pytest.mark.one_engine("sqlite")
def test_amounts_that_are_no_amounts_are_refused(api, loan_id, amount):
    body = {"amount_yuan": amount}
    api("a-ops").post(f"/loans/{loan_id}/repayments", body, status=422)


def test_only_operations_book_repayments(api, loan_id):
    body = {"amount_yuan": "1.00"}
    api("a-officer").post(f"/loans/{loan_id}/repayments", body, status=403)
    api("b-ops").post(f"/loans/{loan_id}/repayments", body, status=404)


def test_a_repayment_is_taken_back_with_a_reason(api, loan_id):
    body = {"amount_yuan": "100000.00", "prepay": True}
    done = api("a-ops").post(f"/loans/{loan_id}/repayments", body).json
    path = f"/loans/{loan_id}/repayments/{done['entry_id']}/reversal"
    api("a-ops").post(path, {}, status=422)
    back = api("a-ops").post(path, {"reason": "退汇"}).json
    assert back["reverses_id"] == done["id"]
    refused = api("a-ops").post(path, {"reason": "退汇"}, status=409).json
    assert refused["code"] == "already-reversed"
    assert api("a-ops").get(f"/loans/{loan_id}").json["principal_yuan"] == "4000000.00"


def test_the_schedule_shows_what_is_to_come(api, loan_id):
    rows = api("c1-fin").get(f"/loans/{loan_id}/schedule").json["instalments"]
    assert [each["due_on"] for each in rows] == ["2024-03-21", "2024-04-17"]
    assert [each["interest_yuan"] for each in rows] == ["43983.33", "13050.00"]
    assert [each["principal_yuan"] for each in rows] == ["0.00", "4000000.00"]
    assert {each["state"] for each in rows} == {"to-come"}


def test_the_journal_is_read_by_cursor(api, loan_id):
    first = api("a-audit").get(f"/loans/{loan_id}/journal", size=1).json
    rest = api("a-audit").get(f"/loans/{loan_id}/journal", cursor=first["next_cursor"]).json
    assert len(first["items"]) == 1
    kinds = {each["kind"] for each in first["items"] + rest["items"]}
    assert kinds == {"drawdown", "accrual"}
    assert rest["next_cursor"] is None
    api("a-audit").get(f"/loans/{loan_id}/journal", cursor="nothing", status=400)


def test_money_in_suspense_is_told_everywhere(api, sign_in, loan_id, tmp_path):
    asked = {"amount_yuan": "123.45", "payer": "示例付款人"}
    api("a-ops").post(f"/loans/{loan_id}/repayments", asked, status=201)
    assert api("c1-fin").get(f"/loans/{loan_id}").json["suspense_yuan"] == "123.45"
    statement = text_of(api("c1-fin").get(f"/loans/{loan_id}/statement.pdf").data, tmp_path)
    assert statement.count("123.45") >= 4, "once in the line of its column and its total, and below"
    assert "123.45" in sign_in("a-ops").get(f"/loans/{loan_id}/journal", status=200).text
    assert "挂账金额" in sign_in("c1-fin").get(f"/loans/{loan_id}", status=200).text


def test_the_statement_is_a_pdf_with_the_loan_in_it(api, loan_id, tmp_path):
    answer = api("c1-fin").get(f"/loans/{loan_id}/statement.pdf")
    text = text_of(answer.data, tmp_path)
    assert "L-2023-000001" in text
    assert "4,000,000.00" in text
    api("b-ops").get(f"/loans/{loan_id}/statement.pdf", status=404)


def test_a_schedule_is_drawn_without_storing_anything(api, world):
    terms = {
        "principal_yuan": "1000000.00",
        "rate": "0.0435",
        "start_on": "2024-01-15",
        "periods": 12,
        "every": "1m",
        "method": "equal-instalment",
        "day_count": "30/360",
    }
    body = api("c1-fin").post("/schedules", terms, status=200).json
    assert body["instalments"][0]["payment_yuan"] == "85309.90"
    assert len(body["instalments"]) == 12
    refused = api("c1-fin").post("/schedules", {**terms, "periods": 0}, status=422).json
    assert refused["errors"][0]["pointer"] == "/periods"
    api().post("/schedules", terms, status=401)


def test_a_close_is_filed_and_run_by_the_scheduler(api, loan_id, database, world, clock):
    from app.loans.services import run_requested_closes

    filed = api("a-ops").post("/day-closes", {"on": "2024-01-02"}).json
    assert (filed["state"], filed["done"]) == ("requested", 0)
    run_requested_closes(database)
    done = api("a-ops").get(f"/day-closes/{filed['id']}").json
    assert (done["state"], done["done"], done["accrued_yuan"]) == ("finished", 1, "483.33")
    api("b-ops").get(f"/day-closes/{filed['id']}", status=404)
    later = api("a-ops").post("/day-closes", {"on": "2024-01-04"}, status=409).json
    assert later["code"] == "day-skipped"


def test_classes_are_listed_with_their_reasons(api, database, world, clock, loan_id):
    from datetime import UTC, datetime

    from app.loans.domain.states import LoanFact
    from app.loans.services import RecordFact, record_fact

    with database.write() as session:
        fact = RecordFact(
            loan_id=loan_id, fact=LoanFact.RESTRUCTURED, from_on=TODAY, reason="合同调整"
        )
        record_fact(session, world.actor("a-risk"), fact)
    clock.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)
    close_day(database, world.system("A"), world.organisation("A"), TODAY)
    (found,) = api("a-ops").get(f"/loans/{loan_id}/classifications").json["items"]
    assert (found["class"], found["on"]) == ("special-mention", "2024-01-02")
    assert found["reasons"][0]["code"] == "restructured"


def test_the_version_of_a_loan_moves_with_all_that_its_answer_shows(
    api, database, world, clock, loan_id
):
    from datetime import UTC, datetime

    from app.loans.domain.states import LoanFact
    from app.loans.services import RecordFact, record_fact

    def shown():
        found = api("a-ops").get(f"/loans/{loan_id}")
        assert found.headers["ETag"] == f'"{found.json["version"]}"'
        assert api("a-ops").get("/loans").json["items"][0]["version"] == found.json["version"]
        return found.json

    first = shown()
    assert shown() == first, "what nobody touched keeps its version"
    api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": "123.45"}, status=201)
    paid = shown()
    fact = RecordFact(loan_id=loan_id, fact=LoanFact.RESTRUCTURED, from_on=TODAY, reason="合同调整")
    with database.write() as session:
        record_fact(session, world.actor("a-risk"), fact)
    clock.instant = datetime(2024, 1, 2, 12, tzinfo=UTC)
    close_day(database, world.system("A"), world.organisation("A"), TODAY)
    closed = shown()
    assert first["suspense_yuan"] != paid["suspense_yuan"]
    assert (paid["class"], closed["class"]) == ("normal", "special-mention")
    assert first["version"] < paid["version"] < closed["version"]


def test_a_page_of_loans_costs_the_same_number_of_queries_however_long(
    api, loan_id, database, world, queries
):
    with queries() as few:
        api("a-ops").get("/loans")
    with database.write() as session:
        for _ in range(5):
            open_loan(
                session,
                world.actor("a-officer"),
                OpenLoan(
                    bank_id=world.organisation("A"),
                    borrower_id=world.organisation("C2"),
                    title="生态贷",
                    contract_fen=100_00,
                    rate_ppm=43_500,
                    penalty_ppm=500_000,
                    starts_on=TODAY,
                    matures_on=date(2025, 1, 1),
                    region_code="620725",
                ),
            )
    with queries() as many:
        assert api("a-ops").get("/loans").json["total"] == 6
    assert len(many) == len(few)
