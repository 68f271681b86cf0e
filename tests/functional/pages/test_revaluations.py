"""Pages of revaluation: the assets of a run, files of them, one asset valued again."""

import csv
from datetime import date, timedelta
from importlib import import_module
from io import BytesIO

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook
from sqlmodel import col

from app.appraisal.models import (
    Appraisal,
    AssetValue,
    RevaluationItem,
    RevaluationRun,
    Valuation,
)
from app.appraisal.services import RequestRevaluation, request_revaluation, run_revaluation
from app.assets.domain import AssetKind
from app.assets.models import AssetGrant
from app.kernel.errors import Forbidden
from app.kernel.money import Money
from tests.factories.appraisals import (
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_ON,
    add_asset,
    add_price,
    example_inputs,
    make_valid,
)


def test_every_asset_of_a_run_is_listed_and_downloaded(
    sign_in, database, session, world, carbon, clock, commit
):
    broken = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    made = make_valid(session, world, broken, example_inputs("forest-right"))
    row = session.get_one(Appraisal, made.id)
    row.inputs = {**row.inputs, "area_mu": "many"}
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=REVALUED_ON))
    commit()
    run_revaluation(database, world.actor("a-risk"), run.id)
    risk, here = sign_in("a-risk"), f"/revaluations/{run.id}/assets"
    assert f'href="{here}"' in risk.get(f"/revaluations/{run.id}", status=200).text
    listed = risk.get(here, status=200).text
    assert [f'href="/assets/{each}"' in listed for each in (carbon, broken)] == [True, True]
    failed = risk.get(f"{here}?state=failed", status=200).text
    assert [f'href="/assets/{each}"' in failed for each in (carbon, broken)] == [False, True]
    assert f'href="{here}.csv?state=failed"' in failed
    risk.get(f"{here}?state=lost", status=422)
    item = session.get_one(RevaluationItem, (run.id, carbon))
    text = risk.get(f"{here}.csv", status=200).get_data().decode("utf-8-sig")
    rows = list(csv.reader(text.splitlines()))
    head = next(number for number, row in enumerate(rows) if row and row[-1] == "错误说明")
    done, left = rows[head + 1 :]
    before, after = Money(item.before_fen), Money(item.after_fen)
    change = str(Money(after.fen - before.fen))
    assert done[3:] == ["完成", "545600.00", str(before), str(after), change, ""]
    assert left[3:5] == ["失败", ""]
    assert left[5] == left[6] != ""
    assert (left[7], bool(left[8])) == ("0.00", True)
    content = risk.get(f"{here}.xlsx?state=done", status=200).get_data()
    sheet = load_workbook(BytesIO(content)).active
    assert [cell.value for cell in sheet[sheet.max_row]][4:8] == [
        545_600,
        before.fen / 100,
        after.fen / 100,
        (after.fen - before.fen) / 100,
    ]


def test_one_asset_is_valued_again_from_its_page(sign_in, session, world, carbon, clock, commit):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    risk, page = sign_in("a-risk"), f"/revaluations/assets/{carbon}"
    assert f'href="{page}"' in risk.get(f"/assets/{carbon}", status=200).text
    assert page not in sign_in("a-review").get(f"/assets/{carbon}", status=200).text
    form = risk.get(page, status=200).text
    assert f'value="{REVALUED_ON.isoformat()}"' in form
    ahead = risk.submit(page, {"on": "2031-01-01"}, status=422).text
    assert 'href="#on"' in ahead
    risk.submit(page, {"on": REVALUED_ON.isoformat()}, status=303)
    assert session.get_one(AssetValue, carbon, populate_existing=True).valuation_fen == 54_560_000
    told = risk.get(f"/assets/{carbon}", status=200).text
    assert "2024-03-20估值为545,600.00 元，当前价值为545,600.00 元。" in told


def test_a_day_before_the_latest_is_valued_once_and_changes_no_current_value(
    sign_in, session, world, carbon, clock, commit
):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    risk, page = sign_in("a-risk"), f"/revaluations/assets/{carbon}"
    risk.submit(page, {"on": REVALUED_ON.isoformat()}, status=303)
    earlier = SIGNED_ON + timedelta(days=10)
    add_price(session, earlier, "30")
    commit()
    for _ in range(2):
        risk.submit(page, {"on": earlier.isoformat()}, status=303)
    of_day = sa.select(Valuation).where(col(Valuation.on) == earlier)
    (figure,) = session.execute(of_day).scalars()
    assert figure.value_fen > 54_560_000
    assert session.get_one(AssetValue, carbon, populate_existing=True).current_fen == 54_560_000


def test_an_asset_that_cannot_be_valued_keeps_its_value_and_says_why(
    sign_in, session, world, carbon, clock, commit
):
    made = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    row = session.get_one(Appraisal, made.id)
    row.inputs = {**row.inputs, "area_mu": "many"}
    commit()
    risk, page = sign_in("a-risk", language="en"), f"/revaluations/assets/{carbon}"
    refused = risk.submit(page, {"on": SIGNED_ON.isoformat()}, status=422).text
    assert "A number is needed" in refused
    valued = session.execute(sa.select(sa.func.count()).select_from(Valuation)).scalar_one()
    assert valued == 1


def test_a_bank_sees_its_assets_in_a_run_of_the_platform_and_is_told_what_failed(
    sign_in, api, database, session, world, carbon, clock, commit
):
    steady = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    hidden = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-3")
    broken = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    for each in (steady, hidden):
        make_valid(session, world, each, example_inputs("forest-right"))
    session.execute(
        sa.update(AssetGrant)
        .where(
            col(AssetGrant.asset_id) == hidden,
            col(AssetGrant.organisation_id) == world.organisation("A"),
        )
        .values(organisation_id=world.organisation("B"))
    )
    row = session.get_one(Appraisal, broken.id)
    row.inputs = {**row.inputs, "area_mu": "many"}
    clock.instant = REVALUED_AT
    run = request_revaluation(session, world.system(), RequestRevaluation(on=REVALUED_ON))
    commit()
    told = "重估未能估值且此后仍未估值的资产：1项"
    assert told not in sign_in("a-risk").get("/worklist", status=200).text
    assert run_revaluation(database, world.system(), run.id).failed == 1
    session.get_one(
        RevaluationRun, run.id, populate_existing=True
    ).executor = "dask://10.1.2.3:8786"
    commit()

    risk, here = sign_in("a-risk"), f"/revaluations/{run.id}"
    assert told in risk.get("/worklist", status=200).text
    assert "全平台" in risk.get("/revaluations", status=200).text
    page = risk.get(here, status=200).text
    assert '<span class="num">1 / 2</span>' in page
    listed = risk.get(f"{here}/assets", status=200).text
    assert [f"/assets/{each}" in listed for each in (carbon, steady, hidden)] == [True, True, False]
    rows = risk.get(f"{here}/assets.csv", status=200).get_data().decode("utf-8-sig")
    assert ["A-2" in rows, "A-3" in rows] == [True, False]
    other = sign_in("b-collateral")
    assert told not in other.get("/worklist", status=200).text
    assert f"/assets/{hidden}" in other.get(f"{here}/assets", status=200).text

    remedy = {"area_mu": 29_600}
    row.inputs = {**row.inputs, **remedy}
    session.add(row)
    add_price(session, REVALUED_ON, "21")
    commit()
    clock.instant += timedelta(minutes=1)
    risk.submit(f"/revaluations/assets/{carbon}", {"on": REVALUED_ON.isoformat()}, status=303)
    assert told not in risk.get("/worklist", status=200).text

    client = api("a-risk")
    (shown,) = client.get("/revaluation-runs", status=200).json["items"]
    counts = ("total", "done", "failed")
    assert (shown["of_platform"], *(shown[each] for each in counts)) == (True, None, None, None)
    found = client.get(f"/revaluation-runs/{run.id}", status=200).json
    assert [found[each] for each in counts] == [2, 1, 1]
    assert {shown["executor"], found["executor"]} == {"dask"}
    assert client.get(f"/revaluation-runs/{run.id}/items", status=200).json["total"] == 2
    assert client.get(f"/revaluation-runs/{run.id}/problems", status=200).json["total"] == 1


def test_an_asset_out_of_sight_leaves_the_lists_of_an_own_run(
    sign_in, database, session, world, carbon, clock, commit
):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    run = request_revaluation(session, world.actor("a-risk"), RequestRevaluation(on=REVALUED_ON))
    commit()
    run_revaluation(database, world.actor("a-risk"), run.id)
    risk, here = sign_in("a-risk"), f"/revaluations/{run.id}"
    assert f"/assets/{carbon}" in risk.get(here, status=200).text
    bank_id = world.organisation("A")
    session.execute(sa.delete(AssetGrant).where(col(AssetGrant.organisation_id) == bank_id))
    commit()
    page = risk.get(here, status=200).text
    assert '<span class="num">1 / 1</span>' in page
    assert f"/assets/{carbon}" not in page
    assert "Every" not in page
    assert "A-1" not in risk.get(f"{here}/assets.csv", status=200).get_data().decode("utf-8-sig")


def test_a_file_says_what_it_lists_and_holds_a_bounded_number(
    sign_in, database, session, world, carbon, clock, commit, monkeypatch
):
    steady = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    make_valid(session, world, steady, example_inputs("forest-right"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    run = request_revaluation(session, world.system(), RequestRevaluation(on=REVALUED_ON))
    commit()
    run_revaluation(database, world.system(), run.id)
    risk, here = sign_in("a-risk"), f"/revaluations/{run.id}/assets"
    filed = risk.get(f"{here}.csv?state=done", status=200)
    assert f"revaluation-{run.number}-done.csv" in filed.headers["Content-Disposition"]
    text = filed.get_data().decode("utf-8-sig")
    for fact in ("状态,完成", "范围,全平台重估，仅列示本机构可见的资产"):
        assert fact in text
    # The package of the pages names the blueprint as the module is named.
    runs = import_module("app.appraisal.pages.runs")
    monkeypatch.setattr(runs, "MAX_RUN_EXPORT_ROWS", 2)
    risk.get(f"{here}.xlsx", status=200)
    monkeypatch.setattr(runs, "MAX_RUN_EXPORT_ROWS", 1)
    for ending in ("csv", "xlsx"):
        refused = risk.get(f"{here}.{ending}", status=422).text
        assert "清单共有2项资产，一个文件最多1项。" in refused
    risk.get(f"{here}.csv?state=failed", status=200)


def test_a_run_that_waits_or_has_no_asset_does_not_say_that_all_is_well(
    sign_in, database, session, world, carbon, clock, commit
):
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    actor = world.actor("a-risk")
    waiting = request_revaluation(session, actor, RequestRevaluation(on=REVALUED_ON))
    before = request_revaluation(session, actor, RequestRevaluation(on=date(2021, 1, 1)))
    commit()
    run_revaluation(database, actor, before.id)
    risk = sign_in("a-risk", language="en")
    for run, told in (
        (waiting, "The run has not ended yet."),
        (before, "No asset in your sight had a valid appraisal on this day."),
    ):
        page = risk.get(f"/revaluations/{run.id}", status=200).text
        assert told in page
        assert "Every asset so far has a value." not in page
        assert "No current value in your sight fell." not in page


def test_only_who_sees_the_whole_platform_works_on_its_run(
    database, session, world, carbon, clock, commit
):
    clock.instant = REVALUED_AT
    run = request_revaluation(session, world.system(), RequestRevaluation(on=REVALUED_ON))
    commit()
    with pytest.raises(Forbidden):
        run_revaluation(database, world.actor("a-risk"), run.id)
