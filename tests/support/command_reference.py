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

`greenpledge COMMAND --help` says the same. Every command takes `--json` and ends with 0 when done, 1 when
something is refused or wrong (with `--json` the problem stands on standard output), and 2 when the command
line cannot be read. Words follow the terminal's language (`LC_ALL`, `LC_MESSAGES`, `LANG`).
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
