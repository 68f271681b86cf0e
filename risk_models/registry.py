"""Which models there are: the built-in ones, then those other packages bring along.

A package announces a model under the entry-point group `greenpledge.appraisal_models` and may bring
a folder of dated parameters along. Two models with one id, a model of another contract, or two
parameters with one id stop the start: a stored appraisal must mean one model.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from typing import Final, cast

from risk_models.contract import CONTRACT, BringingParameters, Model
from risk_models.data_files import DataFileError
from risk_models.dated import ParameterSet, load_folder
from risk_models.models import (
    carbon_allowance,
    carbon_sink_income,
    carbon_ticket,
    ccer,
    discharge_right,
    energy_use_right,
    forest_compensation_income,
    forest_right,
    gep,
    green_certificate,
    income_right,
    vep_income,
    water_right,
)

__all__ = [
    "BUILT_INS",
    "GROUP",
    "ModelRefused",
    "UnknownModel",
    "collect",
    "get_model",
    "installed_models",
    "outside_models",
    "science_parameters",
]

GROUP: Final = "greenpledge.appraisal_models"

BUILT_INS: Final[tuple[Model, ...]] = (
    carbon_allowance.MODEL,
    carbon_sink_income.MODEL,
    carbon_ticket.MODEL,
    ccer.MODEL,
    discharge_right.MODEL,
    energy_use_right.MODEL,
    forest_compensation_income.MODEL,
    forest_right.MODEL,
    gep.MODEL,
    green_certificate.MODEL,
    income_right.MODEL,
    vep_income.MODEL,
    water_right.MODEL,
)

PARAMETERS: Final = Path(__file__).parent / "parameters"


class ModelRefused(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """A model that cannot be registered."""


class UnknownModel(LookupError):  # noqa: N818 - the name states the refusal, as the others do.
    """No model has this id."""


def collect(models: Iterable[Model]) -> dict[str, Model]:
    """Models by id; a second one with the same id, or of another contract, is refused."""
    found: dict[str, Model] = {}
    for model in models:
        spec = model.spec
        if spec.id in found:
            raise ModelRefused(f"two models have the id {spec.id}")
        if spec.contract != CONTRACT:
            raise ModelRefused(f"{spec.id} is of contract {spec.contract}, not {CONTRACT}")
        found[spec.id] = model
    return found


@cache
def outside_models() -> tuple[Model, ...]:
    """The models of installed packages, by the names of their entry points."""
    announced = sorted(entry_points(group=GROUP), key=lambda point: point.name)
    return tuple(cast("Model", point.load()) for point in announced)


@cache
def installed_models() -> Mapping[str, Model]:
    """Built-in models and those of installed packages."""
    return collect([*BUILT_INS, *outside_models()])


def get_model(model_id: str) -> Model:
    """The model with this id, or a refusal."""
    try:
        return installed_models()[model_id]
    except KeyError:
        raise UnknownModel(model_id) from None


@cache
def science_parameters() -> ParameterSet:
    """The dated parameters that come with the built-in models, and those that packages bring."""
    folders = [PARAMETERS, *_brought_folders()]
    try:
        return ParameterSet(each for folder in folders for each in load_folder(folder))
    except DataFileError as problem:
        raise ModelRefused(str(problem)) from problem


def _brought_folders() -> list[Path]:
    bringing = [cast("object", model) for model in outside_models()]
    return [model.parameter_folder for model in bringing if isinstance(model, BringingParameters)]
