"""Refusals as RFC 9457 problem details for programs and as pages for people. Only this module knows statuses."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any, Final
from urllib.parse import quote, urlsplit

import orjson
from flask import Flask, Response, current_app, g, redirect, render_template, request
from flask_babel import gettext
from werkzeug.exceptions import HTTPException, SecurityError
from werkzeug.http import HTTP_STATUS_CODES

from app.kernel import errors
from app.kernel.actor import Name
from app.kernel.csv_rows import LineError
from app.kernel.money import Money
from app.kernel.text import N_, Coded
from app.web import wrong_query
from app.web.dispatch import Unavailable
from app.web.fields import Message
from app.web.language import current_language


class MethodNotAllowed(errors.Refusal):
    """The address exists, but not for this kind of request."""

    code = "method-not-allowed"
    title = N_("Not possible at this address")
    detail = N_("This address does not take this kind of request.")


class TooLarge(errors.Refusal):
    """The body, or the text of a form, is longer than what is read at all."""

    code = "too-large"
    title = N_("Too large")
    detail = N_(
        "What was sent is larger than allowed: at most %(limit_mib)s MiB in one request, of which %(form_mib)s MiB in "
        "%(form_fields)s fields outside of its files. Send less or smaller files."
    )


class UnsupportedMediaType(errors.Refusal):
    """The body is neither JSON nor, where files are taken, a form with files."""

    code = "unsupported-media-type"
    title = N_("Wrong content type")
    detail = N_(
        "Send the body as application/json in UTF-8; where files are taken, as multipart/form-data."
    )


_STATUS: tuple[tuple[type[errors.Refusal], int], ...] = (
    (MethodNotAllowed, 405),
    (TooLarge, 413),
    (UnsupportedMediaType, 415),
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
    500: (
        N_("Something went wrong"),
        N_("The service failed. Nothing was changed. Tell us the request number."),
    ),
}


def _refusal_of(status: int) -> errors.Refusal | None:
    """The refusal that says what Flask refused by itself."""
    match status:
        case 404:
            return errors.NotFound()
        case 405:
            return MethodNotAllowed()
        case 413:
            limits = {
                "limit_mib": _mib(current_app.config["MAX_CONTENT_LENGTH"]),
                "form_mib": _mib(current_app.config["MAX_FORM_MEMORY_SIZE"]),
                "form_fields": current_app.config["MAX_FORM_PARTS"],
            }
            return TooLarge(**limits)
        case 415:
            return UnsupportedMediaType()
        case _:
            return None


def _mib(size_bytes: int) -> str:
    return f"{Decimal(size_bytes) / 2**20:.6f}".rstrip("0").rstrip(".")


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
        **{
            name: said(value) if name in IN_WORDS else plain(value)
            for name, value in refusal.facts.items()
        },
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


IN_WORDS: Final = frozenset({"checks", "reason"})
"""Facts that are messages of the catalogue; the others are codes and figures, the same in each language."""


def said(value: object) -> Any:
    """A fact of messages as JSON, in the reader's language."""
    if isinstance(value, list | tuple):
        return [said(each) for each in value]
    return gettext(value) if isinstance(value, str) and value else plain(value)


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
        return _grouped(value.yuan)
    if isinstance(value, Message):
        return fill(value, value.facts)
    if isinstance(value, Coded):
        return gettext(value.words)
    if isinstance(value, Name):
        return value.in_language(current_language())
    if isinstance(value, list | tuple):
        parts = [str(show(each)) for each in value]
        divided = any(mark in part for part in parts for mark in ",，、")
        return (gettext("; ") if divided else gettext(", ")).join(parts) or "—"
    return _text(value) if isinstance(value, str) and value else value


def _text(value: str) -> str:
    return _grouped(value) if _LONG_AMOUNT.fullmatch(value) else gettext(value)


_LONG_AMOUNT: Final = re.compile(r"-?[1-9][0-9]{3,}\.[0-9]{2}")
"""An amount as facts are stored: money is the only text of theirs with two decimals."""


def _grouped(yuan: str) -> str:
    whole, decimals = yuan.rsplit(".", 1)
    return f"{int(whole):,}.{decimals}" if not whole.startswith("-0") else yuan


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
    response = _json(body) if wants_problem_json() else _page(body | _onward(refusal))
    retry_after = refusal.facts.get("retry_after")
    if retry_after is not None:
        response.headers["Retry-After"] = str(retry_after)
    if body["status"] == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    return response


def _onward(refusal: errors.Refusal) -> dict[str, Any]:
    """What a page says in other words than a program reads, and where it leads."""
    if isinstance(refusal, errors.Unauthenticated):
        href = f"/sign-in?next={quote(_form_address())}"
        return {
            "detail": gettext("Your session has ended. Sign in again."),
            "link": {"href": href, "title": gettext("Sign in")},
        }
    if isinstance(refusal, errors.StaleVersion):
        return {"link": {"href": _form_address(), "title": gettext("Load it again")}}
    return {}


def _form_address() -> str:
    """The page of the form that was sent: its own address, or else the page that it stood on."""
    adapter = current_app.create_url_adapter(request)
    if adapter is not None and adapter.test(method="GET"):
        return request.full_path.rstrip("?")
    came_from = urlsplit(request.referrer or "")
    if came_from.netloc != request.host or not came_from.path.startswith("/"):
        return "/"
    return came_from.path + (f"?{came_from.query}" if came_from.query else "")


def _answer_foreign_host(_error: SecurityError) -> Response:
    """A host that is not ours gets no page: there is no address to build its links from."""
    return Response("This host is not served here.\n", status=400, content_type="text/plain")


def _answer_http(error: HTTPException) -> Response:
    status = error.code or 500
    refusal = _refusal_of(status)
    response = _answer_other(error, status) if refusal is None else answer(refusal)
    for name, value in error.get_headers(request.environ):
        if name.lower() in {"allow", "retry-after", "location"}:
            response.headers[name] = value
    return response


def _answer_other(error: HTTPException, status: int) -> Response:
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
    return _json(body) if wants_problem_json() else _page(body)


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
    return _page_again(refusal) or answer(refusal)


def _page_again(refusal: errors.Refusal) -> Response | None:
    """A page whose form says what was wrong with the query; None where that cannot be."""
    if wants_problem_json():
        return None
    told = {wrong_query.query_name(each.pointer): each for each in refusal.errors}
    words = {name: fill(each.detail, each.facts) for name, each in told.items()}
    page = wrong_query.page_without(words)
    if page is not None:
        page.status_code = status_of(refusal)
    return page


def install(app: Flask) -> None:
    """Register the handlers. Bugs stay bugs: they are logged with their trace and answered with 500."""
    wrong_query.install(app)
    app.register_error_handler(errors.Refusal, _answer_refusal)
    app.register_error_handler(SecurityError, _answer_foreign_host)
    app.register_error_handler(HTTPException, _answer_http)
