"""A changed password ends what was open; a lost session learns nothing."""

import pytest
import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.engine import Database
from app.identity import passwords, services
from app.identity.models import Person
from app.identity.services import ChangePassword
from app.kernel.errors import InvalidInput, TooManyRequests
from tests.factories.world import PASSWORD

NEW_PASSWORD = "another-horse-battery"


def change(browser, current=PASSWORD, new=NEW_PASSWORD):
    return browser.submit("/profile/password", {"current_password": current, "new_password": new})


def test_other_browsers_are_signed_out_and_this_one_goes_on(sign_in):
    here, elsewhere = sign_in("a-officer"), sign_in("a-officer")
    assert change(here).status_code == 303
    here.get("/profile", status=200)
    elsewhere.get("/profile", status=303)


def test_the_new_password_holds_and_the_old_one_does_not(sign_in, database, world):
    change(sign_in("a-officer"))
    with database.read() as session:
        stored = session.get_one(Person, world.person("a-officer")).password_hash
    assert passwords.password_matches(stored, NEW_PASSWORD)
    assert not passwords.password_matches(stored, PASSWORD)


def test_tokens_outlive_a_change_of_password(sign_in, api):
    change(sign_in("a-officer"))
    api("a-officer").get("/me", status=200)


def test_a_wrong_current_password_is_named_and_changes_nothing(sign_in, database, world):
    browser = sign_in("a-officer")
    answer = change(browser, current="not it at all")
    assert answer.status_code == 422
    assert "当前密码不正确" in answer.text
    with database.read() as session:
        stored = session.get_one(Person, world.person("a-officer")).password_hash
    assert passwords.password_matches(stored, PASSWORD)


def test_a_borrowed_session_cannot_guess_the_password(session: Session, world):
    actor = world.actor("a-officer")
    wrong = ChangePassword(current_password="guess", new_password=NEW_PASSWORD)
    for _ in range(5):
        with pytest.raises(InvalidInput):
            services.change_password(session, actor, wrong)
    right = ChangePassword(current_password=PASSWORD, new_password=NEW_PASSWORD)
    with pytest.raises(TooManyRequests):
        services.change_password(session, actor, right)


@pytest.mark.parametrize(
    ("length", "accepted"), [(9, False), (10, True), (128, True), (129, False)]
)
def test_a_password_has_ten_to_128_characters(session, world, length, accepted):
    command = ChangePassword(current_password=PASSWORD, new_password="x" * length)
    if accepted:
        assert services.change_password(session, world.actor("a-officer"), command)
    else:
        with pytest.raises(InvalidInput):
            services.change_password(session, world.actor("a-officer"), command)


def test_nothing_of_a_password_is_kept_for_a_replay(sign_in, database: Database):
    change(sign_in("a-officer"))
    with database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM idempotency_key")).scalar_one() == 0


def test_people_of_the_world_are_stored_with_hashes(database):
    with database.read() as session:
        for stored in session.execute(sa.select(col(Person.password_hash))).scalars():
            assert stored.startswith("$argon2id$")
