"""The tutorial shows pictures that exist and names buttons as the pages do."""

import re
from pathlib import Path

import yaml
from babel.messages.pofile import read_po

ROOT = Path(__file__).resolve().parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
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


def test_every_chinese_word_of_the_tutorial_is_on_some_page() -> None:
    named = set(re.findall(r"\(([\u4e00-\u9fff][\u4e00-\u9fff（）]*)\)", tutorial()))
    assert named
    assert named - words_of_pages() == set()
