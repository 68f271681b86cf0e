import pytest

from tests.factories.lending import Lending
from tests.support.once import built_once


@pytest.fixture
@built_once
def offers(database, world) -> None:
    """The books of bank A open, and its products on offer."""
    with database.write() as session:
        Lending(session=session, world=world).open_bank()


@pytest.fixture
def lending(session, world, offers) -> Lending:
    """Bank A at work."""
    return Lending(session=session, world=world)
