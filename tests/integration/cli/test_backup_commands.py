"""A backup comes back whole on the same kind of database, or not at all."""

import json
import shutil
import threading

import pytest
import sqlalchemy as sa

from app.db.numbers import next_number
from app.documents.files import local_store
from app.settings import Settings
from tests.support.postgres import create_database, drop_database

EVIDENCE = b"%PDF-1.7 evidence"


@pytest.fixture(autouse=True)
def tools(engine_name):
    if engine_name == "postgres" and shutil.which("pg_dump") is None:
        pytest.skip("pg_dump is not installed")


@pytest.fixture
def fresh(engine_name, request, tmp_path):
    """The URL of another database, with nothing in it."""
    if engine_name == "sqlite":
        yield f"sqlite:///{tmp_path / 'fresh.db'}"
        return
    server = request.getfixturevalue("postgres_url")
    yield create_database(server, "gp_fresh")
    drop_database(server, "gp_fresh")


@pytest.fixture
def filled(terminal, tmp_path):
    """The world with one evidence file; gives the command and the key of the file."""
    store = local_store(Settings(home=tmp_path / "home"))
    return terminal, store.put_once(EVIDENCE)


def rows(url):
    engine = sa.create_engine(url)
    tables = sa.MetaData()
    tables.reflect(engine)
    with engine.connect() as connection:
        found = {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in tables.sorted_tables
            if table.name != "schema_lock"
        }
    engine.dispose()
    return found


def url_of(database):
    return str(database.url)


def test_restored_copy_has_every_row_and_file_and_verifies(filled, database, fresh, at, tmp_path):
    run, key = filled
    made = run("backup", tmp_path / "copy", "--json")
    assert made.code == 0
    assert any(key in each["path"] for each in made.json["files"])

    home = at(fresh, tmp_path / "elsewhere")
    back = run("restore", tmp_path / "copy", "--json")
    assert (back.code, back.json["ok"]) == (0, True)
    assert rows(fresh) == rows(url_of(database))
    assert local_store(Settings(home=home)).get(key) == EVIDENCE


def test_backup_of_a_database_in_use_is_one_state(filled, database, fresh, at, tmp_path):
    run, _key = filled
    begun, stop = threading.Event(), threading.Event()

    def write_on():
        while not stop.is_set():
            with database.write() as session:
                next_number(session, "X", 1)
                next_number(session, "Y", 1)
            begun.set()

    writer = threading.Thread(target=write_on)
    writer.start()
    assert begun.wait(timeout=30)
    try:
        assert run("backup", tmp_path / "copy").code == 0
    finally:
        stop.set()
        writer.join()
    at(fresh, tmp_path / "elsewhere")
    assert run("restore", tmp_path / "copy").code == 0
    series = [row.split(",") for row in rows(fresh)["number_series"]]
    last = {row[0].strip("('"): int(row[2].strip(" )")) for row in series}
    assert last["X"] == last["Y"] > 0


def test_nothing_is_overwritten(filled, tmp_path):
    run, _key = filled
    assert run("backup", tmp_path / "copy").code == 0
    assert run("backup", tmp_path / "copy", "--json").json["code"] == "folder-not-empty"
    assert run("restore", tmp_path / "copy", "--json").json["code"] == "target-not-empty"


def test_changed_file_stops_the_restore_before_anything_is_written(filled, fresh, at, tmp_path):
    run, key = filled
    folder = tmp_path / "copy"
    run("backup", folder)
    target = folder / "files" / key[:2] / key[2:4] / key
    target.write_bytes(EVIDENCE + b"!")
    at(fresh, tmp_path / "elsewhere")
    refused = run("restore", folder, "--json")
    assert (refused.code, refused.json["code"]) == (1, "damaged-backup")
    assert not set(rows(fresh)) - {"schema_lock"}


MANIFESTS = (
    ({"format": 2}, "not-a-backup"),
    ({"files": [{"path": "../secret", "bytes": 1, "sha256": "0"}]}, "not-a-backup"),
    ({"files": [{"path": "/etc/passwd", "bytes": 1, "sha256": "0"}]}, "not-a-backup"),
    ({"files": "none"}, "not-a-backup"),
    ({"more": 1}, "not-a-backup"),
    ({"schema": "9999"}, "schema-mismatch"),
)


def test_manifest_that_was_tampered_with_or_is_of_a_newer_version_is_refused(
    filled, fresh, at, tmp_path
):
    run, _key = filled
    folder = tmp_path / "copy"
    run("backup", folder)
    manifest = json.loads((folder / "manifest.json").read_text())
    at(fresh, tmp_path / "elsewhere")
    for change, code in MANIFESTS:
        (folder / "manifest.json").write_text(json.dumps({**manifest, **change}))
        assert run("restore", folder, "--json").json["code"] == code, change


def test_folder_without_a_manifest_is_refused(filled, tmp_path):
    run, _key = filled
    assert run("restore", tmp_path / "none", "--json").json["code"] == "not-a-backup"


@pytest.mark.one_engine("postgres")
def test_missing_tool_is_named_with_its_remedy(filled, tmp_path, monkeypatch):
    run, _key = filled
    monkeypatch.setenv("PATH", str(tmp_path))
    refused = run("backup", tmp_path / "copy", "--json")
    assert refused.json["code"] == "tool-missing"
    assert "postgresql-client" in refused.json["detail"]


@pytest.mark.one_engine("sqlite")
def test_backup_goes_back_to_its_own_kind_of_database(filled, tmp_path, request, at):
    run, _key = filled
    run("backup", tmp_path / "copy")
    at(create_database(request.getfixturevalue("postgres_url"), "gp_fresh"), tmp_path / "elsewhere")
    assert run("restore", tmp_path / "copy", "--json").json["code"] == "other-engine"
    drop_database(request.getfixturevalue("postgres_url"), "gp_fresh")
