"""What stands pledged, in the ledger of the loan: from the last receipt on until it is released."""

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.domain import AssetKind
from app.collateral import invariants
from app.collateral.services.pledging import release_pledge
from app.loans.domain.journal import Account
from app.loans.domain.states import EntryKind, LoanState
from app.loans.models import Loan, LoanPosting
from tests.factories.collateral import WAN

SECURED = 100 * WAN


@pytest.fixture
def pledge(vault):
    """A pledge of carbon income, which two registries register."""
    asset_id = vault.asset(100 * WAN, AssetKind.CARBON_SINK_INCOME)
    (made,) = vault.pledge(vault.loan(30 * WAN), vault.line(asset_id, SECURED))
    return made


def moves(session, loan_id):
    """What entered the memorandum and left it, in order."""
    statement = (
        sa.select(LoanPosting)
        .where(col(LoanPosting.loan_id) == loan_id, col(LoanPosting.kind) == EntryKind.PLEDGE)
        .order_by(col(LoanPosting.id))
    )
    return [
        each.amount_fen if each.debit is Account.MEMO_PLEDGED else -each.amount_fen
        for each in session.execute(statement).scalars()
    ]


def test_security_enters_with_its_last_receipt_and_only_once(vault, session, pledge):
    vault.register(pledge, "movable-finance")
    assert moves(session, pledge.loan_id) == []
    vault.register(pledge, "local-sink")
    vault.register(pledge, "movable-finance")
    assert moves(session, pledge.loan_id) == [SECURED]


def test_security_leaves_when_it_is_released(vault, session, pledge):
    for registry in ("movable-finance", "local-sink"):
        vault.register(pledge, registry)
    session.get_one(Loan, pledge.loan_id).state = LoanState.SETTLED
    release_pledge(session, vault.staff("approve"), pledge.id, "结清")
    assert moves(session, pledge.loan_id) == [SECURED, -SECURED]


def test_what_was_never_registered_never_stood_in_the_memorandum(vault, session, pledge):
    release_pledge(session, vault.staff("approve"), pledge.id, "撤销")
    assert moves(session, pledge.loan_id) == []


@pytest.fixture
def tamper(session):
    """Change the ledger past the service."""

    def change(statement):
        session.flush()
        session.execute(sa.text(statement))
        session.expire_all()
        return {each.invariant for each in invariants.violations(session)}

    return change


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE loan_posting SET amount_fen = amount_fen - 1 WHERE kind = 'pledge'",
        "UPDATE loan_posting SET debit = credit, credit = debit WHERE kind = 'pledge'",
        "DELETE FROM loan_posting WHERE kind = 'pledge'",
    ],
)
def test_a_memorandum_that_differs_from_the_security_is_named(vault, pledge, tamper, statement):
    for registry in ("movable-finance", "local-sink"):
        vault.register(pledge, registry)
    assert "pledge-memorandum" in tamper(statement)
