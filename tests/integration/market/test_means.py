"""The means that models read, worked out of imported daily prices and volumes."""

from datetime import date, timedelta

import pytest

from app.market.services import (
    AddSeries,
    ImportPrices,
    add_series,
    import_points,
    load_market,
    model_prices,
)

TODAY = date(2024, 1, 2)
SHORT, LONG = "allowance-vwap-20d", "allowance-vwap-250d"


@pytest.fixture
def market(session, world):
    for code, price_id in (("TEST", "allowance"), ("TEST-VOLUME", None)):
        unit = "yuan/tCO2e" if price_id else "tCO2e"
        command = AddSeries(
            code=code, title_zh="配额", title_en="Allowances", unit=unit, price_id=price_id
        )
        add_series(session, world.system(), command)
    return session


def fill(session, world, days, *, code="TEST", figure=lambda place: 60, last=TODAY):
    """Figures of every second day, the latest first."""
    lines = [f"{last - timedelta(days=2 * place)},{figure(place)}" for place in range(days)]
    content = "\n".join(["on,value", *lines]).encode()
    command = ImportPrices(code=code, content=content, dry_run=False, source="交易公告")
    import_points(session, world.actor("tc-1"), command)


def prices(session, day=TODAY):
    found = model_prices(session, [SHORT, LONG, "no-such-vwap-20d", "no-such"], day)
    return {price_id: price.yuan for price_id, price in found.items()}


def test_both_means_come_from_the_same_days(market, world) -> None:
    fill(market, world, 250, figure=lambda place: 80 if place < 20 else 60)
    fill(market, world, 250, code="TEST-VOLUME", figure=lambda place: 300 if place < 20 else 100)
    found = model_prices(market, [SHORT, LONG], TODAY)
    assert found[SHORT].yuan == 80
    assert found[LONG].yuan == pytest.approx((80 * 6_000 + 60 * 23_000) / 29_000, abs=1e-6)
    assert (found[LONG].unit, found[LONG].priced_on) == ("yuan/tCO2e", TODAY)
    assert found[SHORT].source == "TEST 2023-11-25/2024-01-02: VWAP 20"


def test_days_without_volume_are_passed_over(market, world) -> None:
    fill(market, world, 21, figure=lambda place: 999 if place == 0 else 60)
    fill(market, world, 20, code="TEST-VOLUME", last=TODAY - timedelta(days=2))
    assert prices(market) == {SHORT: 60}


def test_nineteen_days_make_no_mean_of_twenty(market, world) -> None:
    fill(market, world, 25)
    fill(market, world, 19, code="TEST-VOLUME")
    assert prices(market) == {}


def test_a_market_that_ended_before_the_day_has_no_mean(market, world) -> None:
    fill(market, world, 20)
    fill(market, world, 20, code="TEST-VOLUME")
    assert prices(market, TODAY + timedelta(days=60)) == {SHORT: 60}
    assert prices(market, TODAY + timedelta(days=61)) == {}
    assert prices(market, TODAY - timedelta(days=1)) == {}


def test_a_stored_mean_counts_before_a_computed_one(market, world) -> None:
    fill(market, world, 20)
    fill(market, world, 20, code="TEST-VOLUME")
    stored = AddSeries(
        code="STORED", title_zh="均价", title_en="Mean", unit="yuan/tCO2e", price_id=SHORT
    )
    add_series(market, world.system(), stored)
    fill(market, world, 1, code="STORED", figure=lambda _: 59)
    assert prices(market) == {SHORT: 59}


def test_every_market_of_the_files_has_its_volumes(session, world) -> None:
    load_market(session, world.system())
    found = model_prices(session, ["cea", "cea-vwap-20d", "ccer-vwap-250d"], TODAY)
    # One known close is no mean of twenty days.
    assert set(found) == {"cea"}
