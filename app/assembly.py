"""Puts the rooms together: the one place that knows all of them."""

from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

from flask import Flask, g
from sqlmodel import Session
from werkzeug.middleware.proxy_fix import ProxyFix

import app
from app.appraisal.domain.catalogue import require_sound_models
from app.appraisal.services.reporting import KIND as APPRAISAL_REPORT
from app.appraisal.services.standing import report_standing
from app.assets.burdens import bind_burdens
from app.audit.services import watch
from app.collateral.queries import burdens_in_force
from app.db import migrations
from app.db.engine import Database, demonstration_day
from app.documents.files import bind_store, local_store
from app.documents.standing import bind_standing
from app.identity import calling
from app.kernel.folders import find_folder
from app.rooms import API_BLUEPRINTS, NAVIGATION, PAGE_BLUEPRINTS, business_day_of
from app.settings import Settings
from app.web import formats, language, operation, problem_pages, problems, shell, tables
from app.web.access import rule_of
from app.web.dispatch import GreenpledgeFlask, database
from app.web.missing import Missing
from app.web.openapi import make_api

T = TypeVar("T")

MAX_BODY_BYTES = 25 * 1024 * 1024
"""An evidence file of 20 MiB and the form around it."""

MAX_FORM_MEMORY_BYTES = 2 * 1024 * 1024
"""The longest text area and GeoJSON typed into a form fit twice."""

MAX_FORM_PARTS = 1000
"""Fifty rows of twenty fields."""


def assemble(settings: Settings, given: Database | None = None) -> Flask:
    """The app with its database, rooms, shell and API; a route without an access rule means no start.

    Nor does a model of another package that breaks the valuation contract.
    """
    require_sound_models()
    made = GreenpledgeFlask(
        "app", template_folder=str(find_folder("templates")), static_folder="static"
    )
    _configure(made, settings)
    store = given or open_database(settings)
    bind_burdens(store, burdens_in_force)
    bind_standing(store, APPRAISAL_REPORT, report_standing)
    made.extensions.update(
        settings=settings,
        database=store,
        find_actor=calling.find_actor,
        readiness=migrations.readiness,
    )
    operation.configure_logs(settings.log_level)
    language.install(made)
    formats.install(made)
    tables.install(made)
    problems.install(made)
    operation.install(made)
    made.register_blueprint(problem_pages.blueprint)
    api = make_api(made, app.__version__)
    for blueprint in API_BLUEPRINTS:
        api.register_blueprint(blueprint)
    for page_blueprint in PAGE_BLUEPRINTS:
        made.register_blueprint(page_blueprint)
    made.extensions["demo"] = _is_demonstration
    shell.install(made, navigation=NAVIGATION, business_day=_business_day, version=app.__version__)
    _require_rules(made)
    return made


def open_database(settings: Settings) -> Database:
    """The database of the settings, with the audit journal and the file store bound to it."""
    store = Database(settings.sqlalchemy_url(), pool_size=settings.pool_size)
    watch(store)
    bind_store(store, local_store(settings))
    bind_burdens(store, burdens_in_force)
    return store


def _configure(made: Flask, settings: Settings) -> None:
    made.config.update(
        SECRET_KEY=settings.signing_key(),
        MAX_CONTENT_LENGTH=MAX_BODY_BYTES,
        MAX_FORM_MEMORY_SIZE=MAX_FORM_MEMORY_BYTES,
        MAX_FORM_PARTS=MAX_FORM_PARTS,
        SESSION_COOKIE_SECURE=settings.secure_cookies or settings.production,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        METRICS_TOKEN=settings.metrics_token,
        TRUSTED_HOSTS=_hosts_served(settings),
        TESTING=settings.env == "test",
        PROPAGATE_EXCEPTIONS=False,
    )
    made.jinja_env.trim_blocks = True
    made.jinja_env.lstrip_blocks = True
    made.jinja_env.undefined = Missing
    if settings.proxy_hops:
        hops = settings.proxy_hops
        made.wsgi_app = ProxyFix(made.wsgi_app, x_for=hops, x_proto=hops)  # type: ignore[method-assign]


def _hosts_served(settings: Settings) -> list[str] | None:
    """The hosts of the settings and this machine's own names, by which it is asked for its health; None means any."""
    named = [host.strip() for host in settings.trusted_hosts.split(",") if host.strip()]
    return [*named, "127.0.0.1", "localhost"] if named else None


def _business_day() -> date | None:
    actor: Any = g.get("actor")
    if actor is None:
        return None
    return _looked_up(lambda session: business_day_of(session, actor))


def _is_demonstration() -> bool:
    return _looked_up(demonstration_day) is not None


def _looked_up(look: Callable[[Session], T]) -> T:
    """What a look into the database gives, on the request's session where there is one."""
    session: Session | None = g.get("session")
    if session is not None:
        return look(session)
    with database().read() as reading:
        return look(reading)


def _require_rules(made: Flask) -> None:
    missing = [
        name
        for name, view in made.view_functions.items()
        if name != "static" and rule_of(view) is None
    ]
    if missing:
        raise RuntimeError(f"routes without an access rule: {', '.join(missing)}")
