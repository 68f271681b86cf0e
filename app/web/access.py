"""What each route needs: who may call it, and whether it takes an idempotency key and a version."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar, cast

from flask import flash, g
from sqlmodel import Session

from app.kernel.actor import Actor
from app.kernel.errors import StaleVersion, Unauthenticated
from app.kernel.permissions import Permission

View = TypeVar("View", bound=Callable[..., object])
Prepared = TypeVar("Prepared")


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteRule:
    """The access rule of one view.

    public: nobody need be signed in. permissions: any one of them is enough; empty means every signed-in actor.
    idempotent: an Idempotency-Key is required. versioned: an If-Match is required.
    upload: multipart bodies are accepted.
    reads: a POST that stores nothing: it runs in a read-only session, so that no writer waits for it.
    secret: what is sent or answered holds a secret, so that nothing of it is kept for a replay.
    ahead: long work that only reads, called with the arguments of the view before the transaction that
    writes begins; the view takes its answer by `prepared_as`.
    """

    public: bool = False
    permissions: tuple[Permission, ...] = ()
    idempotent: bool = False
    versioned: bool = False
    upload: bool = False
    reads: bool = False
    secret: bool = False
    ahead: Callable[..., object] | None = None


def access(
    *permissions: Permission,
    idempotent: bool = False,
    versioned: bool = False,
    upload: bool = False,
    reads: bool = False,
    secret: bool = False,
    ahead: Callable[..., object] | None = None,
) -> Callable[[View], View]:
    """Mark a view: signed in, holding any of the permissions."""
    rule = RouteRule(
        permissions=permissions,
        idempotent=idempotent,
        versioned=versioned,
        upload=upload,
        reads=reads,
        secret=secret,
        ahead=ahead,
    )
    return _mark(rule)


def public(view: View) -> View:
    """Mark a view that anybody may call."""
    return _mark(RouteRule(public=True))(view)


def rule_of(view: Callable[..., object]) -> RouteRule | None:
    """The mark of a view; None when it has none (which fails the start)."""
    return cast("RouteRule | None", getattr(view, "__route_rule__", None))


def _mark(rule: RouteRule) -> Callable[[View], View]:
    def mark(view: View) -> View:
        view.__route_rule__ = rule  # type: ignore[attr-defined]
        return view

    return mark


def admit(rule: RouteRule, actor: Actor | None) -> None:
    """Refuse who may not call the route."""
    if rule.public:
        return
    if actor is None:
        raise Unauthenticated
    if rule.permissions:
        actor.require_any(*rule.permissions)


def current_actor() -> Actor:
    """The actor of the request; `Unauthenticated` when nobody is signed in."""
    actor: Actor | None = g.get("actor")
    if actor is None:
        raise Unauthenticated
    return actor


def current_session() -> Session:
    """The session of the request: read-only for safe methods, the unit of work otherwise."""
    return cast(Session, g.session)


def start_over() -> None:
    """Forget what a refused use case did and read, before its form is shown again."""
    session = current_session()
    session.rollback()
    session.expire_all()


def prepared_as(kind: type[Prepared]) -> Prepared | None:
    """What was worked out ahead of the transaction; None when that was refused, and the view refuses it again."""
    found = g.get("prepared")
    return found if isinstance(found, kind) else None


def check_version(version: int) -> None:
    """Compare the version just loaded with If-Match; `StaleVersion` when they differ."""
    expected = g.get("if_match")
    if expected is not None and expected != version:
        raise StaleVersion(current=version, sent=expected)


def tagged(view: object) -> object:
    """Answer with the view's version as ETag, for the next If-Match."""
    g.etag = getattr(view, "version", None)
    return view


def tell(kind: str, text: str) -> None:
    """A message for the page that follows: kind is `ok`, `note` or `alarm`; the text is already translated."""
    flash(text, kind)


__all__ = [
    "RouteRule",
    "access",
    "admit",
    "check_version",
    "current_actor",
    "current_session",
    "prepared_as",
    "public",
    "rule_of",
    "start_over",
    "tagged",
    "tell",
]
