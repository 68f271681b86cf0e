import json
import subprocess
import sys

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.finance import commands

GROUP = click.Group(commands={command.name: command for command in commands})

SCHEDULE = {
    "--principal": "100",
    "--rate": "0.12",
    "--start": "2024-01-01",
    "--periods": "6",
    "--every": "1m",
    "--method": "equal-instalment",
    "--day-count": "30/360",
}


@pytest.fixture(autouse=True)
def english_terminal(monkeypatch):
    for name in ("LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "en_GB.UTF-8")


def run(*arguments):
    return CliRunner().invoke(GROUP, arguments)


def run_schedule(*more, **changes):
    options = SCHEDULE | {f"--{name.replace('_', '-')}": text for name, text in changes.items()}
    pairs = [part for pair in options.items() if pair[1] is not None for part in pair]
    return run("schedule", *pairs, *more)


def test_schedule_answers_as_json():
    result = run_schedule("--json")
    assert result.exit_code == 0
    answer = json.loads(result.stdout)
    assert set(answer) == {"instalments", "total_interest_yuan", "total_payment_yuan"}
    assert (answer["total_interest_yuan"], answer["total_payment_yuan"]) == ("3.53", "103.53")
    assert answer["instalments"][-1] == {
        "number": 6,
        "due_on": "2024-07-01",
        "days": 30,
        "payment_yuan": "17.28",
        "principal_yuan": "17.11",
        "interest_yuan": "0.17",
        "balance_yuan": "0.00",
    }


def test_schedule_takes_all_its_options():
    result = run_schedule(
        "--json",
        start="2025-01-31",
        first_due="2025-03-31",
        grace_principal="4",
        month_end="roll",
        method="plan",
        plan="40,60.00",
        day_count="act/act",
    )
    rows = json.loads(result.stdout)["instalments"]
    assert [row["due_on"] for row in rows][:3] == ["2025-03-31", "2025-05-01", "2025-05-31"]
    assert [row["principal_yuan"] for row in rows][-3:] == ["0.00", "40.00", "60.00"]


def test_schedule_is_a_table_for_people():
    lines = run_schedule().stdout.splitlines()
    assert lines[0].split() == [
        "No.", "Due", "on", "Days", "Instalment", "Principal", "Interest", "Balance",
    ]  # fmt: skip
    assert lines[1].split() == ["1", "2024-02-01", "30", "17.25", "16.25", "1.00", "83.75"]
    assert lines[-1].split() == ["Total", "103.53", "100.00", "3.53"]


@pytest.mark.parametrize(
    "changes",
    [{"principal": "0"}, {"rate": "4.35"}, {"periods": "0"}, {"periods": "1201"}, {"plan": "1,2"}],
)
def test_schedule_that_a_rule_refuses_ends_with_1(changes):
    assert run_schedule(**changes).exit_code == 1
    result = run_schedule("--json", **changes)
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert answer["code"] == "invalid-schedule-terms"
    assert (answer["type"], bool(answer["detail"])) == ("/problems/invalid-schedule-terms", True)
    assert answer["errors"][0]["pointer"]


@pytest.mark.parametrize(
    "changes",
    [
        {"principal": "1.005"},
        {"principal": "1e3"},
        {"rate": "4.35%"},
        {"start": "20240101"},
        {"start": "2024-02-30"},
        {"start": "2024-W09-4"},
        {"periods": "six"},
        {"every": "1y"},
        {"method": "EQUAL_INSTALMENT"},
        {"day_count": "act/364"},
        {"plan": "1,,2"},
        {"principal": None},
    ],
)
def test_schedule_that_cannot_be_read_ends_with_2(changes):
    assert run_schedule(**changes).exit_code == 2


def test_what_cannot_be_read_names_its_option_in_the_terminals_language(monkeypatch):
    arguments = ["schedule", *(part for pair in SCHEDULE.items() for part in pair)]
    wrong = [*arguments, "--principal", "100.005"]
    told = json.loads(CliRunner().invoke(main, [*wrong, "--json"]).stdout)
    assert (told["code"], told["errors"][0]["pointer"]) == ("input-unreadable", "/principal")
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    result = CliRunner().invoke(main, wrong)
    assert (result.exit_code, "--principal: 请填写" in result.stderr) == (2, True), result.stderr
    missing = CliRunner().invoke(main, ["day-count", "act/364", "2024-01-01", "2024-01-02"])
    assert "CONVENTION: " in missing.stderr
    assert "Usage" not in missing.stderr


def test_day_count_answers_days_and_twelve_decimals():
    result = run("day-count", "act/act", "2003-07-15", "2004-01-15", "--json")
    assert json.loads(result.stdout) == {"days": 184, "year_fraction": "0.504004790778"}
    text = run("day-count", "30/360", "2006-08-31", "2007-02-28").stdout
    assert text.splitlines()[:2] == ["Days: 178", "Year fraction: 0.494444444444"]


def test_a_month_of_a_schedule_has_30_days_where_its_two_dates_have_others():
    """123,456.78 at 4.35 % over a twelfth of the year: 447.53."""
    terms = {"principal": "123456.78", "rate": "0.0435", "start": "2023-12-31", "method": "bullet"}
    drawn = json.loads(run_schedule("--json", **terms).stdout)["instalments"]
    for row, start, days in ((drawn[1], "2024-01-31", 29), (drawn[2], "2024-02-29", 32)):
        assert (row["days"], row["interest_yuan"]) == (30, "447.53")
        counted = run("day-count", "30/360", start, row["due_on"]).stdout.splitlines()
        assert counted[0] == f"Days: {days}"
        assert "a schedule counts each whole month as 30 days" in counted[2]
    assert len(run("day-count", "30e/360", "2024-01-31", "2024-02-29").stdout.splitlines()) == 2


def test_day_count_refuses_an_end_before_the_start():
    assert run("day-count", "act/360", "2024-01-02", "2024-01-01").exit_code == 1
    result = run("day-count", "act/360", "2024-01-02", "2024-01-01", "--json")
    assert json.loads(result.stdout)["errors"][0]["pointer"] == "/end_on"
    assert run("day-count", "act/360", "2024-01-02", "2024-01-02", "--json").exit_code == 0


def test_classify_names_the_class_and_its_reasons():
    result = run("classify", "--days-overdue", "91", "--json")
    assert json.loads(result.stdout) == {
        "class": "substandard",
        "reasons": ["overdue-more-than-90-days"],
    }
    assert run("classify", "--days-overdue", "0").stdout.splitlines() == [
        "Class: Normal",
        "Reason: Nothing is overdue.",
    ]


@pytest.mark.parametrize("days", ["-1", "one", "1.5"])
def test_classify_cannot_read_other_than_whole_days(days):
    assert run("classify", "--days-overdue", days).exit_code == 2


def test_pure_commands_load_neither_the_web_nor_the_database():
    program = (
        "import sys, app.cli.finance;"
        "print({'flask', 'sqlalchemy', 'sqlmodel', 'marshmallow'} & set(sys.modules))"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert result.stdout.strip() == "set()"
