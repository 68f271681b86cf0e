"""What click could not read of a command line, as a refusal in the words of both languages."""

import re
from collections.abc import Sequence
from typing import Final

import click

from app.cli.terminal import InputUnreadable, say
from app.kernel.errors import FieldError
from app.kernel.text import N_

_WORDS: Final = tuple(
    (re.compile(pattern, re.DOTALL), message)
    for pattern, message in (
        (
            r"(?P<value>.+) is not in the range (?P<range>.+)\.",
            N_("%(value)s is not in the range %(range)s."),
        ),
        (r"(?P<value>.+) is not a valid integer.*\.", N_("%(value)s is not a whole number.")),
        (r"(?P<value>.+) is not a valid float.*\.", N_("%(value)s is not a number.")),
        (
            r"(?P<value>.+) is not one of (?P<choices>.+)\.",
            N_("%(value)s is not one of %(choices)s."),
        ),
        (
            r"No such (?:command|option) (?P<name>'.*?')\. Did you mean (?P<other>.+)\?",
            N_("There is no %(name)s. Did you mean %(other)s?"),
        ),
        (r"No such command (?P<name>'.*?')\..*", N_("No such command %(name)s.")),
        (r"No such option (?P<name>'.*?')\..*", N_("No such option %(name)s.")),
        (r"Missing command\.", N_("Name a command.")),
        (r"Option (?P<name>.+) requires an argument\.", N_("Option %(name)s needs a value.")),
        (r"Option (?P<name>.+) does not take a value\.", N_("Option %(name)s takes no value.")),
        (
            r"Got unexpected extra arguments? \((?P<arguments>.+)\)",
            N_("More is given than the command takes: %(arguments)s"),
        ),
        (
            r"(?:File|Path|Directory) (?P<name>'.+') does not exist\.",
            N_("%(name)s does not exist."),
        ),
    )
)
"""Click's own words that people meet, with ours for them."""


def unreadable(problem: click.UsageError) -> InputUnreadable:
    """The refusal: the option or argument that click names, and its words."""
    param = problem.param if isinstance(problem, click.BadParameter) else None
    if param is None:
        return InputUnreadable(errors=(_said("", problem.format_message()),))
    given = param.opts[0] if isinstance(param, click.Option) else param.name or ""
    pointer = "/" + given.lstrip("-").replace("-", "_")
    return InputUnreadable(errors=(_said(pointer, problem.message or N_("Enter a value.")),))


def _said(pointer: str, words: str) -> FieldError:
    for pattern, message in _WORDS:
        found = pattern.fullmatch(words)
        if found is not None:
            return FieldError(pointer=pointer, detail=message, facts=dict(found.groupdict()))
    return FieldError(pointer=pointer, detail=words.replace("%", "%%") if "%(" in words else words)


def echo_usage(problem: click.UsageError) -> None:
    """How the command is written, and where more stands."""
    if problem.ctx is None:
        return
    command = problem.ctx.command_path
    pieces = [command, *problem.ctx.command.collect_usage_pieces(problem.ctx)]
    click.echo(say(N_("Usage: %(usage)s"), {"usage": " ".join(pieces)}), err=True)
    click.echo(say(N_("Try '%(command)s --help' for help."), {"command": command}), err=True)


def places_of(root: click.Group, ctx: click.Context, given: Sequence[str]) -> dict[str, str]:
    """The options of the command that is called, by the pointers under which refusals name their values."""
    command: click.Command = root
    for word in given:
        found = command.get_command(ctx, word) if isinstance(command, click.Group) else None
        if found is None:
            break
        command = found
    places = {}
    for param in command.params:
        if isinstance(param, click.Option):
            option = param.opts[0]
            places[f"/{param.name}"] = places[f"/{option.lstrip('-').replace('-', '_')}"] = option
        else:
            places[f"/{param.name}"] = param.metavar or (param.name or "").upper()
    return places
