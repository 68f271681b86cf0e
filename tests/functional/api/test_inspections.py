"""Post-loan checks and warning signals by API, by the people whose duty each step is."""

from io import BytesIO

import pytest

from app.loans.inspection.planning import plan_inspections
from tests.factories.lending import Lending
from tests.factories.samples import PICTURE
from tests.support.once import built_once


@pytest.fixture
@built_once
def loan_id(session, world, commit):
    """A drawn loan of bank A with its first check planned."""
    lending = Lending(session, world)
    lending.open_bank()
    drawdown = lending.drawn(lending.main_pool())
    plan_inspections(session, world.system("A"), world.organisation("A"))
    commit()
    return drawdown.loan_id


def send(client, path, **fields):
    data = {**fields, "file": (BytesIO(PICTURE), "invoice.png")}
    return client.post(path, data=data, content_type="multipart/form-data", status=201)


def findings(client, place):
    """Every point in order that the check asks for, as the view of it names them."""
    points = client.get(place, status=200).json["points"]
    assert all(each["name"]["zh"] and each["name"]["en"] for each in points)
    return [{"item": each["item"], "answer": "fine"} for each in points]


def recorded(client, place):
    return client.event(
        place,
        "record",
        status=200,
        checked_on="2024-01-02",
        place="山丹县示例林场",
        present="李青禾、曹晚晴",
        findings=findings(client, place),
        conclusion="sound",
        summary="资金按约使用",
    )


def test_a_check_goes_from_plan_to_a_printed_report(api, client, loan_id):
    officer, risk = api("a-officer"), api("a-risk")
    (check,) = officer.get(f"/loans/{loan_id}/inspections", status=200).json["items"]
    assert (check["kind"], check["due_on"], check["events"]) == (
        "first",
        "2024-01-17",
        ["record"],
    )
    assert check["officer_name"]["zh"] == "李青禾"
    place = f"/inspections/{check['id']}"
    assert officer.get(f"{place}/report.pdf").status_code == 404
    assert recorded(officer, place).json["state"] == "draft"
    send(officer, f"{place}/files", purpose="use-of-funds", amount_yuan="1200000.00", payee="农资")
    described = client.get("/openapi.json").json["components"]["schemas"]
    items = described["Finding"]["properties"]["item"]["enum"]
    assert {each["item"] for each in findings(officer, place)} <= set(items)
    view = officer.event(place, "submit", status=200).json
    assert view["points"] == []
    assert (view["drawn_yuan"], view["proved_yuan"]) == ("3000000.00", "1200000.00")
    assert view["events"] == []
    assert risk.get(place, status=200).json["events"] == ["review", "return"]
    done = risk.event(place, "review", status=200, note="属实").json
    assert (done["state"], done["reviewed_name"]["zh"]) == ("reviewed", "沈望舒")
    printed = officer.get(f"{place}/report.pdf", status=200)
    assert printed.data.startswith(b"%PDF")
    (file,) = done["files"]
    assert officer.get(f"{place}/files/{file['id']}", status=200).data == PICTURE
    refused = officer.event(place, "record", status=422)
    assert refused.json["code"] == "invalid-input"


def test_a_step_that_is_not_possible_names_those_that_are(api, loan_id):
    officer = api("a-officer")
    (check,) = officer.get("/inspections", status=200).json["items"]
    refused = officer.event(f"/inspections/{check['id']}", "submit", status=409).json
    assert (refused["code"], refused["legal"]) == ("illegal-event", ["record"])


def test_a_stale_version_is_refused(api, loan_id):
    officer = api("a-officer")
    (check,) = officer.get("/inspections", status=200).json["items"]
    place = f"/inspections/{check['id']}"
    recorded(officer, place)
    body = {"event": "submit"}
    assert officer.post(f"{place}/events", body, version=1, status=412)
    assert officer.post(f"{place}/events", body, status=428)


def test_a_file_is_withdrawn_with_a_reason_on_the_version_seen(api, loan_id):
    officer = api("a-officer")
    (check,) = officer.get("/inspections", status=200, mine=True).json["items"]
    place = f"/inspections/{check['id']}"
    recorded(officer, place)
    view = send(officer, f"{place}/files", purpose="photo").json
    path = f"{place}/files/{view['files'][0]['id']}/withdrawal"
    view = officer.post(path, {"note": "误传"}, version=view["version"], status=200).json
    assert view["files"][0]["withdrawn_reason"] == "误传"
    assert view["proved_yuan"] == "0.00"


def test_a_special_check_is_ordered_once_a_day(api, loan_id):
    officer = api("a-officer")
    body = {"loan_id": str(loan_id), "due_on": "2024-01-05", "reason": "火情核实"}
    made = officer.post("/inspections", body, status=201)
    assert made.headers["Location"] == f"/api/v1/inspections/{made.json['id']}"
    assert officer.post("/inspections", body, status=409).json["code"] == "inspection-twice"
    assert officer.get("/inspections", status=200, kind="special").json["total"] == 1
    assert officer.get("/inspections", status=200, late=True).json["total"] == 0


def test_a_signal_is_raised_handled_and_resolved(api, loan_id, world):
    officer, risk = api("a-officer"), api("a-risk")
    body = {
        "loan_id": str(loan_id),
        "level": "yellow",
        "kind": "misuse",
        "source": "outside",
        "description": "资金回流关联方账户",
    }
    wrong = {**body, "level": "pink", "kind": "odd", "source": "system"}
    refused = officer.post("/warning-signals", wrong, status=422).json["errors"]
    assert [each["pointer"] for each in refused] == ["/level", "/kind", "/source"]
    made = officer.post("/warning-signals", body, status=201)
    place = made.headers["Location"]
    assert (made.json["fact"], made.json["fact_recorded"]) == ("funds-misused", False)
    send(officer, f"{place}/files", note="流水")
    person = str(world.person("a-risk"))
    view = risk.event(
        place, "plan", status=200, task="约谈借款人", due_on="2024-01-09", person_id=person
    ).json
    assert (view["state"], view["measures"][0]["person_name"]["zh"]) == ("handling", "沈望舒")
    assert risk.event(place, "resolve", status=422, note="已核").json["code"] == "measures-open"
    risk.event(place, "complete", status=200, measure=1, note="已约谈")
    assert risk.event(place, "resolve", status=422, note="已追").json["code"] == "duties-apart"
    done = api("a-preserve").event(place, "resolve", status=200, note="资金已追回").json
    assert (done["state"], done["events"], len(done["acts"])) == ("resolved", [], 4)
    assert officer.get("/warning-signals", status=200, open=True).json["total"] == 0
    listed = officer.get(f"/loans/{loan_id}/warning-signals", status=200).json["items"]
    assert [each["number"] for each in listed] == [done["number"]]


def test_the_description_of_the_api_lists_what_a_signal_may_say(app):
    described = app.test_client().get("/openapi.json").json["components"]["schemas"]
    told = described["RaiseSignal"]["properties"]
    assert "yellow" in told["level"]["enum"]
    assert "misuse" in told["kind"]["enum"]
    assert "outside" in told["source"]["enum"]
    assert "system" not in told["source"]["enum"]


def test_the_borrower_and_another_bank_find_neither_checks_nor_signals(api, loan_id):
    (check,) = api("a-officer").get("/inspections", status=200).json["items"]
    assert api("b-officer").get(f"/inspections/{check['id']}").status_code == 404
    assert api("b-officer").get("/inspections", status=200).json["items"] == []
    for path in (
        "/inspections",
        "/warning-signals",
        f"/inspections/{check['id']}",
        f"/loans/{loan_id}/warning-signals",
    ):
        assert api("c1-fin").get(path).status_code == 403


def test_another_officer_takes_the_loan_and_its_planned_check(api, loan_id, world):
    person = str(world.person("a-co"))
    body = {"person_id": person, "reason": "轮岗"}
    assert api("a-officer").post(f"/loans/{loan_id}/officers", body).status_code == 403
    items = api("a-risk").post(f"/loans/{loan_id}/officers", body, status=201).json["items"]
    assert [each["name"]["zh"] for each in items] == ["马致远", "李青禾"]
    (check,) = api("a-co").get("/inspections", status=200, mine=True).json["items"]
    assert check["officer_id"] == person
