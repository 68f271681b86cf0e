"""Many at once over one value: never beyond it, exactly as many winners as fit, the others told; no error of ours."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.domain import AssetKind
from app.assets.domain.registration import AssetInUse
from app.assets.models import Asset
from app.assets.services import WithdrawAsset, share_asset, withdraw_asset
from app.collateral.domain.states import OPEN_CALL_STATES, PledgeState
from app.collateral.models import AssetLien, LoanCover, MarginCall, Pledge
from app.collateral.refusals import CapacityExhausted, PledgeRefused, StillSecures
from app.collateral.services.pledging import (
    PledgeAtContract,
    RegisterPledge,
    pledge_at_contract,
    register_pledge,
    release_pledge,
)
from app.collateral.services.recognition import (
    ConfirmRecognised,
    confirm_recognised_value,
    held_version,
    recognition_view,
)
from app.collateral.services.watch import watch_bank, watch_loan
from app.db.models import CivilDay
from app.kernel.errors import StaleVersion
from app.loans.domain.states import Security
from app.loans.models import LoanStateRow
from app.loans.services import open_business_day
from tests.conftest import DEEP
from tests.factories.collateral import WAN, Vault
from tests.factories.world import TODAY
from tests.support.web_server import web_server

LOST = {"lien-capacity-exhausted", "conflict"}
MANY = 32 if DEEP else 12
"""More than the eight that the servers work on at once."""

ROUNDS = ((2, 60, 1), (2, 50, 2), (8, 60, 1), (8, 30, 3), (MANY, 60, 1), (MANY, 10, 10))
"""How many write at once, the part of the value that each takes, and how many of them fit."""


@pytest.fixture
def today_stands(session, commit):
    """The servers have a clock of their own; the day of a demonstration stands."""
    session.add(CivilDay(on=TODAY))
    commit()


def pledges_at_once(server, vault, commit, *, writers, part_fen):
    """As many programs as writers, each with its own loan, take a part of one asset's value of 100."""
    asset_id = vault.asset(100 * WAN)
    loans = [vault.loan(WAN) for _ in range(writers)]
    commit()
    token = vault.world.token("a-officer")
    body = {
        "asset_id": str(asset_id),
        "security": "pledge",
        "secured_yuan": f"{part_fen // 100}.00",
    }
    calls = [
        {"method": "POST", "path": f"/loans/{loan_id}/pledges", "token": token, "body": body}
        for loan_id in loans
    ]
    return asset_id, server.at_once(calls)


def secured(session, asset_id):
    session.expire_all()
    total = sa.select(sa.func.sum(Pledge.secured_fen)).where(col(Pledge.asset_id) == asset_id)
    return session.get_one(AssetLien, asset_id).secured_fen, session.execute(total).scalar_one()


@pytest.mark.deep_on("sqlite")
@pytest.mark.usefixtures("today_stands")
def test_pledges_through_real_servers_take_what_there_is(
    database, vault, session, commit, tmp_path
):
    with web_server(database.url, tmp_path) as server:
        for writers, part, winners in ROUNDS:
            asset_id, answers = pledges_at_once(
                server, vault, commit, writers=writers, part_fen=part * WAN
            )
            statuses = Counter(answer.status for answer in answers)
            told = [each.body for each in answers if each.status not in {201, 409}]
            assert statuses == {201: winners, 409: writers - winners} or winners == writers, told
            assert {each.code for each in answers if each.status == 409} <= LOST
            assert secured(session, asset_id) == (winners * part * WAN, winners * part * WAN)
            commit()


@pytest.mark.deep
@pytest.mark.one_engine("postgres")
@pytest.mark.usefixtures("today_stands")
def test_without_the_guard_the_same_race_oversells(
    tamper, database, vault, session, commit, tmp_path
):
    """SQLite needs no such proof: it lets one writer in before the first read."""
    sold = []
    with web_server(database.url, tmp_path, "tests.support.unguarded_liens:app") as server:
        for _round in range(5):
            asset_id, _answers = pledges_at_once(
                server, vault, commit, writers=8, part_fen=60 * WAN
            )
            sold.append(secured(session, asset_id)[1])
            commit()
            if sold[-1] > 100 * WAN:
                break
    assert max(sold) > 100 * WAN
    assert tamper


@pytest.fixture
def tamper(broken):
    """The room is broken on purpose here; what `verify` says of it comes last."""
    yield True
    found = broken()
    assert {each.invariant for each in found} == {"no-double-pledge"}
    assert all(each.subject.startswith("pledge P-2024-") for each in found)


# --- Threads of one process ---

TRIES = 4 if DEEP else 2


def at_once(*steps):
    """Run steps that begin together; gives results or refusals."""
    gate = threading.Barrier(len(steps))

    def run(step):
        gate.wait()
        try:
            return step()
        except (
            CapacityExhausted,
            PledgeRefused,
            AssetInUse,
            StaleVersion,
            StillSecures,
        ) as refusal:
            return refusal

    with ThreadPoolExecutor(len(steps)) as pool:
        return list(pool.map(run, steps))


def test_pools_in_either_order_never_wait_for_each_other(database, vault, session, commit):
    """[X, Y], [Y, X] and [Y] at once: whoever holds a number waits for no lien."""
    first, second = vault.asset(900 * WAN), vault.asset(900 * WAN)
    orders = [(first, second), (second, first), (second,), (first,)] * 2
    officer = vault.staff("officer")

    def contract(loan_id, lines):
        command = PledgeAtContract(loan_id=loan_id, lines=lines)
        with database.write() as writing:
            return pledge_at_contract(writing, officer, command)

    for _round in range(TRIES):
        prepared = [
            (vault.loan(WAN), tuple(vault.line(asset_id, 20 * WAN) for asset_id in order))
            for order in orders
        ]
        commit()
        results = at_once(*(lambda given=given: contract(*given) for given in prepared))
        assert [len(made) for made in results] == [len(order) for order in orders]
    assert secured(session, first)[0] == secured(session, second)[0] == 6 * TRIES * 20 * WAN


def test_a_value_that_falls_meanwhile_is_not_oversold(database, vault, session, commit):
    """Whoever comes first: each pledge stays within the value it relied on."""
    officer = vault.staff("officer")
    for _round in range(TRIES):
        asset_id = vault.asset(100 * WAN)
        loans = [vault.loan(WAN, security=Security.CREDIT) for _ in range(5)]
        line = vault.line(asset_id, 20 * WAN)
        commit()

        def fall(asset_id=asset_id):
            with database.write() as writing:
                Vault(writing, vault.world).revalue(asset_id, 60 * WAN)

        def pledge(loan_id, line=line):
            command = PledgeAtContract(loan_id=loan_id, lines=(line,))
            with database.write() as writing:
                return pledge_at_contract(writing, officer, command)

        results = at_once(fall, *(lambda loan_id=loan_id: pledge(loan_id) for loan_id in loans))
        assert sum(isinstance(each, list) for each in results) >= 3
        session.expire_all()
        assert session.get_one(Asset, asset_id)
        commit()


def test_an_asset_is_pledged_or_withdrawn_and_never_both(database, vault, session, commit):
    """The owner withdraws what the bank takes as security in the same moment."""
    officer, owner = vault.staff("officer"), vault.world.actor("c1-fin")
    for _round in range(2 * TRIES):
        asset_id = vault.asset(100 * WAN)
        loan_id, line = vault.loan(WAN), vault.line(asset_id, 20 * WAN)
        commit()

        def pledge(loan_id=loan_id, line=line):
            command = PledgeAtContract(loan_id=loan_id, lines=(line,))
            with database.write() as writing:
                made = pledge_at_contract(writing, officer, command)
                time.sleep(0.05)
                return made

        def withdraw(asset_id=asset_id):
            with database.write() as writing:
                return withdraw_asset(writing, owner, asset_id, WithdrawAsset(reason="不再使用"))

        taken, gone = at_once(pledge, withdraw)
        assert isinstance(taken, PledgeRefused) != isinstance(gone, AssetInUse)
        session.rollback()


def test_looks_and_repayments_at_once_leave_one_case_that_fits_the_last_figures(
    database, vault, session, commit
):
    """The watch of two processes against a borrower who repays."""
    system = vault.world.system("A")
    open_business_day(session, system, vault.bank_id, TODAY)
    for _round in range(TRIES):
        loan_id, _asset = vault.at_line(75 * WAN, 100 * WAN)
        vault.watch()
        vault.owe(loan_id, 76 * WAN)
        commit()

        def look():
            with database.write() as writing:
                return watch_bank(writing, system, vault.bank_id)

        def pay(loan_id=loan_id):
            with database.write() as writing:
                locked = sa.select(LoanStateRow).where(col(LoanStateRow.loan_id) == loan_id)
                row = writing.execute(locked.with_for_update()).scalar_one()
                row.principal_fen, row.version = 60 * WAN, row.version + 1
                watch_loan(writing, system, loan_id)

        at_once(look, look, pay, look)
        with database.read() as seen:
            state = [
                call.state
                for call in seen.execute(
                    sa.select(MarginCall).where(col(MarginCall.loan_id) == loan_id)
                ).scalars()
            ]
            assert seen.get_one(LoanCover, loan_id).principal_fen == 60 * WAN
        assert [each.value for each in state] == ["cured"]
        assert not set(state) & set(OPEN_CALL_STATES)
        session.expire_all()


def test_two_officers_never_overwrite_what_the_other_recognised(database, vault, session, commit):
    """Both saw the same version; the second to come is told so, also before there is a row to hold."""
    officer = vault.staff("collateral")
    for first in (False, True):
        asset_id = vault.asset(100 * WAN, recognised_fen=None if first else 50 * WAN)
        share_asset(session, asset_id=asset_id, organisation_id=vault.bank_id, reason="offered")
        commit()
        with database.read() as seen:
            version = recognition_view(seen, officer, asset_id).version

        def confirm(fen, asset_id=asset_id, version=version):
            with database.write() as writing:
                if held_version(writing, officer, asset_id) != version:
                    raise StaleVersion
                time.sleep(0.05)
                command = ConfirmRecognised(recognised_fen=fen, note="核定")
                return confirm_recognised_value(writing, officer, asset_id, command)

        results = at_once(lambda: confirm(60 * WAN), lambda: confirm(70 * WAN))
        assert sum(isinstance(each, StaleVersion) for each in results) == 1
        session.rollback()


def test_of_two_securities_that_cover_for_each_other_one_stays(database, vault, session, commit):
    """Each may be released while the other stands; both at once may not."""
    approver = vault.staff("approve")
    for _round in range(TRIES):
        assets = [vault.asset(300 * WAN) for _ in range(2)]
        lines = [vault.line(asset_id, 100 * WAN) for asset_id in assets]
        loan_id = vault.drawn(50 * WAN, *lines)
        pledges = [pledge.id for pledge in vault.pledges_of(loan_id)]
        commit()

        def release(pledge_id):
            with database.write() as writing:
                made = release_pledge(writing, approver, pledge_id, "客户要求")
                time.sleep(0.05)
                return made

        results = at_once(*(lambda each=each: release(each) for each in pledges))
        assert sum(isinstance(each, StillSecures) for each in results) == 1
        session.rollback()
        session.expire_all()


def test_receipts_of_both_registries_at_once_complete_the_registration(
    database, vault, session, commit
):
    """Each alone leaves the pledge contracted; whoever comes second sees the other's."""
    officer = vault.staff("officer")
    for round_ in range(TRIES):
        asset_id = vault.asset(100 * WAN, AssetKind.CARBON_SINK_INCOME)
        (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(asset_id, 60 * WAN))
        commit()

        def register(registry, pledge_id=pledge.id, number=f"示例-{round_}"):
            command = RegisterPledge(registry=registry, number=number, registered_on=TODAY)
            with database.write() as writing:
                made = register_pledge(writing, officer, pledge_id, command)
                time.sleep(0.05)
                return made

        at_once(lambda: register("movable-finance"), lambda: register("local-sink"))
        session.expire_all()
        assert session.get_one(Pledge, pledge.id).state is PledgeState.REGISTERED
        commit()
