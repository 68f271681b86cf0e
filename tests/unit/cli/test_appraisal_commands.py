"""`models` and `appraise` at the terminal: answers, refusals and usage errors by exit code."""

import json
from datetime import timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from app.cli import main
from app.cli.appraisal import commands
from app.kernel.clock import SystemClock

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


def test_a_day_to_come_is_valued_with_a_note(terminal, monkeypatch):
    file = EXAMPLES / "carbon-sink-income.json"
    today = SystemClock().today()
    tomorrow = (today + timedelta(days=1)).isoformat()
    ahead = terminal("appraise", "carbon-sink-income", file, "--on", tomorrow, "--json")
    assert ahead.exit_code == 0
    told = json.loads(ahead.output)
    (note,) = [each for each in told["findings"] if each["code"] == "day-ahead"]
    assert note["severity"] == "note"
    assert note.keys() == {"code", "field", "severity", "detail"}
    now = terminal("appraise", "carbon-sink-income", file, "--on", today.isoformat(), "--json")
    assert "day-ahead" not in now.output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    shown = terminal("appraise", "carbon-sink-income", file, "--on", tomorrow).output
    assert "评估基准日尚未到来" in shown


def test_appraise_prints_for_people_in_their_language(terminal, monkeypatch):
    file = EXAMPLES / "forest-right.json"
    arguments = ("appraise", "forest-right", file, "--on", "2023-12-26", "--paths", "100")
    english = terminal(*arguments)
    assert "5600000.00" in english.output
    assert "Net yield: " in english.output
    assert ": 0.00" not in english.output
    assert "Steps:" not in english.output
    assert "= years(planted_on, valuation_on)" in terminal(*arguments, "--steps").output
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    assert "年产出净收益: " in terminal(*arguments).output


def test_a_band_is_printed_with_the_seed_that_draws_it_again(terminal):
    file = EXAMPLES / "carbon-sink-income.json"
    arguments = ("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    told = terminal(*arguments, "--paths", "100").output
    assert "Drawn on 100 paths with seed 0." in told
    assert terminal(*arguments, "--paths", "100", "--seed", "0").output == told
    assert "with seed 7." in terminal(*arguments, "--paths", "100", "--seed", "7").output
    assert "seed" not in terminal(*arguments).output


def test_a_terminal_in_chinese_has_units_in_chinese(terminal, monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    file = EXAMPLES / "carbon-sink-income.json"
    arguments = ("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    told = terminal(*arguments, "--steps").output
    assert "地方林草碳汇价格: 30 元/吨CO2e" in told
    assert "yuan/" not in told
    assert " 年\n" in told
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    assert ": 30 yuan/tCO2e" in terminal(*arguments).output


@pytest.mark.parametrize(
    ("document", "words", "code"),
    [
        ([], "此处须为对象", 2),
        ({"inputs": {}, "extra": 1}, "无字段'extra'", 2),
        ({"inputs": {}, "prices": {"foo": {}}}, "不使用价格'foo'", 2),
        ({"inputs": {"area_mu": "x"}}, "须为数字", 2),
        ({"inputs": {"sink_kind": "desert"}}, "可填乔木林（forest）；竹林（bamboo）", 2),
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
        (("--paths", "99"), "100 to 100,000"),
        (("--seed", "1"), "give --paths as well"),
        (("--paths", "100", "--seed", "-1"), "from 0 to 4,294,967,295"),
        (("--paths", "100", "--seed", str(2**32)), "from 0 to 4,294,967,295"),
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
    assert "state the price with its source" in spoken.output
    assert "None" not in spoken.output


@pytest.mark.parametrize("content", ["{", "[]", '{"inputs": {"area_mu": "x"}}', "\xff", "[" * 9000])
def test_a_file_that_cannot_be_read_exits_with_two(terminal, tmp_path, content):
    file = tmp_path / "asset.json"
    file.write_bytes(content.encode("latin-1"))
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26")
    assert answer.exit_code == 2


def _plain(**price: object) -> dict[str, object]:
    document = json.loads((EXAMPLES / "carbon-sink-income.json").read_text("utf-8"))
    (stated,) = document["prices"].values()
    stated.update(price)
    return document


@pytest.mark.parametrize(
    ("field", "wrong", "right"),
    [
        ("yuan", ["3_0", "３０", "٣٠", " 30 ", "1e999"], ["30", 30.0]),
        ("growth", ["0_1", " 0"], ["0", 0]),
        ("priced_on", [20231226, "20231226", "2023-W52-2"], ["2023-12-26", None]),
        ("source", [5, None, "x" * 301, "a\n[Note] forged", "a\x1b[31m"], ["x" * 300, "公报 1"]),
    ],
)
def test_a_price_of_a_file_is_written_plainly(terminal, tmp_path, field, wrong, right):
    file = tmp_path / "asset.json"
    line = ("appraise", "carbon-sink-income", file, "--on", "2023-12-26", "--json")
    for given in (*wrong, *right):
        file.write_text(json.dumps(_plain(**{field: given})), encoding="utf-8")
        answer = terminal(*line)
        assert answer.exit_code == (0 if given in right else 2), given
        if given in wrong:
            assert (
                json.loads(answer.output)["errors"][0]["pointer"] == f"/prices/local-sink/{field}"
            )


def test_a_name_that_stands_twice_is_refused_by_name(terminal, tmp_path):
    file = tmp_path / "asset.json"
    once = json.dumps(_plain())
    file.write_text(once.replace('"tax_share":', '"tax_share": 0, "tax_share":'), encoding="utf-8")
    answer = terminal("appraise", "carbon-sink-income", file, "--on", "2023-12-26", "--json")
    assert answer.exit_code == 2
    assert "'tax_share' stands twice" in json.loads(answer.output)["errors"][0]["detail"]


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


def _lines(answer) -> list[str]:
    assert answer.exit_code == 0, answer.output
    return answer.output.splitlines()


def test_approaches_stand_with_value_and_weight_above_the_components_they_weigh(terminal):
    file = EXAMPLES / "energy-use-right.json"
    lines = _lines(terminal("appraise", "energy-use-right", file, "--on", "2023-12-26"))
    assert lines[1:5] == [
        "Approaches (yuan, weight):",
        "  Market approach: 1049669.17, 0.7",
        "  Remaining-term cost: 76846.66, 0.3",
        "Components, each times the weight of its approach (yuan):",
    ]
    single = _lines(terminal("appraise", "gep", EXAMPLES / "gep.json", "--on", "2023-12-26"))
    assert not any(line.startswith("Approaches") for line in single)


def test_a_stated_price_is_of_the_valuation_day_or_of_its_own(terminal, tmp_path):
    document = json.loads((EXAMPLES / "energy-use-right.json").read_text("utf-8"))
    line = "  Traded price of energy use: 195 yuan/tce, {}, Example"
    arguments = ("appraise", "energy-use-right")
    plain = _lines(terminal(*arguments, EXAMPLES / "energy-use-right.json", "--on", "2023-12-26"))
    assert line.format("2023-12-26") in plain
    file = tmp_path / "asset.json"

    def dated(day: str):
        document["prices"]["energy-use"]["priced_on"] = day
        file.write_text(json.dumps(document), encoding="utf-8")
        return terminal(*arguments, file, "--on", "2023-12-26")

    assert line.format("2023-12-20") in _lines(dated("2023-12-20"))
    old, ahead, wrong = dated("2023-06-01"), dated("2023-12-27"), dated("soon")
    assert (old.exit_code, ahead.exit_code, wrong.exit_code) == (1, 1, 2)
    assert "ends on 2023-06-01" in old.output
    assert "after the valuation day" in ahead.output


@pytest.mark.parametrize("model", ["water-right", "carbon-allowance"])
def test_paths_that_give_no_band_say_why(terminal, model):
    file = EXAMPLES / f"{model}.json"
    arguments = ("appraise", model, file, "--on", "2023-12-26")
    told = "[Note] Paths move prices of days after the valuation day, and none of those counts"
    lines = _lines(terminal(*arguments, "--paths", "100"))
    assert any(line.startswith(told) for line in lines)
    assert not any(line.startswith(told) for line in _lines(terminal(*arguments)))
    found = json.loads(terminal(*arguments, "--paths", "100", "--json").output)
    assert "no-band" in {each["code"] for each in found["findings"]}


def test_an_account_is_sent_to_its_own_command(terminal):
    file = EXAMPLES / "gep-account.json"
    answer = terminal("appraise", "gep-account", file, "--on", "2023-12-26")
    assert answer.exit_code == 2
    assert "greenpledge gep-account INPUT --on DATE" in answer.output
