"""A bank's collateral, and the check of every invariant of the room after each test."""

from contextlib import contextmanager

import pytest

from app.collateral import invariants
from tests.factories.collateral import Vault


@pytest.fixture
def vault(session, world):
    return Vault(session, world)


@pytest.fixture
def refused(session, commit):
    """`with refused(PledgeRefused) as refusal:` ends like a refused request: nothing of it stays."""

    @contextmanager
    def refusing(kind):
        commit()
        with pytest.raises(kind) as caught:
            yield caught
        session.rollback()
        session.expire_all()

    return refusing


@pytest.fixture
def broken(session, commit):
    """The violations as they stand now."""

    def look():
        commit()
        session.expire_all()
        return list(invariants.violations(session))

    return look


@pytest.fixture(autouse=True)
def _nothing_is_broken(request):
    """Whatever a test did, the room stays whole; tests that tamper on purpose ask for `tamper`."""
    if "tamper" in request.fixturenames:
        yield
        return
    look = request.getfixturevalue("broken")
    yield
    assert look() == []
