"""The band and the bars of a value: drawn from the inputs alone, and the same each time."""

from datetime import date

import pytest

from app.appraisal.domain.catalogue import find_model
from app.appraisal.domain.spread import scenario_of, spread
from app.appraisal.domain.valuing import digest, stored_inputs
from risk_models.dated import ParameterNotInForce
from risk_models.tornado import ENTERED_FACTORS, PRICE_FACTORS
from tests.factories.appraisals import SIGNED_ON, example_inputs

SINK = {
    "local-sink": {
        "yuan": "30",
        "unit": "yuan/tCO2e",
        "growth": "0",
        "curve": None,
        "source": "demo",
        "priced_on": SIGNED_ON.isoformat(),
    }
}


def inputs_of(model_id, **changes):
    spec = find_model(model_id).spec
    return stored_inputs(spec, {**example_inputs(model_id), **changes})


@pytest.fixture(scope="module")
def carbon():
    model = find_model("carbon-sink-income")
    return spread(model, inputs_of("carbon-sink-income"), SINK, SIGNED_ON)


def test_the_band_is_ordered_and_names_its_paths_and_seed(carbon):
    band = carbon["scenario"]
    low, mid, high = (float(band[f"{end}_yuan"]) for end in ("low", "mid", "high"))
    assert low < mid < high
    assert band["paths"] == 2000
    assert band["tail"] == "0.05"
    assert band["seed"] == int(digest(inputs_of("carbon-sink-income"))[:8], 16)


def test_the_fan_has_each_year_once_and_is_ordered(carbon):
    fan = carbon["scenario"]["fan"]
    assert [each["year"] for each in fan] == list(range(len(fan)))
    for each in fan:
        assert float(each["low"]) <= float(each["mid"]) <= float(each["high"])


def test_the_same_inputs_draw_the_same_band_and_others_another(carbon):
    model = find_model("carbon-sink-income")
    again = scenario_of(model, inputs_of("carbon-sink-income"), SINK, SIGNED_ON)
    kept = {name: each for name, each in carbon["scenario"].items() if name != "fan"}
    assert again == kept
    other = inputs_of("carbon-sink-income", area_mu="29601")
    assert scenario_of(model, other, SINK, SIGNED_ON)["seed"] != again["seed"]


def test_bars_are_titled_and_the_widest_comes_first(carbon):
    bars = carbon["tornado"]
    widths = [
        abs(float(each["value_at_high_yuan"]) - float(each["value_at_low_yuan"])) for each in bars
    ]
    assert widths == sorted(widths, reverse=True)
    assert {"field", "price"} <= {each["kind"] for each in bars}
    assert all(each["en"] and each["zh"] for each in bars)
    price = next(each for each in bars if each["kind"] == "price")
    assert (float(price["low"]), float(price["high"])) == (24.0, 36.0)


def test_a_value_without_a_moving_price_has_no_band():
    model = find_model("forest-right")
    assert spread(model, inputs_of("forest-right"), {}, SIGNED_ON)["scenario"] is None


def test_a_day_before_the_rule_of_the_band_has_none():
    model = find_model("carbon-sink-income")
    with pytest.raises(ParameterNotInForce):
        scenario_of(model, inputs_of("carbon-sink-income"), SINK, date(2019, 12, 31))


def test_an_area_far_from_the_example_moves_by_the_same_shares():
    """The published example has 2,600 mu and a range of 2,470 to 2,600; a tenth of it moves alike."""
    model = find_model("forest-right")
    found = spread(model, inputs_of("forest-right", area_mu="260"), {}, SIGNED_ON)
    area = next(each for each in found["tornado"] if each["name"] == "area_mu")
    assert (float(area["low"]), float(area["high"])) == pytest.approx((247.0, 260.0))


def test_the_words_on_the_ends_of_bars_fit_the_factors():
    """Page and report say: prices a fifth, entered figures a tenth lower and higher."""
    assert PRICE_FACTORS == (0.8, 1.2)
    assert ENTERED_FACTORS == (0.9, 1.1)
