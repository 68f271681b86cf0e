"""Pages of revaluation: the assets of a run, files of them, one asset valued again."""

import csv
from io import BytesIO

import pytest
import sqlalchemy as sa
from openpyxl import load_workbook

from app.appraisal.models import Appraisal, AssetValue, RevaluationItem, Valuation
from app.appraisal.services import RequestRevaluation, request_revaluation, run_revaluation
from app.assets.domain import AssetKind
from app.kernel.money import Money
from tests.factories.appraisals import (
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_AT,
    SIGNED_ON,
    add_asset,
    add_price,
    example_inputs,
    lay_ground,
    make_valid,
)


@pytest.fixture
def carbon(session, world, clock, commit):
    clock.instant = SIGNED_AT
    lay_ground(session, world)
    asset_id = add_asset(session, world, AssetKind.CARBON_SINK_INCOME, number="A-1")
    commit()
    return asset_id


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
    assert done[3:] == ["完成", str(before), str(after), str(Money(after.fen - before.fen)), ""]
    assert left[3] == "失败"
    assert left[7]
    content = risk.get(f"{here}.xlsx?state=done", status=200).get_data()
    sheet = load_workbook(BytesIO(content)).active
    assert [cell.value for cell in sheet[sheet.max_row]][4:7] == [
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
    assert "545,600.00" in risk.get(f"/assets/{carbon}", status=200).text


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
