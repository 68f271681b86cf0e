"""A page whose address asks for something wrong: shown without it, its form saying what was wrong.

The page is asked for a second time without the wrong parts of its query. Only a page whose form shows
them (the macro `filters`) is answered so; any other refusal stays as it is.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Flask, Response, current_app, g, make_response, request
from werkzeug.datastructures import ImmutableMultiDict

from app.kernel.errors import Refusal


@dataclass(slots=True, kw_only=True)
class WrongQuery:
    """What was sent and what is wrong with it, by the name in the query; `shown` by the page's form."""

    values: Mapping[str, str]
    errors: Mapping[str, str]
    shown: bool = False


def query_name(pointer: str) -> str:
    """The part of the query that a pointer names."""
    return pointer.lstrip("/").split("/", 1)[0]


def page_without(errors: Mapping[str, str]) -> Response | None:
    """The page without what is wrong in its query; None where it cannot show that.

    `errors` are words by the name in the query.
    """
    known = request.method == "GET" and not errors.keys() - request.args.keys()
    if not errors or not known or "wrong_query" in g:
        return None
    wrong = WrongQuery(values={name: request.args[name] for name in errors}, errors=errors)
    g.wrong_query = wrong
    kept = [pair for pair in request.args.items(multi=True) if pair[0] not in errors]
    request.args = ImmutableMultiDict(kept)
    try:
        page = make_response(current_app.dispatch_request())
    except Refusal:
        return None
    return page if wrong.shown else None


def wrong_query() -> WrongQuery | None:
    """For the form of a page: what was wrong with its query, which the form then shows."""
    found: WrongQuery | None = g.get("wrong_query")
    if found is not None:
        found.shown = True
    return found


def install(app: Flask) -> None:
    """Give `wrong_query` to every template."""
    app.jinja_env.globals["wrong_query"] = wrong_query
