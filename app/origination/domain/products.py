"""The terms of a loan product, read from data."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from app.assets.domain import AssetKind
from app.kernel.daycount import DayCount
from app.kernel.schedule_dates import Every
from app.loans.domain.states import InterestStyle, LtvBasis
from app.loans.domain.terms import Method


class Use(StrEnum):
    """What a product pays for."""

    WORKING_CAPITAL = "working-capital"
    FIXED_ASSETS = "fixed-assets"


@dataclass(frozen=True, slots=True, kw_only=True)
class ProductTerms:
    """Limits and terms of a product; a loan copies them at contract.

    asset_kinds: what may secure it; empty means any. needs_kinds: each must be in the pool.
    misuse_ppm: surcharge on misused principal; None leaves the contract silent.
    credit: whether it may be lent without security. ltv_basis: None takes the bank's policy.
    """

    methods: tuple[Method, ...]
    every: Every
    day_count: DayCount
    interest_style: InterestStyle
    ltv_basis: LtvBasis | None
    max_term_months: int
    green_required: bool
    credit: bool
    use: Use
    penalty_ppm: int
    max_rate_ppm: int
    misuse_ppm: int | None = None
    asset_kinds: frozenset[AssetKind] = frozenset()
    needs_kinds: tuple[AssetKind, ...] = ()

    def takes(self, kind: str) -> bool:
        """Whether an asset of this kind may secure the product."""
        return not self.asset_kinds or kind in self.asset_kinds


def read_terms(data: Mapping[str, Any]) -> ProductTerms:
    """The terms of a row; an unknown word or key is refused with KeyError or ValueError."""
    basis = data["ltv_basis"]
    return ProductTerms(
        methods=tuple(Method(each) for each in data["methods"]),
        every=Every.parse(data["every"]),
        day_count=DayCount(data["day_count"]),
        interest_style=InterestStyle(data["interest_style"]),
        ltv_basis=None if basis == "policy" else LtvBasis(basis),
        max_term_months=int(data["max_term_months"]),
        green_required=bool(data["green_required"]),
        credit=bool(data["credit"]),
        use=Use(data["use"]),
        penalty_ppm=int(data["penalty_ppm"]),
        max_rate_ppm=int(data["max_rate_ppm"]),
        # Products stored before this term was known are silent about it.
        misuse_ppm=data.get("misuse_ppm"),
        asset_kinds=frozenset(AssetKind(each) for each in data["asset_kinds"]),
        needs_kinds=tuple(AssetKind(each) for each in data["needs_kinds"]),
    )
