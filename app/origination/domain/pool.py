"""What a pool of assets and guarantees lends: value by asset, totals, limit and loan-to-value."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from app.collateral.domain.cover import (
    PoolAsset,
    free_fen,
    lendable_fen,
    ratio_ppm,
    recognised_for_loan_fen,
)
from app.collateral.domain.states import SecurityKind
from app.loans.domain.states import Security


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolValue:
    """The value chain of one asset of a pool, in fen; None where there is none.

    senior_fen: what earlier contracts secure on it. unsecured_fen: current value less that, no limit of a loan.
    obstacle: the rule that still forbids it, as a code. may_appraise: the loan is small enough for the bank to
    appraise the asset itself.
    """

    asset_id: UUID
    number: str
    title: str
    kind: str
    security: SecurityKind
    secured_fen: int
    appraised_fen: int | None
    valuation_fen: int | None
    current_fen: int | None
    valid_until: date | None
    recognised_fen: int | None
    cap_ppm: int
    senior_fen: int
    unsecured_fen: int
    obstacle: str | None = None
    may_appraise: bool = False

    @property
    def as_asset(self) -> PoolAsset:
        """The asset as the cover of a loan counts it."""
        return PoolAsset(
            asset_id=self.asset_id,
            recognised_fen=self.recognised_fen,
            cap_ppm=self.cap_ppm,
            secured_fen=self.secured_fen,
            senior_fen=self.senior_fen,
        )

    @property
    def lendable_fen(self) -> int:
        """Recognised value x cap - senior liens, within the secured amount; rounded down."""
        return lendable_fen(self.as_asset)

    @property
    def free_fen(self) -> int | None:
        """Recognised value x cap - senior liens, whatever is to be secured; None without a recognised value."""
        return free_fen(
            recognised_fen=self.recognised_fen, cap_ppm=self.cap_ppm, secured_fen=self.senior_fen
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolTotals:
    """A pool as a whole against the amount asked. Ratios in ppm, rounded up.

    recognised_fen and ltv_ppm are None while an asset of the pool has no recognised value.
    """

    asked_fen: int
    current_fen: int | None
    recognised_fen: int | None
    lendable_fen: int
    guaranteed_fen: int
    limit_fen: int
    ltv_ppm: int | None

    @property
    def gap_fen(self) -> int:
        """What the amount asked exceeds the limit by."""
        return max(self.asked_fen - self.limit_fen, 0)


def limit_fen(*, lendable_fen: int, guaranteed_fen: int, asked_fen: int) -> int:
    """The most that may be lent: min(sum of lendable values + guarantees, amount asked)."""
    return min(lendable_fen + guaranteed_fen, asked_fen)


def carried_fen(current_fen: int | None, recognised_fen: int | None) -> int | None:
    """What the bank recognised, as far as the current value still carries it; the watch lowers it for good."""
    if current_fen is None or recognised_fen is None:
        return None
    return min(current_fen, recognised_fen)


def measure_pool(
    values: Sequence[PoolValue], *, guaranteed_fen: int, asked_fen: int, on_credit: bool = False
) -> PoolTotals:
    """The totals of a pool. `on_credit`: a product lent without security, whose limit is the amount asked."""
    lendable = sum(value.lendable_fen for value in values)
    recognised = _sum(
        [recognised_for_loan_fen(value.as_asset, claim_fen=asked_fen) for value in values]
    )
    limit = limit_fen(lendable_fen=lendable, guaranteed_fen=guaranteed_fen, asked_fen=asked_fen)
    return PoolTotals(
        asked_fen=asked_fen,
        current_fen=_sum([value.current_fen for value in values]),
        recognised_fen=recognised,
        lendable_fen=lendable,
        guaranteed_fen=guaranteed_fen,
        limit_fen=asked_fen if on_credit else limit,
        ltv_ppm=None if recognised is None else ratio_ppm(asked_fen, recognised),
    )


def security_of(kinds: Sequence[SecurityKind], *, guaranteed: bool) -> Security:
    """What secures a loan, in one word."""
    words = {Security(kind.value) for kind in kinds}
    if guaranteed:
        words.add(Security.GUARANTEE)
    if not words:
        return Security.CREDIT
    return words.pop() if len(words) == 1 else Security.MIXED


def _sum(parts: Sequence[int | None]) -> int | None:
    """A sum that is unknown when there is nothing, or a part is unknown: never zero by silence."""
    known = [part for part in parts if part is not None]
    return sum(known) if parts and len(known) == len(parts) else None
