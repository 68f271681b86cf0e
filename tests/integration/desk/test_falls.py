"""Falls tried out on a loan: prices go through the models, values without a price fall by a share."""

import pytest
import sqlalchemy as sa

from app.assets.domain import AssetKind, AssetState
from app.collateral.domain.states import Level
from app.collateral.models import LoanCover
from app.desk.services import Falls, try_falls
from app.kernel.errors import Forbidden, NotFound
from app.kernel.ids import new_id
from app.origination.services.pool import OfferedAsset
from tests.factories import appraisals
from tests.factories.lending import Lending

CARBON_AT_21_YUAN_FEN = 531_552_02
"""The carbon right on the day of its appraisal at 21 instead of 30 yuan: costs do not fall with the price."""


@pytest.fixture
def loan_id(session, world):
    """The loan of the main path, whose assets were appraised by their models."""
    appraisals.lay_ground(session, world)
    lending = Lending(session, world)
    lending.open_bank()
    offered = []
    for kind, state, model, value, secured in (
        (
            AssetKind.FOREST_RIGHT,
            AssetState.REGISTERED,
            "forest-right",
            appraisals.FOREST_FEN,
            2_800_000_00,
        ),
        (
            AssetKind.CARBON_SINK_INCOME,
            AssetState.FILED,
            "carbon-sink-income",
            appraisals.CARBON_FEN,
            264_000_00,
        ),
    ):
        number = f"A-2023-{new_id().hex[-6:]}"
        asset = appraisals.add_asset(session, world, kind, number=number, state=state)
        made = appraisals.make_valid(session, world, asset, appraisals.example_inputs(model))
        assert made.value_fen == value
        lending.recognise(asset, value)
        offered.append(OfferedAsset(asset_id=asset, secured_fen=secured))
    return lending.drawn(tuple(offered)).loan_id


def test_a_carbon_price_fall_of_30_per_cent_alone_crosses_no_line(session, world, loan_id):
    found = try_falls(session, world.actor("a-risk"), loan_id, Falls(price_ppm=300_000))
    assert found.before.ltv_ppm == 462_963
    assert found.after.recognised_fen == appraisals.FOREST_FEN + CARBON_AT_21_YUAN_FEN
    assert found.after.ltv_ppm == 489_273
    assert found.after.level is Level.NORMAL
    assert {each.priced for each in found.assets} == {True, False}


def test_with_a_fall_of_the_forest_the_line_is_crossed_and_the_cure_is_said(
    session, world, loan_id
):
    before = session.execute(sa.select(LoanCover.recognised_fen)).scalar_one()
    falls = Falls(price_ppm=300_000, value_ppm=350_000)
    found = try_falls(session, world.actor("a-risk"), loan_id, falls)
    assert found.after.level is Level.TOP_UP
    assert found.cure.repay_fen > 0
    assert session.execute(sa.select(LoanCover.recognised_fen)).scalar_one() == before


def test_nothing_falls_nothing_changes(session, world, loan_id):
    found = try_falls(session, world.actor("a-risk"), loan_id, Falls())
    assert found.after == found.before


def test_falls_are_tried_by_readers_of_collateral_in_sight(session, world, loan_id):
    with pytest.raises(NotFound):
        try_falls(session, world.actor("b-officer"), loan_id, Falls(price_ppm=1))
    with pytest.raises(Forbidden):
        try_falls(session, world.actor("pbc-1"), loan_id, Falls(price_ppm=1))
