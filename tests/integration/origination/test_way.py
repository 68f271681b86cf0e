"""A file from draft to money: the figures of the main path, and what each step keeps."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.domain import AssetKind
from app.collateral.models import AssetLien, Guarantee, Pledge
from app.loans.domain.states import InterestStyle, LoanState, LtvBasis, Security
from app.loans.models import Loan, LoanNote, LoanStateRow
from app.origination.domain.states import ApplicationEvent, ApplicationState, DrawdownState
from app.origination.invariants import violations
from app.origination.models import ApplicationAct
from app.origination.services.drafts import what_if
from app.origination.services.pool import OfferedAsset, OfferedGuarantee, PreviewPool, stored_pool
from app.origination.services.views import get_application, load_application
from tests.factories.lending import LOAN_FEN


def test_the_main_path_leads_to_a_drawn_loan(lending, session, world, commit) -> None:
    posted = lending.drawn(lending.main_pool())
    commit()
    assert posted.state is DrawdownState.POSTED
    loan = session.get_one(Loan, posted.loan_id)
    note = session.get_one(LoanNote, posted.note_id)
    assert (note.amount_fen, note.drawn_on, note.matures_on) == (
        LOAN_FEN,
        date(2024, 1, 2),
        date(2027, 1, 1),
    )
    assert loan.state is LoanState.PERFORMING
    assert session.get_one(LoanStateRow, loan.id).principal_fen == LOAN_FEN
    assert list(violations(session)) == []


def test_the_contract_copies_every_term(lending, session) -> None:
    view = lending.contracted(lending.main_pool(), conditions="办妥保险")
    loan = session.get_one(Loan, view.loan_id)
    assert (loan.rate_ppm, loan.penalty_ppm, loan.every) == (44_500, 500_000, "3m")
    assert loan.interest_style is InterestStyle.QUARTERLY
    assert loan.security is Security.MIXED
    assert loan.ltv_basis is LtvBasis.EXPOSURE
    assert (loan.warning_ppm, loan.top_up_ppm, loan.disposal_ppm) == (600_000, 700_000, 800_000)
    assert (loan.cure_ppm, loan.cure_days) == (600_000, 10)
    assert (loan.green, loan.catalogue_edition, loan.catalogue_code) == (True, "2019", "4.1")
    assert (loan.region_code, loan.title) == ("620725", "林权+碳汇预期收益权贷款")
    assert (loan.application_id, loan.starts_on, loan.signed_on) == (
        view.id,
        date(2024, 1, 2),
        date(2024, 1, 2),
    )


def test_every_step_leaves_one_act_and_the_state_is_the_last(lending, session, world) -> None:
    view = lending.contracted(lending.main_pool())
    statement = sa.select(ApplicationAct).order_by(col(ApplicationAct.seq))
    acts = session.execute(statement).scalars().all()
    assert [act.event for act in acts] == [
        ApplicationEvent.SUBMIT,
        ApplicationEvent.ACCEPT,
        ApplicationEvent.SIGN,
        ApplicationEvent.COUNTERSIGN,
        ApplicationEvent.PASS,
        ApplicationEvent.APPROVE,
        ApplicationEvent.CONTRACT,
    ]
    assert acts[-1].after is view.state is ApplicationState.CONTRACTED
    assert [act.person_id for act in acts[1:6]] == [
        world.person(f"a-{duty}") for duty in ("officer", "officer", "co", "review", "approve")
    ]


def test_the_pool_lends_3_064_000_at_46_30_percent(lending, session) -> None:
    view = lending.accepted(lending.main_pool())
    row = load_application(session, lending.staff("officer"), view.id)
    preview = stored_pool(session, row)
    assert [value.lendable_fen for value in preview.values] == [2_800_000_00, 264_000_00]
    assert preview.totals.lendable_fen == 3_064_000_00
    assert preview.totals.recognised_fen == 6_480_000_00
    assert preview.totals.limit_fen == LOAN_FEN
    assert f"{preview.totals.ltv_ppm / 10_000:.2f}" == "46.30"
    assert preview.totals.gap_fen == 0


def test_a_what_if_shows_both_pools_and_stores_nothing(lending, session) -> None:
    forest, carbon = lending.main_pool()
    view = lending.accepted((forest, carbon))
    officer = lending.staff("officer")
    asked = PreviewPool(assets=(forest,), amount_fen=2_900_000_00)
    preview = what_if(session, officer, view.id, asked)
    assert preview.totals.limit_fen == 2_800_000_00
    assert preview.totals.gap_fen == 100_000_00
    assert preview.stored.lendable_fen == 3_064_000_00
    assert len(get_application(session, officer, view.id).assets) == 2


def test_income_rights_that_lend_nothing_are_covered_by_a_guarantee(
    lending, session, world
) -> None:
    right = lending.asset(AssetKind.GEP_INCOME, current_fen=2_100_000_00, recognised_fen=0)
    guarantee = OfferedGuarantee(guarantor_id=world.organisation("G1"), covered_fen=1_000_000_00)
    view = lending.contracted(
        (OfferedAsset(asset_id=right, secured_fen=500_000_00),),
        (guarantee,),
        product="gep-income-loan",
        amount_fen=1_000_000_00,
        term_months=12,
    )
    kept = session.execute(sa.select(Guarantee)).scalar_one()
    assert (kept.covered_fen, kept.share_ppm) == (1_000_000_00, 1_000_000)
    row = load_application(session, lending.staff("officer"), view.id)
    totals = stored_pool(session, row).totals
    assert (totals.lendable_fen, totals.limit_fen, totals.ltv_ppm) == (0, 1_000_000_00, None)
    lending.register(view.loan_id)
    assert lending.request(view.loan_id, 1_000_000_00).state is DrawdownState.REQUESTED


def test_a_later_pledge_counts_what_secures_before_it(lending, session) -> None:
    forest = lending.asset(recognised_fen=5_600_000_00)
    first = lending.contracted(
        (OfferedAsset(asset_id=forest, secured_fen=1_000_000_00),),
        product="forest-right-loan",
        amount_fen=1_000_000_00,
    )
    second = lending.accepted(
        (OfferedAsset(asset_id=forest, secured_fen=4_600_000_00),),
        product="forest-right-loan",
        amount_fen=1_800_000_00,
    )
    officer = lending.staff("officer")
    value = stored_pool(session, load_application(session, officer, second.id)).values[0]
    assert (value.senior_fen, value.unsecured_fen) == (1_000_000_00, 4_600_000_00)
    assert (value.free_fen, value.lendable_fen) == (1_800_000_00, 1_800_000_00)
    own = stored_pool(session, load_application(session, officer, first.id)).values[0]
    assert own.senior_fen == 0


def test_the_contract_takes_the_liens(lending, session) -> None:
    forest, carbon = lending.main_pool()
    lending.contracted((forest, carbon))
    liens = {
        row.asset_id: row.secured_fen for row in session.execute(sa.select(AssetLien)).scalars()
    }
    assert liens == {forest.asset_id: 2_800_000_00, carbon.asset_id: 264_000_00}
    assert session.execute(sa.select(sa.func.count()).select_from(Pledge)).scalar_one() == 2


def test_an_application_reserves_nothing(lending, session) -> None:
    lending.approved(lending.main_pool())
    assert session.execute(sa.select(AssetLien)).first() is None


@pytest.mark.parametrize("login", ["c1-fin", "a-officer"])
def test_borrower_and_bank_may_open_a_draft(lending, session, world, login) -> None:
    given = (
        {"bank_id": None, "borrower_id": world.organisation("C1")} if login == "a-officer" else {}
    )
    view = lending.draft(login=login, **given)
    assert (view.bank_id, view.borrower_id) == (world.organisation("A"), world.organisation("C1"))
    assert view.state is ApplicationState.DRAFT
