"""Rates that a change of terms sets anew: an extension past five years, a restructuring; both engines."""

from dataclasses import replace
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.kernel.errors import InvalidInput
from app.kernel.money import round_half_up
from app.kernel.rates import PPM
from app.loans.domain.repricing import LprTenor, Pricing, RateReason, ResetRule
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method
from app.loans.models import LoanNote, NotePlan, NoteStateRow
from app.loans.rates.models import LoanRateChange, NoteRate
from app.loans.rates.refusals import RateSetToday
from app.loans.schedules import loan_schedule
from app.loans.services import Drawn, PostDrawdown, Repay, repay
from app.market.services import DATA, AddSeries, add_series, load_point_file
from app.origination.domain.changes import ChangeKind
from app.origination.invariants import violations
from app.origination.refusals import ChangeRefused
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    propose_change,
)
from tests.support.bank import Bank, broken

DAY = date(2024, 11, 1)
STARTS_ON = date(2022, 3, 1)
"""Long before; with the present maturity the whole term is 60 months."""
END = date(2027, 3, 1)
LATER = date(2027, 4, 1)
FLOATING = Pricing(tenor=LprTenor.ONE_YEAR, bp=55, rule=ResetRule.JANUARY, lag_days=1)


@pytest.fixture
def bank(database, world, clock, request):
    made = Bank(database, world, clock).open(getattr(request, "param", DAY))
    with database.write() as session:
        for code in ("LPR-1Y", "LPR-5Y"):
            series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
            add_series(session, world.system("A"), series)
        load_point_file(session, world.system("A"), DATA / "lpr.csv")
    yield made
    if not made.tampered:
        with database.read() as session:
            assert [*broken(database), *violations(session)] == []


NEAR_NEW_YEAR = date(2024, 12, 28)
before_the_reset = pytest.mark.parametrize("bank", [NEAR_NEW_YEAR], indirect=True, ids=["late"])
"""The bank opens a few days before the rates of January are set."""


def lent(bank, drawn_on=date(2024, 10, 21), **terms):
    """Drawn not long ago under a contract that began long before."""
    given = {"starts_on": STARTS_ON, "matures_on": END}
    made = bank.sign(**{**given, **terms})
    drawn = PostDrawdown(loan_id=made, amount_fen=3_000_000_00)
    bank.take_over(made, Drawn(on=drawn_on, command=drawn))
    return made


def act(bank, service, login, *args):
    with bank.database.write() as session:
        return service(session, bank.world.actor(login), *args)


def propose(bank, loan_id, kind=ChangeKind.EXTENSION, **terms):
    command = ProposeChange(kind=kind, reason="销售回款延后", **terms)
    return act(bank, propose_change, "a-officer", loan_id, command)


def carried_out(bank, loan_id, kind=ChangeKind.EXTENSION, **terms):
    made = propose(bank, loan_id, kind, **terms)
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    return act(bank, carry_out_change, "a-officer", made.id, CarryOut())


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


def one(bank, model, **given):
    with bank.database.read() as session:
        return session.execute(sa.select(model).filter_by(**given)).scalar_one()


def test_a_fixed_loan_extended_past_five_years_needs_a_rate_not_below_todays(bank):
    loan_id = lent(bank)
    with pytest.raises(ChangeRefused) as refused:
        propose(bank, loan_id, matures_on=LATER)
    assert refused.value.facts["codes"] == ["rate-of-cumulative-tenor"]
    (error,) = refused.value.errors
    assert (error.pointer, error.facts["present"]) == ("/rate", "4.45 %")
    with pytest.raises(ChangeRefused) as lower:
        propose(bank, loan_id, matures_on=LATER, rate_ppm=44_499)
    assert lower.value.facts["codes"] == ["rate-not-lower"]
    done = carried_out(bank, loan_id, matures_on=LATER, rate_ppm=48_000)
    found = {check.code: check for check in done.checks}["rate-of-cumulative-tenor"]
    assert (found.outcome, found.facts["made"], found.facts["months"]) == ("met", "4.8 %", 60)
    assert rates(bank, loan_id) == [
        (date(2024, 10, 21), 44_500, None, RateReason.DRAWDOWN),
        (DAY, 48_000, None, RateReason.CHANGE),
    ]


def test_a_fixed_period_of_two_rates_earns_each_for_its_days(bank):
    """11 days of October at 4.45 %, then 4.80 %: the close of 20 December bills them together."""
    loan_id = lent(bank)
    carried_out(bank, loan_id, matures_on=LATER, rate_ppm=48_000)
    bank.close_until(DAY, date(2024, 11, 12))
    state = one(bank, NoteStateRow, loan_id=loan_id)
    days = 11 * 44_500 + 12 * 48_000
    assert state.interest_fen == round_half_up(3_000_000_00 * days, PPM * 360)


@pytest.mark.deep_on("postgres")
@before_the_reset
def test_a_floating_loan_takes_the_lpr_of_the_whole_tenor(bank):
    """LPR of one year of 2024-10-21 3.10 % + 55 bp; over five years 3.60 % + 55 bp = 4.15 %."""
    loan_id = lent(bank, date(2024, 12, 23), rate_ppm=0, pricing=FLOATING)
    before = rates(bank, loan_id)
    made = propose(bank, loan_id, matures_on=LATER)
    words = {check.code: check.facts for check in made.checks}["rate-of-cumulative-tenor"]["made"]
    assert words == "LPR-5Y 3.6 % + 55 bp = 4.15 %"
    act(bank, approve_change, "a-approve", made.id, DecideChange(note="同意"))
    act(bank, carry_out_change, "a-officer", made.id, CarryOut())
    assert rates(bank, loan_id) == [
        *before,
        (NEAR_NEW_YEAR, 41_500, date(2024, 10, 21), RateReason.CHANGE),
    ]
    change = one(bank, LoanRateChange, loan_id=loan_id)
    assert (change.before_lpr_tenor, change.lpr_tenor) == ("1y", "5y")
    bank.close_until(NEAR_NEW_YEAR, date(2025, 1, 2))
    reset = rates(bank, loan_id)[-1]
    assert (reset[0], reset[1], reset[3]) == (date(2025, 1, 1), 41_500, RateReason.RESET)


def test_at_sixty_months_in_all_the_rate_stays(bank):
    loan_id = lent(bank, rate_ppm=0, pricing=FLOATING, matures_on=date(2026, 3, 1))
    carried_out(bank, loan_id, matures_on=END)
    assert len(rates(bank, loan_id)) == 1


def test_a_spread_that_lowers_the_rate_of_an_extension_is_refused(bank):
    loan_id = lent(bank, rate_ppm=0, pricing=FLOATING)
    present = rates(bank, loan_id)[0][1]
    least = (present - 36_000) // 100
    with pytest.raises(ChangeRefused) as refused:
        propose(bank, loan_id, matures_on=LATER, lpr_bp=least - 1)
    (error,) = refused.value.errors
    assert (error.pointer, refused.value.facts["codes"]) == ("/lpr_bp", ["rate-not-lower"])
    propose(bank, loan_id, matures_on=LATER, lpr_bp=least)


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("terms", "given", "pointer"),
    [
        ({}, {"lpr_bp": 60}, "/lpr_bp"),
        ({"rate_ppm": 0, "pricing": FLOATING}, {"rate_ppm": 48_000}, "/rate"),
        ({"rate_ppm": 0, "pricing": FLOATING}, {"lpr_bp": 9_999}, "/lpr_bp"),
    ],
)
def test_a_rate_of_the_other_kind_or_out_of_the_range_is_refused(bank, terms, given, pointer):
    loan_id = lent(bank, **terms)
    with pytest.raises(InvalidInput) as refused:
        propose(bank, loan_id, matures_on=LATER, **given)
    assert refused.value.errors[0].pointer == pointer


def eased(bank, loan_id, **terms):
    return carried_out(bank, loan_id, ChangeKind.RESTRUCTURING, financial_difficulty=True, **terms)


def test_a_restructuring_lowers_the_rate_and_draws_level_instalments_again(bank):
    loan_id = lent(
        bank, method=Method.EQUAL_INSTALMENT, every="1m", interest_style=InterestStyle.SCHEDULE
    )
    before = instalments(bank, loan_id)
    eased(bank, loan_id, rate_ppm=20_000)
    after = instalments(bank, loan_id)
    assert [row.due_on for row in after] == [row.due_on for row in before]
    assert sum(row.principal_fen for row in after) == 3_000_000_00
    whole = {row.principal_fen + row.interest_fen for row in after[1:-1]}
    assert max(whole) - min(whole) <= 1
    assert max(whole) < before[1].principal_fen + before[1].interest_fen
    bank.close_until(DAY, date(2024, 12, 2))


def instalments(bank, loan_id):
    with bank.database.read() as session:
        return loan_schedule(session, bank.actor, loan_id).instalments


@pytest.mark.deep_on("postgres")
@before_the_reset
def test_a_restructuring_lowers_the_basis_points_of_a_floating_rate(bank):
    """3.10 % - 10 bp from the day on; the reset of January keeps the new basis points."""
    loan_id = lent(bank, date(2024, 12, 23), rate_ppm=0, pricing=FLOATING)
    done = eased(bank, loan_id, lpr_bp=-10)
    assert done.lpr_bp == -10
    bank.close_until(NEAR_NEW_YEAR, date(2025, 1, 1))
    assert [row[1] for row in rates(bank, loan_id)[1:]] == [30_000, 30_000]


def test_the_rate_is_set_once_a_day(bank):
    loan_id = lent(bank)
    eased(bank, loan_id, rate_ppm=20_000)
    again = propose(
        bank, loan_id, ChangeKind.RESTRUCTURING, financial_difficulty=True, rate_ppm=10_000
    )
    act(bank, approve_change, "a-approve", again.id, DecideChange(note="同意"))
    with pytest.raises(RateSetToday):
        act(bank, carry_out_change, "a-officer", again.id, CarryOut())
    bank.close(DAY)
    bank.set_clock(date(2024, 11, 2))
    act(bank, carry_out_change, "a-officer", again.id, CarryOut())
    assert [row[1] for row in rates(bank, loan_id)] == [44_500, 20_000, 10_000]


def test_money_is_not_dated_before_a_change_of_the_rate(bank):
    loan_id = lent(bank)
    eased(bank, loan_id, rate_ppm=20_000)
    plan = one_last_plan(bank, loan_id)
    assert (plan.from_on, plan.number) == (DAY, 2)
    bank.close_until(DAY, date(2024, 11, 4))
    command = Repay(amount_fen=1_000_000_00, value_on=DAY, prepay=True)
    act(bank, repay, "a-ops", loan_id, command)
    bank.close(date(2024, 11, 5))


def one_last_plan(bank, loan_id):
    with bank.database.read() as session:
        own = sa.select(col(LoanNote.id)).where(col(LoanNote.loan_id) == loan_id)
        statement = sa.select(NotePlan).where(col(NotePlan.note_id).in_(own))
        return session.execute(statement.order_by(col(NotePlan.number).desc())).scalars().first()


@pytest.mark.deep_on("postgres")
def test_money_dated_before_the_change_counts_as_if_known(bank):
    """The loan that paid the day before, and the one whose payment came to light the day after."""
    in_time, late = lent(bank), lent(bank)
    bank.close_until(DAY, date(2024, 11, 3))
    paid = Repay(amount_fen=1_000_000_00, prepay=True)
    act(bank, repay, "a-ops", in_time, paid)
    bank.close(date(2024, 11, 4))
    for each in (in_time, late):
        carried_out(bank, each, matures_on=LATER, rate_ppm=48_000)
    bank.close(date(2024, 11, 5))
    act(bank, repay, "a-ops", late, replace(paid, value_on=date(2024, 11, 4)))
    dated = [
        [(row.due_on, row.principal_fen, row.interest_fen) for row in instalments(bank, each)]
        for each in (late, in_time)
    ]
    assert dated[0] == dated[1]
    states = [one(bank, NoteStateRow, loan_id=each) for each in (late, in_time)]
    assert len({(each.unbilled_fen, each.interest_fen) for each in states}) == 1
    bank.close(date(2024, 11, 6))


CHANGED = {
    "UPDATE loan SET rate_ppm = 10000": "loan-rate-change",
    "UPDATE loan SET repriced = 0": "loan-rate-change",
    "UPDATE loan_change SET rate_ppm = 10000": "loan-change",
    "DELETE FROM loan_rate_change": "loan-rate-change",
    "UPDATE loan_rate_change SET from_on = '2024-10-30'": "note-rate-change",
    "UPDATE note_rate SET rate_ppm = 10000 WHERE reason = 'change'": "note-rate-change",
}


@pytest.mark.one_engine("sqlite")
def test_a_rate_changed_past_the_service_is_found(bank):
    loan_id = lent(bank)
    eased(bank, loan_id, rate_ppm=20_000)
    for statement, invariant in CHANGED.items():
        assert invariant in bank.broken_by(statement, violations), statement
