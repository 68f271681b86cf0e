"""The main job in a real browser, as its people do it: an asset becomes a watched pledge loan and is cured.

Every page on the way is examined (see `tests.support.walking`). Days pass by the services that the
scheduler calls; everything that a person does is done with the mouse and the keyboard.
The pictures of the tutorial are made here: GREENPLEDGE_TUTORIAL_PICTURES names their folder.
"""

import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from threading import Thread
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select
from sqlmodel import col
from werkzeug.serving import make_server

from app.appraisal.services import run_revaluation
from app.collateral.services.watch import watch_bank
from app.db.engine import Database
from app.documents.models import IssuedDocument
from app.kernel.clock import FixedClock
from app.loans.services import close_through
from app.verify import verify
from tests.factories.tape import load_tape
from tests.factories.world import World
from tests.support.chromium import chromium
from tests.support.main_path import (
    CURED_ON,
    FELL_ON,
    PDF,
    SIGNED_ON,
    go_to,
    prepare_ground,
    square,
)
from tests.support.style_guide import STATIC
from tests.support.walking import AXE, Walk, Walker

pytestmark = [
    pytest.mark.browser,
    pytest.mark.slow,
    pytest.mark.skipif(not (STATIC / "vendor").exists(), reason="run `python3 dev.py setup` first"),
    pytest.mark.skipif(not AXE.exists(), reason="run `python3 dev.py setup --dev` first"),
]

PURPOSE = "现场检查：绿色贷款用途核实"
FROST = "春季霜冻，现场复核：每亩净收益降至159.33元。"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The service that the walk goes through, its clock and its people."""

    walk: Walk
    database: Database
    world: World
    clock: FixedClock

    def person(self, login: str) -> Walker:
        return self.walk.person(login)

    def organisation(self, code: str) -> str:
        return str(self.world.organisation(code))

    def next_day(self, day: date) -> None:
        """A night passes: everybody goes home, the clock moves."""
        self.walk.go_home()
        go_to(self.clock, day)

    def close(self, day: date) -> None:
        """The bank's books are closed, as the scheduler does."""
        close_through(self.database, self.world.system("A"), self.world.organisation("A"), day)

    def watch(self) -> None:
        """The cover of the bank's loans is measured, as the scheduler does."""
        with self.database.write() as session:
            watch_bank(
                session, self.world.system("A"), self.world.organisation("A"), everything=True
            )


@pytest.fixture
def place(app: Flask, database: Database, world: World, clock: FixedClock) -> Iterator[Place]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    go_to(clock, SIGNED_ON)
    prepare_ground(database, world)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        with chromium() as browser:
            walk = Walk(browser, f"http://127.0.0.1:{server.server_port}")
            yield Place(walk=walk, database=database, world=world, clock=clock)
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


# --- 1. Rights are registered, measured, certified and filed ---


def right(kind: str, number: str, **more: object) -> dict[str, object]:
    return {
        "kind": kind,
        "title": "焉支示例沙棘林",
        "region_code": "620725",
        "certificate_registry": "山丹县不动产登记中心",
        "certificate_number": number,
        "right_starts_on": "2014-01-01",
        "right_ends_on": "2043-12-31",
        **more,
    }


def register(place: Place) -> tuple[str, str]:
    """The owner registers a forest right and a carbon income right; public-welfare forest is refused."""
    owner = place.person("c1-fin")
    owner.picture("01-overview")
    owner.visit("/assets").press("新增资产")
    parcels = json.dumps(square(2600, 101.0, 38.7))
    forest = right("forest-right", "甘示例林证-1", area_mu="2600", parcels=parcels)
    owner.fill(forest | {"forest_category": "protection"}).send("保存资产", status=422)
    owner.reads("“防护林（公益林）”类森林不得抵押。", "请改为登记其补偿收益权或碳汇预期收益权")
    owner.picture("02-refused")
    owner.fill({"forest_category": "economic"}).send("保存资产")
    forest_at = owner.path
    evidence = {"title": "林权证", "file": ("林权证.pdf", PDF, "application/pdf")}
    owner.step("添加文件", evidence).reads("林权证.pdf", "已登记")
    owner.picture("03-asset")
    carbon_at = register_carbon(place, owner)
    for login, button, picture in (
        ("mc-1", "录入计量监测", ""),
        ("vc-1", "录入审核认证", ""),
        ("tc-1", "录入备案登记", "04-filed"),
    ):
        act = {"number": f"{login}-2023-1", "on": "2023-12-26"}
        amount = {"quantity": "5170", "unit": "tCO2e/year"}
        centre = place.person(login).visit("/worklist").press("处理")
        centre.step(button, act | amount)
        if picture:
            centre.reads("已备案").picture(picture)
    return forest_at, carbon_at


def register_carbon(place: Place, owner: Walker) -> str:
    land = json.dumps(square(29600, 101.02, 38.68)).encode()
    given = right(
        "carbon-sink-income",
        "甘示例碳汇-1",
        title="焉支示例沙棘林碳汇",
        area_mu="29600",
        parcels_file=("碳汇.geojson", land, "application/geo+json"),
        measuring_id=place.organisation("MC"),
        certifying_id=place.organisation("VC"),
        filing_id=place.organisation("TC"),
    )
    owner.visit("/assets").press("新增资产").fill(given).send("保存资产")
    return owner.path


# --- 2. An agency of the bank's panel appraises them ---


def appraise(place: Place, asset_at: str, *, pictures: bool = False) -> None:
    """Ordered by the owner, entered and signed by one appraiser, countersigned by another."""
    owner = place.person("c1-fin").visit(asset_at).press("委托评估")
    order = {
        "asset_id": asset_at.rsplit("/", 1)[-1],
        "bank_id": place.organisation("A"),
        "agency_id": place.organisation("AG1"),
        "purpose": "抵质押贷款",
    }
    owner.fill(order).send("委托评估")
    appraisal_at = owner.path
    maker = place.person("ag1-a").visit(appraisal_at).step("接受委托")
    maker.press("填写输入").press("填入模型示例").reads("已填入模型示例")
    if pictures:
        maker.picture("05-inputs", height=1100)
    maker.send("运行模型").reads("评估价值", "模型步骤", "核查发现")
    if pictures:
        maker.picture("06-value")
    maker.step("承办签字", {"qualification": "62010001"}).lacks("复核签字")
    place.person("ag1-b").visit(appraisal_at).step("复核签字", {"qualification": "62010002"}).reads(
        "有效"
    )
    owner.visit(appraisal_at)
    if pictures:
        owner.picture("07-signed", height=1100)
    owner.opens_pdf("评估报告")


def check_report(place: Place) -> None:
    """Anybody checks the report by the code it prints."""
    with place.database.read() as session:
        code = session.execute(select(col(IssuedDocument.code))).scalar_one()
    stranger = place.walk.stranger().visit("/verify").fill({"code": code}).send("核对")
    stranger.reads("崆峒示例资产评估有限公司").picture("08-verify")
    assert stranger.path == f"/verify/{code}"


# --- 3. The bank investigates, reviews, approves and contracts ---


def apply(place: Place, forest: str, carbon: str) -> str:
    """The borrower asks for money and offers both rights."""
    owner = place.person("c1-fin").visit("/loan-applications").press("新建申请")
    asked = {
        "bank_id": place.organisation("A"),
        "product": "forest-carbon-loan",
        "amount_yuan": "3000000",
        "term_months": "36",
        "purpose": "沙棘原料收购与管护支出",
        "repayment_source": "沙棘果品销售收入",
        "region_code": "620725",
        "credit_consent": True,
        "assets-0-asset_id": forest,
    }
    owner.fill(asked)
    owner.page.get_by_role("button", name="增加一行").first.click()
    owner.fill({"assets-1-asset_id": carbon}).picture("09-application")
    owner.send("保存草稿").step("提交银行").reads("已提交")
    return owner.path


def decide(place: Place, file_at: str, forest_at: str, carbon_at: str) -> str:
    """Five people of the bank take the file to its contract."""
    officer = place.person("a-officer").visit("/worklist").picture("10-worklist", height=700)
    officer.visit(file_at).step("受理")
    for asset_at, yuan, picture in (
        (forest_at, "5600000", "11-recognised"),
        (carbon_at, "880000", ""),
    ):
        collateral = place.person("a-collateral").visit(asset_at).press("确认认定价值")
        collateral.fill({"recognised_yuan": yuan, "note": "已复核评估报告"})
        if picture:
            collateral.picture(picture)
        collateral.send("确认认定价值")
    officer.visit(file_at).press("组成押品池")
    secured = {"assets-0-secured_yuan": "3000000", "assets-1-secured_yuan": "264000"}
    with officer.page.expect_response(lambda answer: "/pool/preview" in answer.url):
        officer.fill(secured)
        officer.page.keyboard.press("Tab")
    officer.page.locator("#pool-preview").get_by_text("306.40").first.wait_for()
    officer.reads("46.30%").picture("12-pool")
    officer.send("保存押品池").reads("46.30%", "306.40")
    opinion = {
        "opinion": "现场核实，用途真实。",
        "rate": "4.45",
        "method": "bullet",
        "catalogue_edition": "2019",
        "catalogue_code": "4.1",
        "green_evidence": "收购合同",
        "purpose_checked": True,
    }
    officer.press("签署调查").fill(opinion).picture("13-investigation").send("签署调查")
    place.person("a-co").visit(file_at).step("协办复核", {"opinion": "同意"})
    place.person("a-review").visit(file_at).step("审查通过", {"opinion": "合规"})
    officer.visit(file_at).lacks("批准")
    decision = {"amount_yuan": "3000000", "opinion": "同意"}
    place.person("a-approve").visit(file_at).step("批准", decision).picture("14-approved")
    officer.visit(file_at).step("签订合同").press("查看贷款")
    return officer.path


# --- 4. Security is registered, money is drawn ---


def draw(place: Place, loan_at: str) -> None:
    """The security is registered; the money is asked for, checked and booked by three people."""
    collateral = place.person("a-collateral")
    receipts = {"抵押": ("real-estate",), "质押": ("movable-finance", "local-sink")}
    for security, registries in receipts.items():
        collateral.visit("/pledges").open_row(security)
        for registry in registries:
            receipt = {
                "registry": registry,
                "number": f"DJ-{registry}",
                "registered_on": "2023-12-26",
                "expires_on": "2030-12-26",
            }
            collateral.step("录入登记", receipt)
        collateral.reads("已登记")
    collateral.picture("15-registered")
    officer = place.person("a-officer").visit(loan_at).press("申请放款")
    asked = {
        "amount_yuan": "3000000",
        "payee": "示例果品合作社",
        "payment": "self",
        "search_number": "示例查询-1",
        "searched_on": "2023-12-26",
    }
    officer.fill(asked).send("申请放款")
    drawdown_at = officer.path
    checker = place.person("a-drawdown").visit(drawdown_at).step("审核放款条件")
    checker.lacks("放款记账").picture("16-drawdown")
    place.person("a-ops").visit(drawdown_at).step("放款记账").reads("已记账")
    officer.visit(loan_at).reads("46.30%", "300.00").picture("17-loan")


# --- 5. Price and harvest fall, the case opens ---


def fall(place: Place, forest_at: str) -> None:
    """The sink price falls by 30 %, a frost takes part of the harvest, all assets are valued anew."""
    import_price(place, "2024-03-20", "21")
    collateral = place.person("a-collateral").visit(forest_at).press("记录查勘情况")
    frost = {
        "valid_from": "2024-03-20",
        "reason": FROST,
        "overrides-net_yield_yuan_per_mu": "159.331429",
    }
    collateral.fill(frost).picture("18-frost").send("记录").reads(FROST)
    collateral.visit("/revaluations").press("发起重估").fill({"on": "2024-03-20"}).send("发起重估")
    run = collateral.path.rsplit("/", 1)[-1]
    bar = collateral.page.get_by_role("progressbar")
    bar.wait_for()
    run_revaluation(place.database, place.world.system("A"), UUID(run))
    collateral.page.get_by_text("最大降幅").wait_for()
    collateral.visit(collateral.path).picture("19-revaluation")


def import_price(place: Place, day: str, price: str, picture: str = "") -> None:
    centre = place.person("tc-1").visit("/market").press("地方林草碳汇").press("导入价格")
    file = f"on,value,source\n{day},{price},碳汇交易公告（示例）\n".encode()
    centre.fill({"file": ("prices.csv", file, "text/csv")}).send("检查文件")
    if picture:
        centre.picture(picture)
    centre.send("导入价格").reads(price)


def cure(place: Place, loan_at: str) -> None:
    """The warning is reviewed, the notice issued and served; a repayment ends the case."""
    collateral = place.person("a-collateral").visit("/worklist").picture("20-warning", height=700)
    officer = place.person("a-officer").visit(loan_at)
    officer.reads("70.09%", "436,531.67", "727,552.79").picture("21-loan-warning")
    collateral.visit(loan_at).press("处理追加担保").reads("70.09%", "436,531.67", "727,552.79")
    case_at = collateral.path
    collateral.step("复核预警", {"note": "价格与霜冻属实"}).lacks("发出追加担保通知书")
    approver = place.person("a-approve").visit(case_at).step("发出追加担保通知书")
    approver.opens_pdf("追加担保通知书")
    served = {"served_on": "2024-03-21", "served_to": "曹晚晴", "method": "当面签收"}
    collateral.visit(case_at).step("登记送达凭证", served).picture("22-served")
    payer = place.person("a-ops").visit(loan_at).press("登记还款")
    payer.fill({"amount_yuan": "436531.67", "prepay": True}).picture("23-repayment")
    payer.send("确认还款").reads("259.54")
    payer.picture("24-cured-loan")
    collateral.visit(case_at).reads("已补足").picture("25-cured")


# --- 6. Authorities look at it ---


def oversee(place: Place) -> None:
    """The central-bank desk sees the loan for a purpose, the finance office and another city nothing."""
    regulator = place.person("pbc-1").visit("/oversight").reads("绿色贷款余额")
    regulator.press("单笔贷款").fill({"purpose": PURPOSE}).send("登记用途")
    regulator.reads("焉支示例林果有限公司")
    office = place.person("fo-1").visit("/oversight").reads("贷款笔数过少")
    office.lacks("单笔贷款").visit("/oversight/loans", status=403)
    place.person("x-1").visit("/oversight").reads("您的辖区内没有贷款。")


def test_the_main_path_in_a_browser(place: Place) -> None:
    import_price(place, "2023-12-26", "30")
    panel = {"agency_id": place.organisation("AG1"), "valid_from": "2023-01-01"}
    place.person("a-collateral").visit("/panel").step("添加评估机构", panel)
    forest_at, carbon_at = register(place)
    appraise(place, forest_at, pictures=True)
    check_report(place)
    appraise(place, carbon_at)
    file_at = apply(place, forest_at.rsplit("/", 1)[-1], carbon_at.rsplit("/", 1)[-1])
    loan_at = decide(place, file_at, forest_at, carbon_at)
    draw(place, loan_at)
    place.next_day(date(2024, 3, 19))
    place.close(date(2024, 3, 19))
    place.next_day(FELL_ON)
    fall(place, forest_at)
    place.close(FELL_ON)
    place.watch()
    place.next_day(CURED_ON)
    cure(place, loan_at)
    oversee(place)
    assert verify(place.database) == []
    assert place.walk.faults == []


def test_the_desks_of_the_city_in_a_browser(place: Place) -> None:
    """The published balance and its growth, with the loans that other banks report."""
    place.next_day(date(2024, 1, 2))
    with place.database.write() as session:
        load_tape(session, place.world)
    regulator = place.person("pbc-1").visit("/oversight?as_of=2023-12-31")
    regulator.reads("136.43", "38.95", "39.96%").picture("26-oversight")
    regulator.press("单笔贷款").fill({"purpose": PURPOSE}).send("登记用途")
    regulator.picture("27-drill-down", height=800)
    place.person("fo-1").visit("/oversight?as_of=2023-12-31").reads("136.43").lacks("单笔贷款")
    stranger = place.person("x-1").visit("/oversight?as_of=2023-12-31")
    stranger.reads("您的辖区内没有贷款。").lacks("136.43").picture("28-nothing", height=700)
