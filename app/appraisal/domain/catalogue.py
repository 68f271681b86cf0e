"""The models of this installation and their dated parameters; which kinds they value, says the registry."""

from datetime import date
from functools import cache

from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from risk_models.conformance import outside_problems
from risk_models.contract import Model, ModelSpec
from risk_models.dated import Parameters
from risk_models.registry import ModelRefused, installed_models, science_parameters


class ModelsRefused(RuleViolation):
    """An installed model that breaks the valuation contract would give figures nobody can check."""

    code = "models-refused"
    title = N_("An installed appraisal model is refused")
    detail = N_("%(problems)s. Remove the package that brings the model, or have it mended.")


def require_sound_models() -> None:
    """Refuse to start with models that clash, or with one of another package that does not conform."""
    try:
        installed_models()
        science_parameters()
        problems = outside_problems()
    except ModelRefused as refusal:
        raise ModelsRefused(problems=str(refusal)) from refusal
    if problems:
        told = [f"{model_id}: {'; '.join(found)}" for model_id, found in problems.items()]
        raise ModelsRefused(problems=" | ".join(told))


def parameters_on(day: date) -> Parameters:
    """The scientific and price parameters in force on a day."""
    return science_parameters().on(day)


def find_model(model_id: str) -> Model | None:
    """A model, or None when the installation has none of this id."""
    return installed_models().get(model_id)


def find_spec(model_id: str) -> ModelSpec | None:
    """The passport of a model, or None."""
    model = find_model(model_id)
    return None if model is None else model.spec


def all_specs() -> tuple[ModelSpec, ...]:
    """The passports of all models, by id."""
    found = installed_models()
    return tuple(found[model_id].spec for model_id in sorted(found))


@cache
def names_in(unit: str) -> frozenset[str]:
    """What steps call an input or a parameter of this unit: a step keeps no unit of what goes into it.

    A name that stands for figures of several units is in none of them.
    """
    units: dict[str, set[str]] = {}
    for field in (each for spec in all_specs() for each in spec.fields):
        units.setdefault(field.name, set()).add(field.unit)
    for parameter in science_parameters():
        units.setdefault(parameter.id.rpartition(".")[2], set()).add(parameter.unit)
        for name, column in parameter.columns.items():
            units.setdefault(name, set()).add(column.unit)
    return frozenset(name for name, found in units.items() if found == {unit})
