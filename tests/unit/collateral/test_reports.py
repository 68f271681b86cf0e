"""The top-up notice: what crossed which line, two ways to cure, by when, and its service."""

from dataclasses import replace
from pathlib import Path

import pytest

from app.collateral.reports import top_up_notice
from tests.support.documents import page_count, require_nothing_embedded, squeezed, text_of
from tests.support.report_views import notice_view

HOSTILE = ('<img src="/etc/hostname">', "<b>x <i>y</b>", "&", '<a href="javascript:alert(1)">')


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the sample."""
    return text_of(top_up_notice(notice_view()), tmp_path_factory.mktemp("sample"))


def test_the_same_view_gives_the_same_bytes() -> None:
    assert top_up_notice(notice_view()) == top_up_notice(notice_view())


@pytest.mark.parametrize(
    "words",
    [
        "70.09%",
        "追加线（70%）",
        "3,031,891.67",
        "4,325,600.00",
        "436,531.67",
        "人民币肆拾叁万陆仟伍佰叁拾壹元陆角柒分",
        "727,552.79",
        "人民币柒拾贰万柒仟伍佰伍拾贰元柒角玖分",
        "不高于 60.00%",
        "2024年4月5日",
        "5 April 2024",
        "L-2023-000417",
        "（本金＋应计利息＋费用）÷ 认定价值",
        "5,600,000.00",
        "3,780,000.00",
        "春季霜冻",
        "370.83",
        "周怀谷",
        "合成示例",
        "送达回执",
        "公证notarised",
    ],
)
def test_the_notice_says_what_happened_and_how_to_cure_it(words: str, sample: str) -> None:
    assert squeezed(words) in sample


def test_each_line_says_whether_it_was_crossed(sample: str, tmp_path: Path) -> None:
    view = notice_view()
    assert (sample.count("是yes"), sample.count("否no")) == (2, 1)
    at_the_line = replace(view, ratio_ppm=view.disposal_ppm)
    assert text_of(top_up_notice(at_the_line), tmp_path).count("是yes") == 2
    just_above = replace(view, ratio_ppm=view.disposal_ppm + 1)
    assert text_of(top_up_notice(just_above), tmp_path).count("是yes") == 3


def test_the_basis_on_principal_is_named(tmp_path: Path) -> None:
    shown = text_of(top_up_notice(replace(notice_view(), basis="principal")), tmp_path)
    assert "本金余额÷认定价值" in shown


def test_a_notice_without_history_or_daily_interest_is_complete(tmp_path: Path) -> None:
    view = replace(notice_view(), history=(), daily_interest_fen=None, notice=None)
    shown = text_of(top_up_notice(view), tmp_path)
    assert "此后每日" not in shown
    assert "抵质押率走势" not in shown
    assert "436,531.67" in shown


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_and_do_nothing(text: str, tmp_path: Path) -> None:
    content = top_up_notice(notice_view(text))
    require_nothing_embedded(content)
    assert text_of(content, tmp_path).count(squeezed(text)) >= 10
    assert page_count(content) <= 6
