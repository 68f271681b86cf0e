"""What runs on a note worked out: the parts make the sum that was posted, by every convention."""

from datetime import date, timedelta
from fractions import Fraction

import pytest

from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up
from app.loans.domain.accrual import BalanceFrom, RateFrom, accrued_fen, interest_parts
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import (
    Burden,
    Misuse,
    OpenDue,
    compound_parts,
    compound_to,
    penalty_parts,
    penalty_to,
)
from app.loans.domain.periods import Period

STARTS_ON, DUE_ON = date(2024, 1, 31), date(2024, 2, 29)


def summed(parts):
    """The formula that a reader works out by hand."""
    return sum(
        (part.base_fen * part.rate_ppm * part.share / 1_000_000 for part in parts), Fraction()
    )


@pytest.mark.parametrize("day_count", list(DayCount))
@pytest.mark.parametrize("months", [0, 1])
def test_the_parts_of_a_running_period_make_its_interest(day_count, months):
    if months and day_count is not DayCount.THIRTY_360:
        return
    period = Period(starts_on=STARTS_ON, due_on=DUE_ON, day_count=day_count, whole_months=months)
    balances = [
        BalanceFrom(from_on=STARTS_ON, balance_fen=100_000_01, rate_ppm=44_500),
        BalanceFrom(from_on=date(2024, 2, 9), balance_fen=70_000_03, rate_ppm=39_500),
    ]
    for passed in range(1, 30):
        until_on = STARTS_ON + timedelta(days=passed)
        parts = interest_parts(period, balances, until_on)
        assert fen_half_up(summed(parts)) == accrued_fen(period, balances, until_on)
        for part in parts:
            if part.of_days:
                by_hand = Fraction(part.days * part.month_days, part.of_days * 360)
                assert part.share == by_hand
            elif day_count is not DayCount.ACT_ACT:
                assert part.share == Fraction(part.days, day_count.basis)


@pytest.mark.parametrize("misused_fen", [0, 40_000_00])
def test_the_parts_of_penalty_and_compound_interest_make_what_was_posted(misused_fen):
    misuse = Misuse(
        misused=(DatedAmount(on=date(2024, 2, 20), amount_fen=misused_fen),),
        drawn_on=date(2023, 12, 1),
        drawn_fen=100_000_00,
    )
    burden = Burden(
        rates=(
            RateFrom(from_on=date(2023, 12, 1), rate_ppm=44_500),
            RateFrom(from_on=date(2024, 2, 25), rate_ppm=39_500),
        ),
        surcharge_ppm=500_000,
        day_count=DayCount.ACT_360,
        ends_on=date(2024, 3, 5),
        misuse_ppm=1_000_000,
        misuse=misuse if misused_fen else None,
    )
    paid = (DatedAmount(on=date(2024, 3, 1), amount_fen=5_000_00),)
    dues = [
        OpenDue(
            due_on=date(2024, 2, 15),
            principal_fen=60_000_00,
            interest_fen=1_234_56,
            paid_principal=paid,
        )
    ]
    until_on = date(2024, 3, 12)
    penalty = penalty_parts(dues, until_on, burden)
    assert fen_half_up(summed(penalty)) == penalty_to(dues, until_on, burden) > 0
    compound = compound_parts(dues, until_on, burden)
    assert fen_half_up(summed(compound)) == compound_to(dues, until_on, burden) > 0
    assert penalty_parts(dues, date(2024, 2, 15), burden) == () or misused_fen
