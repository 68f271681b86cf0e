"""GEP accounts over the API and on pages: stored, checked, published, seen by whom."""

from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa

from app.appraisal.models import GepAccount
from app.appraisal.services import gep_accounts
from app.documents.tables import XLSX_TYPE
from risk_models.accounts import account

DAY = "2023-12-26"


def document(**changes):
    rows = [
        {"region": "620700", "year": 2021, "stated_yuan": {"undivided": "121649000010"}},
        {
            "region": "620721",
            "parent": "620700",
            "year": 2021,
            "stated_yuan": {"undivided": "121649000000"},
        },
    ]
    return {
        "title": "张掖市2021年核算",
        "source": "synthetic",
        "accounted_on": DAY,
        "document": {"rows": rows},
        **changes,
    }


def units(**inputs):
    row = {
        "region": "620721",
        "year": 2023,
        "ecosystem": "meadow",
        "inputs": {"area": 10.0, "area_unit": "ha", "visits": 10.0, **inputs},
    }
    shared = {"norm_profile": "garze-2010", "price_table": "garze-2010"}
    return document(document={**shared, "rows": [row]})


def test_an_account_is_stored_with_its_totals_and_differences(api):
    client = api("mc-1")
    made = client.post("/gep-accounts", document(), status=201).json
    assert made["state"] == "draft"
    assert made["total_yuan"] == "121649000000.00"
    assert (made["region_code"], made["year"]) == ("620700", 2021)
    assert made["result"]["differences"][0]["difference_yuan"] == "10.00"
    assert len(made["digest"]) == 64
    again = client.get(f"/gep-accounts/{made['id']}", status=200).json
    assert again["digest"] == made["digest"]


def test_an_account_is_worked_out_by_the_model(api):
    made = api("mc-1").post("/gep-accounts", units(), status=201).json
    assert made["total_yuan"] == "19701.90"
    assert made["norm_profile"] == "garze-2010"
    assert made["result"]["matrix"] == {"cultural": {"meadow": "19701.90"}}


def test_a_refused_row_keeps_the_account_out(api):
    refused = api("mc-1").post("/gep-accounts", units(visits=-1), status=422).json
    assert refused["type"].endswith("gep-account-not-sound")
    assert refused["errors"][0]["pointer"] == "/document/rows/0/inputs/visits"
    assert "（visits）" in refused["errors"][0]["detail"]


def test_a_year_that_has_not_begun_is_asked_about(api):
    def codes(wanted):
        made = api("mc-1").post("/gep-accounts", wanted, status=201).json
        return {each["code"] for each in made["result"]["problems"]}

    ahead = units()
    ahead["document"]["rows"][0]["year"] = 2024
    stated = document()
    for row in stated["document"]["rows"]:
        row["year"] = 2024
    assert "account-year-ahead" in codes(ahead)
    assert "account-year-ahead" in codes(stated)
    assert "account-year-ahead" not in codes(units())


def test_a_list_of_accounts_loads_no_rows(api, queries):
    client = api("mc-1")
    client.post("/gep-accounts", units(), status=201)
    with queries() as seen:
        client.get("/gep-accounts", status=200)
    listed = [each for each in seen if "gep_account" in each and "count(" not in each]
    assert listed
    assert not [each for each in listed if "document" in each or "result" in each]


def test_an_account_is_counted_before_the_writing_transaction_begins(api, database, monkeypatch):
    free = []

    def count_while_another_writes(*args):
        with database.write() as other:
            other.execute(sa.update(GepAccount).values(title="-"))
        free.append(True)
        return account(*args)

    monkeypatch.setattr(gep_accounts, "account", count_while_another_writes)
    api("mc-1").post("/gep-accounts", units(), status=201)
    assert free == [True]


@pytest.mark.parametrize("raw", [{}, {"rows": []}, {"rows": [{"region": "620721"}]}])
def test_what_is_no_account_is_refused_with_its_reason(api, raw):
    refused = api("mc-1").post("/gep-accounts", document(document=raw), status=422).json
    assert refused["errors"][0]["pointer"] == "/document"


def test_a_day_before_the_tables_is_refused(api):
    early = {**units(), "accounted_on": "1999-12-31"}
    refused = api("mc-1").post("/gep-accounts", early, status=422).json
    assert refused["errors"][0]["pointer"] == "/accounted_on"


def test_a_draft_is_its_keepers_and_a_published_one_every_readers(api):
    keeper, other, bank = api("mc-1"), api("mc-2"), api("a-risk")
    made = keeper.post("/gep-accounts", document(), status=201).json
    path = f"/gep-accounts/{made['id']}"
    bank.get(path, status=404)
    bank.post(f"{path}/publish", version=1, status=403)
    keeper.post(f"{path}/publish", status=428)
    other.post(f"{path}/publish", version=2, status=412)
    published = other.post(f"{path}/publish", version=1, status=200).json
    assert published["state"] == "published"
    assert published["published_at"]
    assert bank.get(path, status=200).json["total_yuan"] == made["total_yuan"]
    assert [
        each["id"] for each in bank.get("/gep-accounts?year=2021", status=200).json["items"]
    ] == [made["id"]]
    assert bank.get("/gep-accounts?year=2020", status=200).json["items"] == []
    refused = other.post(f"{path}/publish", version=2, status=409).json
    assert refused["type"].endswith("gep-account-published")


def test_the_workbook_holds_native_numbers(api):
    client = api("mc-1")
    made = client.post("/gep-accounts", units(), status=201).json
    answer = client.get(f"/gep-accounts/{made['id']}/account.xlsx", status=200)
    assert answer.mimetype == XLSX_TYPE
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    assert 19_701.90 in [cell.value for row in sheet.iter_rows() for cell in row]


def workbook(page, *rows) -> bytes:
    book = openpyxl.load_workbook(BytesIO(page.get("/gep-accounts/template.xlsx").data))
    sheet = book.worksheets[0]
    places = {cell.value: cell.column for cell in sheet[2]}
    sheet.delete_rows(4)
    for at, row in enumerate(rows):
        for name, given in {"ref": f"r{at}", **row}.items():
            sheet.cell(4 + at, places[name], given)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def send(page, content, *, dry_run, **more):
    fields = {"title": "核算", "source": "synthetic", "accounted_on": DAY, **more}
    data = {**fields, **({"dry_run": "true"} if dry_run else {})}
    data |= {"file": (BytesIO(content), "account.xlsx")}
    return page.submit("/gep-accounts/new", data)


UNIT = {
    "region_code": 620721,
    "account_year": 2023,
    "norm_profile": "garze-2010",
    "price_table": "garze-2010",
    "ecosystem": "meadow",
    "area": 10,
    "area_unit": "ha",
    "visits": 10,
}


def test_a_workbook_is_checked_and_then_stored_and_published_on_pages(sign_in):
    page = sign_in("mc-1", language="en")
    good = workbook(page, UNIT)
    shown = send(page, good, dry_run=True).text
    assert "19,701.90" in shown
    assert "Nothing was stored" in shown
    stored = send(page, good, dry_run=False)
    assert stored.status_code == 303
    account = page.get(stored.location).text
    assert "19,701.90" in account
    assert "Sunan" in account
    assert "Another officer of your organisation publishes it" in account
    assert f"{stored.location}/publish" not in account
    assert page.submit(f"{stored.location}/publish").status_code == 422
    second = sign_in("mc-2", language="en")
    assert f"{stored.location}/publish" in second.get(stored.location).text
    assert second.submit(f"{stored.location}/publish").status_code == 303
    listed = sign_in("a-risk").get("/gep-accounts").text
    assert "核算" in listed


def test_rows_with_problems_are_shown_at_their_line(sign_in):
    page = sign_in("mc-1", language="en")
    bad = workbook(page, UNIT, {**UNIT, "ecosystem": "wetland", "visits": -1})
    shown = send(page, bad, dry_run=True).text
    assert "below the lowest" in shown
    assert "Visits (visits)" in shown
    assert send(page, bad, dry_run=False).status_code == 422


def test_every_problem_of_a_row_is_told_in_the_order_of_the_rows(sign_in):
    page = sign_in("mc-1", language="en")
    bad = workbook(
        page,
        UNIT,
        {**UNIT, "region_code": 620722, "visits": -1},
        {**UNIT, "region_code": 999999, "area": "1,100亩"},
        {**UNIT, "region_code": 620723, "area": "?", "visits": -2},
        {**UNIT, "region_code": 659999, "visits": 1},
        {**UNIT, "region_code": 660000, "visits": 1},
    )
    shown = send(page, bad, dry_run=True).text
    table = shown[shown.index("Problems and remarks") :].split("<tbody>")[1].split("</tbody>")[0]
    words = table.split("<tr>")[1:]
    lines = [int(row.split(">")[1].split("<")[0]) for row in words]
    assert lines == [5, 6, 6, 7, 7, 9]
    assert "Visits (visits)" in words[0]
    assert "Area of the unit (area)" in words[1]
    assert "without its unit" in words[1]
    assert "Region (region_code)" in words[2]
    assert "No region" in words[2]
    assert "Visits (visits)" in words[4]
    refused = send(page, bad, dry_run=False)
    assert refused.status_code == 422
    assert (
        refused.text.index("Row 5,") < refused.text.index("Row 6,") < refused.text.index("Row 9,")
    )


def test_rows_that_do_not_go_together_are_named_at_all_their_lines_beside_other_problems(sign_in):
    page = sign_in("mc-1")
    county = {**UNIT, "region_code": 620722}
    bad = workbook(
        page,
        {**UNIT, "region_code": 620723, "parent_code": 620700},
        {**UNIT, "visits": -1},
        county,
        {**UNIT, "ecosystem": "tundra"},
        UNIT,
        {**county, "ecosystem": "wetland", "parent_code": 620700},
        {**UNIT, "region_code": 620724, "stated_cultural_yuan": 5},
    )
    shown = send(page, bad, dry_run=True).text
    table = shown.split("<tbody>")[1].split("</tbody>")[0]
    rows = table.split("<tr>")[1:]
    assert [int(row.split(">")[1].split("<")[0]) for row in rows] == [5, 5, 6, 7, 8, 9, 10]
    twice = "第5、8行是同一核算单元：肃南裕固族自治县（620721）、草甸、2023年"
    assert [twice in row for row in rows] == [True, False, False, False, True, False, False]
    assert "第6、9行为民乐县（620722）填写的上级区划不一致" in rows[2]
    assert "又有模型的输入项" in rows[6]
    assert "合计（不含6个被拒绝的行）" in shown
    assert "meadow" not in table
    assert send(page, bad, dry_run=False).status_code == 422
    whole = send(page, workbook(page, UNIT), dry_run=True).text
    assert "不含" not in whole


def test_a_region_that_lies_in_itself_is_told_at_its_line(sign_in):
    page = sign_in("mc-1")
    ring = workbook(page, {**UNIT, "visits": "?"}, {**UNIT, "parent_code": 620721})
    answer = send(page, ring, dry_run=True)
    assert answer.status_code == 422
    ring = workbook(
        page,
        {**UNIT, "region_code": 620722, "visits": "?"},
        {**UNIT, "parent_code": 620721},
    )
    told = send(page, ring, dry_run=True).text
    assert "第4行" in told
    assert "第5行" in told
    assert "不能以自身为上级" in told


def test_an_area_in_the_wrong_unit_is_asked_about_at_its_row(sign_in):
    """Hectares stated as mu: the marsh is larger than the unit that holds it."""
    page = sign_in("mc-1", language="en")
    marsh = {**UNIT, "ecosystem": "wetland", "area": 700, "marsh_km2": 7}
    question = "are more than the 46.6667 ha of the whole unit"
    good = workbook(page, UNIT, marsh)
    assert "of the whole unit" not in send(page, good, dry_run=True).text
    slip = workbook(page, UNIT, {**marsh, "area_unit": "mu"})
    checked = send(page, slip, dry_run=True).text
    table = checked[checked.index("<tbody>") : checked.index("</tbody>")]
    assert table.count("<tr>") == 1
    assert ">5<" in table
    assert "marsh_km2" in table
    assert question in table
    kept = page.get(send(page, slip, dry_run=False).location).text
    assert question in kept
    assert "marsh_km2" in kept


def test_a_workbook_without_a_readable_row_tells_why(sign_in):
    page = sign_in("mc-1", language="en")
    refused = send(page, workbook(page, {**UNIT, "area": "10 ha"}), dry_run=True)
    assert refused.status_code == 422
    assert "Row 4, Area of the unit (area): Write the number without its unit" in refused.text


def year_of(year, *, visits=10.0, factor=1.0, **changes):
    row = {
        "region": "620721",
        "year": year,
        "ecosystem": "meadow",
        "inputs": {"area": 10.0, "area_unit": "ha", "visits": visits, "price_factor": factor},
    }
    shared = {"norm_profile": "garze-2010", "price_table": "garze-2010", **changes}
    return document(document={**shared, "rows": [row]})


@pytest.fixture
def published(api):
    """Stores an account and has another officer publish it."""

    def publish(body, status=200):
        made = api("mc-1").post("/gep-accounts", body, status=201).json
        path = f"/gep-accounts/{made['id']}/publish"
        answer = api("mc-2").post(path, version=made["version"], status=status).json
        return answer["id"] if status == 200 else answer

    return publish


def test_who_stored_an_account_does_not_publish_it(api):
    keeper, other = api("mc-1"), api("mc-2")
    made = keeper.post("/gep-accounts", units(), status=201).json
    assert (made["may_publish"], made["other_publishes"]) == (False, True)
    path = f"/gep-accounts/{made['id']}"
    seen = other.get(path, status=200).json
    assert (seen["may_publish"], seen["other_publishes"]) == (True, False)
    refused = keeper.post(f"{path}/publish", version=1, status=422).json
    assert refused["type"].endswith("gep-account-own")
    assert other.post(f"{path}/publish", version=1, status=200).json["state"] == "published"


def test_a_region_has_one_published_account_of_a_year_under_a_norm(published):
    published(year_of(2023))
    refused = published({**year_of(2023, visits=11.0), "title": "另一核算"}, status=409)
    assert refused["type"].endswith("gep-account-of-year-published")
    assert "张掖市2021年核算" in refused["detail"]
    published(year_of(2022))
    published(year_of(2023, norm_profile="open"))


def test_figures_without_a_norm_stand_for_every_norm(published):
    published(year_of(2021))
    stated = [{"region": "620721", "year": 2021, "stated_yuan": {"undivided": "19702"}}]
    assert published(document(document={"rows": stated}), status=409)["status"] == 409
    later = [{**stated[0], "year": 2023}]
    published(document(document={"rows": later}))
    assert published(year_of(2023), status=409)["status"] == 409


def test_a_year_is_compared_with_the_last_one_before_it_at_constant_prices(api, published):
    client = api("mc-1")
    published(year_of(2019))
    base = published(year_of(2021, factor=1.2))
    later = published(year_of(2023, visits=11.0, factor=1.3))
    answer = client.get(f"/gep-accounts/{later}/comparison", status=200).json
    assert answer["base"]["id"] == base
    assert [each["year"] for each in answer["bases"]] == [2021, 2019]
    assert answer["recounted"] is False
    whole = answer["comparison"]["whole"]
    assert whole["before_yuan"] == answer["base"]["total_yuan"] == "23642.28"
    assert whole["at_base_prices_yuan"] == "26006.51"
    assert whole["quantity_effect_yuan"] == "2364.23"
    assert whole["after_yuan"] == answer["account"]["total_yuan"] == "28173.72"
    assert whole["price_effect_yuan"] == "2167.21"
    assert whole["growth"] == pytest.approx(0.1, abs=1e-6)
    comparison = answer["comparison"]
    assert comparison["by_service"]["cultural"] == whole
    assert comparison["by_ecosystem"]["meadow"] == whole
    assert comparison["by_region"]["620721"] == whole


def test_stated_figures_have_growth_but_no_effects(api, published):
    client = api("mc-1")
    published(document())
    rows = document()["document"]["rows"]
    later = published(document(document={"rows": [{**row, "year": 2023} for row in rows]}))
    found = client.get(f"/gep-accounts/{later}/comparison", status=200).json["comparison"]
    assert found["whole"]["quantity_effect_yuan"] is None
    assert found["whole"]["growth"] == 0.0
    assert set(found["by_region"]) == {"620700", "620721"}


def counties(year, *codes):
    rows = [
        {
            "region": code,
            "parent": "620700",
            "year": year,
            "ecosystem": "meadow",
            "inputs": {"area": 10.0, "area_unit": "ha", "visits": 10.0},
        }
        for code in codes
    ]
    shared = {"norm_profile": "garze-2010", "price_table": "garze-2010"}
    return document(document={**shared, "rows": rows})


def test_years_of_other_units_are_compared_over_those_of_both_with_a_warning(published, sign_in):
    published(counties(2021, "620702", "620721"))
    later = published(counties(2023, "620721", "620722"))
    page = sign_in("a-risk", language="en")
    found = page.get(f"/api/v1/gep-accounts/{later}/comparison").json["comparison"]
    assert found["whole"]["same_units"] is False
    assert found["whole"]["growth"] == 0.0
    assert found["by_region"]["620702"]["after_yuan"] is None
    assert found["by_region"]["620722"]["before_yuan"] is None
    assert found["by_region"]["620702"]["growth"] is None
    shown = page.get(f"/gep-accounts/{later}/comparison").text
    assert "The two years do not account the same units." in shown
    assert "Only in 2021: Ganzhou" in shown
    assert "-100.00" not in shown
    answer = page.get(f"/gep-accounts/{later}/comparison.xlsx")
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    told = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert any("Only in 2021: Ganzhou" in each for each in told)


def test_the_base_is_the_last_account_of_the_same_units(api, published):
    alike = published(counties(2019, "620702", "620721"))
    last = published(counties(2021, "620702"))
    later = published(counties(2023, "620702", "620721"))
    client = api("a-risk")
    chosen = client.get(f"/gep-accounts/{later}/comparison", status=200).json
    assert chosen["base"]["id"] == alike
    assert chosen["comparison"]["whole"]["same_units"] is True
    other = published(counties(2022, "620721"))
    assert client.get(f"/gep-accounts/{other}/comparison", status=200).json["base"]["id"] == last


def test_only_an_earlier_account_of_the_region_in_sight_is_a_base(api, published):
    client = api("mc-1")
    draft = client.post("/gep-accounts", year_of(2019), status=201).json["id"]
    account = published(year_of(2021))
    path = f"/gep-accounts/{account}/comparison"
    alone = client.get(path, status=200).json
    assert (alone["base"], alone["comparison"]) == (None, None)
    assert [each["id"] for each in alone["bases"]] == [draft]
    chosen = client.get(f"{path}?base={draft}", status=200).json
    assert chosen["comparison"]["whole"]["quantity_effect_yuan"] is not None
    bank = api("a-risk")
    assert bank.get(path, status=200).json["bases"] == []
    for asker, base in ((client, account), (bank, draft)):
        refused = asker.get(f"{path}?base={base}", status=422).json
        assert refused["errors"][0]["pointer"] == "/base"
    client.get(f"{path}?base=1", status=422)
    client.get(f"{path}?year=2019", status=422)


def test_the_page_offers_every_base_in_sight_and_takes_a_published_one_first(
    api, sign_in, published
):
    client = api("mc-1")
    old = published(year_of(2020))
    own = client.post("/gep-accounts", year_of(2021), status=201).json["id"]
    draft = client.post("/gep-accounts", year_of(2023, visits=11.0), status=201).json["id"]
    page = sign_in("mc-1", language="en")
    shown = page.get(f"/gep-accounts/{draft}/comparison", status=200).text
    assert f'<option value="{old}" selected>2020 · ' in shown
    assert f'<option value="{own}">2021 · 张掖市2021年核算 · Draft</option>' in shown
    chosen = page.get(f"/gep-accounts/{draft}/comparison?base={own}", status=200).text
    assert f'<option value="{own}" selected>' in chosen
    # The one county is the whole: its line stands once in the breakdown by region.
    regions = chosen[chosen.index("By region") :]
    assert "Total" not in regions[: regions.index("</table>")]


def test_what_will_refuse_a_publication_is_said_before(api, sign_in, published):
    page = sign_in("mc-2", language="en")
    draft = api("mc-1").post("/gep-accounts", units(), status=201).json["id"]
    path = f"/gep-accounts/{draft}/publish"
    before = page.get(path, status=200).text
    assert "one without a norm stands for all of them" in before
    assert "It will be refused" not in before
    stated = document(title="全口径")
    for row in stated["document"]["rows"]:
        row.update(year=2023, region="620721")
        row.pop("parent", None)
    stated["document"]["rows"].pop()
    published(stated)
    told = page.get(path, status=200).text
    assert "It will be refused: “全口径” of 2023 by" in told
    page.submit(path, status=409)


def test_years_of_different_norms_are_not_compared(api, published):
    client = api("mc-1")
    base = published(year_of(2021, norm_profile="open"))
    later = published(year_of(2023))
    refused = client.get(f"/gep-accounts/{later}/comparison?base={base}", status=409).json
    assert refused["type"].endswith("gep-accounts-not-comparable")


def test_a_comparison_of_a_draft_is_its_keepers(api, published):
    keeper = api("mc-1")
    published(year_of(2021))
    draft = keeper.post("/gep-accounts", year_of(2023), status=201).json["id"]
    keeper.get(f"/gep-accounts/{draft}/comparison", status=200)
    api("a-risk").get(f"/gep-accounts/{draft}/comparison", status=404)


def test_the_comparison_is_a_page_and_a_workbook(api, sign_in, published):
    client = api("mc-1")
    base = published(year_of(2021, factor=1.2))
    later = published(year_of(2023, visits=11.0, factor=1.3))
    page = sign_in("a-risk", language="en")
    assert "Compare with an earlier year" in page.get(f"/gep-accounts/{later}").text
    shown = page.get(f"/gep-accounts/{later}/comparison?base={base}").text
    assert "+2,364.23" in shown
    assert "+10.00%" in shown
    alone = page.get(f"/gep-accounts/{base}/comparison").text
    assert "No earlier account of this region" in alone
    for path in (f"/gep-accounts/{later}", f"/api/v1/gep-accounts/{later}"):
        where = client if path.startswith("/api") else page
        answer = where.get(f"{path.removeprefix('/api/v1')}/comparison.xlsx?base={base}")
        assert answer.mimetype == XLSX_TYPE
        sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
        cells = [cell.value for row in sheet.iter_rows() for cell in row]
        assert 2_364.23 in cells
        assert 2_167.21 in cells


CARBON = {"gep.carbon": {"yuan": "63.50", "unit": "yuan/tCO2", "source": "全国碳市场2023年均价"}}


def sinks(**more):
    inputs = {"area": 10.0, "area_unit": "ha", "carbon_fixed_tco2": 1_000.0}
    inputs |= {"storage_yearly_share": 0.04, "storage_upkeep_yuan_per_m3": 0.1}
    row = {"region": "620721", "year": 2023, "ecosystem": "meadow", "inputs": inputs}
    shared = {"norm_profile": "exchange-value", "price_table": "garze-2010"}
    return document(document={**shared, "rows": [row], **more})


def test_a_market_price_is_frozen_with_the_account_and_its_source(api, sign_in):
    client = api("mc-1")
    made = client.post("/gep-accounts", sinks(prices=CARBON), status=201).json
    assert made["total_yuan"] == "63500.00"
    given = made["prices"][0]
    assert (given["id"], given["yuan"], given["unit"]) == ("gep.carbon", "63.50", "yuan/tCO2")
    other = {"gep.carbon": {**CARBON["gep.carbon"], "source": "another"}}
    again = client.post("/gep-accounts", sinks(prices=other), status=201).json
    assert again["digest"] != made["digest"]
    assert "全国碳市场2023年均价" in sign_in("mc-1").get(f"/gep-accounts/{made['id']}").text
    answer = client.get(f"/gep-accounts/{made['id']}/account.xlsx", status=200)
    sheet = openpyxl.load_workbook(BytesIO(answer.data)).active
    texts = [str(cell.value) for row in sheet.iter_rows() for cell in row]
    assert any("全国碳市场2023年均价" in text for text in texts)


def test_a_price_that_is_missing_is_named(api):
    refused = api("mc-1").post("/gep-accounts", sinks(), status=422).json
    assert "固定二氧化碳量" in refused["errors"][0]["detail"]


@pytest.mark.parametrize("prices", [{"carbon": {"yuan": 1}}, {"gep.carbon": {"yuan": 63.5}}])
def test_a_price_of_no_service_or_without_source_is_refused(api, prices):
    refused = api("mc-1").post("/gep-accounts", sinks(prices=prices), status=422).json
    assert refused["errors"][0]["pointer"] == "/document"


def test_a_workbook_is_stored_with_the_market_price_of_carbon(sign_in):
    page = sign_in("mc-1", language="en")
    unit = {name: given for name, given in UNIT.items() if name != "visits"}
    unit |= {"carbon_fixed_tco2": 1000, "norm_profile": "exchange-value"}
    unit |= {"storage_yearly_share": 0.04, "storage_upkeep_yuan_per_m3": 0.1}
    content = workbook(page, unit)
    assert "values carbon at the market" in send(page, content, dry_run=False).text
    priced = {"carbon_price_yuan": "63.50"}
    assert send(page, content, dry_run=False, **priced).status_code == 422
    stored = send(page, content, dry_run=False, **priced, carbon_price_source="market")
    assert stored.status_code == 303
    assert "63,500.00" in page.get(stored.location).text
