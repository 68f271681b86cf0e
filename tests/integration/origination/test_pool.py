"""What may enter a pool, what is refused and why, and capacity that another contract took."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.assets.domain import AssetKind, AssetState, ForestCategory
from app.assets.models import AssetEncumbrance
from app.collateral.models import AssetLien, Pledge
from app.collateral.refusals import CapacityExhausted
from app.db.engine import now
from app.kernel.errors import InvalidInput
from app.loans.models import Loan
from app.origination.domain.states import ApplicationState
from app.origination.refusals import ChecksNotMet, LineRefused
from app.origination.services import contract, drafts
from app.origination.services.drafts import set_pool
from app.origination.services.pool import ComposePool, OfferedAsset, OfferedGuarantee, stored_pool
from app.origination.services.views import get_application, load_application
from tests.factories.lending import LOAN_FEN


def pool_of(*asset_ids, secured_fen: int | None = None) -> tuple[OfferedAsset, ...]:
    return tuple(OfferedAsset(asset_id=each, secured_fen=secured_fen) for each in asset_ids)


def reason(refused: pytest.ExceptionInfo[LineRefused], index: int = 0) -> str:
    error = refused.value.errors[index]
    assert error.pointer.startswith("/assets/")
    return error.detail


@pytest.mark.parametrize("category", [ForestCategory.PROTECTION, ForestCategory.SPECIAL_USE])
def test_public_welfare_forest_is_refused_with_advice(lending, category) -> None:
    forest = lending.asset(category=category)
    with pytest.raises(LineRefused) as refused:
        lending.draft(pool_of(forest), product="forest-right-loan")
    assert "compensation or carbon income" in reason(refused)


@pytest.mark.parametrize(
    "category", [ForestCategory.TIMBER, ForestCategory.ECONOMIC, ForestCategory.FUEL]
)
def test_other_forest_enters(lending, category) -> None:
    forest = lending.asset(category=category)
    assert lending.draft(pool_of(forest), product="forest-right-loan").assets


def test_compensation_income_of_protection_forest_enters(lending) -> None:
    right = lending.asset(
        AssetKind.COMPENSATION_INCOME,
        category=ForestCategory.PROTECTION,
        current_fen=1_200_000_00,
        recognised_fen=1_200_000_00,
    )
    view = lending.approved(
        pool_of(right, secured_fen=720_000_00),
        product="compensation-income-loan",
        amount_fen=700_000_00,
        term_months=12,
    )
    assert lending.contract(view.id).state is ApplicationState.CONTRACTED


def test_all_refused_assets_are_named_at_once(lending, session) -> None:
    foreign = lending.asset(owner="C2", recognised_fen=1)
    short = lending.asset(right_ends_on=date(2026, 12, 31), recognised_fen=1)
    fine = lending.asset(recognised_fen=1)
    view = lending.accepted(pool_of(fine), product="forest-right-loan")
    officer = lending.staff("officer")
    with pytest.raises(LineRefused) as refused:
        set_pool(session, officer, view.id, ComposePool(assets=pool_of(fine, foreign, short)))
    assert [each.pointer for each in refused.value.errors] == [
        "/assets/1/asset_id",
        "/assets/2/asset_id",
    ]
    assert "not its owner" in reason(refused, 0)
    assert "ends before the loan matures" in reason(refused, 1)
    assert len(get_application(session, officer, view.id).assets) == 1


def test_a_right_that_ends_with_the_loan_enters(lending) -> None:
    forest = lending.asset(right_ends_on=date(2027, 1, 1))
    assert lending.draft(pool_of(forest), product="forest-right-loan", term_months=36).assets


def test_an_encumbered_asset_is_refused(lending, session, world) -> None:
    forest = lending.asset()
    session.add(
        AssetEncumbrance(
            asset_id=forest,
            kind="seizure",
            holder="示例法院",
            since_on=date(2023, 5, 1),
            recorded_by=world.person("a-officer"),
            recorded_at=now(session),
        )
    )
    session.flush()
    with pytest.raises(LineRefused) as refused:
        lending.draft(pool_of(forest), product="forest-right-loan")
    assert "third party" in reason(refused)


def test_an_asset_that_the_product_does_not_take_is_refused(lending) -> None:
    water = lending.asset(AssetKind.WATER_RIGHT)
    with pytest.raises(LineRefused):
        lending.draft(pool_of(water), product="forest-right-loan")


@pytest.mark.parametrize(("secured", "entered"), [(5_600_000_00, True), (5_600_000_01, False)])
def test_no_more_than_the_current_value_is_secured(lending, secured, entered) -> None:
    forest = lending.asset(current_fen=5_600_000_00)
    if entered:
        assert lending.draft(pool_of(forest, secured_fen=secured), product="forest-right-loan")
    else:
        with pytest.raises(LineRefused):
            lending.draft(pool_of(forest, secured_fen=secured), product="forest-right-loan")


@pytest.mark.parametrize(
    ("given", "obstacle"),
    [
        ({"current_fen": None}, "no-valid-appraisal"),
        ({"valid_until": date(2024, 1, 1)}, "appraisal-expired"),
        ({}, "not-recognised"),
    ],
)
def test_an_asset_without_a_value_yet_enters_and_lends_nothing(
    lending, session, given, obstacle
) -> None:
    forest = lending.asset(**given)
    view = lending.accepted(pool_of(forest), product="forest-right-loan")
    row = load_application(session, lending.staff("officer"), view.id)
    preview = stored_pool(session, row)
    assert (preview.values[0].obstacle, preview.values[0].lendable_fen) == (obstacle, 0)
    assert preview.totals.recognised_fen is None
    assert preview.totals.ltv_ppm is None
    assert preview.totals.limit_fen == 0


def test_an_unfiled_carbon_right_enters_as_not_ready(lending, session) -> None:
    carbon = lending.asset(AssetKind.CARBON_SINK_INCOME, state=AssetState.MEASURED)
    view = lending.accepted(pool_of(carbon), product="carbon-income-loan")
    row = load_application(session, lending.staff("officer"), view.id)
    assert stored_pool(session, row).values[0].obstacle == "not-ready"


def test_an_appraisal_counts_through_its_last_day(lending, session) -> None:
    forest = lending.asset(valid_until=date(2024, 1, 2), recognised_fen=5_600_000_00)
    view = lending.accepted(pool_of(forest), product="forest-right-loan")
    row = load_application(session, lending.staff("officer"), view.id)
    assert stored_pool(session, row).values[0].obstacle is None


def test_unknown_assets_and_guarantors_are_named(lending, session, world) -> None:
    view = lending.accepted(lending.main_pool())
    officer = lending.staff("officer")
    hidden = lending.asset()
    with pytest.raises(InvalidInput) as refused:
        set_pool(session, officer, view.id, ComposePool(assets=pool_of(hidden)))
    assert refused.value.errors[0].pointer == "/assets/0/asset_id"
    no_guarantor = OfferedGuarantee(guarantor_id=world.organisation("I1"), covered_fen=1)
    with pytest.raises(InvalidInput) as refused:
        set_pool(session, officer, view.id, ComposePool(guarantees=(no_guarantor,)))
    assert refused.value.errors[0].pointer == "/guarantees/0/guarantor_id"


def test_the_same_asset_is_not_named_twice(lending, session) -> None:
    view = lending.accepted(lending.main_pool())
    one = view.assets[0].asset_id
    with pytest.raises(InvalidInput):
        set_pool(session, lending.staff("officer"), view.id, ComposePool(assets=pool_of(one, one)))


def test_composing_replaces_and_moves_the_version(lending, session) -> None:
    view = lending.accepted(lending.main_pool())
    kept = pool_of(view.assets[0].asset_id, secured_fen=1_000_000_00)
    after = set_pool(session, lending.staff("officer"), view.id, ComposePool(assets=kept))
    assert [(each.asset_id, each.secured_fen) for each in after.assets] == [
        (kept[0].asset_id, 1_000_000_00)
    ]
    assert after.version == view.version + 1


# --- Completeness at submit ---


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"term_months": 37}, "term-within-product"),
        ({"purpose": "收购款"}, "purpose-stated"),
        ({"repayment_source": ""}, "repayment-source-stated"),
        ({"credit_consent": False}, "credit-consent"),
    ],
)
def test_an_incomplete_application_is_not_submitted(lending, session, world, given, code) -> None:
    view = lending.draft(lending.main_pool(), **given)
    with pytest.raises(ChecksNotMet) as refused:
        drafts.submit(session, world.actor("c1-fin"), view.id, drafts.SubmitApplication())
    assert refused.value.facts["codes"] == [code]


def test_a_product_names_the_assets_it_needs(lending, session, world) -> None:
    forest, _carbon = lending.main_pool()
    view = lending.draft((forest,))
    with pytest.raises(ChecksNotMet) as refused:
        drafts.submit(session, world.actor("c1-fin"), view.id, drafts.SubmitApplication())
    assert refused.value.errors[0].facts["kinds"] == ["carbon-sink-income"]


def test_a_loan_on_credit_needs_no_security(lending, session) -> None:
    view = lending.contracted(
        product="ecological-working-capital", amount_fen=1_000_000_00, term_months=12
    )
    loan = session.get_one(Loan, view.loan_id)
    assert loan.security == "credit"
    assert lending.request(view.loan_id, 1_000_000_00, search_number="", searched_on=None)


# --- Capacity ---


def test_a_value_taken_by_another_contract_stops_this_one_whole(
    lending, session, database, commit
) -> None:
    forest = lending.asset(recognised_fen=5_600_000_00)
    given = {"product": "forest-right-loan", "amount_fen": 1_400_000_00}
    first = lending.approved(pool_of(forest, secured_fen=2_800_000_00), **given)
    late = lending.approved(pool_of(forest, secured_fen=2_800_000_01), **given)
    lending.contract(first.id)
    commit()
    with pytest.raises(CapacityExhausted) as refused:
        contract.contract(session, lending.staff("officer"), late.id, contract.SignContract())
    assert refused.value.facts["free"].fen == 2_800_000_00
    session.rollback()
    with database.read() as seen:
        assert seen.execute(sa.select(sa.func.count()).select_from(Loan)).scalar_one() == 1
        assert seen.execute(sa.select(sa.func.count()).select_from(Pledge)).scalar_one() == 1
        assert seen.get_one(AssetLien, forest).secured_fen == 2_800_000_00
        kept = get_application(seen, lending.staff("officer"), late.id)
        assert (kept.state, kept.loan_id) == (ApplicationState.APPROVED, None)


def test_the_last_fen_of_a_value_is_taken(lending) -> None:
    forest = lending.asset(recognised_fen=5_600_000_00)
    given = {"product": "forest-right-loan", "amount_fen": 1_400_000_00}
    lending.contracted(pool_of(forest, secured_fen=1_400_000_00), **given)
    second = lending.contracted(
        pool_of(forest, secured_fen=4_200_000_00),
        **{**given, "amount_fen": 1_400_000_00},
    )
    assert second.state is ApplicationState.CONTRACTED


def test_a_value_that_fell_after_the_approval_stops_the_contract(lending, session) -> None:
    from app.collateral.refusals import CoverTooLow

    forest, carbon = lending.main_pool()
    view = lending.approved((forest, carbon))
    lending.recognise(forest.asset_id, 5_471_999_99)
    with pytest.raises(CoverTooLow):
        lending.contract(view.id)
    session.rollback()


def test_the_limit_holds_at_the_border_of_the_cover(lending) -> None:
    forest, carbon = lending.main_pool()
    view = lending.approved((forest, carbon))
    # 5,472,000 at 50 % and 880,000 at 30 % lend 3,000,000 to the fen.
    lending.recognise(forest.asset_id, 5_472_000_00)
    assert lending.contract(view.id).approved_fen == LOAN_FEN


def test_a_value_that_fell_lends_less_before_the_watch_has_looked(lending, session) -> None:
    """What was recognised above the current value is not lent on for a moment."""
    forest = lending.asset(recognised_fen=5_600_000_00)
    view = lending.accepted(pool_of(forest, secured_fen=2_800_000_00), product="forest-right-loan")
    lending.value(forest, 3_000_000_00, date(2024, 12, 1))
    row = load_application(session, lending.staff("officer"), view.id)
    totals = stored_pool(session, row).totals
    assert (totals.recognised_fen, totals.lendable_fen) == (3_000_000_00, 1_500_000_00)
