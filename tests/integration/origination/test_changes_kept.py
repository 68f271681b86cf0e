"""What an approval asks of the books, and what the journal keeps of a change of a loan; both engines."""

from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.audit.models import AuditEvent
from app.loans.models import LoanStateRow
from app.loans.refusals import LoanBehind, RenewalInterestAhead
from app.origination.domain.changes import ChangeKind
from app.origination.invariants import violations
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    propose_change,
    withdraw_change,
)
from tests.factories.world import TODAY

UNTIL = TODAY + timedelta(days=75)
AGREED = DecideChange(note="同意")
SECURED = {"consent": "抵押人同意继续担保", "registered_until": UNTIL}
CHANGES = (
    {"kind": ChangeKind.EXTENSION, "matures_on": UNTIL, **SECURED},
    {
        "kind": ChangeKind.RESTRUCTURING,
        "financial_difficulty": True,
        "rate_ppm": 20_000,
        **SECURED,
    },
    {"kind": ChangeKind.RENEWAL, "matures_on": UNTIL, "small_borrower": True, **SECURED},
)
RENEWAL = CHANGES[-1]


@pytest.fixture
def lent(lending):
    """3,000,000.00 of two months, drawn today against a forest right and carbon income."""
    return lending.drawn(lending.main_pool(), term_months=2).loan_id


def propose(lending, loan_id, terms):
    command = ProposeChange(reason="经营正常，到期前续贷", **terms)
    return propose_change(lending.session, lending.staff("officer"), loan_id, command)


def approve(lending, change_id):
    return approve_change(lending.session, lending.staff("approve"), change_id, AGREED)


def carry_out(lending, change_id):
    return carry_out_change(lending.session, lending.staff("officer"), change_id, CarryOut())


def test_a_change_of_a_loan_left_behind_by_a_close_is_not_judged(lending, lent):
    session, officer = lending.session, lending.staff("officer")
    state = session.get_one(LoanStateRow, lent)
    for terms in CHANGES:
        made = propose(lending, lent, terms)
        state.closed_on = TODAY - timedelta(days=2)
        with pytest.raises(LoanBehind):
            approve(lending, made.id)
        state.closed_on = TODAY - timedelta(days=1)
        assert approve(lending, made.id).state == "approved"
        withdraw_change(session, officer, made.id, AGREED)


def test_the_journal_keeps_what_was_confirmed_of_a_renewal(lending, lent, commit):
    session = lending.session
    made = propose(lending, lent, RENEWAL)
    approve(lending, made.id)
    carry_out(lending, made.id)
    commit()
    statement = sa.select(AuditEvent).where(
        col(AuditEvent.subject_id) == str(made.id), col(AuditEvent.action).like("loan-change.%")
    )
    facts = [each.facts for each in session.execute(statement).scalars()]
    kept = ("small_borrower", "financial_difficulty", "consent", "registered_until")
    expected = (True, False, SECURED["consent"], UNTIL.isoformat())
    assert [tuple(each[name] for name in kept) for each in facts] == [expected] * 3
    assert list(violations(session)) == []
    for changed in ("small_borrower = NOT small_borrower", "consent = ''", "plan = '[]'"):
        session.execute(sa.text(f"UPDATE loan_change SET {changed}"))
        session.expire_all()
        assert "loan-change" in {each.invariant for each in violations(session)}, changed
        session.rollback()


def test_a_renewal_says_what_interest_was_paid_ahead_instead_of_a_negative_debt(lending, lent):
    session = lending.session
    made = propose(lending, lent, RENEWAL)
    approve(lending, made.id)
    state = session.get_one(LoanStateRow, lent)
    state.accrued_fen = -12_00
    with pytest.raises(RenewalInterestAhead) as refused:
        carry_out(lending, made.id)
    assert refused.value.facts["ahead"].fen == 12_00
    state.accrued_fen = 0
    assert carry_out(lending, made.id).state == "carried-out"
