"""Kinds of appraisal, the agency's own report and the comparison over the API and on the pages."""

import io

import pytest

from app.assets.domain import AssetKind
from tests.factories.appraisals import (
    SIGNED_AT,
    SIGNED_ON,
    add_asset,
    example_inputs,
    lay_ground,
    make_valid,
    prepare,
)

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


@pytest.fixture
def forest(session, world, clock, commit):
    clock.instant = SIGNED_AT
    lay_ground(session, world)
    asset_id = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
    commit()
    return asset_id


def report(**changes):
    fields = {
        "number": "评报字1号",
        "reported_on": SIGNED_ON.isoformat(),
        "value_yuan": "6200000.00",
        "first_signer": "金石",
        "first_qualification": "62010001",
        "second_signer": "魏澜",
        "second_qualification": "62010002",
    }
    return {**fields, **changes, "file": (io.BytesIO(PDF), "report.pdf")}


def test_an_internal_order_names_its_loan_over_the_api(api, world, forest):
    body = {
        "asset_id": str(forest),
        "bank_id": str(world.organisation("A")),
        "purpose": "小额贷款",
        "kind": "internal",
        "loan_yuan": "299999.99",
    }
    made = api("a-collateral").post("/appraisals", body, status=201).json
    assert (made["kind"], made["loan_yuan"]) == ("internal", "299999.99")
    over = api("a-collateral").post("/appraisals", {**body, "loan_yuan": "300000.00"}, status=422)
    assert over.json["type"].endswith("internal-appraisal-not-allowed")
    assert "300,000" in over.json["detail"]


def test_an_outside_report_is_filed_and_read_back(api, world, session, forest, commit):
    made = prepare(session, world, forest, example_inputs("forest-right"))
    commit()
    path, maker = f"/appraisals/{made.id}", api("ag1-a")
    form = "multipart/form-data"
    maker.get(f"{path}/outside-report.pdf", status=404)

    def file(version, **changes):
        data = report(**changes)
        return maker.post(f"{path}/outside-report", version=version, data=data, content_type=form)

    version = maker.get(path, status=200).json["version"]
    assert file(None).status_code == 428
    assert file(version - 1).status_code == 412
    wrong = file(version, second_qualification="62010001")
    assert [each["pointer"] for each in wrong.json["errors"]] == ["/second_qualification"]
    done = file(version)
    assert done.status_code == 200
    assert file(version).status_code == 412
    assert done.json["outside"]["value_yuan"] == "6200000.00"
    assert "outside-report-differs" in {each["name"] for each in done.json["result"]["findings"]}
    assert maker.get(f"{path}/outside-report.pdf", status=200).data == PDF
    api("c2-fin").get(f"{path}/outside-report.pdf", status=404)


def test_the_comparison_sums_to_the_difference(api, world, session, forest, commit):
    first = make_valid(session, world, forest, example_inputs("forest-right"))
    inputs = {**example_inputs("forest-right"), "area_mu": "2500", "discount_rate": "0.09"}
    second = prepare(session, world, forest, inputs)
    commit()
    assert api("ag1-a").get(f"/appraisals/{first.id}/comparison", status=200).json == {
        "comparison": None
    }
    found = api("ag1-a").get(f"/appraisals/{second.id}/comparison", status=200).json["comparison"]
    assert found["then"]["value_yuan"] == "5600000.00"
    (change,) = found["changes"]
    assert change["kind"] == "inputs"
    assert change["amount_yuan"] == found["difference_yuan"]
    assert [each["name"] for each in change["items"]] == ["area_mu", "discount_rate"]
    api("ag2-a").get(f"/appraisals/{second.id}/comparison", status=404)


def test_the_page_shows_bars_and_the_comparison_beside_their_tables(
    sign_in, world, session, forest, commit
):
    make_valid(session, world, forest, example_inputs("forest-right"))
    inputs = {**example_inputs("forest-right"), "area_mu": "2500"}
    second = prepare(session, world, forest, inputs)
    commit()
    page = sign_in("ag1-a").get(f"/appraisals/{second.id}", status=200).text
    for shown in (
        'data-chart="tornado"',
        "与上次评估比较",
        "2,600",
        "2,500",
        "无情景区间：该价值不含评估基准日之后",
    ):
        assert shown in page
    assert 'data-chart="fan"' not in page


def test_the_form_files_the_agencys_report(sign_in, world, session, forest, commit):
    made = prepare(session, world, forest, example_inputs("forest-right"))
    commit()
    path, maker = f"/appraisals/{made.id}", sign_in("ag1-a")
    assert f"{path}/outside-report" in maker.get(path, status=200).text
    maker.submit(f"{path}/outside-report", report(), status=303)
    shown = maker.get(path, status=200).text
    assert "评报字1号" in shown
    assert "6,200,000.00" in shown
    assert f"{path}/outside-report.pdf" in shown
