"""Every unit that a model or a parameter carries is said in Chinese too."""

import re
from pathlib import Path

import pytest

import risk_models
from app.kernel.units import per_cent, span, unit_name
from risk_models.registry import installed_models
from risk_models.units import SILENT, find_unit_words

FOLDER = Path(risk_models.__file__).parent


def units_in_use() -> set[str]:
    """Units of fields and prices, of steps and of parameter files."""
    specs = [model.spec for model in installed_models().values()]
    declared = {each.unit for spec in specs for each in (*spec.fields, *spec.prices)}
    steps = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.py"))
    tables = "".join(path.read_text(encoding="utf-8") for path in FOLDER.rglob("*.yaml"))
    return {
        *declared,
        *re.findall(r'@step\(unit="([^"]+)"', steps),
        *re.findall(r'unit: *"?([^\s",}]+)', tables),
    } - SILENT


def test_every_unit_has_words_in_both_languages():
    assert {unit for unit in units_in_use() if find_unit_words(unit) is None} == set()
    names = [unit_name(unit) for unit in units_in_use() - {"1/year"}]
    assert [
        name for name in names if not name.en or not re.search(r"[\u4e00-\u9fff%]", name.zh)
    ] == []


@pytest.mark.parametrize(
    ("share", "shown"), [("0.075", "7.5"), (0.05, "5"), ("1", "100"), ("0", "0"), (-0.004, "-0.4")]
)
def test_a_share_is_read_in_per_cent(share, shown):
    assert per_cent(share) == shown


def test_a_range_says_whether_its_low_end_is_in_it():
    assert span(0.0, 0.5, "ratio", above=False) == "0 – 0.5"
    assert span(0.0, 0.5, "ratio", above=True) == "> 0 – 0.5"
    assert span(None, 0.5, "ratio", above=True) == "0.5"
    assert span(None, None, "", above=False) == ""
