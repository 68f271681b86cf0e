"""The public page behind the `type` of a problem: what it means and what to do, in both languages."""

import re
from collections.abc import Iterator, Mapping

from flask import Blueprint, render_template
from flask_babel import force_locale, gettext

from app.kernel.errors import NotFound, Refusal
from app.web.access import public
from app.web.language import LANGUAGES, current_language
from app.web.problems import status_of_kind

_FACT = re.compile(r"%\(\w+\)[sd]")

blueprint = Blueprint("problem_pages", __name__, url_prefix="/problems")


def known_problems() -> Mapping[str, type[Refusal]]:
    """Every kind of refusal of the service whose module is loaded, by its code, which it shares with none."""
    return {kind.code: kind for kind in sorted(kinds(Refusal), key=lambda kind: kind.code)}


def kinds(parent: type[Refusal]) -> Iterator[type[Refusal]]:
    """The kinds of refusal below one, at any depth."""
    for kind in parent.__subclasses__():
        if kind.__module__.startswith("app."):
            yield kind
        yield from kinds(kind)


@blueprint.get("/<code>")
@public
def about(code: str) -> str:
    """What a problem means and what to do about it."""
    kind = known_problems().get(code)
    if kind is None:
        raise NotFound
    mine = current_language()
    other = next(each for each in LANGUAGES if each != mine)
    return render_template(
        "problems/about.html",
        code=code,
        status=status_of_kind(kind),
        here=_said(kind, mine),
        there=_said(kind, other),
        there_language="en" if other == "en" else "zh-CN",
    )


def _said(kind: type[Refusal], language: str) -> dict[str, str]:
    with force_locale(language):
        return {"title": gettext(kind.title), "detail": open_places(gettext(kind.detail))}


def open_places(detail: str) -> str:
    """A detail with an ellipsis where an answer has its facts."""
    return _FACT.sub("…", detail).replace("%%", "%")
