import pytest

from tests.factories.lending import Lending


@pytest.fixture
def lending(session, world) -> Lending:
    """Bank A with its books open and its products on offer."""
    made = Lending(session=session, world=world)
    made.open_bank()
    return made
