"""Classes, provisions and changes of terms over the API, and the pages that show them."""

from datetime import date

import pytest

from app.loans.services import Drawn, PostDrawdown, WriteOff, write_off
from tests.support.bank import Bank
from tests.support.once import built_once

TODAY = date(2024, 3, 1)


@pytest.fixture
def bank(database, world, clock):
    return Bank(database, world, clock).open(TODAY)


@pytest.fixture
@built_once
def loan_id(bank):
    """3,000,000.00 without security, from 2023-12-26 to 2024-12-25."""
    made = bank.sign()
    drawn = PostDrawdown(loan_id=made, amount_fen=3_000_000_00)
    bank.take_over(made, Drawn(on=date(2023, 12, 26), command=drawn))
    return made


def test_a_class_is_lowered_by_one_and_lifted_by_two(api, bank, loan_id):
    lower = {"class": "substandard", "reason": "现场核查"}
    made = api("a-risk").post(f"/loans/{loan_id}/class-changes", lower, status=201).json
    assert (made["state"], made["for_better"]) == ("in-force", False)
    # As the words of the form and of the document say: by the next close.
    assert api("a-risk").get(f"/loans/{loan_id}").json["class"] == "normal"
    bank.close(TODAY)
    lift = {"class": "normal", "reason": "已改善"}
    made = api("a-risk").post(f"/loans/{loan_id}/class-changes", lift, status=201).json
    address = f"/class-changes/{made['id']}/events"
    step = {"event": "confirm", "note": "同意"}
    api("a-risk").post(address, step, version=made["version"], status=403)
    done = api("a-approve").post(address, step, version=made["version"]).json
    assert (done["state"], done["decided_by"]["zh"]) == ("in-force", "周怀谷")
    changes = api("a-risk").get(f"/loans/{loan_id}/class-record").json["changes"]
    # Only the newest judgement counts; the one before says which that is.
    assert [each["replaced_by"] for each in changes] == ["", done["number"]]
    api("a-approve").post(address, step, version=done["version"], status=409)
    bank.close(date(2024, 3, 2))
    taken = api("a-risk").get(f"/loans/{loan_id}/classifications").json["items"]
    assert [each["class"] for each in taken] == ["normal", "substandard"]


@pytest.mark.one_engine("sqlite")
def test_the_reasons_of_a_class_are_told_in_whole_words(api, bank):
    overdue = bank.sign(matures_on=date(2024, 2, 26))
    drawn = PostDrawdown(loan_id=overdue, amount_fen=3_000_000_00)
    bank.take_over(overdue, Drawn(on=date(2023, 12, 26), command=drawn))
    bank.close(TODAY)
    taken = api("a-risk").get(f"/loans/{overdue}/classifications").json["items"]
    reason = taken[0]["reasons"][0]
    assert reason["facts"] == {"days": 5, "limit": 0}
    assert reason["detail"] == "已逾期5天，超过0天。"


@pytest.mark.one_engine("sqlite")
def test_a_loan_written_off_was_taken_as_loss_on_that_day_and_has_no_way_back(
    api, sign_in, bank, loan_id
):
    with bank.database.write() as session:
        write_off(session, bank.actor, WriteOff(loan_id=loan_id, reason="终结执行"))
    (taken,) = api("a-risk").get(f"/loans/{loan_id}/classifications").json["items"]
    assert (taken["on"], taken["class"], taken["own_class"]) == ("2024-03-01", "loss", "loss")
    assert [each["code"] for each in taken["reasons"]] == ["written-off"]
    assert api("a-risk").get(f"/loans/{loan_id}/class-record").json["upgrade"] is None
    page = sign_in("a-risk", language="en").get(f"/loans/{loan_id}/classes").text
    assert "written off on this day" in page
    assert "Way back" not in page
    assert "Nobody changed the class" not in page


@pytest.mark.one_engine("sqlite")
def test_facts_of_a_decision_are_offered_to_nobody_and_refused_with_a_reason(
    api, sign_in, client, loan_id
):
    spec = client.get("/openapi.json").json
    offered = spec["components"]["schemas"]["RecordFact"]["properties"]["fact"]["enum"]
    assert "credit-impaired" in offered
    form = sign_in("a-risk").get(f"/loans/{loan_id}/facts/new").text
    for fact in ("restructured", "renewed"):
        assert fact not in offered
        assert f'value="{fact}"' not in form
        sent = {"fact": fact, "reason": "重组"}
        told = api("a-risk").post(f"/loans/{loan_id}/facts", sent, status=422).json
        assert told["code"] == "fact-by-decision"


def test_facts_are_recorded_and_ended_over_the_api(api, loan_id):
    fact = {"fact": "credit-impaired", "share": "0.6", "reason": "减值测试"}
    made = api("a-risk").post(f"/loans/{loan_id}/facts", fact, status=201).json
    again = api("a-risk").post(f"/loans/{loan_id}/facts", fact, status=409).json
    assert again["code"] == "fact-recorded-already"
    ending = {"fact_id": made["id"], "reason": "转回"}
    change = api("a-risk").post(f"/loans/{loan_id}/fact-endings", ending, status=201).json
    assert (change["kind"], change["fact"]) == ("end-fact", "credit-impaired")
    record = api("a-risk").get(f"/loans/{loan_id}/class-record").json
    assert [each["share"] for each in record["facts"]] == ["0.6"]
    assert api("c1-fin").get(f"/loans/{loan_id}/class-record").json["facts"] == []


def test_a_fact_to_the_debtors_advantage_waits_for_an_approver(api, loan_id):
    fact = {"fact": "credit-enhanced", "reason": "省担保公司连带责任"}
    made = api("a-officer").post(f"/loans/{loan_id}/facts", fact, status=201)
    change = made.json["change"]
    assert (made.json["id"], change["kind"], change["state"]) == (None, "better-fact", "proposed")
    assert made.headers["Location"] == f"/api/v1/class-changes/{change['id']}"
    assert api("a-risk").get(f"/loans/{loan_id}/class-record").json["facts"] == []
    address, step = f"/class-changes/{change['id']}/events", {"event": "confirm", "note": "属实"}
    api("a-officer").post(address, step, version=change["version"], status=403)
    api("a-approve").post(address, step, version=change["version"])
    (listed,) = api("a-risk").get(f"/loans/{loan_id}/class-record").json["facts"]
    assert (listed["fact"], listed["person"]["zh"]) == ("credit-enhanced", "李青禾")


def test_provisions_are_read_by_risk_officers(api, loan_id):
    body = api("a-risk").get("/provisions").json
    assert (body["on"], body["is_open"]) == ("2024-03-01", True)
    assert body["provision"]["provision_yuan"] == "30000.00"
    assert len(body["provision"]["classes"]) == 5
    (row,) = api("a-risk").get("/provisions/loans?class=normal").json["items"]
    assert (row["rate"], row["provision_yuan"]) == ("0.01", "30000.00")
    api("a-ops").get("/provisions", status=403)
    for login, rate in (("a-risk", "0.01"), ("a-officer", None)):
        assert api(login).get(f"/loans/{loan_id}/class-record").json["rate"] == rate
    unknown = api("a-risk").get("/provisions?on=2024-02-29", status=422).json
    assert (unknown["code"], unknown["errors"][0]["pointer"]) == ("provision-day-unknown", "/on")


def test_an_extension_past_its_limit_is_refused_with_the_longest_maturity(api, loan_id):
    change = {"kind": "extension", "matures_on": "2025-12-26", "reason": "回款延后"}
    refused = api("a-officer").post(f"/loans/{loan_id}/changes", change, status=422).json
    assert refused["code"] == "loan-change-conditions-not-met"
    assert "2025-12-25" in refused["errors"][0]["detail"]


def test_a_restructuring_is_proposed_decided_and_carried_out(api, loan_id):
    change = {
        "kind": "restructuring",
        "financial_difficulty": True,
        "matures_on": "2025-06-21",
        "reason": "经营困难",
        "plan": [
            {"on": "2024-09-21", "amount_yuan": "1000000.00"},
            {"on": "2025-06-21", "amount_yuan": "2000000.00"},
        ],
    }
    made = api("a-officer").post(f"/loans/{loan_id}/changes", change, status=201).json
    address = f"/loan-changes/{made['id']}/events"
    note = {"event": "approve", "note": "同意"}
    agreed = api("a-approve").post(address, note, version=made["version"]).json
    done = api("a-officer").post(address, {"event": "carry-out"}, version=agreed["version"]).json
    assert (done["state"], done["carried_out_on"]) == ("carried-out", "2024-03-01")
    assert api("a-officer").get(f"/loans/{loan_id}").json["matures_on"] == "2025-06-21"
    (listed,) = api("a-risk").get(f"/loans/{loan_id}/changes").json["items"]
    assert listed["number"] == done["number"]
    record = api("a-risk").get(f"/loans/{loan_id}/class-record").json
    assert record["observations"][0]["trial"]["lasts_until_on"] == "2025-03-21"
