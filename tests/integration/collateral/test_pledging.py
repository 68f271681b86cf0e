"""Taking security: each rule that forbids it, the lien guard to the fen, ranks, cover at contract."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal.domain import AppraisalKind, AppraisalState
from app.appraisal.models import Appraisal
from app.assets.domain import AssetKind, AssetState, EncumbranceKind, ForestCategory
from app.assets.models import AssetEncumbrance
from app.collateral.domain.states import PledgeState, SecurityKind
from app.collateral.models import AssetLien, Guarantee, Recognition
from app.collateral.queries import pool_of_loan
from app.collateral.refusals import (
    AlreadyPledged,
    CapacityExhausted,
    CoverTooLow,
    LoanTakesNoSecurity,
    PledgeRefused,
)
from app.collateral.services.pledging import PledgeLine, add_collateral, free_fen
from app.kernel.errors import Forbidden, NotFound
from app.loans.domain.states import LoanState, Security
from app.loans.models import Loan
from tests.factories.collateral import WAN, Vault
from tests.factories.world import OPENED_AT, TODAY


def secured(session, asset_id):
    row = session.get(AssetLien, asset_id, populate_existing=True)
    return row.secured_fen if row else 0


# --- What forbids it. Each set-up serves the refused and the accepted case. ---


def lift_encumbrance(vault, asset_id):
    row = vault.session.execute(
        sa.select(AssetEncumbrance).where(col(AssetEncumbrance.asset_id) == asset_id)
    ).scalar_one()
    row.ended_on = TODAY


def encumber(vault, asset_id):
    vault.session.add(
        AssetEncumbrance(
            asset_id=asset_id,
            kind=next(iter(EncumbranceKind)),
            holder="某法院",
            since_on=date(2023, 5, 1),
            recorded_by=vault.world.person("a-officer"),
            recorded_at=OPENED_AT,
        )
    )
    vault.session.flush()


FOREST = AssetKind.FOREST_RIGHT
OBSTACLES = {
    "not-the-owner": (FOREST, {"owner": "C2"}, {"owner": "C1"}),
    "not-ready": (
        AssetKind.CARBON_SINK_INCOME,
        {"state": AssetState.CERTIFIED},
        {"state": AssetState.FILED},
    ),
    "category-not-mortgageable": (
        FOREST,
        {"category": ForestCategory.PROTECTION},
        {"category": ForestCategory.ECONOMIC},
    ),
    "right-ends-before-maturity": (
        FOREST,
        {"right_ends_on": TODAY + timedelta(days=359)},
        {"right_ends_on": TODAY + timedelta(days=360)},
    ),
    "appraisal-expired": (
        FOREST,
        {"valid_until": TODAY - timedelta(days=1)},
        {"valid_until": TODAY},
    ),
}


@pytest.mark.parametrize("code", OBSTACLES)
def test_each_rule_refuses_its_case_and_no_other(vault, refused, code):
    kind, broken, whole = OBSTACLES[code]
    loan_id = vault.loan(50 * WAN)
    good = vault.asset(100 * WAN, kind, **whole)
    bad = vault.asset(100 * WAN, kind, recognised_fen=None, **broken)
    vault.lending.value(bad, 100 * WAN, date(2024, 12, 1))
    vault.lending.recognise(bad, 100 * WAN)
    if "valid_until" in broken:
        vault.lending.value(bad, 100 * WAN, broken["valid_until"])
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(bad, 100 * WAN), vault.line(good, 100 * WAN))
    assert refusal.value.facts["rule"] == code
    assert vault.pledges_of(loan_id) == []
    assert len(vault.pledge(vault.loan(WAN), vault.line(good, 100 * WAN))) == 1


def test_land_is_mortgaged_and_rights_are_pledged(vault, refused):
    loan_id = vault.loan(50 * WAN)
    forest = vault.asset(100 * WAN, FOREST)
    income = vault.asset(100 * WAN)
    for asset_id, wrong in ((forest, SecurityKind.PLEDGE), (income, SecurityKind.MORTGAGE)):
        line = PledgeLine(asset_id=asset_id, security=wrong, secured_fen=100 * WAN)
        with refused(PledgeRefused) as refusal:
            vault.pledge(loan_id, line)
        assert refusal.value.facts["rule"] == "wrong-security"
    assert len(vault.pledge(loan_id, vault.line(forest, 100 * WAN))) == 1


def test_a_right_of_a_third_party_forbids_it_until_it_is_lifted(vault, refused):
    loan_id, asset_id = vault.loan(50 * WAN), vault.asset(100 * WAN)
    encumber(vault, asset_id)
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(asset_id, 100 * WAN))
    assert refusal.value.facts["rule"] == "encumbered"
    lift_encumbrance(vault, asset_id)
    assert len(vault.pledge(loan_id, vault.line(asset_id, 100 * WAN))) == 1


def test_without_appraisal_or_recognition_nothing_is_taken(vault, refused):
    loan_id = vault.loan(50 * WAN)
    never = vault.asset(None, recognised_fen=None)
    vault.lending.value(never, WAN, date(2024, 12, 1))
    vault.lending.recognise(never, WAN)
    vault.revalue(never, None)
    unknown = vault.asset(100 * WAN, recognised_fen=1)
    rows = sa.select(Recognition).where(col(Recognition.asset_id) == unknown)
    assert vault.session.execute(rows).scalar_one().after_fen == 1
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(never, WAN))
    assert refusal.value.facts["rule"] == "no-valid-appraisal"
    other = Vault(vault.session, vault.world, bank="B")
    other.lending.recognise(unknown, 100 * WAN)
    stranger = other.asset(100 * WAN, recognised_fen=None)
    other.lending.recognise(stranger, 1)
    mine = Vault(vault.session, vault.world)
    with refused(NotFound):
        mine.pledge(loan_id, mine.line(stranger, WAN))


def test_a_loan_at_its_end_takes_nothing(vault, session, refused):
    loan_id = vault.drawn(10 * WAN, vault.line(vault.asset(100 * WAN), 100 * WAN))
    line = vault.line(vault.asset(100 * WAN), WAN)
    vault.owe(loan_id, 0)
    assert session.get_one(Loan, loan_id).state is LoanState.SETTLED
    with refused(LoanTakesNoSecurity):
        add_collateral(session, vault.staff("officer"), loan_id, line)
    vault.owe(loan_id, 10 * WAN)
    assert add_collateral(session, vault.staff("officer"), loan_id, line).secured_fen == WAN


def test_a_loan_of_another_bank_is_not_found(vault, refused):
    loan_id = vault.loan(10 * WAN)
    line = vault.line(vault.asset(100 * WAN), 100 * WAN)
    with refused(NotFound):
        add_collateral(vault.session, vault.world.actor("b-officer"), loan_id, line)
    with refused(Forbidden):
        add_collateral(vault.session, vault.world.actor("a-approve"), loan_id, line)


# --- The lien guard ---


def test_one_line_may_secure_exactly_the_current_value_and_no_fen_more(vault, session, refused):
    asset_id = vault.asset(100 * WAN)
    loan_id = vault.loan(10 * WAN)
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(asset_id, 100 * WAN + 1))
    assert refusal.value.facts["rule"] == "above-current-value"
    vault.pledge(loan_id, vault.line(asset_id, 100 * WAN))
    assert (secured(session, asset_id), free_fen(session, asset_id, TODAY)) == (100 * WAN, 0)


def test_security_is_taken_on_the_business_day_of_the_bank(vault, refused):
    """A bank that closed today lends on tomorrow: an appraisal that holds until today has run out there."""
    last_day = vault.asset(100 * WAN, valid_until=TODAY)
    next_day = vault.asset(100 * WAN, valid_until=TODAY + timedelta(days=1))
    loan_id = vault.loan(10 * WAN)
    vault.open_books(TODAY)
    vault.move_business_day(TODAY + timedelta(days=1))
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(last_day, 50 * WAN))
    assert refusal.value.facts["rule"] == "appraisal-expired"
    (pledge,) = vault.pledge(loan_id, vault.line(next_day, 50 * WAN))
    assert pledge.contracted_on == TODAY + timedelta(days=1)


def test_all_loans_together_may_secure_exactly_the_current_value_and_no_fen_more(
    vault, session, refused
):
    asset_id = vault.asset(100 * WAN)
    vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 60 * WAN))
    second = vault.loan(WAN, security=Security.CREDIT)
    with refused(CapacityExhausted) as refusal:
        vault.pledge(second, vault.line(asset_id, 40 * WAN + 1))
    facts = refusal.value.facts
    assert (facts["wanted"].fen, facts["free"].fen) == (40 * WAN + 1, 40 * WAN)
    (pledge,) = vault.pledge(second, vault.line(asset_id, 40 * WAN))
    assert (pledge.rank, secured(session, asset_id)) == (2, 100 * WAN)


def test_another_bank_learns_what_is_free_and_nothing_else(vault, refused):
    asset_id = vault.asset(100 * WAN)
    vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 60 * WAN))
    other = Vault(vault.session, vault.world, bank="B")
    other.lending.recognise(asset_id, 100 * WAN)
    loan_id = other.loan(WAN)
    with refused(CapacityExhausted) as refusal:
        other.pledge(loan_id, other.line(asset_id, 50 * WAN))
    assert set(refusal.value.facts) == {"asset", "wanted", "free"}
    assert refusal.value.facts["free"].fen == 40 * WAN


def test_a_refused_line_leaves_no_lien_of_the_others(vault, session, refused):
    first, second = vault.asset(100 * WAN), vault.asset(100 * WAN)
    vault.pledge(vault.loan(10 * WAN), vault.line(second, 100 * WAN))
    loan_id = vault.loan(10 * WAN)
    with refused(CapacityExhausted):
        vault.pledge(loan_id, vault.line(first, WAN), vault.line(second, 1))
    assert secured(session, first) == 0
    assert vault.pledges_of(loan_id) == []


def test_an_asset_secures_a_loan_once(vault, refused):
    asset_id = vault.asset(100 * WAN)
    loan_id = vault.loan(10 * WAN)
    vault.pledge(loan_id, vault.line(asset_id, 50 * WAN))
    with refused(AlreadyPledged):
        add_collateral(vault.session, vault.staff("officer"), loan_id, vault.line(asset_id, WAN))


def test_what_fell_since_it_was_recognised_is_lent_on_at_its_new_value(vault, session):
    asset_id = vault.asset(100 * WAN)
    vault.revalue(asset_id, 60 * WAN)
    (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 60 * WAN))
    assert (pledge.relied_current_fen, pledge.relied_recognised_fen) == (60 * WAN, 60 * WAN)
    assert pledge.recognised_fen == 60 * WAN


def test_values_may_fall_below_the_liens_and_then_nothing_more_is_secured(vault, session, refused):
    asset_id = vault.asset(100 * WAN)
    vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 80 * WAN))
    vault.revalue(asset_id, 50 * WAN)
    assert free_fen(session, asset_id, TODAY) == 0
    loan_id = vault.loan(WAN)
    with refused(CapacityExhausted):
        vault.pledge(loan_id, vault.line(asset_id, 1))


# --- Ranks and cover ---


def test_the_second_rank_lends_on_what_the_first_leaves(vault, session):
    asset_id = vault.asset(1000 * WAN, FOREST)
    first = vault.drawn(300 * WAN, vault.line(asset_id, 300 * WAN))
    second = vault.drawn(150 * WAN, vault.line(asset_id, 400 * WAN))
    vault.watch()
    one, two = pool_of_loan(session, first).cover(), pool_of_loan(session, second).cover()
    # 50 % of 1000 is 500: the first may use 300 of it, the second what is left of it.
    assert (one.lendable_fen, two.lendable_fen) == (300 * WAN, 200 * WAN)
    assert (one.recognised_fen, two.recognised_fen) == (1000 * WAN, 700 * WAN)


def test_the_contract_is_covered_to_the_fen(vault, refused):
    asset_id = vault.asset(100 * WAN, FOREST)
    enough, too_much = vault.loan(50 * WAN), vault.loan(50 * WAN + 1)
    with refused(CoverTooLow) as refusal:
        vault.pledge(too_much, vault.line(asset_id, 100 * WAN))
    assert refusal.value.facts["lendable"].fen == 50 * WAN
    assert len(vault.pledge(enough, vault.line(asset_id, 100 * WAN))) == 1


def test_a_guarantee_closes_the_gap_to_the_fen(vault, session, refused):
    asset_id = vault.asset(100 * WAN, FOREST)
    loan_id = vault.loan(80 * WAN)
    with refused(CoverTooLow):
        vault.pledge(loan_id, vault.line(asset_id, 100 * WAN), guaranteed_fen=30 * WAN - 1)
    vault.pledge(loan_id, vault.line(asset_id, 100 * WAN), guaranteed_fen=30 * WAN)
    row = session.execute(sa.select(Guarantee)).scalar_one()
    assert (row.covered_fen, row.share_ppm) == (30 * WAN, 375_000)


def test_a_credit_loan_needs_no_security(vault):
    assert vault.pledge(vault.loan(50 * WAN, security=Security.CREDIT)) == []


def test_a_pledge_starts_unregistered_with_what_it_relied_on(vault):
    asset_id = vault.asset(100 * WAN, recognised_fen=90 * WAN)
    (view,) = vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 95 * WAN))
    assert view.state is PledgeState.CONTRACTED
    assert (view.rank, view.secured_fen, view.cap_ppm) == (1, 95 * WAN, 600_000)
    assert (view.relied_current_fen, view.relied_recognised_fen) == (100 * WAN, 90 * WAN)
    assert view.number.startswith("P-2024-")


def appraised_by_the_bank(vault, asset_id, loan_fen):
    """A valid appraisal that the bank made itself for a loan of some size."""
    vault.session.add(
        Appraisal(
            number=f"AP-{asset_id.hex[-12:]}",
            asset_id=asset_id,
            ordered_by_id=vault.lending.bank_id,
            bank_id=vault.lending.bank_id,
            agency_id=vault.lending.bank_id,
            kind=AppraisalKind.INTERNAL,
            purpose="小额林权贷款",
            loan_fen=loan_fen,
            state=AppraisalState.VALID,
            model_id="forest-right",
            created_at=OPENED_AT,
        )
    )
    vault.session.flush()


def test_the_banks_own_appraisal_secures_no_larger_loan_than_it_was_made_for(vault, refused):
    for_it = vault.asset(100 * WAN, FOREST)
    for_less = vault.asset(100 * WAN, FOREST)
    appraised_by_the_bank(vault, for_it, 20 * WAN)
    appraised_by_the_bank(vault, for_less, 20 * WAN - 1)
    loan_id = vault.loan(20 * WAN)
    with refused(PledgeRefused) as refusal:
        vault.pledge(loan_id, vault.line(for_less, 20 * WAN))
    assert refusal.value.facts["rule"] == "appraised-for-less"
    assert len(vault.pledge(loan_id, vault.line(for_it, 20 * WAN))) == 1
