"""Whatever is changed by hand in the room's tables, `verify` names the row by the number people know."""

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.models import Asset
from app.collateral import invariants
from app.collateral.domain.states import CallEvent
from app.collateral.models import MarginCall, Pledge, Recognition
from app.collateral.services import calls
from app.loans.models import Loan
from tests.factories.collateral import WAN, Vault
from tests.support.once import built_once


@pytest.fixture
def tamper(session, commit):
    """Run SQL beside the service, give the subjects that `verify` names, and take the change back."""

    def run(statement):
        commit()
        session.expire_all()
        assert session.execute(sa.text(statement)).rowcount >= 1, statement
        named = {each.subject for each in invariants.violations(session)}
        session.rollback()
        session.expire_all()
        return named

    return run


@pytest.fixture
@built_once
def world_of_rows(database, world):
    """Rows in every table: two ranks on one asset, a guarantee, a fall, an issued case, a dismissed one."""
    with database.write() as session:
        named = write_rows(session, Vault(session, world))
    with database.read() as session:
        assert list(invariants.violations(session)) == []
    return named


def write_rows(session, vault):
    asset_id = vault.asset(400 * WAN)
    loan_id = vault.drawn(75 * WAN, vault.line(asset_id, 100 * WAN), guaranteed_fen=10 * WAN)
    vault.drawn(30 * WAN, vault.line(asset_id, 100 * WAN))
    vault.watch()
    vault.revalue(asset_id, 107 * WAN)
    vault.watch()
    case = session.execute(
        sa.select(MarginCall).where(col(MarginCall.loan_id) == loan_id)
    ).scalar_one()
    calls.review_call(session, vault.staff("risk"), case.id, calls.ReviewCall(note="属实"))
    calls.issue_call(session, vault.staff("approve"), case.id, calls.IssueNotice())
    other = session.execute(
        sa.select(MarginCall).where(col(MarginCall.loan_id) != loan_id)
    ).scalar_one()
    words = calls.CloseCall(note="另案处理")
    calls.close_call(session, vault.staff("risk"), other.id, CallEvent.DISMISS, words)
    open_one, _ = vault.at_line(71 * WAN, 100 * WAN)
    vault.watch()
    return {
        "asset": session.get_one(Asset, asset_id).number,
        "loan": session.get_one(Loan, loan_id).number,
        "open loan": session.get_one(Loan, open_one).number,
        "issued": case.number,
        "dismissed": other.number,
    }


FIGURES = (
    "principal_fen",
    "exposure_fen",
    "recognised_fen",
    "lendable_fen",
    "ltv_ppm",
    "risk_ltv_ppm",
)
CASE_FIGURES = (
    "exposure_fen",
    "recognised_fen",
    "ratio_ppm",
    "line_ppm",
    "target_ppm",
    "repay_fen",
    "add_recognised_fen",
)


def by_one(*columns):
    """Each column a little up and a little down."""
    return [f"{column} = {column} {sign} 1" for column in columns for sign in "+-"]


def test_figures_of_an_asset(world_of_rows, tamper):
    number = world_of_rows["asset"]
    where = f"asset_id = (SELECT id FROM asset WHERE number = '{number}')"
    for table, column in (("asset_lien", "secured_fen"), ("recognised_value", "recognised_fen")):
        for change in by_one(column):
            named = tamper(f"UPDATE {table} SET {change} WHERE {where}")
            assert f"asset {number}" in named, change
    assert f"asset {number}" in tamper(f"DELETE FROM asset_lien WHERE {where}")
    assert f"asset {number}" in tamper(f"DELETE FROM recognition WHERE seq = 1 AND {where}")


def test_figures_and_state_of_a_pledge(session, world_of_rows, tamper):
    number = session.execute(sa.select(sa.func.min(Pledge.number))).scalar_one()
    changes = (
        "secured_fen = secured_fen - 1",
        *by_one("relied_current_fen", "relied_recognised_fen", "cap_ppm"),
        "rank = rank + 7",
        "relied_valid_until = '2031-01-01'",
        "state = 'contracted'",
        "state = 'released'",
        "released_on = '2024-01-02'",
    )
    for change in changes:
        named = tamper(f"UPDATE pledge SET {change} WHERE number = '{number}'")
        assert f"pledge {number}" in named, change
    chosen = f"(SELECT id FROM pledge WHERE number = '{number}')"
    assert tamper(f"DELETE FROM registration WHERE pledge_id = {chosen}") == {f"pledge {number}"}


def test_figures_in_the_history_of_a_recognised_value(session, world_of_rows, tamper):
    number = world_of_rows["asset"]
    last = session.execute(sa.select(sa.func.max(Recognition.seq))).scalar_one()
    where = f"asset_id = (SELECT id FROM asset WHERE number = '{number}')"
    for change in by_one("before_fen", "after_fen", "current_fen"):
        named = tamper(f"UPDATE recognition SET {change} WHERE seq = {last} AND {where}")
        assert f"asset {number}" in named, change


def test_figures_of_a_cover(world_of_rows, tamper):
    number = world_of_rows["open loan"]
    where = f"loan_id = (SELECT id FROM loan WHERE number = '{number}')"
    for change in by_one(*FIGURES, "guaranteed_fen"):
        named = tamper(f"UPDATE loan_cover SET {change} WHERE {where}")
        assert f"loan {number}" in named, change


def test_figures_of_an_observation_long_past(session, world_of_rows, tamper):
    number = world_of_rows["loan"]
    where = f"level = 'normal' AND loan_id = (SELECT id FROM loan WHERE number = '{number}')"
    for change in by_one(*FIGURES):
        named = tamper(f"UPDATE ltv_observation SET {change} WHERE {where}")
        assert any(number in subject for subject in named), change
    assert tamper(f"DELETE FROM ltv_observation WHERE {where}")
    assert any(subject.startswith("watch ") for subject in tamper("DELETE FROM ltv_observation"))


def test_figures_of_a_case_in_every_state(session, world_of_rows, tamper):
    unissued = session.execute(
        sa.select(col(MarginCall.number)).where(col(MarginCall.state) == "open")
    ).scalar_one()
    for number in (unissued, world_of_rows["issued"], world_of_rows["dismissed"]):
        for change in by_one(*CASE_FIGURES):
            named = tamper(f"UPDATE margin_call SET {change} WHERE number = '{number}'")
            assert named == {f"margin call {number}"}, change


def test_the_state_of_a_case_and_who_acted(world_of_rows, tamper):
    number = world_of_rows["issued"]
    changes = (
        "issuer_id = reviewer_id",
        "issuer_id = NULL",
        "notice_id = NULL",
        "due_on = NULL",
        "closed_on = '2024-01-02'",
        "state = 'cured'",
        "state = 'served'",
        "basis = 'exposure'",
        "level = 'disposal'",
    )
    for change in changes:
        named = tamper(f"UPDATE margin_call SET {change} WHERE number = '{number}'")
        assert f"margin call {number}" in named, change


def test_figures_of_a_guarantee(world_of_rows, tamper):
    for change in by_one("covered_fen", "share_ppm"):
        named = tamper(f"UPDATE guarantee SET {change}")
        assert f"loan {world_of_rows['loan']}" in named, change
