"""The journal holds what was done; a change behind its back is named."""

import threading
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.invariants import violations
from app.audit.models import AuditChain, AuditEvent
from app.audit.services import record
from app.db.engine import Database
from app.kernel.ids import new_id


def say(database: Database, world, login="a-officer", *, count=1, **facts) -> None:
    with database.write() as session:
        for number in range(count):
            record(
                session,
                world.actor(login),
                "thing.do",
                subject_kind="thing",
                subject_id=number,
                **facts,
            )


def events(database: Database) -> list[AuditEvent]:
    with database.read() as session:
        ordered = sa.select(AuditEvent).order_by(
            col(AuditEvent.organisation_id), col(AuditEvent.seq)
        )
        return list(session.execute(ordered).scalars())


def found(database: Database) -> list[str]:
    with database.read() as session:
        return [each.detail for each in violations(session)]


def test_events_are_numbered_without_a_gap_and_chained(database, world):
    say(database, world, count=3)
    say(database, world)
    rows = events(database)
    assert [row.seq for row in rows] == [1, 2, 3, 4]
    assert [row.prev_hash for row in rows[1:]] == [row.hash for row in rows[:-1]]
    assert found(database) == []


def test_each_organisation_has_its_own_chain(database, world):
    say(database, world)
    say(database, world, "b-officer")
    assert [row.seq for row in events(database)] == [1, 1]


def test_what_is_rolled_back_was_never_said(database, world):
    def fail() -> None:
        with database.write() as session:
            record(session, world.actor("a-officer"), "x", subject_kind="x", subject_id=1)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    say(database, world)
    assert [row.action for row in events(database)] == ["thing.do"]


def test_a_session_that_goes_on_after_a_rollback_forgets_too(database, session: Session, world):
    record(session, world.actor("a-officer"), "x", subject_kind="x", subject_id=1)
    session.rollback()
    database.commit(session)
    assert events(database) == []


def test_the_time_is_that_of_the_clock_and_facts_come_back_as_said(database, world, clock):
    say(database, world, amount="1.00", day=clock.today())
    [row] = events(database)
    assert row.at == clock.instant
    assert row.facts == {"amount": "1.00", "day": "2024-01-02"}


BROKEN = {
    "a fact": (2, {"facts": {"amount": "2.00"}}),
    "an instant": (2, {"at": None}),
    "a person": (2, {"person_id": new_id()}),
    "an action": (2, {"action": "thing.done"}),
    "a hash": (2, {"hash": "0" * 64}),
    "a link": (2, {"prev_hash": "0" * 64}),
    "a request": (2, {"request_id": "other"}),
}


@pytest.mark.parametrize("what", sorted(BROKEN))
def test_a_changed_event_is_named_by_its_number(database, world, clock, what):
    say(database, world, count=3, amount="1.00")
    seq, values = BROKEN[what]
    if "at" in values:
        values = {"at": clock.instant + timedelta(seconds=1)}
    with database.write() as session:
        session.execute(sa.update(AuditEvent).where(col(AuditEvent.seq) == seq).values(**values))
    assert found(database) == ["event 2 was changed"]


@pytest.mark.parametrize(
    ("seq", "detail"),
    [
        (1, "event 1 is missing"),
        (2, "event 2 is missing"),
        (3, "the head does not match event 2"),
    ],
)
def test_a_deleted_event_is_missed(database, world, seq, detail):
    say(database, world, count=3)
    with database.write() as session:
        session.execute(sa.delete(AuditEvent).where(col(AuditEvent.seq) == seq))
    assert found(database) == [detail]


def test_a_chain_without_any_event_left_is_named(database, world):
    say(database, world)
    with database.write() as session:
        session.execute(sa.delete(AuditEvent))
    assert found(database) == ["no event is left of the chain"]


def test_two_swapped_events_are_named(database, world):
    say(database, world, count=3)
    with database.write() as session:
        for seq, other in ((2, 99), (3, 2), (99, 3)):
            session.execute(
                sa.update(AuditEvent).where(col(AuditEvent.seq) == seq).values(seq=other)
            )
    assert found(database) == ["event 2 was changed"]


def test_a_head_set_back_is_named(database, world):
    say(database, world, count=3)
    with database.write() as session:
        session.execute(sa.update(AuditChain).values(head_seq=2))
    assert found(database) == ["the head does not match event 3"]


def test_parallel_writers_leave_no_gap_and_no_fork(database, world):
    ready = threading.Barrier(6)

    def work() -> None:
        ready.wait()
        for _ in range(4):
            say(database, world)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [row.seq for row in events(database)] == list(range(1, 25))
    assert found(database) == []


def test_writers_of_two_chains_in_opposite_order_do_not_block_each_other(database, world):
    """Heads are locked in the order of their ids."""
    ready = threading.Barrier(2)
    failures: list[Exception] = []

    def work(logins: tuple[str, str]) -> None:
        ready.wait()
        try:
            for _ in range(10):
                with database.write() as session:
                    for login in logins:
                        actor = world.actor(login)
                        record(session, actor, "x", subject_kind="x", subject_id=1)
        except sa.exc.DBAPIError as error:
            failures.append(error)

    threads = [
        threading.Thread(target=work, args=(logins,))
        for logins in (("a-officer", "b-officer"), ("b-officer", "a-officer"))
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert found(database) == []
