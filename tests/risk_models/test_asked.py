"""Inputs that are asked for beside some answers only: left out freely, told when given for nothing."""

from dataclasses import replace

import numpy as np
import pytest

from risk_models.appraise import spec_json
from risk_models.batches import batch_from_rows, validate
from risk_models.conformance import ON, as_asked, conformance, random_rows
from risk_models.contract import Choice, Price
from risk_models.fields import asked_only, number
from risk_models.registry import BUILT_INS, get_model, science_parameters
from risk_models.words import Text
from tests.risk_models.helpers import example, run

PARAMETERS = science_parameters().on(ON)
FOREST = get_model("forest-right")
WORDS = Text(en="Reeds", zh="芦苇")


def _findings(**changes):
    row = as_asked(FOREST.spec, example(FOREST, **changes)) | changes
    batch = batch_from_rows(FOREST.spec, [row], PARAMETERS)
    return {(found.code, found.field, found.severity) for found in validate(FOREST.spec, batch)}


def test_an_input_that_is_not_asked_may_be_left_out_and_is_noted_when_given():
    assert _findings(age_group="full-yield") == set()
    assert _findings(age_group="full-yield", haul_km=35.0) == {("not-asked", "haul_km", "note")}
    assert _findings(age_group="mature", haul_km=35.0) == set()


def test_an_input_that_is_needed_only_beside_an_answer_is_noted_beside_others():
    given = _findings(age_group="full-yield", tending_cost_yuan_per_mu=22.0)
    assert given == {("not-asked", "tending_cost_yuan_per_mu", "note")}


def test_a_deciding_choice_that_is_missing_is_told_alone():
    told = _findings(age_group=None, haul_km=35.0, tending_cost_yuan_per_mu=22.0)
    assert told == {("missing-field", "age_group", "refuse")}


def test_all_conditions_must_hold():
    stated = {"age_group": "full-yield", "quality_basis": "stated", "quality_k": 0.9}
    assert _findings(**stated) == set()
    aged = _findings(**{**stated, "age_group": "mature"})
    assert aged == {("not-asked", name, "note") for name in ("quality_basis", "quality_k")}


def test_what_a_choice_left_out_would_ask_for_is_left_out_with_it():
    row = example(FOREST, age_group="full-yield", land_basis="expectation")
    assert (
        not {"land_basis", "land_cost_yuan_per_mu", "haul_km"} & as_asked(FOREST.spec, row).keys()
    )
    felled = as_asked(FOREST.spec, {**row, "age_group": "mature"})
    assert {"land_basis", "land_cost_yuan_per_mu", "haul_km"} <= felled.keys()


def test_the_passport_as_json_states_the_conditions():
    said = spec_json(get_model("carbon-sink-income").spec)
    planted = next(field for field in said["fields"] if field["name"] == "planted_on")
    assert planted["needed_when"] is None
    assert planted["shown_when"][0] == {"field": "sink_kind", "in": ["forest"]}
    assert said["prices"][0]["when"] == [{"field": "registration", "in": ["local-filing"]}]


@pytest.mark.parametrize("model_id", ["forest-right", "gep", "green-certificate", "water-right"])
def test_what_is_not_asked_does_not_count(model_id):
    model = get_model(model_id)
    prices = {use.id: Price(yuan=30.0, unit=use.unit) for use in model.spec.prices}
    rows = random_rows(model.spec, PARAMETERS, 60, 7)
    every = run(model, rows, prices)
    asked = run(model, [as_asked(model.spec, row) for row in rows], prices)
    both = every.valid & asked.valid
    assert both.any()
    assert np.allclose(every.value[both], asked.value[both], rtol=1e-9)


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_no_choice_names_an_answer_that_it_does_not_have(model):
    offered = {
        field.name: {choice.id for choice in field.choices} | {""}
        for field in model.spec.fields
        if field.kind == "choice" and field.choices
    }
    named = [pair for field in model.spec.fields for pair in field.asked_when]
    named += [pair for use in model.spec.prices for pair in use.when]
    assert all(levels <= offered[other] for other, levels in named if other in offered)


class _Changed:
    """A built-in model with another passport."""

    def __init__(self, spec):
        self.spec = spec


def test_conditions_that_cannot_be_kept_are_named():
    spec = FOREST.spec
    lost = asked_only(spec.fields, {"haul_km": (("weather", frozenset({"wet"})),)})
    assert conformance(_Changed(replace(spec, fields=lost))) == [
        "haul_km: shown when weather, which is no field"
    ]
    always = asked_only(spec.fields, {"area_mu": (("category", frozenset({"economic"})),)})
    assert "yet always required" in conformance(_Changed(replace(spec, fields=always)))[0]
    use = replace(spec.prices[0], when=(("weather", frozenset({"wet"})),))
    problems = conformance(_Changed(replace(spec, prices=(use, *spec.prices[1:]))))
    assert problems == ["price timber: used when weather, which is no field"]


def test_a_field_asked_only_beside_an_answer_is_not_required():
    when = (("kind", frozenset({"tall"})),)
    reeds = number("reeds", WORDS, WORDS, unit="t", example=2.0, group="reed", shown_when=when)
    assert not reeds.required
    assert reeds.asked_when == when
    assert Choice(id="tall", title=WORDS).id in reeds.asked_when[0][1]
    with pytest.raises(ValueError, match="no such fields: sedges"):
        asked_only((reeds,), {"sedges": when})
