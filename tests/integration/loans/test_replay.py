"""Money dated back, and repayments taken back that others followed: as if known on their days."""

from datetime import date, timedelta
from fractions import Fraction
from random import Random

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEvent
from app.kernel.daycount import DayCount
from app.kernel.money import fen_half_up
from app.loans.domain.early import Keep
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.invariants import violations
from app.loans.queries import journal, list_dues, list_repayments, trial_balance
from app.loans.refusals import (
    ClosedPeriod,
    KeyReserved,
    KeyTaken,
    KeyTakenBack,
    NotDrawn,
)
from app.loans.repayments.replayed import replay_digest, replayed_rows
from app.loans.running import running_interest
from app.loans.schedules import InstalmentState, loan_schedule
from app.loans.services import (
    Drawn,
    PostDrawdown,
    Repay,
    Reverse,
    repay,
    reverse,
)
from tests.support.once import built_once

START = date(2024, 1, 2)
LAST = date(2024, 1, 31)


def day(number):
    return date(2024, 1, number)


def sign(bank, **terms):
    """90,000.00 at 6 %, falling due every seven days up to the end of April."""
    given = {
        "contract_fen": 90_000_00,
        "rate_ppm": 60_000,
        "starts_on": START,
        "matures_on": date(2024, 4, 30),
        "every": "7d",
        "day_count": DayCount.ACT_365,
        "interest_style": InterestStyle.SCHEDULE,
        "method": Method.EQUAL_INSTALMENT,
    }
    return bank.sign(**{**given, **terms})


def pay(bank, loan_id, amount_fen, **extra):
    with bank.database.write() as session:
        return repay(session, bank.actor, loan_id, Repay(amount_fen=amount_fen, **extra))


def take_back(bank, repayment, reason="银行退汇"):
    with bank.database.write() as session:
        return reverse(session, bank.actor, Reverse(entry_id=repayment.entry_id, reason=reason))


def books(bank, loan_id):
    """All that a loan shows but numbers and days of booking."""
    view = bank.view(loan_id)
    with bank.database.read() as session:
        dues = list_dues(session, bank.actor, loan_id)
        balances = trial_balance(session, bank.actor, loan_id=loan_id)
        notes = session.execute(
            sa.text(
                "SELECT unbilled_fen, overdue_principal_fen, period_number, period_starts_on,"
                " period_due_on, interest_fen, ahead_fen, penalty_fen, penalty_paid_fen, compound_fen,"
                " compound_paid_fen, next_due_on FROM note_state WHERE loan_id = :loan ORDER BY note_id"
            ).bindparams(sa.bindparam("loan", loan_id, sa.Uuid()))
        ).all()
    return {
        "figures": (
            view.state,
            view.principal_fen,
            view.accrued_fen,
            view.suspense_fen,
            view.overdue_days,
            view.overdue_fen,
        ),
        "bills": [
            (each.due_on, each.principal_fen, each.interest_fen, each.left_fen)
            for each in dues
            if each.principal_fen or each.interest_fen
        ],
        "notes": [tuple(note) for note in notes],
        "accounts": {each.account: each.balance_fen for each in balances if each.balance_fen},
    }


TWO_NOTES = {"method": Method.EQUAL_PRINCIPAL, "every": "7d"}
SECOND_DRAW = 8

KINDS = (
    {"method": Method.EQUAL_INSTALMENT},
    {"method": Method.EQUAL_PRINCIPAL, "every": "14d"},
    {"method": Method.BULLET},
    {"method": Method.EQUAL_INSTALMENT, "every": "1m", "day_count": DayCount.THIRTY_360},
    TWO_NOTES,
)


def payments(random):
    """Money on four days of January: too little, too much, early or not."""
    days = sorted(random.sample(range(4, 28), 4))
    return [
        (
            day(number),
            {
                "amount_fen": random.choice(
                    [random.randint(1, 5_000_00), random.randint(1, 20_000_00)]
                ),
                "prepay": random.random() < 0.6,
                "keep": random.choice([None, *Keep]),
            },
        )
        for number in days
    ]


def test_what_runs_tells_a_correction_apart_from_the_days_that_it_corrects(bank):
    """60,000.00 dated 5 days back: days 5 to 9 were posted on 90,000.00, and are worth a third."""
    bank.open(START)
    loan_id = sign(bank, method=Method.BULLET, every="1m", interest_style=InterestStyle.SCHEDULE)
    bank.draw(loan_id, 90_000_00)
    bank.close_until(START, day(9))
    before = running(bank, loan_id)
    assert (before.worth_fen, before.day_fen, before.corrected_fen) == (before.day_fen, 14_80, 0)
    pay(bank, loan_id, 60_000_00, prepay=True, value_on=day(5))
    after = running(bank, loan_id)
    assert (after.before_fen, after.day_fen) == (before.before_fen, before.day_fen)
    assert (after.worth_fen, after.corrected_fen < 0, after.pending_fen) == (4_93, True, 0)
    assert after.before_fen + after.day_fen + after.corrected_fen == after.grown_fen
    assert after.grown_fen == fen_half_up(Fraction(90_000_00 * 3 + 30_000_00 * 5) * 6 / 36500)
    bank.close_until(day(10), day(10))
    assert running(bank, loan_id).worth_fen == running(bank, loan_id).day_fen


def running(bank, loan_id):
    with bank.database.read() as session:
        ((found,),) = [note.growths for note in running_interest(session, bank.actor, loan_id)]
    return found


def three_of_each_kind(bank, random):
    """Of each kind a loan paid on its days, one booked late, one with a repayment too many; what is done when."""
    work = {day(number): [] for number in range(2, 32)}
    groups = []
    for terms in KINDS:
        loans = [sign(bank, **terms) for _ in range(3)]
        groups.append(loans)
        for loan_id in loans:
            bank.draw(loan_id, 60_000_00 if terms is TWO_NOTES else 90_000_00)
            if terms is TWO_NOTES:
                work[day(SECOND_DRAW)].append((bank.draw, loan_id, {"amount_fen": 30_000_00}))
        plain, late, wrong = loans
        for value_on, command in payments(random):
            delayed = min(value_on + timedelta(days=random.randint(0, 20)), LAST)
            work[value_on] += [(pay_in(bank), each, command) for each in (plain, wrong)]
            work[delayed].append((pay_in(bank), late, {**command, "value_on": value_on}))
        extra = {"amount_fen": 7_777_77, "prepay": True, "payer": "wrong"}
        work[day(random.randint(4, 27))].append((pay_in(bank), wrong, extra))
    return groups, work


def pay_in(bank):
    return lambda loan_id, **command: pay(bank, loan_id, **command)


@pytest.mark.deep_on("postgres")
def test_what_arrives_late_or_is_taken_back_leaves_the_loan_as_if_known_on_its_day(bank):
    bank.open(START)
    groups, work = three_of_each_kind(bank, Random(20240131))
    done = []
    for today in sorted(work):
        done += [step(loan_id, **command) for step, loan_id, command in work[today]]
        if today < LAST:
            bank.close(today)
    for each in done:
        if getattr(each, "payer", "") == "wrong":
            take_back(bank, each)
    for plain, late, wrong in groups:
        assert books(bank, late) == books(bank, plain)
        assert books(bank, wrong) == books(bank, plain)


def drawn(bank, today):
    """An equal-instalment loan drawn on 2024-01-02, taken over up to a day."""
    bank.open(today)
    loan_id = sign(bank)
    command = PostDrawdown(loan_id=loan_id, amount_fen=90_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))
    return loan_id


@pytest.fixture
@built_once
def weekly(bank):
    """The loan on 2024-01-20; two bills are unpaid."""
    return drawn(bank, day(20))


def test_history_stays_and_every_booking_balances(bank, weekly):
    first = pay(bank, weekly, 4_000_00)
    bank.close(day(20))
    back = pay(bank, weekly, 6_000_00, value_on=day(9), prepay=True)
    with bank.database.read() as session:
        rows = list_repayments(session, bank.actor, weekly)
        kinds = [each.kind for each in journal(session, bank.actor, weekly, size=100).items]
        balances = trial_balance(session, bank.actor)
    again, taken = rows[0], next(row for row in rows if row.reverses_id == first.id)
    assert {row.number for row in rows} == {first.number, back.number, again.number, taken.number}
    assert (again.amount_fen, again.value_on, again.booked_on) == (4_000_00, day(20), day(21))
    assert taken.reason == back.number
    assert sum(each.balance_fen for each in balances) == 0
    assert "reversal" in kinds


def test_a_bill_made_between_is_corrected_and_what_it_said_is_kept(bank, weekly):
    with bank.database.read() as session:
        before = list_dues(session, bank.actor, weekly)
    pay(bank, weekly, 40_000_00, value_on=day(10), prepay=True)
    with bank.database.read() as session:
        after = list_dues(session, bank.actor, weekly)
        kept = session.execute(sa.text("SELECT interest_fen FROM due_change")).scalars().all()
    assert after[0] == before[0] or after[0].left_fen == 0
    assert after[1].interest_fen < before[1].interest_fen
    assert kept == [before[1].interest_fen]


def test_the_key_of_a_replayed_repayment_names_the_one_that_stands(bank, weekly):
    first = pay(bank, weekly, 4_000_00, key="transfer-7")
    bank.close(day(20))
    for value_on in (day(9), day(8)):
        pay(bank, weekly, 1_00, value_on=value_on)
    again = pay(bank, weekly, 4_000_00, key="transfer-7")
    with bank.database.read() as session:
        rows = list_repayments(session, bank.actor, weekly)
    gone = {row.reverses_id for row in rows}
    assert again.id not in gone
    assert first.id in gone
    with pytest.raises(KeyTaken):
        pay(bank, weekly, 4_000_00, key="transfer-7", prepay=True)


def test_the_key_of_a_repayment_taken_back_for_good_is_refused(bank, weekly):
    pay(bank, weekly, 4_000_00, key="transfer-7")
    bank.close(day(20))
    pay(bank, weekly, 1_00, value_on=day(9))
    standing = pay(bank, weekly, 4_000_00, key="transfer-7")
    by = take_back(bank, standing)
    with pytest.raises(KeyTakenBack) as refused:
        pay(bank, weekly, 4_000_00, key="transfer-7")
    assert refused.value.facts == {"number": standing.number, "by": by.number}
    assert pay(bank, weekly, 4_000_00, key="transfer-8").number > by.number


@pytest.mark.parametrize("prefix", ["reversal:", "replay:"])
def test_a_key_like_those_given_here_is_refused(bank, weekly, prefix):
    with pytest.raises(KeyReserved):
        pay(bank, weekly, 1_00, key=f"{prefix}1")
    assert pay(bank, weekly, 1_00, key=f"my-{prefix}1").amount_fen == 1_00


def test_the_first_day_of_the_open_month_is_the_earliest(bank):
    loan_id = drawn(bank, date(2024, 2, 3))
    with pytest.raises(ClosedPeriod):
        pay(bank, loan_id, 1_00, value_on=day(31))
    assert pay(bank, loan_id, 1_00, value_on=date(2024, 2, 1)).value_on == date(2024, 2, 1)


def test_a_repayment_of_a_closed_month_is_taken_back_on_the_first_open_day(bank):
    loan_id = drawn(bank, day(30))
    paid = pay(bank, loan_id, 4_000_00)
    later = pay(bank, loan_id, 3_000_00)
    bank.close_until(day(30), date(2024, 2, 1))
    back = take_back(bank, paid)
    assert back.value_on == date(2024, 2, 1)
    with bank.database.read() as session:
        rows = {row.number for row in list_repayments(session, bank.actor, loan_id)}
    assert rows == {paid.number, later.number, back.number}
    bank.close(date(2024, 2, 2))


def test_a_released_or_undrawn_loan_is_not_gone_back_into(bank, weekly):
    paid = pay(bank, weekly, 1_00)
    bank.sql("UPDATE loan SET state = 'released'")
    with pytest.raises(NotDrawn):
        take_back(bank, paid)


def test_interest_owed_again_stands_off_the_balance_sheet_where_the_loan_does(bank):
    """Paid on the 89th day overdue, taken back on the 92nd, when income had been reversed."""
    bank.open(date(2024, 4, 10))
    loan_id = sign(bank, method=Method.BULLET, matures_on=day(12), every="1m")
    command = PostDrawdown(loan_id=loan_id, amount_fen=90_000_00)
    bank.take_over(loan_id, Drawn(on=START, command=command))
    before = books(bank, loan_id)
    paid = pay(bank, loan_id, 100_00)
    bank.close_until(date(2024, 4, 10), date(2024, 4, 12))
    off = books(bank, loan_id)
    take_back(bank, paid)
    after = books(bank, loan_id)
    assert "interest-receivable" in before["accounts"]
    assert "interest-receivable" not in {**off["accounts"], **after["accounts"]}
    assert after["figures"][2] == off["figures"][2] + 100_00
    assert after["accounts"]["memo-interest"] == after["figures"][2]


CHANGED = {
    "DELETE FROM repayment_order WHERE replays_id IS NOT NULL": "repayment-order",
    "UPDATE repayment_order SET replays_id = repayment_id WHERE replays_id IS NOT NULL": (
        "repayment-replay"
    ),
    "UPDATE repayment SET number = 'X-' || number": "repayment-replay",
    "UPDATE accrual_correction SET amount_fen = amount_fen - 5": "accrual-correction",
    "UPDATE due_change SET interest_fen = interest_fen + 1": "day-close-billed",
}


@pytest.mark.one_engine("sqlite")
def test_verify_finds_a_replay_that_was_changed(bank):
    loan_id = drawn(bank, day(8))
    bank.close(day(8))
    pay(bank, loan_id, 2_000_00)
    bank.close(day(9))
    pay(bank, loan_id, 40_000_00, value_on=day(4), prepay=True)
    assert bank.broken() == []
    for statement, invariant in CHANGED.items():
        with bank.database.write() as session:
            session.execute(sa.text(statement))
            found = {each.invariant for each in violations(session)}
            session.rollback()
        assert invariant in found


def told(bank, repayment):
    with bank.database.read() as session:
        statement = sa.select(AuditEvent).where(AuditEvent.action == "loan.repay")
        events = session.execute(statement).scalars()
        return next(each.facts for each in events if each.facts["number"] == repayment.number)


def test_the_journal_is_told_what_a_booking_replayed_and_verify_holds_it_against_the_rows(
    bank, weekly
):
    first = pay(bank, weekly, 4_000_00)
    bank.close(day(20))
    assert "replayed" not in told(bank, first)
    back = pay(bank, weekly, 6_000_00, value_on=day(9), prepay=True)
    with bank.database.read() as session:
        rows = replayed_rows(session)[back.id]
    kinds = [kind for kind, *_ in rows]
    assert kinds.count("repayment") == 2
    assert {"correction", "bill"} & set(kinds)
    facts = told(bank, back)
    assert (facts["replayed"], facts["replayed_sha256"]) == (len(rows), replay_digest(rows))
    bank.sql(
        "UPDATE repayment_order SET cause_id = NULL WHERE cause_id = :cause",
        cause=back.id.hex if bank.database.is_sqlite else back.id,
    )
    assert "repayment-replay" in {each.invariant for each in bank.broken()}


def test_a_bill_that_would_not_have_been_made_is_shown_no_more(bank, weekly):
    before, view = books(bank, weekly), bank.view(weekly)
    paid = pay(bank, weekly, view.principal_fen + 1_000_00, value_on=day(3), prepay=True)
    with bank.database.read() as session:
        assert list_dues(session, bank.actor, weekly) == ()
        (early,) = loan_schedule(session, bank.actor, weekly).instalments
    assert (early.state, early.balance_fen) == (InstalmentState.EARLY, 0)
    after = bank.view(weekly)
    assert (after.state, after.principal_fen, after.accrued_fen) == ("settled", 0, 0)
    assert after.suspense_fen == 1_000_00 - 14_79
    take_back(bank, paid)
    assert books(bank, weekly) == before
    bank.close(day(20))
