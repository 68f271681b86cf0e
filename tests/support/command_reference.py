"""The reference page of the command, drawn from the command itself.

`python -m tests.support.command_reference` writes it.
"""

from collections.abc import Iterator
from pathlib import Path

import click

from app.cli import main

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "commands.md"
HEAD = """\
# Commands

`greenpledge COMMAND --help` says the same, in English. Answers follow the terminal's language (`LC_ALL`,
`LC_MESSAGES`, `LANG`). Every command takes `--json` and ends with one of these:

- 0: done.
- 1: read, but refused or found wrong: a value outside its bounds, a rule that is broken, a day before
  the parameters count.
- 2: the command line or the input file cannot be read: a missing file, no JSON or CSV, an unknown
  field, a value of the wrong type, an unknown choice, an option outside the range stated below.

With `--json` a refusal, and whatever cannot be read, is a problem document on standard output; where
a model refuses an asset, or an account has refused rows, the whole answer stands in it. Commands that
look for faults, such as `verify` and `doctor`, print what they found.
"""


def reference() -> str:
    """The whole page."""
    return "\n".join([HEAD, *_sections(main, ("greenpledge",))])


def _sections(command: click.Command, path: tuple[str, ...]) -> Iterator[str]:
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from _sections(found, (*path, name))
        return
    yield f"## {' '.join(path)}\n"
    yield f"    {_usage(command, path)}\n"
    yield f"{' '.join((command.help or '').split())}\n"
    options = [each for each in command.params if isinstance(each, click.Option)]
    yield from (_option(option) for option in options)
    yield ""


def _usage(command: click.Command, path: tuple[str, ...]) -> str:
    context = click.Context(command, info_name=" ".join(path))
    return command.get_usage(context).removeprefix("Usage: ").replace("\n", " ")


def _option(option: click.Option) -> str:
    context = click.Context(click.Command("any"))
    names, text = option.get_help_record(context) or ("", "")
    shown = " ".join(f"{text}".split())
    return f"- `{names}`: {shown}" if shown else f"- `{names}`"


if __name__ == "__main__":
    PAGE.parent.mkdir(parents=True, exist_ok=True)
    PAGE.write_text(reference(), encoding="utf-8")
