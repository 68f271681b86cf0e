"""A command line that cannot be read is told in the terminal's language, by the option as it is written."""

import pytest
from click.testing import CliRunner

from app.cli import main

USAGE = "用法：greenpledge classify [OPTIONS]\n运行 “greenpledge classify --help” 查看帮助。\n"


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (["classify", "--days-overdue", "-1"], "--days-overdue: -1 不在范围 x>=0 内。"),
        (["classify", "--days-overdue", "x"], "--days-overdue: 'x' 不是整数。"),
        (["classify"], "--days-overdue: 请填写。"),
        (["classify", "--foo"], "没有选项 '--foo'。"),
        (["classify", "--days-overdu", "1"], "没有 '--days-overdu'。您是否想用 '--days-overdue'？"),
        (["classify", "--days-overdue", "1", "2"], "参数多于该命令所需：2"),
    ],
)
def test_what_click_refuses_is_said_in_chinese_with_the_usage(monkeypatch, given, words):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    done = CliRunner().invoke(main, given, prog_name="greenpledge")
    assert (done.exit_code, done.stderr) == (2, f"{USAGE}无法读取输入\n  {words}\n")


def test_an_unknown_command_and_an_argument_are_named(monkeypatch):
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    given = ["classify", "--days-overdue"]
    assert "选项 '--days-overdue' 需要一个值。" in CliRunner().invoke(main, given).stderr
    assert "没有命令 'nosuch'。" in CliRunner().invoke(main, ["nosuch"]).stderr
    counted = ["day-count", "act/365", "2024-01-01", "2024-02-30"]
    assert "END: '2024-02-30'" in CliRunner().invoke(main, counted).stderr
