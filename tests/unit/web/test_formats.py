"""Figures and days on screen: scale by place, half-up rounding, "—" for what is missing."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel, force_locale
from hypothesis import given
from hypothesis import strategies as st

from app.web import formats


@pytest.mark.parametrize(
    ("place", "zh", "en"),
    [
        ("yuan", "32,790,000.00", "32,790,000.00"),
        ("wan", "3,279.00", "32.79"),
        ("yi", "0.33", "0.03"),
    ],
)
def test_the_same_amount_has_other_digits_in_each_language(place, zh, en):
    assert formats.money(32_790_000_00, place, locale="zh_CN") == zh
    assert formats.money(32_790_000_00, place, locale="en") == en


@pytest.mark.parametrize(
    ("fen", "zh", "en"),
    [
        (12_50, "12.50 元", "CNY 12.50"),
        (9_999_99, "9,999.99 元", "CNY 9,999.99"),
        (10_000_00, "1.00", "0.01"),
        (0, "0.00", "0.00"),
        (-12_50, "-12.50 元", "CNY -12.50"),
        (None, "—", "—"),
    ],
)
def test_a_small_amount_is_shown_in_yuan_and_not_as_nothing(fen, zh, en):
    assert formats.money_short(fen, locale="zh_CN") == zh
    assert formats.money_short(fen, locale="en") == en


@pytest.mark.parametrize(
    ("fen", "wan"),
    [
        (4_999, "0.00"),
        (5_000, "0.01"),  # The tie goes up,
        (15_000, "0.02"),
        (25_000, "0.03"),  # also where banker's rounding would go to the even digit.
        (-4_999, "0.00"),
        (-5_000, "-0.01"),  # A negative tie goes away from zero.
        (123_456_789_000, "123,456.79"),
    ],
)
def test_money_is_rounded_half_up_at_its_place(fen, wan):
    assert formats.money_wan(fen, locale="zh_CN") == wan


def test_a_missing_figure_is_a_dash_and_zero_is_zero():
    assert formats.money_wan(None, locale="zh_CN") == "—"
    assert formats.money_wan(0, locale="zh_CN") == "0.00"
    assert formats.percent(None) == "—"
    assert formats.percent(0) == "0.0%"
    assert formats.day(None) == "—"
    assert formats.dash(None) == "—"
    assert formats.dash("") == "—"
    assert formats.dash(0) == "0"


@pytest.mark.parametrize("fen", [1.0, True, Decimal(1), "100"])
def test_money_refuses_all_but_whole_fen(fen):
    with pytest.raises(TypeError, match="whole fen"):
        formats.money_yuan(fen)


@pytest.mark.parametrize("value", [0.5, True, "0.5"])
def test_a_figure_refuses_floats_and_text(value):
    with pytest.raises(TypeError, match="int or a Decimal"):
        formats.number(value)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (Decimal("0.719"), "71.9%"),
        (719_000, "71.9%"),
        (Decimal("0.7195"), "72.0%"),
        (Decimal("0.71949"), "71.9%"),
        (Decimal("-0.024"), "-2.4%"),
        (Decimal("-0.0004"), "0.0%"),
        (Decimal(1), "100.0%"),
    ],
)
def test_a_ratio_is_shown_in_percent(ratio, text):
    assert formats.percent(ratio) == text


def test_a_rate_in_ppm_keeps_two_decimals():
    assert formats.ppm_percent(43_500) == "4.35%"
    assert formats.ppm_percent(43_549) == "4.35%"
    assert formats.ppm_percent(43_550) == "4.36%"


def test_a_change_of_a_ratio_is_in_points_and_of_a_rate_in_basis_points():
    assert formats.pp(Decimal("-0.001"), 2, locale="zh_CN") == "-0.10个百分点"
    assert formats.pp(Decimal("0.012"), locale="en") == "+1.2 pp"
    assert formats.bp(-2_500) == "-25 BP"
    assert formats.bp(2_500) == "+25 BP"


def test_a_growth_carries_sign_and_arrow():
    assert formats.delta(Decimal("0.3996"), 2) == "↗ +39.96%"
    assert formats.delta(Decimal("-0.024")) == "↘ -2.4%"
    assert formats.delta(Decimal(0)) == "→ 0.0%"
    assert formats.delta(None) == "—"
    assert formats.delta_pp(Decimal("-0.001"), 2, locale="en") == "↘ -0.10 pp"
    assert formats.money_signed(3_895_000_000_00, "yi", locale="zh_CN") == "+38.95"
    assert formats.money_signed(None, "yi", locale="zh_CN") == "—"


def test_money_in_a_sentence_puts_the_unit_where_the_language_wants_it():
    assert formats.money_with_unit(914_000_00, "wan", locale="zh_CN") == "91.40 万元"
    assert formats.money_with_unit(914_000_00, "wan", locale="en") == "CNY 0.91 million"
    assert formats.money_with_unit(914_000_00, "yuan", locale="en") == "CNY 914,000.00"
    assert formats.money_with_unit(None, "yuan", locale="en") == "—"


def test_units_belong_to_places():
    assert [formats.money_unit(place, locale="zh_CN") for place in ("yuan", "wan", "yi")] == [
        "元",
        "万元",
        "亿元",
    ]
    assert [formats.money_unit(place, locale="en") for place in ("yuan", "wan", "yi")] == [
        "CNY",
        "CNY million",
        "CNY billion",
    ]


def test_figures_for_charts_carry_no_grouping_and_leave_gaps():
    assert formats.money_plot(1_364_300_000_000, "yi", locale="zh_CN") == "136.43"
    assert formats.money_plot(1_364_300_000_000, "wan", locale="zh_CN") == "1364300.00"
    assert formats.money_plot(None, "yi", locale="zh_CN") is None
    assert formats.percent_plot(Decimal("0.3996")) == "39.96"
    assert formats.percent_plot(None) is None


def test_areas_are_in_mu_with_hectares_second():
    assert formats.area_mu(Decimal("386.5")) == "386.5"
    assert formats.area_mu(13_300_000, 0) == "13,300,000"
    assert formats.area_long(Decimal("386.5"), locale="zh_CN") == "386.5 亩（25.77 公顷）"
    assert formats.area_long(Decimal("386.5"), locale="en") == "386.5 mu (25.77 ha)"


def test_numbers_are_grouped():
    assert formats.number(12_845) == "12,845"
    assert formats.number(Decimal("1234.50")) == "1,234.50"
    assert formats.number(Decimal("1234.5"), 0) == "1,235"


def test_days_are_iso_on_screens_and_long_in_prose():
    assert formats.day(date(2024, 1, 2)) == "2024-01-02"
    assert formats.day_long(date(2024, 1, 2), locale="zh_CN") == "2024年1月2日"
    assert formats.day_long(date(2024, 1, 2), locale="en") == "2 Jan 2024"


def test_an_instant_is_shown_by_the_clock_of_china():
    late = datetime(2023, 12, 31, 16, 30, 5, tzinfo=UTC)
    assert formats.instant(late) == "2024-01-01 00:30"
    assert formats.instant(late, seconds=True) == "2024-01-01 00:30:05"
    elsewhere = late.astimezone(timezone(timedelta(hours=-5)))
    assert formats.instant(elsewhere) == "2024-01-01 00:30"


def test_a_naive_instant_and_an_instant_as_a_day_are_refused():
    with pytest.raises(TypeError, match="time zone"):
        formats.instant(datetime(2024, 1, 2, 8, 0))  # noqa: DTZ001 - the naive value is the case.
    with pytest.raises(TypeError, match="not a day"):
        formats.day(datetime(2024, 1, 2, 8, 0, tzinfo=UTC))


@given(st.integers(min_value=-(10**17), max_value=10**17))
def test_shown_money_is_never_more_than_half_a_step_off(fen):
    shown = Decimal(formats.money_wan(fen, locale="zh_CN").replace(",", ""))
    assert abs(shown * 1_000_000 - fen) <= 5_000


@pytest.fixture(scope="module")
def app():
    app = Flask(__name__)
    Babel(app)
    formats.install(app)
    return app


def test_a_filter_of_a_constant_follows_the_language_of_each_request(app):
    template = "{{ 2358000000|money_wan }} {{ money_unit('wan') }} {{ 'yi'|money_unit }}"
    with app.test_request_context():
        with force_locale("en"):
            assert render_template_string(template) == "23.58 CNY million CNY billion"
        with force_locale("zh_Hans_CN"):
            assert render_template_string(template) == "2,358.00 万元 亿元"
        with force_locale("en"):
            assert render_template_string(template) == "23.58 CNY million CNY billion"


def test_every_helper_is_a_filter(app):
    names = {helper.__name__ for helper in (*formats.ALIKE, *formats.BY_LOCALE)}
    assert names <= set(app.jinja_env.filters)
    assert all(
        getattr(app.jinja_env.filters[name], "jinja_pass_arg", None) is not None for name in names
    )
