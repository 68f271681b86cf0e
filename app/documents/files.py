"""Which file store belongs to a database: that of the service, or the one that a test gave."""

from typing import Final, cast

from sqlmodel import Session

from app.db.engine import Database, database_of
from app.documents.store import FileStore, LocalStore
from app.settings import Settings, read_settings

_PORT: Final = "files"
FOLDER: Final = "files"
"""Name of the folder of evidence and documents under the home folder."""


def bind_store(database: Database, store: FileStore) -> None:
    """Give a database the store that holds its files."""
    database.ports[_PORT] = store


def local_store(settings: Settings) -> LocalStore:
    """The store under the home folder."""
    return LocalStore(settings.home / FOLDER)


def store_of(session: Session) -> FileStore:
    """The store of the session's database; under the home folder when none was given."""
    database = database_of(session)
    if _PORT not in database.ports:
        bind_store(database, local_store(read_settings()))
    return cast(FileStore, database.ports[_PORT])


def check_address(code: str) -> str:
    """The public address that checks a document by its code, as printed and drawn as QR code."""
    return f"{read_settings().public_url.rstrip('/')}/verify/{code}"
