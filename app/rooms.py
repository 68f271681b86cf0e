"""The rooms that answer requests, in the order of their layers, and the sidebar."""

from collections.abc import Sequence
from datetime import date

from flask import Blueprint
from sqlmodel import Session

from app.identity import pages as identity_pages
from app.kernel.actor import Actor
from app.web.openapi import ApiBlueprint
from app.web.shell import NavItem

API_BLUEPRINTS: Sequence[ApiBlueprint] = ()

PAGE_BLUEPRINTS: Sequence[Blueprint] = (identity_pages.blueprint,)

NAVIGATION: Sequence[NavItem] = ()


def business_day_of(session: Session, actor: Actor) -> date | None:  # noqa: ARG001
    """The open business day of the actor's bank, for the banner."""
    return None
