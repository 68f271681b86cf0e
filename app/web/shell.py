"""What every page receives: who is here, where they can go, the page token, words of state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, current_app, g, get_flashed_messages, request, url_for
from flask_babel import gettext

from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.web.csrf import page_token
from app.web.language import current_language, other_language_href


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """An entry of the sidebar, shown to actors who hold any of the permissions."""

    endpoint: str
    title: str
    icon: str
    permissions: tuple[Permission, ...] = ()
    prefix: str = ""
    count: Callable[[], int] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NavLink:
    """An entry as the template draws it."""

    endpoint: str
    href: str
    title: str
    icon: str
    active: bool
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownActor:
    """The actor's words in the reader's language."""

    display_name: str
    role_title: str
    organisation_name: str
    permissions: frozenset[Permission]

    def may(self, permission: str) -> bool:
        """Whether the actor holds a permission, by its code."""
        return Permission(permission) in self.permissions


def install(
    app: Flask,
    *,
    navigation: Sequence[NavItem],
    business_day: Callable[[], date | None],
    version: str,
) -> None:
    """Give the shell's context to every template."""

    def context() -> dict[str, Any]:
        actor: Actor | None = g.get("actor")
        return {
            "actor": _shown(actor),
            "nav": _links(navigation, actor),
            "csrf_token": page_token(),
            "locale": current_language(),
            "other_locale_href": other_language_href(),
            "business_day": business_day(),
            "demo": bool(app.extensions.get("demo", lambda: False)()),
            "messages": get_flashed_messages(with_categories=True),
            "app_version": version,
            "asset_url": asset_url,
            "icon_url": asset_url("vendor/icons.svg"),
        }

    app.context_processor(context)


def words(name: Any) -> str:
    """A `Name` in the reader's language."""
    return str(name.in_language(current_language())) if name is not None else ""


def said(message: str) -> str:
    """A message that is data, such as the source of a parameter, in the reader's language."""
    return str(gettext(message)) if message else ""


def asset_url(name: str) -> str:
    """The address of a static file, with its change time so that it may be cached for long."""
    path = Path(current_app.static_folder or "") / name
    stamp = format(int(path.stat().st_mtime), "x") if path.exists() else "0"
    return url_for("static", filename=name, v=stamp)


def local_target(target: str | None, fallback: str) -> str:
    """An address on this site to go on to; anything else gives the fallback."""
    if (
        not target
        or not target.startswith("/")
        or target.startswith(("//", "/\\"))
        or any(c in target for c in "\r\n\t\\")
    ):
        return fallback
    parts = urlsplit(target)
    return target if not parts.scheme and not parts.netloc else fallback


def _shown(actor: Actor | None) -> ShownActor | None:
    if actor is None:
        return None
    return ShownActor(
        display_name=words(actor.display_name),
        role_title=words(actor.role_title),
        organisation_name=words(actor.organisation_name),
        permissions=actor.permissions,
    )


def _links(navigation: Sequence[NavItem], actor: Actor | None) -> list[NavLink]:
    if actor is None:
        return []
    return [_link(item) for item in navigation if _visible(item, actor)]


def _visible(item: NavItem, actor: Actor) -> bool:
    return not item.permissions or any(actor.may(permission) for permission in item.permissions)


def _link(item: NavItem) -> NavLink:
    href = url_for(item.endpoint)
    prefix = item.prefix or href
    return NavLink(
        endpoint=item.endpoint,
        href=href,
        title=gettext(item.title),
        icon=item.icon,
        active=request.path == href or request.path.startswith(prefix.rstrip("/") + "/"),
        count=item.count() if item.count else 0,
    )
