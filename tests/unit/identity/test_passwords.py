"""Hashing: its cost, and that an unknown login costs the same."""

from app.identity import passwords

NEW_PASSWORD = "another-horse-battery"


def test_a_hash_names_argon2id_and_at_least_the_customary_cost():
    stored = passwords.hash_password(NEW_PASSWORD)
    assert stored.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_same_password_hashes_differently_each_time():
    assert passwords.hash_password(NEW_PASSWORD) != passwords.hash_password(NEW_PASSWORD)


def test_right_and_wrong():
    stored = passwords.hash_password(NEW_PASSWORD)
    assert passwords.password_matches(stored, NEW_PASSWORD)
    assert not passwords.password_matches(stored, NEW_PASSWORD + "x")


def test_an_unknown_login_is_hashed_all_the_same():
    passwords._nobody.cache_clear()
    assert not passwords.password_matches(None, NEW_PASSWORD)
    assert passwords._nobody.cache_info().currsize == 1


def test_nobody_signs_in_with_the_password_behind_unknown_logins():
    assert not passwords.password_matches(None, "nobody has this password")


def test_a_broken_hash_is_refused_not_a_crash():
    assert not passwords.password_matches("not a hash", NEW_PASSWORD)
