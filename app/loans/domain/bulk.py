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
from app.loans.domain.schedule import level_parts

Fen: TypeAlias = NDArray[np.int64]
Ppm: TypeAlias = NDArray[np.int64]

BLOCK_LOANS: Final = 8_192
"""The rows of so many loans that a period needs stay in the cache of a core."""

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
    level = _level_fen(principal_fen, rates, denominator, periods)
    shape = (periods, len(principal_fen))
    drawn = BulkSchedules(
        principal_fen=np.empty(shape, np.int64),
        interest_fen=np.empty(shape, np.int64),
        balance_fen=np.empty(shape, np.int64),
    )
    for first in range(0, len(principal_fen), BLOCK_LOANS):
        some = slice(first, first + BLOCK_LOANS)
        _draw(drawn, some, principal_fen[some], rates[some], level[some], denominator)
    return drawn


def _draw(
    drawn: BulkSchedules, some: slice, principal_fen: Fen, rates: Ppm, level: Fen, denominator: int
) -> None:
    """The rows of some loans, each worked out where it stays; the denominator is even.

    No amount falls below zero, so that division may take them as unsigned, which is quicker: the level instalment
    is at least the first interest, and no later interest is larger.
    """
    half, divisor = denominator // 2, np.uint64(denominator)
    last, balance = len(drawn.balance_fen) - 1, principal_fen
    for index in range(last + 1):
        interest, principal = drawn.interest_fen[index, some], drawn.principal_fen[index, some]
        left = drawn.balance_fen[index, some]
        np.multiply(balance, rates, out=interest)
        np.add(interest, half, out=interest)
        unsigned = interest.view(np.uint64)
        np.floor_divide(unsigned, divisor, out=unsigned)
        if index < last:
            np.subtract(level, interest, out=principal)
            np.minimum(principal, balance, out=principal)
        else:
            principal[:] = balance
        np.subtract(balance, principal, out=left)
        balance = left


def _require_fit(principal_fen: Fen, rate_ppm: Ppm, months: int, denominator: int) -> None:
    if not len(principal_fen):
        return
    if principal_fen.min() < 1 or rate_ppm.min() < 0:
        raise ValueError("Principal must be above zero and no rate negative.")
    largest = int(principal_fen.max()) * int(rate_ppm.max()) * months + denominator // 2
    if largest > _INT64_MAX:
        raise ValueError("The largest loan at the highest rate does not fit 64 bits.")


def _level_fen(principal_fen: Fen, rates: Ppm, denominator: int, periods: int) -> Fen:
    """Level instalments: one exact factor a distinct rate, floats only where no tie is near."""
    distinct, position = np.unique(rates, return_inverse=True)
    factors = [level_parts(1, [int(rate)] * periods, denominator) for rate in distinct]
    exact = principal_fen * np.array([above / below for above, below in factors])[position]
    level: Fen = np.floor(exact + 0.5).astype(np.int64)
    distance_to_tie = np.abs(exact - np.floor(exact) - 0.5)
    for loan in np.flatnonzero(distance_to_tie <= exact * _RELATIVE_ERROR + _TIE_MARGIN):
        above, below = factors[position[loan]]
        level[loan] = round_half_up(int(principal_fen[loan]) * above, below)
    return level
