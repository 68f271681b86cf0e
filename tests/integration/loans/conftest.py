"""Bank A with its books open, and loans in it."""

from datetime import date

import pytest

from app.loans.services import Drawn, PostDrawdown
from tests.support.bank import Bank, broken
from tests.support.once import built_once


@pytest.fixture
def bank(database, world, clock):
    """Bank A; after each test every stored figure is worked out again."""
    made = Bank(database, world, clock)
    yield made
    assert made.tampered or broken(database) == []


FIRST_DAY = date(2023, 12, 26)
DUE_DAY = date(2024, 3, 21)


@pytest.fixture
@built_once
def drawn(bank):
    """3,000,000.00 at 4.45 % drawn today, 2023-12-26."""
    bank.open(FIRST_DAY)
    loan_id = bank.sign()
    bank.draw(loan_id, 3_000_000_00)
    return loan_id


@pytest.fixture
@built_once
def due(bank):
    """The same loan on 2024-03-21, when 31,891.67 of interest are due."""
    bank.open(date(2024, 3, 20))
    loan_id = bank.sign()
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=command))
    bank.close_until(date(2024, 3, 20), date(2024, 3, 20))
    return loan_id
