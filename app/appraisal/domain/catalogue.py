"""The models of this installation and their dated parameters; which kinds they value, says the registry."""

from datetime import date

from risk_models.contract import Model, ModelSpec
from risk_models.dated import Parameters
from risk_models.registry import installed_models, science_parameters


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
