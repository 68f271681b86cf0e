"""The API of the ledger: trial balance and its exports, entries by two persons, recoveries."""

from datetime import date, datetime
from io import BytesIO

import openpyxl
import pytest

from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    WriteOff,
    close_day,
    load_history,
    open_business_day,
    open_loan,
    write_off,
)
from tests.support.once import built_once

TODAY = date(2024, 1, 2)


@pytest.fixture
@built_once
def loan_id(database, world):
    """4,000,000.00 at 4.35 % drawn on 2023-12-21, 5,800.00 grown by today."""
    bank, system = world.organisation("A"), world.system("A")
    with database.write() as session:
        open_business_day(session, system, bank, TODAY)
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="经济林流动资金贷款",
            contract_fen=4_000_000_00,
            rate_ppm=43_500,
            penalty_ppm=500_000,
            starts_on=date(2023, 12, 21),
            matures_on=date(2024, 4, 17),
            region_code="620725",
        )
        found = open_loan(session, system, command)
        drawdown = PostDrawdown(loan_id=found, amount_fen=4_000_000_00)
        load_history(session, system, found, [Drawn(on=date(2023, 12, 21), command=drawdown)])
    return found


def test_the_trial_balance_of_a_past_day_and_of_some_days(api, loan_id):
    ops = api("a-ops")
    body = ops.get("/ledger/trial-balance", on="2023-12-31").json
    lines = {line["account"]: line for line in body["lines"]}
    assert lines["principal"]["opening_yuan"] == "4000000.00"
    assert lines["interest-receivable"]["debit_yuan"] == "5316.67"
    assert body["totals"]["closing_debit_yuan"] == body["totals"]["closing_credit_yuan"]
    month = ops.get("/ledger/trial-balance", from_on="2023-12-01", on="2023-12-31").json
    moved = {line["account"]: line["debit_yuan"] for line in month["lines"]}
    assert moved["principal"] == "4000000.00"
    refused = ops.get("/ledger/trial-balance", status=422, from_on="2024-01-02", on="2024-01-01")
    assert refused.json["errors"][0]["pointer"] == "/from_on"
    ops.get("/ledger/trial-balance", on=TODAY.isoformat())
    for form in ("", ".csv", ".xlsx"):
        refused = ops.get(f"/ledger/trial-balance{form}", status=422, on="2024-01-03")
        assert refused.json["errors"][0]["pointer"] == "/on"


@pytest.mark.one_engine("sqlite")
def test_the_trial_balance_is_exported_with_native_numbers(api, loan_id):
    ops = api("a-ops")
    book = openpyxl.load_workbook(
        BytesIO(ops.get("/ledger/trial-balance.xlsx", on="2024-01-01").data)
    )
    rows = list(book.active.iter_rows(values_only=True))
    principal = next(row for row in rows if row[0] in {"本金", "Principal"})
    assert principal[5] == 4_000_000
    assert rows[-1][1] == rows[-1][2]
    assert book.sheetnames == ["试算平衡表"]
    assert [row[1] for row in rows[2:4]] == [datetime(2024, 1, 1)] * 2  # noqa: DTZ001
    text = ops.get("/ledger/trial-balance.csv", on="2024-01-01").data.decode("utf-8-sig")
    assert "4000000.00" in text


@pytest.mark.one_engine("sqlite")
def test_an_account_leads_to_its_lines(api, loan_id):
    body = api("a-ops").get("/ledger/postings", account="principal").json
    assert [line["amount_yuan"] for line in body["items"]] == ["4000000.00"]
    assert body["items"][0]["loan_id"] == str(loan_id)
    first = api("a-ops").get("/ledger/postings", size=1).json
    api("a-ops").get("/ledger/postings", cursor=first["next_cursor"])
    api("a-ops").get("/ledger/postings", status=400, cursor="x")


def test_a_fee_is_booked_by_a_second_person_and_taken_back_once(api, loan_id):
    ops, checker = api("a-ops"), api("a-drawdown")
    body = {"amount_yuan": "500.00", "reason": "律师费"}
    made = ops.post(f"/loans/{loan_id}/fees", body)
    assert (made.json["state"], made.json["events"]) == ("proposed", [])
    address = f"/ledger/entries/{made.json['id']}"
    seen = checker.get(address)
    assert seen.json["events"] == ["book", "refuse"]
    tag = {"If-Match": seen.headers["ETag"]}
    ops.post(f"{address}/events", {"event": "book"}, headers=tag, status=403)
    done = checker.post(f"{address}/events", {"event": "book"}, headers=tag).json
    assert (done["state"], done["checker"]["zh"] != "") == ("booked", True)
    assert ops.get(f"/loans/{loan_id}").json["fees_yuan"] == "500.00"
    wrong = {"entry_id": done["entry_id"], "reason": "记错"}
    taken = ops.post(f"/loans/{loan_id}/reversals", wrong).json
    assert taken["reverses_number"] == done["number"]
    refused = ops.post(f"/loans/{loan_id}/reversals", wrong, status=409).json
    assert (refused["code"], refused["by"]) == ("reversal-waits", taken["number"])
    assert ops.get("/ledger/entries", state="proposed").json["total"] == 1


def test_a_fee_is_not_taken_back_twice_nor_once_it_was_paid(api, loan_id):
    ops, checker = api("a-ops"), api("a-drawdown")

    def book(made, event="book"):
        address, body = f"/ledger/entries/{made['id']}/events", {"event": event, "note": "核对"}
        return checker.post(address, body, version=made["version"]).json

    def fee():
        made = ops.post(f"/loans/{loan_id}/fees", {"amount_yuan": "5.00", "reason": "律师费"}).json
        return {"entry_id": book(made)["entry_id"], "reason": "记错"}

    wrong, address = fee(), f"/loans/{loan_id}/reversals"
    book(ops.post(address, wrong).json, "refuse")
    book(ops.post(address, wrong).json)
    refused = ops.post(address, wrong, status=409).json
    assert refused["code"] == "already-reversed"
    paid = fee()
    ops.post(f"/loans/{loan_id}/repayments", {"amount_yuan": "5.00"})
    assert ops.post(address, paid, status=422).json["code"] == "fee-paid"


def test_an_accrual_is_not_taken_back_and_the_answer_says_what_to_do(api, loan_id):
    ops = api("a-ops")
    line = ops.get("/ledger/postings", kind="accrual", size=1).json["items"][0]
    wrong = {"entry_id": line["entry_id"], "reason": "记错"}
    refused = ops.post(f"/loans/{loan_id}/reversals", wrong, status=422).json
    assert refused["type"].endswith("entry-not-reversible")
    assert refused["instead"] == "accrual"
    assert "日终" in refused["detail"] or "close of the day" in refused["detail"]


def test_money_for_a_loan_written_off_is_recovered_until_nothing_is_left(
    api, loan_id, database, world
):
    with database.write() as session:
        write_off(session, world.system("A"), WriteOff(loan_id=loan_id, reason="终结执行"))
    close_day(database, world.system("A"), world.organisation("A"), TODAY)
    ops = api("a-ops")
    paid = {"amount_yuan": "100.00"}
    for step in ("repayments", "repayment-previews"):
        refused = ops.post(f"/loans/{loan_id}/{step}", paid, status=422).json
        assert (refused["code"], refused["state"]) == ("loan-not-open", "written-off")
        assert "收回" in refused["detail"]
    address, body = f"/loans/{loan_id}/recoveries", {"reason": "拍卖所得"}
    made = ops.post(address, {**body, "amount_yuan": "4005800.01"}).json
    assert (made["principal_yuan"], made["interest_yuan"], made["suspense_yuan"]) == (
        "4000000.00",
        "5800.00",
        "0.01",
    )
    refused = ops.post(address, {**body, "amount_yuan": "1.00"}, status=422).json
    assert refused["type"].endswith("nothing-to-recover")


@pytest.mark.one_engine("sqlite")
def test_the_ledger_is_read_by_those_who_need_it(api, loan_id):
    for login, status in (("a-risk", 200), ("a-officer", 403), ("c1-fin", 403), ("pbc-1", 403)):
        api(login).get("/ledger/trial-balance", status=status)
    assert api("a-ops").get("/ledger/periods").json["total"] == 0
