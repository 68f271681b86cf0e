"""What a write-off binds beside principal and interest, and one that came with history; both engines."""

from datetime import date

import pytest

from app.kernel.money import Money
from app.loans.domain.states import LoanState
from app.loans.history import WrittenOff
from app.loans.ledger.entries import BookEntry, ProposeFee, book_entry, propose_fee
from app.loans.services import Drawn, PostDrawdown, WriteOff, write_off
from app.origination.domain.write_off import WriteOffGround
from app.origination.invariants import violations
from app.origination.refusals import WriteOffRefused
from app.origination.services.changes import CarryOut, DecideChange
from app.origination.services.write_offs import (
    ProposeWriteOff,
    approve_write_off,
    carry_out_write_off,
    find_loaded_write_off,
    propose_write_off,
    withdraw_write_off,
)
from tests.support.bank import Bank, broken

FIRST_DAY = date(2023, 12, 26)
DAY = date(2025, 3, 1)
AGREED = DecideChange(note="同意核销")


@pytest.fixture
def bank(database, world, clock):
    made = Bank(database, world, clock).open(DAY)
    yield made
    if not made.tampered:
        with database.read() as session:
            assert [*broken(database), *violations(session)] == []


def drawn(loan_id):
    return Drawn(on=FIRST_DAY, command=PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00))


@pytest.fixture
def loan_id(bank):
    """Drawn in full, matured, nothing paid: doubtful."""
    made = bank.sign()
    bank.take_over(made, drawn(made))
    bank.close(DAY)
    return made


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def propose(bank, loan_id):
    command = ProposeWriteOff(
        ground=WriteOffGround.ENFORCEMENT, reason="无财产可供执行", evidence="终结执行裁定书"
    )
    return act(bank, propose_write_off, "a-preserve", loan_id, command)


def charge(bank, loan_id, amount_fen):
    fee = ProposeFee(amount_fen=amount_fen, reason="诉讼费")
    entry = act(bank, propose_fee, "a-ops", loan_id, fee)
    act(bank, book_entry, "a-drawdown", entry.id, BookEntry())


def test_fees_are_of_what_was_proposed_and_another_one_asks_for_a_new_proposal(bank, loan_id):
    charge(bank, loan_id, 300_00)
    made = propose(bank, loan_id)
    assert made.fees_fen == 300_00
    charge(bank, loan_id, 1)
    with pytest.raises(WriteOffRefused) as refused:
        act(bank, approve_write_off, "a-approve", made.id, AGREED)
    (error,) = refused.value.errors
    assert refused.value.facts["codes"] == ["owed-as-proposed"]
    assert (error.facts["fees"], error.facts["fees_now"]) == (Money(300_00), Money(300_01))
    act(bank, withdraw_write_off, "a-preserve", made.id, AGREED)
    again = propose(bank, loan_id)
    act(bank, approve_write_off, "a-approve", again.id, AGREED)
    done = act(bank, carry_out_write_off, "a-preserve", again.id, CarryOut())
    assert (done.fees_fen, bank.view(loan_id).fees_fen) == (300_01, 300_01)
    with bank.database.read() as session:
        assert find_loaded_write_off(session, bank.actor, loan_id) is None


def test_a_write_off_of_history_says_so_and_any_other_needs_a_decision(bank, loan_id):
    old = bank.sign()
    gone = WrittenOff(on=date(2025, 2, 27), command=WriteOff(loan_id=old, reason="账销案存"))
    bank.take_over(old, drawn(old), gone)
    with bank.database.read() as session:
        found = find_loaded_write_off(session, bank.actor, old)
        assert (found.on, found.words) == (date(2025, 2, 27), "账销案存")
        assert find_loaded_write_off(session, bank.actor, loan_id) is None
        assert list(violations(session)) == []
    act(bank, write_off, "a-preserve", WriteOff(loan_id=loan_id, reason="账销案存"))
    assert bank.view(loan_id).state is LoanState.WRITTEN_OFF
    with bank.database.read() as session:
        (only,) = violations(session)
    assert (only.invariant, only.subject) == (
        "loan-write-off-books",
        f"loan {bank.view(loan_id).number}",
    )
    bank.tampered = True
