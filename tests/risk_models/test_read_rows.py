"""Reading many rows: the good ones make a batch, every problem of the others is named."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import numpy as np
import pytest

from risk_models.batches import InvalidInputs, batch_from_rows, read_rows
from risk_models.models import carbon_allowance, forest_right
from risk_models.registry import science_parameters
from risk_models.words import Text

SPEC = forest_right.MODEL.spec
PARAMETERS = science_parameters().on(date(2023, 12, 26))
EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"
GOOD = json.loads((EXAMPLES / "forest-right.json").read_text(encoding="utf-8"))["inputs"]


def test_rows_without_a_problem_make_the_batch_that_they_make_alone():
    read = read_rows(SPEC, [GOOD, {**GOOD, "area_mu": "7"}], PARAMETERS)
    whole = batch_from_rows(SPEC, [GOOD, {**GOOD, "area_mu": "7"}], PARAMETERS)
    assert (read.batch.n, list(read.rows), read.problems) == (2, [0, 1], {})
    for name, column in whole.columns.items():
        np.testing.assert_array_equal(read.batch.columns[name], column)


def test_every_problem_of_a_bad_row_is_named_and_the_others_stay():
    bad = {**GOOD, "area_mu": "many", "nonsense": 1}
    read = read_rows(SPEC, [bad, GOOD, bad], PARAMETERS)
    assert (read.batch.n, list(read.rows)) == (1, [1])
    assert {(each.field, each.code) for each in read.problems[2]} == {
        ("area_mu", "not-a-number"),
        ("nonsense", "unknown-field"),
    }
    with pytest.raises(InvalidInputs):
        batch_from_rows(SPEC, [bad, GOOD], PARAMETERS)


def test_no_good_row_gives_an_empty_batch():
    assert read_rows(SPEC, [{"nonsense": 1}], PARAMETERS).batch.n == 0
    assert read_rows(SPEC, [], PARAMETERS).batch.n == 0


def test_bounds_and_gaps_beside_an_unreadable_value_are_told_with_it():
    row = {
        **GOOD,
        "discount_rate": "NaN",
        "area_mu": -5,
        "net_yield_yuan_per_mu": 1e9,
        "right_ends_on": None,
    }
    told = read_rows(SPEC, [GOOD, row], PARAMETERS).problems
    assert list(told) == [1]
    assert {(each.field, each.code) for each in told[1]} == {
        ("discount_rate", "not-a-number"),
        ("area_mu", "below-minimum"),
        ("net_yield_yuan_per_mu", "above-maximum"),
        ("right_ends_on", "missing-field"),
    }
    words = {each.field: each.detail for each in told[1]}
    assert words["area_mu"].zh.endswith("0亩。")
    assert "1e" not in words["net_yield_yuan_per_mu"].en
    assert "%(" not in "".join(each.en + each.zh for each in words.values())


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [
        (
            "area_mu",
            ["1_000", "１２", "١٢", " 12 ", "1,000", "0x10", "inf", "1e999", True],
            ["1000", "1000.", "1e3", "+1000.0", 1000, Decimal(1000)],
        ),
        (
            "right_ends_on",
            [
                20301231,
                "20301231",
                "2030-W01-1",
                "2030-12-31T00:00",
                " 2030-12-31",
                "２０３０-12-31",
            ],
            ["2030-12-31", date(2030, 12, 31)],
        ),
    ],
)
def test_figures_and_days_are_read_only_where_they_are_written_plainly(field, wrong, right):
    read = read_rows(SPEC, [{**GOOD, field: given} for given in (*wrong, *right)], PARAMETERS)
    assert list(read.problems) == list(range(len(wrong)))
    assert {each.field for told in read.problems.values() for each in told} == {field}
    assert len(set(read.batch.columns[field].tolist())) == 1


def test_what_an_unreadable_choice_asks_for_is_not_missed():
    asked = {
        each.name: None
        for each in SPEC.fields
        if each.needed_when is not None and each.needed_when[0] == "age_group"
    }
    bad = {**GOOD, **asked, "age_group": "no such group"}
    told = read_rows(SPEC, [bad], PARAMETERS).problems[0]
    assert [(each.field, each.code) for each in told] == [("age_group", "unknown-choice")]


@pytest.mark.parametrize(
    ("on", "sector", "words"),
    [
        (date(2024, 12, 31), "steel", ("counts from 2025-01-01 on", "自2025-01-01起生效")),
        (
            date(2024, 12, 31),
            "glass",
            ("This is none of the choices: one of power.", "可填发电（power）"),
        ),
        (date(2025, 1, 1), "steel", None),
    ],
)
def test_a_choice_of_a_table_to_come_is_told_with_its_day(on, sector, words):
    spec = carbon_allowance.MODEL.spec
    read = read_rows(spec, [{"sector": sector}], science_parameters().on(on))
    told = [each.detail for each in read.problems.get(0, ()) if each.code == "unknown-choice"]
    assert len(told) == (words is not None)
    for each in told:
        assert words[0] in each.en
        assert words[1] in each.zh
        assert each.en.endswith("one of power.")


def test_a_share_typed_in_per_cent_is_told_how_shares_are_typed():
    row = {**GOOD, "discount_rate": 5, "area_mu": "many"}
    told = read_rows(SPEC, [row], PARAMETERS).problems[0]
    (rate,) = [each.detail for each in told if each.field == "discount_rate"]
    assert "5% is typed as 0.05" in rate.en
    assert "5%填0.05" in rate.zh


@pytest.mark.parametrize("typed", ["0.6%", "NaN", "six"])
def test_what_is_no_number_is_told_how_shares_are_typed_only_where_one_is_asked(typed):
    row = {**GOOD, "discount_rate": typed, "area_mu": typed}
    told = {each.field: each for each in read_rows(SPEC, [row], PARAMETERS).problems[0]}
    assert {each.code for each in told.values()} == {"not-a-number"}
    assert told["discount_rate"].detail == Text(
        en="A number is needed: a share of one, 5% is typed as 0.05.",
        zh="须为数字：按小数填写，5%填0.05。",
    )
    assert told["area_mu"].detail == Text(en="A number is needed.", zh="须为数字。")
