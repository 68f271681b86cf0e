"""Misused principal bears its surcharge from its day, whenever it becomes known."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.kernel.errors import Forbidden, InvalidInput
from app.loans.domain.classification import LoanClass
from app.loans.domain.early import QuoteKind
from app.loans.domain.states import LoanState
from app.loans.misuse import RecordMisuse, record_misuse
from app.loans.rates.refusals import MisuseNotAgreed, MisusePending, NothingMisused
from app.loans.repayments.quoting import QuoteEarly, quote_early
from app.loans.services import Repay, list_notes, repay
from tests.integration.loans.conftest import FIRST_DAY
from tests.support.once import built_once

FOUND_ON = date(2023, 12, 29)


@pytest.fixture
@built_once
def misusing(bank):
    """1,000,000.00 at 4.35 % drawn on 2023-12-26, with surcharges of 50 % and 100 %; three days later."""
    bank.open(FIRST_DAY)
    loan_id = bank.sign(rate_ppm=43_500, misuse_ppm=1_000_000)
    bank.draw(loan_id, 1_000_000_00)
    bank.close_until(FIRST_DAY, FOUND_ON - timedelta(days=1))
    return loan_id


def tell(bank, loan_id, *, amount_fen=1_000_000_00, from_on=FIRST_DAY, note="", actor=None):
    with bank.database.write() as session:
        note = note or list_notes(session, bank.actor, loan_id)[0].number
        command = RecordMisuse(
            note_number=note, amount_fen=amount_fen, from_on=from_on, reason="购置商品房"
        )
        record_misuse(session, actor or bank.actor, loan_id, command)


def penalties(bank):
    statement = sa.text(
        "SELECT amount_fen FROM loan_accrual WHERE kind = 'penalty' ORDER BY \"on\""
    )
    with bank.database.read() as session:
        return list(session.execute(statement).scalars())


def test_what_was_misused_before_it_was_known_is_made_up_by_the_next_close(bank, misusing):
    tell(bank, misusing)
    bank.close(FOUND_ON)
    # Four days of 1,000,000.00 at 4.35 %, on top of the interest.
    assert penalties(bank) == [483_33]
    bank.close(FOUND_ON + timedelta(days=1))
    assert penalties(bank) == [483_33, 120_84]
    assert bank.view(misusing).loan_class is LoanClass.SPECIAL_MENTION


def test_misuse_put_right_bears_no_more_and_stays_on_file(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00, from_on=date(2023, 12, 27))
    bank.close(FOUND_ON)
    tell(bank, misusing, amount_fen=0, from_on=date(2023, 12, 30))
    bank.close(date(2023, 12, 30))
    bank.close(date(2023, 12, 31))
    assert penalties(bank) == [145_00]


def test_repaid_principal_is_first_what_was_used_as_agreed(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00, from_on=FOUND_ON)
    with bank.database.write() as session:
        repay(session, bank.actor, misusing, Repay(amount_fen=500_000_00, prepay=True))
    bank.close(FOUND_ON)
    assert penalties(bank) == [48_33]
    with bank.database.write() as session:
        repay(session, bank.actor, misusing, Repay(amount_fen=200_048_33, prepay=True))
    bank.close(date(2023, 12, 30))
    assert penalties(bank) == [48_33, 36_25]


def test_a_fen_that_moves_no_interest_is_named_by_the_journal(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00)
    bank.close(FOUND_ON)
    assert bank.broken() == []
    bank.sql("UPDATE note_misuse SET amount_fen = amount_fen + 1")
    assert {each.invariant for each in bank.broken()} == {"note-misuse"}


def pay_off(bank, loan_id, amount_fen):
    with bank.database.write() as session:
        repay(session, bank.actor, loan_id, Repay(amount_fen=amount_fen, prepay=True))


def test_a_loan_is_not_paid_off_before_the_close_that_makes_the_surcharge_up(bank, misusing):
    tell(bank, misusing)
    # Three days of interest at 4.35 %: 362.50. All of it and the principal would settle the loan.
    with pytest.raises(MisusePending) as refused:
        pay_off(bank, misusing, 1_000_362_50)
    assert refused.value.facts["day"] == FOUND_ON
    with bank.database.write() as session, pytest.raises(MisusePending):
        quote_early(session, bank.actor, misusing, QuoteEarly(kind=QuoteKind.PAYOFF))
    pay_off(bank, misusing, 600_000_00)
    bank.close(FOUND_ON)
    assert sum(penalties(bank)) > 300_00
    with bank.database.write() as session:
        quote = quote_early(session, bank.actor, misusing, QuoteEarly(kind=QuoteKind.PAYOFF))
    pay_off(bank, misusing, quote.days[0].total_fen)
    assert bank.view(misusing).state is LoanState.SETTLED


def test_surcharge_paid_and_then_put_right_from_its_first_day_waits_in_suspense(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00)
    bank.close(FOUND_ON)
    # Four days of 400,000.00 at 4.35 %: 193.33 of surcharge, paid; then the misuse was none.
    with bank.database.write() as session:
        repay(session, bank.actor, misusing, Repay(amount_fen=193_33))
    tell(bank, misusing, amount_fen=0)
    bank.close(date(2023, 12, 30))
    assert penalties(bank) == [193_33, -193_33]
    view = bank.view(misusing)
    # Five days of 1,000,000.00 at 4.35 % are owed, and nothing less for what was paid.
    assert (view.accrued_fen, view.suspense_fen) == (604_17, 193_33)
    assert bank.broken() == []
    with bank.database.write() as session:
        repay(
            session, bank.actor, misusing, Repay(amount_fen=193_33, from_suspense=True, prepay=True)
        )
    pay_off(bank, misusing, 1_000_000_00 - 193_33 + 604_17)
    assert (bank.view(misusing).state, bank.view(misusing).suspense_fen) == (
        LoanState.SETTLED,
        0,
    )


def test_a_loan_paid_back_but_for_surcharge_that_was_none_is_settled_by_the_close(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00)
    bank.close(FOUND_ON)
    with bank.database.write() as session:
        repay(session, bank.actor, misusing, Repay(amount_fen=193_33))
    tell(bank, misusing, amount_fen=0)
    # Four days of interest, 483.33, and the principal: nothing is left but what was paid too much.
    with pytest.raises(MisusePending):
        pay_off(bank, misusing, 1_000_483_33)
    bank.close(date(2023, 12, 30))
    pay_off(bank, misusing, 1_000_604_17)
    view = bank.view(misusing)
    assert (view.state, view.suspense_fen) == (LoanState.SETTLED, 193_33)


def test_what_moved_to_suspense_stays_there_when_earlier_money_is_booked(bank, misusing):
    tell(bank, misusing, amount_fen=400_000_00)
    bank.close(FOUND_ON)
    with bank.database.write() as session:
        repay(session, bank.actor, misusing, Repay(amount_fen=193_33))
    tell(bank, misusing, amount_fen=0)
    bank.close(date(2023, 12, 30))
    with bank.database.write() as session:
        early = Repay(amount_fen=100_000_00, value_on=date(2023, 12, 30), prepay=True)
        repay(session, bank.actor, misusing, early)
    assert bank.view(misusing).suspense_fen == 193_33
    bank.close(date(2023, 12, 31))
    assert bank.view(misusing).suspense_fen == 193_33


def test_more_than_is_left_and_days_outside_the_note_are_refused(bank, misusing):
    for given, pointer in (
        ({"amount_fen": 1_000_000_01}, "/amount_yuan"),
        ({"from_on": FIRST_DAY - timedelta(days=1)}, "/from_on"),
        ({"from_on": FOUND_ON + timedelta(days=1)}, "/from_on"),
        ({"note": "N-2023-999999"}, "/note_number"),
    ):
        with pytest.raises(InvalidInput) as refused:
            tell(bank, misusing, **given)
        assert refused.value.errors[0].pointer == pointer, given


def test_nothing_is_put_right_that_was_not_misused(bank, misusing):
    with pytest.raises(NothingMisused):
        tell(bank, misusing, amount_fen=0)


def test_misuse_needs_a_surcharge_in_the_contract(bank):
    bank.open(FIRST_DAY)
    loan_id = bank.sign()
    bank.draw(loan_id, 1_000_000_00)
    with pytest.raises(MisuseNotAgreed):
        tell(bank, loan_id)


def test_misuse_is_recorded_by_those_who_watch_loans(bank, misusing, world):
    with pytest.raises(Forbidden):
        tell(bank, misusing, actor=world.actor("a-drawdown"))
