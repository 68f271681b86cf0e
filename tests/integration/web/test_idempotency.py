"""One key, one effect."""

import threading

import pytest
import sqlalchemy as sa

from app.db.engine import Database
from app.web.idempotency import MAX_KEY_LENGTH
from app.web.models import IdempotencyKey
from tests.support.databases import listening

PATH = "/probe/things"
BODY = {"amount_yuan": "12.30"}


def stored_keys(database: Database) -> int:
    with database.read() as session:
        return session.execute(sa.select(sa.func.count()).select_from(IdempotencyKey)).scalar_one()


def test_a_repeat_gets_the_same_answer_and_has_no_second_effect(program, effects):
    first = program.post(PATH, BODY, key="k-1", status=201)
    again = program.post(PATH, BODY, key="k-1", status=201)
    assert again.data == first.data
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Content-Type"] == first.headers["Content-Type"]
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert effects() == 1


def test_a_repeat_works_nothing_out_again(program):
    path = "/probe/long-things"
    first = program.post(path, key="k-1", status=200).json
    again = program.post(path, key="k-1", status=200)
    assert (again.json, again.headers["Idempotent-Replayed"]) == (first, "true")
    assert program.post(path, key="k-1", body={"other": 1}, status=422).json["code"] == (
        "idempotency-key-reused"
    )
    number = int(first["number"].removeprefix("PROBE-"))
    other = program.post(path, key="k-2", status=200).json
    assert other["number"] == f"PROBE-{number + 1}"


def test_another_key_has_another_effect(program, effects):
    program.post(PATH, BODY, key="k-1", status=201)
    program.post(PATH, BODY, key="k-2", status=201)
    assert effects() == 2


def test_a_missing_key_is_a_bad_request(program, effects):
    answer = program.post(PATH, BODY, key=None, status=400)
    assert answer.json["code"] == "idempotency-key-missing"
    assert effects() == 0


@pytest.mark.parametrize("key", ["k", "k" * MAX_KEY_LENGTH, '{"json": 1}', "a b"])
def test_a_key_is_any_printable_text_of_up_to_255_characters(program, key):
    program.post(PATH, BODY, key=key, status=201)


@pytest.mark.parametrize("key", ["k" * (MAX_KEY_LENGTH + 1), "k" * 10_000, "ключ", "a\tb"])
def test_other_keys_are_refused(program, effects, key):
    headers = {"Idempotency-Key": key.encode().decode("latin-1")}
    program.post(PATH, BODY, key=None, headers=headers, status=400)
    assert effects() == 0


def test_an_empty_key_is_refused(program):
    program.post(PATH, BODY, key=None, headers={"Idempotency-Key": ""}, status=400)


def test_another_body_under_the_same_key_is_refused(program, effects):
    program.post(PATH, BODY, key="k-1", status=201)
    answer = program.post(PATH, {"amount_yuan": "12.31"}, key="k-1", status=422)
    assert answer.json["code"] == "idempotency-key-reused"
    assert effects() == 1


def test_keys_belong_to_a_person(api, effects):
    api("a-officer").post(PATH, BODY, key="k-1", status=201)
    api("a-co").post(PATH, BODY, key="k-1", status=201)
    assert effects() == 2


def test_keys_belong_to_the_organisation_a_person_acts_for(api, effects):
    api("both-stat", organisation="A").post(PATH, BODY, key="k-1", status=201)
    api("both-stat", organisation="B").post(PATH, BODY, key="k-1", status=201)
    assert effects() == 2


def test_a_refusal_gives_the_key_back(program, effects, database):
    program.post(PATH, {"title": "refuse"}, key="k-1", status=422)
    assert stored_keys(database) == 0
    program.post(PATH, {"title": "now"}, key="k-1", status=201)
    assert effects() == 1


def test_a_crash_gives_the_key_back_and_changes_nothing(program, effects, database):
    program.post(PATH, {"title": "crash"}, key="k-1", status=500)
    assert (stored_keys(database), effects()) == (0, 0)


def test_a_replay_is_answered_before_the_version_is_compared(program, effects):
    path = "/probe/things/1"
    program.put(path, BODY, version=3, key="k-1", status=200)
    answer = program.put(path, BODY, version=1, key="k-1", status=200)
    assert answer.headers["ETag"] == '"3"'
    assert effects() == 1


def test_a_key_in_flight_is_answered_with_when_to_come_back(
    program, database, world, effects, hurried
):
    """Another transaction holds the key and has not ended."""
    with database.engine.connect() as other:
        row = {
            "id": world.person("a-co"),
            "organisation_id": world.organisation("A"),
            "person_id": world.person("a-officer"),
            "route": "POST /api/v1/probe/things",
            "key": "k-1",
            "request_sha256": "0" * 64,
            "created_at": database.clock.now(),
        }
        other.execute(sa.insert(IdempotencyKey).values(**row))
        answer = program.post(PATH, BODY, key="k-1", status=409)
        other.rollback()
    assert answer.json["code"] == "busy"
    assert answer.headers["Retry-After"] == "1"
    program.post(PATH, BODY, key="k-1", status=201)
    assert effects() == 1


@pytest.fixture
def hurried(database):
    """Connections to SQLite that wait for a lock only a moment."""
    if not database.is_sqlite:
        yield
        return
    database.engine.dispose()
    with listening(database.engine, "connect", _hurry):
        yield


def _hurry(connection, _record):
    connection.execute("PRAGMA busy_timeout=200")


def test_many_at_once_with_one_key_have_one_effect(app, api, effects):
    answers, ready = [], threading.Barrier(6)

    def send() -> None:
        client = api("a-officer")
        ready.wait()
        answers.append(client.post(PATH, BODY, key="k-1"))

    threads = [threading.Thread(target=send) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} <= {201, 409}
    bodies = {answer.data for answer in answers if answer.status_code == 201}
    assert len(bodies) == 1
    assert effects() == 1
