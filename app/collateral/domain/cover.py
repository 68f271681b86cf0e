"""Cover of a loan: recognised and lendable value of its pool, loan-to-value, level, and what cures a breach.

All amounts are whole fen, ratios whole ppm. A borrowing limit rounds down, a ratio and a required top-up round up,
so that no rounding ever favours less cover.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol
from uuid import UUID

from app.collateral.domain.states import Level
from app.kernel.money import ceil_div, floor_div
from app.kernel.rates import PPM
from app.loans.domain.states import LtvBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolAsset:
    """One asset as it stands behind a loan.

    recognised_fen: None when the bank recognises no value now. senior_fen: what earlier ranks secure on it.
    """

    asset_id: UUID
    recognised_fen: int | None
    cap_ppm: int
    secured_fen: int
    senior_fen: int = 0
    ecological: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Lines:
    """The lines of a contract in ppm of recognised value, and which figure moves them."""

    warning_ppm: int
    top_up_ppm: int
    disposal_ppm: int
    cure_ppm: int
    basis: LtvBasis


@dataclass(frozen=True, slots=True, kw_only=True)
class Debt:
    """What is owed, in fen."""

    principal_fen: int
    accrued_fen: int = 0
    fees_fen: int = 0

    @property
    def exposure_fen(self) -> int:
        """Principal, accrued interest and fees."""
        return self.principal_fen + self.accrued_fen + self.fees_fen

    def basis_fen(self, basis: LtvBasis) -> int:
        """The figure that moves the lines."""
        return self.principal_fen if basis is LtvBasis.PRINCIPAL else self.exposure_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What a pool says of a debt. Ratios are None when an asset has no recognised value, or none is left."""

    recognised_fen: int | None
    lendable_fen: int
    guaranteed_fen: int
    ltv_ppm: int | None
    risk_ltv_ppm: int | None
    level: Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Cure:
    """What brings a debt back to the target: repay the one, or add recognised value of the other."""

    repay_fen: int
    add_recognised_fen: int


def lendable_fen(asset: PoolAsset) -> int:
    """Recognised value x cap - senior liens, not below zero and not above the secured amount; rounded down."""
    if asset.recognised_fen is None:
        return 0
    limit = floor_div(asset.recognised_fen * asset.cap_ppm, PPM) - asset.senior_fen
    return max(min(limit, asset.secured_fen), 0)


def free_fen(*, recognised_fen: int | None, cap_ppm: int | None, secured_fen: int) -> int | None:
    """What a bank may still lend on an asset: recognised value x cap less all that it secures, not below zero.

    None without a recognised value: what nobody recognised is no limit of a loan.
    """
    if recognised_fen is None or cap_ppm is None:
        return None
    return max(floor_div(recognised_fen * cap_ppm, PPM) - secured_fen, 0)


def recognised_for_loan_fen(asset: PoolAsset, *, claim_fen: int) -> int | None:
    """Recognised value that stands for a claim: what the ranks before leave of it, never below zero.

    An asset that secures less than the claim counts no more than the value whose lendable part it secures.
    """
    if asset.recognised_fen is None:
        return None
    left = max(asset.recognised_fen - asset.senior_fen, 0)
    if asset.secured_fen >= claim_fen or asset.cap_ppm == 0:
        return left
    return min(left, floor_div((asset.secured_fen + 1) * PPM - 1, asset.cap_ppm))


def ratio_ppm(numerator_fen: int, denominator_fen: int) -> int | None:
    """Debt over value in ppm, rounded up; None when there is a debt and no value."""
    if denominator_fen > 0:
        return ceil_div(numerator_fen * PPM, denominator_fen)
    return 0 if numerator_fen == 0 else None


def measure_cover(
    debt: Debt, pool: Sequence[PoolAsset], lines: Lines, *, guaranteed_fen: int = 0
) -> Cover:
    """The cover of a debt. It fails closed: one asset without a value makes the whole pool unpriced."""
    lendable = sum(lendable_fen(asset) for asset in pool)
    known = [recognised_for_loan_fen(asset, claim_fen=debt.principal_fen) for asset in pool]
    if not pool:
        return Cover(
            recognised_fen=None,
            lendable_fen=0,
            guaranteed_fen=guaranteed_fen,
            ltv_ppm=None,
            risk_ltv_ppm=None,
            level=Level.NONE,
        )
    recognised = None if any(each is None for each in known) else sum(each or 0 for each in known)
    ltv = None if recognised is None else ratio_ppm(debt.principal_fen, recognised)
    risk = None if recognised is None else ratio_ppm(debt.exposure_fen, recognised)
    return Cover(
        recognised_fen=recognised,
        lendable_fen=lendable,
        guaranteed_fen=guaranteed_fen,
        ltv_ppm=ltv,
        risk_ltv_ppm=risk,
        level=level_of(ltv if lines.basis is LtvBasis.PRINCIPAL else risk, debt, lines),
    )


class Ratios(Protocol):
    """Both ratios of a debt, as measured or as stored."""

    @property
    def ltv_ppm(self) -> int | None:
        """Principal over recognised value."""

    @property
    def risk_ltv_ppm(self) -> int | None:
        """Principal with interest and fees over recognised value."""


def moving_ppm(measured: Ratios, basis: LtvBasis) -> int | None:
    """The one of both ratios that moves the lines of a contract."""
    return measured.ltv_ppm if basis is LtvBasis.PRINCIPAL else measured.risk_ltv_ppm


def level_of(ratio: int | None, debt: Debt, lines: Lines) -> Level:
    """The line that a ratio has crossed; a line is crossed when it is exceeded."""
    if debt.exposure_fen == 0:
        return Level.NORMAL
    if ratio is None:
        return Level.UNPRICED
    if ratio > lines.disposal_ppm:
        return Level.DISPOSAL
    if ratio > lines.top_up_ppm:
        return Level.TOP_UP
    return Level.WARNING if ratio > lines.warning_ppm else Level.NORMAL


LINE_PLACES: Final[Mapping[Level, int]] = {
    Level.WARNING: 1,
    Level.TOP_UP: 2,
    Level.DISPOSAL: 3,
    Level.UNPRICED: 3,
}
"""Which line of the contract is crossed, for warning signals; without a value the gravest."""


def needs_case(cover: Cover, debt: Debt) -> bool:
    """Whether the rule opens a case: the top-up line is crossed, or a value is missing, and guarantees do not cover.

    Credit enhancement counts by rule: lendable value plus guarantees that reach the exposure close the gap.
    """
    if cover.level not in {Level.TOP_UP, Level.DISPOSAL, Level.UNPRICED}:
        return False
    return not guarantees_close(cover, debt.exposure_fen)


class Enhanced(Protocol):
    """What assets and guarantees reach, as measured or as stored."""

    @property
    def lendable_fen(self) -> int:
        """What the assets support."""

    @property
    def guaranteed_fen(self) -> int:
        """What guarantees in force cover."""


def guarantees_close(cover: Enhanced, exposure_fen: int) -> bool:
    """Whether guarantees in force close the gap between lendable value and exposure."""
    enhanced = cover.lendable_fen + cover.guaranteed_fen
    return cover.guaranteed_fen > 0 and enhanced >= exposure_fen


def is_new_breach(level: Level, former: Level | None) -> bool:
    """Whether a breach is another one than that which a case, ended without cure, had answered.

    former: the level of that case; None when no line was crossed since. A breach that eases stays the same.
    """
    eased = former is Level.DISPOSAL and level is Level.TOP_UP
    return level is not former and not eased


def is_cured(cover: Cover, debt: Debt, lines: Lines) -> bool:
    """Whether the ratio is back at the target, which is stricter than the line."""
    if debt.exposure_fen == 0:
        return True
    ratio = moving_ppm(cover, lines.basis)
    return ratio is not None and ratio <= lines.cure_ppm


def cure_of(debt: Debt, recognised_fen: int | None, lines: Lines) -> Cure:
    """Repay: basis - target x recognised. Add: basis / target - recognised. Both rounded up, not below zero."""
    basis, known = debt.basis_fen(lines.basis), recognised_fen or 0
    repay = basis - floor_div(known * lines.cure_ppm, PPM)
    add = ceil_div(basis * PPM, lines.cure_ppm) - known
    return Cure(repay_fen=max(repay, 0), add_recognised_fen=max(add, 0))


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeFacts:
    """What decides whether an asset may be taken as security for a loan."""

    asset_number: str
    owner_is_borrower: bool
    ready: bool
    security: str
    security_of_kind: str
    forest_category: str | None
    category_mortgageable: bool
    encumbered: bool
    current_fen: int | None
    valid_until: date | None
    recognised_fen: int | None
    right_ends_on: date | None
    loan_matures_on: date
    secured_fen: int
    loan_fen: int
    appraised_for_fen: int | None
    """The loan that the bank's own appraisal was made for; None when an agency made it."""
    today: date


def pledge_obstacle(facts: PledgeFacts) -> str | None:
    """The first rule that forbids the pledge, as a code; None when it may be taken."""
    rules = (
        ("not-the-owner", not facts.owner_is_borrower),
        ("not-ready", not facts.ready),
        ("wrong-security", facts.security != facts.security_of_kind),
        ("category-not-mortgageable", not facts.category_mortgageable),
        ("encumbered", facts.encumbered),
        ("no-valid-appraisal", facts.current_fen is None),
        ("appraisal-expired", facts.valid_until is not None and facts.valid_until < facts.today),
        ("appraised-for-less", _appraised_for_less(facts)),
        ("not-recognised", facts.recognised_fen is None),
        ("right-ends-before-maturity", _ends_early(facts)),
        (
            "above-current-value",
            facts.current_fen is not None and facts.secured_fen > facts.current_fen,
        ),
    )
    return next((code for code, broken in rules if broken), None)


def _appraised_for_less(facts: PledgeFacts) -> bool:
    return facts.appraised_for_fen is not None and facts.loan_fen > facts.appraised_for_fen


def _ends_early(facts: PledgeFacts) -> bool:
    return facts.right_ends_on is not None and facts.right_ends_on < facts.loan_matures_on
