"""Collateral by API: a top-up case from the first warning to its proof of service, by the people whose duty it is."""

import pytest

from app.assets.domain import AssetKind
from tests.factories.collateral import WAN, Vault


@pytest.fixture
def vault(session, world):
    return Vault(session, world)


def test_a_pledge_is_added_registered_and_released(api, vault, commit):
    asset_id = vault.asset(100 * WAN, AssetKind.CARBON_SINK_INCOME)
    loan_id = vault.loan(10 * WAN)
    commit()
    officer, approver = api("a-officer"), api("a-approve")
    body = {"asset_id": str(asset_id), "security": "pledge", "secured_yuan": "1000000.00"}
    made = officer.post(f"/loans/{loan_id}/pledges", body, status=201)
    place = made.headers["Location"]
    assert made.json["state"] == "contracted"
    assert made.json["secured_yuan"] == "1000000.00"
    wrong = {"registry": "real-estate", "number": "示例-1", "registered_on": "2024-01-02"}
    refused = officer.event(place, "register", status=422, **wrong)
    assert refused.json["code"] == "registry-does-not-fit"
    for registry in ("movable-finance", "local-sink"):
        fields = {**wrong, "registry": registry, "number": f"示例-{registry}"}
        view = officer.event(place, "register", status=200, **fields).json
    assert (view["state"], view["events"]) == ("registered", ["register"])
    assert [each["registry"] for each in view["registrations"]] == ["movable-finance", "local-sink"]
    held = approver.event(place, "release", status=422, note="客户要求")
    assert held.json["code"] == "still-secures-a-debt"
    assert officer.get("/pledges", status=200, state="registered").json["total"] == 1
    assert officer.get("/pledges", status=200, state="released").json["items"] == []
    assert api("b-officer").get(place).status_code == 404


def test_an_exhausted_value_is_a_conflict_with_its_facts(api, vault, commit):
    asset_id = vault.asset(100 * WAN)
    vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 60 * WAN))
    loan_id = vault.loan(10 * WAN)
    commit()
    body = {"asset_id": str(asset_id), "security": "pledge", "secured_yuan": "400000.01"}
    answer = api("a-officer").post(f"/loans/{loan_id}/pledges", body, status=409).json
    assert answer["code"] == "lien-capacity-exhausted"
    assert (answer["wanted"], answer["free"]) == ("400000.01", "400000.00")
    body["secured_yuan"] = "400000.00"
    assert api("a-officer").post(f"/loans/{loan_id}/pledges", body, status=201)


def test_recognition_needs_the_version_that_was_seen(api, vault, commit):
    asset_id = vault.asset(100 * WAN)
    commit()
    officer = api("a-collateral")
    place = f"/assets/{asset_id}/recognised-value"
    seen = officer.get(place, status=200).json
    assert (seen["current_yuan"], seen["recognised_yuan"]) == ("1000000.00", "1000000.00")
    body = {"recognised_yuan": "900000.00", "note": "审慎下调"}
    assert officer.put(place, body, version=seen["version"], status=200).json["version"] == 2
    officer.put(place, body, version=seen["version"], status=412)
    body["recognised_yuan"] = "1000000.01"
    answer = officer.put(place, body, version=2, status=422).json
    assert answer["code"] == "recognised-above-current"


def test_a_case_goes_its_way_through_the_people_whose_duty_it_is(api, vault, commit):
    loan_id, _asset = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    commit()
    risk, approver, officer, borrower = (
        api(login) for login in ("a-risk", "a-approve", "a-officer", "c1-fin")
    )
    (case,) = risk.get("/margin-calls", status=200, state="open").json["items"]
    assert case["events"] == ["review", "dismiss"]
    assert (case["repay_yuan"], case["add_recognised_yuan"]) == ("150000.00", "250000.00")
    place = f"/margin-calls/{case['id']}"
    assert approver.event(place, "review", note="x").status_code == 403
    risk.event(place, "review", status=200, note="属实")
    assert borrower.get(place).status_code == 404
    assert risk.get(f"{place}/notice.pdf").status_code == 404
    view = approver.event(place, "issue", status=200).json
    assert (view["state"], view["due_on"]) == ("issued", "2024-01-12")
    told = borrower.get(place, status=200).json
    assert (told["review_note"], told["events"]) == ("", [])
    notice = borrower.get(f"{place}/notice.pdf", status=200)
    assert notice.data.startswith(b"%PDF-")
    proof = {"served_on": "2024-01-02", "served_to": "曹晚晴", "method": "当面签收"}
    assert officer.event(place, "serve", status=200, **proof).json["state"] == "served"
    early = approver.event(place, "default", status=422, note="逾期").json
    assert early["errors"][0]["pointer"] == "/event"
    cases = officer.get(f"/loans/{loan_id}/margin-calls", status=200).json["items"]
    assert [each["number"] for each in cases] == [case["number"]]


def test_the_cover_of_a_loan_as_it_was_last_watched(api, vault, commit):
    loan_id, _asset = vault.at_line(75 * WAN, 100 * WAN)
    commit()
    place = f"/loans/{loan_id}/cover"
    assert api("a-officer").get(place).status_code == 404
    vault.watch()
    commit()
    seen = api("a-officer").get(place, status=200).json
    assert (seen["ltv"], seen["level"], seen["top_up"]) == ("0.75", "top-up", "0.7")
    assert (seen["recognised_yuan"], seen["observed_on"]) == ("1000000.00", "2024-01-02")
    assert (seen["repay_yuan"], seen["add_recognised_yuan"]) == ("150000.00", "250000.00")
    assert api("c1-fin").get(place, status=200).json == seen
    assert api("b-officer").get(place).status_code == 404


def test_lists_cost_the_same_whatever_their_length(api, vault, commit, queries):
    """A list asks a constant number of times, whether it shows two rows or eight."""

    def cost(path):
        api("a-officer").get(path, status=200)
        with queries() as seen:
            api("a-officer").get(path, status=200)
        return len(seen)

    counts = []
    for more in (2, 6):
        for _each in range(more):
            vault.at_line(75 * WAN, 100 * WAN)
        vault.watch()
        commit()
        counts.append((cost("/pledges"), cost("/margin-calls")))
        vault.session.expunge_all()
    assert counts[0] == counts[1]
    assert max(counts[0]) <= 12
