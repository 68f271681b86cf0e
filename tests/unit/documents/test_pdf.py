"""Documents: the same bytes each time, values shown literally, fonts embedded, pages bounded."""

import re
from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.documents import pdf, pdf_page, pdf_text
from app.documents.pdf import (
    Block,
    Cell,
    Column,
    Cover,
    DocumentLayout,
    Grid,
    Heading,
    KeyValues,
    LineChart,
    PageBreak,
    Row,
    Series,
    Signature,
    Signatures,
    Text,
    Words,
    render,
)
from tests.support.documents import (
    page_count,
    pages_of,
    require_nothing_embedded,
    squeezed,
    text_of,
)

LAYOUT = DocumentLayout(
    title_zh="追加担保通知书",
    title_en="Notice to top up security",
    number="N-2024-000001",
    issued_on=date(2024, 1, 2),
    check_url="https://example.invalid/verify/N-2024-000001",
    digest_text="7C1F-9A02",
    party="弱水示例银行张掖分行",
    issuer="弱水示例银行张掖分行",
    notice=Words(zh="合成示例", en="Synthetic example"),
)
LABEL = Words(zh="名称", en="Name")
HOSTILE = (
    '<img src="/etc/hostname">',
    "<b>x <i>y</b>",
    "&",
    "&lt;",
    '<a href="javascript:alert(1)">x</a>',
    "<para><para>",
    "<br/><font size=99>",
    "]]>",
    "%s %(name)s {x}",
)


def one_of_each(value: str) -> list[Block]:
    """Every block with the value in every place that takes one."""
    words = Words(zh=value, en=value)
    columns = [Column(title=words), Column(title=words, align="right"), Column(title=words)]
    return [
        Cover(rows=[Row(label=words, value=value, note=value, strong=True)]),
        Heading(words=words),
        Heading(words=words, level=2),
        Text(words=words),
        Text(words=words, strong=True),
        KeyValues(rows=[Row(label=words, value=value, note=value)]),
        Grid(
            columns=columns,
            rows=[[value, Cell(text=value, note=value), value]],
            total=[value, value, value],
            caption=words,
        ),
        Grid(columns=columns, rows=[], empty=words),
        LineChart(
            title=words,
            labels=[value, value],
            series=[Series(name=value, values=[Decimal(1), Decimal(2)])],
        ),
        PageBreak(),
        Signatures(places=[Signature(role=words, name=value, detail=value)], seal=words),
    ]


def with_value(value: str) -> DocumentLayout:
    return DocumentLayout(
        title_zh=value,
        title_en=value,
        number=value,
        issued_on=date(2024, 1, 2),
        check_url="https://example.invalid/verify/x",
        digest_text=value,
        party=value,
        issuer=value,
        notice=Words(zh=value, en=value),
        confidentiality=Words(zh=value, en=value),
    )


def test_the_same_input_gives_the_same_bytes() -> None:
    blocks = one_of_each("红枣林 Jujube forest")
    assert render(LAYOUT, blocks) == render(LAYOUT, blocks)


def test_another_value_gives_other_bytes() -> None:
    first, second = ([Text(words=Words(zh=zh))] for zh in ("红枣林", "沙棘林"))
    assert render(LAYOUT, first) != render(LAYOUT, second)


def test_only_embedded_fonts_are_named() -> None:
    content = render(LAYOUT, one_of_each("红枣林"))
    names = set(re.findall(rb"/BaseFont /([A-Za-z0-9+\-]+)", content))
    assert names
    assert all(b"NotoSansSC" in name for name in names)
    assert content.count(b"/FontFile2") == len(re.findall(rb"/Type /FontDescriptor", content)) > 0


@pytest.mark.parametrize("value", HOSTILE)
def test_mark_up_in_a_value_is_shown_as_it_was_typed_and_does_nothing(
    value: str, tmp_path: Path
) -> None:
    content = render(with_value(value), one_of_each(value))
    # Title and cover, headings, texts, tables: each of the places shows the text itself.
    assert text_of(content, tmp_path).count(squeezed(value)) >= 20
    require_nothing_embedded(content)


def test_a_character_the_fonts_lack_is_replaced_by_a_mark_and_its_code_point(
    tmp_path: Path,
) -> None:
    assert pdf_text.plain("𠮷田") == "〓(U+20BB7)田"
    shown = text_of(render(LAYOUT, [Text(words=Words(zh="姓名：𠮷田"))]), tmp_path)
    assert "姓名：〓(U+20BB7)田" in shown


def test_subscript_figures_are_set_as_subscripts() -> None:
    assert pdf_text.markup("tCO₂e") == 'tCO<sub rise="1.6" size="5.6">2</sub>e'
    assert pdf_text.without_subscripts("tCO₂e") == "tCO2e"


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\x00b", "ab"),
        ("a\u202eb\u200bc", "abc"),
        ("a\ud800b", "ab"),
        ("e\u0301", "é"),
        ("a\tb\r\nc", "a b\nc"),
        ("\U0001f600", "〓(U+1F600)"),
    ],
)
def test_hidden_and_control_characters_do_not_reach_the_page(value: str, shown: str) -> None:
    assert pdf_text.plain(value) == shown


@given(st.text(max_size=200))
def test_every_text_becomes_well_formed_mark_up_of_known_glyphs(value: str) -> None:
    made = pdf_text.markup(value)
    bare = re.sub(r'<br/>|<sub rise="1.6" size="5.6">\d</sub>', "", made)
    assert "<" not in bare
    assert re.fullmatch(r"(?:[^&]|&(?:amp|lt|gt);)*", bare, re.DOTALL)


def test_a_value_without_end_is_cut_with_a_mark_and_the_pages_stay_few() -> None:
    for value in ("红" * 100_000, "x " * 50_000):
        assert pdf_text.plain(value).endswith(pdf_text.CUT)
        assert page_count(render(with_value(value), one_of_each(value))) < 40


def test_text_up_to_the_limit_is_not_cut() -> None:
    assert pdf_text.plain("红" * pdf_text.MAX_CHARACTERS) == "红" * pdf_text.MAX_CHARACTERS


def test_pages_are_numbered_in_both_languages(tmp_path: Path) -> None:
    blocks: Sequence[Block] = [Text(words=LABEL), PageBreak(), Text(words=LABEL)]
    content = render(LAYOUT, blocks)
    shown = text_of(content, tmp_path)
    assert page_count(content) == 2
    assert "第1页/共2页Page1of2" in shown
    assert "第2页/共2页Page2of2" in shown


def test_the_head_of_a_table_is_repeated_on_each_page(tmp_path: Path) -> None:
    columns = [Column(title=Words(zh="期次", en="No.")), Column(title=LABEL)]
    grid = Grid(columns=columns, rows=[[str(n), "x"] for n in range(150)], total=["合计", "150"])
    content = render(LAYOUT, [grid])
    assert page_count(content) >= 3
    assert text_of(content, tmp_path).count("期次") == page_count(content)


@pytest.mark.parametrize("lines", range(20, 28))
def test_a_tall_row_goes_whole_to_the_next_page(lines: int, tmp_path: Path) -> None:
    filler = [Text(words=Words(zh=f"第{number}行")) for number in range(lines)]
    rows = [[Cell(text="首段" + "内容很长" * 30 + "末段", note="x"), ""] for _ in range(4)]
    grid = Grid(columns=[Column(title=Words(zh="表头", en="")), Column(title=LABEL)], rows=rows)
    pages = pages_of(render(LAYOUT, [*filler, grid]), tmp_path)
    assert all(page.count("首段") == page.count("末段") for page in pages)
    assert all(page.count("表头") == ("首段" in page) for page in pages)


@pytest.mark.parametrize("lines", range(20, 28))
def test_a_labelled_value_goes_whole_to_the_next_page(lines: int, tmp_path: Path) -> None:
    filler = [Text(words=Words(zh=f"第{number}行")) for number in range(lines)]
    rows = [Row(label=LABEL, value="首段" + "内容很长" * 60 + "末段") for _ in range(4)]
    pages = pages_of(render(LAYOUT, [*filler, KeyValues(rows=rows)]), tmp_path)
    assert all(page.count("首段") == page.count("末段") for page in pages)


def test_a_table_refuses_a_row_of_another_length() -> None:
    columns = [Column(title=LABEL), Column(title=LABEL)]
    with pytest.raises(ValueError, match="zip"):
        render(LAYOUT, [Grid(columns=columns, rows=[["only one"]])])


def test_a_document_past_the_page_limit_is_refused() -> None:
    breaks: list[Block] = []
    for _ in range(pdf_page.MAX_PAGES):
        breaks += [Text(words=LABEL), PageBreak()]
    assert page_count(render(LAYOUT, breaks[:-1])) == pdf_page.MAX_PAGES
    with pytest.raises(pdf.DocumentTooLong):
        render(LAYOUT, [*breaks, Text(words=LABEL)])


def test_the_first_page_carries_notice_number_and_check_code(tmp_path: Path) -> None:
    for blocks in ([Text(words=LABEL)], [Cover(rows=[Row(label=LABEL, value="x")])]):
        shown = text_of(render(LAYOUT, blocks), tmp_path)
        for words in ("合成示例", "N-2024-000001", "7C1F-9A02", "追加担保通知书", "2024年1月2日"):
            assert words in shown


def test_missing_fonts_say_what_to_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pdf_text, "_glyphs", frozenset())
    with pytest.raises(pdf.FontsMissing, match=r"dev\.py setup"):
        pdf_text.register_fonts(tmp_path)


@given(st.lists(st.decimals(-(10**12), 10**12, allow_nan=False, places=2), min_size=1, max_size=20))
def test_the_axis_of_a_chart_holds_all_values_in_few_round_steps(values: list[Decimal]) -> None:
    ticks = pdf.chart_ticks(values)
    assert ticks[0] <= min(values)
    assert max(values) <= ticks[-1]
    assert 2 <= len(ticks) <= 7
    assert len({after - before for before, after in pairwise(ticks)}) == 1


@pytest.mark.parametrize("lines", range(26, 34))
@pytest.mark.parametrize("headed", [True, False])
def test_the_head_of_a_table_and_its_heading_stand_with_its_first_row(
    lines: int,
    headed: bool,
    tmp_path: Path,
) -> None:
    """Wherever on the page a table begins: neither ends a page without what it is about."""
    filler = [Text(words=Words(zh=f"第{number}行")) for number in range(lines)]
    heads = [
        Heading(words=Words(zh="甲节", en="")),
        Heading(words=Words(zh="乙款", en=""), level=2),
    ]
    row = ["首行" + "内容很长" * 30, "", ""]
    grid = Grid(columns=[Column(title=Words(zh="表头", en=""), width=1)] * 3, rows=[row])
    blocks: list[Block] = [*filler, *(heads if headed else []), grid]
    pages = pages_of(render(LAYOUT, blocks), tmp_path)
    first = next(page for page in pages if "表头" in page)
    assert "首行" in first
    if headed:
        (page,) = [each for each in pages if "甲节" in each]
        assert all(words in page for words in ("乙款", "表头", "首行"))
