"""Renewal without repayment: a new loan settles the old one, its security passes on without a gap; both engines."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.audit.models import AuditEvent
from app.collateral.domain.states import PledgeState
from app.collateral.invariants import violations as of_collateral
from app.collateral.models import AssetLien, Pledge, Registration
from app.collateral.queries import pool_of_loan
from app.collateral.services.pledge_views import pledge_view
from app.collateral.services.pledging import (
    RegisterPledge,
    register_pledge,
    release_pledge,
)
from app.collateral.services.watch import watch_loan
from app.desk.loan_page import loan_page
from app.desk.worklist import worklist
from app.kernel.errors import IllegalEvent
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.loans.contracts import WriteOff, write_off
from app.loans.domain.classification import LoanClass
from app.loans.domain.journal import Account
from app.loans.domain.states import LoanState
from app.loans.invariants import violations as of_loans
from app.loans.models import Loan, LoanClassification, LoanPosting, LoanStateRow, Repayment
from app.loans.refusals import LoanRenewed, NotDrawn
from app.loans.services import Repay, Reverse, close_day, repay, reverse
from app.origination.change_models import LoanChange
from app.origination.change_pages import words_of_check
from app.origination.domain.changes import ChangeKind
from app.origination.domain.checks import Outcome
from app.origination.invariants import violations as of_origination
from app.origination.refusals import ChangeNotPossible, ChangeRefused
from app.origination.services.changes import (
    CarryOut,
    DecideChange,
    ProposeChange,
    approve_change,
    carry_out_change,
    propose_change,
)
from tests.factories.lending import LOAN_FEN, Lending
from tests.factories.world import TODAY
from tests.support.once import built_once

UNTIL = TODAY + timedelta(days=75)


@pytest.fixture
@built_once
def drawn_today(database, world, offers):
    """3,000,000.00 of two months against a forest right and carbon income."""
    with database.write() as session:
        lending = Lending(session=session, world=world)
        return lending.drawn(lending.main_pool(), term_months=2).loan_id


@pytest.fixture
def lent(drawn_today, lending, commit):
    """The loan drawn today; after each test all is still whole."""
    yield drawn_today
    session = lending.session
    commit()
    assert [*of_loans(session), *of_collateral(session), *of_origination(session)] == []


def propose(lending, loan_id, **terms):
    given = {
        "kind": ChangeKind.RENEWAL,
        "reason": "经营正常，到期前续贷",
        "matures_on": UNTIL,
        "small_borrower": True,
        "consent": "抵押人同意继续担保",
        "registered_until": UNTIL,
    }
    command = ProposeChange(**{**given, **terms})
    return propose_change(lending.session, lending.staff("officer"), loan_id, command)


def approved(lending, loan_id, **terms):
    made = propose(lending, loan_id, **terms)
    note = DecideChange(note="同意")
    return approve_change(lending.session, lending.staff("approve"), made.id, note)


def carry_out(lending, change_id):
    return carry_out_change(lending.session, lending.staff("officer"), change_id, CarryOut())


def renewed(lending, loan_id, **terms):
    return carry_out(lending, approved(lending, loan_id, **terms).id)


def pledges(lending, loan_id):
    statement = sa.select(Pledge).where(col(Pledge.loan_id) == loan_id)
    return (
        lending.session.execute(statement.order_by(col(Pledge.rank), col(Pledge.number)))
        .scalars()
        .all()
    )


def test_a_new_loan_settles_the_old_one_without_cash(lending, lent):
    session = lending.session
    done = renewed(lending, lent)
    old, new = session.get_one(Loan, lent), session.get_one(Loan, done.new_loan_id)
    assert (old.state, new.state) == (LoanState.SETTLED, LoanState.PERFORMING)
    assert (new.renews_id, new.contract_fen, new.matures_on) == (lent, LOAN_FEN, UNTIL)
    assert (new.starts_on, new.signed_on, new.rate_ppm) == (TODAY, TODAY, old.rate_ppm)
    assert done.new_loan_number == new.number
    ended = loan_page(session, lending.staff("officer"), lent).steps[-1]
    assert (ended.title, ended.day) == ("Settled", TODAY)
    moved = sa.select(LoanPosting).where(
        sa.or_(
            col(LoanPosting.debit) == Account.RENEWAL, col(LoanPosting.credit) == Account.RENEWAL
        )
    )
    rows = session.execute(moved.order_by(col(LoanPosting.id))).scalars().all()
    assert [(row.loan_id, row.debit, row.credit, row.amount_fen) for row in rows] == [
        (new.id, Account.PRINCIPAL, Account.RENEWAL, LOAN_FEN),
        (lent, Account.RENEWAL, Account.PRINCIPAL, LOAN_FEN),
    ]
    cash = sa.select(sa.func.count()).where(
        col(LoanPosting.loan_id) == new.id,
        sa.or_(col(LoanPosting.debit) == "cash", col(LoanPosting.credit) == "cash"),
    )
    assert session.execute(cash).scalar_one() == 0


def test_the_journal_names_the_new_loan(lending, lent, commit):
    done = renewed(lending, lent)
    commit()
    told = sa.select(col(AuditEvent.facts)).where(col(AuditEvent.action) == "loan-change.carry-out")
    (facts,) = lending.session.execute(told).scalars()
    assert facts["new_loan_id"] == str(done.new_loan_id)


def test_the_security_passes_on_in_its_rank_without_a_gap(lending, lent):
    """The lien ledger never moves, and the cover of the new loan is that of the old one."""
    session = lending.session
    before = pledges(lending, lent)
    figures = [(each.asset_id, each.rank, each.secured_fen) for each in before]
    liens = dict(
        session.execute(sa.select(col(AssetLien.asset_id), col(AssetLien.secured_fen))).all()
    )
    cover = pool_of_loan(session, lent).cover()
    done = renewed(lending, lent)
    after = pledges(lending, done.new_loan_id)
    assert {each.state for each in pledges(lending, lent)} == {PledgeState.CARRIED_OVER}
    assert {each.state for each in after} == {PledgeState.REGISTERED}
    assert sorted((each.asset_id, each.rank, each.secured_fen) for each in after) == sorted(figures)
    assert (
        dict(session.execute(sa.select(col(AssetLien.asset_id), col(AssetLien.secured_fen))).all())
        == liens
    )
    assert pool_of_loan(session, done.new_loan_id).cover() == cover
    assert pool_of_loan(session, lent).assets == ()


def test_the_registration_that_names_the_new_contract_is_a_task_until_its_receipt(lending, lent):
    session, officer = lending.session, lending.staff("officer")
    done = renewed(lending, lent)
    (first, *_rest) = pledges(lending, done.new_loan_id)
    view = pledge_view(session, officer, first.id)
    former = session.get_one(Pledge, first.carries_id)
    assert (view.change_to_register, view.carries_number) == (True, former.number)
    assert first.number in {task.number for task in worklist(session, officer)}
    registry = (
        session.execute(
            sa.select(col(Registration.registry_code)).where(
                col(Registration.pledge_id) == former.id
            )
        )
        .scalars()
        .first()
    )
    receipt = RegisterPledge(registry=registry, number="变更-0001", registered_on=TODAY)
    view = register_pledge(session, officer, first.id, receipt)
    assert [each.kind for each in view.registrations] == ["change"]
    assert not view.change_to_register
    assert first.number not in {task.number for task in worklist(session, officer)}


def test_the_class_stays_and_bears_the_mark(lending, lent, database, commit):
    done = renewed(lending, lent)
    commit()
    close_day(database, lending.world.system("A"), lending.bank_id, TODAY)
    session = lending.session
    state = session.get_one(LoanStateRow, done.new_loan_id, populate_existing=True)
    assert state.loan_class is LoanClass.NORMAL
    taken = sa.select(LoanClassification).where(col(LoanClassification.loan_id) == done.new_loan_id)
    (row,) = session.execute(taken).scalars().all()
    assert ("renewed", "normal") in {(each["code"], each["floor"]) for each in row.reasons}


CONDITIONS = (
    ({"small_borrower": False}, "small-borrower"),
    ({"financial_difficulty": True}, "not-in-difficulty"),
    ({"consent": ""}, "security-consents"),
    ({"registered_until": UNTIL - timedelta(days=1)}, "registration-runs"),
    (
        {"matures_on": date(2027, 1, 3), "registered_until": date(2027, 1, 3)},
        "within-renewal-limit",
    ),
    ({"matures_on": TODAY + timedelta(days=30)}, "later-maturity"),
)


@pytest.mark.one_engine("sqlite")
def test_each_condition_of_the_proposal(lending, lent):
    for terms, code in CONDITIONS:
        with pytest.raises(ChangeRefused) as refused:
            propose(lending, lent, **terms)
        assert refused.value.facts["codes"] == [code]


def test_interest_is_paid_before_and_taken_out_of_money_that_waits(lending, lent, database, commit):
    commit()
    close_day(database, lending.world.system("A"), lending.bank_id, TODAY)
    session = lending.session
    session.expire_all()
    owed = session.get_one(LoanStateRow, lent).accrued_fen
    assert owed
    change = approved(lending, lent)
    (check,) = [each for each in change.checks if each.code == "interest-paid"]
    assert (check.outcome, check.facts["owed"]) == (Outcome.LATER, str(Money(owed).yuan))
    assert "before the renewal is carried out" in words_of_check(check)
    repay(session, lending.staff("ops"), lent, Repay(amount_fen=owed - 1))
    with pytest.raises(ChangeRefused) as refused:
        carry_out(lending, change.id)
    assert refused.value.facts["codes"] == ["interest-paid"]
    repay(session, lending.staff("ops"), lent, Repay(amount_fen=2))
    carry_out(lending, change.id)
    state = session.get_one(LoanStateRow, lent)
    assert (state.principal_fen, state.accrued_fen, state.suspense_fen) == (0, 0, 1)


def test_a_security_that_outlives_its_loan_is_a_task_of_who_releases_it(lending, lent):
    session = lending.session
    lasting = {each.number for each in pledges(lending, lent)}

    def asked(login):
        tasks = worklist(session, lending.staff(login))
        return {each.number for each in tasks if each.what.startswith("Release the security")}

    assert asked("approve") == set()
    repay(session, lending.staff("ops"), lent, Repay(amount_fen=LOAN_FEN, prepay=True))
    assert session.get_one(Loan, lent).state is LoanState.SETTLED
    assert (asked("approve"), asked("ops")) == (lasting, set())
    for each in pledges(lending, lent):
        release_pledge(session, lending.staff("approve"), each.id, "结清")
    assert asked("approve") == set()


def test_a_fallen_value_stops_the_renewal_and_nothing_is_done(lending, lent, commit):
    change = approved(lending, lent)
    (first, *_rest) = pledges(lending, lent)
    lending.value(first.asset_id, first.secured_fen - 1, date(2024, 12, 1))
    watch_loan(lending.session, lending.staff("ops"), lent)
    commit()
    with pytest.raises(ChangeRefused):
        carry_out(lending, change.id)
    lending.session.rollback()
    assert lending.session.get_one(Loan, lent).state is LoanState.PERFORMING
    assert {each.state for each in pledges(lending, lent)} == {PledgeState.REGISTERED}


def test_what_comes_after_a_renewal_is_refused(lending, lent):
    """The old loan takes no repayment, write-off, second renewal or reversal any more."""
    session, ops = lending.session, lending.staff("ops")
    paid = repay(session, ops, lent, Repay(amount_fen=100_00, prepay=True))
    done = renewed(lending, lent)
    assert session.get_one(Loan, done.new_loan_id).contract_fen == LOAN_FEN - 100_00
    with pytest.raises(NotDrawn):
        repay(session, ops, lent, Repay(amount_fen=1_00))
    with pytest.raises(ChangeNotPossible):
        propose(lending, lent)
    with pytest.raises(IllegalEvent):
        write_off(session, lending.world.system("A"), WriteOff(loan_id=lent, reason="x"))
    for row in session.execute(
        sa.select(Repayment).where(col(Repayment.loan_id) == lent)
    ).scalars():
        with pytest.raises(LoanRenewed):
            reverse(session, ops, Reverse(entry_id=row.entry_id, reason="x"))
    assert paid.loan_id == lent


def test_what_came_before_stops_a_renewal(lending, lent):
    """A loan paid off after the approval is not renewed."""
    change = approved(lending, lent)
    repay(lending.session, lending.staff("ops"), lent, Repay(amount_fen=LOAN_FEN, prepay=True))
    with pytest.raises(ChangeRefused) as refused:
        carry_out(lending, change.id)
    assert "performing" in refused.value.facts["codes"]


def test_a_renewal_names_only_loans_that_there_are(lending, lent, database, commit):
    renewed(lending, lent)
    commit()
    for table, column in ((Loan, "renews_id"), (LoanChange, "new_loan_id")):
        linked = sa.update(table).where(getattr(table, column).is_not(None))
        with pytest.raises(sa.exc.IntegrityError), database.write() as session:
            session.execute(linked.values({column: new_id()}))


def test_a_renewed_loan_is_renewed_again(lending, lent):
    first = renewed(lending, lent)
    second = renewed(
        lending,
        first.new_loan_id,
        matures_on=UNTIL + timedelta(days=30),
        registered_until=UNTIL + timedelta(days=30),
    )
    (last, *_rest) = pledges(lending, second.new_loan_id)
    assert last.state is PledgeState.REGISTERED


CHANGED = {
    "UPDATE pledge SET rank = 7 WHERE carries_id IS NOT NULL": "security-carried-over",
    "UPDATE pledge SET carries_id = NULL": "security-carried-over",
    "UPDATE loan SET renews_id = NULL": "renewal-books",
    "UPDATE loan_posting SET credit = 'cash' WHERE credit = 'renewal-clearing'": "renewal-books",
    "UPDATE loan_change SET new_loan_id = NULL": "loan-change-books",
}


@pytest.mark.one_engine("sqlite")
def test_a_renewal_changed_past_the_service_is_found(lending, drawn_today, commit):
    renewed(lending, drawn_today)
    commit()
    session = lending.session
    for statement, invariant in CHANGED.items():
        session.execute(sa.text(statement))
        session.expire_all()
        found = [*of_loans(session), *of_collateral(session), *of_origination(session)]
        assert invariant in {each.invariant for each in found}, statement
        session.rollback()
