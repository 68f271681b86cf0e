"""Names of loans in both languages."""

from functools import cache
from pathlib import Path
from typing import Final

import yaml

from app.kernel.actor import Name

TITLES: Final = Path(__file__).resolve().parent / "titles.yaml"


@cache
def english_titles() -> dict[str, str]:
    """English names by the Chinese one."""
    titles: dict[str, str] = yaml.load(TITLES.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return titles


def loan_title(title: str) -> Name:
    """The name that a contract gives, with its English words; empty when there are none."""
    return Name(zh=title, en=english_titles().get(title, ""))
