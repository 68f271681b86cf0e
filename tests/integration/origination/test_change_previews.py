"""The schedule before and after a change that waits: to the fen what the booking comes to."""

from datetime import date

import pytest

from app.kernel.errors import NotFound
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import DayRoll, Method
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repaid
from app.origination.domain.changes import ChangeKind
from app.origination.services.change_previews import find_preview, preview_change
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    propose_change,
    refuse_change,
)
from tests.support.bank import Bank

DAY = date(2024, 10, 1)
FIRST_DAY = date(2023, 12, 26)
EXTENSION, RESTRUCTURING = ChangeKind.EXTENSION, ChangeKind.RESTRUCTURING
LEVEL = {
    "method": Method.EQUAL_INSTALMENT,
    "every": "1m",
    "interest_style": InterestStyle.SCHEDULE,
    "first_due_on": date(2024, 10, 25),
    "starts_on": date(2024, 9, 25),
    "matures_on": date(2025, 9, 25),
}
LEFT_FEN = 3_000_000_00
PLAN = (
    DatedAmount(on=date(2024, 11, 11), amount_fen=1_000_000_00),
    DatedAmount(on=date(2025, 3, 3), amount_fen=2_000_000_00),
)


@pytest.fixture
def bank(database, world, clock):
    return Bank(database, world, clock).open(DAY)


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def lent(bank, **terms):
    """3,000,000.00 drawn whole on its first day, all bills so far paid."""
    loan_id = bank.sign(**terms)
    drawn_on = terms.get("starts_on", FIRST_DAY)
    september = date(2024, 9, 23 if terms.get("roll") else 21)
    days = [date(2024, 3, 21), date(2024, 6, 21), september]
    paid = (Repaid(on=on) for on in days if on > drawn_on)
    drawn = Drawn(on=drawn_on, command=PostDrawdown(loan_id=loan_id, amount_fen=LEFT_FEN))
    bank.take_over(loan_id, drawn, *paid)
    return loan_id


def propose(bank, loan_id, kind=EXTENSION, **terms):
    command = ProposeChange(kind=kind, reason="销售回款延后", **terms)
    return act(bank, propose_change, "a-officer", loan_id, command)


def to_come(bank, loan_id):
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    return [figures(row) for row in rows if row.state is InstalmentState.TO_COME]


def figures(row):
    return row.due_on, row.days, row.principal_fen, row.interest_fen, row.balance_fen


def preview(bank, change_id, login="a-approve"):
    with bank.database.read() as session:
        return preview_change(session, bank.world.actor(login), change_id)


@pytest.mark.parametrize(
    ("terms", "kind", "change"),
    [
        ({}, EXTENSION, {"matures_on": date(2025, 6, 25)}),
        ({"roll": DayRoll.NEXT}, EXTENSION, {"matures_on": date(2025, 10, 1)}),
        (LEVEL, EXTENSION, {"matures_on": date(2026, 3, 25)}),
        (LEVEL, RESTRUCTURING, {"rate_ppm": 39_000}),
        ({}, RESTRUCTURING, {"matures_on": date(2025, 6, 21), "plan": PLAN}),
        ({}, RESTRUCTURING, {"matures_on": date(2025, 6, 21), "plan": PLAN, "rate_ppm": 39_000}),
    ],
)
def test_the_schedules_shown_are_those_before_and_after_the_booking(bank, terms, kind, change):
    loan_id = lent(bank, **terms)
    if kind is RESTRUCTURING:
        change = {"financial_difficulty": True, **change}
    made = propose(bank, loan_id, kind, **change)
    shown = preview(bank, made.id)
    assert shown.on == DAY
    assert [figures(row) for row in shown.before] == to_come(bank, loan_id)
    assert [figures(row) for row in shown.after] != [figures(row) for row in shown.before]
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    act(bank, carry_out_change, "a-officer", made.id, CarryOut())
    assert [figures(row) for row in shown.after] == to_come(bank, loan_id)
    done = preview(bank, made.id)
    assert (done.before, done.after) == ((), ())


@pytest.mark.one_engine("sqlite")
def test_of_a_renewal_the_schedule_of_the_new_loan_is_shown(bank):
    loan_id = lent(bank)
    made = propose(
        bank,
        loan_id,
        ChangeKind.RENEWAL,
        matures_on=date(2025, 9, 30),
        small_borrower=True,
        rate_ppm=42_000,
    )
    shown = preview(bank, made.id)
    assert [figures(row) for row in shown.before] == to_come(bank, loan_id)
    twin = bank.sign(starts_on=DAY, matures_on=date(2025, 9, 30), rate_ppm=42_000)
    assert [figures(row) for row in shown.after] == to_come(bank, twin)
    assert sum(row.principal_fen for row in shown.after) == LEFT_FEN


@pytest.mark.one_engine("sqlite")
def test_a_refused_change_has_no_schedules_and_another_bank_sees_none(bank):
    made = propose(bank, lent(bank), matures_on=date(2025, 6, 25))
    with pytest.raises(NotFound):
        preview(bank, made.id, login="b-approve")
    act(bank, refuse_change, "a-approve", made.id, DecideChange(note="还款来源不明"))
    with bank.database.read() as session:
        assert find_preview(session, bank.world.actor("a-approve"), made.id) is None
