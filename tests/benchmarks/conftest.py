"""Benchmarks speak to the terminal and, when asked, to the page of figures.

`GREENPLEDGE_BENCHMARK_PAGE=docs/benchmarks.md pytest -m benchmark tests/benchmarks` writes the page: each row that
was measured takes its place with its day, the rest stays.
"""

import math
import os
import platform
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import pytest

from risk_models.contract import Batch
from tests.benchmarks import sinks, stands
from tests.benchmarks.peers import Peers

Say = Callable[[str, str], None]
HEAD = """# Benchmarks

Each figure is printed by the benchmark that checks its own results: both sides of a ratio run in turns in one
process on the same data and must give the same fen. Ratios and slopes are what to look at; absolute rates belong to
the machine below and move with whatever else it does. Nothing here is asserted in ordinary tests.

- command: `{command}`
- machine: {machine}
- a million loans and seven hundred days: `GREENPLEDGE_BENCHMARK_LOANS=1000000 GREENPLEDGE_BENCHMARK_DAYS=700` before it

| workload | figures | measured on |
|---|---|---|
"""
COMMAND = "GREENPLEDGE_BENCHMARK_PAGE=docs/benchmarks.md python3 dev.py test -m benchmark tests/benchmarks"


@dataclass(frozen=True)
class Portfolio:
    """A portfolio that models are measured on, with the valuation of its assets by the peers."""

    name: str
    peers: Peers
    of: Callable[[int], Batch]


PORTFOLIOS = (
    Portfolio("stands, rich keys", stands, partial(stands.portfolio, rich=True)),
    Portfolio("stands, coarse keys", stands, partial(stands.portfolio, rich=False)),
    Portfolio("sinks, days of their own", sinks, sinks.portfolio),
)
"""More than one, as a benchmark with coarse keys alone would flatter an engine that shares work."""


def slope(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """How time grows with size, by least squares over logarithms: 1.0 is in proportion."""
    across = [math.log(size) for size in sizes]
    up = [math.log(second) for second in seconds]
    middle, height = sum(across) / len(across), sum(up) / len(up)
    above = sum((x - middle) * (y - height) for x, y in zip(across, up, strict=True))
    return above / sum((x - middle) ** 2 for x in across)


def machine() -> str:
    """Cores, memory, system and Python of this machine."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return (
        f"{os.cpu_count()} cores {platform.machine()}, {memory:.0f} GiB, {platform.system()},"
        f" Python {platform.python_version()}"
    )


def rows_of(page: Path) -> dict[str, str]:
    """The rows that stand on a page, by workload."""
    if not page.exists():
        return {}
    lines = page.read_text(encoding="utf-8").splitlines()
    rows = [line for line in lines if line.startswith("| ")][1:]
    return {row.split(" | ")[0].removeprefix("| "): row for row in rows}


@pytest.fixture(scope="module", params=PORTFOLIOS, ids=lambda each: each.name)
def portfolio(request: pytest.FixtureRequest) -> Portfolio:
    return request.param


@pytest.fixture(scope="session")
def page() -> Iterator[dict[str, str]]:
    """Figures by workload; written at the end where a page is asked for."""
    figures: dict[str, str] = {}
    yield figures
    path = os.environ.get("GREENPLEDGE_BENCHMARK_PAGE")
    if path and figures:
        day = datetime.now(UTC).date().isoformat()
        measured = {name: f"| {name} | {text} | {day} |" for name, text in figures.items()}
        rows = sorted((rows_of(Path(path)) | measured).values())
        head = HEAD.format(command=COMMAND, machine=machine())
        Path(path).write_text(head + "\n".join(rows) + "\n", encoding="utf-8")


@pytest.fixture
def say(page: dict[str, str], capsys: pytest.CaptureFixture[str]) -> Say:
    """Print a figure at once and keep it for the page: `say(workload, figures)`."""

    def speak(workload: str, text: str) -> None:
        page[workload] = text
        with capsys.disabled():
            print(f"\n{workload}: {text}")  # noqa: T201 - a benchmark speaks

    return speak
