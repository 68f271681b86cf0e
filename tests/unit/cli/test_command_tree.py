"""The command as a whole: what it lists, what it imports, what its reference says."""

import subprocess
import sys
from pathlib import Path

import click
import pytest

from app.cli import COMMANDS, main

ROOT = Path(__file__).parents[3]
REFERENCE = ROOT / "docs" / "reference" / "commands.md"

DATABASE_FREE = (
    ("schedule", "--help"),
    ("schedule-book", "--help"),
    ("day-count", "30/360", "2024-01-01", "2024-02-01"),
    ("classify", "--days-overdue", "91"),
    ("models",),
    ("appraise", "--help"),
    ("--help",),
    ("--version",),
)

# `python -X importtime` would measure; this only asks what was imported.
PROGRAM = """
import sys
from app.cli import main
try:
    main(sys.argv[1:])
except SystemExit:
    pass
wrong = {"flask", "sqlalchemy", "sqlmodel", "apscheduler", "alembic"} & set(sys.modules)
sys.exit(", ".join(sorted(wrong)) or 0)
"""


def walk(command, path=()):
    yield path, command
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            yield from walk(command.get_command(context, name), (*path, name))


@pytest.mark.parametrize("arguments", DATABASE_FREE, ids=" ".join)
def test_command_without_a_database_imports_no_framework(arguments):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_list_of_commands_says_what_each_says_itself():
    context = click.Context(main)
    for name, (_module, text) in COMMANDS.items():
        command = main.get_command(context, name)
        assert command.name == name
        assert " ".join((command.help or "").split("\n\n")[0].split()) == text


def test_every_command_answers_in_json_and_says_what_it_does():
    for path, command in walk(main):
        if not isinstance(command, click.Group):
            options = {name for parameter in command.params for name in parameter.opts}
            assert "--json" in options, path
            assert command.help, path


def test_unknown_command_and_option_are_usage_errors():
    for arguments in (["no-such-command"], ["classify", "--no-such-option"]):
        done = subprocess.run(
            [sys.executable, "-m", "app.cli", *arguments],
            cwd=ROOT,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 2


def test_reference_page_is_what_the_commands_say():
    from tests.support.command_reference import reference

    assert REFERENCE.read_text(encoding="utf-8") == reference()
