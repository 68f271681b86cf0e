"""Evidence files: written once, named by digest, never overwritten."""

import hashlib
import os
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest

from app.documents.store import (
    DamagedFile,
    FileStore,
    FileTooLarge,
    LocalStore,
    MemoryStore,
    UnknownFile,
)

CONTENT = b"forest right certificate"
KEY = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture(params=["local", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> FileStore:
    return LocalStore(tmp_path / "files") if request.param == "local" else MemoryStore()


def test_a_file_is_found_under_its_digest(store: FileStore) -> None:
    assert store.put_once(CONTENT) == KEY
    assert store.get(KEY) == CONTENT
    with store.open(KEY) as stream:
        assert stream.read() == CONTENT
    assert store.size_bytes(KEY) == len(CONTENT)
    assert store.exists(KEY)
    assert list(store.keys()) == [KEY]


def test_a_stream_gives_the_same_key_as_its_bytes(store: FileStore) -> None:
    long = CONTENT * 100_000
    assert store.put_once(BytesIO(long)) == hashlib.sha256(long).hexdigest()


def test_the_same_bytes_are_kept_once(store: FileStore) -> None:
    assert store.put_once(CONTENT) == store.put_once(BytesIO(CONTENT))
    assert list(store.keys()) == [KEY]


def test_a_file_over_the_limit_leaves_nothing(store: FileStore) -> None:
    assert store.put_once(CONTENT, max_bytes=len(CONTENT)) == KEY
    with pytest.raises(FileTooLarge):
        store.put_once(CONTENT + b"!", max_bytes=len(CONTENT))
    assert list(store.keys()) == [KEY]


@pytest.mark.parametrize("key", ["", "../../etc/passwd", KEY.upper(), KEY[:-1], f"{KEY}\n", "\x00"])
def test_what_is_no_digest_is_unknown(store: FileStore, key: str) -> None:
    store.put_once(CONTENT)
    for ask in (store.get, store.open, store.exists, store.size_bytes):
        with pytest.raises(UnknownFile):
            ask(key)


def test_an_absent_file_is_unknown(store: FileStore) -> None:
    assert not store.exists(KEY)
    for ask in (store.get, store.open, store.size_bytes):
        with pytest.raises(UnknownFile):
            ask(KEY)


def test_an_orphan_goes_unless_it_was_put_again_since(store: FileStore) -> None:
    store.put_once(CONTENT)
    assert not store.delete_orphan(KEY, untouched_since=datetime.now(UTC) - timedelta(hours=1))
    assert store.exists(KEY)
    assert store.delete_orphan(KEY, untouched_since=datetime.now(UTC) + timedelta(hours=1))
    assert not store.exists(KEY)
    assert not store.delete_orphan(KEY, untouched_since=datetime.now(UTC) + timedelta(hours=1))


def test_putting_again_keeps_the_sweeper_away(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_once(CONTENT)
    path = tmp_path / KEY[:2] / KEY[2:4] / KEY
    os.utime(path, (0, 0))
    store.put_once(CONTENT)
    assert not store.delete_orphan(KEY, untouched_since=datetime.now(UTC) - timedelta(hours=1))


def test_stored_bytes_cannot_be_written_again_and_changes_are_noticed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_once(CONTENT)
    path = tmp_path / KEY[:2] / KEY[2:4] / KEY
    assert path.stat().st_mode & 0o777 == 0o440
    path.chmod(0o640)
    path.write_bytes(b"changed from outside")
    with pytest.raises(DamagedFile):
        store.get(KEY)


def test_a_put_never_replaces_what_is_there(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_once(CONTENT)
    path = tmp_path / KEY[:2] / KEY[2:4] / KEY
    before = path.stat().st_ino
    store.put_once(CONTENT)
    assert path.stat().st_ino == before


class BrokenStream(BytesIO):
    def read(self, size: int | None = -1) -> bytes:
        if self.tell() > 0:
            raise ConnectionResetError
        return super().read(4)


def test_an_upload_that_breaks_off_leaves_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    with pytest.raises(ConnectionResetError):
        store.put_once(BrokenStream(CONTENT))
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_what_a_killed_process_left_is_removed_later(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_once(CONTENT)
    left = tmp_path / "incoming" / "tmpleft"
    left.write_bytes(b"half")
    assert store.remove_stale_incoming(untouched_since=datetime.now(UTC) - timedelta(days=1)) == 0
    assert store.remove_stale_incoming(untouched_since=datetime.now(UTC) + timedelta(days=1)) == 1
    assert not left.exists()
    assert store.exists(KEY)
