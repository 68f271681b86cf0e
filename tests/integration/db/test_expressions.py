"""Expressions of SQL that both engines must answer as Python does."""

import time
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from app.db.expressions import (
    MAX_DENOMINATOR,
    among,
    as_text,
    dialect_of,
    fresh_id,
    given_ids,
    id_stem,
    joined,
    product_half_up,
)
from app.identity.models import Organisation
from app.kernel.daycount import DayCount
from app.kernel.ids import new_id
from app.kernel.money import MAX_FEN, round_half_up
from app.kernel.rates import PPM

ORGANISATION = Organisation.__table__
OF_A_YEAR = st.sampled_from([PPM * each.basis for each in DayCount])
YEARS = 40
CASES = st.lists(
    (OF_A_YEAR | st.integers(1, MAX_DENOMINATOR)).flatmap(
        lambda over: st.tuples(st.integers(0, MAX_FEN), st.integers(0, YEARS * over), st.just(over))
    ),
    min_size=1,
    max_size=20,
)
LARGEST = PPM * DayCount.ACT_ACT.basis


def whole(number):
    return sa.literal(number, sa.BigInteger)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cases=CASES)
@example(cases=[(MAX_FEN, LARGEST - 1, LARGEST), (MAX_FEN, MAX_DENOMINATOR - 1, MAX_DENOMINATOR)])
@example(cases=[(MAX_FEN - 1, YEARS * LARGEST, LARGEST), (0, 0, 1), (1, 1, 2), (3, 1, 6)])
@example(cases=[(2**25, MAX_DENOMINATOR - 1, MAX_DENOMINATOR), (2**25 - 1, LARGEST - 1, LARGEST)])
def test_a_product_is_rounded_as_python_rounds_it(database, cases):
    products = (product_half_up(*(whole(number) for number in case)) for case in cases)
    with database.read() as session:
        found = session.execute(sa.select(*products)).one()
    assert all(type(number) is int for number in found)
    assert list(found) == [round_half_up(fen * factor, over) for fen, factor, over in cases]


def test_the_units_of_every_day_count_fit():
    assert max(PPM * each.basis for each in DayCount) <= MAX_DENOMINATOR


@pytest.mark.parametrize(("factor", "rounded"), [(4_999, 0), (5_000, 1), (14_999, 1), (15_000, 2)])
def test_ties_go_up(database, factor, rounded):
    with database.read() as session:
        product = product_half_up(whole(1), whole(factor), whole(10_000))
        assert session.execute(sa.select(product)).scalar_one() == rounded


def test_fresh_ids_are_of_version_7_and_lie_between_those_made_before_and_after(database):
    before = new_id()
    time.sleep(0.002)
    with database.read() as session:
        dialect = dialect_of(session)
        stem = sa.literal(id_stem(dialect))
        rows = sa.select(fresh_id(dialect, stem), fresh_id(dialect, stem)).select_from(ORGANISATION)
        pairs = session.execute(rows).all()
    time.sleep(0.002)
    ids = [each for pair in pairs for each in pair]
    assert all(type(each) is UUID for each in ids)
    assert {(each.version, each.variant) for each in ids} == {(7, new_id().variant)}
    assert len(set(ids)) == 2 * len(pairs) > 2
    assert all(before < each < new_id() for each in ids)


def test_values_are_written_as_python_writes_them(database, world):
    chosen = ORGANISATION.c.id == world.organisation("A")
    with database.read() as session:
        columns = (ORGANISATION.c.id, ORGANISATION.c.code, ORGANISATION.c.version)
        line = joined("|", [as_text(dialect_of(session), column) for column in columns])
        found = session.execute(sa.select(line).where(chosen)).scalar_one()
        values = session.execute(sa.select(*columns).where(chosen)).one()
    assert found == "|".join(str(value) for value in values)


@pytest.mark.parametrize("codes", [(), ("A",), ("A", "B", "C1")])
def test_ids_are_found_among_many(database, world, codes):
    ids = [world.organisation(code) for code in codes]
    with database.read() as session:
        dialect = dialect_of(session)
        many = given_ids(dialect, [*ids, *(new_id() for _ in range(5_000))])
        statement = sa.select(ORGANISATION.c.code).where(among(dialect, ORGANISATION.c.id, "ids"))
        found = session.execute(statement, {"ids": many}).scalars().all()
    assert sorted(found) == sorted(codes)
