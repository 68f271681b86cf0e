"""Loans of the demo tape taken over: their past is replayed by the same rules as every day."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.loans.domain.amounts import DatedAmount
from app.loans.domain.states import LoanFact
from app.loans.domain.terms import Method
from app.loans.refusals import HistoryNotFirst
from app.loans.schedules import loan_schedule
from app.loans.services import (
    Drawn,
    Extended,
    ExtendLoan,
    PostDrawdown,
    RecordFact,
    Repaid,
    Repay,
    WriteOff,
    WrittenOff,
    finish_history,
    load_history,
    record_fact,
)

TODAY = date(2024, 1, 2)
WAN = 10_000_00


@pytest.fixture
def today(bank):
    return bank.open(TODAY)


def drawn(loan_id, on, wan, **extra):
    return Drawn(on=on, command=PostDrawdown(loan_id=loan_id, amount_fen=wan * WAN, **extra))


def dues(first_year, last_year, until, months=(3, 6, 9, 12), day=21):
    days = (date(y, m, day) for y in range(first_year, last_year + 1) for m in months)
    return [Repaid(on=each) for each in days if each < until]


def month_ends(bank, loan_id):
    with bank.database.read() as session:
        rows = session.execute(
            sa.text("SELECT month_end_on, principal_fen FROM loan_month_end ORDER BY month_end_on")
        )
        return {str(day)[:7]: fen // WAN for day, fen in rows}


def finish(bank):
    with bank.database.write() as session:
        finish_history(session, bank.actor, bank.id)


def test_equal_principal_by_quarters_leaves_the_published_month_ends(today):
    """S10: 9,000,000 from 2021-08-25 over five years; 855 万 at the end of 2021, 495 万 of 2023."""
    loan_id = today.sign(
        contract_fen=900 * WAN,
        rate_ppm=49_000,
        method=Method.EQUAL_PRINCIPAL,
        starts_on=date(2021, 8, 25),
        matures_on=date(2026, 8, 24),
    )
    paid = [each for each in dues(2021, 2023, TODAY) if each.on > date(2021, 8, 25)]
    today.take_over(loan_id, drawn(loan_id, date(2021, 8, 25), 900), *paid)
    finish(today)
    ends = month_ends(today, loan_id)
    assert (ends["2021-11"], ends["2021-12"], ends["2022-12"], ends["2023-12"]) == (
        900,
        855,
        675,
        495,
    )
    view = today.view(loan_id)
    assert (view.state, view.loan_class, view.overdue_days) == ("performing", "normal", 0)
    with today.database.read() as session:
        schedule = loan_schedule(session, today.actor, loan_id)
    principal = [each.principal_fen for each in schedule.instalments if each.principal_fen]
    assert principal == [45 * WAN] * 20


def test_unpaid_interest_is_overdue_by_twelve_days_and_makes_special_mention(today):
    """S06: half-yearly plan; the interest of 2023-12-21 was not paid."""
    days = [date(2023 + n // 2, 3 + 6 * (n % 2), 21) for n in range(9)]
    plan = (*(DatedAmount(on=each, amount_fen=60 * WAN) for each in days),)
    plan += (DatedAmount(on=date(2027, 9, 14), amount_fen=60 * WAN),)
    loan_id = today.sign(
        contract_fen=600 * WAN,
        rate_ppm=46_500,
        method=Method.PLAN,
        plan=plan,
        starts_on=date(2022, 9, 15),
        matures_on=date(2027, 9, 14),
    )
    paid = [each for each in dues(2022, 2023, date(2023, 12, 21)) if each.on > date(2022, 9, 15)]
    today.take_over(loan_id, drawn(loan_id, date(2022, 9, 15), 600), *paid)
    finish(today)
    view = today.view(loan_id)
    assert (view.overdue_days, view.loan_class, view.state) == (
        12,
        "special-mention",
        "overdue",
    )
    assert view.principal_fen == 480 * WAN


def test_a_loan_past_its_maturity_is_doubtful_and_earns_no_income(today):
    """S07: due 2023-03-17 and not paid: 291 days overdue; interest leaves the balance sheet."""
    loan_id = today.sign(
        contract_fen=120 * WAN,
        rate_ppm=56_000,
        starts_on=date(2021, 3, 18),
        matures_on=date(2023, 3, 17),
    )
    paid = [each for each in dues(2021, 2022, TODAY) if each.on > date(2021, 3, 18)]
    partly = [
        Repaid(on=date(2022, 9, 22), command=Repay(amount_fen=10 * WAN, prepay=True)),
        Repaid(on=date(2023, 3, 17), command=Repay(amount_fen=16 * WAN)),
    ]
    events = sorted([*paid, *partly], key=lambda each: each.on)
    today.take_over(loan_id, drawn(loan_id, date(2021, 3, 18), 120), *events)
    finish(today)
    view = today.view(loan_id)
    assert (view.overdue_days, view.loan_class) == (291, "doubtful")
    today.close_until(TODAY, TODAY)
    with today.database.read() as session:
        rows = session.execute(
            sa.text(
                "SELECT kind, debit, credit FROM loan_posting WHERE booked_on = '2024-01-02'"
                " ORDER BY kind"
            )
        ).all()
    assert {tuple(row) for row in rows} == {("accrual", "memo-interest", "memo-contra")}
    after = today.view(loan_id)
    assert after.overdue_days == 292
    assert after.accrued_fen > view.accrued_fen


def test_a_written_off_loan_keeps_its_claim_in_the_memorandum(today):
    """S08: 800,000 written off in November 2023."""
    loan_id = today.sign(
        contract_fen=80 * WAN, starts_on=date(2021, 9, 10), matures_on=date(2022, 9, 9)
    )
    gone = WrittenOff(on=date(2023, 11, 20), command=WriteOff(loan_id=loan_id, reason="账销案存"))
    today.take_over(loan_id, drawn(loan_id, date(2021, 9, 10), 80), gone)
    finish(today)
    view = today.view(loan_id)
    assert (view.state, view.loan_class, view.principal_fen) == ("written-off", "loss", 0)
    assert "2023-11" not in month_ends(today, loan_id)
    assert month_ends(today, loan_id)["2023-10"] == 80


def test_a_prepayment_and_an_extension_of_the_past(today):
    """S14 repaid 750,000 early; S23 was extended by six months before its maturity."""
    loan_id = today.sign(
        contract_fen=450 * WAN,
        rate_ppm=44_500,
        starts_on=date(2022, 10, 18),
        matures_on=date(2023, 12, 17),
    )
    later = ExtendLoan(loan_id=loan_id, matures_on=date(2024, 6, 16), reason="展期")
    early = Repay(amount_fen=75 * WAN, prepay=True)
    events = [
        *(each for each in dues(2022, 2023, date(2023, 11, 1)) if each.on > date(2022, 10, 18)),
        Repaid(on=date(2023, 11, 10), command=early),
        Extended(on=date(2023, 12, 10), command=later),
        Repaid(on=date(2023, 12, 21)),
    ]
    today.take_over(loan_id, drawn(loan_id, date(2022, 10, 18), 450), *events)
    finish(today)
    view = today.view(loan_id)
    assert (view.principal_fen, view.matures_on) == (375 * WAN, date(2024, 6, 16))
    assert (view.state, view.overdue_days) == ("performing", 0)
    ends = month_ends(today, loan_id)
    assert (ends["2023-10"], ends["2023-11"]) == (450, 375)


def test_two_drawdowns_share_the_plan_of_the_contract(today):
    """S18: 40,000,000 and 28,000,000 drawn; 2,000,000 fall due each half-year."""
    days = [date(2023 + n // 2, 6 + 6 * (n % 2), 21) for n in range(29)]
    plan = (*(DatedAmount(on=each, amount_fen=200 * WAN) for each in days),)
    plan += (DatedAmount(on=date(2037, 7, 11), amount_fen=1000 * WAN),)
    loan_id = today.sign(
        contract_fen=6800 * WAN,
        rate_ppm=43_000,
        method=Method.PLAN,
        plan=plan,
        starts_on=date(2022, 7, 12),
        matures_on=date(2037, 7, 11),
    )
    paid = [each for each in dues(2022, 2023, TODAY) if each.on > date(2022, 7, 12)]
    second = drawn(loan_id, date(2022, 12, 5), 2800)
    events = sorted([*paid, second], key=lambda each: each.on)
    today.take_over(loan_id, drawn(loan_id, date(2022, 7, 12), 4000), *events)
    finish(today)
    ends = month_ends(today, loan_id)
    assert (ends["2022-12"], ends["2023-06"], ends["2023-12"]) == (6800, 6600, 6400)


def test_loans_of_one_debtor_share_the_worst_class_until_it_is_mended(today, world):
    """A technical delay of five days is excused; a restructured loan is not, nor its siblings."""
    first, second, other = (
        today.sign(starts_on=date(2023, 12, 1), matures_on=date(2024, 11, 30)),
        today.sign(starts_on=date(2023, 12, 1), matures_on=date(2023, 12, 28)),
        today.sign(
            starts_on=date(2023, 12, 1),
            matures_on=date(2024, 11, 30),
            borrower_id=world.organisation("C2"),
        ),
    )
    for loan_id in (first, second, other):
        events = [drawn(loan_id, date(2023, 12, 1), 300), Repaid(on=date(2023, 12, 21))]
        today.take_over(loan_id, *events)
    delay = LoanFact.TECHNICAL_DELAY
    with today.database.write() as session:
        fact = RecordFact(loan_id=second, fact=delay, from_on=date(2023, 12, 28), reason="系统")
        record_fact(session, today.actor, fact)
    today.close(TODAY)
    assert today.view(second).overdue_days == 6
    assert [today.view(each).loan_class for each in (first, second, other)] == ["normal"] * 3
    with today.database.write() as session:
        fact = RecordFact(
            loan_id=first, fact=LoanFact.RESTRUCTURED, from_on=TODAY, reason="合同调整"
        )
        record_fact(session, today.actor, fact)
    today.close(date(2024, 1, 3))
    classes = [today.view(each).loan_class for each in (first, second, other)]
    assert classes == ["special-mention", "special-mention", "normal"]


def test_history_is_loaded_once_and_ends_before_the_open_day(today):
    loan_id = today.sign(starts_on=date(2023, 12, 1), matures_on=date(2024, 11, 30))
    with pytest.raises(HistoryNotFirst):
        today.take_over(loan_id, drawn(loan_id, TODAY, 300))
    today.take_over(loan_id, drawn(loan_id, date(2024, 1, 1), 300))
    with pytest.raises(HistoryNotFirst), today.database.write() as session:
        load_history(session, today.actor, loan_id, [drawn(loan_id, date(2024, 1, 1), 1)])
