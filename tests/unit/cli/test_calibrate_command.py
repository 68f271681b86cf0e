"""`calibrate` at the terminal: files as exchanges and Excel write them, refusals, exit codes."""

import json
from math import exp, sin

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.calibration import commands

GROUP = click.Group(commands=commands)


def rows(count, *, form="{year}-{month:02d}-{day:02d}"):
    return [
        (
            form.format(year=2021 + place // 336, month=1 + place % 336 // 28, day=1 + place % 28),
            f"{50 * exp(0.1 * sin(place) + 0.05 * sin(place * place)):.4f}",
        )
        for place in range(count)
    ]


@pytest.fixture
def call(monkeypatch, tmp_path):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(content, *options, encoding="utf-8"):
        file = tmp_path / "series.csv"
        file.write_bytes(content.encode(encoding))
        return CliRunner().invoke(main, ["calibrate", str(file), *options])

    return run


def text(header, lines):
    return "\n".join([header, *(",".join(line) for line in lines)])


def test_a_series_is_measured(call):
    answer = call(text("date,price", rows(400)), "--json")
    assert answer.exit_code == 0, answer.output
    told = json.loads(answer.output)
    assert told["points"] == 400
    assert told["volatility"] > 0
    assert len(told["haircuts"]) == 6


def test_a_price_that_looks_like_a_slip_is_named_with_its_day(call):
    lines = rows(400)
    on, _ = lines[150]
    lines[150] = (on, "5000")
    told = json.loads(call(text("date,price", lines), "--json").output)
    (slip,) = [each for each in told["warnings"] if each["code"] == "outlier"]
    assert on in slip["detail"]
    assert "5,000" in slip["detail"]
    assert told["volatility"] > 4
    shown = call(text("date,price", lines)).output
    assert f"! The price of {on}, 5,000, stands apart" in shown
    clean = json.loads(call(text("date,price", rows(400)), "--json").output)
    assert "outlier" not in {each["code"] for each in clean["warnings"]}


def test_a_period_is_picked_with_both_its_days(call):
    options = ("--from", "2021-02-01", "--to", "2021-03-28", "--json")
    told = json.loads(call(text("date,price", rows(400)), *options).output)
    assert (told["points"], told["first_on"], told["last_on"]) == (56, "2021-02-01", "2021-03-28")


@pytest.mark.parametrize(
    ("header", "encoding"),
    [
        ("日期,收盘价", "utf-8-sig"),
        ("交易日期,成交均价", "gb18030"),
        ("on,value", "utf-8"),
        ("Date,Close", "utf-8"),
    ],
)
def test_headers_of_exchanges_and_files_of_excel_are_read(call, header, encoding):
    answer = call(text(header, rows(60)), "--json", encoding=encoding)
    assert json.loads(answer.output)["points"] == 60


def test_other_columns_and_days_with_slashes_are_passed(call):
    lines = [(on, "GDEA", price, "4.3") for on, price in rows(60, form="{year}/{month}/{day}")]
    answer = call(text("date,type,price,log_price", lines), "--json")
    assert json.loads(answer.output)["points"] == 60


def test_people_get_words_in_their_language(call, monkeypatch):
    english = call(text("date,price", rows(60)))
    assert "Volatility a year" in english.output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "年波动率" in call(text("date,price", rows(60))).output


def test_what_shows_a_return_to_the_mean_or_none_stands_beside_the_verdict(call):
    """AIC may be lower for the return to the mean where the statistic does not show one."""
    shown = call(text("date,price", rows(400))).output
    told = json.loads(call(text("date,price", rows(400)), "--json").output)
    label = "Dickey-Fuller statistic (below -2.86 shows a return): "
    assert f"{label}{told['reversion']['dickey_fuller']:.2f}\n" in shown


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (text("date,price", rows(9)), "fewer than 10 points"),
        (text("date,price", [*rows(20), rows(20)[-1]]), "stands twice"),
        (text("date,price", rows(20)[::-1]), "do not ascend"),
        (text("date,price", [*rows(20)[:-1], (rows(20)[-1][0], "0")]), "not a number above zero"),
        (text("date,price", [*rows(20)[:-1], (rows(20)[-1][0], "-1")]), "not a number above zero"),
    ],
)
def test_a_series_that_says_nothing_is_refused_with_exit_one(call, content, words):
    answer = call(content)
    assert answer.exit_code == 1
    assert words in answer.output + answer.stderr
    assert json.loads(call(content, "--json").output)["code"] == "series-not-calibrated"


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (text("date,price", [*rows(20), ("2021-02-30", "5")]), "line 22: Write the day"),
        (text("date,price", [*rows(20), ("2022-02-20", '"1,5"')]), "line 22: Write the price"),
        (text("date,price", [*rows(20), ("2022-02-20",)]), "fewer cells"),
        (text("when,how much", rows(20)), "date, price"),
        ('date,price\n"2021-01-01,5\n', "a quote is not closed"),
        ("", "date, price"),
    ],
)
def test_a_file_that_cannot_be_read_ends_with_exit_two(call, content, words):
    answer = call(content)
    assert answer.exit_code == 2
    assert words in answer.output + answer.stderr
    assert json.loads(call(content, "--json").output)["code"] == "input-unreadable"


def test_everything_wrong_with_a_file_is_told_at_once(call):
    lines = rows(20)
    told = call(
        text(
            "date,price", [*lines[:-1], ("2021-01-21", "0"), lines[3], ("x", "5"), ("2021-01-22",)]
        )
    ).output
    assert all(words in told for words in ("line 23", "line 24", "do not ascend", "above zero"))


def test_a_header_without_the_columns_names_both_spellings(call):
    assert "日期, 收盘价" in call(text("when,how much", rows(20))).output


def test_a_period_turned_round_is_told(call):
    answer = call(text("date,price", rows(60)), "--from", "2021-03-01", "--to", "2021-01-05")
    assert answer.exit_code == 1
    assert "Exchange the two days" in answer.output


def test_a_return_to_a_mean_is_told_only_where_it_is_shown(call):
    shown = call(text("date,price", rows(400)))
    assert "Half-life in years" in shown.output
    assert "with the return to the mean" in shown.output
    days = rows(200)
    steady = [
        (on, f"{20 * 1.004**at * (1.01 if at % 3 else 1):.4f}") for at, (on, _) in enumerate(days)
    ]
    hidden = call(text("date,price", steady))
    assert hidden.exit_code == 0
    assert "show no return to a mean" in hidden.output
    assert "Half-life" not in hidden.output
    assert "Level returned to" not in hidden.output
    assert "with the return to the mean" not in hidden.output


def test_a_file_that_is_not_there_is_a_usage_error():
    answer = CliRunner().invoke(GROUP, ["calibrate", "/no/such/file.csv"])
    assert answer.exit_code == 2
