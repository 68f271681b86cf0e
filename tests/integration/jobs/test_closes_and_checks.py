"""What one bank cannot do stops no other: closes, the watch after them, the plan of checks."""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.identity.models import Organisation
from app.jobs.runner import run_due
from app.jobs.sequence import plan_all
from app.jobs.work import make_jobs
from app.kernel.ids import new_id
from app.loans.closing.days import RequestClose, request_close
from app.loans.inspection.models import Inspection
from app.loans.models import DayClose
from app.policy.lookup import RuleNotInForce
from app.settings import Settings
from tests.support.bank import Bank

DAY = date(2024, 1, 2)


@pytest.fixture
def lent(database, world, clock):
    """Bank A with a loan drawn today."""
    bank = Bank(database, world, clock).open(DAY)
    bank.draw(bank.sign(starts_on=DAY, matures_on=date(2025, 1, 2)), 1_000_000_00)
    return bank


def planned(bank):
    with bank.database.read() as session:
        counted = sa.select(sa.func.count()).where(Inspection.bank_id == bank.id)
        return session.execute(counted).scalar_one()


def test_a_refused_bank_costs_no_other_its_watch_and_its_checks(lent, world, clock, tmp_path):
    other = Bank(lent.database, world, clock, code="B")
    with lent.database.write() as session:
        request_close(session, lent.actor, RequestClose(on=DAY))
        filed = {"person_id": new_id(), "requested_at": clock.instant}
        session.add(DayClose(bank_id=other.id, on=DAY - timedelta(days=1), **filed))
    jobs = make_jobs(Settings(home=tmp_path))
    (job,) = [each for each in jobs if each.rule.name == "requested-closes"]
    assert run_due(lent.database, job, owner="one", stop=threading.Event()) == 0, "kept as failed"
    with lent.database.read() as session:
        states = dict(session.execute(sa.select(DayClose.bank_id, DayClose.state)).all())
    assert states == {lent.id: "finished", other.id: "requested"}
    assert planned(lent) == 1


def test_a_bank_whose_checks_cannot_be_planned_stops_no_other(lent, world, clock):
    """A bank whose day lies before all rules: no policy says when it looks at its loans."""
    early = Bank(lent.database, world, clock, code="B").open(date(1900, 1, 1))
    lent.set_clock(DAY)
    with lent.database.read() as session:
        banks = [session.get_one(Organisation, each.id) for each in (early, lent)]
    with pytest.raises(RuleNotInForce):
        plan_all(lent.database, banks)
    assert planned(lent) == 1
