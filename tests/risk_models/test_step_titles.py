"""People read the title of a step, in both languages, beside its name."""

import ast
from pathlib import Path

import pytest

import risk_models
from risk_models.contract import Price, step
from risk_models.registry import installed_models
from tests.risk_models.helpers import example, run

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
