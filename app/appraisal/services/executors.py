"""Where the pure part of a revaluation runs: here, in processes of this machine, or on a Dask cluster."""

import multiprocessing
import os
import re
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any, Final, Protocol

from app.appraisal.domain.valuing import Answer, Ask, value_many
from app.appraisal.services.chunks import Chunk
from app.appraisal.services.errors import (
    ClusterDiffers,
    ClusterUnreachable,
    ExecutorUnavailable,
    SchedulerUnknown,
)
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.kernel.version import VERSION
from app.settings import read_settings

EXECUTORS: Final = ("serial", "processes")

DASK: Final = "dask://"

WAYS: Final = (*EXECUTORS, "dask://HOST:PORT")

MOST_PROCESSES: Final = 4
"""The database writes set the pace; more processes only wait for it."""

CLUSTER_WAIT_SECONDS: Final = 10
"""A scheduler on the same network answers within a second; who waits longer waits for nothing."""

_ADDRESS: Final = re.compile(r"[A-Za-z0-9._-]{1,253}:[0-9]{1,5}")


class Executor(Protocol):
    """Values chunks; gives them back in their order."""

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model."""


class Pending(Protocol):
    """An answer that is being computed elsewhere."""

    def result(self) -> Answer:
        """Wait for the answer."""


class Serial:
    """One chunk after the other in this process."""

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model."""
        for chunk in chunks:
            yield chunk, value_many(chunk.ask)


class Elsewhere:
    """Several chunks at once in other processes; the next ones are read while these are valued."""

    def __init__(self, submit: Callable[[Ask], Pending], ahead: int) -> None:
        self.submit = submit
        self.ahead = ahead

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model, in order."""
        waiting: deque[tuple[Chunk, Pending]] = deque()
        for chunk in chunks:
            waiting.append((chunk, self.submit(chunk.ask)))
            if len(waiting) > self.ahead:
                first, answer = waiting.popleft()
                yield first, answer.result()
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer.result()


def is_way_of_running(name: str) -> bool:
    """Whether a name is written as a way of running; `require_executor` says whether it is there."""
    if name.startswith(DASK):
        return _ADDRESS.fullmatch(name.removeprefix(DASK)) is not None
    return name in EXECUTORS


def require_executor(name: str) -> None:
    """Refuse a way of running that does not exist, or is not installed, with its remedy.

    Answers of a cluster are unpickled, which means trust: only the scheduler of the settings is asked.
    """
    if name.startswith(DASK):
        address = name.removeprefix(DASK)
        if _ADDRESS.fullmatch(address) is None:
            raise InvalidInput.at(
                "/executor", N_("Write the scheduler as %(form)s."), form=WAYS[-1]
            )
        known = read_settings().dask_scheduler
        if find_spec("distributed") is None or not known:
            raise ExecutorUnavailable(executor=name)
        if address != known:
            raise SchedulerUnknown(executor=name)
    elif name not in EXECUTORS:
        raise InvalidInput.at("/executor", N_("Choose one of: %(choices)s."), choices=list(WAYS))


@contextmanager
def executor_for(name: str) -> Iterator[Executor]:
    """The executor of a name that `require_executor` let through.

    Refuses a cluster that does not answer, has no worker, or whose workers run another version.
    """
    if name.startswith(DASK):
        with _cluster(name) as working:
            yield working
    elif name == "processes":
        workers = min(os.cpu_count() or 1, MOST_PROCESSES)
        # Fresh processes: a forked one would inherit open database connections.
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(workers, mp_context=context) as pool:
            yield Elsewhere(lambda ask: pool.submit(value_many, ask), ahead=2 * workers)
    else:
        yield Serial()


# ---------------------------------------------------------------------------
# Dask


@contextmanager
def _cluster(name: str) -> Iterator[Executor]:
    with _client(name) as client:
        _require_same_version(name, client)
        ahead = 2 * max(sum(client.nthreads().values()), 1)
        # Not pure: Dask would answer an equal question of an earlier run from its memory.
        yield Elsewhere(
            lambda ask: client.submit(value_with, ask, VERSION, pure=False), ahead=ahead
        )


@contextmanager
def _client(name: str) -> Iterator[Any]:
    from distributed import Client  # noqa: PLC0415 - an extra that few installations have

    address = "tcp://" + name.removeprefix(DASK)
    try:
        client = Client(  # type: ignore[no-untyped-call]
            address, timeout=CLUSTER_WAIT_SECONDS, set_as_default=False
        )
    except (OSError, ValueError, RuntimeError) as failure:
        raise ClusterUnreachable(executor=name) from failure
    with client:
        try:
            client.wait_for_workers(1, timeout=CLUSTER_WAIT_SECONDS)
        except TimeoutError as failure:
            raise ClusterUnreachable(executor=name) from failure
        yield client


def _require_same_version(name: str, client: Any) -> None:
    """Every worker must have this installation's version: another one may value otherwise."""
    for worker, theirs in client.run(worker_version, on_error="return").items():
        if theirs != VERSION:
            told = theirs if isinstance(theirs, str) else "—"
            raise ClusterDiffers(executor=name, worker=worker, theirs=told, ours=VERSION)


def worker_version() -> str:
    """The version of greenpledge where this runs."""
    return VERSION


def value_with(ask: Ask, version: str) -> Answer:
    """Value on a worker, unless it joined later with another version than the run's."""
    if worker_version() != version:
        raise ClusterDiffers(executor="", worker="", theirs=worker_version(), ours=version)
    return value_many(ask)
