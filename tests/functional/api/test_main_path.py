"""The main job through the API, as its people do it: an asset becomes a monitored pledge loan and is cured.

The figures are those of the worked path: 3,000,000.00 at 4.45 % against a forest right and a carbon income right;
a fall of the sink price by 30 % alone crosses no line; with a frost the risk ratio is 70.09 %.
"""

import io
from datetime import date
from functools import partial
from uuid import UUID

import pytest

from app.appraisal.services import run_revaluation
from app.collateral.services.watch import watch_bank
from app.loans.services import close_through
from app.verify import verify
from tests.support import main_path
from tests.support.main_path import (
    CURED_ON,
    FELL_ON,
    PDF,
    SIGNED_ON,
    inputs_of,
    prepare_ground,
    square,
)


@pytest.fixture
def go_to(clock):
    return partial(main_path.go_to, clock)


@pytest.fixture
def ground(database, world, go_to):
    go_to(SIGNED_ON)
    prepare_ground(database, world)


def asset(kind: str, **fields: object) -> dict[str, object]:
    return {
        "kind": kind,
        "title": "沙棘示例林",
        "region_code": "620725",
        "certificate_registry": "山丹县不动产登记中心",
        "certificate_number": f"甘示例-{kind}",
        "right_starts_on": "2014-01-01",
        "right_ends_on": "2043-12-31",
        **fields,
    }


def accept_agency(api, world) -> None:
    member = {"agency_id": str(world.organisation("AG1")), "valid_from": "2023-01-01"}
    api("a-collateral").post("/panel-members", member, status=201)


def register(api, world) -> tuple[str, str]:
    owner = api("c1-fin")
    forest = asset(
        "forest-right",
        area_mu="2600",
        forest_category="economic",
        parcels=square(2600, 101.0, 38.7),
    )
    protected = forest | {"forest_category": "protection", "certificate_number": "甘示例-公益林"}
    refused = owner.post("/assets", protected, status=422).json
    assert refused["detail"]
    carbon = asset(
        "carbon-sink-income",
        area_mu="29600",
        parcels=square(29600, 101.2, 38.6),
        send_to=[str(world.organisation(code)) for code in ("MC", "VC", "TC")],
    )
    forest_id = owner.post("/assets", forest, status=201).json["id"]
    carbon_id = owner.post("/assets", carbon, status=201).json["id"]
    data = {"title": "林权证", "file": (io.BytesIO(PDF), "林权证.pdf", "application/pdf")}
    owner.post(f"/assets/{forest_id}/evidence", data=data, status=201)
    acts = (("mc-1", "measure"), ("vc-1", "certify"), ("tc-1", "file"))
    for login, event in acts:
        fields = {
            "number": f"{event}-1",
            "on": "2023-12-26",
            "quantity": "5170",
            "unit": "tCO2e/year",
        }
        api(login).event(f"/assets/{carbon_id}", event, status=200, **fields)
    assert owner.get(f"/assets/{carbon_id}").json["state"] == "filed"
    return forest_id, carbon_id


def appraise(api, world, asset_id: str, model: str) -> None:
    order = {
        "asset_id": asset_id,
        "bank_id": str(world.organisation("A")),
        "agency_id": str(world.organisation("AG1")),
        "purpose": "抵质押贷款",
    }
    off_panel = order | {"agency_id": str(world.organisation("AG2"))}
    api("c1-fin").post("/appraisals", off_panel, status=422)
    ordered = api("c1-fin").post("/appraisals", order, status=201).json
    path = f"/appraisals/{ordered['id']}"
    api("ag1-a").event(path, "accept", status=200)
    version = api("ag1-a").get(path).json["version"]
    given = {"valued_on": "2023-12-26", "inputs": inputs_of(model)}
    api("ag1-a").put(f"{path}/inputs", given, version=version, status=200)
    api("ag1-a").event(path, "sign", status=200, qualification="62010001")
    api("ag1-a").event(path, "countersign", status=422)
    api("ag1-b").event(path, "countersign", status=200, qualification="62010002")
    report = api("c1-fin").get(f"{path}/report.pdf", status=200)
    assert report.data.startswith(b"%PDF")


def approve(api, world, forest_id: str, carbon_id: str) -> str:
    body = {
        "bank_id": str(world.organisation("A")),
        "product": "forest-carbon-loan",
        "amount_yuan": "3000000.00",
        "term_months": 36,
        "purpose": "沙棘原料收购与管护支出",
        "repayment_source": "沙棘果品销售收入",
        "region_code": "620725",
        "credit_consent": True,
        "assets": [{"asset_id": forest_id}, {"asset_id": carbon_id}],
    }
    made = api("c1-fin").post("/loan-applications", body, status=201).json
    path = f"/loan-applications/{made['id']}"
    api("c1-fin").event(path, "submit", status=200)
    api("a-officer").event(path, "accept", status=200)
    recognise(api, forest_id, "5600000.00")
    recognise(api, carbon_id, "880000.00")
    lines = [
        {"asset_id": forest_id, "secured_yuan": "3000000.00"},
        {"asset_id": carbon_id, "secured_yuan": "264000.00"},
    ]
    version = api("a-officer").get(path).json["version"]
    api("a-officer").put(f"{path}/pool", {"assets": lines}, version=version, status=200)
    pool = api("a-officer").get(f"{path}/pool").json
    assert pool["totals"]["lendable_yuan"] == "3064000.00"
    assert pool["totals"]["ltv"] == "0.462963"
    sign = {
        "opinion": "现场核实，用途真实。",
        "rate": "0.0445",
        "method": "bullet",
        "purpose_checked": True,
        "financial_difficulty": False,
        "catalogue_edition": "2019",
        "catalogue_code": "4.1",
        "green_evidence": "收购合同",
    }
    api("a-officer").event(path, "sign", status=200, **sign)
    api("a-co").event(path, "countersign", status=200, opinion="同意")
    api("a-review").event(path, "pass", status=200, opinion="合规")
    decision = {"opinion": "同意", "amount_yuan": "3000000.00"}
    api("a-officer").event(path, "approve", status=403, **decision)
    api("a-approve").event(path, "approve", status=200, **decision)
    contracted = api("a-officer").event(path, "contract", status=200).json
    return str(contracted["loan_id"])


def recognise(api, asset_id: str, yuan: str) -> None:
    path = f"/assets/{asset_id}/recognised-value"
    held = api("a-collateral").get(path, status=200)
    version = held.json["version"]
    body = {"recognised_yuan": yuan, "note": "复核评估报告"}
    api("a-officer").put(path, body, version=version, status=403)
    api("a-collateral").put(path, body, version=version, status=200)


def draw(api, loan_id: str) -> None:
    for pledge in api("a-officer").get(f"/loans/{loan_id}/pledges").json["items"]:
        path = f"/pledges/{pledge['id']}"
        mortgage = pledge["security"] == "mortgage"
        for registry in ("real-estate",) if mortgage else ("movable-finance", "local-sink"):
            receipt = {
                "registry": registry,
                "number": f"DJ-{pledge['number']}-{registry}",
                "registered_on": "2023-12-26",
                "expires_on": "2030-12-26",
            }
            api("a-collateral").event(path, "register", status=200, **receipt)
        assert api("a-officer").get(path).json["state"] == "registered"
    asked = {
        "amount_yuan": "3000000.00",
        "payee": "示例果品合作社",
        "payment": "self",
        "search_number": "示例查询-1",
        "searched_on": "2023-12-26",
    }
    waiting = api("a-officer").post(f"/loans/{loan_id}/drawdowns", asked, status=201).json
    path = f"/drawdowns/{waiting['id']}"
    api("a-drawdown").event(path, "check", status=200)
    api("a-drawdown").event(path, "post", status=403)
    assert api("a-ops").event(path, "post", status=200).json["state"] == "posted"


@pytest.fixture
def loan_id(api, world, ground) -> str:
    """Steps 1 to 4: registered, appraised, approved, contracted, drawn."""
    point = {"points": [{"on": "2023-12-26", "value": "30"}], "source": "交易公告"}
    api("tc-1").post("/price-series/LOCAL-SINK/points", point, status=201)
    accept_agency(api, world)
    forest_id, carbon_id = register(api, world)
    appraise(api, world, forest_id, "forest-right")
    appraise(api, world, carbon_id, "carbon-sink-income")
    found = approve(api, world, forest_id, carbon_id)
    draw(api, found)
    return found


def close(database, world, go_to, day: date) -> None:
    go_to(day)
    close_through(database, world.system("A"), world.organisation("A"), day)


def assets_by_kind(api) -> dict[str, str]:
    listed = api("c1-fin").get("/assets", status=200).json["items"]
    return {each["kind"]: each["id"] for each in listed}


def lower_price(api) -> None:
    body = {"points": [{"on": "2024-03-20", "value": "21"}], "source": "交易公告"}
    api("tc-1").post("/price-series/LOCAL-SINK/points", body, status=201)


def revalue(api, database, world) -> None:
    run = api("a-collateral").post("/revaluation-runs", {"on": "2024-03-20"}, status=201).json
    run_revaluation(database, world.system("A"), UUID(run["id"]))


def watch(database, world) -> None:
    with database.write() as session:
        watch_bank(session, world.system("A"), world.organisation("A"), everything=True)


def the_loan(api, loan_id: str) -> dict[str, object]:
    return api("a-officer").get(f"/loans/{loan_id}", status=200).json


def open_cases(api, loan_id: str) -> list[dict[str, object]]:
    return api("a-collateral").get(f"/loans/{loan_id}/margin-calls", status=200).json["items"]


def test_an_asset_becomes_a_loan_that_is_watched_and_cured(
    api, database, world, go_to, loan_id
) -> None:
    schedule = api("c1-fin").get(f"/loans/{loan_id}/schedule", status=200).json
    first = schedule["instalments"][0]
    assert (first["due_on"], first["days"], first["interest_yuan"]) == (
        "2024-03-21",
        86,
        "31891.67",
    )
    close(database, world, go_to, date(2024, 3, 19))
    go_to(FELL_ON)
    lower_price(api)
    ids = assets_by_kind(api)
    frost = {
        "valid_from": "2024-03-20",
        "overrides": {"net_yield_yuan_per_mu": "159.331429"},
        "reason": "春季霜冻，现场复核",
    }
    api("a-collateral").post(f"/assets/{ids['forest-right']}/valuation-inputs", frost, status=201)
    revalue(api, database, world)
    close(database, world, go_to, FELL_ON)
    watch(database, world)
    loan = the_loan(api, loan_id)
    assert (loan["principal_yuan"], loan["accrued_yuan"]) == ("3000000.00", "31891.67")
    (case,) = open_cases(api, loan_id)
    assert (case["state"], case["recognised_yuan"]) == ("open", "4325600.00")
    assert case["ratio"].startswith("0.7009")
    assert (case["repay_yuan"], case["add_recognised_yuan"]) == ("436531.67", "727552.79")
    go_to(CURED_ON)
    path = f"/margin-calls/{case['id']}"
    api("a-collateral").event(path, "review", status=200, note="价格与霜冻属实")
    api("a-collateral").event(path, "issue", status=403)
    issued = api("a-approve").event(path, "issue", status=200).json
    assert issued["notice_id"]
    served = {"served_on": "2024-03-21", "served_to": "曹晚晴", "method": "当面签收"}
    api("a-collateral").event(path, "serve", status=200, **served)
    repayment = {"amount_yuan": "436531.67", "prepay": True}
    paid = api("a-ops").post(f"/loans/{loan_id}/repayments", repayment, status=201).json
    assert (paid["interest_yuan"], paid["principal_yuan"]) == ("31891.67", "404640.00")
    assert api("a-collateral").get(path).json["state"] == "cured"
    statement = api("c1-fin").get(f"/loans/{loan_id}/statement.pdf", status=200)
    assert statement.data.startswith(b"%PDF")
    assert verify(database) == []


@pytest.mark.deep_on("postgres")
def test_a_price_fall_alone_crosses_no_line(api, database, world, go_to, loan_id) -> None:
    close(database, world, go_to, date(2024, 3, 19))
    go_to(FELL_ON)
    lower_price(api)
    revalue(api, database, world)
    watch(database, world)
    assert open_cases(api, loan_id) == []
    values = api("a-collateral").get(
        f"/assets/{assets_by_kind(api)['carbon-sink-income']}/recognised-value"
    )
    assert values.json["recognised_yuan"] == "545600.00"


def test_desks_see_what_their_sight_allows(api, database, world, go_to, loan_id) -> None:
    close(database, world, go_to, date(2023, 12, 31))
    query = {"as_of": "2023-12-31", "group_by": "category"}
    seen = api("pbc-1").get("/green-loan-balances", status=200, **query).json
    assert seen["total"]["balance_yuan"] == "3000000.00"
    # Who sees sums only sees none of a single loan: it would be the loan itself.
    assert api("fo-1").get("/green-loan-balances", status=200, **query).json["rows"] == []
    other = api("x-1").get("/green-loan-balances", status=200, **query).json
    assert other["rows"] == []
    api("fo-1").get("/oversight/loans", status=403)
    purpose = {"purpose": "现场检查：绿色贷款用途核实"}
    api("pbc-1").post("/oversight/drill-downs", purpose, status=201)
    listed = api("pbc-1").get("/oversight/loans", status=200).json
    assert [each["id"] for each in listed["items"]] == [loan_id]
