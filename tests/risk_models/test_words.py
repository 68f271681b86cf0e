"""Numbers in the words of findings: plain digits with thousands separators, in both languages."""

import math

import pytest

from risk_models.words import Text, figure, plain


@pytest.mark.parametrize(
    ("number", "told"),
    [
        (8_990_000.0, "8,990,000"),
        (-1_087_480_123.4, "-1,087,480,123"),
        (73.45678, "73.4568"),
        (0.05, "0.05"),
        (0.000_001, "0.000001"),
        (0.0, "0"),
        (999_999.96, "1,000,000"),
    ],
)
def test_a_number_is_told_without_an_exponent(number: float, told: str):
    assert plain(number) == told


def test_figures_keep_the_decimals_of_money_and_drop_empty_ones_of_shares():
    assert figure(1_020_408.33, 2) == "1,020,408.33"
    assert figure(4.0, 2) == "4.00"
    assert figure(0.05, 4) == "0.05"
    assert figure(0.000_012, 4) == "0.000012"
    assert figure(0.0, 4) == "0"
    assert figure(-0.4, 0) == "0"
    assert plain(math.nan) == "nan"


def test_places_of_a_wording_are_filled_alike_in_both_languages():
    words = Text(
        en="%(given).6g t in %(year)d, %(share).4f of it; 5 %% of %(name)s, %(count).0f times",
        zh="%(year)d年%(given).6g吨，%(share).4f；%(name)s的5%%，%(count).0f次",
    )
    facts: dict[str, object] = {
        "given": 8.99e6,
        "year": 2020.0,
        "share": 0.05,
        "name": "wood",
        "count": 39_000.0,
    }
    told = words.filled(facts)
    assert told.en == "8,990,000 t in 2020, 0.05 of it; 5 % of wood, 39,000 times"
    assert told.zh == "2020年8,990,000吨，0.05；wood的5%，39,000次"
    with pytest.raises(KeyError):
        words.filled({"given": 1.0})


@pytest.mark.parametrize(
    ("share", "told"),
    [(0.3, "30%"), (0.125, "12.5%"), (0.07, "7%"), (0.0001, "0.01%"), (0.0, "0%"), (-0.02, "-2%")],
)
def test_a_share_is_told_in_per_cent(share: float, told: str):
    words = Text(en="%(rate)p of it", zh="其%(rate)p")
    assert words.filled({"rate": share}) == Text(en=f"{told} of it", zh=f"其{told}")
