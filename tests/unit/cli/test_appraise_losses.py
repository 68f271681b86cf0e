"""`appraise --losses`: the year of a loss drawn on each path, asked for beside --paths."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli.appraisal import commands

GROUP = click.Group(commands=commands)
EXAMPLE = Path(__file__).resolve().parents[3] / "docs" / "examples" / "carbon-sink-income.json"


@pytest.fixture
def call(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def run(*options):
        line = ["appraise", "carbon-sink-income", str(EXAMPLE), "--on", "2023-12-26", *options]
        return CliRunner().invoke(GROUP, line)

    return run


def figures(answer):
    assert answer.exit_code == 0, answer.output
    return json.loads(answer.output)


def test_losses_lower_the_low_end_and_leave_the_value(call):
    drawn = ("--paths", "2000", "--seed", "1", "--json")
    expected, lossy = figures(call(*drawn)), figures(call(*drawn, "--losses"))
    assert lossy["value_yuan"] == expected["value_yuan"]
    assert float(lossy["low_yuan"]) < float(expected["low_yuan"])
    assert figures(call(*drawn, "--losses")) == lossy


def test_losses_without_paths_are_refused(call):
    answer = call("--losses")
    assert answer.exit_code == 2
    assert "--losses: Losses are drawn on paths: give --paths as well" in answer.output
