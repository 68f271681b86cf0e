"""The border: documents in, documents out, money rounded once and half-up."""

import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from risk_models.appraise import (
    InvalidDocument,
    appraise,
    basis_on,
    component_fen,
    spec_json,
    to_fen,
    yuan_text,
)
from risk_models.batches import batch_from_rows
from risk_models.models.carbon_sink_income import MODEL
from risk_models.registry import BUILT_INS, UnknownModel, science_parameters
from risk_models.runner import value as value_of
from risk_models.trace import FormulaError, evaluate
from tests.risk_models.helpers import ON, SINK, example

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
BASIS = basis_on(ON, SINK)
IN_FORCE = BASIS.parameters
PRICES = {"local-sink": {"yuan": 30, "unit": "yuan/tCO2e"}}


def _document(**changes):
    return {"inputs": example(MODEL, **changes), "prices": PRICES}


@pytest.mark.parametrize(
    ("yuan", "fen"),
    [(0.005, 1), (0.0049, 0), (1.005, 101), (-0.005, -1), (2.675, 268), (880000.0, 88000000)],
)
def test_yuan_are_rounded_half_up_to_fen(yuan, fen):
    assert to_fen(yuan) == fen


def test_a_refused_row_has_no_yuan():
    assert yuan_text(float("nan")) is None
    assert yuan_text(5.0) == "5.00"


def test_the_answer_has_the_stable_shape():
    answer = appraise("carbon-sink-income", _document(), ON)
    assert list(answer) == [
        "model", "version", "valued_on", "value_yuan", "low_yuan", "mid_yuan", "high_yuan",
        "approaches", "components", "quantities", "trace", "findings", "prices",
    ]  # fmt: skip
    assert answer["valued_on"] == "2023-12-26"
    assert answer["low_yuan"] is None
    assert answer["approaches"]["income"]["weight"] == 1.0
    assert set(answer["quantities"]["credit_sales"]) == {"value", "unit"}
    assert {"name", "title", "formula", "unit", "reference", "inputs", "value"} == set(
        answer["trace"][0]
    )
    assert json.loads(json.dumps(answer, allow_nan=False)) == answer


def test_components_of_the_answer_sum_to_its_value_within_rounding():
    answer = appraise("carbon-sink-income", _document(), ON)
    parts = sum(round(float(part) * 100) for part in answer["components"].values())
    assert abs(parts - round(float(answer["value_yuan"]) * 100)) <= 2


def _parts(value: float, **components: float) -> dict[str, int]:
    """Parts in fen of a result whose only row has these components in yuan."""
    column = {name: np.array([yuan]) for name, yuan in components.items()}
    result = value_of(MODEL, batch_from_rows(MODEL.spec, [example(MODEL)], IN_FORCE), BASIS)
    return component_fen(replace(result, value=np.array([value]), components=column))


@pytest.mark.parametrize(
    ("components", "fen"),
    [
        # The largest part is whole and stays so; the fen comes off what was rounded up most.
        ({"bought": 50_000.0, "fee": -0.006, "tax": -0.006}, [5_000_000, -1, 0]),
        ({"a": 0.004, "b": 0.004, "c": 900.0}, [0, 1, 90_000]),
        ({"a": 0.006, "b": 0.007, "c": 900.0}, [0, 1, 90_000]),
        ({"a": 1 / 3, "b": 1 / 3, "c": 1 / 3}, [33, 33, 34]),
        ({"a": 10.0, "b": 20.0}, [1_000, 2_000]),
        ({"a": 0.0, "b": 0.0}, [0, 0]),
    ],
)
def test_the_fen_left_over_goes_where_rounding_took_most(components, fen):
    total = sum(components.values())
    parts = _parts(total, **components)
    assert list(parts.values()) == fen
    assert sum(parts.values()) == to_fen(total)


def test_parts_that_miss_the_value_by_more_fen_than_there_are_parts_still_sum_to_it():
    parts = _parts(1e9 + 0.05, a=6e8, b=4e8)
    assert sum(parts.values()) == to_fen(1e9 + 0.05)
    assert parts == {"a": 60_000_000_003, "b": 40_000_000_002}


def test_paths_add_low_middle_and_high():
    answer = appraise("carbon-sink-income", _document(), ON, paths=200, seed=5)
    low, mid, high = (float(answer[name]) for name in ("low_yuan", "mid_yuan", "high_yuan"))
    assert low < mid < high
    assert answer == appraise("carbon-sink-income", _document(), ON, paths=200, seed=5)


def test_a_refusal_is_an_answer_without_a_value():
    answer = appraise("carbon-sink-income", {"inputs": example(MODEL), "prices": {}}, ON)
    assert answer["value_yuan"] is None
    (refused,) = (found for found in answer["findings"] if found["severity"] == "refuse")
    title = next(use.title for use in MODEL.spec.prices if use.id == "local-sink")
    assert (refused["code"], title.en in refused["detail"]) == ("price-missing", True)


def test_findings_speak_the_language_asked_for():
    document = {"inputs": example(MODEL), "prices": {}}
    answer = appraise("carbon-sink-income", document, ON, language="zh_Hans_CN")
    (refused,) = (found for found in answer["findings"] if found["severity"] == "refuse")
    assert "没有“地方林草碳汇价格”的数据" in refused["detail"]
    assert "价格”的价格" not in refused["detail"]


@pytest.mark.parametrize(
    ("document", "told"),
    [
        ([], "an object is needed"),
        ({"inputs": {}, "more": 1}, "more"),
        ({"inputs": []}, "inputs"),
        (_document(colour="green"), "colour"),
        (_document(area_mu="wide"), "area_mu"),
        (_document(area_mu=True), "area_mu"),
        (_document(area_mu=float("nan")), "area_mu"),
        (_document(area_mu=10**400), "area_mu"),
        (_document(right_ends_on="2043-13-01"), "right_ends_on"),
        (_document(sink_kind="desert"), "sink_kind"),
        (_document(removals_by_year_tco2e_per_mu=[0.1] * 61), "removals_by_year"),
        (_document(removals_by_year_tco2e_per_mu="0.1"), "removals_by_year"),
        ({"inputs": {}, "prices": {"gold": {}}}, "gold"),
        ({"inputs": {}, "prices": {"local-sink": {"unit": "yuan/tCO2e"}}}, "yuan"),
        ({"inputs": {}, "prices": {"local-sink": {"yuan": 30}}}, "unit"),
        ({"inputs": {}, "prices": {"local-sink": {**PRICES["local-sink"], "yuan": 0}}}, "above 0"),
        ({"inputs": {}, "prices": {"local-sink": {**PRICES["local-sink"], "x": 0}}}, "x"),
        (
            {"inputs": {}, "prices": {"local-sink": {**PRICES["local-sink"], "growth": 0.51}}},
            "growth",
        ),
        (_document(**{"\ud800": 1}), "ud800"),
    ],
)
def test_a_document_that_cannot_be_read_is_refused(document, told):
    with pytest.raises(InvalidDocument) as refusal:
        appraise("carbon-sink-income", document, ON)
    assert told in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_paths_out_of_bounds_and_unknown_models_are_refused():
    with pytest.raises(InvalidDocument, match="paths"):
        appraise("carbon-sink-income", _document(), ON, paths=99)
    assert appraise("carbon-sink-income", _document(), ON, paths=100)["low_yuan"] is not None
    with pytest.raises(InvalidDocument, match="from 100 to 100,000"):
        appraise("carbon-sink-income", _document(), ON, paths=100_001)
    with pytest.raises(UnknownModel):
        appraise("none", _document(), ON)


ALLOWANCES = {
    "sector": "power",
    "oldest_vintage": 2022,
    "quantities_by_vintage": [10],
    "quantity_needed": 0,
    "statement_on": "2022-12-31",
    "daily_volume": 1e6,
}


def test_prices_left_out_come_from_the_parameter_files():
    answer = appraise("carbon-allowance", {"inputs": ALLOWANCES}, date(2024, 1, 2))
    assert answer["value_yuan"] == "681.50"
    earlier = appraise("carbon-allowance", {"inputs": ALLOWANCES}, date(2023, 1, 15))
    assert earlier["value_yuan"] == "553.00"


def test_a_price_on_file_that_ended_before_the_day_is_refused():
    answer = appraise("carbon-allowance", {"inputs": ALLOWANCES}, date(2024, 6, 1))
    assert answer["value_yuan"] is None
    assert "price-ended" in {found["code"] for found in answer["findings"]}


def test_the_passport_as_json_lists_dated_choices():
    passport = spec_json(MODEL.spec, science_parameters().on(ON))
    kind = next(field for field in passport["fields"] if field["name"] == "sink_kind")
    assert [choice["id"] for choice in kind["choices"]] == [
        "forest",
        "bamboo",
        "shrub",
        "grassland",
    ]
    assert json.dumps(passport)


@pytest.mark.parametrize(
    "formula",
    ["__import__('os')", "a.real", "[1][0]", "open(a)", "a if a else 0", "lambda: 1", "a b", "b"],
)
def test_a_formula_that_is_not_arithmetic_is_refused(formula):
    with pytest.raises(FormulaError):
        evaluate(formula, {"a": 1.0})


@pytest.mark.parametrize("name", ["carbon-ticket", "discharge-right", "gep", "carbon-sink-income"])
def test_printed_components_sum_to_the_printed_value(name):
    document = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    answer = appraise(name, document, ON)
    parts = [Decimal(part) for part in answer["components"].values()]
    assert sum(parts) == Decimal(answer["value_yuan"])


def test_a_refused_asset_has_no_components():
    document = _document()
    document["inputs"]["right_ends_on"] = "2020-01-01"
    answer = appraise("carbon-sink-income", document, ON)
    assert answer["value_yuan"] is None
    assert set(answer["components"].values()) == {None}


def test_what_no_price_moves_has_no_band():
    document = json.loads((EXAMPLES / "water-right.json").read_text(encoding="utf-8"))
    answer = appraise("water-right", document, ON, paths=100, seed=1)
    assert answer["value_yuan"] is not None
    assert answer["low_yuan"] is answer["mid_yuan"] is answer["high_yuan"] is None


@pytest.mark.parametrize("name", [model.spec.id for model in BUILT_INS])
def test_an_example_gives_nothing_that_its_other_answers_do_not_ask_for(name):
    document = json.loads((EXAMPLES / f"{name}.json").read_text(encoding="utf-8"))
    found = appraise(name, document, ON)["findings"]
    assert [each["field"] for each in found if each["code"] == "not-asked"] == []
