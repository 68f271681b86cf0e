"""Volume-weighted means: what was paid over what was traded, and no mean where there is none."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from app.market.means import TradedDay, vwap

LAST = date(2024, 1, 2)


def traded(*pairs, step=1):
    return [
        TradedDay(
            on=LAST - timedelta(days=place * step), price=Decimal(price), volume=Decimal(tonnes)
        )
        for place, (price, tonnes) in enumerate(pairs)
    ]


def test_a_mean_is_weighted_by_volume():
    assert vwap(traded(("80", "100"), ("60", "300")), 2) == Decimal("65.000000")


def test_only_the_last_days_count():
    assert vwap(traded(("80", "100"), ("60", "300"), ("1", "999")), 2) == Decimal("65.000000")


def test_the_parts_of_2021_give_its_published_mean():
    """Listed 30,774,596 t for 1,451,471,161.73 and block 148,014,754 t for 6,209,758,861.26: 42.85."""
    listed, block = Decimal(30774596), Decimal(148014754)
    parts = [
        TradedDay(on=LAST, price=Decimal("1451471161.73") / listed, volume=listed),
        TradedDay(on=LAST, price=Decimal("6209758861.26") / block, volume=block),
    ]
    assert vwap(parts, 2) == pytest.approx(Decimal("42.85"), abs=Decimal("0.005"))
    assert listed + block == 178_789_350


def test_the_week_to_2025_07_04_was_cheaper_than_its_daily_means():
    """Turnover over volume is 72.64: block trades lie below the listed 72.74 to 74.40."""
    assert round(Decimal("179082495.10") / 2_465_255, 2) == Decimal("72.64")
    assert 670_918_083 - 2_465_255 == 668_452_828
    assert Decimal("46078332672.62") - Decimal("179082495.10") == Decimal("45899250177.52")


def test_too_few_days_have_no_mean():
    assert vwap(traded(("80", "100")), 2) is None
    assert vwap([], 1) is None


@pytest.mark.parametrize(("step", "known"), [(3, True), (4, False)])
def test_days_spread_too_thin_have_no_mean(step, known):
    pairs = [("80", "100")] * 20
    assert (vwap(traded(*pairs, step=step), 20) is not None) is known
