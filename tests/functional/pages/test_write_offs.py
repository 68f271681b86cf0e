"""A write-off through the pages and over the API: three people, and the page of the loan after it."""

from datetime import date
from decimal import Decimal

import pytest

from app.loans.history import WrittenOff
from app.loans.ledger.entries import BookEntry, ProposeFee, book_entry, propose_fee
from app.loans.services import Drawn, PostDrawdown, WriteOff
from tests.support.bank import Bank
from tests.support.once import built_once

DAY = date(2025, 3, 1)
FORM = {
    "ground": "enforcement",
    "reason": "无财产可供执行",
    "evidence": "（2025）甘07执12号终结执行裁定书",
}


@pytest.fixture
@built_once
def loan_id(database, world, clock):
    """3,000,000.00, matured, nothing paid: doubtful."""
    bank = Bank(database, world, clock).open(DAY)
    made = bank.sign()
    drawn = PostDrawdown(loan_id=made, amount_fen=3_000_000_00)
    bank.take_over(made, Drawn(on=date(2023, 12, 26), command=drawn))
    bank.close(DAY)
    return made


def test_a_loan_is_written_off_through_the_pages(sign_in, loan_id):
    preservation, approver = sign_in("a-preserve"), sign_in("a-approve", language="en")
    assert f"/loans/{loan_id}/write-offs" in preservation.get(f"/loans/{loan_id}").text
    assert f"/loans/{loan_id}/write-offs" not in approver.get(f"/loans/{loan_id}").text
    assert "write-offs/new" in preservation.get(f"/loans/{loan_id}/write-offs").text
    new = f"/loans/{loan_id}/write-offs/new"
    page = preservation.submit(new, FORM, status=303).headers["Location"]
    shown = approver.get(page).text
    assert "Classified as Doubtful; the ground asks for Doubtful or worse." in shown
    assert "1,500,000.00 yuan; 1,500,000.00 yuan more are charged to the year." in shown
    assert "Fees" in shown
    assert "Fees" in approver.get(f"{page}/events/approve").text
    approver.submit(f"{page}/events/approve", {"note": "同意"}, status=303)
    preservation.submit(f"{page}/events/carry-out", {}, status=303)
    loan = approver.get(f"/loans/{loan_id}").text
    assert "Written off on 2025-03-02" in loan
    assert "Claim left: principal" in loan
    assert "Loan balance" not in loan
    assert 'pill-red">Overdue' not in loan
    assert "write-offs/new" not in preservation.get(f"/loans/{loan_id}/write-offs").text
    assert f"/loans/{loan_id}/recoveries/new" in sign_in("a-ops").get(f"/loans/{loan_id}").text


def test_a_write_off_over_the_api(api, loan_id):
    api("a-officer").post(f"/loans/{loan_id}/write-offs", FORM, status=403)
    wrong = {**FORM, "ground": "collection"}
    refused = api("a-preserve").post(f"/loans/{loan_id}/write-offs", wrong, status=422).json
    assert refused["type"].endswith("write-off-conditions-not-met")
    made = api("a-preserve").post(f"/loans/{loan_id}/write-offs", FORM, status=201).json
    assert (made["principal_yuan"], made["ground"]) == ("3000000.00", "enforcement")
    address = f"/loan-write-offs/{made['id']}/events"
    note = {"event": "approve", "note": "同意"}
    api("a-preserve").post(address, note, version=made["version"], status=403)
    agreed = api("a-approve").post(address, note, version=made["version"]).json
    done = api("a-preserve").post(address, {"event": "carry-out"}, version=agreed["version"]).json
    assert (done["state"], done["carried_out_on"]) == ("carried-out", "2025-03-02")
    assert api("a-risk").get(f"/loans/{loan_id}").json["state"] == "written-off"
    (listed,) = api("a-risk").get(f"/loans/{loan_id}/write-offs").json["items"]
    assert listed["number"] == done["number"]


def test_a_write_off_of_history_says_so(sign_in, api, database, world, clock):
    """Nobody decided it here: the page and the list say the day and the words of its entry."""
    bank = Bank(database, world, clock).open(DAY)
    loan_id = bank.sign()
    drawn = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    command = WriteOff(loan_id=loan_id, reason="账销案存")
    gone = WrittenOff(on=date(2025, 2, 27), command=command)
    bank.take_over(loan_id, Drawn(on=date(2023, 12, 26), command=drawn), gone)
    shown = sign_in("a-approve", language="en").get(f"/loans/{loan_id}/write-offs").text
    assert "Written off on 2025-02-27, before the books of the bank were opened here" in shown
    assert "its entry says: 账销案存" in shown
    listed = api("a-approve").get(f"/loans/{loan_id}/write-offs").json
    assert listed == {"items": [], "loaded": {"on": "2025-02-27", "words": "账销案存"}}


@pytest.mark.one_engine("sqlite")
def test_fees_of_a_loan_written_off_are_named_wherever_its_claim_is(
    sign_in, api, database, world, loan_id
):
    fee = ProposeFee(amount_fen=300_00, reason="诉讼费")
    with database.write() as session:
        entry = propose_fee(session, world.actor("a-ops"), loan_id, fee)
        book_entry(session, world.actor("a-drawdown"), entry.id, BookEntry())
    assert api("a-ops").get(f"/loans/{loan_id}").json["claim"] is None
    # The last day is past and all of it is owed: more than that no payment is to come.
    reader = sign_in("a-ops", language="en")
    open_loan = reader.get(f"/loans/{loan_id}").text
    assert "No further day is to come; CNY " in open_loan
    assert "No payment is to come." not in open_loan
    made = api("a-preserve").post(f"/loans/{loan_id}/write-offs", FORM, status=201).json
    address = f"/loan-write-offs/{made['id']}/events"
    note = {"event": "approve", "note": "同意"}
    agreed = api("a-approve").post(address, note, version=made["version"]).json
    api("a-preserve").post(address, {"event": "carry-out"}, version=agreed["version"])
    claim = api("a-ops").get(f"/loans/{loan_id}").json["claim"]
    parts = [claim[f"{name}_yuan"] for name in ("fees", "principal", "interest")]
    assert parts[:2] == ["300.00", "3000000.00"]
    assert Decimal(claim["claim_yuan"]) == sum(map(Decimal, parts))
    lost = reader.get(f"/loans/{loan_id}").text
    assert "Fees of 300.00 yuan are still owed too." in lost
    assert "Claim left: fees" in lost
    assert "Nothing more is billed: the claim is kept off the balance sheet." in lost
    form = reader.get(f"/loans/{loan_id}/recoveries/new").text
    told = ["Claim left: fees", "Claim left: principal", "Claim left: interest"]
    assert [form.index(each) for each in told] == sorted(form.index(each) for each in told)
    assert "It settles fees still owed first" in form
    assert f"{Decimal(claim['claim_yuan']):,}" in form
