"""The models of this installation, their dated parameters, and which kinds of assets they value."""

from collections.abc import Mapping
from datetime import date
from typing import Final

from app.assets.domain import AssetKind
from risk_models.contract import Model, ModelSpec
from risk_models.dated import Parameters
from risk_models.registry import installed_models, science_parameters

GENERAL_MODEL: Final = "income-right"
"""Whatever earns can be valued by its income; so this model is open to every kind of asset."""

KINDS_OF_MODELS: Final[Mapping[AssetKind, frozenset[str]]] = {
    AssetKind.FOREST_RIGHT: frozenset({"forest-right"}),
    AssetKind.CARBON_SINK_INCOME: frozenset({"forestry-carbon-income", "grassland-carbon-income"}),
    AssetKind.COMPENSATION_INCOME: frozenset({"compensation-income"}),
    AssetKind.GEP_INCOME: frozenset({"eco-product-income"}),
    AssetKind.OPERATING_INCOME: frozenset({"operating-income"}),
    AssetKind.WATER_RIGHT: frozenset({"water-right"}),
    AssetKind.CARBON_ALLOWANCE: frozenset({"carbon-allowance", "carbon-credit"}),
    AssetKind.GREEN_CERTIFICATE: frozenset({"green-certificate", "green-certificate-income"}),
    AssetKind.GRASSLAND_RIGHT: frozenset(),
    AssetKind.TARIFF_INCOME: frozenset({"charge-right"}),
    AssetKind.EQUIPMENT_AND_BUILDINGS: frozenset(),
}
"""What the registry's kinds are called in the passports of the models."""


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


def models_for(kind: AssetKind, default: str | None = None) -> tuple[str, ...]:
    """The models that may appraise a kind of asset, the best one first.

    Ecological models give a yearly flow that is shown and never lent on; no appraisal stands on them.
    """
    market = [spec for spec in all_specs() if spec.value_kind == "market"]
    names = KINDS_OF_MODELS[kind] | {kind.value}
    fitting = [spec.id for spec in market if names & set(spec.asset_kinds)]
    general = [spec.id for spec in market if spec.id == GENERAL_MODEL]
    first = [spec.id for spec in market if spec.id == default]
    return tuple(dict.fromkeys([*first, *fitting, *general]))
