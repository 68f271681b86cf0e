"""Changes of terms over the API and on their pages: a rate set anew, a renewal without repayment."""

from datetime import date

import pytest

from app.loans.services import Drawn, PostDrawdown, Repaid
from tests.support.bank import Bank
from tests.support.once import built_once

TODAY = date(2024, 10, 1)


@pytest.fixture
def bank(database, world, clock):
    return Bank(database, world, clock).open(TODAY)


@pytest.fixture
@built_once
def loan_id(bank):
    """3,000,000.00 without security, its interest paid, from 2023-12-26 to 2024-12-25."""
    made = bank.sign()
    drawn = PostDrawdown(loan_id=made, amount_fen=3_000_000_00)
    paid = (Repaid(on=date(2024, month, 21)) for month in (3, 6, 9))
    bank.take_over(made, Drawn(on=date(2023, 12, 26), command=drawn), *paid)
    return made


RENEWAL = {
    "kind": "renewal",
    "matures_on": "2025-09-30",
    "small_borrower": True,
    "rate": "0.0420",
    "reason": "经营正常，到期前续贷",
}


def decided(api, made, *events):
    for login, event in events:
        body = {"event": event} | ({"note": "同意"} if event != "carry-out" else {})
        address = f"/loan-changes/{made['id']}/events"
        made = api(login).post(address, body, version=made["version"]).json
    return made


def test_a_renewal_is_proposed_decided_and_carried_out(api, sign_in, bank, loan_id):
    made = api("a-officer").post(f"/loans/{loan_id}/changes", RENEWAL, status=201).json
    assert (made["kind"], made["rate"], made["new_loan_id"]) == ("renewal", "0.042", None)
    owed = api("a-ops").get(f"/loans/{loan_id}").json["accrued_yuan"]
    approved = decided(api, made, ("a-approve", "approve"))
    step = {"event": "carry-out"}
    address = f"/loan-changes/{made['id']}/events"
    told = api("a-officer").post(address, step, version=approved["version"], status=422).json
    assert (told["code"], told["codes"]) == ("loan-change-conditions-not-met", ["interest-paid"])
    api("a-ops").post(f"/loans/{loan_id}/repayments", {"amount_yuan": owed}, status=201)
    done = decided(api, approved, ("a-officer", "carry-out"))
    assert done["state"] == "carried-out"
    new = api("a-officer").get(f"/loans/{done['new_loan_id']}").json
    assert (new["renews_id"], new["rate"], new["state"]) == (str(loan_id), "0.042", "performing")
    assert api("a-officer").get(f"/loans/{loan_id}").json["state"] == "settled"
    browser = sign_in("a-officer")
    assert new["number"] in browser.get(f"/loans/{loan_id}", status=200).text
    assert done["loan_number"] in browser.get(f"/loans/{new['id']}", status=200).text
    assert new["number"] in browser.get(f"/loan-changes/{done['id']}", status=200).text
    assert bank.broken() == []


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"rate": "0"}, "/rate"),
        ({"lpr_bp": 10_001}, "/lpr_bp"),
        ({"lpr_bp": 55}, "/lpr_bp"),
        ({"matures_on": "2027-10-02"}, "/matures_on"),
        ({"small_borrower": False}, "/small_borrower"),
    ],
)
def test_a_wrong_proposal_names_its_field(api, loan_id, given, pointer):
    body = RENEWAL | given
    if "lpr_bp" in given:
        body.pop("rate")
    told = api("a-officer").post(f"/loans/{loan_id}/changes", body, status=422).json
    assert [each["pointer"] for each in told["errors"]] == [pointer]


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_checks_of_a_change_say_how_its_rate_comes_about(api, sign_in, loan_id, language):
    body = {
        "kind": "restructuring",
        "financial_difficulty": True,
        "rate": "0.0210",
        "reason": "经营困难",
    }
    made = api("a-officer").post(f"/loans/{loan_id}/changes", body, status=201).json
    # The approver reads the proposer's reasons beside the field of the own ones.
    form = sign_in("a-approve", language=language)
    deciding = form.get(f"/loan-changes/{made['id']}/events/approve", status=200).text
    assert {"zh_CN": "申请理由", "en": "Why it is proposed"}[language] in deciding
    assert "New loan" not in form.get(f"/loan-changes/{made['id']}", status=200).text
    done = decided(api, made, ("a-approve", "approve"), ("a-officer", "carry-out"))
    browser = sign_in("a-officer", language=language)
    assert "2.1000%" in browser.get(f"/loan-changes/{done['id']}", status=200).text.replace(" ", "")
    page = browser.get(f"/loans/{loan_id}/rates", status=200).text
    assert {"zh_CN": "条款变更", "en": "Change of terms"}[language] in page
    assert browser.get(f"/loans/{loan_id}/changes/new", status=200)
