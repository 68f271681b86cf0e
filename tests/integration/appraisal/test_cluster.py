"""Revaluation on a Dask cluster: the same rows as in one process, and clusters that are refused."""

import pickle
from collections.abc import Iterator
from datetime import date
from uuid import UUID

import pytest

pytest.importorskip("distributed")

from distributed import Client, LocalCluster

from app import __version__
from app.appraisal.domain.valuing import Ask
from app.appraisal.services.chunks import Chunk
from app.appraisal.services.errors import (
    ClusterDiffers,
    ClusterUnreachable,
    SchedulerUnknown,
)
from app.appraisal.services.executors import (
    Serial,
    _require_same_version,
    executor_for,
    require_executor,
    value_with,
)
from app.kernel.errors import InvalidInput
from tests.factories.appraisals import example_inputs

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::DeprecationWarning")

ON = date(2024, 3, 20)
ROWS = 13


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """A scheduler with two workers, spoken to over TCP."""
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp://",
        host="127.0.0.1", dashboard_address=":0",
    ) as cluster:  # fmt: skip
        yield cluster.scheduler_address.removeprefix("tcp://")


@pytest.fixture
def named(address, monkeypatch) -> str:
    """The cluster as the settings name it."""
    monkeypatch.setenv("GREENPLEDGE_DASK_SCHEDULER", address)
    return f"dask://{address}"


def chunks(size: int) -> Iterator[Chunk]:
    """Thirteen forest rights in chunks, the fifth unreadable."""
    rows = [{**example_inputs("forest-right"), "area_mu": 1_000 + 17 * at} for at in range(ROWS)]
    rows[4]["area_mu"] = "many"
    for start in range(0, ROWS, size):
        part = rows[start : start + size]
        yield Chunk(
            run_id=UUID(int=1),
            asset_ids=[UUID(int=start + at) for at in range(len(part))],
            appraisal_ids=[UUID(int=9)] * len(part),
            digests=["0"] * len(part),
            recorded=[[]] * len(part),
            ask=Ask(model_id="forest-right", on=ON, rows=part, prices={}),
            places=range(len(part)),
        )


def figures(executor, size: int) -> list[object]:
    """Figures and problems by asset, in the order they come back."""
    return [
        (asset_id, answer.value_fen[at], answer.problems.get(at), answer.basis_digest)
        for chunk, answer in executor.map(chunks(size))
        for at, asset_id in enumerate(chunk.asset_ids)
    ]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_every_executor_gives_the_same_rows_in_the_same_order(named, size):
    expected = figures(Serial(), 1000)
    assert [each[1] for each in expected].count(None) == 1
    assert figures(Serial(), size) == expected
    with executor_for(named) as cluster:
        assert figures(cluster, size) == expected


def test_processes_give_the_same_rows_in_the_same_order():
    with executor_for("processes") as several:
        assert figures(several, 7) == figures(Serial(), 1000)


def test_a_question_is_pure_and_picklable():
    ask = next(chunks(7)).ask
    assert pickle.loads(pickle.dumps(ask)) == ask
    assert value_with(ask, __version__) == value_with(ask, __version__)


def test_only_the_scheduler_of_the_settings_is_asked(named):
    require_executor(named)
    for name in ("dask://127.0.0.1:1", "dask://elsewhere.example:8786"):
        with pytest.raises(SchedulerUnknown):
            require_executor(name)
    for name in ("dask://", "dask://here", "dask://here:port", "dask://a b:1", "dask://u:p@h:1"):
        with pytest.raises(InvalidInput):
            require_executor(name)


def test_a_scheduler_that_does_not_answer_is_refused(monkeypatch):
    monkeypatch.setattr("app.appraisal.services.executors.CLUSTER_WAIT_SECONDS", 1)
    with pytest.raises(ClusterUnreachable), executor_for("dask://127.0.0.1:1"):
        pytest.fail("there is no such cluster")


def test_a_scheduler_without_workers_is_refused(monkeypatch):
    monkeypatch.setattr("app.appraisal.services.executors.CLUSTER_WAIT_SECONDS", 1)
    with (
        LocalCluster(
            n_workers=0, processes=False, protocol="tcp://", host="127.0.0.1",
            dashboard_address=":0",
        ) as cluster,
        pytest.raises(ClusterUnreachable),
        executor_for("dask://" + cluster.scheduler_address.removeprefix("tcp://")),
    ):  # fmt: skip
        pytest.fail("there is nobody to work")


class OneOld:
    """A cluster of which one worker has another version, or none."""

    def __init__(self, theirs: object) -> None:
        self.theirs = theirs

    def run(self, function, *, on_error):
        return {"tcp://one": function(), "tcp://two": self.theirs}


@pytest.mark.parametrize("theirs", ["0.0.9", ModuleNotFoundError("app")])
def test_a_worker_with_another_version_is_refused(theirs):
    with pytest.raises(ClusterDiffers) as refusal:
        _require_same_version("dask://here:1", OneOld(theirs))
    assert refusal.value.facts["worker"] == "tcp://two"


def test_a_worker_of_another_version_that_joins_later_values_nothing(address):
    ask = next(chunks(1)).ask
    with Client(f"tcp://{address}", set_as_default=False) as client:
        pending = client.submit(value_with, ask, "0.0.9", pure=False)
        with pytest.raises(ClusterDiffers):
            pending.result()
