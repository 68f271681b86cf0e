"""Quotes of early repayment: figures by day, both choices, carried out exactly, or refused."""

from datetime import date, timedelta

import pytest

from app.kernel.daycount import DayCount
from app.kernel.errors import Forbidden, InvalidInput, NotFound
from app.loans.domain.early import Keep, QuoteKind
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.queries import list_repayments
from app.loans.refusals import (
    KeyReserved,
    KeyTaken,
    NotDrawn,
    NothingEarly,
    QuoteExpired,
    QuoteOutdated,
    QuoteUsed,
)
from app.loans.repayments.explaining import explain_repayment, preview_repayment
from app.loans.repayments.models import RepaymentQuote
from app.loans.repayments.quoting import CarryOut, QuoteEarly, carry_out, get_quote, quote_early
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repay, Reverse, repay, reverse
from tests.support.once import built_once

START = date(2024, 1, 2)


def drawn(bank, today):
    """120,000.00 at 6 % drawn on 2024-01-02, by twelve level months of 10,327.97."""
    bank.open(today)
    loan_id = bank.sign(
        contract_fen=120_000_00,
        rate_ppm=60_000,
        starts_on=START,
        matures_on=date(2025, 1, 2),
        every="1m",
        day_count=DayCount.THIRTY_360,
        interest_style=InterestStyle.SCHEDULE,
        method=Method.EQUAL_INSTALMENT,
    )
    command = PostDrawdown(loan_id=loan_id, amount_fen=120_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))
    return loan_id


@pytest.fixture
@built_once
def level(bank):
    """The loan on 2024-01-03."""
    return drawn(bank, date(2024, 1, 3))


@pytest.fixture
@built_once
def near_due(bank):
    """The loan on 2024-01-30, three days before its first bill."""
    return drawn(bank, date(2024, 1, 30))


@pytest.fixture
@built_once
def billed(bank):
    """The loan on 2024-02-02, when its first bill was made."""
    return drawn(bank, date(2024, 2, 2))


def ask(bank, loan_id, actor=None, **asked):
    given = {"kind": QuoteKind.PREPAYMENT, "principal_fen": 30_000_00, **asked}
    with bank.database.write() as session:
        return quote_early(session, actor or bank.actor, loan_id, QuoteEarly(**given))


def do(bank, loan_id, quote, **extra):
    with bank.database.write() as session:
        return carry_out(session, bank.actor, loan_id, CarryOut(quote_id=quote.id, **extra))


def to_come(bank, loan_id):
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    return [row for row in rows if row.state is not InstalmentState.EARLY]


def test_the_instalments_of_a_quote_count_the_days_of_their_whole_periods(bank, near_due):
    """January 2 to February 2 is 31 days, also on January 30 and after what is paid on it."""
    quote = ask(bank, near_due)
    assert [each.days for each in quote.before[:2]] == [31, 29]
    assert [each.days for each in quote.after[:2]] == [31, 29]
    bank.close_until(date(2024, 1, 30), date(2024, 2, 4))
    quote = ask(bank, near_due)
    whole = [each.days for each in to_come(bank, near_due)]
    assert [each.days for each in quote.before] == whole[1:]


def test_a_quote_says_the_interest_to_each_day(bank, level):
    """120,000.00 * 6 % / 12 = 600.00 over the 31 days of the period: 19.3548 a day."""
    quote = ask(bank, level, valid_until=date(2024, 1, 5))
    assert [(each.on.day, each.interest_fen) for each in quote.days] == [
        (3, 19_35),
        (4, 38_71),
        (5, 58_06),
    ]
    assert quote.days[0].total_fen == 30_000_00 + 19_35


@pytest.mark.parametrize("keep", list(Keep))
def test_a_quote_is_carried_out_exactly_with_the_plan_it_showed(bank, near_due, keep):
    before = [each.payment_fen for each in to_come(bank, near_due)]
    quote = ask(bank, near_due, keep=keep)
    bank.close(date(2024, 1, 30))
    with bank.database.read() as session:
        shown = get_quote(session, bank.actor, near_due, quote.id).after
    done = do(bank, near_due, quote, key="wire-1")
    assert done.amount_fen == quote.days[1].total_fen
    assert (done.principal_fen, done.interest_fen, done.suspense_fen) == (30_000_00, 561_29, 0)
    after = to_come(bank, near_due)
    assert [(row.due_on, row.payment_fen) for row in after] == [
        (row.due_on, row.payment_fen) for row in shown
    ]
    if keep is Keep.TENOR:
        assert len(after) == len(before) == 12
        assert after[1].payment_fen < before[1]
    else:
        assert len(after) == 9
        assert {row.payment_fen for row in after[1:-1]} == {before[1]}
    assert sum(row.principal_fen for row in after) == 90_000_00
    bank.close_until(date(2024, 1, 31), date(2024, 2, 1))


def test_a_payoff_settles_the_loan(bank, level):
    quote = ask(bank, level, kind=QuoteKind.PAYOFF, principal_fen=None)
    assert quote.principal_fen == 120_000_00
    done = do(bank, level, quote)
    view = bank.view(level)
    assert (view.state, view.principal_fen, view.accrued_fen) == ("settled", 0, 0)
    assert done.amount_fen == 120_019_35
    with pytest.raises(NotDrawn):
        ask(bank, level)


def test_an_expired_quote_is_refused_and_its_last_day_is_not(bank, level):
    quote = ask(bank, level, valid_until=date(2024, 1, 4))
    bank.close_until(date(2024, 1, 3), date(2024, 1, 4))
    with pytest.raises(QuoteExpired):
        do(bank, level, quote)
    fresh = ask(bank, level, valid_until=date(2024, 1, 5))
    assert do(bank, level, fresh).value_on == date(2024, 1, 5)


def test_a_quote_never_counts_over_a_due_day(bank, near_due):
    assert ask(bank, near_due).valid_until == date(2024, 2, 1)
    with pytest.raises(InvalidInput):
        ask(bank, near_due, valid_until=date(2024, 2, 2))


def test_a_quote_counts_at_most_ten_days(bank, level):
    assert ask(bank, level).valid_until == date(2024, 1, 3) + timedelta(days=10)


def test_a_quote_is_carried_out_once_and_the_same_key_answers_the_same(bank, level):
    quote = ask(bank, level)
    done = do(bank, level, quote, key="wire-1")
    assert do(bank, level, quote, key="wire-1").number == done.number
    with pytest.raises(QuoteUsed):
        do(bank, level, quote, key="wire-2")
    with bank.database.write() as session:
        reverse(session, bank.actor, Reverse(entry_id=done.entry_id, reason="退汇"))
    assert do(bank, level, quote, key="wire-3").principal_fen == 30_000_00


def test_a_key_taken_elsewhere_carries_no_quote_out(bank, level):
    with bank.database.write() as session:
        taken = repay(session, bank.actor, level, Repay(amount_fen=1_00, key="wire-1"))
    quote = ask(bank, level)
    with pytest.raises(KeyTaken) as refused:
        do(bank, level, quote, key="wire-1")
    assert refused.value.facts == {"number": taken.number}
    for key in ("reversal:1", "replay:1"):
        with pytest.raises(KeyReserved):
            do(bank, level, quote, key=key)
    assert do(bank, level, quote, key="wire-2").principal_fen == 30_000_00


def test_a_quote_of_a_loan_that_changed_is_refused(bank, level):
    quote = ask(bank, level)
    with bank.database.write() as session:
        repay(session, bank.actor, level, Repay(amount_fen=1_000_00, prepay=True))
    with pytest.raises(QuoteOutdated) as refused:
        do(bank, level, quote)
    # The interest of a day was paid with it: another sum. A plan alone may change as well.
    facts = refused.value.facts
    assert (facts["change"] == "sum") is (facts["quoted"] != facts["found"])


def test_a_quote_refused_for_its_plan_alone_says_so(bank, level):
    quote = ask(bank, level)
    with bank.database.write() as session:
        row = session.get_one(RepaymentQuote, quote.id)
        row.plans = {number: plan[:-1] for number, plan in row.plans.items()}
    with pytest.raises(QuoteOutdated) as refused:
        do(bank, level, quote)
    facts = refused.value.facts
    assert facts["quoted"] == facts["found"]
    assert facts["change"] == "plan"


@pytest.mark.parametrize("principal_fen", [None, 120_000_00, 120_000_01])
def test_part_of_the_principal_is_less_than_all(bank, level, principal_fen):
    with pytest.raises(InvalidInput):
        ask(bank, level, principal_fen=principal_fen)
    assert ask(bank, level, principal_fen=119_999_99).principal_fen == 119_999_99


def test_a_quote_needs_the_permission_and_the_own_loan(bank, level, world):
    with pytest.raises(Forbidden):
        ask(bank, level, actor=world.actor("a-officer"))
    with pytest.raises(NotFound):
        ask(bank, level, actor=world.actor("b-ops"))
    with pytest.raises(NotFound), bank.database.write() as session:
        carry_out(session, bank.actor, level, CarryOut(quote_id=level))


def test_nothing_is_left_to_quote_after_the_last_due_day(bank):
    bank.open(START)
    loan_id = bank.sign(contract_fen=1_000_00, starts_on=START, matures_on=date(2024, 1, 4))
    bank.draw(loan_id, 1_000_00)
    bank.close_until(START, date(2024, 1, 4))
    with pytest.raises(NothingEarly):
        ask(bank, loan_id)


def test_a_preview_is_what_posting_does_and_stores_nothing(bank, billed):
    bank.close(date(2024, 2, 2))
    before = bank.view(billed)
    command = Repay(amount_fen=5_000_00, value_on=date(2024, 2, 2), prepay=True)
    with bank.database.write() as session:
        shown = preview_repayment(session, bank.actor, billed, command)
    with bank.database.read() as session:
        assert list_repayments(session, bank.actor, billed) == ()
    assert bank.view(billed) == before
    with bank.database.write() as session:
        done = repay(session, bank.actor, billed, command)
    with bank.database.read() as session:
        told = explain_repayment(session, bank.actor, billed, done.entry_id)
    assert [(line.claim, line.paid_fen, line.why) for line in told.lines] == [
        (line.claim, line.paid_fen, line.why) for line in shown.lines
    ]
    assert [line.claim for line in told.lines] == ["interest", "principal"]
    assert [line.place for line in told.lines] == [3, 4]
    assert told.order.en == "Performing loans"


def test_principal_comes_first_once_a_loan_is_non_performing(bank, billed):
    bank.sql("UPDATE loan_state SET loan_class = 'substandard'")
    with bank.database.write() as session:
        done = repay(session, bank.actor, billed, Repay(amount_fen=9_800_00))
        told = explain_repayment(session, bank.actor, billed, done.entry_id)
    assert [(line.claim, line.place) for line in told.lines] == [("principal", 1), ("interest", 3)]
    assert done.principal_fen == 9_727_97


@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_quote_that_was_carried_out_otherwise(bank, level):
    do(bank, level, ask(bank, level))
    assert bank.broken() == []
    bank.sql("UPDATE repayment_order SET early_fen = early_fen + 1")
    assert "repayment-quote" in {each.invariant for each in bank.broken()}


@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_quote_whose_days_name_another_principal(bank, level):
    ask(bank, level)
    assert bank.broken() == []
    bank.sql("UPDATE repayment_quote SET principal_fen = principal_fen + 1")
    assert "repayment-quote" in {each.invariant for each in bank.broken()}
