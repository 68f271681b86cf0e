"""Addresses of pages of the rooms below, by endpoint."""

from flask import current_app, url_for


def href(endpoint: str, **values: object) -> str | None:
    """The address of a page; None when this installation has no such page."""
    return url_for(endpoint, **values) if endpoint in current_app.view_functions else None  # type: ignore[arg-type]
