"""Every name of a loan that the project itself gives has English words."""

import csv
from pathlib import Path

import pytest

from app.loans.titles import english_titles, loan_title

DEMO = Path(__file__).resolve().parents[3] / "app" / "demo" / "data"


def _demo_titles() -> set[str]:
    with (DEMO / "serviced_loans.csv").open(encoding="utf-8") as lines:
        return {row["product_zh"] for row in csv.DictReader(lines)}


@pytest.mark.parametrize("title", sorted(_demo_titles() | {"绿色贷款"}))
def test_the_names_of_the_demonstration_have_english_words(title: str) -> None:
    assert loan_title(title).en


def test_no_two_names_have_the_same_english_words() -> None:
    assert len(set(english_titles().values())) == len(english_titles())


def test_a_name_that_is_not_listed_is_shown_as_it_is() -> None:
    assert loan_title("另一示例贷款").in_language("en") == "另一示例贷款"
