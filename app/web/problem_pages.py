"""The public page behind the `type` of a problem: what it means and what to do, in both languages."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from flask import Blueprint, render_template
from flask_babel import force_locale, gettext

from app.kernel.errors import NotFound, Refusal
from app.web.access import public
from app.web.language import LANGUAGES, current_language
from app.web.problems import status_of

_FACT = re.compile(r"%\(\w+\)[sd]")

blueprint = Blueprint("problem_pages", __name__, url_prefix="/problems")


def known_problems() -> Mapping[str, tuple[type[Refusal], ...]]:
    """Every kind of refusal of the service whose module is loaded, by its code."""
    found: dict[str, list[type[Refusal]]] = {}
    for kind in _kinds(Refusal):
        found.setdefault(kind.code, []).append(kind)
    return {code: tuple(kinds) for code, kinds in sorted(found.items())}


def _kinds(parent: type[Refusal]) -> Iterator[type[Refusal]]:
    for kind in parent.__subclasses__():
        if kind.__module__.startswith("app."):
            yield kind
        yield from _kinds(kind)


def wordings(kinds: tuple[type[Refusal], ...]) -> list[tuple[str, str]]:
    """Titles and details of the kinds that share a code, each once."""
    return list(dict.fromkeys((kind.title, kind.detail) for kind in kinds))


def status_of_kind(kind: type[Refusal]) -> int:
    """The status that the refusal is answered with."""
    return status_of(kind.__new__(kind))


@blueprint.get("/<code>")
@public
def about(code: str) -> str:
    """What a problem means and what to do about it."""
    kinds = known_problems().get(code)
    if kinds is None:
        raise NotFound
    mine = current_language()
    other = next(each for each in LANGUAGES if each != mine)
    return render_template(
        "problems/about.html",
        code=code,
        status=status_of_kind(kinds[0]),
        here=_said(kinds, mine),
        there=_said(kinds, other),
        there_language="en" if other == "en" else "zh-CN",
    )


def _said(kinds: tuple[type[Refusal], ...], language: str) -> list[dict[str, Any]]:
    with force_locale(language):
        return [
            {"title": gettext(title), "detail": open_places(gettext(detail))}
            for title, detail in wordings(kinds)
        ]


def open_places(detail: str) -> str:
    """A detail with an ellipsis where an answer has its facts."""
    return _FACT.sub("…", detail).replace("%%", "%")
