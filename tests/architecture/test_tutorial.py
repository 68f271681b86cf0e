"""The tutorial shows pictures that exist and names buttons as the pages do."""

import json
import re
from datetime import date
from decimal import Decimal
from pathlib import Path

import yaml
from babel.messages.pofile import read_po

from app.assets.domain.geometry import read_parcels
from risk_models.appraise import appraise

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
EXAMPLES = ROOT / "docs" / "examples"
PICTURES = ROOT / "docs" / "tutorial"
CATALOGUE = ROOT / "app" / "translations" / "zh_Hans_CN" / "LC_MESSAGES" / "messages.po"
KINDS = ROOT / "app" / "assets" / "kinds.yaml"
MAX_BYTES = 3_000_000
"""All pictures together; a clone should not grow by more."""


def tutorial() -> str:
    return TUTORIAL.read_text(encoding="utf-8")


def words_of_pages() -> set[str]:
    with CATALOGUE.open("rb") as source:
        catalogue = read_po(source, locale="zh_Hans_CN")
    kinds = yaml.safe_load(KINDS.read_text(encoding="utf-8"))
    said = {str(message.string) for message in catalogue if message.id}
    return said | set(re.findall(r"[\u4e00-\u9fff（）]+", str(kinds)))


def test_every_picture_of_the_tutorial_exists_and_each_is_shown() -> None:
    shown = re.findall(r"!\[[^\]]+\]\(tutorial/([^)]+)\)", tutorial())
    assert sorted(shown) == sorted(each.name for each in PICTURES.iterdir())
    assert len(shown) == len(set(shown))


def test_the_pictures_stay_small() -> None:
    assert sum(each.stat().st_size for each in PICTURES.iterdir()) < MAX_BYTES


def test_the_land_to_paste_has_the_areas_that_the_tutorial_says() -> None:
    drawn = [
        sum((each.area_mu for each in read_parcels(json.loads(block))), Decimal(0))
        for block in re.findall(r"```json\n\s*(.+)\n\s*```", tutorial())
    ]
    assert len(drawn) == 2
    for area_mu, said in zip(drawn, ("2600", "29600"), strict=True):
        assert said in tutorial()
        assert abs(area_mu / Decimal(said) - 1) < Decimal("0.05")


def value_yuan(
    model: str, on: date, *, inputs: dict[str, float], prices: dict[str, int]
) -> Decimal:
    document = json.loads((EXAMPLES / f"{model}.json").read_text(encoding="utf-8"))
    document["inputs"].update(inputs)
    for price, yuan in prices.items():
        document["prices"][price]["yuan"] = yuan
    return Decimal(str(appraise(model, document, on)["value_yuan"]))


def test_the_values_of_the_tutorial_are_those_of_the_models_on_its_days() -> None:
    for model in ("forest-right", "carbon-sink-income"):
        value = value_yuan(model, date(2024, 1, 2), inputs={}, prices={})
        assert f"{value:,.2f}" in tutorial()
    after = date(2024, 1, 3)
    forest = value_yuan("forest-right", after, inputs={"net_yield_yuan_per_mu": 150}, prices={})
    carbon = value_yuan("carbon-sink-income", after, inputs={}, prices={"local-sink": 21})
    left = forest + carbon
    assert f"÷ {left:,.2f} = {(Decimal('3000741.67') / left * 100):.2f} %" in tutorial()
    assert f"÷ {left:,.2f} = 60.00 %" in tutorial()


def test_each_signature_has_the_number_that_the_walk_types() -> None:
    """The form of an agency's signature refuses without the number of a qualification."""
    walk = (ROOT / "tests" / "browser" / "test_main_path.py").read_text(encoding="utf-8")
    typed = re.findall(r'"qualification": "(\d+)"', walk)
    assert len(typed) == 2
    step = next(line for line in tutorial().split("\n\n") if "(承办签字)" in line)
    assert "评估师资格证号" in step
    assert all(number in step for number in typed)


def test_every_chinese_word_of_the_tutorial_is_on_some_page() -> None:
    named = set(re.findall(r"\(([\u4e00-\u9fff][\u4e00-\u9fff（）]*)\)", tutorial()))
    assert named
    assert named - words_of_pages() == set()
