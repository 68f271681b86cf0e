"""Reading many rows: the good ones make a batch, every problem of the others is named."""

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from risk_models.batches import InvalidInputs, batch_from_rows, read_rows
from risk_models.models import forest_right
from risk_models.registry import science_parameters

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
