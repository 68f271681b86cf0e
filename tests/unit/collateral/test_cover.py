"""Cover of loans: the figures of the demonstration pools, borders of the lines, cures that cure."""

from datetime import date, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.collateral.domain.cover import (
    Cover,
    Cure,
    Debt,
    Lines,
    PledgeFacts,
    PoolAsset,
    cure_of,
    is_cured,
    lendable_fen,
    level_of,
    measure_cover,
    moving_ppm,
    needs_case,
    pledge_obstacle,
    ratio_ppm,
    recognised_for_loan_fen,
)
from app.collateral.domain.states import Level
from app.kernel.ids import new_id
from app.loans.domain.states import LtvBasis

WAN = 1_000_000
"""Fen in ten thousand yuan."""

BY_PRINCIPAL = Lines(
    warning_ppm=600_000,
    top_up_ppm=700_000,
    disposal_ppm=800_000,
    cure_ppm=600_000,
    basis=LtvBasis.PRINCIPAL,
)
BY_EXPOSURE = Lines(
    warning_ppm=600_000,
    top_up_ppm=700_000,
    disposal_ppm=800_000,
    cure_ppm=600_000,
    basis=LtvBasis.EXPOSURE,
)


def asset(
    recognised_fen: int | None,
    *,
    cap_percent: int = 50,
    secured_fen: int | None = None,
    senior_fen: int = 0,
) -> PoolAsset:
    secured = secured_fen if secured_fen is not None else max(recognised_fen or 1, 1)
    return PoolAsset(
        asset_id=new_id(),
        recognised_fen=recognised_fen,
        cap_ppm=cap_percent * 10_000,
        secured_fen=secured,
        senior_fen=senior_fen,
    )


def cover_of(
    debt: Debt, *pool: PoolAsset, lines: Lines = BY_PRINCIPAL, guaranteed_fen: int = 0
) -> Cover:
    return measure_cover(debt, pool, lines, guaranteed_fen=guaranteed_fen)


def test_the_contract_says_which_ratio_moves_its_lines() -> None:
    debt = Debt(principal_fen=60 * WAN, accrued_fen=5 * WAN, fees_fen=5 * WAN)
    cover = cover_of(debt, asset(100 * WAN))
    assert moving_ppm(cover, LtvBasis.PRINCIPAL) == 600_000
    assert moving_ppm(cover, LtvBasis.EXPOSURE) == 700_000


# --- The pools of the demonstration world, in ten thousand yuan ---

POOLS = [
    ("S01", 480, [(1120, 50, 560)], "42.86", Level.NORMAL),
    ("S03", 300, [(420, 50, 210), (30, 30, 9)], "66.67", Level.WARNING),
    ("S04", 70, [(120, 60, 72)], "58.33", Level.NORMAL),
    ("S05", 150, [(210, 30, 63)], "71.43", Level.TOP_UP),
    ("S06", 480, [(900, 60, 540)], "53.33", Level.NORMAL),
    ("S07", 95, [(96, 50, 48)], "98.96", Level.DISPOSAL),
    ("S09", 200, [(430, 50, 215)], "46.51", Level.NORMAL),
    ("S10+S23", 845, [(2600, 50, 1300)], "32.50", Level.NORMAL),
    ("S11", 400, [(560, 50, 280)], "71.43", Level.TOP_UP),
    ("S12", 3200, [(7200, 50, 3600)], "44.44", Level.NORMAL),
    ("S13", 300, [(2100, 50, 1050)], "14.29", Level.NORMAL),
    ("S14", 375, [(200, 30, 60), (430, 50, 215)], "59.52", Level.NORMAL),
    ("S16", 380, [(300, 50, 150), (520, 50, 260)], "46.34", Level.NORMAL),
    ("S17", 2080, [(5400, 60, 3240)], "38.52", Level.NORMAL),
    ("S18", 6400, [(11500, 60, 6900)], "55.65", Level.NORMAL),
    ("S19", 260, [(700, 40, 280)], "37.14", Level.NORMAL),
    ("S21", 1350, [(6500, 50, 3250)], "20.77", Level.NORMAL),
    ("S22", 700, [(1450, 50, 725)], "48.28", Level.NORMAL),
]


@pytest.mark.parametrize(
    ("principal", "assets", "percent", "level"),
    [row[1:] for row in POOLS],
    ids=[r[0] for r in POOLS],
)
def test_each_pool_has_its_published_ratio_and_line(principal, assets, percent, level) -> None:
    pool = [asset(recognised * WAN, cap_percent=cap) for recognised, cap, _ in assets]
    measured = cover_of(Debt(principal_fen=principal * WAN), *pool)
    assert f"{measured.ltv_ppm / 10_000:.2f}" == percent
    assert measured.level is level
    assert measured.lendable_fen == sum(lendable for *_, lendable in assets) * WAN


def test_allowances_are_valued_to_the_yuan() -> None:
    measured = cover_of(Debt(principal_fen=1200 * WAN), asset(2_180_800_000, cap_percent=60))
    assert measured.lendable_fen == 1_308_480_000
    assert f"{measured.ltv_ppm / 10_000:.2f}" == "55.03"
    assert measured.level is Level.NORMAL


# --- The worked top-up case ---

S11_DEBT = Debt(principal_fen=4_000_000_00, accrued_fen=5_800_00)
S11_POOL = asset(5_600_000_00)


def test_the_worked_case_crosses_the_top_up_line_on_both_figures() -> None:
    measured = cover_of(S11_DEBT, S11_POOL, lines=BY_EXPOSURE)
    assert f"{measured.ltv_ppm / 10_000:.2f}" == "71.43"
    assert f"{measured.risk_ltv_ppm / 10_000:.2f}" == "71.53"
    assert measured.level is Level.TOP_UP
    assert cover_of(S11_DEBT, S11_POOL, lines=BY_PRINCIPAL).level is Level.TOP_UP


def test_the_worked_case_is_cured_by_repaying_or_adding() -> None:
    cure = cure_of(S11_DEBT, 5_600_000_00, BY_EXPOSURE)
    assert cure == Cure(repay_fen=645_800_00, add_recognised_fen=1_076_333_34)


def test_the_worked_case_to_the_line_alone_is_less() -> None:
    to_the_line = Lines(
        warning_ppm=600_000,
        top_up_ppm=700_000,
        disposal_ppm=800_000,
        cure_ppm=700_000,
        basis=LtvBasis.EXPOSURE,
    )
    assert cure_of(S11_DEBT, 5_600_000_00, to_the_line).repay_fen == 85_800_00


# --- The path of the main job ---

FOREST_FEN, CARBON_FEN = 5_600_000_00, 880_000_00
LOAN = Debt(principal_fen=3_000_000_00)


def main_pool(forest_fen: int, carbon_fen: int) -> tuple[PoolAsset, PoolAsset]:
    return (
        asset(forest_fen, cap_percent=50, secured_fen=2_800_000_00),
        asset(carbon_fen, cap_percent=30, secured_fen=264_000_00),
    )


def test_the_main_pool_lends_3_064_000_and_starts_at_46_30_percent() -> None:
    measured = cover_of(LOAN, *main_pool(FOREST_FEN, CARBON_FEN), lines=BY_EXPOSURE)
    assert measured.lendable_fen == 3_064_000_00
    assert measured.recognised_fen == 6_480_000_00
    assert f"{measured.ltv_ppm / 10_000:.2f}" == "46.30"
    assert measured.level is Level.NORMAL


def test_a_fall_of_the_carbon_price_alone_crosses_no_line() -> None:
    measured = cover_of(LOAN, *main_pool(FOREST_FEN, 545_600_00), lines=BY_EXPOSURE)
    assert f"{measured.ltv_ppm / 10_000:.2f}" == "48.82"
    assert measured.level is Level.NORMAL


def test_with_the_frost_the_top_up_line_is_crossed_on_exposure_only() -> None:
    debt = Debt(principal_fen=3_000_000_00, accrued_fen=31_891_67)
    pool = main_pool(3_780_000_00, 545_600_00)
    measured = cover_of(debt, *pool, lines=BY_EXPOSURE)
    assert measured.recognised_fen == 4_325_600_00
    assert f"{measured.ltv_ppm / 10_000:.2f}" == "69.35"
    assert f"{measured.risk_ltv_ppm / 10_000:.2f}" == "70.09"
    assert measured.level is Level.TOP_UP
    assert cover_of(debt, *pool, lines=BY_PRINCIPAL).level is Level.WARNING
    cure = cure_of(debt, measured.recognised_fen, BY_EXPOSURE)
    assert cure == Cure(repay_fen=436_531_67, add_recognised_fen=727_552_79)


# --- Guarantees ---


def test_a_guarantee_that_closes_the_gap_keeps_the_case_shut() -> None:
    debt = Debt(principal_fen=150 * WAN)
    pool = asset(210 * WAN, cap_percent=30)
    enhanced = cover_of(debt, pool, guaranteed_fen=120 * WAN)
    assert enhanced.level is Level.TOP_UP
    assert enhanced.lendable_fen == 63 * WAN
    assert not needs_case(enhanced, debt)
    assert needs_case(cover_of(debt, pool), debt)


def test_a_guarantee_one_fen_short_does_not() -> None:
    debt = Debt(principal_fen=150 * WAN)
    pool = asset(210 * WAN, cap_percent=30)
    assert not needs_case(cover_of(debt, pool, guaranteed_fen=87 * WAN), debt)
    assert needs_case(cover_of(debt, pool, guaranteed_fen=87 * WAN - 1), debt)


# --- Borders ---


@pytest.mark.parametrize(
    ("ratio", "level"),
    [
        (600_000, Level.NORMAL),
        (600_001, Level.WARNING),
        (700_000, Level.WARNING),
        (700_001, Level.TOP_UP),
        (800_000, Level.TOP_UP),
        (800_001, Level.DISPOSAL),
        (None, Level.UNPRICED),
    ],
)
def test_a_line_is_crossed_when_it_is_exceeded(ratio, level) -> None:
    assert level_of(ratio, Debt(principal_fen=1), BY_PRINCIPAL) is level


def test_nothing_owed_is_normal_even_without_a_value() -> None:
    assert level_of(None, Debt(principal_fen=0), BY_PRINCIPAL) is Level.NORMAL
    assert is_cured(
        cover_of(Debt(principal_fen=0), asset(None)), Debt(principal_fen=0), BY_PRINCIPAL
    )


def test_one_asset_without_a_value_makes_the_pool_unpriced() -> None:
    debt = Debt(principal_fen=100)
    measured = cover_of(debt, asset(1_000_000), asset(None))
    assert measured.level is Level.UNPRICED
    assert measured.recognised_fen is None
    assert measured.ltv_ppm is None
    assert measured.lendable_fen == 500_000
    assert needs_case(measured, debt)
    assert not is_cured(measured, debt, BY_PRINCIPAL)


def test_a_debt_without_assets_has_no_ratio_and_no_case() -> None:
    debt = Debt(principal_fen=100)
    measured = cover_of(debt)
    assert measured.level is Level.NONE
    assert not needs_case(measured, debt)


def test_a_value_of_nothing_is_unpriced_never_covered() -> None:
    debt = Debt(principal_fen=100)
    measured = cover_of(debt, asset(0, secured_fen=100))
    assert (measured.level, measured.lendable_fen, measured.ltv_ppm) == (Level.UNPRICED, 0, None)
    assert ratio_ppm(0, 0) == 0


def test_lendable_value_rounds_down_and_stops_at_the_secured_amount() -> None:
    assert lendable_fen(asset(3, cap_percent=50, secured_fen=9)) == 1
    assert lendable_fen(asset(1_000, cap_percent=50, secured_fen=499)) == 499
    assert lendable_fen(asset(1_000, cap_percent=50, secured_fen=501)) == 500


def test_senior_liens_come_off_after_the_cap_and_never_below_nothing() -> None:
    junior = asset(2600, cap_percent=50, secured_fen=1_000, senior_fen=900)
    assert lendable_fen(junior) == 400
    assert recognised_for_loan_fen(junior, claim_fen=1_000) == 1_700
    drowned = asset(1_000, cap_percent=50, secured_fen=1_000, senior_fen=1_001)
    assert lendable_fen(drowned) == 0
    assert recognised_for_loan_fen(drowned, claim_fen=1_000) == 0


def test_an_asset_that_secures_little_counts_for_little() -> None:
    """A mortgage of one yuan brings no loan back below its lines, whatever the asset is worth."""
    claim = 64_000_000
    assert recognised_for_loan_fen(asset(60_000_000, secured_fen=100), claim_fen=claim) == 201
    half = asset(60_000_000, secured_fen=30_000_000)
    assert recognised_for_loan_fen(half, claim_fen=claim) == 60_000_000
    short = asset(60_000_000, secured_fen=29_999_999)
    assert recognised_for_loan_fen(short, claim_fen=claim) == 59_999_999
    assert recognised_for_loan_fen(short, claim_fen=29_999_999) == 60_000_000
    outside = asset(60_000_000, cap_percent=0, secured_fen=1)
    assert recognised_for_loan_fen(outside, claim_fen=claim) == 60_000_000


# --- Properties ---

values = st.integers(min_value=0, max_value=10**12)
debts = st.builds(
    Debt,
    principal_fen=st.integers(min_value=1, max_value=10**12),
    accrued_fen=st.integers(min_value=0, max_value=10**9),
    fees_fen=st.integers(min_value=0, max_value=10**7),
)


@st.composite
def lines(draw) -> Lines:
    cure, warning, top_up, disposal = sorted(
        draw(st.lists(st.integers(1, 1_000_000), min_size=4, max_size=4))
    )
    return Lines(
        warning_ppm=warning,
        top_up_ppm=top_up,
        disposal_ppm=disposal,
        cure_ppm=cure,
        basis=draw(st.sampled_from(LtvBasis)),
    )


@st.composite
def assets(draw) -> PoolAsset:
    return PoolAsset(
        asset_id=UUID(int=draw(st.integers(0, 10**9))),
        recognised_fen=draw(values),
        cap_ppm=draw(st.integers(0, 1_000_000)),
        secured_fen=draw(st.integers(1, 10**12)),
        senior_fen=draw(values),
    )


def raised(one: PoolAsset, more_fen: int) -> PoolAsset:
    return PoolAsset(
        asset_id=one.asset_id,
        recognised_fen=(one.recognised_fen or 0) + more_fen,
        cap_ppm=one.cap_ppm,
        secured_fen=one.secured_fen,
        senior_fen=one.senior_fen,
    )


def repaid(debt: Debt, paid_fen: int) -> Debt:
    """Accrued interest first, then principal, as far as they go."""
    interest = min(debt.accrued_fen, paid_fen)
    principal = min(debt.principal_fen, paid_fen - interest)
    fees = min(debt.fees_fen, paid_fen - interest - principal)
    return Debt(
        principal_fen=debt.principal_fen - principal,
        accrued_fen=debt.accrued_fen - interest,
        fees_fen=debt.fees_fen - fees,
    )


@given(debts, values, lines())
def test_repaying_the_cure_really_cures(debt, recognised, contract) -> None:
    paid = cure_of(debt, recognised, contract).repay_fen
    left = Debt(principal_fen=debt.basis_fen(contract.basis) - paid)
    pool = [asset(recognised)]
    assert is_cured(measure_cover(left, pool, contract), left, contract)
    if paid > 0 and left.principal_fen > 0:
        short = Debt(principal_fen=left.principal_fen + 1)
        assert not is_cured(measure_cover(short, pool, contract), short, contract)


@given(debts, values)
def test_repaying_the_cure_of_an_exposure_cures_whatever_it_is_booked_on(debt, recognised) -> None:
    left = repaid(debt, cure_of(debt, recognised, BY_EXPOSURE).repay_fen)
    assert is_cured(measure_cover(left, [asset(recognised)], BY_EXPOSURE), left, BY_EXPOSURE)


@given(debts, values, lines())
def test_adding_the_cure_really_cures_and_a_fen_less_does_not(debt, recognised, contract) -> None:
    add = cure_of(debt, recognised, contract).add_recognised_fen
    pool = [asset(recognised), asset(add)]
    assert is_cured(measure_cover(debt, pool, contract), debt, contract)
    if add > 0:
        short = [asset(recognised), asset(add - 1)]
        assert not is_cured(measure_cover(debt, short, contract), debt, contract)


_WORSE = [Level.NORMAL, Level.WARNING, Level.TOP_UP, Level.DISPOSAL, Level.UNPRICED]


@given(debts, st.lists(assets(), min_size=1, max_size=5), st.data(), values, lines())
def test_more_value_never_worsens_anything(debt, pool, data, more, contract) -> None:
    index = data.draw(st.integers(0, len(pool) - 1))
    richer = [raised(one, more) if i == index else one for i, one in enumerate(pool)]
    before, after = measure_cover(debt, pool, contract), measure_cover(debt, richer, contract)
    assert after.lendable_fen >= before.lendable_fen
    assert (after.recognised_fen or 0) >= (before.recognised_fen or 0)
    assert _WORSE.index(after.level) <= _WORSE.index(before.level)
    assert not (needs_case(after, debt) and not needs_case(before, debt))


@given(assets())
def test_lendable_value_stays_within_its_bounds(one) -> None:
    lendable = lendable_fen(one)
    assert 0 <= lendable <= one.secured_fen
    assert lendable * 1_000_000 <= (one.recognised_fen or 0) * one.cap_ppm


# --- What may be taken as security ---

DAY = date(2024, 1, 2)
SOUND = {
    "asset_number": "A-2023-000001",
    "owner_is_borrower": True,
    "ready": True,
    "security": "mortgage",
    "security_of_kind": "mortgage",
    "forest_category": "economic",
    "category_mortgageable": True,
    "encumbered": False,
    "current_fen": 1_000,
    "valid_until": DAY,
    "recognised_fen": 900,
    "right_ends_on": date(2027, 1, 1),
    "loan_matures_on": date(2027, 1, 1),
    "secured_fen": 1_000,
    "loan_fen": 5_000,
    "appraised_for_fen": 5_000,
    "today": DAY,
}


def test_a_sound_asset_may_be_taken_up_to_every_border() -> None:
    assert pledge_obstacle(PledgeFacts(**SOUND)) is None


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"owner_is_borrower": False}, "not-the-owner"),
        ({"ready": False}, "not-ready"),
        ({"security": "pledge"}, "wrong-security"),
        ({"category_mortgageable": False}, "category-not-mortgageable"),
        ({"encumbered": True}, "encumbered"),
        ({"current_fen": None}, "no-valid-appraisal"),
        ({"valid_until": DAY - timedelta(days=1)}, "appraisal-expired"),
        ({"loan_fen": 5_001}, "appraised-for-less"),
        ({"recognised_fen": None}, "not-recognised"),
        ({"right_ends_on": date(2026, 12, 31)}, "right-ends-before-maturity"),
        ({"secured_fen": 1_001}, "above-current-value"),
    ],
)
def test_each_rule_forbids_on_its_own(changed, code) -> None:
    assert pledge_obstacle(PledgeFacts(**{**SOUND, **changed})) == code
