"""People read the title of a step, in both languages, beside its name."""

import ast
from pathlib import Path

import pytest

import risk_models
from risk_models.passports.steps import STEP_TITLES, step_title
from risk_models.registry import get_model, installed_models

MODELS = Path(risk_models.__file__).parent / "models"


def steps_in_code():
    return {
        node.name
        for path in MODELS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef)
        for mark in node.decorator_list
        if isinstance(mark, ast.Call) and getattr(mark.func, "id", "") == "step"
    }


def test_every_step_of_the_built_in_models_has_a_title_and_no_other():
    assert set(STEP_TITLES) == steps_in_code()
    assert [name for name, title in STEP_TITLES.items() if not title.complete] == []


@pytest.mark.parametrize("model_id", sorted(installed_models()))
def test_every_component_and_approach_has_a_title(model_id):
    spec = get_model(model_id).spec
    approach = spec.approaches[0].name
    for each in spec.components:
        assert step_title(spec, f"{approach}.{each.name}") == each.title
        assert step_title(spec, f"{approach}.{each.name}__2") == each.title
    assert step_title(spec, approach) == spec.approaches[0].title


def test_a_step_of_other_models_keeps_its_name():
    assert step_title(None, "of_others") is None
