"""Asking a model: exact storage, one call for many rows, errors that stay with their row."""

from datetime import date

import pytest

from app.appraisal.domain.catalogue import find_model, find_spec
from app.appraisal.domain.valuing import (
    Ask,
    Recorded,
    appraise_one,
    digest,
    laid_over,
    price_facts,
    price_of,
    stored_inputs,
    told_problem,
    value_many,
)
from app.appraisal.services.inputs import run_model
from app.assets.domain import AssetKind
from app.assets.kinds import models_for
from app.kernel.errors import InvalidInput
from risk_models.contract import Price
from risk_models.words import Text
from tests.factories.appraisals import CARBON_FEN, FOREST_FEN, SIGNED_ON, example_inputs

FOREST = find_spec("forest-right")
SINK = {"local-sink": price_facts(Price(yuan=30.0, unit="yuan/tCO2e", priced_on=SIGNED_ON))}


def forest(**changes):
    return stored_inputs(FOREST, {**example_inputs("forest-right"), **changes})


def ask(rows, model_id="forest-right", prices=None):
    return value_many(Ask(model_id=model_id, on=SIGNED_ON, rows=rows, prices=prices or {}))


def test_numbers_are_stored_as_text_and_empty_inputs_are_left_out():
    kept = stored_inputs(
        FOREST, {"area_mu": 0.1, "quality_k": 3, "outturn_share": "", "rotation_years": None}
    )
    assert kept == {"area_mu": "0.1", "quality_k": "3"}
    series = stored_inputs(FOREST, {"costs_by_year_yuan_per_mu": [620, 210.5]})
    assert series == {"costs_by_year_yuan_per_mu": ["620", "210.5"]}


def test_the_digest_knows_no_order():
    assert digest({"a": "1", "b": "2"}) == digest({"b": "2", "a": "1"})
    assert digest({"a": "1"}) != digest({"a": "1.0"})


def test_a_price_comes_back_as_it_was_stored():
    price = Price(
        yuan=0.1, unit="yuan/t", growth=-0.02, curve=(1.0, 1.1), source="x", priced_on=SIGNED_ON
    )
    assert price_of(price_facts(price)) == price


def test_many_rows_give_what_each_gives_alone():
    rows = [forest(area_mu=area) for area in (1, 2600, 999.5)]
    together = ask(rows).value_fen
    assert together == [ask([row]).value_fen[0] for row in rows]
    assert together[1] == FOREST_FEN
    model = find_model("forest-right")
    assert appraise_one(model, rows[1], {}, SIGNED_ON).value_fen == FOREST_FEN


def test_a_bad_row_carries_its_problem_and_stops_no_other():
    rows = [
        forest(),
        forest(area_mu="many"),
        forest(discount_rate="-3"),
        forest(area_mu="1e300"),
        forest(),
    ]
    answer = ask(rows)
    assert answer.value_fen == [FOREST_FEN, None, None, None, FOREST_FEN]
    assert set(answer.problems) == {1, 2, 3}
    assert answer.problems[1].field == "area_mu"
    assert all(each.en and each.zh and "%(" not in each.en for each in answer.problems.values())


def test_a_missing_price_and_an_unknown_model_are_problems_of_every_row():
    rows = [
        stored_inputs(find_spec("carbon-sink-income"), example_inputs("carbon-sink-income"))
    ] * 2
    assert ask(rows, "carbon-sink-income", SINK).value_fen == [CARBON_FEN] * 2
    missing = ask(rows, "carbon-sink-income")
    assert {each.code for each in missing.problems.values()} == {"price-missing"}
    assert {each.code for each in ask(rows, "no-such").problems.values()} == {"no-model"}


def test_a_day_before_the_parameters_is_a_problem_not_a_crash():
    answer = value_many(
        Ask(model_id="forest-right", on=date(1990, 1, 1), rows=[forest()], prices={})
    )
    assert answer.value_fen == [None]


@pytest.mark.parametrize(
    ("seen_on", "on", "counts"),
    [
        (date(2023, 12, 26), date(2024, 3, 20), False),
        (date(2023, 12, 27), date(2024, 3, 20), True),
        (date(2024, 3, 20), date(2024, 3, 20), True),
        (date(2024, 3, 21), date(2024, 3, 20), False),
    ],
)
def test_records_count_after_the_appraisal_and_up_to_the_day(seen_on, on, counts):
    record = Recorded(id="r1", valid_from=seen_on, overrides={"a": "2"})
    merged, used = laid_over({"a": "1", "b": "1"}, [record], valued_on=SIGNED_ON, on=on)
    assert merged == {"a": "2" if counts else "1", "b": "1"}
    assert used == (["r1"] if counts else [])


def test_the_later_record_counts():
    records = [
        Recorded(id="r2", valid_from=date(2024, 2, 2), overrides={"a": "3"}),
        Recorded(id="r1", valid_from=date(2024, 1, 1), overrides={"a": "2", "b": "2"}),
    ]
    merged, _used = laid_over({"a": "1"}, records, valued_on=SIGNED_ON, on=date(2024, 3, 20))
    assert merged == {"a": "3", "b": "2"}


def test_every_kind_has_a_model_and_none_of_them_is_ecological():
    for kind in AssetKind:
        found = models_for(kind)
        assert found
        assert all(find_spec(model_id).value_kind == "market" for model_id in found)
    assert models_for(AssetKind.FOREST_RIGHT)[0] == "forest-right"
    assert models_for(AssetKind.CARBON_SINK_INCOME)[0] == "carbon-sink-income"
    assert "gep" not in models_for(AssetKind.GEP_INCOME, "gep")


def test_words_that_do_not_fit_their_facts_stay_readable():
    assert told_problem("c", "", Text(en="5 %% off", zh="差5%%"), {}).zh == "差5%"
    assert told_problem("c", "", Text(en="%(b)s", zh="%(b)s"), {"a": 1}).en == "%(b)s"


class Breaking:
    """The forest model, failing where the area is an odd number of mu."""

    spec = FOREST

    def check(self, batch, basis):
        if (batch.numbers("area_mu") % 2 == 1).any():
            raise KeyError("lost")
        return find_model("forest-right").check(batch, basis)

    def exposures(self, batch, basis, steps):
        return find_model("forest-right").exposures(batch, basis, steps)

    def reconcile(self, batch, basis, values):
        return find_model("forest-right").reconcile(batch, basis, values)


def test_a_model_that_breaks_on_one_asset_is_told_not_raised():
    assert appraise_one(Breaking(), forest(area_mu=2600), {}, SIGNED_ON).value_fen == FOREST_FEN
    found = appraise_one(Breaking(), forest(area_mu=2601), {}, SIGNED_ON)
    assert found.value_fen is None
    assert [each.code for each in found.refusals] == ["model-failed"]
    assert "KeyError" in found.refusals[0].en


def test_the_service_refuses_an_asset_that_breaks_its_model():
    with pytest.raises(InvalidInput) as refused:
        run_model(Breaking(), forest(area_mu=2601), {}, SIGNED_ON)
    assert [each.pointer for each in refused.value.errors] == ["/inputs"]
