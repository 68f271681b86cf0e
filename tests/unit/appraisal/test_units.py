"""Every unit that a model or a parameter carries is said in Chinese too."""

import re
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

import risk_models
from app.appraisal.units import SILENT, WORDS
from risk_models.registry import installed_models

FOLDER = Path(risk_models.__file__).parent
CATALOGUE = FOLDER.parent / "app/translations/zh_Hans_CN/LC_MESSAGES/messages.po"


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


def test_every_unit_is_listed():
    assert units_in_use() - set(WORDS) == set()


@pytest.mark.parametrize("unit", WORDS)
def test_every_unit_has_chinese_words(unit):
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    assert re.search(r"[\u4e00-\u9fff]", str(catalogue[unit].string))
