"""Registration where it belongs, and release when the debt no longer needs the security."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.domain import AssetKind
from app.assets.kinds import registry_names
from app.assets.models import AssetGrant
from app.collateral.domain.states import PledgeState, RegistrationKind
from app.collateral.models import AssetLien, LoanCover, Pledge
from app.collateral.refusals import ReceiptTaken, RegistryDoesNotFit, StillSecures
from app.collateral.services.pledging import (
    RegisterPledge,
    all_registered,
    register_pledge,
    release_pledge,
)
from app.kernel.errors import Forbidden, IllegalEvent, InvalidInput
from app.loans.domain.states import LtvBasis
from tests.factories.collateral import WAN, Vault
from tests.factories.world import TODAY

CARBON = AssetKind.CARBON_SINK_INCOME
FOREST = AssetKind.FOREST_RIGHT


@pytest.fixture
def carbon(vault):
    """A pledge of carbon income, which two registries register."""
    asset_id = vault.asset(100 * WAN, CARBON)
    (pledge,) = vault.pledge(vault.loan(30 * WAN), vault.line(asset_id, 100 * WAN))
    return pledge


def receipt(registry="movable-finance", number="示例-1", on=TODAY, expires_on=None):
    return RegisterPledge(registry=registry, number=number, registered_on=on, expires_on=expires_on)


def test_another_registry_than_that_of_the_kind_is_refused(vault, carbon, refused):
    with refused(RegistryDoesNotFit) as refusal:
        register_pledge(vault.session, vault.staff("officer"), carbon.id, receipt("real-estate"))
    assert refusal.value.facts["registries"] == ["movable-finance", "local-sink"]
    assert refusal.value.facts["names"] == [
        registry_names()[code] for code in ("movable-finance", "local-sink")
    ]


def test_it_is_registered_once_all_its_registries_are_in(vault, session, carbon):
    half = vault.register(carbon, "movable-finance")
    assert half.state is PledgeState.CONTRACTED
    assert not all_registered(session, carbon.loan_id)
    whole = vault.register(carbon, "local-sink")
    assert whole.state is PledgeState.REGISTERED
    assert all_registered(session, carbon.loan_id)
    assert [each.registry_code for each in whole.registrations] == ["movable-finance", "local-sink"]


def test_a_second_receipt_of_a_registry_extends_and_is_not_the_other(vault, carbon):
    vault.register(carbon, "movable-finance", expires_on=date(2024, 12, 31))
    view = vault.register(carbon, "movable-finance", expires_on=date(2026, 12, 31))
    assert view.state is PledgeState.CONTRACTED
    kinds = [each.kind for each in view.registrations]
    assert kinds == [RegistrationKind.INITIAL, RegistrationKind.EXTENSION]


def test_a_receipt_has_one_number_at_a_registry(vault, carbon, refused):
    officer = vault.staff("officer")
    register_pledge(vault.session, officer, carbon.id, receipt())
    with refused(ReceiptTaken):
        register_pledge(vault.session, officer, carbon.id, receipt())
    register_pledge(vault.session, officer, carbon.id, receipt("local-sink"))


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"on": TODAY + timedelta(days=1)}, "/registered_on"),
        ({"on": TODAY - timedelta(days=1)}, "/registered_on"),
        ({"expires_on": TODAY}, "/expires_on"),
    ],
)
def test_the_days_of_a_receipt_make_sense(vault, carbon, refused, given, pointer):
    with refused(InvalidInput) as refusal:
        register_pledge(vault.session, vault.staff("officer"), carbon.id, receipt(**given))
    assert refusal.value.errors[0].pointer == pointer
    later = receipt(expires_on=TODAY + timedelta(days=1))
    register_pledge(vault.session, vault.staff("officer"), carbon.id, later)


def test_who_neither_holds_papers_nor_lends_registers_nothing(vault, carbon, refused):
    for login in ("a-approve", "c1-fin", "a-ops"):
        with refused(Forbidden):
            register_pledge(vault.session, vault.world.actor(login), carbon.id, receipt())


# --- Release ---


def release(vault, pledge_id, login="a-approve"):
    return release_pledge(vault.session, vault.world.actor(login), pledge_id, "结清")


def test_a_settled_loan_gives_its_security_back(vault, session, refused):
    asset_id = vault.asset(100 * WAN)
    loan_id = vault.drawn(50 * WAN, vault.line(asset_id, 100 * WAN))
    (pledge,) = vault.pledges_of(loan_id)
    with refused(StillSecures):
        release(vault, pledge.id)
    vault.owe(loan_id, 0)
    view = release(vault, pledge.id)
    assert view.state is PledgeState.RELEASED
    assert session.get_one(Pledge, pledge.id).released_on == TODAY
    assert session.get_one(AssetLien, asset_id, populate_existing=True).secured_fen == 0
    grants = sa.select(col(AssetGrant.reason)).where(col(AssetGrant.asset_id) == asset_id)
    assert [each.value for each in session.execute(grants).scalars()] == ["offered"]
    with refused(IllegalEvent):
        release(vault, pledge.id)


def test_accrued_interest_alone_holds_the_security(vault, refused):
    loan_id = vault.drawn(50 * WAN, vault.line(vault.asset(100 * WAN), 100 * WAN))
    (pledge,) = vault.pledges_of(loan_id)
    vault.owe(loan_id, 0, accrued_fen=1)
    with refused(StillSecures):
        release(vault, pledge.id)


def test_part_of_a_pool_is_released_while_the_rest_stays_within_the_lines_and_covers(
    vault, refused
):
    first, second = vault.asset(100 * WAN, FOREST), vault.asset(100 * WAN, FOREST)
    loan_id = vault.drawn(60 * WAN, vault.line(first, 100 * WAN), vault.line(second, 100 * WAN))
    pledge = vault.pledges_of(loan_id)[0]
    # One asset of 100 lends 50: 50 is covered and below the warning line, a fen more is not covered.
    vault.owe(loan_id, 50 * WAN + 1)
    with refused(StillSecures):
        release(vault, pledge.id)
    vault.owe(loan_id, 50 * WAN)
    assert release(vault, pledge.id).state is PledgeState.RELEASED


def test_a_guarantee_does_not_release_what_the_lines_need(vault, refused):
    first, second = vault.asset(100 * WAN, FOREST), vault.asset(100 * WAN, FOREST)
    loan_id = vault.drawn(
        60 * WAN + 1,
        vault.line(first, 100 * WAN),
        vault.line(second, 100 * WAN),
        guaranteed_fen=50 * WAN,
    )
    pledge = vault.pledges_of(loan_id)[0]
    with refused(StillSecures):
        release(vault, pledge.id)
    vault.owe(loan_id, 60 * WAN)
    assert release(vault, pledge.id).state is PledgeState.RELEASED


def test_a_signed_contract_holds_its_security_before_anything_is_drawn(vault, refused):
    (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(vault.asset(100 * WAN), 50 * WAN))
    vault.register(pledge)
    with refused(StillSecures):
        release(vault, pledge.id)


def test_what_was_never_registered_is_cancelled_and_frees_its_lien(vault, session):
    asset_id = vault.asset(100 * WAN)
    (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 50 * WAN))
    assert release(vault, pledge.id).state is PledgeState.CANCELLED
    assert session.get_one(AssetLien, asset_id, populate_existing=True).secured_fen == 0
    (again,) = vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 100 * WAN))
    assert again.rank == 1


def test_only_a_person_with_authority_releases(vault, refused):
    (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(vault.asset(100 * WAN), 50 * WAN))
    for login in ("a-officer", "a-collateral", "c1-fin"):
        with refused(Forbidden):
            release(vault, pledge.id, login)


def test_the_first_rank_released_gives_room_to_the_second_at_its_next_look(vault, session, world):
    asset_id = vault.asset(1000 * WAN, FOREST)
    other = Vault(session, world, bank="B")
    other.lending.recognise(asset_id, 1000 * WAN)
    first = vault.drawn(300 * WAN, vault.line(asset_id, 500 * WAN))
    second = other.drawn(
        100 * WAN,
        other.line(asset_id, 400 * WAN),
        guaranteed_fen=100 * WAN,
        ltv_basis=LtvBasis.EXPOSURE,
    )
    other.watch()
    assert session.get_one(LoanCover, second).recognised_fen == 500 * WAN
    vault.owe(first, 0)
    release(vault, vault.pledges_of(first)[0].id)
    session.expire_all()
    assert other.watch().loans_measured == 1
    assert session.get_one(LoanCover, second).recognised_fen == 1000 * WAN
