"""Due days of the contract: its anchor, its grace, its month ends and its closed days, for every note."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.money import round_half_up
from app.kernel.schedule_dates import Every, MonthEnd
from app.loans.changed_schedules import ChangedTerms, schedule_as_changed
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.early import Keep, QuoteKind
from app.loans.domain.schedule import make_schedule
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import DayRoll, Method, OddDays, Terms
from app.loans.models import Loan, NoteStateRow
from app.loans.repayments.quoting import QuoteEarly, quote_early
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import (
    Drawn,
    Extended,
    ExtendLoan,
    PostDrawdown,
    Repaid,
    Repay,
    Reverse,
    extend_loan,
    repay,
    reverse,
)
from tests.support.bank import Bank

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


LATE = {**TERMS, "day_count": DayCount.ACT_360, "first_due_on": date(2024, 3, 15)}
ODD_FEN = 1_854_17
"""15 days of 1,000,000.00 at 4.45 %, from 31 January to 15 February."""


def spread(bank, *paid):
    loan_id = bank.sign(**LATE, odd_days=OddDays.SPREAD)
    bank.take_over(loan_id, drawn(loan_id, date(2024, 1, 31), 1_000_000_00), *paid)
    return loan_id


def state_of(bank, loan_id):
    statement = sa.select(NoteStateRow).where(col(NoteStateRow.loan_id) == loan_id)
    with bank.database.read() as session:
        return session.execute(statement).scalar_one()


def test_interest_of_odd_days_grows_on_them_and_falls_due_in_equal_parts(bank):
    bank.open(date(2024, 2, 14))
    loan_id = spread(bank)
    (contract,) = due_days(bank, loan_id)
    # Nothing falls due where the odd days end.
    assert state_of(bank, loan_id).next_due_on == date(2024, 3, 15)
    bank.close_until(date(2024, 2, 14), date(2024, 2, 15))
    running = state_of(bank, loan_id)
    assert (running.odd_fen, running.odd_part_fen) == (ODD_FEN, 309_02)
    assert (running.interest_fen, bank.view(loan_id).accrued_fen) == (123_61, ODD_FEN + 123_61)
    # The same loan of another bank, which opens when the first part falls due.
    other = Bank(bank.database, bank.world, bank.clock, "B").open(date(2024, 3, 13))
    loan_id = spread(other)
    other.close_until(date(2024, 3, 13), date(2024, 3, 14))
    (rows,) = due_days(other, loan_id)
    assert rows == [
        replace(row, state=found.state, note_number=found.note_number)
        for row, found in zip(contract, rows, strict=True)
    ]
    # 29 days, then 31 of what is left; six parts, the last one 309.07.
    assert [row.interest_fen for row in rows[:2]] == [3_584_72 + 309_02, 3_193_29 + 309_02]
    assert [row.explained.odd_fen for row in rows] == [309_02] * 5 + [309_07]
    assert state_of(bank, loan_id).odd_fen == ODD_FEN - 309_02


def test_the_schedule_of_a_loan_is_that_of_the_preview(bank):
    bank.open(date(2024, 1, 31))
    for method in (Method.EQUAL_PRINCIPAL, Method.EQUAL_INSTALMENT, Method.BULLET):
        terms = {**LATE, "method": method}
        loan_id = bank.sign(**terms, odd_days=OddDays.SPREAD)
        bank.draw(loan_id, 1_000_000_00)
        (rows,) = due_days(bank, loan_id)
        preview = make_schedule(
            Terms(
                principal_fen=1_000_000_00,
                rate_ppm=44_500,
                start_on=date(2024, 1, 31),
                every=Every(months=1),
                method=method,
                day_count=DayCount.ACT_360,
                matures_on=date(2024, 7, 31),
                first_due_on=date(2024, 3, 15),
                odd_days=OddDays.SPREAD,
            )
        )
        assert [(row.due_on, row.principal_fen, row.interest_fen) for row in rows] == [
            (row.due_on, row.principal_fen, row.interest_fen) for row in preview.instalments
        ]


@pytest.mark.parametrize(
    ("matures_on", "extended_on", "parts"),
    [
        # Five parts, the last of them on the maturity that was signed; six, the last in the period that held it.
        (date(2024, 7, 15), date(2024, 7, 8), [370_83] * 4 + [370_85, 0, 0]),
        (date(2024, 7, 31), date(2024, 7, 8), [309_02] * 5 + [309_07, 0]),
        # Extended before the odd days end, they are spread over all instalments there are then.
        (date(2024, 7, 15), date(2024, 2, 8), [264_88] * 6 + [264_89]),
    ],
)
def test_the_last_part_by_the_plan_before_an_extension_takes_the_rest(
    bank, matures_on, extended_on, parts
):
    """Paid on each day, before the signed maturity as on the days after it."""
    days = [date(2024, month, 15) for month in range(3, 10)]
    loan_ids = []
    for code, opened in (("A", date(2024, 7, 10)), ("B", date(2024, 8, 20))):
        lender = Bank(bank.database, bank.world, bank.clock, code).open(opened)
        terms = {**LATE, "matures_on": matures_on, "odd_days": OddDays.SPREAD}
        loan_id = lender.sign(**terms)
        later = ExtendLoan(loan_id=loan_id, matures_on=date(2024, 9, 15), reason="季节性回款")
        events = [drawn(loan_id, date(2024, 1, 31), 1_000_000_00)]
        events += [Repaid(on=each) for each in days if each < opened]
        events.append(Extended(on=extended_on, command=later))
        lender.take_over(loan_id, *sorted(events, key=lambda each: each.on))
        (rows,) = due_days(lender, loan_id)
        assert [row.due_on for row in rows] == days
        assert [row.explained.odd_fen for row in rows] == parts
        loan_ids.append(loan_id)
    assert state_of(bank, loan_ids[1]).odd_fen == (0 if extended_on.month > 2 else parts[-1])
    assert bank.broken() == []


def test_the_schedule_before_an_extension_shows_the_parts_that_it_makes(bank):
    bank.open(date(2024, 7, 10))
    terms = {**LATE, "matures_on": date(2024, 7, 15), "odd_days": OddDays.SPREAD}
    loan_id = bank.sign(**terms)
    paid = [Repaid(on=date(2024, month, 15)) for month in range(3, 7)]
    bank.take_over(loan_id, drawn(loan_id, date(2024, 1, 31), 1_000_000_00), *paid)
    longer = ChangedTerms(matures_on=date(2024, 9, 15))
    with bank.database.read() as session:
        loan = session.get_one(Loan, loan_id)
        shown = schedule_as_changed(session, loan, longer, date(2024, 7, 10))
    command = ExtendLoan(loan_id=loan_id, matures_on=date(2024, 9, 15), reason="季节性回款")
    with bank.database.write() as session:
        extend_loan(session, bank.actor, command)
    (rows,) = due_days(bank, loan_id)
    assert [row.explained.odd_fen for row in rows[4:]] == [370_85, 0, 0]
    assert [row.interest_fen for row in shown] == [row.interest_fen for row in rows[4:]]


def test_paying_off_takes_what_is_left_of_the_odd_days(bank):
    bank.open(date(2024, 3, 25))
    loan_id = spread(bank, Repaid(on=date(2024, 3, 15)))
    left_fen, view = state_of(bank, loan_id).odd_fen, bank.view(loan_id)
    assert left_fen == ODD_FEN - 309_02
    with bank.database.write() as session:
        asked = QuoteEarly(kind=QuoteKind.PAYOFF)
        quote = quote_early(session, bank.actor, loan_id, asked)
    assert quote.days[0].interest_fen == view.accrued_fen
    owed_fen = view.principal_fen + view.accrued_fen
    with bank.database.write() as session:
        repay(session, bank.actor, loan_id, Repay(amount_fen=owed_fen, prepay=True))
    assert bank.view(loan_id).state == "settled"
    assert state_of(bank, loan_id).odd_fen == 0


def test_a_shorter_tenor_leaves_the_rest_of_the_odd_days_to_the_last_instalment(bank):
    bank.open(date(2024, 3, 25))
    loan_id = spread(bank, Repaid(on=date(2024, 3, 15)))
    with bank.database.write() as session:
        command = Repay(amount_fen=500_000_00, prepay=True, keep=Keep.INSTALMENT)
        repay(session, bank.actor, loan_id, command)
    (rows,) = due_days(bank, loan_id)
    assert [row.explained.odd_fen for row in rows if row.interest_fen] == [
        309_02,
        309_02,
        ODD_FEN - 2 * 309_02,
    ]


QUARTERS = {
    **TERMS,
    "interest_style": InterestStyle.QUARTERLY,
    "every": "3m",
    "day_count": DayCount.ACT_360,
    "contract_fen": 3_000_000_00,
    "starts_on": date(2023, 12, 26),
    "matures_on": date(2024, 12, 25),
}


@pytest.mark.parametrize(
    ("roll", "september", "december", "days"),
    [
        (DayRoll.NONE, date(2024, 9, 21), date(2024, 12, 21), [86, 92, 92, 91, 4]),
        # Both days are Saturdays.
        (DayRoll.NEXT, date(2024, 9, 23), date(2024, 12, 23), [86, 92, 94, 91, 2]),
        (DayRoll.BEFORE, date(2024, 9, 20), date(2024, 12, 20), [86, 92, 91, 91, 5]),
    ],
)
def test_a_settlement_day_that_banks_are_closed_on_moves_with_its_interest_and_principal(
    bank, roll, september, december, days
):
    bank.open(date(2024, 9, 25))
    loan_id = bank.sign(**QUARTERS, roll=roll)
    paid = (Repaid(on=each) for each in (date(2024, 3, 21), date(2024, 6, 21), september))
    bank.take_over(loan_id, drawn(loan_id, date(2023, 12, 26), 3_000_000_00), *paid)
    (rows,) = due_days(bank, loan_id)
    assert [row.due_on for row in rows] == [
        date(2024, 3, 21),
        date(2024, 6, 21),
        september,
        december,
        date(2024, 12, 25),
    ]
    assert [sum(part.days for part in row.explained.parts) for row in rows] == days
    assert [row.principal_fen for row in rows] == [750_000_00] * 3 + [0, 750_000_00]
    # 2,250,000.00, then 1,500,000.00 at 4.45 %.
    assert rows[2].interest_fen == round_half_up(150_000_000 * 445 * days[2], 3_600_000)


@pytest.mark.parametrize("odd_days", OddDays)
def test_odd_days_before_the_first_settlement_stand_alone_or_are_spread(bank, odd_days):
    bank.open(date(2024, 9, 25))
    loan_id = bank.sign(**{**QUARTERS, "method": Method.BULLET}, odd_days=odd_days)
    first = () if odd_days is OddDays.SPREAD else (date(2024, 3, 21),)
    paid = (Repaid(on=each) for each in (*first, date(2024, 6, 21), date(2024, 9, 21)))
    bank.take_over(loan_id, drawn(loan_id, date(2023, 12, 26), 3_000_000_00), *paid)
    (rows,) = due_days(bank, loan_id)
    alone = [31_891_67, 34_116_67, 34_116_67, 33_745_83, 1_483_33]
    if odd_days is OddDays.SPREAD:
        parts = [7_972_91, 7_972_91, 7_972_91, 7_972_94]
        alone = [own + part for own, part in zip(alone[1:], parts, strict=True)]
    assert [row.interest_fen for row in rows] == alone


def test_planned_days_that_banks_are_closed_on_move_too(bank):
    bank.open(date(2024, 1, 31))
    days = (date(2024, 3, 31), date(2024, 5, 18), date(2024, 7, 31))
    plan = tuple(
        DatedAmount(on=each, amount_fen=fen) for each, fen in zip(days, PARTS, strict=True)
    )
    loan_id = bank.sign(**{**TERMS, "method": Method.PLAN}, plan=plan, roll=DayRoll.NEXT)
    bank.draw(loan_id, 400_000_00)
    bank.draw(loan_id, 600_000_00)
    notes = due_days(bank, loan_id)
    for rows in notes:
        found = [row.due_on for row in rows if row.principal_fen]
        # A Sunday, a Saturday and a Wednesday.
        assert found == [date(2024, 4, 1), date(2024, 5, 20), date(2024, 7, 31)]
    principals = [[row.principal_fen for row in rows if row.principal_fen] for rows in notes]
    sums = zip(*principals, strict=True)
    assert tuple(sum(each) for each in sums) == PARTS


PARTS = (333_333_33, 333_333_33, 333_333_34)


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
        ({"grace_principal": 6}, "/grace_principal"),
        ({"interest_style": InterestStyle.QUARTERLY, "every": "1m"}, "/every"),
    ],
)
def test_terms_that_the_books_cannot_carry_are_refused(bank, terms, pointer):
    bank.open(date(2024, 1, 31))
    with pytest.raises(InvalidInput) as refused:
        bank.sign(**{**TERMS, **terms})
    assert refused.value.errors[0].pointer == pointer


def test_principal_repaid_early_is_a_row_of_its_own_and_changes_no_balance_before_it(bank, due):
    """3,000,000.00 drawn; what was billed keeps its balance, and all rows sum to what was drawn."""

    def rows():
        with bank.database.read() as session:
            return loan_schedule(session, bank.actor, due).instalments

    before = rows()
    with bank.database.write() as session:
        paid = repay(session, bank.actor, due, Repay(amount_fen=531_891_67, prepay=True))
    assert (paid.interest_fen, paid.principal_fen) == (31_891_67, 500_000_00)
    after = rows()
    billed, early, *later = after
    assert billed.balance_fen == before[0].balance_fen == 3_000_000_00
    assert (early.state, early.number, early.due_on) == (InstalmentState.EARLY, 0, paid.value_on)
    assert (early.principal_fen, early.interest_fen, early.left_fen) == (500_000_00, 0, 0)
    assert early.balance_fen == 2_500_000_00 == later[0].balance_fen
    assert sum(row.principal_fen for row in after) == 3_000_000_00
    with bank.database.write() as session:
        reverse(session, bank.actor, Reverse(entry_id=paid.entry_id, reason="退汇"))
    assert InstalmentState.EARLY not in {row.state for row in rows()}
