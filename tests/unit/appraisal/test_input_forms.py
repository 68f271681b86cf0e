"""The form of a model: its inputs under the titles of their groups, each asked for where it counts."""

from dataclasses import replace

import pytest

from app.appraisal.input_forms import (
    input_fields,
    input_groups,
    price_fields,
    read_inputs,
    read_prices,
)
from app.kernel.errors import InvalidInput
from risk_models.registry import BUILT_INS, get_model, science_parameters
from tests.risk_models.helpers import ON

pytestmark = pytest.mark.usefixtures("_words")


@pytest.fixture
def _words(app):
    with app.test_request_context():
        yield


def _spec(model_id):
    return get_model(model_id).spec


def _groups(spec, **values):
    typed = {f"inputs-{name}": text for name, text in values.items()}
    fields = input_fields(spec, science_parameters().on(ON), typed, {})
    return fields, input_groups(spec, fields)


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_inputs_of_every_model_stand_once_under_the_titles_of_their_groups(model):
    fields, groups = _groups(model.spec)
    titles = [group.title for group in groups]
    assert 1 < len(titles) == len(set(titles))
    named = sorted(field.name for group in groups for field in group.fields)
    assert named == sorted(field.name for field in fields)


def test_a_model_with_a_group_without_title_keeps_its_inputs_together():
    spec = _spec("water-right")
    first, *others = spec.fields
    fields, groups = _groups(replace(spec, fields=(replace(first, group="reeds"), *others)))
    assert [group.fields for group in groups] == [fields]


def test_comparables_of_a_forest_right_are_folded_until_one_is_given():
    spec = _spec("forest-right")
    folded = [group.title for group in _groups(spec)[1] if group.folded]
    assert len(folded) == 1
    groups = _groups(spec, comparable_prices_yuan_per_mu="1900")[1]
    assert not any(group.folded for group in groups)


def test_economic_forest_is_not_asked_for_what_felling_needs():
    fields = {field.name: field for field in _groups(_spec("forest-right"))[0]}
    for name in ("haul_km", "quota_share", "thinning_ages_years", "assortment_outturn_shares"):
        other, answers = fields[f"inputs-{name}"].data_when
        assert other == "inputs-age_group"
        assert "full-yield" not in answers
        assert "near-mature" in answers
        assert not fields[f"inputs-{name}"].required


def test_a_field_with_several_conditions_states_them_all():
    fields = {field.name: field for field in _groups(_spec("carbon-sink-income"))[0]}
    planted = fields["inputs-planted_on"]
    assert planted.data_when == ("inputs-sink_kind", ["forest"])
    assert [name for name, _ in planted.also_when] == ["inputs-removal_basis"]
    assert "yearly-rate" not in planted.also_when[0][1]


def test_what_is_typed_into_a_field_that_is_not_asked_is_left_out_with_what_it_decides():
    spec = _spec("forest-right")
    typed = {
        "inputs-age_group": "full-yield",
        "inputs-haul_km": "35",
        "inputs-land_basis": "expectation",
        "inputs-land_cost_yuan_per_mu": "14",
        "inputs-area_mu": "2600",
    }
    assert read_inputs(spec, typed).keys() == {"age_group", "area_mu", "credited_elsewhere"}
    felled = read_inputs(spec, {**typed, "inputs-age_group": "mature"})
    assert {"haul_km", "land_basis", "land_cost_yuan_per_mu"} <= felled.keys()


def test_only_the_price_of_the_registration_is_asked_for_and_read():
    spec = _spec("carbon-sink-income")
    shown = {field.name: field.data_when for field in price_fields(spec, {}, {})}
    assert shown["prices-0-yuan"] == ("inputs-registration", ["local-filing"])
    assert all(when is not None for when in shown.values())
    typed = {
        "inputs-registration": "ccer",
        "prices-0-yuan": "30",
        "prices-0-source": "A deal",
        "prices-1-yuan": "60",
        "prices-1-source": "Another",
    }
    assert [price.id for price in read_prices(spec, typed)] == ["ccer"]


SILVICULTURE = "coming_costs_by_year_yuan_per_mu"


def _listed(text, **kept):
    typed = {f"{kept.get('prefix', 'inputs-')}{SILVICULTURE}": text}
    return read_inputs(_spec("forest-right"), typed, **kept)[SILVICULTURE]


@pytest.mark.parametrize(
    "text", ["10,0,12", "10，0；12", "10\r\n0\r\n12", "10,\r\n0,\r\n12,\r\n", "10, 0, 12, "]
)
def test_figures_of_a_list_stand_in_their_order(text):
    assert _listed(text) == ["10", "0", "12"]


@pytest.mark.parametrize(
    ("text", "place"),
    [("10,,12", 2), ("10, ,12", 2), ("10\r\n\r\n12", 2), (",10,12", 1), ("1,2,，,5", 3)],
)
def test_an_empty_place_of_a_list_is_refused_at_its_field(text, place):
    with pytest.raises(InvalidInput) as refusal:
        _listed(text)
    (error,) = refusal.value.errors
    assert error.pointer == f"/inputs/{SILVICULTURE}"
    assert error.facts == {"place": place}
    assert "write 0" in error.detail


@pytest.mark.parametrize(
    ("text", "figure"),
    [
        ("1,200\r\n80\r\n60", "1,200"),
        ("80\n1，200", "1，200"),
        ("12,345,678.5", "12,345,678"),
        ("100,200", "100,200"),
    ],
)
def test_thousands_parted_by_a_comma_are_refused_in_a_list(text, figure):
    with pytest.raises(InvalidInput) as refusal:
        _listed(text)
    (error,) = refusal.value.errors
    assert error.pointer == f"/inputs/{SILVICULTURE}"
    assert error.facts == {"figure": figure}


@pytest.mark.parametrize("text", ["1200,80,60", "0.05,0.123", "12.5,300", "100, 200", "100\n200"])
def test_commas_that_part_figures_without_doubt_are_read(text):
    assert len(_listed(text)) in {2, 3}


def test_an_empty_place_of_a_recorded_list_is_refused_at_its_field():
    with pytest.raises(InvalidInput) as refusal:
        _listed("10,,12", changes_only=True, prefix="overrides-")
    assert [each.pointer for each in refusal.value.errors] == [f"/overrides/{SILVICULTURE}"]


def test_a_low_end_that_is_refused_is_not_in_the_range_of_the_help(app):
    spec = _spec("carbon-sink-income")
    with app.test_request_context("/?lang=en"):
        fields = input_fields(spec, science_parameters().on(ON), {}, {})
    told = {each.name.removeprefix("inputs-"): each.help for each in fields}
    assert told["discount_rate"].endswith("More than 0, up to 0.5.")
    assert told["baseline_share"].endswith("From 0 to 1.")
