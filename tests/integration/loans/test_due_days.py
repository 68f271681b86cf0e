"""Due days of the contract: its anchor, its grace, its month ends and its closed days, for every note."""

from datetime import date

import pytest

from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.schedule_dates import MonthEnd
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import DayRoll, Method, OddDays
from app.loans.schedules import loan_schedule
from app.loans.services import Drawn, Extended, ExtendLoan, PostDrawdown, Repaid

TERMS = {
    "interest_style": InterestStyle.SCHEDULE,
    "method": Method.EQUAL_PRINCIPAL,
    "every": "1m",
    "day_count": DayCount.THIRTY_360,
    "contract_fen": 1_000_000_00,
    "starts_on": date(2024, 1, 31),
    "matures_on": date(2024, 7, 31),
}
# 31 March and 30 June 2024 are Sundays.
ROLLED = [date(2024, 2, 29), date(2024, 4, 1), date(2024, 4, 30), date(2024, 5, 31), date(2024, 7, 1)]  # fmt: skip


def drawn(loan_id, on, amount_fen):
    return Drawn(on=on, command=PostDrawdown(loan_id=loan_id, amount_fen=amount_fen))


def due_days(bank, loan_id):
    with bank.database.read() as session:
        rows = loan_schedule(session, bank.actor, loan_id).instalments
    notes = sorted({row.note_number for row in rows})
    return [[row for row in rows if row.note_number == note] for note in notes]


def test_notes_keep_the_anchor_the_grace_and_the_closed_days_of_their_contract(bank):
    bank.open(date(2024, 7, 2))
    loan_id = bank.sign(**TERMS, roll=DayRoll.NEXT, grace_principal=2)
    later = date(2024, 2, 29)
    bank.take_over(
        loan_id,
        drawn(loan_id, date(2024, 1, 31), 600_000_00),
        drawn(loan_id, later, 400_000_00),
        *(Repaid(on=day) for day in ROLLED),
    )
    first, second = due_days(bank, loan_id)
    assert [row.due_on for row in first] == [*ROLLED, date(2024, 7, 31)]
    assert [row.due_on for row in second] == [*ROLLED[1:], date(2024, 7, 31)]
    assert [row.principal_fen for row in first] == [0, 0, *[150_000_00] * 4]
    assert [row.principal_fen for row in second] == [0, *[100_000_00] * 4]
    # Under 30/360 a month is a twelfth, wherever its end was moved to.
    assert {row.interest_fen for row in first[:3]} == {2_225_00}
    assert all(row.left_fen == 0 for row in [*first, *second] if row.due_on <= date(2024, 7, 1))


def test_odd_days_fall_due_alone_before_the_first_whole_period(bank):
    bank.open(date(2024, 3, 20))
    terms = {**TERMS, "day_count": DayCount.ACT_360, "first_due_on": date(2024, 3, 15)}
    loan_id = bank.sign(**terms, odd_days=OddDays.OWN_ROW)
    paid = (Repaid(on=date(2024, 2, 15)), Repaid(on=date(2024, 3, 15)))
    bank.take_over(loan_id, drawn(loan_id, date(2024, 1, 31), 1_000_000_00), *paid)
    (rows,) = due_days(bank, loan_id)
    # 15 days, then 29: 1,000,000.00 at 4.45 %.
    assert [(row.due_on, row.principal_fen, row.interest_fen) for row in rows[:2]] == [
        (date(2024, 2, 15), 0, 1_854_17),
        (date(2024, 3, 15), rows[1].principal_fen, 3_584_72),
    ]


def test_a_day_that_the_month_does_not_have_rolls_on(bank):
    bank.open(date(2024, 1, 31))
    loan_id = bank.sign(**TERMS, month_end=MonthEnd.ROLL)
    (rows,) = due_days(bank, loan_id)
    assert [row.due_on for row in rows] == [
        date(2024, 3, 1),
        date(2024, 3, 31),
        date(2024, 5, 1),
        date(2024, 5, 31),
        date(2024, 7, 1),
        date(2024, 7, 31),
    ]


def test_an_extension_leaves_agreed_days_and_moves_those_after_the_old_end(bank):
    bank.open(date(2024, 7, 10))
    loan_id = bank.sign(**{**TERMS, "method": Method.BULLET}, roll=DayRoll.BEFORE)
    # 31 March, 30 June and 31 August 2024 fall on a weekend.
    days = [date(2024, 2, 29), date(2024, 3, 29), date(2024, 4, 30), date(2024, 5, 31), date(2024, 6, 28)]  # fmt: skip
    extension = ExtendLoan(loan_id=loan_id, matures_on=date(2024, 9, 30), reason="季节性回款")
    bank.take_over(
        loan_id,
        drawn(loan_id, date(2024, 1, 31), 1_000_000_00),
        *(Repaid(on=day) for day in days),
        Extended(on=date(2024, 7, 8), command=extension),
    )
    (rows,) = due_days(bank, loan_id)
    assert [row.due_on for row in rows] == [
        *days,
        date(2024, 7, 31),
        date(2024, 8, 30),
        date(2024, 9, 30),
    ]
    assert rows[-1].principal_fen == 1_000_000_00


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"odd_days": OddDays.SPREAD, "first_due_on": date(2024, 3, 15)}, "/odd_days"),
        ({"grace_principal": 6}, "/grace_principal"),
        ({"interest_style": InterestStyle.QUARTERLY, "every": "3m", "roll": DayRoll.NEXT}, "/roll"),
    ],
)
def test_terms_that_the_books_cannot_carry_are_refused(bank, terms, pointer):
    bank.open(date(2024, 1, 31))
    with pytest.raises(InvalidInput) as refused:
        bank.sign(**{**TERMS, **terms})
    assert refused.value.errors[0].pointer == pointer
