"""`verify` and `audit verify` name what was changed behind the service's back."""

import json
from pathlib import Path

import pytest
import sqlalchemy as sa

import app
from app.audit.models import AuditChain
from app.cli.checking import EVERY_ROOM
from app.db.invariants import Violation
from app.identity.models import Organisation
from app.verify import BROKEN, CHECKERS, verify


def test_every_room_with_invariants_is_asked():
    folder = Path(app.__file__).parent
    rooms = {path.parent.name for path in folder.glob("*/invariants.py")} - {"db"}
    assert {room for room, _checker in EVERY_ROOM} == rooms
    assert {room for room, _checker in CHECKERS} == rooms - {"jobs"}


def test_broken_checker_is_a_violation_of_its_room_and_stops_no_other(database):
    def broken(session):
        yield Violation(invariant="seen", subject="before", detail="-")
        session.execute(sa.text("SELECT * FROM no_such_table"))

    def working(session):
        assert session.execute(sa.text("SELECT 1")).scalar() == 1
        yield Violation(invariant="found", subject="row", detail="-")

    found = verify(database, (("first", broken), ("second", working)))
    assert [each.invariant for each in found] == ["seen", BROKEN, "found"]
    assert found[1].subject == "room first"


def test_all_rooms_see_one_state(database):
    seen = []

    def count(session):
        seen.append(session.execute(sa.text("SELECT count(*) FROM number_series")).scalar())
        return ()

    def write_meanwhile(_session):
        with database.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO number_series VALUES ('Z', 1, 1)")
        return ()

    verify(database, (("one", count), ("two", write_meanwhile), ("three", count)))
    assert seen[0] == seen[1]


@pytest.fixture
def audited(terminal):
    person = ("--login", "new-person", "--name-zh", "新人", "--organisation", "A")
    assert terminal("user", "add", *person, "--role", "branch-admin").code == 0
    return terminal


def test_clean_database_verifies(audited):
    done = audited("audit", "verify", "--json")
    assert (done.code, done.json["ok"]) == (0, True)
    assert "Everything holds." in audited("audit", "verify").out


def test_changed_event_is_named(audited, database):
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE audit_event SET action = 'nothing' WHERE seq = 1")
    done = audited("verify", "--json")
    assert done.code == 1
    assert {each["invariant"] for each in done.json["violations"]} == {"audit-chain"}


def test_heads_name_their_organisation(audited, database):
    with database.read() as session:
        chains = session.execute(sa.select(AuditChain.organisation_id)).scalars().all()
        names = [session.get_one(Organisation, each).name_en for each in chains]
    told = audited("audit", "head").out
    assert names
    assert all(f"  {name}\n" in told for name in names)


def test_chain_must_extend_the_head_that_was_published(audited, tmp_path):
    head = tmp_path / "head.json"
    published = audited("audit", "head", "--json").json
    head.write_text(json.dumps(published), encoding="utf-8")
    assert audited("audit", "verify", "--from", head, "--json").code == 0

    published["heads"][0]["hash"] = "0" * 64
    head.write_text(json.dumps(published), encoding="utf-8")
    done = audited("audit", "verify", "--from", head, "--json")
    assert done.code == 1
    assert "published" in done.json["violations"][0]["detail"]


def test_file_that_is_no_head_is_a_usage_error(audited, tmp_path):
    head = tmp_path / "head.json"
    head.write_text("[1]", encoding="utf-8")
    assert audited("audit", "verify", "--from", head).code == 2
    assert audited("audit", "verify", "--from", tmp_path / "none").code == 2
