"""Carbon sinks of a yearly rate, each with days of its own, and their valuation by the peers.

Nothing is shared but rates and hazards: the hardest portfolio for an engine that values once what
many rows have in common.
"""

import math

import numpy as np

from risk_models.contract import Batch
from tests.benchmarks.peers import DAY, GROWN, YUAN, Asset, Payments, filled, in_years

DUST = 0.001
"""For less than half a day of removals no verification is made, as in the model."""


def portfolio(assets: int) -> Batch:
    """Sinks of skewed areas and spread rates, verified every few years; hazards by region."""
    rng = np.random.default_rng(20260101)
    area = rng.lognormal(6.2, 1.1, assets)
    started = DAY - 800
    columns = {
        "area_mu": area,
        "removals_tco2e_per_mu": rng.uniform(0.05, 0.5, assets),
        "baseline_share": rng.uniform(0.0, 0.1, assets),
        "leakage_share": rng.uniform(0.0, 0.05, assets),
        "buffer_share": rng.choice([0.10, 0.15, 0.20, 0.25], assets),
        "yearly_loss_share": rng.choice(np.linspace(0.001, 0.015, 31), assets),
        "crediting_starts_on": np.full(assets, started),
        "crediting_ends_on": started + 365 * rng.choice([20, 30, 40], assets),
        "last_verified_on": DAY - rng.integers(1, 700, assets),
        "right_ends_on": DAY + rng.integers(15 * 365, 40 * 365, assets),
        "verification_every_years": rng.choice([1.0, 2.0, 3.0, 5.0], assets),
        "monitoring_cost_yuan": area * rng.uniform(0.2, 0.8, assets),
        "verification_cost_yuan": area * rng.uniform(0.4, 1.2, assets),
        "cost_due_now_yuan": area * rng.uniform(0.0, 0.5, assets),
        "tax_share": rng.choice([0.0, 0.05, 0.25], assets),
        "discount_rate": rng.choice([0.06, 0.07, 0.08, 0.09, 0.10, 0.12], assets),
    }
    first = {
        "sink_kind": "forest",
        "registration": "local-filing",
        "removal_basis": "yearly-rate",
    }
    return filled(assets, columns, first)


def told(batch: Batch) -> dict[str, np.ndarray]:
    """What the peers read of a batch."""
    return in_years(batch)


def plain_value(asset: Asset) -> float:
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
        total += yearly * credited * YUAN * net * (kept * GROWN / growth) ** at
        if credited > DUST:
            total -= asset["verification_cost_yuan"] * net * growth**-at
        since, until, at = until, until + every, at + every
    watched = max(0.0, min(right, crediting + asset["crediting_starts_on"]))
    for year in range(math.ceil(watched)):
        share = min(watched - year, 1.0)
        total -= asset["monitoring_cost_yuan"] * net * share * growth ** -(year + 0.5)
    return total


def numpy_block(a: dict[str, np.ndarray]) -> np.ndarray:
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
    sales = (credited * (kept * GROWN / growth) ** at).sum(axis=1) * yearly * YUAN * net
    checks = ((credited > DUST) * growth**-at).sum(axis=1) * a["verification_cost_yuan"] * net
    watched = np.clip(
        np.minimum(right[:, 0], crediting[:, 0] + a["crediting_starts_on"]), 0.0, None
    )
    share = np.clip(watched[:, None] - turn, 0.0, 1.0)
    watching = (share * growth ** -(turn + 0.5)).sum(axis=1) * a["monitoring_cost_yuan"] * net
    return sales - checks - watching - a["cost_due_now_yuan"]


def sales(asset: Asset) -> Payments:
    """Sales at the price of the day, as far as the stand is expected to be there."""
    kept, net = 1.0 - asset["yearly_loss_share"], 1.0 - asset["tax_share"]
    yearly = asset["area_mu"] * asset["removals_tco2e_per_mu"]
    for share in ("baseline_share", "leakage_share", "buffer_share"):
        yearly *= 1.0 - asset[share]
    return [
        (at, yearly * credited * YUAN * net * kept**at) for at, credited in verifications(asset)
    ]


def costs(asset: Asset) -> Payments:
    """Verification and monitoring, below zero."""
    net = 1.0 - asset["tax_share"]
    listed = [(at, -asset["verification_cost_yuan"] * net) for at, _ in verifications(asset)]
    crediting = asset["crediting_ends_on"] - asset["crediting_starts_on"]
    watched = max(0.0, min(asset["right_ends_on"], crediting + asset["crediting_starts_on"]))
    for year in range(math.ceil(watched)):
        share = min(watched - year, 1.0)
        listed.append((year + 0.5, -asset["monitoring_cost_yuan"] * net * share))
    return listed


def verifications(asset: Asset) -> Payments:
    """When credits are issued, and the years of removals that each time has."""
    every, right = asset["verification_every_years"], asset["right_ends_on"]
    since = asset["last_verified_on"] - asset["crediting_starts_on"]
    crediting = asset["crediting_ends_on"] - asset["crediting_starts_on"]
    due = math.floor(-asset["last_verified_on"] / every) + 1
    at, until = due * every + asset["last_verified_on"], since + due * every
    listed = []
    while at <= right + 1e-9:
        credited = max(0.0, min(until, crediting) - since)
        if credited > DUST:
            listed.append((at, credited))
        since, until, at = until, until + every, at + every
    return listed
