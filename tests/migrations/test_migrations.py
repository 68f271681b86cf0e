"""Four rules for every migration on both engines: one head, models agree, each step goes down and up, names fit."""

import re
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlmodel import Session

from app.db.engine import make_engine
from app.db.migrations import (
    SchemaMismatch,
    SchemaState,
    UnknownRevision,
    differences,
    downgrade,
    readiness,
    require_current,
    revisions,
    status,
    upgrade,
)
from app.kernel.folders import find_folder
from app.tables import load_tables
from tests.conftest import DEEP
from tests.migrations.catalogue import catalogue
from tests.migrations.rows import digest_of_rows, fill_tables

LONGEST_NAME = 63
"""PostgreSQL cuts longer names off, and two names may then be one."""

AT_ONCE = 4 if DEEP else 2

VERSIONS = find_folder("migrations") / "versions"


@pytest.fixture
def engine(empty_database):
    made = make_engine(empty_database)
    yield made
    made.dispose()


@pytest.fixture
def finished(engine_name, templates):
    """A database on which all steps have been taken: a copy of the one that all tests start from."""
    with templates(engine_name).copy() as url:
        made = make_engine(url)
        yield made
        made.dispose()


def tables_of(revision):
    (file,) = VERSIONS.glob(f"{revision}_*.py")
    return re.findall(r'op\.create_table\(\s*"(\w+)"', file.read_text(encoding="utf-8"))


def test_there_is_one_line_of_revisions_with_one_head():
    config = Config()
    config.set_main_option("script_location", str(VERSIONS.parent))
    scripts = ScriptDirectory.from_config(config)
    assert len(scripts.get_heads()) == 1
    assert len(scripts.get_bases()) == 1
    assert len(revisions()) == len(list(VERSIONS.glob("*.py")))


def test_files_are_named_by_number_room_and_what_they_do():
    for number, file in enumerate(sorted(VERSIONS.glob("*.py")), start=1):
        assert re.fullmatch(rf"{number:04d}_[a-z]+_[a-z_]+\.py", file.name)


def test_upgrade_makes_what_the_models_say(finished):
    assert differences(finished, load_tables()) == []
    assert status(finished).state is SchemaState.CURRENT


def test_differences_name_a_column_that_the_database_lacks(finished):
    with finished.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE person DROP COLUMN name_en")
    (found,) = differences(finished, load_tables())
    assert "name_en" in found


def test_catalogue_after_upgrade_equals_that_of_create_all(engine, empty_database, finished):
    load_tables().create_all(engine)
    made = catalogue(empty_database)
    migrated = catalogue(finished.url)
    for kind, expected in made.items():
        assert migrated[kind] == expected


def test_names_fit_both_engines():
    names = [name for table in load_tables().tables.values() for name in _names(table)]
    assert [name for name in names if len(name) > LONGEST_NAME] == []


def _names(table):
    yield table.name
    yield from (column.name for column in table.columns)
    yield from (index.name for index in table.indexes)
    yield from (str(constraint.name) for constraint in table.constraints)


@pytest.mark.deep_on("postgres")
def test_each_step_goes_down_and_up_with_rows_in_it(engine, empty_database):
    filled = 0
    older = "base"
    before = catalogue(empty_database)
    for revision in revisions():
        kept = digest_of_rows(engine)
        upgrade(engine, revision)
        after = catalogue(empty_database)
        filled += len(fill_tables(engine, load_tables(), tables_of(revision)))
        downgrade(engine, older)
        assert catalogue(empty_database) == before
        assert digest_of_rows(engine) == kept
        upgrade(engine, revision)
        assert catalogue(empty_database) == after
        fill_tables(engine, load_tables(), tables_of(revision))
        older, before = revision, after
    # Rows are made from the column types; a few tables ask for more than types can tell.
    assert filled >= 0.9 * len(load_tables().tables)


def test_everything_goes_down_at_once(finished):
    downgrade(finished, "base")
    assert all(rows == [] for rows in catalogue(finished.url).values())
    assert status(finished).state is SchemaState.EMPTY


def test_unknown_revision_is_refused(engine):
    upgrade(engine, revisions()[0])
    with pytest.raises(UnknownRevision):
        downgrade(engine, "nowhere")
    assert status(engine).current == revisions()[0]


def test_state_says_how_the_database_stands_to_the_code(engine):
    assert status(engine).state is SchemaState.EMPTY
    upgrade(engine, revisions()[0])
    assert status(engine).state is SchemaState.OLDER
    assert status(engine).pending == revisions()[1:]
    with Session(engine) as session:
        assert readiness(session) == "schema-older"
    with pytest.raises(SchemaMismatch):
        require_current(engine)


def test_schema_of_a_newer_version_is_left_alone(finished):
    upgrade(finished)
    with finished.begin() as connection:
        connection.exec_driver_sql("UPDATE schema_version SET version_num = '9999'")
    with Session(finished) as session:
        assert readiness(session) == "schema-newer"
    with pytest.raises(SchemaMismatch):
        upgrade(finished)
    with pytest.raises(SchemaMismatch):
        downgrade(finished, "base")


UPGRADE = """
import sys
from app.db.engine import make_engine
from app.db.migrations import upgrade
upgrade(make_engine(sys.argv[1]))
"""


def test_upgrades_at_once_make_one_schema(engine, empty_database):
    command = [sys.executable, "-c", UPGRADE, empty_database]
    root = Path(__file__).parents[2]
    running = [subprocess.Popen(command, cwd=root, stderr=subprocess.PIPE) for _ in range(AT_ONCE)]
    errors = [process.communicate()[1].decode() for process in running]
    assert [process.returncode for process in running] == [0] * AT_ONCE, errors
    assert status(engine).state is SchemaState.CURRENT


@pytest.mark.deep_on("postgres")
@pytest.mark.parametrize("seconds", [0.15, *([0.0, 0.4] if DEEP else [])])
def test_upgrade_that_was_killed_can_be_repeated(engine, empty_database, seconds):
    command = [
        sys.executable,
        "-c",
        UPGRADE.replace("upgrade(make", "print(flush=True);upgrade(make"),
    ]
    process = subprocess.Popen(
        [*command, empty_database], cwd=Path(__file__).parents[2], stdout=subprocess.PIPE
    )
    process.stdout.readline()
    time.sleep(seconds)
    process.kill()
    process.communicate()
    upgrade(engine)
    assert differences(engine, load_tables()) == []


@pytest.mark.one_engine("sqlite")
def test_migration_that_fails_leaves_nothing_behind_on_sqlite(engine, empty_database):
    with engine.begin() as connection:
        # A table of the last room stands in the way.
        connection.exec_driver_sql("CREATE TABLE application (id integer)")
    with pytest.raises(sa.exc.OperationalError):
        upgrade(engine)
    assert status(engine).state is SchemaState.EMPTY
    assert [row[0] for row in catalogue(empty_database)["objects"]] == ["application"]


@pytest.mark.one_engine("postgres")
def test_held_table_stops_a_migration_soon_and_it_can_be_repeated(finished):
    with finished.connect() as holder:
        holder.exec_driver_sql("SELECT * FROM audit_event")
        with pytest.raises(sa.exc.OperationalError, match="lock timeout"):
            downgrade(finished, "base")
    downgrade(finished, "base")
    assert status(finished).state is SchemaState.EMPTY
