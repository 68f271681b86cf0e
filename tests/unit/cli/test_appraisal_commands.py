"""`models` and `appraise` at the terminal: answers, refusals and usage errors by exit code."""

import json
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.appraisal import commands

EXAMPLES = Path(__file__).parents[3] / "docs" / "examples"
GROUP = click.Group(commands=commands)


@pytest.fixture
def terminal(monkeypatch):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")

    def call(*arguments: str):
        return CliRunner().invoke(GROUP, [str(each) for each in arguments])

    return call


def test_models_lists_every_passport(terminal):
    answer = terminal("models", "--json")
    assert answer.exit_code == 0
    assert {"carbon-sink-income", "forest-right", "gep"} <= {
        passport["id"] for passport in json.loads(answer.output)
    }
    assert "carbon-sink-income" in terminal("models").output


def test_appraise_answers_the_stable_json(terminal):
    file = EXAMPLES / "carbon-sink-income.json"
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26", "--json")
    assert answer.exit_code == 0
    assert json.loads(answer.output)["value_yuan"] == "880000.00"


def test_appraise_prints_for_people_in_their_language(terminal, monkeypatch):
    file = EXAMPLES / "forest-right.json"
    arguments = ("appraise", "forest-right", file, "--on", "2023-12-26", "--paths", "50")
    english = terminal(*arguments)
    assert "5600000.00" in english.output
    assert "Net yield: " in english.output
    assert ": 0.00" not in english.output
    assert "Steps:" not in english.output
    assert "= years(planted_on, valuation_on)" in terminal(*arguments, "--steps").output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "年产出净收益: " in terminal(*arguments).output


@pytest.mark.parametrize(
    ("document", "words", "code"),
    [
        ([], "此处须为对象", 2),
        ({"inputs": {}, "extra": 1}, "无字段'extra'", 2),
        ({"inputs": {}, "prices": {"foo": {}}}, "不使用价格'foo'", 2),
        ({"inputs": {"area_mu": "x"}}, "须为数字", 2),
        ({"inputs": {"sink_kind": "desert"}}, "可填forest, bamboo", 2),
        (
            {"inputs": {}, "prices": {"local-sink": {"unit": "yuan/tCO2e", "yuan": 0}}},
            "价格须大于0元",
            1,
        ),
    ],
)
def test_a_document_is_refused_in_chinese_and_as_a_problem(
    terminal, monkeypatch, tmp_path, document, words, code
):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = tmp_path / "asset.json"
    file.write_text(json.dumps(document), encoding="utf-8")
    arguments = ("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    spoken = terminal(*arguments)
    assert spoken.exit_code == code
    assert words in spoken.output
    plain = terminal(*arguments, "--json")
    assert plain.exit_code == code
    told = json.loads(plain.output)
    assert told["code"] == {1: "input-refused", 2: "input-unreadable"}[code]
    assert told["errors"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--paths", "1"), "2 to 100,000"),
        (("--seed", "-1"), "from 0 on"),
        (("--on", "x"), "no day such as"),
        (("--what",), "--what"),
    ],
)
def test_a_wrong_command_line_is_a_problem_in_json(monkeypatch, options, words):
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    file = str(EXAMPLES / "gep.json")
    line = ["appraise", "gep", file, "--on", "2023-12-26", *options, "--json"]
    answer = CliRunner().invoke(main, line)
    assert answer.exit_code == 2
    told = json.loads(answer.stdout)
    assert told["code"] == "input-unreadable"
    assert words in told["errors"][0]["detail"]


def test_a_refused_asset_exits_with_one(terminal, tmp_path):
    document = json.loads((EXAMPLES / "carbon-sink-income.json").read_text("utf-8"))
    file = tmp_path / "asset.json"
    file.write_text(json.dumps({**document, "prices": {}}), encoding="utf-8")
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26", "--json")
    assert answer.exit_code == 1
    told = json.loads(answer.output)
    assert (told["value_yuan"], told["code"]) == (None, "input-refused")
    assert told["errors"][0]["pointer"] == "/prices"
    spoken = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    assert "There is no price" in spoken.output
    assert "None" not in spoken.output


@pytest.mark.parametrize("content", ["{", "[]", '{"inputs": {"area_mu": "x"}}', "\xff", "[" * 9000])
def test_a_file_that_cannot_be_read_exits_with_two(terminal, tmp_path, content):
    file = tmp_path / "asset.json"
    file.write_bytes(content.encode("latin-1"))
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    assert answer.exit_code == 2


def test_a_missing_file_an_unknown_model_and_a_bad_day_exit_with_two(terminal, tmp_path):
    file = EXAMPLES / "gep.json"
    assert terminal("appraise", "gep", tmp_path / "none.json", "--on", "2023-12-26").exit_code == 2
    assert terminal("appraise", "none", file, "--on", "2023-12-26").exit_code == 2
    assert terminal("appraise", "gep", file, "--on", "26.12.2023").exit_code == 2
    assert terminal("appraise", "gep", file).exit_code == 2


def test_a_file_beyond_a_megabyte_is_not_read(terminal, tmp_path):
    file = tmp_path / "asset.json"
    file.write_text(" " * 1_000_001, encoding="utf-8")
    assert terminal("appraise", "gep", file, "--on", "2023-12-26").exit_code == 2


def test_a_day_before_the_parameters_is_refused_with_exit_one(terminal):
    file = EXAMPLES / "carbon-sink-income.json"
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "1995-01-01")
    assert answer.exit_code == 1
    assert "Removals a year by kind of sink" in answer.output
    assert "Choose that day or a later one" in answer.output
