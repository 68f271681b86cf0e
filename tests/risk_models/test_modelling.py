"""What several models share."""

import numpy as np
import pytest

from risk_models.appraise import finding_detail
from risk_models.modelling import mixed_units
from risk_models.models import forest_compensation_income
from tests.risk_models.helpers import example, run

LOW, HIGH = np.array([0.1]), np.array([0.6])


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (0.39, False),  # Anji bamboo, a mu and year.
        (0.39 * 15, True),  # The same a hectare.
        (0.1, False),
        (0.6, False),
        (0.39 / 15, True),
        (0.6 * 15 + 0.01, False),  # Too much in either unit.
        (0.0, False),
    ],
)
def test_a_figure_that_fits_only_in_the_other_unit_of_area_is_asked_about(given, asked):
    found = mixed_units("rate", np.array([given]), low=LOW, high=HIGH)
    assert [entry.code for entry in found] == (["units-mixed"] if asked else [])


def test_the_question_says_what_the_figure_would_be():
    (found,) = mixed_units("rate", np.array([5.85, 0.3]), low=LOW, high=HIGH)
    assert list(found.rows) == [0]
    assert found.facts["meant"][0] == pytest.approx(0.39)
    assert found.severity == "ask"


def test_the_question_names_the_field_and_its_unit_in_both_languages():
    row = {**example(forest_compensation_income.MODEL), "compensation_yuan_per_mu": 225.0}
    found = run(forest_compensation_income.MODEL, [row]).findings
    (mixed,) = (entry for entry in found if entry.code == "units-mixed")
    assert "下一年度补偿标准（元/亩·年）" in mixed.detail.zh
    assert "Compensation of the next year (yuan/mu/year)" in mixed.detail.en


def test_a_share_is_told_in_per_cent_as_the_pages_show_it():
    row = {**example(forest_compensation_income.MODEL), "discount_rate": 0.3}
    found = run(forest_compensation_income.MODEL, [row]).findings
    (told,) = (entry for entry in found if entry.code == "rate-outside-band")
    assert finding_detail(told, 0).zh == "折现率30%超出通常区间4%至9%。"
