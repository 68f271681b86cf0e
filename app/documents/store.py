"""Evidence files by content: written once, named by their SHA-256, never overwritten.

The database row that points at a file is written after the file. A crash between the two
leaves an orphan, which the sweeper removes later; it never leaves a row without its file.
"""

import hashlib
import os
import re
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import BinaryIO, Final, Protocol

MAX_FILE_BYTES: Final = 64 * 1024 * 1024
"""No stored file is larger; uploads are refused far below, generated exports stay far below."""

CHUNK_BYTES: Final = 1024 * 1024
"""One read while a stream is hashed: large files never stand whole in memory."""

_KEY: Final = re.compile(r"[0-9a-f]{64}")
_READ_ONLY: Final = 0o440


class UnknownFile(LookupError):  # noqa: N818 - named by what happened, like the refusals
    """No file is stored under this key."""


class DamagedFile(RuntimeError):  # noqa: N818 - named by what happened, like the refusals
    """What lies under a key does not have its digest: the store was changed from outside."""


class FileTooLarge(ValueError):  # noqa: N818 - named by what happened, like the refusals
    """The source has more bytes than the store takes."""


class FileStore(Protocol):
    """Where the bytes of evidence and documents lie. Keys are SHA-256 digests in lower-case hex."""

    def put_once(self, source: bytes | BinaryIO, *, max_bytes: int = MAX_FILE_BYTES) -> str:
        """Store the bytes unless they are there already; give back their digest, which is the key.

        Refuses with FileTooLarge before anything becomes visible.
        """

    def open(self, key: str) -> BinaryIO:
        """Open a stored file for reading; UnknownFile when there is none."""

    def get(self, key: str) -> bytes:
        """Read a stored file whole; DamagedFile when its bytes no longer have the digest."""

    def size_bytes(self, key: str) -> int:
        """Length of a stored file; UnknownFile when there is none."""

    def exists(self, key: str) -> bool:
        """Tell whether a file is stored under the key."""

    def keys(self) -> Iterator[str]:
        """All keys, for the sweeper."""

    def delete_orphan(self, key: str, *, untouched_since: datetime) -> bool:
        """Remove a file that no row points at, unless it was put again after the instant."""

    def remove_stale_incoming(self, *, untouched_since: datetime) -> int:
        """Remove what killed processes left half written before the instant; give back how many."""


def require_key(key: str) -> str:
    """Give the key back, or refuse what is not a digest: a name never becomes a path."""
    if not _KEY.fullmatch(key):
        raise UnknownFile(key[:64])
    return key


class LocalStore:
    """Files in a folder of this machine: root/ab/cd/<digest>, temporary ones in root/incoming."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._incoming = root / "incoming"

    def put_once(self, source: bytes | BinaryIO, *, max_bytes: int = MAX_FILE_BYTES) -> str:
        self._incoming.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=self._incoming)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as sink:
                key = _copy_hashed(source, sink, max_bytes=max_bytes)
                sink.flush()
                os.fsync(sink.fileno())
            temporary.chmod(_READ_ONLY)
            self._publish(temporary, key)
        finally:
            temporary.unlink(missing_ok=True)
        return key

    def open(self, key: str) -> BinaryIO:
        try:
            return self._path(key).open("rb")
        except FileNotFoundError as error:
            raise UnknownFile(key) from error

    def get(self, key: str) -> bytes:
        with self.open(key) as stream:
            return _checked(key, stream.read())

    def size_bytes(self, key: str) -> int:
        try:
            return self._path(key).stat().st_size
        except FileNotFoundError as error:
            raise UnknownFile(key) from error

    def exists(self, key: str) -> bool:
        return self._path(key).is_file()

    def keys(self) -> Iterator[str]:
        for path in sorted(self._root.glob("[0-9a-f][0-9a-f]/[0-9a-f][0-9a-f]/*")):
            if _KEY.fullmatch(path.name):
                yield path.name

    def delete_orphan(self, key: str, *, untouched_since: datetime) -> bool:
        path = self._path(key)
        try:
            touched_at = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        except FileNotFoundError:
            return False
        if touched_at >= untouched_since:
            return False
        path.unlink(missing_ok=True)
        return True

    def remove_stale_incoming(self, *, untouched_since: datetime) -> int:
        removed = 0
        for path in self._incoming.glob("*"):
            if datetime.fromtimestamp(path.stat().st_mtime, tz=UTC) < untouched_since:
                path.unlink(missing_ok=True)
                removed += 1
        return removed

    def _path(self, key: str) -> Path:
        require_key(key)
        return self._root / key[:2] / key[2:4] / key

    def _publish(self, temporary: Path, key: str) -> None:
        target = self._path(key)
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            # A hard link appears whole or not at all and, unlike a rename, never replaces.
            os.link(temporary, target)
        except FileExistsError:
            # The same bytes again. The new time keeps the sweeper away until the row is there.
            os.utime(target)
            return
        except OSError:
            # Some network file systems know no hard links; the bytes are the same either way.
            temporary.replace(target)
        _fsync_folder(target.parent)


class MemoryStore:
    """A store for tests and previews, with the same answers."""

    def __init__(self) -> None:
        self._files: dict[str, tuple[bytes, datetime]] = {}

    def put_once(self, source: bytes | BinaryIO, *, max_bytes: int = MAX_FILE_BYTES) -> str:
        sink = BytesIO()
        key = _copy_hashed(source, sink, max_bytes=max_bytes)
        self._files[key] = (sink.getvalue(), datetime.now(UTC))
        return key

    def open(self, key: str) -> BinaryIO:
        return BytesIO(self.get(key))

    def get(self, key: str) -> bytes:
        try:
            content, _ = self._files[require_key(key)]
        except KeyError as error:
            raise UnknownFile(key) from error
        return _checked(key, content)

    def size_bytes(self, key: str) -> int:
        return len(self.get(key))

    def exists(self, key: str) -> bool:
        return require_key(key) in self._files

    def keys(self) -> Iterator[str]:
        yield from sorted(self._files)

    def delete_orphan(self, key: str, *, untouched_since: datetime) -> bool:
        if not self.exists(key) or self._files[key][1] >= untouched_since:
            return False
        del self._files[key]
        return True

    def remove_stale_incoming(self, *, untouched_since: datetime) -> int:  # noqa: ARG002
        return 0


def _copy_hashed(source: bytes | BinaryIO, sink: BinaryIO, *, max_bytes: int) -> str:
    stream = BytesIO(source) if isinstance(source, bytes) else source
    digest = hashlib.sha256()
    size_bytes = 0
    while chunk := stream.read(CHUNK_BYTES):
        size_bytes += len(chunk)
        if size_bytes > max_bytes:
            raise FileTooLarge(f"more than {max_bytes} bytes")
        digest.update(chunk)
        sink.write(chunk)
    return digest.hexdigest()


def _checked(key: str, content: bytes) -> bytes:
    if hashlib.sha256(content).hexdigest() != key:
        raise DamagedFile(key)
    return content


def _fsync_folder(folder: Path) -> None:
    """Make the new name itself survive a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
