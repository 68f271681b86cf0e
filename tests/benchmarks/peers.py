"""What the peers of the carbon-sink model share: the day, the price, and how they see a batch.

A portfolio is a module that makes batches (`portfolio`) and values them as its peers do: plain
Python asset by asset (`plain_value`), NumPy over assets x years (`numpy_block`), and payments by
moment (`sales`, `costs`), of which QuantLib makes a leg for each asset.
"""

from collections.abc import Callable
from datetime import date
from functools import cache
from time import perf_counter
from typing import Final, Protocol

import numpy as np

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Basis, Batch, Price
from risk_models.models.carbon_sink_income import MODEL

ON, YUAN, RISE, YEAR = date(2023, 12, 26), 30.0, 0.03, 365.25
"""The day, the price on it and its growth a year, and the days of a year."""

DAY: Final = np.datetime64(ON.isoformat(), "D")
GROWN: Final = 1.0 + RISE

BLOCK: Final = 20_000
"""Assets x years at once in NumPy: 20,000 x 45 float64 stay below 10 MB."""

Asset = dict[str, float]
Payments = list[tuple[float, float]]
"""In how many years, and how many yuan."""


class Peers(Protocol):
    """A portfolio and its valuation by the peers; the modules of portfolios have this shape."""

    def told(self, batch: Batch) -> dict[str, np.ndarray]: ...
    def plain_value(self, asset: Asset) -> float: ...
    def numpy_block(self, columns: dict[str, np.ndarray]) -> np.ndarray: ...
    def sales(self, asset: Asset) -> Payments: ...
    def costs(self, asset: Asset) -> Payments: ...


def seconds(work: Callable[[], object]) -> tuple[float, object]:
    """How long some work takes, and its answer."""
    began = perf_counter()
    answer = work()
    return perf_counter() - began, answer


@cache
def basis() -> Basis:
    return basis_on(ON, {"local-sink": Price(yuan=YUAN, unit="yuan/tCO2e", growth=RISE)})


def filled(assets: int, columns: dict[str, np.ndarray], chosen: dict[str, str]) -> Batch:
    """A batch of the given columns, the choices the same for all, every other input left out."""
    one = batch_from_rows(MODEL.spec, [chosen], basis().parameters)
    rest = {
        name: np.broadcast_to(column, (assets, *column.shape[1:]))
        for name, column in one.columns.items()
        if name not in columns
    }
    return Batch(n=assets, columns={**rest, **columns}, levels=one.levels)


def in_years(batch: Batch) -> dict[str, np.ndarray]:
    """The columns as numbers, days in years from the day."""
    return {
        name: (column - DAY).astype(np.float64) / YEAR if column.dtype.kind == "M" else column
        for name, column in batch.columns.items()
        if column.ndim == 1 and column.dtype.kind in "Mf"
    }


def plain_rows(peers: Peers, batch: Batch, rows: range) -> list[Asset]:
    """Some assets as plain dictionaries, days in years from the day, before the clock starts."""
    columns = peers.told(batch.take(np.arange(rows.start, rows.stop)))
    listed = [column.tolist() for column in columns.values()]
    return [dict(zip(columns, row, strict=True)) for row in zip(*listed, strict=True)]


def one_by_one(assets: list[Asset], peer: Callable[[Asset], float]) -> np.ndarray:
    return np.array([peer(asset) for asset in assets])


def numpy_values(peers: Peers, columns: dict[str, np.ndarray]) -> np.ndarray:
    """Assets x years: every payment of every asset in one matrix, factors by power."""
    found = np.empty(len(columns["area_mu"]))
    for start in range(0, len(found), BLOCK):
        rows = slice(start, start + BLOCK)
        found[rows] = peers.numpy_block({name: column[rows] for name, column in columns.items()})
    return found


def quantlib_value(peers: Peers, asset: Asset) -> float:
    """One asset as a leg of simple cash flows, discounted by QuantLib on whole days."""
    import QuantLib as ql  # noqa: N813 - only the benchmark needs it, by its usual name

    today = ql.Date(ON.day, ON.month, ON.year)
    sold = [(at, amount * GROWN**at) for at, amount in peers.sales(asset)]
    flows = [
        ql.SimpleCashFlow(amount, today + max(1, round(at * YEAR)))
        for at, amount in sorted([*sold, *peers.costs(asset)])
    ]
    rate = ql.InterestRate(asset["discount_rate"], ql.Actual36525(), ql.Compounded, ql.Annual)
    return ql.CashFlows.npv(flows, rate, False, today, today) - asset["cost_due_now_yuan"]
