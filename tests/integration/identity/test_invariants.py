"""`verify` names what a statement behind the service's back has broken."""

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.identity.invariants import violations
from app.identity.models import ApiToken, AuthorityLimit, Membership, Person


def found(database):
    with database.read() as session:
        return [(each.invariant, each.subject) for each in violations(session)]


def test_the_world_is_sound(database):
    assert found(database) == []


BROKEN = [
    ("role-known", sa.update(Membership), {"role": "emperor"}, Membership),
    ("role-fits", sa.update(Membership), {"role": "appraiser"}, Membership),
    ("scope-known", sa.update(ApiToken), {"scopes": ["everything"]}, ApiToken),
    ("token-term", sa.update(ApiToken), {"expires_at": None}, ApiToken),
]


@pytest.mark.parametrize(
    ("invariant", "statement", "values", "table"), BROKEN, ids=lambda v: str(v)[:12]
)
def test_a_broken_row_is_named_with_its_person(
    database, world, clock, invariant, statement, values, table
):
    if values == {"expires_at": None}:
        values = {"expires_at": clock.instant.replace(year=2020)}
    with database.write() as session:
        person = world.person("a-officer")
        session.execute(statement.where(col(table.person_id) == person).values(**values))
    assert found(database) == [(invariant, "person a-officer")]


def test_a_conflicting_pair_is_named(database, world):
    with database.write() as session:
        session.add(
            Membership(
                person_id=world.person("a-officer"),
                organisation_id=world.organisation("A"),
                role="approver",
                valid_from=database.clock.today(),
            )
        )
    assert found(database) == [("roles-exclude", "person a-officer")]


def test_a_pair_held_one_after_the_other_is_no_conflict(database, world):
    today = database.clock.today()
    with database.write() as session:
        session.add(
            Membership(
                person_id=world.person("a-officer"),
                organisation_id=world.organisation("A"),
                role="approver",
                valid_from=today.replace(year=2020),
                valid_until=today.replace(year=2021),
            )
        )
    assert found(database) == []


def test_a_disabled_person_with_a_live_token_is_named(database, world, clock):
    with database.write() as session:
        session.execute(
            sa.update(Person)
            .where(col(Person.login) == "a-officer")
            .values(disabled_at=clock.instant)
        )
    assert found(database) == [("access-ended", "person a-officer")]


def test_a_ceiling_that_ends_before_it_begins_is_named(database):
    with database.write() as session:
        day = database.clock.today().replace(year=2019)
        session.execute(sa.update(AuthorityLimit).values(valid_until=day))
    assert {name for name, _subject in found(database)} == {"ceiling-term"}


def test_the_database_itself_refuses_a_ceiling_of_nothing(database):
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.execute(sa.update(AuthorityLimit).values(ceiling_fen=0))
