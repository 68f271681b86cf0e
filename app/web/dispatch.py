"""One request, one transaction: actor, access, page token, idempotency, view, answer, commit."""

import re
from collections.abc import Callable
from typing import Any, Final, cast

import structlog
from flask import Flask, Response, current_app, g, make_response, request
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm.exc import StaleDataError
from sqlmodel import Session
from werkzeug.exceptions import UnsupportedMediaType

from app.db.engine import Database, asked_by
from app.kernel.actor import Actor
from app.kernel.errors import (
    Busy,
    Conflict,
    MalformedRequest,
    PreconditionMissing,
    Refusal,
    StaleVersion,
    Unauthenticated,
)
from app.kernel.text import N_
from app.web import csrf, idempotency
from app.web.access import RouteRule, admit, rule_of
from app.web.reading import FORM_TYPES, require_known_query

log = structlog.get_logger("greenpledge.web")

SAFE_METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_ETAG = re.compile(r'(?:W/)?"(\d{1,9})"')

FindActor = Callable[[Session], Actor | None]


class Unavailable(Busy):
    """The database cannot be reached or has no free connection."""

    code = "unavailable"
    title = N_("The service is busy")
    detail = N_("The service cannot answer just now. Wait %(retry_after)s seconds and try again.")


class GreenpledgeFlask(Flask):
    """Flask with the transaction around every view."""

    def dispatch_request(self) -> Any:
        """Run the view of the matched route inside its transaction."""
        if request.routing_exception is not None:
            _recognise_reader()
            self.raise_routing_exception(request)
        endpoint = cast(str, request.endpoint)
        rule = rule_of(self.view_functions[endpoint])
        if rule is None:
            return super().dispatch_request()
        run = super().dispatch_request
        try:
            if request.method in SAFE_METHODS:
                return _read(rule, run)
            with asked_by(g.get("request_id", "")):
                return _write(rule, run)
        except StaleDataError:
            raise StaleVersion(current=None) from None
        except IntegrityError as error:
            raise Conflict(constraint=_constraint(error)) from error
        except (OperationalError, PoolTimeout) as error:
            current_app.logger.warning("database unavailable: %s", type(error).__name__)
            raise Unavailable(retry_after=2) from error
        finally:
            # What is rendered from here on (a problem page) must not revive a session that was closed.
            g.pop("session", None)


def database() -> Database:
    """The database of the running app."""
    return cast(Database, current_app.extensions["database"])


def find_actor(session: Session) -> Actor | None:
    """Ask the identity room who is calling."""
    finder = cast(FindActor, current_app.extensions["find_actor"])
    return finder(session)


def _caller(rule: RouteRule, session: Session) -> Actor | None:
    """Who is calling; where everybody may, a token that says nothing to us is nobody's."""
    try:
        return find_actor(session)
    except Unauthenticated:
        if rule.public:
            return None
        raise


def _recognise_reader() -> None:
    """Who reads the page that says that an address leads nowhere: it keeps the reader's menu."""
    if is_api_request():
        return
    try:
        with database().read() as session:
            g.actor = find_actor(session)
    except (Unauthenticated, OperationalError, PoolTimeout):
        g.actor = None


def _read(rule: RouteRule, run: Callable[[], Any]) -> Any:
    with database().read() as session:
        g.session = session
        g.actor = _caller(rule, session)
        admit(rule, g.actor)
        if is_api_request():
            require_known_query(current_app.view_functions[cast(str, request.endpoint)])
        return make_response(run())


def _write(rule: RouteRule, run: Callable[[], Any]) -> Any:
    with database().read() as session:
        g.actor = _caller(rule, session)
    admit(rule, g.actor)
    _require_media_type(rule)
    csrf.require(g.actor)
    request.get_data(cache=True)
    if rule.reads:
        with database().read() as g.session:
            return make_response(run())
    with Session(database().engine, expire_on_commit=False) as session:
        database().begin(session)
        g.session = session
        return _answer_once(rule, session, run)


def _answer_once(rule: RouteRule, session: Session, run: Callable[[], Any]) -> Response:
    key = None if rule.secret else idempotency.key_of(request)
    actor: Actor | None = g.actor
    api = is_api_request()
    if rule.idempotent and key is None and api:
        raise idempotency.KeyMissing
    route = f"{request.method} {request.path}"[:200]
    g.prepared = None
    if rule.ahead is not None and not _is_answered(actor, route, key):
        _work_ahead(rule.ahead, session)
    if key is not None and actor is not None:
        stored = idempotency.begin(session, actor, request, route, key)
        if stored is not None:
            session.rollback()
            return stored
    g.if_match = _version_sent(required=rule.versioned and api)
    response = make_response(run())
    if response.status_code >= 400:
        session.rollback()
        return response
    if key is not None and actor is not None:
        _set_etag(response)
        idempotency.finish(session, actor, route, key, response)
    database().commit(session)
    for after in g.pop("after_commit", []):
        after()
    return response


def _is_answered(actor: Actor | None, route: str, key: str | None) -> bool:
    """Whether a request with this key was answered before, so that nothing need be worked out again.

    Where the key is purged in between, the view works without what would have been prepared.
    """
    if actor is None or key is None:
        return False
    with database().read() as session:
        return idempotency.is_answered(session, actor, route, key)


def _work_ahead(work: Callable[..., object], session: Session) -> None:
    """Let a route read and compute before its transaction begins, so that no other writer waits for it.

    What it refuses, the view refuses again, in its own way.
    """
    try:
        with database().read() as g.session:
            g.prepared = work(**(request.view_args or {}))
    except Refusal:
        return
    finally:
        g.session = session


def _version_sent(*, required: bool) -> int | None:
    header = request.headers.get("If-Match")
    if header is None and required:
        raise PreconditionMissing(header="If-Match")
    if header is None:
        field = request.form.get("version", "") if request.mimetype in FORM_TYPES else ""
        return int(field) if field.isdecimal() and len(field) < 10 else None
    match = _ETAG.fullmatch(header.strip())
    if match is None:
        raise MalformedRequest(reason=N_("If-Match must be the ETag that the service gave"))
    return int(match.group(1))


def _set_etag(response: Response) -> None:
    version = g.get("etag")
    if version is not None:
        response.headers["ETag"] = f'"{version}"'


def add_etag(response: Response) -> Response:
    """After each request: the version of the thing as ETag."""
    _set_etag(response)
    return response


def after_commit(work: Callable[[Database], object], *, what: str) -> None:
    """Work to be done once the request's transaction is committed, such as printing.

    It has no part in the answer: what fails is logged, and a job makes up for it.
    """
    store = database()

    def run() -> None:
        try:
            work(store)
        except Exception:
            log.exception("work after the commit failed", work=what)

    g.setdefault("after_commit", []).append(run)


def is_api_request() -> bool:
    """Whether a program is calling, as told by the address."""
    return request.path.startswith("/api/")


def _require_media_type(rule: RouteRule) -> None:
    """JSON to the API (multipart where files are taken); forms to pages."""
    if not is_api_request():
        return
    has_body = bool(request.content_length) or "chunked" in request.headers.get(
        "Transfer-Encoding", ""
    )
    if request.mimetype == "application/json" or (not has_body and not request.mimetype):
        charset = request.mimetype_params.get("charset", "utf-8").lower()
        if charset in {"utf-8", "utf8"}:
            return
    if rule.upload and request.mimetype == "multipart/form-data":
        return
    raise UnsupportedMediaType


def _constraint(error: IntegrityError) -> str:
    """The name of the constraint that refused, without any value of the row."""
    diagnostic = getattr(error.orig, "diag", None)
    if diagnostic is not None and diagnostic.constraint_name:
        return str(diagnostic.constraint_name)
    return str(error.orig).split(":", 1)[0][:60]
