"""The close of a day: figures to the fen, once, in order, resumable."""

from datetime import date

import pytest

from app.db.engine import today
from app.db.models import CivilDay
from app.kernel.errors import InvalidInput, NotFound
from app.loans.refusals import DayIsClosed, DayNotOver, DaySkipped
from app.loans.services import Drawn, PostDrawdown, close_day

FIRST_DAY = date(2023, 12, 26)


@pytest.mark.parametrize(
    "opened_on", [pytest.param(FIRST_DAY, marks=pytest.mark.deep), date(2024, 2, 28)]
)
def test_accrued_interest_of_eighty_six_days_after_the_close_of_20_march(bank, opened_on):
    """3,000,000.00 at 4.45 % act/360 from 2023-12-26: 31,891.67 at the opening of 2024-03-21.

    Each day closed comes to the same as the days before the bank opened, loaded as its history.
    """
    bank.open(opened_on)
    loan_id = bank.sign()
    if opened_on == FIRST_DAY:
        bank.draw(loan_id, 3_000_000_00)
    else:
        drawn = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
        bank.take_over(loan_id, Drawn(on=FIRST_DAY, command=drawn))
    bank.close_until(opened_on, date(2024, 3, 20))
    view = bank.view(loan_id)
    assert view.accrued_fen == 31_891_67
    assert view.principal_fen == 3_000_000_00
    assert view.overdue_days == 0


def test_accrued_interest_of_twelve_days_at_the_opening_of_2_january(bank):
    """4,000,000.00 at 4.35 % with interest settled to 2023-12-21: 5,800.00 on 2024-01-02."""
    bank.open(date(2023, 12, 21))
    loan_id = bank.sign(
        contract_fen=4_000_000_00,
        rate_ppm=43_500,
        starts_on=date(2023, 12, 21),
        matures_on=date(2024, 4, 17),
    )
    bank.draw(loan_id, 4_000_000_00)
    bank.close_until(date(2023, 12, 21), date(2024, 1, 1))
    assert bank.view(loan_id).accrued_fen == 5_800_00


@pytest.mark.parametrize(
    ("penalty_ppm", "is_lawful"),
    [(299_999, False), (300_000, True), (500_000, True), (500_001, False)],
)
def test_the_surcharge_of_a_contract_lies_within_the_law_of_its_day(bank, penalty_ppm, is_lawful):
    bank.open(date(2023, 12, 26))
    if is_lawful:
        assert bank.view(bank.sign(penalty_ppm=penalty_ppm)).penalty_ppm == penalty_ppm
        return
    with pytest.raises(InvalidInput) as refused:
        bank.sign(penalty_ppm=penalty_ppm)
    assert refused.value.errors[0].pointer == "/penalty"
    assert refused.value.errors[0].facts == {"low": "30 %", "high": "50 %"}


def test_a_second_close_of_the_same_day_does_nothing(bank):
    bank.open(date(2023, 12, 26))
    loan_id = bank.sign()
    bank.draw(loan_id, 3_000_000_00)
    first = bank.close(date(2023, 12, 26))
    before = bank.view(loan_id)
    assert bank.close(date(2023, 12, 26)) == first
    assert bank.view(loan_id) == before


def test_a_later_day_is_not_closed_before_an_earlier_one(bank):
    bank.open(date(2023, 12, 26))
    bank.set_clock(date(2023, 12, 28))
    with pytest.raises(DaySkipped) as refused:
        bank.close(date(2023, 12, 27))
    assert refused.value.facts["open"] == date(2023, 12, 26)
    with pytest.raises(DayIsClosed):
        bank.close(date(2023, 12, 25))


def test_a_day_is_closed_when_it_has_come_and_not_before(bank):
    bank.open(date(2023, 12, 26))
    bank.set_clock(date(2023, 12, 25))
    with pytest.raises(DayNotOver):
        close_day(bank.database, bank.actor, bank.id, date(2023, 12, 26))
    bank.set_clock(date(2023, 12, 26))
    assert close_day(bank.database, bank.actor, bank.id, date(2023, 12, 26)).state == "finished"


def test_the_close_moves_the_day_of_a_demonstration_so_that_the_next_can_be_closed(bank):
    """A demonstration's day stands still between closes, whatever the clock says."""
    first, second, third = (date(2023, 12, day) for day in (26, 27, 28))
    bank.open(first)
    with bank.database.write() as session:
        session.add(CivilDay(on=first))
    assert close_day(bank.database, bank.actor, bank.id, first).state == "finished"
    assert close_day(bank.database, bank.actor, bank.id, second).state == "finished"
    with bank.database.read() as session:
        assert today(session) == third


def test_another_bank_does_not_close_the_day(bank, world):
    bank.open(date(2023, 12, 26))
    with pytest.raises(NotFound):
        close_day(bank.database, world.actor("b-ops"), bank.id, date(2023, 12, 26))
