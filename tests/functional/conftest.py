"""A world with one of each thing, made once for the tests that walk over all routes."""

from collections.abc import Iterator

import pytest

from app.kernel.clock import FixedClock
from tests.conftest import open_database
from tests.factories.samples import Sample, build_samples
from tests.factories.world import OPENED_AT, World


class Prepared:
    """The app on a database that holds the samples."""

    def __init__(self, app, database, world: World, samples: dict[str, Sample]) -> None:
        self.app = app
        self.database = database
        self.world = world
        self.samples = samples


@pytest.fixture(scope="module")
def prepared(make_app, templates) -> Iterator[Prepared]:
    """The prepared world of a module; its tests leave the samples in place."""
    template = templates("sqlite")
    with template.copy() as url:
        database = open_database(url, FixedClock(OPENED_AT))
        samples = build_samples(database, template.world)
        yield Prepared(make_app(database), database, template.world, samples)
        database.dispose()
