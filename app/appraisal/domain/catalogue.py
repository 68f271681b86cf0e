"""The models of this installation and their dated parameters."""

from datetime import date
from functools import cache
from pathlib import Path
from typing import Final

import risk_models
from risk_models.contract import Model, ModelSpec
from risk_models.dated import Parameters, ParameterSet, load_folder
from risk_models.models.carbon_sink_income import MODEL

PARAMETER_FOLDER: Final = Path(risk_models.__file__).parent / "parameters"


@cache
def parameter_set() -> ParameterSet:
    """All scientific and price parameters with all their days; read once a process."""
    return load_folder(PARAMETER_FOLDER)


def parameters_on(day: date) -> Parameters:
    """The parameters in force on a day."""
    return parameter_set().on(day)


def models() -> dict[str, Model]:
    """All models by id."""
    return {MODEL.spec.id: MODEL}


def find_model(model_id: str) -> Model | None:
    """A model, or None when the installation has none of this id."""
    return models().get(model_id)


def find_spec(model_id: str) -> ModelSpec | None:
    """The passport of a model, or None."""
    model = find_model(model_id)
    return None if model is None else model.spec
