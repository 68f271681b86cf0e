"""An appraisal over the API, as the programs of owner, agency and bank call it."""

import json
import re
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from uuid import UUID

import pytest
import sqlalchemy as sa

from app.appraisal.models import Appraisal
from app.appraisal.services import run_revaluation
from app.assets.domain import AssetKind
from tests.factories.appraisals import (
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_AT,
    SIGNED_ON,
    add_asset,
    add_price,
    example_inputs,
    make_valid,
)

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "use-the-api.md"
BLOCK = re.compile(r"^ *```json\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)


def ordered(api, world, asset_id, login="c1-fin"):
    body = {
        "asset_id": str(asset_id),
        "bank_id": str(world.organisation("A")),
        "agency_id": str(world.organisation("AG1")),
        "purpose": "抵质押贷款",
    }
    return api(login).post("/appraisals", body, status=201)


def test_an_order_becomes_a_valid_report_with_its_pdf(api, world, carbon):
    answer = ordered(api, world, carbon)
    path = answer.headers["Location"]
    assert answer.json["state"] == "ordered"
    assert answer.json["events"] == []
    maker, reviewer = api("ag1-a"), api("ag1-b")
    maker.event(path, "accept", status=200)
    version = int(maker.get(path).headers["ETag"].strip('"'))
    body = {"valued_on": SIGNED_ON.isoformat(), "inputs": example_inputs("carbon-sink-income")}
    saved = maker.put(f"{path}/inputs", body, version=version, status=200).json
    assert saved["value_yuan"] == "880000.00"
    assert saved["result"]["trace"]
    assert saved["events"] == ["sign"]
    maker.put(f"{path}/inputs", body, version=version, status=412)
    maker.event(path, "sign", status=200, qualification="62010001")
    maker.event(path, "countersign", status=422)
    api("c1-fin").get(f"{path}/report.pdf", status=404)
    done = reviewer.event(path, "countersign", status=200, qualification="62010002")
    assert (done.json["state"], done.json["valid_until"]) == ("valid", "2024-12-24")
    for login in ("c1-fin", "a-risk", "ag1-a"):
        report = api(login).get(f"{path}/report.pdf", status=200)
        assert report.content_type == "application/pdf"
        assert report.data.startswith(b"%PDF")
    fresh = reviewer.get(path)
    assert fresh.headers["ETag"] == done.headers["ETag"]
    for login in ("c2-fin", "ag2-a", "b-officer"):
        api(login).get(path, status=404)
        api(login).get(f"{path}/report.pdf", status=404)
    value = api("a-risk").get(f"/assets/{carbon}/value", status=200).json
    assert value["current_yuan"] == "880000.00"


def test_a_report_is_not_signed_while_a_finding_wants_an_explanation(api, world, carbon):
    path = ordered(api, world, carbon).headers["Location"]
    maker = api("ag1-a")
    maker.event(path, "accept", status=200)
    inputs = {**example_inputs("carbon-sink-income"), "discount_rate": "0.04"}
    version = int(maker.get(path).headers["ETag"].strip('"'))
    body = {"valued_on": SIGNED_ON.isoformat(), "inputs": inputs}
    saved = maker.put(f"{path}/inputs", body, version=version, status=200).json
    assert "ask" in {each["severity"] for each in saved["result"]["findings"]}
    refused = maker.event(path, "sign", status=422).json
    name = "rate-outside-band.discount_rate"
    assert [each["pointer"] for each in refused["errors"]] == [f"/explanations/{name}"]
    assert "折现率4%" in refused["errors"][0]["detail"]
    assert maker.get(path).json["state"] == "preparing"
    maker.event(path, "sign", status=422, explanations={name: 3})
    words = {name: "取自同期贷款利率。"}
    signed = maker.event(
        path, "sign", status=200, explanations=words, qualification="62010001"
    ).json
    found = {each["name"]: each["explanation"] for each in signed["result"]["findings"]}
    assert found[name] == "取自同期贷款利率。"


WRONG_INPUTS = (
    ({"inputs": {"area_mu": "-1"}}, "/inputs/area_mu"),
    ({"inputs": {"nonsense": 1}}, "/inputs/nonsense"),
    ({"valued_on": "2024-13-01"}, "/valued_on"),
    ({"valued_on": "2199-01-01"}, "/valued_on"),
    ({"valued_on": "1949-10-01"}, "/valued_on"),
    ({"inputs": "text"}, "/inputs"),
    ({"prices": [{"id": "timber", "yuan": "1", "source": "x"}]}, "/prices/0/id"),
    (
        {"prices": [{"id": "local-sink", "yuan": each, "source": "x"} for each in "12"]},
        "/prices/1/id",
    ),
    ({"prices": [{"id": "local-sink", "yuan": "0", "source": "x"}]}, "/prices/0/yuan"),
    ({"unknown": 1}, "/unknown"),
)


def test_wrong_inputs_are_named(api, world, carbon):
    path = ordered(api, world, carbon).headers["Location"]
    maker = api("ag1-a")
    maker.event(path, "accept", status=200)
    inputs = example_inputs("carbon-sink-income")
    body = {"valued_on": SIGNED_ON.isoformat(), "inputs": inputs}
    version = int(maker.get(path).headers["ETag"].strip('"'))
    for change, pointer in WRONG_INPUTS:
        merged = {**body, **change}
        if isinstance(change.get("inputs"), dict):
            merged["inputs"] = {**inputs, **change["inputs"]}
        answer = maker.put(f"{path}/inputs", merged, version=version, status=422)
        assert pointer in {each["pointer"] for each in answer.json["errors"]}
        assert all("%(" not in each["detail"] for each in answer.json["errors"])
    assert maker.get(path).json["value_yuan"] is None


def test_an_agency_off_the_panel_is_a_rule_with_its_facts(api, world, carbon):
    body = {
        "asset_id": str(carbon),
        "bank_id": str(world.organisation("A")),
        "agency_id": str(world.organisation("AG2")),
        "purpose": "抵质押贷款",
    }
    problem = api("a-officer").post("/appraisals", body, status=422).json
    assert problem["code"] == "agency-not-on-panel"
    officer = api("a-collateral")
    place = {"agency_id": str(world.organisation("AG2")), "valid_from": "2023-12-01"}
    made = officer.post("/panel-members", place, status=201).json
    api("a-officer").post("/appraisals", body, status=201)
    end = f"/panel-members/{made['id']}/end"
    officer.post(end, {"valid_until": "2023-12-25"}, status=200)
    api("b-collateral").post(end, {"valid_until": "2023-12-25"}, status=404)
    api("a-officer").post("/appraisals", body, status=422)
    assert api("c1-fin").get("/panel-members", status=200).json["total"] == 2
    assert api("ag1-a").get("/panel-members", status=200).json["total"] == 1


def test_models_answer_their_passport_and_what_if_values(api, world, carbon):
    risk = api("a-risk")
    listed = risk.get("/appraisal-models", status=200).json["items"]
    assert {"carbon-sink-income", "forest-right", "gep"} <= {each["id"] for each in listed}
    one = risk.get("/appraisal-models/forest-right", status=200).json
    category = next(each for each in one["fields"] if each["name"] == "category")
    assert category["choices"]
    risk.get("/appraisal-models/nonsense", status=404)
    body = {"valued_on": "2023-12-26", "inputs": example_inputs("forest-right")}
    found = risk.post("/appraisal-models/forest-right/valuations", body, status=200).json
    assert found["value_yuan"] == "5600000.00"
    assert (found["value_kind"], found["per"]) == ("market", "once")
    yearly = {"valued_on": "2023-12-26", "inputs": example_inputs("gep")}
    found = risk.post("/appraisal-models/gep/valuations", yearly, status=200).json
    assert (found["value_kind"], found["per"]) == ("ecological", "year")
    assert risk.get("/appraisals").json["total"] == 0
    api("x-1").get("/appraisal-models", status=403)


def test_a_what_if_draws_its_band_as_it_is_asked(api, carbon):
    risk, path = api("a-risk"), "/appraisal-models/carbon-sink-income/valuations"
    body = {"valued_on": "2023-12-26", "inputs": example_inputs("carbon-sink-income")}

    def band(**more):
        return risk.post(path, {**body, **more}, status=200).json["scenario"]

    stored = band()
    assert "losses" not in stored
    assert band(losses=False) == stored
    few = band(paths=100, seed=7)
    assert (few["paths"], few["seed"]) == (100, 7)
    assert band(paths=100, seed=7) == few
    lossy = band(losses=True)
    assert (lossy["losses"], lossy["seed"]) == (True, stored["seed"])
    assert float(lossy["low_yuan"]) < float(stored["low_yuan"])
    assert band(paths=10_000)["paths"] == 10_000
    for wrong in ({"paths": 99}, {"paths": 10_001}, {"seed": -1}, {"losses": "yes"}):
        told = risk.post(path, {**body, **wrong}, status=422).json
        assert told["errors"][0]["pointer"] == f"/{next(iter(wrong))}"


def test_the_what_if_of_the_how_to_is_taken_as_it_is_printed(api, world, clock):
    clock.instant = SIGNED_AT
    (block,) = BLOCK.findall(HOW_TO.read_text(encoding="utf-8"))
    body = json.loads(block)
    assert body["inputs"] == example_inputs("ccer")
    path = "/appraisal-models/ccer/valuations"
    found = api("a-risk").post(path, body, status=200).json
    assert float(found["value_yuan"]) > 0
    first, second = body["prices"]
    dearer = {**body, "prices": [{**first, "yuan": "81.00"}, {**second, "yuan": "83.50"}]}
    assert float(api("a-risk").post(path, dearer, status=200).json["value_yuan"]) > float(
        found["value_yuan"]
    )


@pytest.mark.parametrize(
    ("prices", "pointer"),
    [
        ({"ccer-vwap-20d": {"yuan": 71.0, "unit": "yuan/tCO2e"}}, "/prices"),
        (
            [{"id": "ccer-vwap-20d", "yuan": "71", "unit": "yuan/tCO2e", "source": "x"}],
            "/prices/0/unit",
        ),
        (["ccer-vwap-20d"], "/prices/0"),
    ],
    ids=["as-in-a-file", "with-a-unit", "an-id-alone"],
)
def test_prices_in_another_form_are_refused_with_the_form_they_have(api, world, prices, pointer):
    body = {"valued_on": "2023-12-26", "inputs": example_inputs("ccer"), "prices": prices}
    told = api("a-risk").post("/appraisal-models/ccer/valuations", body, status=422).json
    (error,) = told["errors"]
    assert error["pointer"] == pointer
    assert '"id": "ccer-vwap-20d", "yuan": "71.00", "source": "…"' in error["detail"]


def test_a_what_if_value_does_not_wait_for_a_writer(api, database, carbon):
    body = {"valued_on": "2023-12-26", "inputs": example_inputs("forest-right")}
    with database.write() as session:
        session.execute(sa.select(Appraisal))
        found = api("a-risk").post("/appraisal-models/forest-right/valuations", body, status=200)
    assert found.json["value_yuan"] == "5600000.00"


def test_a_day_to_come_is_refused_with_the_last_possible_day(api, world, clock):
    clock.instant = REVALUED_AT
    risk = api("a-risk")
    ahead = {"valued_on": "2031-01-01", "inputs": example_inputs("forest-right")}
    told = risk.post("/appraisal-models/forest-right/valuations", ahead, status=422).json
    assert "2024-03-" in told["errors"][0]["detail"]


def test_a_revaluation_is_filed_and_read(api, database, session, world, carbon, clock, commit):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    risk = api("a-risk")
    filed = risk.post("/revaluation-runs", {"on": REVALUED_ON.isoformat()}, status=201)
    assert (filed.json["state"], filed.json["total"]) == ("waiting", 1)
    again = risk.post("/revaluation-runs", {"on": REVALUED_ON.isoformat()}, status=200)
    assert again.json["id"] == filed.json["id"]
    assert again.headers["Location"] == filed.headers["Location"]
    path = filed.headers["Location"]
    assert risk.get(path, status=200).json["number"].startswith("R-2024-")
    assert risk.get(f"{path}/problems", status=200).json["items"] == []
    api("b-collateral").get(path, status=404)
    api("c1-fin").get(path, status=403)
    dask = {"on": "2024-03-19", "executor": "dask://127.0.0.1:8786"}
    assert risk.post("/revaluation-runs", dask, status=422).json["code"] == "executor-unavailable"
    risk.post("/revaluation-runs", {"on": "2024-03-21"}, status=422)
    figure = risk.post(
        f"/assets/{carbon}/valuations", {"on": REVALUED_ON.isoformat()}, status=200
    ).json
    assert figure["value_yuan"] == "545600.00"
    assert risk.get(f"/assets/{carbon}/valuations").json["total"] == 2
    record = {"valid_from": "2024-03-20", "overrides": {"area_mu": "28000"}, "reason": "复测"}
    api("ag1-a").post(f"/assets/{carbon}/valuation-inputs", record, status=201)
    assert risk.get(f"/assets/{carbon}/valuation-inputs").json["items"][0]["reason"] == "复测"
    risk.post(f"/assets/{carbon}/valuation-inputs", record, status=403)


def test_a_day_is_answered_by_its_run_until_facts_come(
    api, database, session, world, carbon, clock, commit
):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    risk, wanted = api("a-risk"), {"on": REVALUED_ON.isoformat()}
    first = risk.post("/revaluation-runs", wanted, status=201).json["id"]
    run_revaluation(database, world.actor("a-risk"), UUID(first))
    known = risk.post("/revaluation-runs", wanted, status=200).json
    assert (known["id"], known["state"]) == (first, "finished")
    (item,) = risk.get(f"/revaluation-runs/{first}/items", status=200).json["items"]
    assert (item["asset_number"], item["state"], item["words"]) == (
        "A-1",
        "done",
        {"zh": "", "en": ""},
    )
    before, after = Decimal(item["before_yuan"]), Decimal(item["after_yuan"])
    assert (after, Decimal(item["change_yuan"])) == (Decimal("545600.00"), after - before)
    assert risk.get(f"/revaluation-runs/{first}/items?state=failed", status=200).json["total"] == 0
    risk.get(f"/revaluation-runs/{first}/items?state=lost", status=422)
    clock.instant += timedelta(minutes=1)
    record = {"valid_from": "2024-03-20", "overrides": {"area_mu": "28000"}, "reason": "复测"}
    api("ag1-a").post(f"/assets/{carbon}/valuation-inputs", record, status=201)
    again = risk.post("/revaluation-runs", wanted, status=201).json
    assert (again["id"] != first, again["state"]) == (True, "waiting")
    assert risk.get(f"/revaluation-runs/{first}", status=200).json["state"] == "cancelled"


def test_lists_take_a_bounded_number_of_queries(api, session, world, carbon, commit, queries):
    for number in range(12):
        asset_id = add_asset(session, world, AssetKind.CARBON_SINK_INCOME, number=f"A-5{number}")
        make_valid(session, world, asset_id, example_inputs("carbon-sink-income"))
    commit()
    risk = api("a-risk")
    with queries() as seen:
        assert risk.get("/appraisals", status=200).json["total"] == 12
    assert len(seen) <= 9
