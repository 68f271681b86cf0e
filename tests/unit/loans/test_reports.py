"""The loan statement: terms, movements, schedule and repayments with totals that add up."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.loans.reports import loan_statement
from tests.support.documents import page_count, require_nothing_embedded, squeezed, text_of
from tests.support.report_views import statement_view

HOSTILE = ('<img src="/etc/hostname">', "<b>x <i>y</b>", "&", '<a href="javascript:alert(1)">')


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the sample."""
    return text_of(loan_statement(statement_view()), tmp_path_factory.mktemp("sample"))


def test_the_same_view_gives_the_same_bytes() -> None:
    assert loan_statement(statement_view()) == loan_statement(statement_view())


@pytest.mark.parametrize(
    "words",
    [
        "L-2023-000003",
        "4.45%",
        "实际天数/360天 actual days over 360",
        "等额本金（按季）",
        "期初本金余额 Opening balance",
        "360,000.00",
        "-60,000.00",
        "期末本金余额 Closing balance",
        "300,000.00",
        "360,120.00",  # All payments of the schedule.
        "67,887.50",  # All repayments of the period.
        "挂账 Suspense",
        "期末挂账金额 Money in suspense",
        "7,787.50",
        "2023-12-21",
        "起息 2023-12-20",
        "2026年6月27日",
        "陈砺",
    ],
)
def test_the_statement_shows_terms_movements_and_totals(words: str, sample: str) -> None:
    assert squeezed(words) in sample


def test_who_prepared_it_is_left_out_when_unknown(tmp_path: Path) -> None:
    shown = text_of(loan_statement(replace(statement_view(), prepared_by="")), tmp_path)
    assert squeezed("Prepared by") not in shown
    assert squeezed("Confirmed by the borrower") in shown


def test_a_loan_not_yet_drawn_has_a_statement_without_rows(tmp_path: Path) -> None:
    view = replace(statement_view(), drawn_on=None, notes=(), schedule=(), repayments=())
    shown = text_of(loan_statement(view), tmp_path)
    assert "本期无还款" in shown
    assert "剩余本金（万元）" not in shown


def test_thirty_years_of_months_repeat_the_head_on_each_page(tmp_path: Path) -> None:
    content = loan_statement(statement_view(periods=360))
    assert 8 <= page_count(content) <= 20
    assert text_of(content, tmp_path).count("剩余本金Balance") >= page_count(content) - 2


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_and_do_nothing(text: str, tmp_path: Path) -> None:
    content = loan_statement(statement_view(text))
    require_nothing_embedded(content)
    assert text_of(content, tmp_path).count(squeezed(text)) >= 5
