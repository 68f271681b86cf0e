"""Request ids, JSON logs without secrets, security headers, health and metrics."""

import hmac
import logging
import sys
import time
from typing import Final

import sqlalchemy as sa
import structlog
from flask import Blueprint, Flask, Response, current_app, g, request
from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
)

from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.web.access import public
from app.web.csrf import keep_visitor
from app.web.dispatch import add_etag, database

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
)
_HEADERS: Final = {
    "Content-Security-Policy": CONTENT_SECURITY_POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
}
log = structlog.get_logger("greenpledge.web")


class Metrics:
    """Counters of one web process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "greenpledge_requests",
            "Requests by route and status.",
            ["route", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "greenpledge_request_seconds",
            "Seconds a request took.",
            ["route"],
            registry=self.registry,
        )


def configure_logs(level: str) -> None:
    """One JSON record a line on standard error; texts of Chinese stay readable."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.getLevelNamesMapping()[level]),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def install(app: Flask) -> None:
    """Bind ids, logs, headers, health and metrics to the app."""
    app.extensions["metrics"] = Metrics()
    app.before_request(_begin)
    app.after_request(add_etag)
    app.after_request(keep_visitor)
    app.after_request(_end)
    app.register_blueprint(_blueprint())


def _begin() -> None:
    g.started = time.perf_counter()
    sent = request.headers.get("X-Request-ID", "")
    g.request_id = sent if sent.isascii() and sent.isalnum() and len(sent) <= 64 else new_id().hex


def _end(response: Response) -> Response:
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    if current_app.config["SESSION_COOKIE_SECURE"]:
        response.headers.setdefault(
            "Strict-Transport-Security", "max-age=31536000; includeSubDomains"
        )
    if request.endpoint != "static":
        response.headers.setdefault("Cache-Control", "no-store")
        response.headers.setdefault("Vary", "HX-Request, Cookie, Accept-Language")
    elif "v" in request.args:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    response.headers["X-Request-ID"] = g.get("request_id", "")
    _observe(response)
    return response


def _observe(response: Response) -> None:
    seconds = time.perf_counter() - g.get("started", time.perf_counter())
    route = str(request.url_rule) if request.url_rule else "none"
    metrics: Metrics = current_app.extensions["metrics"]
    metrics.requests.labels(route, str(response.status_code)).inc()
    metrics.seconds.labels(route).observe(seconds)
    actor = g.get("actor")
    log.info(
        "request",
        request_id=g.get("request_id"),
        method=request.method,
        path=request.path,
        status=response.status_code,
        milliseconds=round(seconds * 1000, 1),
        person=str(actor.person_id) if actor else None,
        organisation=str(actor.organisation_id) if actor else None,
    )


def _blueprint() -> Blueprint:
    blueprint = Blueprint("operation", __name__)

    @blueprint.get("/healthz")
    @public
    def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @blueprint.get("/readyz")
    @public
    def readyz() -> tuple[dict[str, str], int]:
        check = current_app.extensions.get("readiness")
        with database().read() as session:
            session.execute(sa.text("SELECT 1"))
            problem = check(session) if check else ""
        return ({"status": "ok"}, 200) if not problem else ({"status": problem}, 503)

    @blueprint.get("/metrics")
    @public
    def metrics() -> Response:
        if not _may_read_metrics():
            raise NotFound
        found: Metrics = current_app.extensions["metrics"]
        return Response(generate_latest(found.registry), content_type=CONTENT_TYPE_LATEST)

    return blueprint


def _may_read_metrics() -> bool:
    if request.remote_addr in {"127.0.0.1", "::1"}:
        return True
    token = current_app.config["METRICS_TOKEN"]
    sent = request.headers.get("Authorization", "").removeprefix("Bearer ")
    return bool(token) and hmac.compare_digest(sent.encode(), token.encode())
