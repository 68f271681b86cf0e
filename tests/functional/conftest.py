"""A world with one of each thing, made once for the tests that walk over all routes."""

from collections.abc import Iterator
from typing import Final

import pytest

from app.assets.domain import AssetKind
from app.kernel.clock import FixedClock
from app.verify import verify
from tests.conftest import DEEP, open_database
from tests.factories.appraisals import SIGNED_AT, add_asset, lay_ground
from tests.factories.samples import Sample, build_samples
from tests.factories.world import OPENED_AT, World


class Prepared:
    """The app on a database that holds the samples."""

    def __init__(self, app, database, world: World, samples: dict[str, Sample]) -> None:
        self.app = app
        self.database = database
        self.world = world
        self.samples = samples


WALKED: Final = (
    "sqlite",
    *([pytest.param("postgres", marks=pytest.mark.postgres)] if DEEP else []),
)
"""The engines under a walk over everything; a walk of some always sees PostgreSQL."""


@pytest.fixture(scope="module", params=WALKED)
def prepared(make_app, templates, request) -> Iterator[Prepared]:
    """The prepared world of a module; its tests leave the samples in place."""
    yield from _prepare(make_app, templates(request.param))


@pytest.fixture(scope="module")
def prepared_on_postgres(make_app, templates) -> Iterator[Prepared]:
    """The prepared world on PostgreSQL, for a walk of some."""
    yield from _prepare(make_app, templates("postgres"))


def _prepare(make_app, template) -> Iterator[Prepared]:
    with template.copy() as url:
        database = open_database(url, FixedClock(OPENED_AT))
        samples = build_samples(database, template.world)
        before = verify(database)
        yield Prepared(make_app(database), database, template.world, samples)
        # The samples are made by shortcuts that `verify` names; nothing that the walks sent may add to them.
        added = [each for each in verify(database) if each not in before]
        database.dispose()
        assert added == []


@pytest.fixture
def carbon(session, world, clock, commit):
    """A registered carbon sink that its owner offered to bank A, on the day when appraisals are signed."""
    clock.instant = SIGNED_AT
    lay_ground(session, world)
    asset_id = add_asset(session, world, AssetKind.CARBON_SINK_INCOME, number="A-1")
    commit()
    return asset_id
