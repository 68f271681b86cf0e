"""What SQL changes behind the services is named by its row."""

import pytest
import sqlalchemy as sa

from app.origination.invariants import violations
from tests.factories.lending import Lending
from tests.support.once import built_once


@pytest.fixture
@built_once
def drawn(database, world, offers):
    with database.write() as session:
        lending = Lending(session=session, world=world)
        posted = lending.drawn(lending.main_pool())
    with database.read() as session:
        assert list(violations(session)) == []
    return posted


ONE_HAND = """UPDATE application_act
SET person_id = (SELECT person_id FROM application_act WHERE event = 'sign')
WHERE event = 'approve'"""

CHANGES = [
    ("UPDATE application SET state = 'approved'", "application-log", "application AP-2024-000001"),
    (
        "UPDATE application_act SET after = 'rejected' WHERE event = 'approve'",
        "application-log",
        "application AP-2024-000001",
    ),
    (
        """UPDATE application_act SET "on" = '2024-01-01' WHERE event = 'contract'""",
        "application-log",
        "application AP-2024-000001",
    ),
    ("DELETE FROM application_act WHERE seq = 7", "application-log", "application AP-2024-000001"),
    (
        ONE_HAND,
        "duties-apart",
        "application AP-2024-000001",
    ),
    (
        "UPDATE application SET approved_fen = approved_fen + 1",
        "approval",
        "application AP-2024-000001",
    ),
    (
        "UPDATE application SET amount_fen = approved_fen - 1",
        "approval-within-authority",
        "application AP-2024-000001",
    ),
    ("UPDATE application SET loan_id = NULL", "contract", "application AP-2024-000001"),
    ("UPDATE application SET rate_ppm = rate_ppm + 1", "contract", "application AP-2024-000001"),
    ("UPDATE loan SET contract_fen = contract_fen + 1", "contract", "application AP-2024-000001"),
    ("UPDATE drawdown SET amount_fen = amount_fen - 1", "drawdown-note", "drawdown D-2024-000001"),
    ("UPDATE drawdown SET checked_by_id = NULL", "drawdown-state", "drawdown D-2024-000001"),
]


def test_each_change_is_named(session, drawn) -> None:
    for change, invariant, subject in CHANGES:
        session.execute(sa.text(change))
        session.expire_all()
        found = {(each.invariant, each.subject) for each in violations(session)}
        session.rollback()
        assert (invariant, subject) in found, change
    assert list(violations(session)) == []


def test_a_product_that_went_away_is_named(session, drawn) -> None:
    session.execute(sa.text("DELETE FROM product WHERE code = 'forest-carbon-loan'"))
    session.expire_all()
    assert ("application-product", "application AP-2024-000001") in {
        (each.invariant, each.subject) for each in violations(session)
    }


def test_the_term_of_the_investigation_stands_in_for_the_one_asked(
    lending, session, commit
) -> None:
    view = lending.accepted(lending.main_pool())
    assert lending.sign(view.id, term_months=12).term_months == 12
    commit()
    assert list(violations(session)) == []
    session.execute(sa.text("UPDATE application SET term_months = 36"))
    session.expire_all()
    assert {each.invariant for each in violations(session)} == {"application-asked"}
