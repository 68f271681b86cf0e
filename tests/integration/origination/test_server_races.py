"""Approvals, duties and contracts through real servers; each race goes wrong once its guard is taken out.

That the guards are needed is shown in a deep run, and the races of one file on SQLite as well.
"""

from collections import Counter
from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.collateral.models import AssetLien, Pledge
from app.db.models import CivilDay
from app.identity.models import AuthorityLimit, Membership
from app.loans.models import Loan
from app.origination import invariants
from app.origination.models import Application, ApplicationAct
from app.origination.services.pool import OfferedAsset
from tests.conftest import DEEP
from tests.factories.lending import LOAN_FEN
from tests.factories.world import TODAY
from tests.support.web_server import web_server

WRITERS = 32 if DEEP else 12
"""More than the eight that the servers work on at once."""

VALUE_FEN = 5_600_000_00
PART_FEN = 2_000_000_00
FITTING = 2
LOST = {"stale-version", "illegal-event", "conflict"}
DUTIES = ("sign", "countersign", "pass", "approve")
BODIES = {
    "contract": {},
    "sign": {
        "opinion": "现场核实",
        "rate": "0.0445",
        "method": "bullet",
        "purpose_checked": True,
        "financial_difficulty": False,
        "catalogue_edition": "2019",
        "catalogue_code": "4.1",
        "green_evidence": "收购合同",
    },
    "countersign": {"opinion": "同意"},
    "pass": {"opinion": "同意"},
    "approve": {"opinion": "同意", "amount_yuan": f"{LOAN_FEN // 100}.00"},
    "reject": {"opinion": "不同意"},
    "return": {"opinion": "请补充"},
}


@pytest.fixture(autouse=True)
def _today_stands(lending, session, commit):
    """The servers have a clock of their own; the day of a demonstration stands."""
    session.add(CivilDay(on=TODAY))
    commit()


def event(world, login, view, name, version):
    return {
        "method": "POST",
        "path": f"/loan-applications/{view.id}/events",
        "token": world.token(login),
        "body": {"event": name, **BODIES[name]},
        "etag": f'"{version}"',
    }


def refusals(answers):
    """Codes of what was not done; whatever else went wrong has a code too, or none."""
    return {each.code for each in answers if each.status != 200}


def done(answers):
    return sum(answer.status == 200 for answer in answers)


# --- Contracts over one asset ---


def files_over_one_asset(lending):
    """As many approved files as writers, each with a part of one asset of which two fit."""
    forest = lending.asset(recognised_fen=VALUE_FEN)
    offered = (OfferedAsset(asset_id=forest, secured_fen=PART_FEN),)
    files = [
        lending.approved(offered, product="forest-right-loan", amount_fen=500_000_00)
        for _ in range(WRITERS)
    ]
    return forest, files


def taken(session, asset_id):
    """Fen secured by the ledger, by the pledges, and how many loans were made."""
    session.expire_all()
    pledged = sa.select(sa.func.sum(Pledge.secured_fen)).where(col(Pledge.asset_id) == asset_id)
    loans = sa.select(sa.func.count()).select_from(Loan)
    ledger = session.get_one(AssetLien, asset_id).secured_fen
    return ledger, session.execute(pledged).scalar_one(), session.execute(loans).scalar_one()


def sign_at_once(database, lending, world, commit, tmp_path, module="wsgi:app"):
    forest, files = files_over_one_asset(lending)
    commit()
    calls = [event(world, "a-officer", file, "contract", file.version) for file in files]
    with web_server(database.url, tmp_path, module) as server:
        return forest, server.at_once(calls)


@pytest.mark.deep_on("sqlite")
def test_contracts_at_once_never_take_more_than_the_value(
    database, lending, world, session, commit, tmp_path
):
    forest, answers = sign_at_once(database, lending, world, commit, tmp_path)
    assert refusals(answers) == {"lien-capacity-exhausted"}
    assert done(answers) == FITTING
    assert taken(session, forest) == (FITTING * PART_FEN, FITTING * PART_FEN, FITTING)


@pytest.mark.deep
@pytest.mark.one_engine("postgres")
def test_without_the_guard_contracts_at_once_take_more_than_the_value(
    database, lending, world, session, commit, tmp_path
):
    """SQLite needs no such proof: it lets one writer in before the first read."""
    module = "tests.support.unguarded_liens:app"
    forest, answers = sign_at_once(database, lending, world, commit, tmp_path, module)
    assert done(answers) > FITTING
    assert taken(session, forest)[1] > VALUE_FEN


# --- Decisions of one file ---


def decide_at_once(database, lending, world, commit, tmp_path, module="wsgi:app"):
    """Two people with authority approve, reject and return one file, thirty-two times at once."""
    view = lending.reviewed(lending.main_pool())
    commit()
    names = ("approve", "approve", "reject", "return")
    people = ("a-approve", "a-committee3")
    calls = [
        event(world, people[turn % 2], view, names[turn // 2 % len(names)], view.version)
        for turn in range(WRITERS)
    ]
    with web_server(database.url, tmp_path, module) as server:
        return view, server.at_once(calls)


def decisions_of(session, application_id):
    session.expire_all()
    statement = sa.select(ApplicationAct.event).where(
        col(ApplicationAct.application_id) == application_id,
        col(ApplicationAct.before) == "reviewed",
    )
    return [each.value for each in session.execute(statement).scalars()]


@pytest.mark.deep
def test_decisions_at_once_leave_one(database, lending, world, session, commit, tmp_path):
    view, answers = decide_at_once(database, lending, world, commit, tmp_path)
    # A file that was returned is the investigators' to return again, no longer the deciders'.
    assert refusals(answers) <= {*LOST, "forbidden"}
    assert done(answers) == 1
    (decision,) = decisions_of(session, view.id)
    after = {"approve": "approved", "reject": "rejected", "return": "investigating"}[decision]
    assert session.get_one(Application, view.id).state == after
    assert list(invariants.violations(session)) == []


def drop_unique(session, table, columns):
    found = sa.inspect(session.connection()).get_unique_constraints(table)
    (name,) = [each["name"] for each in found if each["column_names"] == columns]
    session.execute(sa.text(f"ALTER TABLE {table} DROP CONSTRAINT {name}"))


@pytest.mark.deep
@pytest.mark.one_engine("postgres")
def test_without_the_guards_a_file_is_decided_twice(
    database, lending, world, session, commit, tmp_path
):
    drop_unique(session, "application_act", ["application_id", "seq"])
    commit()
    module = "tests.support.unguarded_decisions:app"
    view, answers = decide_at_once(database, lending, world, commit, tmp_path, module)
    assert done(answers) > 1
    assert len(decisions_of(session, view.id)) > 1
    assert list(invariants.violations(session))


# --- One person with every role ---


@pytest.fixture
def everything(session, world):
    """The loan officer may by role also confirm, review and decide."""
    for role in ("co-investigator", "credit-reviewer", "approver"):
        member = Membership(
            person_id=world.person("a-officer"),
            organisation_id=world.organisation("A"),
            role=role,
            valid_from=date(2023, 1, 1),
        )
        session.add(member)
    session.flush()
    limit = AuthorityLimit(
        membership_id=member.id, ceiling_fen=2 * LOAN_FEN, valid_from=date(2023, 1, 1)
    )
    session.add(limit)
    return "a-officer"


def press_everything(database, lending, world, commit, tmp_path, login, module="wsgi:app"):
    """One person sends all four steps of a file at once, eight times each, in as many rounds as steps."""
    view = lending.accepted(lending.main_pool())
    commit()
    answers = []
    with web_server(database.url, tmp_path, module) as server:
        for _round in DUTIES:
            seen = server.send("GET", f"/loan-applications/{view.id}", world.token(login))
            version = seen.body["version"]
            calls = [event(world, login, view, name, version) for name in DUTIES]
            answers += server.at_once(calls * (WRITERS // len(DUTIES)))
    return view, answers


def steps_of(session, application_id):
    session.expire_all()
    statement = sa.select(ApplicationAct.event, sa.func.count()).where(
        col(ApplicationAct.application_id) == application_id
    )
    return Counter(dict(session.execute(statement.group_by(ApplicationAct.event)).all()))


@pytest.mark.deep
def test_one_person_takes_one_duty_however_many_roles(
    database, lending, world, session, commit, tmp_path, everything
):
    view, answers = press_everything(database, lending, world, commit, tmp_path, everything)
    assert {"duties-apart"} < refusals(answers) <= {*LOST, "duties-apart"}
    assert done(answers) == 1
    assert steps_of(session, view.id) == {"submit": 1, "accept": 1, "sign": 1}
    assert list(invariants.violations(session)) == []


@pytest.mark.deep
@pytest.mark.one_engine("postgres")
def test_without_the_rule_one_person_takes_every_duty(
    database, lending, world, session, commit, tmp_path, everything
):
    module = "tests.support.unguarded_duties:app"
    view, _ = press_everything(database, lending, world, commit, tmp_path, everything, module)
    assert steps_of(session, view.id) == {"submit": 1, "accept": 1, **dict.fromkeys(DUTIES, 1)}
    found = {each.invariant for each in invariants.violations(session)}
    assert "duties-apart" in found
