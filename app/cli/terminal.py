"""Words, JSON and refusals at the terminal; imports nothing that needs a database."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Final, NoReturn

import click

from app.kernel.actor import Name
from app.kernel.catalogue import catalogue
from app.kernel.errors import Fact, Refusal
from app.kernel.text import Coded

REFUSED: Final = 1
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

as_json_option: Final = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


def language() -> str:
    """`zh` or `en`, as the terminal's locale says; English where it says nothing."""
    names = (os.environ.get(name, "") for name in ("LC_ALL", "LC_MESSAGES", "LANG"))
    return "zh" if next(filter(None, names), "en").startswith("zh") else "en"


def say(message: str, facts: Mapping[str, Fact] | None = None) -> str:
    """A message of the catalogue in the terminal's language, filled with its facts."""
    text = catalogue(language()).gettext(message)
    return text % facts if facts else text


def echo_json(answer: object) -> None:
    """One JSON value on standard output."""
    click.echo(json.dumps(answer, ensure_ascii=False))


def echo_pairs(pairs: Sequence[tuple[str, object]]) -> None:
    """Labels of the catalogue with their values, one a line."""
    for label, value in pairs:
        click.echo(f"{say(label)}: {value}")


class Day(click.ParamType[date]):
    """A day such as 2024-02-29."""

    name = "date"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> date:
        """The day, or a usage error."""
        if isinstance(value, date):
            return value
        text = str(value)
        try:
            return _parse_day(text)
        except ValueError:
            self.fail(f"Not a day such as 2024-02-29: {text[:40]!r}.", param, ctx)


def _parse_day(text: str) -> date:
    """Only with hyphens: Python also reads weeks and other forms."""
    if _ISO_DAY.fullmatch(text) is None:
        raise ValueError
    return date.fromisoformat(text)


DAY: Final = Day()


@contextmanager
def refusals_shown(*, as_json: bool) -> Iterator[None]:
    """Show a refusal instead of a trace, and end with exit 1."""
    try:
        yield
    except Refusal as refusal:
        show_refusal(refusal, as_json=as_json)


def show_refusal(refusal: Refusal, *, as_json: bool) -> NoReturn:
    """What is refused, why and what to do: as a problem in JSON, else as text in the terminal's language."""
    if as_json:
        echo_json(problem_of(refusal))
    else:
        click.echo(say(refusal.title), err=True)
        if not refusal.errors:
            click.echo(f"  {say(refusal.detail, _shown(refusal.facts, language()))}", err=True)
        for error in refusal.errors:
            words = say(error.detail, _shown(error.facts, language()))
            click.echo(f"  {error.pointer}: {words}", err=True)
    raise click.exceptions.Exit(REFUSED)


def problem_of(refusal: Refusal) -> dict[str, object]:
    """A refusal as the API tells it, in English, without a status."""
    errors = [
        {"pointer": error.pointer, "detail": _filled(error.detail, _shown(error.facts, "en"))}
        for error in refusal.errors
    ]
    return {
        **{name: _plain(value) for name, value in refusal.facts.items()},
        "type": f"/problems/{refusal.code}",
        "code": refusal.code,
        "title": refusal.title,
        "detail": _filled(refusal.detail, _shown(refusal.facts, "en")),
        "errors": errors,
    }


def _filled(message: str, facts: Mapping[str, Fact]) -> str:
    return message % facts if facts else message


def _shown(facts: Mapping[str, Fact], of: str) -> dict[str, Fact]:
    return {name: _in_words(value, of) for name, value in facts.items()}


def _in_words(value: Fact, of: str) -> Fact:
    """A fact as words of a language: codes by their titles, lists joined."""
    if isinstance(value, Coded):
        return catalogue(of).gettext(value.words)
    if isinstance(value, Name):
        return value.in_language(of)
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(_in_words(each, of)) for each in value)
    return _plain(value)


def _plain(value: Fact) -> Fact:
    """A fact as JSON: lists joined, names in English, what JSON does not know as text."""
    if value is None or isinstance(value, str | int):
        return value
    if isinstance(value, Name):
        return value.in_language("en")
    if isinstance(value, list | tuple | set | frozenset):
        return ", ".join(str(_plain(each)) for each in value)
    return str(value)
