"""Recognised values: never above the current value, down at once, up only by confirmation, gone with the appraisal."""

from datetime import date

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal.models import AssetValue
from app.collateral.domain.states import RecognitionReason
from app.collateral.models import LoanCover, RecognisedValue, Recognition
from app.collateral.refusals import NoCurrentValue, RecognisedAboveCurrent
from app.collateral.services.recognition import (
    ConfirmRecognised,
    confirm_recognised_value,
    recognition_view,
)
from app.kernel.errors import Forbidden, NotFound
from tests.factories.collateral import WAN, Vault


def confirm(vault, asset_id, fen, login="a-collateral"):
    command = ConfirmRecognised(recognised_fen=fen, note="核定")
    actor = vault.world.actor(login)
    return confirm_recognised_value(vault.session, actor, asset_id, command)


def history(session, asset_id):
    statement = sa.select(Recognition).where(col(Recognition.asset_id) == asset_id)
    rows = session.execute(statement.order_by(col(Recognition.seq))).scalars()
    return [(row.reason, row.before_fen, row.after_fen) for row in rows]


def test_the_whole_current_value_may_be_recognised(vault):
    asset_id = vault.asset(100 * WAN, recognised_fen=50 * WAN)
    view = confirm(vault, asset_id, 100 * WAN)
    assert (view.recognised_fen, view.current_fen, view.version) == (100 * WAN, 100 * WAN, 2)


def test_one_fen_above_the_current_value_is_refused(vault, refused):
    asset_id = vault.asset(100 * WAN, recognised_fen=50 * WAN)
    with refused(RecognisedAboveCurrent) as refusal:
        confirm(vault, asset_id, 100 * WAN + 1)
    assert refusal.value.facts["current"].fen == 100 * WAN
    actor = vault.world.actor("a-collateral")
    assert recognition_view(vault.session, actor, asset_id).recognised_fen == 50 * WAN


def test_nothing_is_recognised_without_a_valid_appraisal(vault, refused, clock):
    never = vault.asset(None, recognised_fen=None)
    vault.lending.value(never, 1, date(2024, 1, 2))
    vault.lending.recognise(never, 1)
    row = vault.session.get(AssetValue, never)
    row.current_fen = None
    with refused(NoCurrentValue):
        confirm(vault, never, 1)
    expiring = vault.asset(100 * WAN, valid_until=date(2024, 1, 2))
    assert confirm(vault, expiring, WAN).recognised_fen == WAN
    vault.session.get(AssetValue, expiring).valid_until = date(2024, 1, 1)
    with refused(NoCurrentValue):
        confirm(vault, expiring, WAN)


def test_another_bank_recognises_for_itself(vault, session, world):
    asset_id = vault.asset(100 * WAN)
    other = Vault(session, world, bank="B")
    other.lending.recognise(asset_id, 60 * WAN)
    found = {
        row.bank_id: row.recognised_fen
        for row in session.execute(
            sa.select(RecognisedValue).where(col(RecognisedValue.asset_id) == asset_id)
        ).scalars()
    }
    assert found == {vault.bank_id: 100 * WAN, other.bank_id: 60 * WAN}


@pytest.mark.parametrize("login", ["b-collateral", "ag1-a"])
def test_an_asset_out_of_sight_is_not_found(vault, refused, login):
    asset_id = vault.asset(100 * WAN)
    with refused((NotFound, Forbidden)):
        confirm(vault, asset_id, WAN, login=login)


def test_only_the_collateral_officer_confirms(vault, refused):
    asset_id = vault.asset(100 * WAN)
    for login in ("a-officer", "a-approve", "c1-fin"):
        with refused(Forbidden):
            confirm(vault, asset_id, WAN, login=login)


def test_it_follows_the_current_value_down_at_once_and_not_up(vault, session):
    asset_id = vault.asset(100 * WAN)
    vault.revalue(asset_id, 70 * WAN)
    assert vault.watch().assets_lowered == 1
    vault.revalue(asset_id, 90 * WAN)
    assert vault.watch().assets_lowered == 0
    row = session.get_one(RecognisedValue, (vault.bank_id, asset_id))
    assert row.recognised_fen == 70 * WAN
    confirm(vault, asset_id, 90 * WAN)
    assert history(session, asset_id) == [
        (RecognitionReason.CONFIRMATION, None, 100 * WAN),
        (RecognitionReason.FALL, 100 * WAN, 70 * WAN),
        (RecognitionReason.CONFIRMATION, 70 * WAN, 90 * WAN),
    ]


def test_a_fall_that_stays_above_what_is_recognised_changes_nothing(vault, session):
    asset_id = vault.asset(100 * WAN, recognised_fen=60 * WAN)
    vault.revalue(asset_id, 60 * WAN)
    assert vault.watch().assets_lowered == 0
    vault.revalue(asset_id, 60 * WAN - 1)
    assert vault.watch().assets_lowered == 1
    row = session.get_one(RecognisedValue, (vault.bank_id, asset_id))
    assert row.recognised_fen == 60 * WAN - 1


def test_it_lapses_the_day_after_the_appraisal_ends(vault, session):
    vault.open_books()
    asset_id = vault.asset(100 * WAN, valid_until=date(2024, 1, 5))
    vault.move_business_day(date(2024, 1, 5))
    assert vault.watch().assets_lowered == 0
    vault.move_business_day(date(2024, 1, 6))
    assert vault.watch().assets_lowered == 1
    row = session.get_one(RecognisedValue, (vault.bank_id, asset_id))
    assert row.recognised_fen is None
    assert history(session, asset_id)[-1] == (RecognitionReason.LAPSE, 100 * WAN, None)


def test_a_confirmation_is_measured_in_the_next_look(vault, session):
    loan_id, asset_id = vault.at_line(70 * WAN, 100 * WAN)
    vault.watch()
    assert session.get_one(LoanCover, loan_id).ltv_ppm == 700_000
    vault.revalue(asset_id, 140 * WAN)
    confirm(vault, asset_id, 140 * WAN)
    assert vault.watch().loans_measured == 1
    assert session.get_one(LoanCover, loan_id).ltv_ppm == 500_000
    assert vault.watch().loans_measured == 0
