"""The appraisal report says everything, in both languages, and always the same."""

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from app.appraisal.report_parts import figure, grouped_text, input_figure, unit_beside
from app.appraisal.report_tables import TABLE, cell_told, table_told
from app.appraisal.report_views import (
    BandView,
    BarView,
    ChangedView,
    ChangeView,
    ComparisonView,
    FactView,
    IndicatorView,
    InputView,
    OutsideView,
    SubjectAnnexView,
    YearBandView,
)
from app.appraisal.reports import appraisal_report
from app.documents.pdf import Words
from tests.support.documents import page_count, require_nothing_embedded, squeezed, text_of
from tests.support.report_views import appraisal_view

SECTIONS = (
    "声明", "摘要", "一、委托人、权利人及报告使用人", "二、评估目的", "三、评估对象和范围",
    "四、价值类型", "五、评估基准日", "六、评估依据", "七、评估方法", "八、评估过程",
    "九、参数和价格", "十、评估假设", "十一、核查发现", "十二、评估结论", "十三、特别事项",
    "十四、使用限制与有效期", "十五、报告日与签章", "附件",
)  # fmt: skip
HOSTILE = ('<img src="/etc/hostname">', "<b>x <i>y</b>", "&", '<a href="javascript:alert(1)">')


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the sample."""
    return text_of(appraisal_report(appraisal_view()), tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="module")
def annexes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The words of the sample with every annex that a report may have."""
    return text_of(appraisal_report(full_view()), tmp_path_factory.mktemp("annexes"))


def test_the_same_view_gives_the_same_bytes() -> None:
    assert appraisal_report(appraisal_view()) == appraisal_report(appraisal_view())


def test_all_sections_stand_in_their_order(sample: str) -> None:
    places = [sample.index(section) for section in SECTIONS]
    assert places == sorted(places)


@pytest.mark.parametrize(
    "words",
    [
        "人民币肆拾伍万元整",
        "CNY 450,000.00",
        "area_mu = 6,800.00",
        "area_mu * rate_tco2e_per_mu",
        "1, 0.95, 0.9025, 0.857, … (5)",
        "Judgement",
        "本行判断",
        "金石",
        "魏澜",
        "2024年12月30日",
        "a3" * 32,
        "c5" * 32,
        "合成示例，非真实业务",
        "7C1F-9A02-55D0",
        "单价取自近期成交",
        "Shandan County",
    ],
)
def test_the_report_tells_what_a_reader_needs_to_repeat_it(words: str, sample: str) -> None:
    assert squeezed(words) in sample


def test_an_unsigned_place_stays_blank_and_a_signed_one_carries_its_day(
    sample: str, tmp_path: Path
) -> None:
    view = appraisal_view()
    both = replace(view, reviewer=replace(view.reviewer, signed_on=view.maker.signed_on))
    twice = text_of(appraisal_report(both), tmp_path)
    assert twice.count("2024年1月2日") == sample.count("2024年1月2日") + 1


def test_a_yearly_ecological_value_says_it_must_not_be_lent_on(sample: str, tmp_path: Path) -> None:
    warning = "不得作为抵质押价值使用"
    ecological = text_of(appraisal_report(appraisal_view(is_ecological=True)), tmp_path)
    assert warning not in sample
    assert warning in ecological
    assert "生态产品价值核算报告" in ecological


def test_a_negative_value_is_printed_as_it_is(tmp_path: Path) -> None:
    view = replace(appraisal_view(), value_fen=-1_234_56)
    assert "人民币-1,234.56元" in text_of(appraisal_report(view), tmp_path)


def test_a_bare_report_without_optional_parts_is_complete(tmp_path: Path) -> None:
    view = appraisal_view()
    bare = replace(
        view,
        object=replace(view.object, parcels=(), measurements=(), area_mu="", forest_category=None),
        findings=(),
        steps=(),
        evidence=(),
        special_matters=(),
        notice=None,
    )
    shown = text_of(appraisal_report(bare), tmp_path)
    assert "未发现需要说明的事项" in shown
    assert all(section in shown for section in SECTIONS)


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_words_are_shown_and_do_nothing(text: str, tmp_path: Path) -> None:
    content = appraisal_report(appraisal_view(text))
    require_nothing_embedded(content)
    assert text_of(content, tmp_path).count(squeezed(text)) >= 15


def test_a_long_trace_stays_a_bounded_document() -> None:
    view = appraisal_view()
    long = replace(view, steps=list(view.steps) * 60, parameters=list(view.parameters) * 60)
    assert page_count(appraisal_report(view)) <= 8
    assert page_count(appraisal_report(long)) <= 30


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (0.0, "0"),
        (0.08, "0.08"),
        (816.0, "816"),
        (999.9999, "1000"),
        (1000.0, "1,000.00"),
        (-1234567.891, "-1,234,567.89"),
        (12, "12"),
        ("2023-12-31", "2023-12-31"),
        ([1.0, 2.0], "1, 2"),
        ([1.0, 2.0, 3.0, 4.0], "1, 2, 3, 4"),
        ([1.0, 2.0, 3.0, 4.0, 5.0], "1, 2, 3, 4, … (5)"),
        ([], ""),
    ],
)
def test_figures_are_short_but_honest(value: object, shown: str) -> None:
    assert figure(value) == shown


def test_units_are_said_in_both_languages_and_shares_in_per_cent(tmp_path: Path) -> None:
    view = appraisal_view()
    share = InputView(title=Words(zh="折现率", en="Discount rate"), value=0.075, unit="ratio")
    area = InputView(title=Words(zh="面积", en="Area"), value=29600.0, unit="mu")
    rule = replace(view.parameters[0], value="0.035", unit="ratio")
    known = replace(view, inputs=[share, area], parameters=[rule], steps=())
    shown = text_of(appraisal_report(known), tmp_path)
    assert "7.5%" in shown
    assert "29,600.00Area亩mu" in shown
    assert "3.5" in shown
    assert "0.035" not in shown
    assert "0.075" not in shown


def test_a_long_list_is_printed_whole_beside_its_cell(tmp_path: Path) -> None:
    grown = [0.05 + 0.001 * year for year in range(60)]
    listed = InputView(title=Words(zh="逐年碳汇量", en="Removals"), value=grown, unit="tCO2e/mu")
    view = replace(appraisal_view(), inputs=[listed])
    shown = text_of(appraisal_report(view), tmp_path)
    assert squeezed("；".join(f"{each:.10g}" for each in grown)) in shown


def test_steps_are_told_in_words_with_their_lists_and_years(tmp_path: Path) -> None:
    view = appraisal_view()
    shown = text_of(appraisal_report(view), tmp_path)
    assert "年碳汇量=面积×rate_tco2e_per_mu" in shown
    assert "面积area_mu=6,800.00" in shown
    assert "profile（年收入）：1；0.95；0.9025；0.857；0.81" in shown
    assert "单价30.5元" in shown
    assert "逐年现金流量" in shown
    assert "22,500.50" in shown
    assert "46,500.50" in shown
    unlisted = replace(view, flows=())
    assert "逐年现金流量" not in text_of(appraisal_report(unlisted), tmp_path)


@pytest.mark.parametrize(
    ("cell", "zh", "en"),
    [
        (
            {"zh": "可否抵押（1可，0否）", "en": "Mortgageable (1 yes, 0 no)", "value": "1", "unit": "flag"},
            "可否抵押：是",
            "Mortgageable: yes",
        ),
        ({"zh": "扣减", "en": "Cut", "value": "0.15", "unit": "ratio"}, "扣减 15%", "Cut 15%"),
        ({"zh": "上限", "en": "Most", "value": "15000", "unit": "yuan/mu"}, "上限 15,000 元/亩", "Most 15,000 yuan/mu"),
        ({"zh": "最早", "en": "Oldest", "value": "2019", "unit": "year"}, "最早 2019 年", "Oldest 2019 year"),
    ],
)  # fmt: skip
def test_cells_of_a_table_are_told_in_words_and_with_separators(cell, zh, en):
    assert (cell_told(cell, "zh"), cell_told(cell, "en")) == (zh, en)


def test_what_a_person_wrote_on_a_finding_is_printed_whole(tmp_path: Path) -> None:
    view = appraisal_view()
    told = "".join(f"第{at}条依据。" for at in range(120))
    found = replace(view, findings=[replace(view.findings[0], explanation=told[:1000])])
    shown = text_of(appraisal_report(found), tmp_path)
    assert squeezed(told[:1000]) in squeezed(shown)
    assert "已截断" not in shown


def test_a_small_table_without_a_named_row_is_printed_whole():
    weights = table_told({"id": "discharge_right.approach_weight"}, date(2023, 12, 26))
    assert weights.zh == "剩余期限成本法：权重 60%\n市场法：权重 40%"
    assert weights.en == "Remaining-term cost: Weight 60%\nMarket approach: Weight 40%"
    # What a cell of the report would cut is not begun.
    assert table_told({"id": "carbon_sink.stock_factors"}, date(2023, 12, 26)) == TABLE
    assert table_told({"id": "carbon_sink.kind"}, date(2023, 12, 26)) != TABLE
    assert table_told({"id": "of.another.package"}, date(2023, 12, 26)) == TABLE


@pytest.mark.parametrize(
    ("digits", "shown"),
    [("15000", "15,000"), ("0.0350", "0.0350"), ("-12345.6", "-12,345.6"), ("2023-12-31",) * 2],
)
def test_stored_digits_have_separators(digits, shown):
    assert grouped_text(digits) == shown


def full_view():
    """The sample with every annex that a report may have."""
    view = appraisal_view()
    return replace(
        view,
        maker=replace(view.maker, qualification="62010001"),
        outside=OutsideView(
            number="评报字1号",
            reported_on=date(2024, 1, 1),
            value_fen=46_000_000,
            signers=["金石（62010001）", "魏澜（62010002）"],
            digest="e7" * 32,
        ),
        band=BandView(
            paths=2000,
            seed=77,
            tail=0.05,
            low_fen=30_000_000,
            mid_fen=44_000_000,
            high_fen=61_000_000,
            years=[YearBandView(year=1, low_fen=1_00, mid_fen=2_00, high_fen=3_00)],
        ),
        bars=[
            BarView(
                title=Words(zh="折现率", en="Discount rate"),
                low="6",
                high="12",
                unit="%",
                at_low_fen=50_000_000,
                at_high_fen=None,
            )
        ],
        comparison=ComparisonView(
            then_number="V-2022-000009",
            then_on=date(2022, 12, 31),
            then_fen=40_000_000,
            difference_fen=5_000_000,
            changes=[
                ChangeView(title=Words(zh="评估基准日", en="Day"), amount_fen=None, items=()),
                ChangeView(
                    title=Words(zh="价格", en="Prices"),
                    amount_fen=5_000_000,
                    items=[
                        ChangedView(
                            title=Words(zh="碳汇价格", en="Sink"),
                            old="25",
                            new="30",
                            amount_fen=5_000_000,
                        )
                    ],
                ),
            ],
        ),
        subject_annex=SubjectAnnexView(
            title=Words(zh="（附）碳汇项目表", en="Carbon-sink annex"),
            facts=[
                FactView(label=Words(zh="审核意见编号", en="Opinion No."), value="SH-1"),
                FactView(label=Words(zh="价格依据", en="Price basis"), value=""),
            ],
            indicators=[
                IndicatorView(
                    group=Words(zh="调节服务", en="Regulating"),
                    title=Words(zh="水源涵养", en="Water retention"),
                    quantity="1,000 立方米",
                    price="8 元/立方米",
                    value_fen=800_000,
                )
            ],
        ),
    )


@pytest.mark.parametrize(
    "words",
    [
        "（二）敏感性分析",
        "不予评估",
        "（三）情景分析",
        "2,000 / 77",
        "P5CNY 300,000.00",
        "P95CNY 610,000.00",
        "不取自这些分位数",
        "（四）与上次评估比较",
        "V-2022-000009",
        "计入下一步",
        "（六）机构自出报告",
        "评报字1号",
        "e7" * 32,
        "碳汇项目表",
        "SH-1",
        "水源涵养",
        "8 元/立方米",
        "资格证号 No. 62010001",
    ],
)
def test_the_annexes_tell_how_far_the_value_moves_and_what_changed(words, annexes):
    assert squeezed(words) in annexes


def test_a_report_without_band_bars_or_former_appraisal_says_so(sample):
    for words in (
        "不含评估基准日之后按波动率变动的价格，故无情景区间",
        "没有规定变动范围",
        "此前未对该资产出具评估",
    ):
        assert words in sample
    assert "机构自出报告" not in sample


def test_an_internal_report_names_the_bank_and_its_loan(tmp_path):
    view = replace(appraisal_view(), loan_fen=29_000_000)
    shown = text_of(appraisal_report(view), tmp_path)
    assert "押品内部评估报告" in shown
    assert squeezed("CNY 290,000.00") in shown
    assert "银行自行评估" in shown


def test_a_calendar_day_has_no_unit_and_nothing_is_minus_zero() -> None:
    assert figure(-0.0) == "0"
    assert unit_beside("2023-12-26", "day").text == ""
    assert unit_beside(30, "day").text == "日"


def test_a_bank_s_own_report_says_who_made_it(sample: str, tmp_path: Path) -> None:
    """Its signers are the client's staff: it claims no third party's distance."""
    view = replace(appraisal_view(), loan_fen=200_000_00)
    own = text_of(appraisal_report(view), tmp_path)
    distance = squeezed("与委托人、权利人及评估对象没有现存或预期的利益关系")
    assert distance in sample
    assert distance not in own
    assert squeezed("签字的两名人员均为该银行员工") in own
    assert squeezed("工号") in own


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("oldest_vintage", 2022.0, "2022"),
        ("limited_through", 0.0, "0"),
        ("oldest_usable", 2201.0, "2,201.00"),
        ("age_years", 2022.0, "2,022.00"),
        ("price_year", 2020.0, "2020"),
    ],
)
def test_an_input_that_names_a_year_is_printed_as_one(name, value, shown):
    assert input_figure(name, value) == shown
