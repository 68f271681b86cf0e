"""Where the pure part of a revaluation runs: here, or in processes of this machine."""

import multiprocessing
import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import contextmanager
from typing import Final, Protocol

from app.appraisal.domain.valuing import Answer, value_many
from app.appraisal.services.chunks import Chunk

MOST_PROCESSES: Final = 4
"""The database writes set the pace; more processes only wait for it."""


class Executor(Protocol):
    """Values chunks; gives them back in their order."""

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model."""


class Serial:
    """One chunk after the other in this process."""

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model."""
        for chunk in chunks:
            yield chunk, value_many(chunk.ask)


class Processes:
    """Several chunks at once in fresh processes; the next ones are read while these are valued."""

    def __init__(self, pool: ProcessPoolExecutor, ahead: int) -> None:
        self.pool = pool
        self.ahead = ahead

    def map(self, chunks: Iterator[Chunk]) -> Iterator[tuple[Chunk, Answer]]:
        """Each chunk with the answer of its model, in order."""
        waiting: deque[tuple[Chunk, Future[Answer]]] = deque()
        for chunk in chunks:
            waiting.append((chunk, self.pool.submit(value_many, chunk.ask)))
            if len(waiting) > self.ahead:
                first, answer = waiting.popleft()
                yield first, answer.result()
        while waiting:
            first, answer = waiting.popleft()
            yield first, answer.result()


@contextmanager
def executor_for(name: str) -> Iterator[Executor]:
    """The executor of a name that `require_executor` let through."""
    if name != "processes":
        yield Serial()
        return
    workers = min(os.cpu_count() or 1, MOST_PROCESSES)
    # Fresh processes: a forked one would inherit open database connections.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(workers, mp_context=context) as pool:
        yield Processes(pool, ahead=2 * workers)
