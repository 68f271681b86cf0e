"""People read the title of a step, in both languages, beside its name."""

import ast
from pathlib import Path

import numpy as np
import pytest

import risk_models
from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.conformance import as_asked, random_rows
from risk_models.contract import Price, Recorder, step
from risk_models.registry import BUILT_INS, installed_models, science_parameters
from risk_models.runner import value
from tests.risk_models.helpers import ON, example, run
from tests.support.model_steps import steps_of

MODELS = Path(risk_models.__file__).parent


def _marks():
    return [
        (node.name, mark)
        for path in MODELS.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "step"
    ]


def test_every_step_says_its_chinese_title():
    for name, mark in _marks():
        told = {word.arg: word.value for word in mark.keywords}
        text = told["zh"].value
        assert any("一" <= sign <= "鿿" for sign in text), name


def test_a_title_is_what_the_docstring_says_before_its_formula():
    @step(unit="t", zh="总量")
    def total(*, parts):
        """All parts together.

        Formula: sum(parts).
        """
        return parts.sum()

    assert (total.title.en, total.title.zh) == ("All parts together", "总量")
    assert total.formula == "sum(parts)"


@pytest.mark.parametrize("model_id", sorted(installed_models()))
def test_flows_and_value_are_titled_in_the_trace(model_id):
    model = installed_models()[model_id]
    prices = {use.id: Price(yuan=30.0, unit=use.unit) for use in model.spec.prices}
    trace = run(model, [example(model)], prices, trace=True).trace
    assert all(each.title.complete for each in trace)
    assert trace[-1].title.en == "Value"


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_a_model_lists_every_step_that_it_prints(model):
    """Also those that stand in tables or in what models share: its reference page shows them."""
    parameters = science_parameters().on(ON)
    drawn = random_rows(model.spec, parameters, 6, seed=7)
    rows = [example(model), *drawn, *(as_asked(model.spec, row) for row in drawn)]
    listed = {(each.title.en, each.formula) for each in steps_of(model)}
    basis = basis_on(ON, {use.id: Price(yuan=30.0, unit=use.unit) for use in model.spec.prices})
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    recorder = Recorder(on=True)
    for row in np.flatnonzero(value(model, batch, basis).valid):
        model.exposures(batch.take(np.array([row])), basis, recorder)
    assert recorder.steps
    assert {(each.title.en, each.formula) for each in recorder.steps} <= listed
