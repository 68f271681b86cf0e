"""Level schedules of many loans at once: whole fen in int64, equal to `make_schedule`.

For portfolio runs (cash-flow forecasts, checks of a whole book) over loans with regular
month periods under `30/360`. The loop goes over periods; all loans move together.
"""

from dataclasses import dataclass
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.schedule import level_instalment

Fen: TypeAlias = NDArray[np.int64]
Ppm: TypeAlias = NDArray[np.int64]

_INT64_MAX: Final = 2**63 - 1
# A float product of two factors, each off by half a unit in the last place, stays in this.
_RELATIVE_ERROR: Final = 4e-16
_TIE_MARGIN: Final = 1e-6


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BulkSchedules:
    """Amounts in fen, one row a period and one column a loan."""

    principal_fen: Fen
    interest_fen: Fen
    balance_fen: Fen
    """Principal left after the period's instalment."""

    @property
    def payment_fen(self) -> Fen:
        return self.principal_fen + self.interest_fen


def level_schedules(
    principal_fen: Fen, rate_ppm: Ppm, *, periods: int, months: int = 1
) -> BulkSchedules:
    """The level schedules of loans with so many periods of so many months each.

    ValueError for a loan whose interest would not fit int64; draw that one alone.
    """
    rates, denominator = rate_ppm * months, 12 * PPM
    _require_fit(principal_fen, rate_ppm, months, denominator)
    shape = (periods, len(principal_fen))
    interests = np.empty(shape, np.int64)
    principals = np.empty(shape, np.int64)
    balances = np.empty(shape, np.int64)
    level, balance = _level_fen(principal_fen, rates, denominator, periods), principal_fen
    for index in range(periods):
        interest = (2 * balance * rates + denominator) // (2 * denominator)
        wanted = level - interest if index < periods - 1 else balance
        principal = np.clip(wanted, 0, balance)
        balance = balance - principal
        interests[index], principals[index], balances[index] = interest, principal, balance
    return BulkSchedules(principal_fen=principals, interest_fen=interests, balance_fen=balances)


def _require_fit(principal_fen: Fen, rate_ppm: Ppm, months: int, denominator: int) -> None:
    if not len(principal_fen):
        return
    if principal_fen.min() < 1 or rate_ppm.min() < 0:
        raise ValueError("Principal must be above zero and no rate negative.")
    largest = 2 * int(principal_fen.max()) * int(rate_ppm.max()) * months + denominator
    if largest > _INT64_MAX:
        raise ValueError("The largest loan at the highest rate does not fit 64 bits.")


def _level_fen(principal_fen: Fen, rates: Ppm, denominator: int, periods: int) -> Fen:
    """Level instalments: one exact factor a distinct rate, floats only where no tie is near."""
    distinct, position = np.unique(rates, return_inverse=True)
    factors = [level_instalment(1, [int(rate)] * periods, denominator) for rate in distinct]
    exact = principal_fen * np.array([float(factor) for factor in factors])[position]
    level: Fen = np.floor(exact + 0.5).astype(np.int64)
    distance_to_tie = np.abs(exact - np.floor(exact) - 0.5)
    for loan in np.flatnonzero(distance_to_tie <= exact * _RELATIVE_ERROR + _TIE_MARGIN):
        factor = factors[position[loan]]
        wanted = int(principal_fen[loan]) * factor.numerator
        level[loan] = round_half_up(wanted, factor.denominator)
    return level
