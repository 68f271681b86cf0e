"""Rates that follow the LPR: set at the drawdown and again on their days, as the contract says."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.closing.quiet import close_quiet
from app.loans.domain.early import QuoteKind
from app.loans.domain.repricing import LprTenor, NoLprInForce, Pricing, RateReason, ResetRule
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.models import LoanNote, NotePlan, NoteStateRow
from app.loans.rates.models import NoteRate
from app.loans.repayments.quoting import CarryOut, QuoteEarly, carry_out, quote_early
from app.loans.schedules import loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repaid, Repay, repay
from app.market.services import DATA, AddSeries, add_series, load_point_file
from tests.factories.world import World
from tests.support.bank import Bank

QUARTERLY = Pricing(tenor=LprTenor.ONE_YEAR, bp=55, rule=ResetRule.QUARTERLY, lag_days=1)
DRAWN_ON = date(2024, 7, 1)


@pytest.fixture
def lpr(bank, database, world: World):
    """The published LPR as the market room loads it."""
    actor = world.system("A")
    with database.write() as session:
        for code in ("LPR-1Y", "LPR-5Y"):
            series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
            add_series(session, actor, series)
        load_point_file(session, actor, DATA / "lpr.csv")
    return bank


def sign(bank, **terms):
    given = {
        "rate_ppm": 0,
        "pricing": QUARTERLY,
        "starts_on": DRAWN_ON,
        "matures_on": date(2025, 6, 30),
    }
    return bank.sign(**{**given, **terms})


def taken_over(bank, *paid, **terms):
    loan_id = sign(bank, **terms)
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    drawn = Drawn(on=terms.get("starts_on", DRAWN_ON), command=command)
    bank.take_over(loan_id, drawn, *paid)
    return loan_id


def rates(bank, loan_id):
    statement = (
        sa.select(NoteRate)
        .join(LoanNote, col(LoanNote.id) == col(NoteRate.note_id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(NoteRate.number))
    )
    with bank.database.read() as session:
        rows = session.execute(statement).scalars().all()
        return [(row.from_on, row.rate_ppm, row.lpr_on, row.reason) for row in rows]


def next_reset_on(bank, loan_id):
    statement = (
        sa.select(NoteStateRow.next_reset_on)
        .join(LoanNote, col(LoanNote.id) == col(NoteStateRow.note_id))
        .where(col(LoanNote.loan_id) == loan_id)
    )
    with bank.database.read() as session:
        return session.execute(statement).scalar_one()


def plans(bank, loan_id):
    statement = (
        sa.select(NotePlan.plan)
        .join(LoanNote, col(LoanNote.id) == col(NotePlan.note_id))
        .where(col(LoanNote.loan_id) == loan_id)
        .order_by(col(NotePlan.number))
    )
    with bank.database.read() as session:
        return session.execute(statement).scalars().all()


AT_DRAWDOWN = (DRAWN_ON, 40_000, date(2024, 2, 20), RateReason.DRAWDOWN)
IN_OCTOBER = (date(2024, 10, 1), 39_000, date(2024, 7, 22), RateReason.RESET)
IN_JANUARY = (date(2025, 1, 1), 36_500, date(2024, 10, 21), RateReason.RESET)


def test_the_rate_is_set_on_its_days_by_the_lpr_published_before_them(lpr):
    lpr.open(date(2024, 12, 30))
    paid = [Repaid(on=date(2024, 9, 21)), Repaid(on=date(2024, 12, 21))]
    loan_id = taken_over(lpr, *paid)
    assert rates(lpr, loan_id) == [AT_DRAWDOWN, IN_OCTOBER]
    lpr.close_until(date(2024, 12, 30), date(2024, 12, 31))
    assert rates(lpr, loan_id) == [AT_DRAWDOWN, IN_OCTOBER]
    before = lpr.view(loan_id).accrued_fen
    lpr.close_until(date(2025, 1, 1), date(2025, 1, 1))
    assert rates(lpr, loan_id) == [AT_DRAWDOWN, IN_OCTOBER, IN_JANUARY]
    # One day of 3,000,000.00 at 3.65 %, at which the day before was at 3.90 %.
    assert lpr.view(loan_id).accrued_fen - before == 304_17
    assert next_reset_on(lpr, loan_id) == date(2025, 4, 1)


@pytest.mark.parametrize("method", [Method.BULLET, Method.EQUAL_INSTALMENT])
def test_taken_over_late_it_comes_to_the_same_as_closed_daily(lpr, database, world, clock, method):
    terms = {
        "method": method,
        "every": "1m",
        "interest_style": InterestStyle.SCHEDULE,
        "pricing": Pricing(tenor=LprTenor.ONE_YEAR, bp=55, rule=ResetRule.ANNIVERSARY, lag_days=1),
        "starts_on": date(2023, 10, 22),
    }
    lpr.open(date(2024, 10, 19))
    daily = taken_over(lpr, **terms)
    lpr.close_until(date(2024, 10, 19), date(2024, 10, 24))
    other = Bank(database, world, clock, "B").open(date(2024, 10, 25))
    late = taken_over(other, **terms)
    assert [row[:2] for row in rates(lpr, daily)] == [
        (date(2023, 10, 22), 40_000),
        (date(2024, 10, 22), 36_500),
    ]
    assert rates(lpr, daily) == rates(lpr, late)
    assert lpr.view(daily).accrued_fen == lpr.view(late).accrued_fen
    assert plans(lpr, daily) == plans(lpr, late)


def test_equal_instalments_are_drawn_again_and_stay_level(lpr):
    lpr.open(date(2024, 10, 5))
    loan_id = taken_over(
        lpr,
        method=Method.EQUAL_INSTALMENT,
        every="1m",
        interest_style=InterestStyle.SCHEDULE,
        first_due_on=date(2024, 7, 20),
        matures_on=date(2025, 6, 20),
        day_count=DayCount.THIRTY_360,
    )
    with lpr.database.read() as session:
        rows = loan_schedule(session, lpr.actor, loan_id).instalments
    before = {row.payment_fen for row in rows if row.due_on < date(2024, 10, 1)}
    after = {row.payment_fen for row in rows[:-1] if row.due_on > date(2024, 10, 1)}
    assert len(before) == 1
    # The running period has days of both rates; its interest is rounded apart.
    assert max(after) - min(after) <= 1
    assert max(after) < min(before)
    assert sum(row.principal_fen for row in rows) == 3_000_000_00


def test_a_contract_needs_an_lpr_in_force(lpr):
    lpr.open(date(2024, 12, 30))
    with pytest.raises(NoLprInForce):
        sign(lpr, starts_on=date(2021, 12, 20), signed_on=date(2021, 12, 20))
    assert sign(lpr, starts_on=date(2021, 12, 21), signed_on=date(2021, 12, 21))


@pytest.mark.parametrize(
    ("bp", "possible"), [(-201, False), (-200, True), (1000, True), (1001, False)]
)
def test_the_spread_lies_in_the_range_of_the_bank(lpr, bp, possible):
    lpr.open(date(2024, 12, 30))
    pricing = Pricing(tenor=LprTenor.FIVE_YEARS, bp=bp, rule=ResetRule.JANUARY, lag_days=0)
    if possible:
        assert sign(lpr, pricing=pricing)
    else:
        with pytest.raises(InvalidInput) as refused:
            sign(lpr, pricing=pricing)
        assert refused.value.errors[0].pointer == "/lpr_bp"


@pytest.mark.parametrize(
    ("terms", "pointer"),
    [
        ({"rate_ppm": 40_000}, "/rate"),
        ({"pricing": Pricing(tenor=LprTenor.ONE_YEAR, bp=0, rule=ResetRule.JANUARY, lag_days=32)}, "/lpr_lag_days"),
        ({"misuse_ppm": 499_999}, "/misuse"),
        ({"misuse_ppm": 1_000_001}, "/misuse"),
        ({"penalty_ppm": 600_000}, "/penalty"),
    ],
)  # fmt: skip
def test_a_rate_both_fixed_and_floating_and_factors_out_of_range_are_refused(lpr, terms, pointer):
    lpr.open(date(2024, 12, 30))
    with pytest.raises(InvalidInput) as refused:
        sign(lpr, **terms)
    assert refused.value.errors[0].pointer == pointer


def test_a_close_without_lpr_leaves_the_loan_behind(lpr):
    lpr.open(date(2024, 9, 30))
    loan_id = taken_over(lpr)
    lpr.close(date(2024, 9, 30))
    lpr.sql("DELETE FROM price_point")
    view = lpr.close(date(2024, 10, 1))
    assert (view.done, view.failed) == (0, 1)
    assert "NoLprInForce" in view.errors[0].detail
    assert rates(lpr, loan_id) == [AT_DRAWDOWN]


CHANGED = {
    "UPDATE note_rate SET lpr_ppm = 30000 WHERE number = 2": "note-rate-lpr",
    "UPDATE note_rate SET from_on = '2024-10-02' WHERE number = 2": "note-rate-days",
    "UPDATE note_rate SET rate_ppm = 39100 WHERE number = 2": "note-rate",
    "UPDATE note_state SET next_reset_on = NULL": "note-rate-days",
}


@pytest.mark.one_engine("sqlite")
def test_a_changed_rate_is_named(lpr):
    lpr.open(date(2024, 12, 30))
    taken_over(lpr)
    for statement, invariant in CHANGED.items():
        assert invariant in lpr.broken_by(statement), statement


def test_each_row_says_which_days_balances_and_rates_made_its_interest(lpr):
    lpr.open(date(2024, 10, 5))
    loan_id = taken_over(lpr)
    with lpr.database.read() as session:
        rows = loan_schedule(session, lpr.actor, loan_id).instalments
    billed, running = rows[0], rows[1]
    assert [(part.days, part.rate_ppm) for part in billed.explained.parts] == [(82, 40_000)]
    assert [(part.days, part.rate_ppm) for part in running.explained.parts] == [
        (10, 40_000),
        (81, 39_000),
    ]
    for row in rows:
        exact = sum(part.base_fen * part.rate_ppm * part.days for part in row.explained.parts)
        assert row.interest_fen == round_half_up(exact, 360 * PPM)


def pay(bank, loan_id, amount_fen, value_on, **extra):
    with bank.database.write() as session:
        command = Repay(amount_fen=amount_fen, value_on=value_on, **extra)
        return repay(session, bank.actor, loan_id, command)


def test_a_payment_dated_back_after_a_reset_leaves_both_rates_in_the_period(lpr):
    """Set on 1 January, in the quarter from 21 December; both were paid 100.00 on the 3rd."""
    lpr.open(date(2024, 12, 30))
    bills = [Repaid(on=date(2024, 9, 21)), Repaid(on=date(2024, 12, 21))]
    known, late = (taken_over(lpr, *bills) for _ in range(2))
    lpr.close_until(date(2024, 12, 30), date(2025, 1, 2))
    pay(lpr, known, 100_00, date(2025, 1, 3))
    lpr.close_until(date(2025, 1, 3), date(2025, 1, 4))
    pay(lpr, late, 100_00, date(2025, 1, 3))
    assert lpr.view(late).accrued_fen == lpr.view(known).accrued_fen
    for day in (date(2025, 1, 5), date(2025, 1, 6)):
        before = lpr.view(late).accrued_fen
        lpr.close(day)
        assert lpr.view(late).accrued_fen == lpr.view(known).accrued_fen
        # A day of 3,000,000.00 at 3.65 %.
        assert lpr.view(late).accrued_fen - before in (304_16, 304_17)


def test_a_period_of_two_rates_is_not_quiet_whatever_its_balances(lpr):
    lpr.open(date(2024, 12, 31))
    loan_id = taken_over(lpr, Repaid(on=date(2024, 9, 21)), Repaid(on=date(2024, 12, 21)))
    assert quiet_on(lpr, loan_id, date(2024, 12, 31))
    lpr.close_until(date(2024, 12, 31), date(2025, 1, 1))
    lpr.sql("UPDATE note_state SET steps = NULL")
    assert not quiet_on(lpr, loan_id, date(2025, 1, 2))


def quiet_on(bank, loan_id, day):
    with bank.database.write() as session:
        found = close_quiet(session, [loan_id], day, booked_on=day)
        session.rollback()
    return loan_id not in found.left


def test_a_quote_counts_to_the_day_of_a_new_rate_and_not_over_it(lpr):
    """The rate of 1 January is set by the close of that day: its figures are still the old ones."""
    lpr.open(date(2024, 12, 30))
    loan_id = taken_over(lpr, Repaid(on=date(2024, 9, 21)), Repaid(on=date(2024, 12, 21)))
    over = QuoteEarly(kind=QuoteKind.PAYOFF, valid_until=date(2025, 1, 2))
    with lpr.database.write() as session, pytest.raises(InvalidInput):
        quote_early(session, lpr.actor, loan_id, over)
    with lpr.database.write() as session:
        quote = quote_early(session, lpr.actor, loan_id, QuoteEarly(kind=QuoteKind.PAYOFF))
    assert quote.valid_until == date(2025, 1, 1)
    lpr.close_until(date(2024, 12, 30), date(2024, 12, 31))
    with lpr.database.write() as session:
        done = carry_out(session, lpr.actor, loan_id, CarryOut(quote_id=quote.id))
    assert done.amount_fen == quote.days[-1].total_fen
