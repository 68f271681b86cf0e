"""The ledger of a bank: trial balance on any day, closed months, entries by two persons, recoveries."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.loans.domain.journal import Account
from app.loans.domain.ledger import EntryState, ManualKind
from app.loans.domain.states import EntryKind, LoanState
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    ProposeRefund,
    ProposeReversal,
    Recover,
    RefuseEntry,
    book_entry,
    claim_left,
    propose_fee,
    propose_refund,
    propose_reversal,
    recover,
    refuse_entry,
)
from app.loans.ledger.models import LedgerPeriod
from app.loans.ledger.queries import (
    LineFilter,
    bank_trial_balance,
    ledger_lines,
    lines_statement,
    pair_statement,
    pair_sums,
)
from app.loans.models import LoanPosting
from app.loans.refusals import (
    AlreadyReversed,
    AmountNotPositive,
    ClosedPeriod,
    EntryNotReversible,
    FeeNotPossible,
    FeePaid,
    FeeTooLarge,
    LoanNotWrittenOff,
    NothingToRecover,
    ReversalWaits,
    SuspenseTooSmall,
)
from app.loans.repayments.repaying import Repay, repay
from app.loans.services import Drawn, PostDrawdown, WriteOff, load_history, write_off
from tests.support.once import built_once
from tests.support.query_plans import plan_of

FIRST = date(2023, 12, 26)
DRAWN_FEN = 3_000_000_00


@pytest.fixture
def ops(world):
    return world.actor("a-ops")


@pytest.fixture
def checker(world):
    return world.actor("a-drawdown")


@pytest.fixture
@built_once
def closing(bank):
    """3,000,000.00 drawn on 2024-01-29; the month ends with the close of the 31st."""
    bank.open(date(2024, 1, 29))
    loan_id = bank.sign()
    bank.draw(loan_id, DRAWN_FEN)
    return loan_id


def balance(bank, actor, **days):
    with bank.database.read() as session:
        found = bank_trial_balance(session, actor, **days)
    return {line.account: line for line in found.lines}, found


def write(bank, service, *args):
    with bank.database.write() as session:
        return service(session, *args)


# --- Trial balance ---


def test_a_day_shows_what_stood_before_what_moved_and_what_stands(bank, drawn, ops):
    bank.close(FIRST)
    lines, found = balance(bank, ops, on=FIRST)
    assert (found.from_on, found.on, found.open_on) == (FIRST, FIRST, FIRST + timedelta(days=1))
    principal, interest = lines[Account.PRINCIPAL], lines[Account.INTEREST_RECEIVABLE]
    assert (principal.opening_fen, principal.debit_fen, principal.closing_fen) == (
        0,
        DRAWN_FEN,
        DRAWN_FEN,
    )
    assert interest.closing_fen == 370_83
    totals = found.totals
    assert totals["closing_debit_fen"] == totals["closing_credit_fen"] == DRAWN_FEN + 370_83
    bank.close(FIRST + timedelta(days=1))
    again, _ = balance(bank, ops, on=FIRST)
    assert again == lines
    after, _ = balance(bank, ops, on=FIRST + timedelta(days=1))
    assert after[Account.PRINCIPAL].opening_fen == DRAWN_FEN
    assert after[Account.INTEREST_RECEIVABLE].opening_fen == 370_83


def test_a_bank_sees_its_own_ledger_with_the_duty_for_it(bank, drawn, world, ops):
    lines, _ = balance(bank, world.actor("a-risk"))
    assert lines
    with pytest.raises(Forbidden):
        balance(bank, world.actor("a-officer"))
    with pytest.raises(Forbidden):
        balance(bank, world.actor("c1-fin"))
    other, _ = balance(bank, world.actor("b-ops"), on=FIRST)
    assert other == {}


def test_an_account_leads_to_its_lines_page_by_page(bank, drawn, ops):
    bank.close(FIRST)
    with bank.database.read() as session:
        wanted = LineFilter(account=Account.PRINCIPAL, from_on=FIRST, on=FIRST)
        (line,) = ledger_lines(session, ops, wanted).items
        first = ledger_lines(session, ops, LineFilter(), size=1)
        second = ledger_lines(session, ops, LineFilter(), size=1, cursor=first.next_cursor)
    assert (line.kind, line.amount_fen) == (EntryKind.DRAWDOWN, DRAWN_FEN)
    assert {each.items[0].kind for each in (first, second)} == {
        EntryKind.DRAWDOWN,
        EntryKind.ACCRUAL,
    }
    assert second.next_cursor is None


@pytest.mark.one_engine("sqlite")
def test_the_sums_are_read_from_the_index_alone(database, world):
    """PostgreSQL plans by the size of the table."""
    statement = pair_statement(world.organisation("A"), FIRST, FIRST, None)
    with database.read() as session:
        text = statement.compile(database.engine, compile_kwargs={"literal_binds": True})
        plan = session.execute(sa.text(f"EXPLAIN QUERY PLAN {text}")).all()
    assert "COVERING INDEX ix_loan_posting_bank" in plan[0][3]


CURSOR = "2024-01-30.00000000-0000-7000-8000-000000000000"


@pytest.mark.fresh_copy
@pytest.mark.parametrize("cursor", ["", CURSOR])
@pytest.mark.parametrize(
    ("kind", "index"),
    [(None, "ix_loan_posting_listed"), (EntryKind.FEE, "ix_loan_posting_kind")],
)
def test_lines_are_read_in_the_order_of_an_index(database, ops, kind, index, cursor):
    """Whether the index can serve: PostgreSQL would read so small a table whole and sort it."""
    statement = lines_statement(ops, LineFilter(kind=kind), cursor).limit(51)
    with database.read() as session:
        said = plan_of(session, statement)
    assert index in said
    assert "TEMP B-TREE" not in said
    assert "Sort" not in said


# --- Periods ---


def test_the_close_of_the_last_day_closes_the_month(bank, closing, ops):
    bank.close_until(date(2024, 1, 29), date(2024, 1, 30))
    with bank.database.read() as session:
        assert session.execute(sa.select(LedgerPeriod)).all() == []
    bank.close(date(2024, 1, 31))
    with bank.database.read() as session:
        period = session.execute(sa.select(LedgerPeriod)).scalar_one()
        booked = sa.select(sa.func.count(), sa.func.sum(LoanPosting.amount_fen))
        count, total = session.execute(booked.where(col(LoanPosting.bank_id) == bank.id)).one()
    assert (period.starts_on, period.ends_on) == (date(2024, 1, 1), date(2024, 1, 31))
    assert (period.postings, period.amount_fen) == (count, int(total))
    bank.close(date(2024, 2, 1))
    lines, _ = balance(bank, ops, on=date(2024, 2, 1))
    assert lines[Account.INTEREST_RECEIVABLE].opening_fen == 1_112_50
    with bank.database.read() as session:
        day = date(2024, 2, 1)
        stored = pair_sums(session, bank.id, day, day)
        trusting_nothing = pair_sums(session, bank.id, day, day, stored=False)
    assert sorted(stored, key=str) == sorted(trusting_nothing, key=str)


def test_nothing_is_booked_into_a_closed_month(bank, closing):
    late = bank.sign()
    bank.close_until(date(2024, 1, 29), date(2024, 1, 31))
    bank.set_clock(date(2024, 2, 5))
    drawdown = PostDrawdown(loan_id=late, amount_fen=100)
    with pytest.raises(ClosedPeriod) as refused:
        bank.take_over(late, Drawn(on=date(2024, 1, 31), command=drawdown))
    assert refused.value.facts["first"] == date(2024, 2, 1)
    bank.close_until(date(2024, 2, 1), date(2024, 2, 1))
    with bank.database.write() as session:
        load_history(session, bank.actor, late, [Drawn(on=date(2024, 2, 1), command=drawdown)])


def test_a_month_whose_close_was_cut_off_before_its_period_is_closed_by_the_next(bank, closing):
    bank.close_until(date(2024, 1, 29), date(2024, 1, 31))
    with bank.database.write() as session:
        for table in ("ledger_period_total", "ledger_period"):
            session.execute(sa.text(f"DELETE FROM {table}"))
    assert {each.invariant for each in bank.broken()} == {"ledger-period"}
    bank.close(date(2024, 2, 1))
    assert bank.broken() == []


def test_what_is_changed_in_a_closed_month_is_named(bank, closing):
    bank.close_until(date(2024, 1, 29), date(2024, 1, 31))
    bank.draw(bank.sign(starts_on=date(2024, 1, 1)), 100)
    for change in (
        "UPDATE ledger_period SET amount_fen = amount_fen + 1",
        "UPDATE ledger_period SET postings = postings - 1",
        "UPDATE ledger_period_total SET amount_fen = amount_fen + 1",
        "UPDATE ledger_period_total SET before_fen = before_fen + 1",
        "UPDATE loan_posting SET text = 'other' WHERE kind = 'drawdown'",
        "UPDATE loan_posting SET value_on = '2024-01-15' WHERE booked_on = '2024-02-01'",
    ):
        assert bank.broken_by(change) & {"ledger-period", "ledger-late-posting"}, change


# --- Entries by two persons ---


def fee(bank, loan_id, ops, amount_fen=500_00):
    return write(
        bank, propose_fee, ops, loan_id, ProposeFee(amount_fen=amount_fen, reason="律师费")
    )


def test_a_fee_is_owed_once_a_second_person_booked_it(bank, drawn, ops, checker):
    view = fee(bank, drawn, ops)
    assert (view.state, view.events) == (EntryState.PROPOSED, ())
    assert bank.view(drawn).fees_fen == 0
    with pytest.raises(Forbidden):
        write(bank, book_entry, ops, view.id, BookEntry())
    done = write(bank, book_entry, checker, view.id, BookEntry(note="属实"))
    assert (done.state, done.booked_on) == (EntryState.BOOKED, FIRST)
    assert bank.view(drawn).fees_fen == 500_00
    with pytest.raises(IllegalEvent):
        write(bank, refuse_entry, checker, view.id, RefuseEntry(note="再看"))


def test_all_fees_owed_are_at_most_the_amount_of_the_contract(bank, drawn, ops, checker):
    limit_fen = 3_000_000_00
    with pytest.raises(FeeTooLarge) as refused:
        fee(bank, drawn, ops, limit_fen + 1)
    assert refused.value.errors[0].pointer == "/amount_yuan"
    first, second = fee(bank, drawn, ops, limit_fen), fee(bank, drawn, ops, 1)
    write(bank, book_entry, checker, first.id, BookEntry())
    with pytest.raises(FeeTooLarge):
        write(bank, book_entry, checker, second.id, BookEntry())


def test_who_proposed_it_does_not_book_it_whatever_roles_are_held(bank, drawn):
    view = fee(bank, drawn, bank.actor)
    with pytest.raises(DutiesApart):
        write(bank, book_entry, bank.actor, view.id, BookEntry())
    with pytest.raises(DutiesApart):
        write(bank, refuse_entry, bank.actor, view.id, RefuseEntry(note="x"))


def test_what_is_refused_is_never_booked(bank, drawn, ops, checker):
    view = fee(bank, drawn, ops)
    done = write(bank, refuse_entry, checker, view.id, RefuseEntry(note="合同未约定"))
    assert (done.state, done.note, done.entry_id) == (EntryState.REFUSED, "合同未约定", None)
    with pytest.raises(IllegalEvent):
        write(bank, book_entry, checker, view.id, BookEntry())


def test_another_bank_finds_no_entry(bank, drawn, ops, world):
    view = fee(bank, drawn, ops)
    with pytest.raises(NotFound):
        write(bank, book_entry, world.actor("b-drawdown"), view.id, BookEntry())
    with pytest.raises(NotFound):
        fee(bank, drawn, world.actor("b-ops"))


def test_a_fee_needs_an_open_loan_and_an_amount(bank, drawn, ops):
    with pytest.raises(AmountNotPositive):
        fee(bank, drawn, ops, 0)
    with pytest.raises(FeeNotPossible):
        fee(bank, bank.sign(), ops)


def test_money_in_suspense_goes_back_by_two_persons(bank, due, ops, checker):
    write(bank, repay, ops, due, Repay(amount_fen=31_891_67 + 100))
    refund = ProposeRefund(amount_fen=101, reason="多付", party="果业公司")
    with pytest.raises(SuspenseTooSmall):
        write(bank, propose_refund, ops, due, refund)
    fitting = ProposeRefund(amount_fen=100, reason="多付", party="果业公司")
    first = write(bank, propose_refund, ops, due, fitting)
    second = write(bank, propose_refund, ops, due, fitting)
    write(bank, book_entry, checker, first.id, BookEntry())
    assert bank.view(due).suspense_fen == 0
    with pytest.raises(SuspenseTooSmall):
        write(bank, book_entry, checker, second.id, BookEntry())


def reversal(bank, loan_id, ops, entry_id):
    command = ProposeReversal(entry_id=entry_id, reason="记错")
    return write(bank, propose_reversal, ops, loan_id, command)


def test_a_wrong_fee_is_reversed_once_by_two_persons(bank, drawn, ops, checker):
    done = write(bank, book_entry, checker, fee(bank, drawn, ops).id, BookEntry())
    wrong = reversal(bank, drawn, ops, done.entry_id)
    assert (wrong.kind, wrong.amount_fen, wrong.reverses_number) == (
        ManualKind.REVERSAL,
        500_00,
        done.number,
    )
    with pytest.raises(ReversalWaits):
        reversal(bank, drawn, ops, done.entry_id)
    taken = write(bank, book_entry, checker, wrong.id, BookEntry())
    with pytest.raises(AlreadyReversed):
        reversal(bank, drawn, ops, done.entry_id)
    assert bank.view(drawn).fees_fen == 0
    lines, _ = balance(bank, ops, on=FIRST)
    receivable = lines[Account.FEE_RECEIVABLE]
    assert (receivable.debit_fen, receivable.credit_fen) == (500_00, 500_00)
    with pytest.raises(EntryNotReversible):
        reversal(bank, drawn, ops, taken.entry_id)


def test_a_refused_reversal_may_be_proposed_again(bank, drawn, ops, checker):
    done = write(bank, book_entry, checker, fee(bank, drawn, ops).id, BookEntry())
    wrong = reversal(bank, drawn, ops, done.entry_id)
    write(bank, refuse_entry, checker, wrong.id, RefuseEntry(note="无误"))
    assert reversal(bank, drawn, ops, done.entry_id).state is EntryState.PROPOSED


@pytest.mark.parametrize("kind", [EntryKind.ACCRUAL, EntryKind.DRAWDOWN])
def test_what_the_service_books_by_itself_is_not_reversed_by_hand(bank, drawn, ops, kind):
    bank.close(FIRST)
    with bank.database.read() as session:
        entries = sa.select(col(LoanPosting.entry_id)).where(col(LoanPosting.kind) == kind)
        entry_id = session.execute(entries).scalars().first()
    with pytest.raises(EntryNotReversible) as refused:
        reversal(bank, drawn, ops, entry_id)
    assert refused.value.facts["instead"].words
    with pytest.raises(InvalidInput) as unknown:
        reversal(bank, bank.sign(), ops, entry_id)
    assert [each.pointer for each in unknown.value.errors] == ["/entry_id"]


def test_a_fee_that_was_paid_is_not_reversed_before_its_repayment(bank, drawn, ops, checker):
    done = write(bank, book_entry, checker, fee(bank, drawn, ops).id, BookEntry())
    wrong = reversal(bank, drawn, ops, done.entry_id)
    write(bank, repay, ops, drawn, Repay(amount_fen=1_00))
    assert bank.view(drawn).fees_fen == 499_00
    with pytest.raises(FeePaid):
        write(bank, book_entry, checker, wrong.id, BookEntry())


def test_what_is_changed_of_an_entry_is_named(bank, drawn, ops, checker):
    write(bank, book_entry, checker, fee(bank, drawn, ops).id, BookEntry())
    for change in (
        "UPDATE manual_entry SET amount_fen = amount_fen + 1",
        "UPDATE manual_entry SET state = 'proposed', entry_id = NULL",
        "UPDATE manual_entry SET booked_on = '2023-12-25'",
        "UPDATE loan_posting SET debit = 'cash' WHERE kind = 'fee'",
        "UPDATE loan_posting SET entry_id = loan_id WHERE kind = 'fee'",
    ):
        assert "manual-entry" in bank.broken_by(change), change


# --- Recovery ---


@pytest.fixture
@built_once
def lost(bank, due):
    """Written off with 3,000,000.00 of principal and 31,891.67 and a day of interest in the memorandum."""
    write(bank, write_off, bank.actor, WriteOff(loan_id=due, reason="终结执行"))
    return due


def recovered(bank, loan_id, ops, amount_fen):
    command = Recover(amount_fen=amount_fen, reason="拍卖所得", party="法院")
    return write(bank, recover, ops, loan_id, command)


def test_money_for_a_loan_written_off_is_income_and_lowers_the_claim(bank, lost, ops):
    with bank.database.read() as session:
        principal, interest = claim_left(session, lost)
    assert principal == DRAWN_FEN
    view = recovered(bank, lost, ops, 1_000_000_00)
    assert (view.state, view.principal_fen, view.interest_fen) == (
        EntryState.BOOKED,
        1_000_000_00,
        0,
    )
    lines, _ = balance(bank, ops)
    assert lines[Account.RECOVERY_INCOME].closing_fen == -1_000_000_00
    assert lines[Account.MEMO_WRITTEN_OFF].closing_fen == 2_000_000_00
    rest = recovered(bank, lost, ops, 2_000_000_00 + interest + 7)
    assert (rest.interest_fen, rest.suspense_fen) == (interest, 7)
    loan = bank.view(lost)
    assert (loan.state, loan.accrued_fen, loan.suspense_fen) == (LoanState.WRITTEN_OFF, 0, 7)
    with pytest.raises(NothingToRecover):
        recovered(bank, lost, ops, 1)


def test_a_fee_owed_at_a_write_off_is_collected_and_stands_again_when_taken_back(
    bank, due, ops, checker
):
    write(bank, book_entry, checker, fee(bank, due, ops).id, BookEntry())
    write(bank, write_off, bank.actor, WriteOff(loan_id=due, reason="终结执行"))
    view = recovered(bank, due, ops, 501_00)
    assert (view.fee_fen, view.principal_fen, view.suspense_fen) == (500_00, 1_00, 0)
    assert bank.view(due).fees_fen == 0
    lines, _ = balance(bank, ops)
    assert lines[Account.FEE_RECEIVABLE].closing_fen == 0
    assert lines[Account.RECOVERY_INCOME].closing_fen == -1_00
    wrong = reversal(bank, due, ops, view.entry_id)
    write(bank, book_entry, checker, wrong.id, BookEntry())
    assert bank.view(due).fees_fen == 500_00


def test_nothing_is_left_to_recover_once_the_fee_too_is_settled(bank, due, ops, checker):
    write(bank, book_entry, checker, fee(bank, due, ops).id, BookEntry())
    write(bank, write_off, bank.actor, WriteOff(loan_id=due, reason="终结执行"))
    with bank.database.read() as session:
        principal, interest = claim_left(session, due)
    recovered(bank, due, ops, 500_00 + principal + interest - 1)
    assert recovered(bank, due, ops, 1).suspense_fen == 0
    with pytest.raises(NothingToRecover):
        recovered(bank, due, ops, 1)


def test_a_wrong_recovery_is_reversed_and_the_claim_stands_again(bank, lost, ops, checker):
    with bank.database.read() as session:
        before = claim_left(session, lost)
    view = recovered(bank, lost, ops, DRAWN_FEN + 5)
    wrong = reversal(bank, lost, ops, view.entry_id)
    write(bank, book_entry, checker, wrong.id, BookEntry())
    with bank.database.read() as session:
        assert claim_left(session, lost) == before


def test_only_operations_recover_and_only_what_was_written_off(bank, due, ops, checker):
    with pytest.raises(LoanNotWrittenOff):
        recovered(bank, due, ops, 1)
    with pytest.raises(Forbidden):
        recovered(bank, due, checker, 1)
