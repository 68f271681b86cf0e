"""The two assets of the main path, on the day of their appraisal."""

from uuid import UUID

import pytest

from app.assets.domain import AssetKind
from tests.factories.appraisals import SIGNED_AT, add_asset, lay_ground


@pytest.fixture
def ground(session, world, clock):
    """Panel, county and price, on the day the appraisals are made."""
    clock.instant = SIGNED_AT
    lay_ground(session, world)


@pytest.fixture
def carbon(session, world, ground) -> UUID:
    return add_asset(session, world, AssetKind.CARBON_SINK_INCOME, number="A-1")


@pytest.fixture
def forest(session, world, ground) -> UUID:
    return add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
