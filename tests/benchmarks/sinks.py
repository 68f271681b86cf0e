"""A portfolio of carbon sinks, and the same valuation as its peers write it.

The peers: plain Python asset by asset, NumPy over assets x years, and QuantLib, a leg of cash flows
for each asset. Each gives the value that the model gives.
"""

import math
from datetime import date
from time import perf_counter
from typing import TYPE_CHECKING

import numpy as np

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.contract import Basis, Batch, Price
from risk_models.models.carbon_sink_income import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable

ON, YUAN, YEAR = date(2023, 12, 26), 30.0, 365.25
DAY = np.datetime64(ON.isoformat(), "D")
DUST = 0.001
"""For less than half a day of removals no verification is made, as in the model."""

BLOCK = 20_000
"""Assets x years at once in NumPy: 20,000 x 45 float64 stay below 10 MB."""


def seconds(work: "Callable[[], object]") -> tuple[float, object]:
    """How long some work takes, and its answer."""
    began = perf_counter()
    answer = work()
    return perf_counter() - began, answer


def basis() -> Basis:
    return basis_on(ON, {"local-sink": Price(yuan=YUAN, unit="yuan/tCO2e")})


def portfolio(assets: int, *, rich: bool) -> Batch:
    """Carbon sinks with skewed areas, spread rates, and hazards by region.

    Rich keys: each asset has days of its own. Coarse keys: assets share calendars, rates, hazards.
    """
    rng = np.random.default_rng(20260101)
    ends = rng.integers(15 * 365, 40 * 365, assets) if rich else 365 * rng.choice([20, 30], assets)
    verified = rng.integers(1, 700, assets) if rich else 30 * rng.integers(1, 13, assets)
    rates = rng.choice([0.06, 0.07, 0.08, 0.09, 0.10, 0.12] if rich else [0.06, 0.08, 0.1], assets)
    hazards = rng.choice(np.linspace(0.001, 0.015, 31 if rich else 4), assets)
    area = rng.lognormal(6.2, 1.1, assets)
    started = DAY - 800
    columns = {
        "area_mu": area,
        "removals_tco2e_per_mu": rng.uniform(0.05, 0.5, assets),
        "baseline_share": rng.uniform(0.0, 0.1, assets),
        "leakage_share": rng.uniform(0.0, 0.05, assets),
        "buffer_share": rng.choice([0.10, 0.15, 0.20, 0.25], assets),
        "yearly_loss_share": hazards,
        "crediting_starts_on": np.full(assets, started),
        "crediting_ends_on": started + 365 * rng.choice([20, 30, 40], assets),
        "last_verified_on": DAY - verified,
        "right_ends_on": DAY + ends,
        "verification_every_years": rng.choice([1.0, 2.0, 3.0, 5.0], assets),
        "monitoring_cost_yuan": area * rng.uniform(0.2, 0.8, assets),
        "verification_cost_yuan": area * rng.uniform(0.4, 1.2, assets),
        "cost_due_now_yuan": area * rng.uniform(0.0, 0.5, assets),
        "tax_share": rng.choice([0.0, 0.05, 0.25], assets),
        "discount_rate": rates,
    }
    first = {
        "sink_kind": "forest",
        "registration": "local-filing",
        "removal_basis": "yearly-rate",
    }
    return filled(assets, columns, first)


def filled(assets: int, columns: dict[str, np.ndarray], chosen: dict[str, str]) -> Batch:
    """A batch of the given columns, the choices the same for all, every other input left out."""
    one = batch_from_rows(MODEL.spec, [chosen], basis().parameters)
    rest = {
        name: np.broadcast_to(column, (assets, *column.shape[1:]))
        for name, column in one.columns.items()
        if name not in columns
    }
    return Batch(n=assets, columns={**rest, **columns}, levels=one.levels)


def plain_rows(batch: Batch, rows: range) -> list[dict[str, float]]:
    """Each asset as a plain dictionary, its days in years from the day, before the clock starts."""
    some = {name: column[rows.start : rows.stop] for name, column in batch.columns.items()}
    numbers = {
        name: column.tolist()
        for name, column in some.items()
        if column.ndim == 1 and column.dtype.kind == "f"
    }
    days = {
        name: ((column - DAY).astype(int) / YEAR).tolist()
        for name, column in some.items()
        if column.dtype.kind == "M"
    }
    told = {**numbers, **days}
    return [dict(zip(told, row, strict=True)) for row in zip(*told.values(), strict=True)]


def plain_value(asset: dict[str, float]) -> float:
    """One asset, verification by verification and year by year."""
    every, right = asset["verification_every_years"], asset["right_ends_on"]
    growth, kept = 1.0 + asset["discount_rate"], 1.0 - asset["yearly_loss_share"]
    verified = asset["last_verified_on"] - asset["crediting_starts_on"]
    crediting = asset["crediting_ends_on"] - asset["crediting_starts_on"]
    due = math.floor(-asset["last_verified_on"] / every) + 1
    net = 1.0 - asset["tax_share"]
    yearly = asset["area_mu"] * asset["removals_tco2e_per_mu"]
    for share in ("baseline_share", "leakage_share", "buffer_share"):
        yearly *= 1.0 - asset[share]
    total, at, since = (
        -asset["cost_due_now_yuan"],
        due * every + asset["last_verified_on"],
        verified,
    )
    until = verified + due * every
    while at <= right + 1e-9:
        credited = max(0.0, min(until, crediting) - since)
        total += yearly * credited * YUAN * net * (kept / growth) ** at
        if credited > DUST:
            total -= asset["verification_cost_yuan"] * net * growth**-at
        since, until, at = until, until + every, at + every
    watched = max(0.0, min(right, crediting + asset["crediting_starts_on"]))
    for year in range(math.ceil(watched)):
        share = min(watched - year, 1.0)
        total -= asset["monitoring_cost_yuan"] * net * share * growth ** -(year + 0.5)
    return total


def in_years(batch: Batch) -> dict[str, np.ndarray]:
    """The columns as numbers, days in years from the day."""
    return {
        name: (column - DAY).astype(np.float64) / YEAR if column.dtype.kind == "M" else column
        for name, column in batch.columns.items()
        if column.ndim == 1 and column.dtype.kind in "Mf"
    }


def numpy_values(batch: Batch) -> np.ndarray:
    """Assets x years: every payment of every asset in one matrix, factors by power."""
    whole, found = in_years(batch), np.empty(batch.n)
    for start in range(0, batch.n, BLOCK):
        rows = slice(start, start + BLOCK)
        found[rows] = _numpy_block({name: column[rows] for name, column in whole.items()})
    return found


def _numpy_block(a: dict[str, np.ndarray]) -> np.ndarray:
    every, right = a["verification_every_years"][:, None], a["right_ends_on"][:, None]
    growth, kept = 1.0 + a["discount_rate"][:, None], 1.0 - a["yearly_loss_share"][:, None]
    verified = (a["last_verified_on"] - a["crediting_starts_on"])[:, None]
    crediting = (a["crediting_ends_on"] - a["crediting_starts_on"])[:, None]
    due = np.floor(-a["last_verified_on"][:, None] / every) + 1.0
    net, turn = 1.0 - a["tax_share"], np.arange(0.0, right.max() + 1.0)[None]
    at = due * every + a["last_verified_on"][:, None] + turn * every
    until = verified + (due + turn) * every
    since = np.where(turn == 0.0, verified, until - every)
    credited = np.maximum(0.0, np.minimum(until, crediting) - since) * (at <= right + 1e-9)
    yearly = a["area_mu"] * a["removals_tco2e_per_mu"]
    for share in ("baseline_share", "leakage_share", "buffer_share"):
        yearly = yearly * (1.0 - a[share])
    sales = (credited * (kept / growth) ** at).sum(axis=1) * yearly * YUAN * net
    checks = ((credited > DUST) * growth**-at).sum(axis=1) * a["verification_cost_yuan"] * net
    watched = np.clip(
        np.minimum(right[:, 0], crediting[:, 0] + a["crediting_starts_on"]), 0.0, None
    )
    share = np.clip(watched[:, None] - turn, 0.0, 1.0)
    watching = (share * growth ** -(turn + 0.5)).sum(axis=1) * a["monitoring_cost_yuan"] * net
    return sales - checks - watching - a["cost_due_now_yuan"]


def quantlib_value(asset: dict[str, float]) -> float:
    """One asset as a leg of simple cash flows, discounted by QuantLib on whole days."""
    import QuantLib as ql  # noqa: N813 - only the benchmark needs it, by its usual name

    today = ql.Date(ON.day, ON.month, ON.year)
    flows = [
        ql.SimpleCashFlow(amount, today + max(1, round(at * YEAR)))
        for at, amount in sorted(payments(asset))
    ]
    rate = ql.InterestRate(asset["discount_rate"], ql.Actual36525(), ql.Compounded, ql.Annual)
    return ql.CashFlows.npv(flows, rate, False, today, today) - asset["cost_due_now_yuan"]


def payments(asset: dict[str, float]) -> "list[tuple[float, float]]":
    """When an asset pays and how much, as `plain_value` values it."""
    every, right = asset["verification_every_years"], asset["right_ends_on"]
    kept, net = 1.0 - asset["yearly_loss_share"], 1.0 - asset["tax_share"]
    verified = asset["last_verified_on"] - asset["crediting_starts_on"]
    crediting = asset["crediting_ends_on"] - asset["crediting_starts_on"]
    due = math.floor(-asset["last_verified_on"] / every) + 1
    yearly = asset["area_mu"] * asset["removals_tco2e_per_mu"]
    for share in ("baseline_share", "leakage_share", "buffer_share"):
        yearly *= 1.0 - asset[share]
    at, since, until = due * every + asset["last_verified_on"], verified, verified + due * every
    listed = []
    while at <= right + 1e-9:
        credited = max(0.0, min(until, crediting) - since)
        sold = yearly * credited * YUAN * net * kept**at
        checked = asset["verification_cost_yuan"] * net if credited > DUST else 0.0
        if sold or checked:
            listed.append((at, sold - checked))
        since, until, at = until, until + every, at + every
    watched = max(0.0, min(right, crediting + asset["crediting_starts_on"]))
    for year in range(math.ceil(watched)):
        share = min(watched - year, 1.0)
        listed.append((year + 0.5, -asset["monitoring_cost_yuan"] * net * share))
    return listed
