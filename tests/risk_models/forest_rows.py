"""Plain rows of forest rights and their closed formulas: what the tests of that model share."""

from datetime import date

from risk_models.contract import Price
from risk_models.trace import DAYS_A_YEAR
from tests.risk_models.helpers import ON

TIMBER = {"timber": Price(yuan=900.0, unit="yuan/m3")}
RATE = 0.075
Q = 1 / (1 + RATE)
FAR = "2990-12-31"
PLAIN = {
    "category": "commercial-timber",
    "area_mu": 100.0,
    "rotation_years": 30,
    "planted_on": "2005-04-01",
    "right_ends_on": "2093-12-31",
    "quality_k": 0.9,
    "cost_due_now_yuan": 0.0,
    "yearly_loss_share": 0.0,
    "discount_rate": RATE,
}
FELLING = {
    "outturn_share": 0.68,
    "felling_cost_yuan_per_m3": 260.0,
    "normal_profit_share": 0.15,
}
MIDDLE = {
    **PLAIN,
    **FELLING,
    "age_group": "middle",
    "stock_at_harvest_m3_per_mu": 9.5,
    "tending_cost_yuan_per_mu": 22.0,
}
MATURE = {**PLAIN, **FELLING, "age_group": "mature", "stock_now_m3_per_mu": 7.2}
ORCHARD = {
    **PLAIN,
    "category": "economic",
    "age_group": "full-yield",
    "planted_on": "2012-04-01",
    "rotation_years": 25,
    "net_yield_yuan_per_mu": 300.0,
}
GROVE = {name: given for name, given in ORCHARD.items() if name != "rotation_years"} | {
    "category": "commercial-timber",
    "age_group": "bamboo-yield",
}


def age_on_day(planted: str) -> float:
    return (ON - date.fromisoformat(planted)).days / DAYS_A_YEAR


def annuity(years: float) -> float:
    """One yuan at each year's end, the broken last year in part."""
    whole, part = int(years), years % 1
    return sum(Q**year for year in range(1, whole + 1)) + part * Q ** (whole + 1)


LEFT = 30.0 - age_on_day("2005-04-01")
