"""Splits, quotes, files and the workbook of a statement, as programs use them."""

from datetime import date
from io import BytesIO

import openpyxl
import pytest

from app.loans.repayments.importing import run_waiting_batches
from app.loans.services import (
    OpenLoan,
    PostDrawdown,
    close_day,
    open_business_day,
    open_loan,
    post_drawdown,
)
from tests.support.once import built_once

TODAY = date(2024, 1, 2)
RATE = 43_500


@pytest.fixture
@built_once
def loan_id(database, world):
    """4,000,000.00 at 4.35 % drawn on 2024-01-01; one day has grown 483.33."""
    bank, system = world.organisation("A"), world.system("A")
    with database.write() as session:
        open_business_day(session, system, bank, date(2024, 1, 1))
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="经济林流动资金贷款",
            contract_fen=4_000_000_00,
            rate_ppm=RATE,
            penalty_ppm=500_000,
            starts_on=date(2024, 1, 1),
            matures_on=date(2024, 12, 17),
            region_code="620725",
        )
        found = open_loan(session, world.actor("a-officer"), command)
        post_drawdown(session, system, PostDrawdown(loan_id=found, amount_fen=4_000_000_00))
    close_day(database, system, bank, date(2024, 1, 1))
    return found


def test_a_preview_stores_nothing_and_says_why_in_the_language_asked_for(api, loan_id):
    body = {"amount_yuan": "100.00", "prepay": True, "value_on": "2024-01-01"}
    told = api("a-ops").post(f"/loans/{loan_id}/repayment-previews", body, status=200).json
    (line,) = told["lines"]
    assert (line["claim"], line["paid_yuan"], line["place"]) == ("principal", "100.00", 4)
    assert line["why"] == "尚未到期：在全部到期款项之后提前归还。"
    assert told["accrued_yuan"] == "483.32"
    assert told["repayment"].keys().isdisjoint({"id", "number", "entry_id"})
    assert api("a-ops").get(f"/loans/{loan_id}/repayments").json["items"] == []
    api("a-officer").post(f"/loans/{loan_id}/repayment-previews", body, status=403)
    api("b-ops").post(f"/loans/{loan_id}/repayment-previews", body, status=404)


@pytest.mark.one_engine("sqlite")
def test_money_far_above_what_is_owed_is_refused_with_the_limit(api, loan_id):
    """Twice the 4,000,483.33 that are owed."""
    ops = api("a-ops")
    for step in ("repayments", "repayment-previews"):
        body = {"amount_yuan": "8000966.67"}
        refused = ops.post(f"/loans/{loan_id}/{step}", body, status=422).json
        assert (refused["code"], refused["limit"]) == ("amount-too-large", "8000966.66")
        assert refused["errors"][0]["pointer"] == "/amount_yuan"
    ops.post(f"/loans/{loan_id}/repayments", {"amount_yuan": "8000966.66"})


@pytest.mark.one_engine("sqlite")
def test_money_that_waits_is_not_used_for_debts_that_are_not_there(api, loan_id):
    ops = api("a-ops")
    ops.post(f"/loans/{loan_id}/repayments", {"amount_yuan": "500.00"})
    body = {"amount_yuan": "100.00", "from_suspense": True}
    for step in ("repayments", "repayment-previews"):
        refused = ops.post(f"/loans/{loan_id}/{step}", body, status=422).json
        assert (refused["code"], refused["usable"]) == ("suspense-not-owed", "0.00")
    over = {**body, "amount_yuan": "500.01", "prepay": True}
    refused = ops.post(f"/loans/{loan_id}/repayments", over, status=422).json
    assert (refused["code"], refused["suspense"]) == ("suspense-too-small", "500.00")
    assert refused["errors"] == [{"pointer": "/amount_yuan", "detail": refused["detail"]}]
    for value_on, code in (
        ("2099-01-01", "value-day-in-future"),
        ("2023-12-31", "before-drawdown"),
    ):
        wrong = {"amount_yuan": "1.00", "value_on": value_on}
        refused = ops.post(f"/loans/{loan_id}/repayments", wrong, status=422).json
        assert (refused["code"], refused["errors"][0]["pointer"]) == (code, "/value_on")
    for step in ("repayments", "repayment-previews"):
        kept = {"amount_yuan": "1.00", "keep": "tenor"}
        refused = ops.post(f"/loans/{loan_id}/{step}", kept, status=422).json
        assert [each["pointer"] for each in refused["errors"]] == ["/keep"]
    answer = ops.post(f"/loans/{loan_id}/repayments", {**body, "prepay": True}, status=201)
    used = answer.json
    assert answer.headers["Location"].endswith(f"/repayments/{used['entry_id']}")
    assert used["principal_yuan"] == "100.00"


def test_a_repayment_is_told_line_by_line(api, loan_id):
    done = api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": "100.00"}).json
    told = api("c1-fin").get(f"/loans/{loan_id}/repayments/{done['entry_id']}", status=200).json
    assert [(line["claim"], line["paid_yuan"]) for line in told["lines"]] == [(None, "100.00")]
    assert told["repayment"]["number"] == done["number"]
    api("c2-fin").get(f"/loans/{loan_id}/repayments/{done['entry_id']}", status=404)
    api("c1-fin").get(f"/loans/{loan_id}/repayments/{loan_id}", status=404)


def test_a_quote_is_asked_for_read_and_carried_out_once(api, loan_id):
    asked = {"kind": "prepayment", "principal_yuan": "1000000.00", "keep": "instalment"}
    quote = api("a-ops").post(f"/loans/{loan_id}/repayment-quotes", asked, status=201).json
    assert quote["days"][0]["total_yuan"] == "1000483.33"
    path = f"/loans/{loan_id}/repayment-quotes/{quote['id']}"
    assert api("a-ops").get(path, status=200).json["counts"] is True
    listed = api("a-ops").get(f"/loans/{loan_id}/repayment-quotes", status=200).json["items"]
    assert [each["number"] for each in listed] == [quote["number"]]
    done = api("a-ops").post(f"{path}/execution", {"payer": "示例"}, key="q1", status=201).json
    assert done["amount_yuan"] == "1000483.33"
    assert api("a-ops").post(f"{path}/execution", {"payer": "示例"}, key="q1").json == done
    refused = api("a-ops").post(f"{path}/execution", {}, key="q2", status=409).json
    assert refused["code"] == "quote-used"
    api("a-ops").post(f"{path}/execution", {}, key=None, status=400)


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"kind": "prepayment"}, "/principal_yuan"),
        ({"kind": "prepayment", "principal_yuan": "4000000.00"}, "/principal_yuan"),
        ({"kind": "prepayment", "principal_yuan": "1.005"}, "/principal_yuan"),
        ({"kind": "payoff", "principal_yuan": "10000.00"}, "/principal_yuan"),
        ({"kind": "payoff", "valid_until": "2024-01-01"}, "/valid_until"),
        ({"kind": "payoff", "valid_until": "2024-01-13"}, "/valid_until"),
        ({"kind": "some"}, "/kind"),
    ],
)
@pytest.mark.one_engine("sqlite")
def test_a_quote_outside_its_borders_names_the_field(api, loan_id, body, pointer):
    refused = api("a-ops").post(f"/loans/{loan_id}/repayment-quotes", body, status=422).json
    assert [each["pointer"] for each in refused["errors"]] == [pointer]


def upload(client, content, *, dry_run, key="file-1", status=201, name="repayments.csv"):
    data = {"file": (BytesIO(content), name), "dry_run": "true" if dry_run else "false"}
    return client.request(
        "POST",
        "/repayment-batches",
        data=data,
        content_type="multipart/form-data",
        headers={"Idempotency-Key": key},
        status=status,
    )


def test_a_file_is_checked_filed_booked_and_read(api, database, loan_id):
    number = api("a-ops").get(f"/loans/{loan_id}").json["number"]
    content = f"loan_number,amount_yuan,key\n{number},100.00,k1\n{number},1.001,k2\n".encode()
    pdf = {"name": "repayments.pdf", "dry_run": True, "key": "f9", "status": 422}
    (wrong,) = upload(api("a-ops"), b"%PDF-1.7 nothing", **pdf).json["errors"]
    assert wrong == {"pointer": "/file", "detail": "请以 XLSX 工作簿或 CSV 文件发送还款。"}
    tried = upload(api("a-ops"), content, dry_run=True, key="f0", status=200).json
    described = api("a-ops").client.get("/openapi.json").json["components"]["schemas"]
    offered = described["ReadRepayments"]["properties"]["state"]
    assert (tried["state"], offered["type"]) == (None, ["string", "null"])
    assert None in offered["enum"]
    assert (tried["total"], tried["refused"], tried["number"]) == (2, 1, "")
    filed = upload(api("a-ops"), content, dry_run=False, key="f1").json
    assert filed["rows"][1]["problems"][0]["column"] == "amount_yuan"
    run_waiting_batches(database)
    read = api("a-ops").get(f"/repayment-batches/{filed['id']}", status=200).json
    assert (read["state"], read["booked"], read["booked_yuan"]) == ("finished", 1, "100.00")
    assert read["failure"] is None
    assert "rows" not in read
    rows = f"/repayment-batches/{filed['id']}/rows"
    first = api("a-ops").get(rows, page_size=1, status=200).json
    assert (first["total"], first["items"][0]["state"]) == (2, "refused")
    (booked,) = api("a-ops").get(rows, state="booked", status=200).json["items"]
    assert (booked["key"], booked["line"]) == ("k1", 2)
    api("b-ops").get(rows, status=404)
    assert api("a-ops").get("/repayment-batches").json["total"] == 1
    api("b-ops").get(f"/repayment-batches/{filed['id']}", status=404)
    api("a-officer").get("/repayment-batches", status=403)
    blank = api("a-ops").get("/repayment-batches/template.xlsx", status=200).data
    assert openpyxl.load_workbook(BytesIO(blank)).active["A2"].value == "loan_number"


def test_the_statement_is_a_workbook_with_numbers(api, loan_id):
    api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": "100.00"}, status=201)
    answer = api("c1-fin").get(f"/loans/{loan_id}/statement.xlsx", status=200)
    book = openpyxl.load_workbook(BytesIO(answer.data))
    assert book.sheetnames == ["还款", "应还款项", "分录"] or len(book.sheetnames) == 3
    first, _, journal = (book[name] for name in book.sheetnames)
    amounts = [cell.value for row in first.iter_rows() for cell in row]
    assert 100 in amounts
    lines = [cell.value for row in journal.iter_rows() for cell in row]
    assert 483.33 in lines
    api("b-ops").get(f"/loans/{loan_id}/statement.xlsx", status=404)
