"""What collateral knows becomes a warning signal of the loan: cover below its lines, registrations that end early."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.collateral.invariants import violations
from app.collateral.services.watch import watch_loan
from app.loans.domain.causes import Trigger
from app.loans.inspection.invariants import inspection_violations
from app.loans.inspection.models import SignalCause
from app.loans.models import Loan
from tests.factories.collateral import WAN
from tests.factories.world import TODAY


def causes(session, trigger=Trigger.COVER_LOW):
    statement = (
        sa.select(SignalCause)
        .where(col(SignalCause.trigger) == trigger)
        .order_by(col(SignalCause.id))
        .execution_options(populate_existing=True)
    )
    return list(session.execute(statement).scalars())


@pytest.mark.parametrize(
    ("principal_fen", "level"),
    [
        (60 * WAN, None),
        (60 * WAN + 1, "yellow"),
        (70 * WAN, "yellow"),
        (70 * WAN + 1, "orange"),
        (80 * WAN + 1, "red"),
    ],
)
def test_each_line_that_is_crossed_has_its_level(vault, session, principal_fen, level):
    vault.at_line(principal_fen, 100 * WAN)
    vault.watch()
    assert [each.level for each in causes(session)] == ([level] if level else [])


def test_a_second_look_raises_nothing_and_a_further_fall_raises_the_level(vault, session, commit):
    _loan, asset_id = vault.at_line(65 * WAN, 100 * WAN)
    vault.watch()
    vault.watch(everything=True)
    vault.revalue(asset_id, 90 * WAN)
    vault.watch()
    (cause,) = causes(session)
    assert (cause.level, cause.ended_on, cause.figures["recognised_fen"]) == (
        "orange",
        None,
        90 * WAN,
    )
    commit()
    assert list(inspection_violations(session)) == []


def test_a_cover_within_its_lines_again_ends_the_cause_and_deletes_nothing(vault, session, commit):
    loan_id, _asset = vault.at_line(65 * WAN, 100 * WAN)
    vault.watch()
    vault.owe(loan_id, 50 * WAN)
    watch_loan(session, vault.world.system("A"), loan_id)
    assert causes(session)[0].ended_on is None
    vault.watch(everything=True)
    assert [each.ended_on for each in causes(session)] == [TODAY]
    commit()
    assert list(inspection_violations(session)) == []


def test_an_asset_without_a_value_has_the_gravest_level(vault, session):
    _loan, asset_id = vault.at_line(50 * WAN, 100 * WAN)
    vault.revalue(asset_id, None)
    vault.watch()
    (cause,) = causes(session)
    assert (cause.level, cause.figures["ratio_ppm"]) == ("red", None)


def test_guarantees_that_close_the_gap_keep_it_quiet(vault, session):
    asset_id = vault.asset(200 * WAN)
    vault.drawn(75 * WAN, vault.line(asset_id, 75 * WAN), guaranteed_fen=75 * WAN)
    vault.revalue(asset_id, 100 * WAN)
    vault.watch()
    assert causes(session) == []


def registered(vault, session, matures_on, **given):
    asset_id = vault.asset(200 * WAN)
    loan_id = vault.loan(50 * WAN)
    session.get_one(Loan, loan_id).matures_on = matures_on
    (pledge,) = vault.pledge(loan_id, vault.line(asset_id, 50 * WAN))
    vault.register(pledge, **given)
    vault.owe(loan_id, 50 * WAN)
    return pledge


@pytest.mark.parametrize(
    ("ends_in", "matures_in", "level"),
    [
        (200, 200, None),
        (200, 201, "yellow"),
        (91, 300, "yellow"),
        (90, 300, "orange"),
        (1, 300, "orange"),
    ],
)
def test_a_registration_that_ends_before_the_loan_is_told(
    vault, session, ends_in, matures_in, level
):
    matures_on = TODAY + timedelta(days=matures_in)
    registered(vault, session, matures_on, expires_on=TODAY + timedelta(days=ends_in))
    vault.watch(everything=True)
    found = causes(session, Trigger.REGISTRATION_SHORT)
    assert [each.level for each in found] == ([level] if level else [])


def test_a_registration_that_has_ended_is_gravest_and_one_without_an_end_is_no_matter(
    vault, session
):
    matures_on = TODAY + timedelta(days=300)
    vault.open_books()
    registered(vault, session, matures_on, expires_on=TODAY + timedelta(days=30))
    registered(vault, session, matures_on, expires_on=None)
    vault.move_business_day(TODAY + timedelta(days=31))
    vault.watch(everything=True)
    (cause,) = causes(session, Trigger.REGISTRATION_SHORT)
    assert (cause.level, cause.figures["stage"]) == ("red", 3)


def test_an_extension_that_reaches_the_end_of_the_loan_ends_the_cause(vault, session):
    matures_on = TODAY + timedelta(days=300)
    pledge = registered(vault, session, matures_on, expires_on=TODAY + timedelta(days=100))
    vault.watch(everything=True)
    vault.register(pledge, expires_on=matures_on)
    vault.watch(everything=True)
    (cause,) = causes(session, Trigger.REGISTRATION_SHORT)
    assert cause.ended_on == TODAY


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE registration SET expires_on = NULL",
        "UPDATE ltv_observation SET level = 'normal'",
    ],
)
def test_a_cause_without_an_observation_or_registration_is_found(vault, session, commit, statement):
    vault.at_line(65 * WAN, 100 * WAN)
    matures_on = TODAY + timedelta(days=300)
    registered(vault, session, matures_on, expires_on=date(2024, 3, 1))
    vault.watch(everything=True)
    commit()
    session.execute(sa.text(statement))
    assert "signal-cause-fact" in {each.invariant for each in violations(session)}
    session.rollback()
