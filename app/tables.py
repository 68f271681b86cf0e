"""Every table of every room in one metadata, for migrations and tests."""

import pkgutil
from importlib import import_module

import sqlalchemy as sa

import app
from app.db.base import metadata


def load_tables() -> sa.MetaData:
    """The metadata after the modules of each room that hold its tables were imported."""
    for room in pkgutil.iter_modules(app.__path__, "app."):
        if room.ispkg:
            for name in _modules_of_tables(room.name):
                import_module(name)
    return metadata


def _modules_of_tables(room: str) -> list[str]:
    """`models` and those beside it, such as `change_models`, in the room and its folders; some have none."""
    inside = pkgutil.walk_packages(import_module(room).__path__, f"{room}.")
    return [each.name for each in inside if "models" in each.name.rpartition(".")[2].split("_")]
