"""Transactions, number series, leases and bulk writes on both engines."""

import contextlib
import threading
from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.db import leases
from app.db.bulk import CHUNK_ROWS, insert_rows
from app.db.engine import Database
from app.db.models import Lease, NumberSeries
from app.db.numbers import next_number, take_numbers
from app.identity.models import Membership, Organisation
from app.kernel.ids import new_id


def count(database: Database, table) -> int:
    with database.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


# --- Unit of work ---


def test_an_exception_takes_everything_back(database, world):
    before = count(database, NumberSeries)

    def fail() -> None:
        with database.write() as session:
            next_number(session, "X", 2024)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert count(database, NumberSeries) == before


def test_nothing_that_a_reader_writes_is_kept(database):
    """PostgreSQL refuses it at once; SQLite forgets it."""
    before = count(database, NumberSeries)
    refused = contextlib.nullcontext() if database.is_sqlite else pytest.raises(sa.exc.DBAPIError)
    with refused, database.read() as session:
        next_number(session, "X", 2024)
    assert count(database, NumberSeries) == before


def test_values_never_enter_the_messages_of_the_database(database, world):
    with pytest.raises(sa.exc.IntegrityError) as caught, database.write() as session:
        session.execute(
            sa.update(Organisation)
            .where(col(Organisation.code) == "A")
            .values(code="B", note="a secret of a customer")
        )
    assert "a secret of a customer" not in str(caught.value)


def test_a_stale_row_is_refused(database, world):
    with database.read() as session:
        row = session.get_one(Organisation, world.organisation("C1"))
    with database.write() as session:
        newer = session.get_one(Organisation, row.id)
        newer.note = "first"
        session.add(newer)
    row.note = "second"
    with pytest.raises(sa.orm.exc.StaleDataError), database.write() as session:
        session.add(row)


# --- Numbers ---


def test_numbers_go_on_by_series_and_year(session: Session):
    assert next_number(session, "L", 2024) == "L-2024-000001"
    assert next_number(session, "L", 2024) == "L-2024-000002"
    assert next_number(session, "L", 2025) == "L-2025-000001"
    assert next_number(session, "P", 2024) == "P-2024-000001"


def test_a_range_is_taken_at_once(session: Session):
    assert take_numbers(session, "L", 2024, 3) == [f"L-2024-00000{n}" for n in (1, 2, 3)]
    assert next_number(session, "L", 2024) == "L-2024-000004"


def test_parallel_writers_get_different_numbers(database):
    found: list[str] = []
    ready = threading.Barrier(6)

    def work() -> None:
        ready.wait()
        for _ in range(5):
            with database.write() as session:
                number = next_number(session, "L", 2024)
            found.append(number)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [f"L-2024-{number:06d}" for number in range(1, 31)]


# --- Leases ---


def test_one_holder_at_a_time(database, clock):
    with database.write() as session:
        assert leases.claim(session, "eod", "one", 60) == 1
        assert leases.claim(session, "eod", "two", 60) is None


def test_the_holder_may_renew_and_gets_a_new_fence(database):
    with database.write() as session:
        assert [leases.claim(session, "eod", "one", 60) for _ in range(3)] == [1, 2, 3]


@pytest.mark.parametrize(("seconds", "taken"), [(60, False), (61, True)])
def test_an_expired_lease_may_be_taken(database, clock, seconds, taken):
    with database.write() as session:
        leases.claim(session, "eod", "one", 60)
    clock.instant += timedelta(seconds=seconds)
    with database.write() as session:
        assert (leases.claim(session, "eod", "two", 60) is not None) == taken


def test_a_lease_given_back_is_free_at_once(database):
    with database.write() as session:
        leases.claim(session, "eod", "one", 60)
        leases.release(session, "eod", "one")
        assert leases.claim(session, "eod", "two", 60) == 2


def test_only_the_holder_gives_a_lease_back(database):
    with database.write() as session:
        leases.claim(session, "eod", "one", 60)
        leases.release(session, "eod", "two")
        assert leases.claim(session, "eod", "two", 60) is None
    assert count(database, Lease) >= 1


# --- Bulk ---


def test_bulk_rows_are_like_rows_written_one_by_one(database, world):
    rows = [
        (
            new_id(),
            world.person("a-officer"),
            world.organisation("B"),
            f"role-{n}",
            date(2024, 1, 2),
            None,
        )
        for n in range(CHUNK_ROWS + 1)
    ]
    columns = ("id", "person_id", "organisation_id", "role", "valid_from", "valid_until")
    with database.write() as session:
        assert insert_rows(session, Membership.__table__, columns, rows) == len(rows)
    with database.read() as session:
        row = session.get_one(Membership, rows[-1][0])
    assert (row.role, row.valid_from, row.valid_until) == (
        f"role-{CHUNK_ROWS}",
        date(2024, 1, 2),
        None,
    )


def test_bulk_rows_obey_the_rules_of_the_table(database, world):
    row = (new_id(), new_id(), world.organisation("B"), "x", date(2024, 1, 2), None)
    columns = ("id", "person_id", "organisation_id", "role", "valid_from", "valid_until")
    with pytest.raises(Exception, match=r"(?i)foreign key"), database.write() as session:
        insert_rows(session, Membership.__table__, columns, [row])


# --- Types ---


@pytest.mark.parametrize("text", ["0.01", "2600", "123456789012345.123456", "0", "1E+2"])
def test_exact_decimals_come_back_as_they_were(database, session, text):
    from app.db.types import Exact

    kind = Exact()
    stored = kind.process_bind_param(Decimal(text), session.get_bind().dialect)
    assert "E" not in stored
    assert kind.process_result_value(stored, session.get_bind().dialect) == Decimal(text)
