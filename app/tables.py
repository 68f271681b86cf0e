"""Every table of every room in one metadata, for migrations and tests."""

import pkgutil
from importlib import import_module

import sqlalchemy as sa

import app
from app.db.base import metadata


def load_tables() -> sa.MetaData:
    """The metadata after the `models` module of each room was imported."""
    for room in pkgutil.iter_modules(app.__path__, "app."):
        if room.ispkg:
            _import_models(room.name)
    return metadata


def _import_models(room: str) -> None:
    """A room without tables has no such module; an error inside one is not hidden."""
    name = f"{room}.models"
    try:
        import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name:
            raise
