"""Words, JSON and refusals at the terminal; imports nothing that needs a database."""

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any, Final, NoReturn

import click

from app.documents.content_types import UploadRefused, decode_text
from app.kernel.actor import Name
from app.kernel.catalogue import catalogue
from app.kernel.errors import Fact, FieldError, InvalidInput, Refusal, RuleViolation
from app.kernel.text import N_, Coded
from risk_models.documents import InvalidDocument, shown
from risk_models.words import Text

REFUSED: Final = 1
"""What was read and is refused: a value outside its bounds, a rule, a day before the parameters."""

UNREADABLE: Final = 2
"""A command line or an input file that cannot be read."""

WORDS: Final = N_("%(words)s")
_ISO_DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

as_json_option: Final = click.option("--json", "as_json", is_flag=True, help="Answer as JSON.")


class InputUnreadable(InvalidInput):
    """The command line or the input file cannot be read, as a whole or at the places named."""

    code = "input-unreadable"
    title = N_("The input cannot be read")
    detail = N_("Correct the command line or the file at the places named and try again.")


class InputRefused(RuleViolation):
    """The input was read, and breaks a rule or lies outside of its bounds."""

    code = "input-refused"
    title = N_("The input is refused")
    detail = N_("Correct what is named and try again.")


def worded(pointer: str, words: Text) -> FieldError:
    """A place and words that stand in both languages already."""
    told = Name(en=words.en, zh=words.zh)
    return FieldError(pointer=pointer, detail=WORDS, facts={"words": told})


def of_document(problem: InvalidDocument) -> Refusal:
    """The refusal of a document, by whether all its values were read."""
    kind = InputRefused if problem.was_read else InputUnreadable
    return kind(errors=tuple(worded(each.pointer, each.detail) for each in problem.problems))


def content_of(path: Path, *, most_bytes: int) -> bytes:
    """The bytes of an input file; one that is not there, or too large, is refused."""
    try:
        size = path.stat().st_size
        content = path.read_bytes() if size <= most_bytes else b""
    except FileNotFoundError:
        raise InputUnreadable.at(path.name, N_("There is no such file.")) from None
    except OSError as problem:
        raise InputUnreadable.at(
            path.name, N_("The file cannot be read: %(reason)s."), reason=problem.strerror
        ) from problem
    if max(size, len(content)) > most_bytes:
        words = N_("The file is larger than %(limit)s bytes.")
        raise InputUnreadable.at(path.name, words, limit=f"{most_bytes:,}")
    return content


def text_of(path: Path, *, most_bytes: int) -> str:
    """The text of an input file of rows; bytes that are no text are refused."""
    try:
        return decode_text(content_of(path, most_bytes=most_bytes))
    except UploadRefused as refused:
        raise InputUnreadable.at(path.name, refused.detail, **refused.facts) from refused


def json_of(path: Path, content: bytes) -> object:
    """The JSON of an input file; where it is none, the line is named."""
    try:
        found: object = json.loads(content, object_pairs_hook=partial(_once, path.name))
    except json.JSONDecodeError as problem:
        words = N_("This is no JSON: look at line %(line)s, column %(column)s.")
        raise InputUnreadable.at(
            path.name, words, line=problem.lineno, column=problem.colno
        ) from problem
    except (ValueError, RecursionError) as problem:
        raise InputUnreadable.at(path.name, N_("This is no JSON in UTF-8.")) from problem
    return found


def _once(file: str, pairs: list[tuple[str, object]]) -> dict[str, object]:
    """The object of these pairs; of a name that stands twice nobody knows which value is meant."""
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        words = N_("The name %(name)s stands twice in one object. Keep one.")
        raise InputUnreadable.at(file, words, name=shown([twice]))
    return found


class WholeRange(click.IntRange):
    """A whole number between bounds, refused in the terminal's language."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The number, or a usage error with the bounds."""
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            if self.max is None:
                message = say(N_("A whole number from %(low)s on is needed."), {"low": self.min})
            else:
                facts = {"low": self.min, "high": f"{self.max:,}"}
                message = say(N_("A whole number from %(low)s to %(high)s is needed."), facts)
            self.fail(message, param, ctx)


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
            words = N_("%(text)s is no day such as 2024-02-29.")
            self.fail(say(words, {"text": repr(text[:40])}), param, ctx)


def _parse_day(text: str) -> date:
    """Only with hyphens: Python also reads weeks and other forms."""
    if _ISO_DAY.fullmatch(text) is None:
        raise ValueError
    return date.fromisoformat(text)


DAY: Final = Day()


@contextmanager
def refusals_shown(
    *, as_json: bool, places: Callable[[], Mapping[str, str]] = dict
) -> Iterator[None]:
    """Show a refusal instead of a trace, and end with exit 1, or 2 when the input cannot be read.

    `places` gives the options whose values the pointers of refusals name.
    """
    try:
        yield
    except Refusal as refusal:
        show_refusal(refusal, as_json=as_json, places=places() if refusal.errors else {})


def show_refusal(
    refusal: Refusal, *, as_json: bool, places: Mapping[str, str] | None = None
) -> NoReturn:
    """What is refused, why and what to do: as a problem in JSON, else as text in the terminal's language."""
    if as_json:
        echo_json(problem_of(refusal))
    else:
        click.echo(say(refusal.title), err=True)
        if not refusal.errors:
            click.echo(f"  {say(refusal.detail, _shown(refusal.facts, language()))}", err=True)
        for error in refusal.errors:
            words = say(error.detail, _shown(error.facts, language()))
            place = (places or {}).get(error.pointer) or _place(error.pointer)
            click.echo(f"  {place}: {words}" if place else f"  {words}", err=True)
    raise click.exceptions.Exit(UNREADABLE if isinstance(refusal, InputUnreadable) else REFUSED)


def _place(pointer: str) -> str:
    """Where it is for a person: lines and rows by their number, other places as JSON has them."""
    match pointer.strip("/").split("/"):
        case ["file", line] if line.isdecimal():
            return say(N_("line %(line)s"), {"line": line})
        case ["rows"]:
            return say(N_("rows"))
        case ["rows", row, *fields] if row.isdecimal():
            return ": ".join([say(N_("row %(row)s"), {"row": int(row) + 1}), *fields])
        case _:
            return pointer


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
        return catalogue(of).gettext(", ").join(str(_in_words(each, of)) for each in value)
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
