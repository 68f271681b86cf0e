"""Units in words: from their parts, from the list of irregular ones, or not at all."""

import json
from datetime import date
from pathlib import Path
from typing import cast

import pytest

from risk_models.appraise import InvalidDocument, appraise
from risk_models.units import IRREGULAR, PARTS, find_unit_words, unit_words
from risk_models.words import Text

HOW_TO = Path(__file__).resolve().parents[2] / "docs" / "how-to" / "write-an-appraisal-model.md"
SINK = Path(__file__).resolve().parents[2] / "docs" / "examples" / "carbon-sink-income.json"


@pytest.mark.parametrize(
    ("unit", "zh"),
    [
        ("t/mu", "吨/亩"),
        ("t/year", "吨/年"),
        ("yuan/mu/year", "元/亩·年"),
        ("tCO2e/mu/year", "吨CO2e/亩·年"),
        ("yuan*mu/m3", "元·亩/立方米"),
        ("1/year", "1/年"),
        ("yuan/head", "元/头"),
        ("", ""),
        ("1", ""),
    ],
)
def test_a_unit_is_worded_from_its_parts(unit: str, zh: str):
    assert unit_words(unit).zh == zh


def test_an_irregular_unit_has_words_of_its_own():
    assert unit_words("wan/year") == Text(en="ten thousand yuan/year", zh="万元/年")
    assert unit_words("percent/year").zh == "%/年"


@pytest.mark.parametrize("unit", ["goat", "yuan/goat", "t//mu", "/mu", "t/", "t mu"])
def test_a_unit_of_an_unknown_part_has_no_words_and_stays_as_written(unit: str):
    assert find_unit_words(unit) is None
    assert unit_words(unit) == Text(en=unit, zh=unit)


def test_the_how_to_lists_the_signs_that_have_words():
    told = HOW_TO.read_text(encoding="utf-8")
    assert [sign for sign in PARTS if f"`{sign}`" not in told] == []


def removals_told(given: float, language: str) -> str:
    """What is said of removals in tCO2e/mu/year beside the example of the sink."""
    document = json.loads(SINK.read_text(encoding="utf-8"))
    document["inputs"]["removals_tco2e_per_mu"] = given
    try:
        found = appraise("carbon-sink-income", document, date(2023, 12, 26), language=language)
    except InvalidDocument as refused:
        return " ".join(each.detail.in_language(language) for each in refused.problems)
    return " ".join(each["detail"] for each in cast("list[dict[str, str]]", found["findings"]))


@pytest.mark.parametrize("given", [0.174688 * 15, 1e9], ids=["per-hectare", "out-of-bounds"])
def test_findings_word_units_as_pages_do(given: float):
    assert "吨CO2e/亩·年" in removals_told(given, "zh")
    assert "tCO2e/mu/year" in removals_told(given, "en")


def test_no_part_lacks_words():
    assert all(PARTS.values())
    assert all(words.complete for words in IRREGULAR.values())
