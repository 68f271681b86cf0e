"""Approaches that count and lie far apart are asked about; those that do not count are not."""

import json
from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from risk_models.appraise import appraise
from risk_models.contract import Basis, Prices
from risk_models.models import water_right
from risk_models.reconciling import APART, WEIGHTS, apart_findings
from risk_models.registry import installed_models, science_parameters

ON = date(2024, 3, 20)
SPEC = water_right.MODEL.spec
BASIS = Basis(on=ON, parameters=science_parameters().on(ON), prices=Prices({}))


def asked(values, weights):
    as_columns = [
        {name: np.array([number]) for name, number in row.items()} for row in (values, weights)
    ]
    return apart_findings(SPEC, BASIS, *as_columns)


@pytest.mark.parametrize(
    ("market", "weight", "wanted"),
    [(150.0, 0.5, 0), (150.01, 0.5, 1), (150.01, 0.0, 0), (66.0, 0.5, 1), (-1.0, 0.5, 1)],
)
def test_the_limit_is_met_from_both_sides_and_only_by_what_counts(market, weight, wanted):
    values = {"income": 100.0, "market": market, "remaining_term": np.nan}
    weights = {"income": 1.0 - weight, "market": weight, "remaining_term": 0.0}
    assert len(asked(values, weights)) == wanted


def test_the_words_name_each_approach_that_counts_with_its_value():
    values = {"income": 2_920_000.0, "market": 4_680_000.0, "remaining_term": 2_170_000.0}
    (found,) = asked(values, dict.fromkeys(values, 1 / 3))
    told = found.detail.filled({name: fact[0].item() for name, fact in found.facts.items()})
    assert (found.code, found.severity) == ("approaches-apart", "ask")
    assert "收益法2,920,000.00元" in told.zh
    assert "4,680,000.00" in told.en
    assert "2,170,000.00" in told.en
    assert "“取水权各评估方法权重”" in told.zh
    assert "they are no input" in told.en


def test_each_model_that_weighs_by_a_table_names_it():
    weighed = {
        model.spec.id: any(key.rpartition(".")[2] in WEIGHTS for key in model.spec.parameters)
        for model in installed_models().values()
        if APART in model.spec.parameters
    }
    # A carbon ticket counts one of its approaches alone.
    assert {key for key, named in weighed.items() if not named} == {"carbon-ticket"}


def test_a_model_of_one_approach_or_without_the_limit_asks_nothing():
    lone = replace(SPEC, approaches=SPEC.approaches[:1])
    values = {"income": np.array([1.0]), "market": np.array([9.0])}
    weights = {"income": np.array([0.5]), "market": np.array([0.5])}
    assert apart_findings(lone, BASIS, values, weights) == []
    assert apart_findings(replace(SPEC, parameters=()), BASIS, values, weights) == []


def test_the_example_of_a_water_right_is_asked_why_its_approaches_differ():
    path = Path(__file__).parents[2] / "docs" / "examples" / "water-right.json"
    document = json.loads(path.read_text(encoding="utf-8"))
    answer = appraise("water-right", document, date(2023, 12, 26))
    assert "approaches-apart" in {found["code"] for found in answer["findings"]}
