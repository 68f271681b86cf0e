"""Refusals as RFC 9457 problem details for programs and as pages for people. Only this module knows statuses."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import orjson
from flask import Flask, Response, g, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from app.kernel import errors
from app.kernel.actor import Name
from app.kernel.csv_rows import LineError
from app.kernel.money import Money
from app.kernel.text import N_, Coded
from app.web.dispatch import Unavailable
from app.web.fields import Message
from app.web.language import current_language

_STATUS: tuple[tuple[type[errors.Refusal], int], ...] = (
    (Unavailable, 503),
    (errors.MalformedRequest, 400),
    (errors.Unauthenticated, 401),
    (errors.Forbidden, 403),
    (errors.NotFound, 404),
    (errors.StaleVersion, 412),
    (errors.PreconditionMissing, 428),
    (errors.TooManyRequests, 429),
    (errors.Conflict, 409),
    (errors.Refusal, 422),
)

_HTTP_WORDS = {
    400: (N_("The request cannot be read"), N_("The request is not well formed.")),
    404: (errors.NotFound.title, errors.NotFound.detail),
    405: (
        N_("Not possible at this address"),
        N_("This address does not take this kind of request."),
    ),
    413: (N_("Too large"), N_("What was sent is larger than allowed. Send less or smaller files.")),
    415: (N_("Wrong content type"), N_("Send the body as application/json in UTF-8.")),
    500: (
        N_("Something went wrong"),
        N_("The service failed. Nothing was changed. Tell us the request number."),
    ),
}


def status_of(refusal: errors.Refusal) -> int:
    """The HTTP status of a refusal."""
    return status_of_kind(type(refusal))


def status_of_kind(kind: type[errors.Refusal]) -> int:
    """The status of a kind of refusal: that of the first in the table that it belongs to."""
    return next(status for known, status in _STATUS if issubclass(kind, known))


def problem_of(refusal: errors.Refusal) -> dict[str, Any]:
    """The problem document of a refusal, in the reader's language."""
    body: dict[str, Any] = {
        "type": f"/problems/{refusal.code}",
        "title": gettext(refusal.title),
        "status": status_of(refusal),
        "detail": fill(refusal.detail, refusal.facts),
        "code": refusal.code,
        "instance": request.path,
        **{name: plain(value) for name, value in refusal.facts.items()},
    }
    if refusal.errors:
        body["errors"] = [
            {"pointer": each.pointer, "detail": fill(each.detail, each.facts)}
            for each in refusal.errors
        ]
    return body


def fill(template: str, facts: Mapping[str, object]) -> str:
    """The translated template with its facts as words; a missing fact leaves the template readable."""
    if not template:
        return ""
    words = gettext(template)
    try:
        shown = {name: show(value) for name, value in facts.items()}
        return words % shown if "%(" in words else words
    except (KeyError, ValueError, TypeError):
        return words


def lines_in_words(lines: Iterable[LineError]) -> tuple[LineError, ...]:
    """The wrong lines of a file in the reader's language."""
    return tuple(replace(each, detail=fill(each.detail, each.facts)) for each in lines)


def plain(value: object) -> Any:
    """A fact as JSON."""
    if isinstance(value, Money):
        return value.yuan
    if isinstance(value, Name):
        return value.in_language(current_language())
    if isinstance(value, bool | int | None):
        return value
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(each) for each in value]
    return str(value)


def show(value: object) -> object:
    """A fact as words."""
    if isinstance(value, Money):
        return _grouped(value)
    if isinstance(value, Message):
        return fill(value, value.facts)
    if isinstance(value, Coded):
        return gettext(value.words)
    if isinstance(value, Name):
        return value.in_language(current_language())
    if isinstance(value, list | tuple):
        return ", ".join(str(show(each)) for each in value) or "—"
    return gettext(value) if isinstance(value, str) and value else value


def _grouped(value: Money) -> str:
    whole, decimals = value.yuan.rsplit(".", 1)
    return f"{int(whole):,}.{decimals}" if not whole.startswith("-0") else value.yuan


def wants_problem_json() -> bool:
    """Whether the caller is a program."""
    if request.path.startswith("/api/") or request.path in {"/openapi.json", "/metrics"}:
        return True
    best = request.accept_mimetypes.best_match(
        ["text/html", "application/json", "application/problem+json"]
    )
    return (
        best is not None
        and best != "text/html"
        and "text/html" not in request.headers.get("Accept", "")
    )


def answer(refusal: errors.Refusal) -> Response:
    """The refusal as a response of the kind the caller reads."""
    body = problem_of(refusal)
    response = _json(body) if wants_problem_json() else _page(body)
    retry_after = refusal.facts.get("retry_after")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _answer_foreign_host(_error: SecurityError) -> Response:
    """A host that is not ours gets no page: there is no address to build its links from."""
    return Response("This host is not served here.\n", status=400, content_type="text/plain")


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    title, detail = _HTTP_WORDS.get(
        status, (HTTP_STATUS_CODES.get(status, "Error"), error.description or "")
    )
    body = {
        "type": "about:blank",
        "title": gettext(title),
        "status": status,
        "detail": gettext(detail) if detail else "",
        "code": HTTP_STATUS_CODES.get(status, "error").lower().replace(" ", "-"),
        "instance": request.path,
    }
    if status >= 500:
        body["request_id"] = g.get("request_id", "")
    response = _json(body) if wants_problem_json() else _page(body)
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after", "location"}:
            response.headers[name] = value
    return response


def _json(body: dict[str, Any]) -> Response:
    return Response(
        orjson.dumps(body), status=body["status"], content_type="application/problem+json"
    )


def _page(body: dict[str, Any]) -> Response:
    return Response(
        render_template("problems/problem.html", problem=body),
        status=body["status"],
        content_type="text/html; charset=utf-8",
    )


def _answer_refusal(refusal: errors.Refusal) -> Response:
    if (
        isinstance(refusal, errors.Unauthenticated)
        and not wants_problem_json()
        and request.method == "GET"
    ):
        back = request.full_path.rstrip("?")
        return redirect(f"/sign-in?next={quote(back)}", 303)  # type: ignore[return-value]
    return answer(refusal)


def install(app: Flask) -> None:
    """Register the handlers. Bugs stay bugs: they are logged with their trace and answered with 500."""
    app.register_error_handler(errors.Refusal, _answer_refusal)
    app.register_error_handler(SecurityError, _answer_foreign_host)
    app.register_error_handler(HTTPException, _answer_http)
