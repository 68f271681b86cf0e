"""Rate and due days from the investigation and the contract to the loan and its notes."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.kernel.errors import InvalidInput
from app.kernel.schedule_dates import MonthEnd
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.terms import DayRoll, Method
from app.loans.models import Loan, LoanNote
from app.loans.rates.models import LoanRateChange
from app.loans.services import close_day
from app.market.services import DATA, AddSeries, add_series, load_point_file
from app.origination.domain.changes import ChangeKind
from app.origination.invariants import violations
from app.origination.models import Application
from app.origination.refusals import ChecksNotMet
from app.origination.services import choices, contract
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    propose_change,
)
from tests.factories.world import TODAY

FLOATING = {
    "rate_ppm": None,
    "lpr_tenor": LprTenor.ONE_YEAR,
    "lpr_bp": 100,
    "reset_rule": ResetRule.JANUARY,
}


@pytest.fixture
def lpr(lending, session, world):
    for code in ("LPR-1Y", "LPR-5Y"):
        series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
        add_series(session, world.system("A"), series)
    load_point_file(session, world.system("A"), DATA / "lpr.csv")


@pytest.mark.usefixtures("lpr")
def test_a_floating_rate_goes_from_the_investigation_to_the_note(lending, session, commit):
    posted = lending.drawn(lending.main_pool(), signed=FLOATING)
    commit()
    loan = session.get_one(Loan, posted.loan_id)
    assert (loan.lpr_tenor, loan.lpr_bp, loan.reset_rule) == ("1y", 100, "january")
    # The LPR of 21 August 2023 is the last before the day of the contract, less one day.
    assert (loan.lpr_lag_days, loan.rate_ppm) == (1, 44_500)
    assert session.get_one(LoanNote, posted.note_id).rate_ppm == 44_500
    assert list(violations(session)) == []


@pytest.mark.usefixtures("lpr")
def test_a_changed_rate_agrees_with_the_file_by_its_decided_change(
    lending, session, commit, database, world
):
    """Past five years the LPR over five years counts: lawful, and found again where no change decided it."""
    posted = lending.drawn(lending.main_pool(), signed=FLOATING)
    commit()
    close_day(database, world.system("A"), lending.bank_id, TODAY)
    later = date(2031, 1, 2)
    command = ProposeChange(
        kind=ChangeKind.RESTRUCTURING,
        reason="销售回款延后",
        matures_on=later,
        financial_difficulty=True,
        consent="示例同意书",
        registered_until=later,
    )
    made = propose_change(session, lending.staff("officer"), posted.loan_id, command)
    decided = DecideChange(note="同意")
    approve_change(session, lending.staff("approve"), made.id, decided)
    carry_out_change(session, lending.staff("officer"), made.id, CarryOut())
    commit()
    session.expire_all()
    assert session.get_one(Loan, posted.loan_id).lpr_tenor is LprTenor.FIVE_YEARS
    assert list(violations(session)) == []
    session.execute(sa.update(LoanRateChange).values(change_number="T-2024-999999"))
    assert "lpr_tenor" in next(iter(violations(session))).detail


def test_surcharges_and_grace_are_copied_from_product_and_investigation(lending, session):
    signed = {"method": Method.EQUAL_PRINCIPAL, "grace_principal": 2}
    view = lending.contracted(lending.main_pool(), signed=signed)
    loan = session.get_one(Loan, view.loan_id)
    assert (loan.penalty_ppm, loan.misuse_ppm, loan.grace_principal) == (500_000, 1_000_000, 2)


def test_interest_settled_by_quarters_may_roll_over_closed_days(lending, session):
    view = lending.approved(lending.main_pool())
    command = contract.SignContract(roll=DayRoll.NEXT, month_end=MonthEnd.ROLL)
    signed = contract.contract(session, lending.staff("officer"), view.id, command)
    loan = session.get_one(Loan, signed.loan_id)
    assert (loan.roll, loan.month_end) == (DayRoll.NEXT, MonthEnd.ROLL)
    # 21 September 2024 is a Saturday of an ordinary weekend.
    assert ["2024-09-21", "2024-09-23"] in loan.moved_days


@pytest.mark.usefixtures("lpr")
def test_a_rate_that_is_not_one_kind_is_refused(lending):
    view = lending.accepted(lending.main_pool())
    none = {"rate_ppm": None}
    for given, pointer in (
        ({**FLOATING, "rate_ppm": 44_500}, "/lpr_tenor"),
        ({"lpr_bp": 10}, "/lpr_bp"),
        ({"lpr_bp": 0}, "/lpr_bp"),
        ({"reset_rule": ResetRule.JANUARY}, "/reset_rule"),
        (none, "/rate"),
        ({**none, "lpr_bp": 10}, "/lpr_tenor"),
        ({**FLOATING, "lpr_bp": None}, "/lpr_bp"),
        ({**FLOATING, "reset_rule": None}, "/reset_rule"),
        ({**FLOATING, "lpr_bp": 1_001}, "/lpr_bp"),
    ):
        with pytest.raises(InvalidInput) as refused:
            lending.sign(view.id, **given)
        assert refused.value.errors[0].pointer == pointer, given
        assert refused.value.errors[0].detail.startswith("A rate is needed") is (given == none)


def test_a_first_due_day_is_the_contract_s(lending, session):
    view = lending.approved(lending.main_pool(), signed={"method": Method.EQUAL_PRINCIPAL})
    command = contract.SignContract(first_due_on=date(2024, 5, 21))
    done = contract.contract(session, lending.staff("officer"), view.id, command)
    assert session.get_one(Loan, done.loan_id).first_due_on == date(2024, 5, 21)


def test_a_chapter_of_the_catalogue_is_no_green_item(lending):
    """Chapter 4 of the edition of 2019 has items below it: one of them is named."""
    view = lending.accepted(lending.main_pool())
    row = lending.session.get_one(Application, view.id)
    offered = [
        code for code, _words in choices.leaves(lending.session, row, "en")["catalogue_code"]
    ]
    assert "4.1" in offered
    assert "4" not in offered
    with pytest.raises(ChecksNotMet) as refused:
        lending.sign(view.id, catalogue_code="4")
    assert refused.value.facts["codes"] == ["green-leaf-known"]
    lending.sign(view.id, catalogue_code="4.1")
