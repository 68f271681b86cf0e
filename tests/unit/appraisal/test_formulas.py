"""The formula of every step of every model can be read in words, in both languages."""

import json
import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.appraisal.domain.formulas import formula_in_words, numbered, steps_told, title_of
from app.appraisal.domain.valuing import appraise_one
from risk_models.appraise import basis_on
from risk_models.conformance import random_rows
from risk_models.contract import Model
from risk_models.registry import BUILT_INS
from risk_models.words import Text

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
ON = date(2023, 12, 26)
CODE = re.compile(r"\b[a-z0-9]+_[a-z0-9_]+")
LATIN = re.compile(r"[a-z]{4,}")

TOLD = {
    "area_mu": Text(en="Area", zh="面积"),
    "share": Text(en="Share", zh="比例"),
    "curve_k": Text(en="Speed, k", zh="速率k"),
}


@pytest.mark.parametrize(
    ("formula", "zh", "en"),
    [
        ("area_mu * (1 - share)", "面积 × (1 − 比例)", "Area × (1 − Share)"),
        ("max(0, area_mu) ** 2", "取大(0, 面积) ^ 2", "greatest(0, Area) ^ 2"),
        ("sum(area_mu >= share)", "合计(面积 ≥ 比例)", "sum(Area ≥ Share)"),
        ("exp(-share) / unknown_name", "exp(−比例) / unknown_name", "exp(−Share) / unknown_name"),
        ("share__2 + share", "比例（2） + 比例", "Share (2) + Share"),
        ("other__2", "other__2", "other__2"),
        (
            "max(curve_k, floor(share))",
            "取大(速率k, 向下取整(比例))",
            "greatest(“Speed, k”, rounded down(Share))",
        ),
    ],
)
def test_names_and_signs_become_words(formula, zh, en):
    assert formula_in_words(formula, TOLD) == Text(en=en, zh=zh)


def test_names_stand_for_the_steps_before_and_never_for_the_step_itself():
    """Two approaches may have a step of one name; an input may have the title of its step."""

    def step(name: str, en: str, *inputs: str) -> dict:
        return {"name": name, "title": {"en": en, "zh": en}, "inputs": dict.fromkeys(inputs, "1")}

    trace = [
        step("waiting", "Years until felling"),
        step("left", "Years left", "waiting"),
        step("waiting", "Felled today"),
        step("share", "Share", "share"),
    ]
    found = {}
    for each, told in steps_told(None, trace):
        for name in each["inputs"]:
            found[each["name"], name] = title_of(name, {**TOLD, **told})
    assert found["left", "waiting"].en == "Years until felling"
    shared = [*trace[:3], step("share", "Share"), trace[3]]
    *_, (_, told) = steps_told(None, shared)
    assert told["share"] == Text(en="Share as given", zh="Share（所给数值）")


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("income.cost", Text(en="Cost", zh="成本")),
        ("income.cost__2", Text(en="Cost (2)", zh="成本（2）")),
        ("first_year", Text(en="Cost", zh="成本")),
    ],
)
def test_a_second_step_of_a_title_bears_its_number(name, title):
    assert numbered(Text(en="Cost", zh="成本"), name) == title


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_no_name_of_the_code_is_left_in_any_formula(model):
    spec, read = model.spec, 0
    for trace in traces(model):
        for step, told in steps_told(spec, trace):
            formula = formula_in_words(step["formula"], told)
            assert not CODE.findall(formula.en), step
            assert not LATIN.findall(formula.zh), (step, formula.zh)
            assert all(title_of(name, told) for name in step["inputs"]), step["inputs"]
            read += 1
    assert read > len(spec.approaches)


def traces(model: Model) -> Iterator[list[dict]]:
    """Steps of the example, and of what other answers to the choices lead to."""
    spec = model.spec
    example = json.loads((EXAMPLES / f"{spec.id}.json").read_text(encoding="utf-8"))
    prices = {use.id: {"yuan": "35", "unit": use.unit} for use in spec.prices}
    rows = random_rows(spec, basis_on(ON, {}).parameters, 80, seed=3)
    for inputs in (example["inputs"], *rows):
        found = appraise_one(model, inputs, prices, ON)
        if found.value_fen is not None:
            yield found.result["trace"]
