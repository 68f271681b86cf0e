"""The watch: it fails closed, opens a case by rule and only one, cures to the target, and says nothing twice."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import col

from app.assets.domain import AssetKind
from app.collateral.domain.states import CallEvent, CallState, Level
from app.collateral.models import LoanCover, LtvObservation, MarginCall
from app.collateral.services.calls import (
    CloseCall,
    IssueNotice,
    ReviewCall,
    ServeNotice,
    close_call,
    issue_call,
    review_call,
    serve_call,
)
from app.collateral.services.pledging import add_collateral, release_pledge
from app.collateral.services.watch import watch_loan
from app.kernel.ids import new_id
from app.loans.domain.states import LtvBasis, Security
from tests.factories.collateral import WAN
from tests.factories.world import TODAY


def cover(session, loan_id):
    return session.get(LoanCover, loan_id, populate_existing=True)


def cases(session, loan_id):
    statement = sa.select(MarginCall).where(col(MarginCall.loan_id) == loan_id)
    return list(session.execute(statement.order_by(col(MarginCall.number))).scalars())


# --- Lines ---


@pytest.mark.parametrize(
    ("principal_fen", "level", "opens"),
    [
        (60 * WAN, Level.NORMAL, 0),
        (60 * WAN + 1, Level.WARNING, 0),
        (70 * WAN, Level.WARNING, 0),
        (70 * WAN + 1, Level.TOP_UP, 1),
        (80 * WAN, Level.TOP_UP, 1),
        (80 * WAN + 1, Level.DISPOSAL, 1),
    ],
)
def test_a_line_is_crossed_by_one_fen_above_it(vault, session, principal_fen, level, opens):
    loan_id, _ = vault.at_line(principal_fen, 100 * WAN)
    assert vault.watch().cases_opened == opens
    assert cover(session, loan_id).level is level
    assert [case.level for case in cases(session, loan_id)] == [level] * opens


@pytest.mark.parametrize(("basis", "opens"), [(LtvBasis.PRINCIPAL, 0), (LtvBasis.EXPOSURE, 1)])
def test_the_contract_says_which_figure_moves_its_lines(vault, session, basis, opens):
    loan_id, _ = vault.at_line(70 * WAN, 100 * WAN, ltv_basis=basis)
    vault.owe(loan_id, 70 * WAN, accrued_fen=1)
    assert vault.watch().cases_opened == opens
    row = cover(session, loan_id)
    assert (row.ltv_ppm, row.risk_ltv_ppm) == (700_000, 700_001)


def test_a_price_fall_of_a_small_part_crosses_no_line(vault, session):
    forest = vault.asset(560 * WAN, AssetKind.FOREST_RIGHT)
    carbon = vault.asset(88 * WAN, AssetKind.CARBON_SINK_INCOME)
    lines = (vault.line(forest, 280 * WAN), vault.line(carbon, 26_400_000))
    loan_id = vault.drawn(300 * WAN, *lines)
    vault.watch()
    assert cover(session, loan_id).ltv_ppm == 462_963
    vault.revalue(carbon, 54_560_000)
    vault.watch()
    row = cover(session, loan_id)
    assert (row.ltv_ppm, row.level) == (488_155, Level.NORMAL)


# --- Fail closed ---


def test_one_asset_without_value_makes_the_pool_unpriced_and_opens_a_case(vault, session):
    good, gone = vault.asset(100 * WAN), vault.asset(100 * WAN)
    loan_id = vault.drawn(10 * WAN, vault.line(good, 50 * WAN), vault.line(gone, 50 * WAN))
    vault.watch()
    assert cover(session, loan_id).level is Level.NORMAL
    vault.revalue(gone, None)
    assert vault.watch().cases_opened == 1
    row = cover(session, loan_id)
    assert (row.level, row.ltv_ppm, row.recognised_fen) == (Level.UNPRICED, None, None)
    (case,) = cases(session, loan_id)
    assert (case.recognised_fen, case.ratio_ppm, case.repay_fen) == (None, None, 10 * WAN)


def test_the_appraisal_that_expires_unprices_its_loan_also_when_a_repayment_looks_first(
    vault, session
):
    asset_id = vault.asset(100 * WAN, valid_until=TODAY)
    loan_id = vault.drawn(50 * WAN, vault.line(asset_id, 100 * WAN))
    vault.watch()
    vault.move_business_day(date(2024, 1, 3))
    vault.owe(loan_id, 40 * WAN)
    watch_loan(session, vault.world.system("A"), loan_id)
    assert cover(session, loan_id).level is Level.UNPRICED
    assert len(cases(session, loan_id)) == 1


def test_an_unregistered_addition_counts_for_nothing(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    line = vault.line(vault.asset(100 * WAN), 100 * WAN)
    pledge = add_collateral(session, vault.staff("officer"), loan_id, line)
    assert vault.watch(everything=True).cases_cured == 0
    assert cover(session, loan_id).recognised_fen == 100 * WAN
    vault.register(pledge)
    assert vault.watch().cases_cured == 1
    assert cover(session, loan_id).recognised_fen == 200 * WAN


def test_a_credit_loan_is_not_watched(vault, session):
    loan_id = vault.loan(50 * WAN, security=Security.CREDIT)
    vault.pledge(loan_id)
    vault.owe(loan_id, 50 * WAN)
    assert vault.watch(everything=True).loans_measured == 0
    assert cover(session, loan_id) is None


# --- Guarantees by rule ---


def gep_loan(vault, *, lendable_wan, guaranteed_fen):
    """150 lent on an ecological income right; its ratio of 71.43 % alone reads top-up."""
    asset_id = vault.asset(210 * WAN, AssetKind.GEP_INCOME)
    line = vault.line(asset_id, lendable_wan * WAN)
    loan_id = vault.loan(150 * WAN, security=Security.CREDIT)
    (pledge,) = vault.pledge(loan_id, line, guaranteed_fen=guaranteed_fen)
    vault.register(pledge)
    vault.owe(loan_id, 150 * WAN)
    return loan_id


@pytest.mark.parametrize(
    ("guaranteed_fen", "opens"), [(120 * WAN, 0), (87 * WAN, 0), (87 * WAN - 1, 1)]
)
def test_lendable_value_and_guarantee_that_reach_the_debt_open_no_case(
    vault, session, guaranteed_fen, opens
):
    loan_id = gep_loan(vault, lendable_wan=63, guaranteed_fen=guaranteed_fen)
    assert vault.watch().cases_opened == opens
    row = cover(session, loan_id)
    assert (row.level, row.ltv_ppm, row.lendable_fen) == (Level.TOP_UP, 714_286, 63 * WAN)
    assert row.guaranteed_fen == guaranteed_fen


@pytest.mark.parametrize(("guaranteed_fen", "opens"), [(150 * WAN, 0), (150 * WAN - 1, 1)])
def test_a_gep_loan_without_lendable_value_stands_on_its_guarantee(
    vault, session, guaranteed_fen, opens
):
    asset_id = vault.asset(540 * WAN, AssetKind.GEP_INCOME, recognised_fen=0)
    loan_id = vault.loan(150 * WAN, security=Security.CREDIT)
    line = vault.line(asset_id, 150 * WAN)
    (pledge,) = vault.pledge(loan_id, line, guaranteed_fen=guaranteed_fen)
    vault.register(pledge)
    vault.owe(loan_id, 150 * WAN)
    assert vault.watch().cases_opened == opens
    row = cover(session, loan_id)
    assert (row.lendable_fen, row.ltv_ppm, row.level) == (0, None, Level.UNPRICED)


# --- One case a breach ---


def test_the_watch_opens_one_case_and_says_nothing_twice(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    first = vault.watch()
    assert (first.assets_lowered, first.loans_measured, first.cases_opened) == (1, 1, 1)
    for _round in range(2):
        again = vault.watch(everything=True)
        assert (again.assets_lowered, again.cases_opened, again.cases_cured) == (0, 0, 0)
    assert vault.watch().loans_measured == 0
    seen = sa.select(sa.func.count()).select_from(LtvObservation)
    assert session.execute(seen).scalar_one() == 1
    assert len(cases(session, loan_id)) == 1


def test_the_database_itself_refuses_a_second_open_case(vault, session, commit):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    (case,) = cases(session, loan_id)
    commit()
    copy = {name: getattr(case, name) for name in MarginCall.model_fields}
    session.add(MarginCall(**{**copy, "id": new_id(), "number": "M-2024-999999"}))
    with pytest.raises(IntegrityError):
        session.flush()
    session.rollback()


def test_until_the_notice_the_case_speaks_of_today(vault, session):
    loan_id, asset_id = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    (case,) = cases(session, loan_id)
    assert (case.level, case.repay_fen) == (Level.TOP_UP, 15 * WAN)
    review_call(session, vault.staff("risk"), case.id, ReviewCall(note="属实"))
    vault.move_business_day(date(2024, 1, 4))
    vault.revalue(asset_id, 90 * WAN)
    vault.watch()
    assert (case.level, case.repay_fen, case.line_ppm) == (Level.DISPOSAL, 21 * WAN, 800_000)
    assert (case.opened_on, case.measured_on) == (TODAY, date(2024, 1, 4))


def test_it_is_cured_at_the_target_and_not_at_the_line(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    for principal_fen in (70 * WAN, 60 * WAN + 1):
        vault.owe(loan_id, principal_fen)
        assert vault.watch().cases_cured == 0
    vault.owe(loan_id, 60 * WAN)
    assert vault.watch().cases_cured == 1
    (case,) = cases(session, loan_id)
    assert (case.state, case.closed_on) == (CallState.CURED, TODAY)


def test_a_new_breach_after_a_cure_is_a_new_case(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    vault.owe(loan_id, 60 * WAN)
    vault.watch()
    vault.owe(loan_id, 75 * WAN)
    assert vault.watch().cases_opened == 1
    assert [case.state for case in cases(session, loan_id)] == [CallState.CURED, CallState.OPEN]


def dismissed(vault, session, loan_id):
    vault.watch()
    case = cases(session, loan_id)[-1]
    command = CloseCall(note="估值更正中")
    close_call(session, vault.staff("risk"), case.id, CallEvent.DISMISS, command)


def test_a_dismissed_breach_stays_dismissed_while_it_lasts(vault, session):
    loan_id, asset_id = vault.at_line(75 * WAN, 100 * WAN)
    dismissed(vault, session, loan_id)
    assert vault.watch(everything=True).cases_opened == 0
    vault.revalue(asset_id, 99 * WAN)
    assert vault.watch().cases_opened == 0
    vault.revalue(asset_id, 93 * WAN)
    assert vault.watch().cases_opened == 1, "the disposal line is another breach"


def test_a_dismissed_breach_that_healed_and_came_back_is_a_new_case(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    dismissed(vault, session, loan_id)
    vault.owe(loan_id, 70 * WAN)
    assert vault.watch().cases_opened == 0
    vault.owe(loan_id, 70 * WAN + 1)
    assert vault.watch().cases_opened == 1


def test_after_default_no_further_case_opens_until_the_breach_heals(vault, session):
    loan_id, asset_id = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    (case,) = cases(session, loan_id)
    review_call(session, vault.staff("risk"), case.id, ReviewCall(note="属实"))
    issue_call(session, vault.staff("approve"), case.id, IssueNotice())
    served = ServeNotice(served_on=TODAY, served_to="曹晚晴", method="当面签收")
    serve_call(session, vault.staff("officer"), case.id, served)
    vault.move_business_day(date(2024, 2, 1))
    command = CloseCall(note="逾期未补足")
    close_call(session, vault.staff("approve"), case.id, CallEvent.DEFAULT, command)
    vault.revalue(asset_id, 80 * WAN)
    assert vault.watch(everything=True).cases_opened == 0
    vault.owe(loan_id, 48 * WAN)
    vault.watch()
    vault.owe(loan_id, 70 * WAN)
    assert vault.watch().cases_opened == 1


def test_a_settled_loan_cures_its_case_and_gives_its_security_back(vault, session):
    loan_id, _ = vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    vault.owe(loan_id, 0)
    assert vault.watch().cases_cured == 1
    (pledge,) = vault.pledges_of(loan_id)
    release_pledge(session, vault.staff("approve"), pledge.id, "结清")
    assert vault.watch(everything=True).loans_measured == 0


def test_looking_again_costs_the_same_for_few_loans_and_for_many(vault, queries, commit):
    def statements(count):
        for _each in range(count):
            vault.at_line(50 * WAN, 100 * WAN)
        vault.watch()
        commit()
        vault.session.expunge_all()
        with queries() as seen:
            vault.watch(everything=True)
        return len([each for each in seen if each.startswith("SELECT")])

    assert statements(2) == statements(6)
