"""A backup: the database in one state, every evidence file, and a manifest with the hash of each."""

import hashlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import sqlalchemy as sa

from app import __version__
from app.db import migrations
from app.db.engine import Database
from app.documents.files import FOLDER, local_store
from app.kernel.errors import Conflict, RuleViolation
from app.kernel.text import N_
from app.settings import Settings

FORMAT: Final = 1
MANIFEST: Final = "manifest.json"
_DATABASE: Final = {"sqlite": "database.db", "postgresql": "database.dump"}
_LISTED: Final = re.compile(r"database\.(db|dump)|files/[0-9a-f]{2}/[0-9a-f]{2}/[0-9a-f]{64}")
_CHUNK_BYTES: Final = 1024 * 1024


class FolderNotEmpty(Conflict):
    """A backup never overwrites another."""

    code = "folder-not-empty"
    title = N_("The folder is not empty")
    detail = N_("%(folder)s holds files. Name a new folder: a backup never overwrites another.")


class TargetNotEmpty(Conflict):
    """A restore never overwrites what stands."""

    code = "target-not-empty"
    title = N_("There is something here already")
    detail = N_(
        "The database or the folder of files is not empty. Restore into a new home folder and database."
    )


class NotABackup(RuleViolation):
    """The folder holds no backup that this version reads."""

    code = "not-a-backup"
    title = N_("This is no backup that can be read")
    detail = N_("%(folder)s has no manifest that this version reads: %(reason)s.")


class DamagedBackup(RuleViolation):
    """A file of the backup is missing or was changed."""

    code = "damaged-backup"
    title = N_("The backup is damaged")
    detail = N_("%(path)s is missing or does not have its hash. Nothing was restored.")


class OtherEngine(RuleViolation):
    """A backup goes back to the kind of database it came from."""

    code = "other-engine"
    title = N_("The backup is of another kind of database")
    detail = N_("The backup is of %(found)s, GREENPLEDGE_DATABASE_URL names %(wanted)s.")


class ToolMissing(RuleViolation):
    """PostgreSQL's own tools are needed."""

    code = "tool-missing"
    title = N_("A program is missing")
    detail = N_(
        "%(tool)s is not on the path. Install the client programs of PostgreSQL "
        "(apt-get install postgresql-client), or back up with the tools of the server."
    )


class ToolFailed(RuleViolation):
    """PostgreSQL's tool refused."""

    code = "tool-failed"
    title = N_("A program failed")
    detail = N_("%(tool)s says: %(reason)s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A file of a backup."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds; `schema` is the revision of its database."""

    format: int
    made_at: str
    version: str
    engine: str
    schema: str
    files: tuple[Listed, ...]


def back_up(store: Database, settings: Settings, folder: Path) -> Manifest:
    """Write a backup into a new folder while the service may go on working.

    The database comes first: a file is written before the row that points at it, so every row of the
    snapshot finds its file among those copied after it.
    """
    _require_new(folder)
    found = migrations.status(store.engine)
    if found.current is None:
        raise migrations.SchemaMismatch(current="-", head=found.head)
    engine = store.engine.dialect.name
    _dump(store, folder / _DATABASE[engine])
    _copy_files(settings, folder)
    manifest = Manifest(
        format=FORMAT,
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        version=__version__,
        engine=engine,
        schema=found.current,
        files=tuple(_listed(folder, path) for path in _content(folder)),
    )
    text = json.dumps(asdict(manifest), indent=2) + "\n"
    (folder / MANIFEST).write_text(text, encoding="utf-8")
    return manifest


def restore(store: Database, settings: Settings, folder: Path) -> Manifest:
    """Bring a backup into an empty database and home folder, then to this version's schema.

    Every hash is checked before anything is written.
    """
    manifest = read_manifest(folder)
    wanted = store.engine.dialect.name
    if manifest.engine != wanted:
        raise OtherEngine(found=manifest.engine, wanted=wanted)
    _require_hashes(folder, manifest)
    _require_empty(store, settings)
    files = local_store(settings)
    for listed in manifest.files:
        if listed.path.startswith(f"{FOLDER}/"):
            files.put_once((folder / listed.path).read_bytes())
    _load(store, folder / _DATABASE[wanted])
    migrations.upgrade(store.engine)
    return manifest


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a backup; refuses paths that lead elsewhere and schemas newer than this version."""
    try:
        raw: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        manifest = Manifest(**{**raw, "files": tuple(Listed(**each) for each in raw["files"])})
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise NotABackup(folder=str(folder), reason=type(error).__name__) from error
    strange = [listed.path for listed in manifest.files if not _LISTED.fullmatch(listed.path)]
    if manifest.format != FORMAT or strange:
        raise NotABackup(folder=str(folder), reason=(strange or [f"format {manifest.format}"])[0])
    if manifest.schema not in migrations.revisions():
        raise migrations.SchemaMismatch(current=manifest.schema, head=migrations.revisions()[-1])
    return manifest


def _require_new(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise FolderNotEmpty(folder=str(folder))


def _require_hashes(folder: Path, manifest: Manifest) -> None:
    for listed in manifest.files:
        path = folder / listed.path
        if not path.is_file() or _sha256(path) != listed.sha256:
            raise DamagedBackup(path=listed.path)


def _require_empty(store: Database, settings: Settings) -> None:
    tables = set(sa.inspect(store.engine).get_table_names()) - {"schema_lock"}
    if tables or any(local_store(settings).keys()):
        raise TargetNotEmpty


def _content(folder: Path) -> Iterator[Path]:
    return (path for path in sorted(folder.rglob("*")) if path.is_file())


def _listed(folder: Path, path: Path) -> Listed:
    return Listed(
        path=path.relative_to(folder).as_posix(), bytes=path.stat().st_size, sha256=_sha256(path)
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _copy_files(settings: Settings, folder: Path) -> None:
    """Each file once; what is uploaded meanwhile belongs to the next backup."""
    files = local_store(settings)
    for key in files.keys():  # noqa: SIM118 - the store is no dictionary
        target = folder / FOLDER / key[:2] / key[2:4] / key
        target.parent.mkdir(parents=True, exist_ok=True)
        with files.open(key) as source, target.open("wb") as sink:
            shutil.copyfileobj(source, sink, _CHUNK_BYTES)


def _dump(store: Database, target: Path) -> None:
    if store.is_sqlite:
        _copy_sqlite(Path(str(store.engine.url.database)), target)
    else:
        _run_tool(store, "pg_dump", "--format=custom", "--no-owner", f"--file={target}")


def _load(store: Database, source: Path) -> None:
    if store.is_sqlite:
        store.dispose()
        _copy_sqlite(source, Path(str(store.engine.url.database)))
    else:
        with store.engine.begin() as connection:
            connection.exec_driver_sql("DROP TABLE IF EXISTS schema_lock")
        _run_tool(
            store,
            "pg_restore",
            "--exit-on-error",
            "--no-owner",
            "--single-transaction",
            str(source),
        )


def _copy_sqlite(source: Path, target: Path) -> None:
    """One state of a database that may be in use, by the library's own backup; never a copy of the file."""
    reading = sqlite3.connect(f"{source.absolute().as_uri()}?mode=ro", uri=True)
    writing = sqlite3.connect(target)
    try:
        reading.backup(writing)
        (answer,) = writing.execute("PRAGMA integrity_check").fetchone()
    finally:
        writing.close()
        reading.close()
    if answer != "ok":
        raise DamagedBackup(path=source.name)


def _run_tool(store: Database, tool: str, *options: str) -> None:
    """Run a client program of PostgreSQL; the password goes by the environment, which others cannot list."""
    program = shutil.which(tool)
    if program is None:
        raise ToolMissing(tool=tool)
    url = store.engine.url
    place = url.set(drivername="postgresql", password=None).render_as_string(hide_password=False)
    environment = {**os.environ, "PGPASSWORD": url.password or ""}
    done = subprocess.run(  # noqa: S603 - found on the path, options are ours
        [program, f"--dbname={place}", *options],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["-"])[0]
        raise ToolFailed(tool=tool, reason=reason[:300])
