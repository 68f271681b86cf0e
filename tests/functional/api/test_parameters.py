"""Dated parameters: search, history, what changed between two days, tables to take away."""

from datetime import date
from decimal import Decimal
from io import BytesIO

import openpyxl
import pytest

from app import policy
from app.reference.browsing import changes_between, every_parameter, history_of
from risk_models.registry import installed_models, science_parameters

TABLE = "price.process"


def listed(api, **query):
    answer = api("a-officer").request("GET", "/parameters", status=200, query_string=query)
    items = answer.json["items"]
    return {each["id"]: each for each in items}


def test_policy_science_and_prices_stand_in_one_list(api):
    found = listed(api)
    assert {"collateral.ltv.top_up", "forest_right.discount_rate_low", TABLE} <= set(found)
    assert set(found) <= set(every_parameter())
    assert found[TABLE]["value"] is None
    assert found[TABLE]["rows"]["local-sink"]["volatility"] == "0.30"


def test_the_list_is_narrowed_by_area_status_and_words_in_both_languages(api):
    assert {each.split(".")[0] for each in listed(api, area="forest_right")} == {"forest_right"}
    assert {each["status"] for each in listed(api, status="sourced").values()} == {"sourced"}
    assert TABLE in listed(api, q="PRICES MOVE")
    assert TABLE in listed(api, q="价格运动")
    assert listed(api, q="no such words") == {}
    assert "forest_right.discount_rate_low" not in listed(api, on="1990-01-01")
    api("a-officer").get("/parameters", status=422, on="tomorrow")
    api("a-officer").get("/parameters", status=422, colour="red")
    wrong = api("a-officer").request(
        "GET", "/parameters", status=422, query_string={"status": "wrong"}
    )
    assert wrong.json["errors"][0]["pointer"] == "/status"
    assert "to-confirm" in wrong.json["errors"][0]["detail"]


def test_a_parameter_tells_every_day_its_sources_and_who_reads_it(api):
    client = api("a-officer")
    for parameter in every_parameter().values():
        answer = client.get(f"/parameters/{parameter.id}", status=200).json
        assert len(answer["values"]) == len(parameter.values)
        days = [each["since"] for each in answer["values"]]
        assert days == sorted(days, reverse=True)
        for each in answer["values"]:
            assert each["reference"]
            assert each["repealed"] == (each["value"] is None and each["rows"] is None)
    reader = {each["id"] for each in client.get(f"/parameters/{TABLE}").json["models"]}
    moving = every_parameter()[TABLE].rows
    assert reader == {
        model_id
        for model_id, model in installed_models().items()
        if {each.split("-vwap-")[0] for each in model.spec.price_ids} & set(moving)
    }
    assert "carbon-sink-income" in reader
    assert "gep" not in reader
    client.get("/parameters/no.such", status=404)


def test_every_parameter_of_a_model_names_it():
    for model_id, model in installed_models().items():
        for parameter_id in model.spec.parameters:
            assert model_id in {each.id for each in history_of(parameter_id).models}


def test_what_changed_between_two_days_is_every_figure_that_differs(api):
    first, last = date(2015, 1, 1), date(2026, 1, 1)
    found = changes_between(first, last)
    assert found
    for each in found:
        assert each.before != each.after
    scalars = {each.id: each for each in found if each.row is None}
    for parameter_id, change in scalars.items():
        both = (
            science_parameters() if parameter_id in science_parameters() else policy.parameter_set()
        )
        today = both.on(last)
        if parameter_id in today and isinstance(today.in_force(parameter_id).value, Decimal):
            assert change.after == f"{today.decimal(parameter_id):f}"
    assert changes_between(last, last) == []
    back = {(each.id, str(each.row), str(each.column)) for each in changes_between(last, first)}
    assert back == {(each.id, str(each.row), str(each.column)) for each in found}
    client = api("a-officer")
    told = client.get("/parameters/changes", **{"from": "2015-01-01", "to": "2026-01-01"}).json
    assert len(told["items"]) == len(found)
    client.get("/parameters/changes", status=422)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_pages_show_the_list_one_parameter_and_the_changes(sign_in, language):
    browser = sign_in("a-risk", language=language)
    page = browser.get("/reference/parameters?q=forest_right", status=200).text
    assert "/reference/parameters/forest_right.discount_rate_low" in page
    assert "collateral.ltv" not in page
    one = browser.get("/reference/parameters/forest_right.discount_rate_low", status=200).text
    assert "/appraisal-models/forest-right" in one
    # A share has one form in the list and on its own page.
    assert ">4%<" in page
    assert ">4%<" in one
    title = every_parameter()[TABLE].columns["volatility"].title
    shown = browser.get(f"/reference/parameters/{TABLE}", status=200).text
    assert (title.zh if language == "zh_CN" else title.en) in shown
    browser.get("/reference/parameters/changes?from=2015-01-01&to=2026-01-01", status=200)
    browser.get("/reference/parameters/changes", status=200)
    browser.get("/reference/parameters/changes?from=x&to=y", status=422)
    browser.get("/reference/parameters/no.such", status=404)


def test_the_list_is_taken_away_as_csv_and_workbook(sign_in):
    browser = sign_in("a-risk")
    text = browser.get("/reference/parameters/export.csv?area=price", status=200).data.decode(
        "utf-8-sig"
    )
    assert f"{TABLE}," in text
    assert "0.30" in text
    content = browser.get("/reference/parameters/export.xlsx?area=price", status=200).data
    sheet = openpyxl.load_workbook(BytesIO(content)).active
    rows = [row for row in sheet.iter_rows(values_only=True) if row[0] == TABLE]
    assert all(isinstance(row[5], int | float) for row in rows)
    table = every_parameter()[TABLE].values
    assert len(rows) == sum(len(cells) for cells in table[max(table)].values())
