"""The page of conventions says what engine and formulas do."""

import re
from dataclasses import replace

import numpy as np
import pytest

from risk_models.contract import Price
from risk_models.registry import BUILT_INS
from risk_models.trace import FUNCTIONS, evaluate
from tests.risk_models.helpers import flow, worth
from tests.support.model_flows import flows_of
from tests.support.reference_pages import FOLDER

PAGE = (FOLDER / "models" / "conventions.md").read_text(encoding="utf-8")
WORKED = re.findall(r"^\| `([^`]+)` \| (-?[\d.]+) \|$", PAGE, flags=re.MULTILINE)
GIVEN = re.compile(r"\[[^\]]*\]|\d{4}-\d\d-\d\d|(?<=[( ])[\d.]+")


def _read(text: str) -> object:
    if text.startswith("["):
        return [float(each) for each in text[1:-1].split(",")]
    return text if "-" in text else float(text)


@pytest.mark.parametrize(("formula", "result"), WORKED)
def test_a_formula_worked_out_on_the_page_gives_that(formula, result):
    inputs = {}
    for place, text in enumerate(GIVEN.findall(formula)):
        inputs[f"given_{place}"] = _read(text)
        formula = formula.replace(text, f"given_{place}", 1)
    found = float(np.asarray(evaluate(formula, inputs)).reshape(-1)[0])
    places = len(result.partition(".")[2])
    assert round(float(found), places) == float(result)


def test_every_function_of_the_formulas_is_told():
    assert WORKED
    assert [name for name in FUNCTIONS if f"`{name}(" not in PAGE] == []


RATE, HAZARD, GROWTH = 0.08, 0.02, 0.03


@pytest.mark.parametrize("first", [0.0, 0.5, 1.0, 0.3])
@pytest.mark.parametrize("term", [0.2, 2.5, 3.0, 3.7])
@pytest.mark.parametrize("even", [True, False])
def test_a_flow_is_the_sum_that_the_page_says(first, term, even):
    """Discount, survival, index and the end of the term, by the words of the page."""
    at = first + np.arange(8.0)
    length = {0.0: 0.0, 0.5: 0.5, 1.0: 1.0}.get(first, first)
    share = np.clip(term - (at - length), 0.0, 1.0) if even else at <= term
    paid = share * (1 + GROWTH) ** at * (1 - HAZARD) ** at * (1 + RATE) ** -at
    given = flow(np.ones(8), first=first, at_risk=True, index="reed", even=even)
    priced = {"reed": Price(yuan=1.0, unit="yuan/t", growth=GROWTH)}
    found = worth(replace(given, term=np.array([term])), RATE, HAZARD, priced)
    assert found == pytest.approx(paid.sum(), rel=1e-12)


def test_what_is_past_compounds_and_neither_survives_nor_grows():
    past = flow(np.ones(1), first=-4.0, at_risk=True)
    assert worth(past, RATE, HAZARD) == pytest.approx(1.08**4)


def test_a_rotation_without_end_is_multiplied_as_the_page_says():
    rotation = flow(np.ones(1), first=20.0, at_risk=True, repeat=np.array([20.0]))
    kept = (1 - HAZARD) / (1 + RATE)
    assert worth(rotation, RATE, HAZARD) == pytest.approx(kept**20 / (1 - kept**20))


def test_flows_of_the_models_say_what_they_bear():
    found = {
        (model.spec.id, each.approach, each.component): each
        for model in BUILT_INS
        if model.spec.id in {"carbon-sink-income", "forest-right"}
        for each in flows_of(model)
    }
    monitoring = found["carbon-sink-income", "income", "monitoring"]
    assert (monitoring.paid, monitoring.survives) == ({"each year, in its middle"}, {False})
    assert found["carbon-sink-income", "income", "credit_sales"].survives == {True}
    assert found["forest-right", "harvest", "land_sales"].ends == {"repeats without end"}
