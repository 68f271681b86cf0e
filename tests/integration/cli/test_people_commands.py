"""`organisation add`, `user add`, `token issue` on the world of the tests."""

from datetime import date

import pytest

from app.identity.sessions import actor_by_token
from app.loans.services import business_day
from app.origination.services.products import products_of


def person(**changes):
    options = {
        "login": "new-person",
        "name-zh": "新人",
        "organisation": "A",
        "role": "branch-admin",
    }
    given = {**options, **{name.replace("_", "-"): value for name, value in changes.items()}}
    return [part for name, value in given.items() for part in (f"--{name}", value)]


def test_code_that_exists_is_refused(terminal):
    bank = ("--code", "A", "--kind", "bank", "--name-zh", "另一家", "--region", "620725")
    refused = terminal("organisation", "add", *bank, "--json")
    assert refused.code == 1
    assert refused.json["code"] == "invalid-input"


def test_password_from_standard_input_is_not_printed(terminal):
    done = terminal(
        "user", "add", *person(), "--password-stdin", "--json", stdin="correct-horse-battery\n"
    )
    assert done.code == 0
    assert "password" not in done.json


def test_weak_password_is_refused(terminal):
    done = terminal("user", "add", *person(), "--password-stdin", "--json", stdin="short\n")
    assert done.json["errors"][0]["pointer"] == "/password"


def test_role_that_the_organisation_does_not_have_is_refused(terminal):
    refused = terminal("user", "add", *person(role="appraiser"), "--json")
    assert refused.json["code"] == "role-not-for-kind"


def test_unknown_role_is_a_usage_error(terminal):
    assert terminal("user", "add", *person(role="king"), "--json").code == 2


@pytest.mark.parametrize("name", ["", " ", "x" * 61, "a\x00b", "\ud800"])
def test_name_that_no_column_holds_is_a_usage_error(terminal, name):
    assert terminal("user", "add", *person(name_zh=name), "--json").code == 2


def test_token_acts_for_its_person(terminal, database, world):
    answer = terminal("token", "issue", "--user", "a-officer", "--days", "5", "--json").json
    # The command keeps the time of the machine; the clock of the world stands years before it.
    with database.read() as session:
        actor = actor_by_token(session, answer["token"])
    assert actor.login == "a-officer"
    assert actor.organisation_id == world.organisation("A")


def test_scope_beyond_the_own_permissions_is_refused(terminal):
    refused = terminal("token", "issue", "--user", "a-officer", "--scope", "close-day", "--json")
    assert refused.json["errors"][0]["pointer"] == "/scopes"


def test_person_of_two_organisations_must_name_one(terminal):
    refused = terminal("token", "issue", "--user", "both-stat", "--json")
    assert refused.json["errors"][0]["pointer"] == "--organisation"
    named = terminal("token", "issue", "--user", "both-stat", "--organisation", "B", "--json")
    assert named.code == 0


def test_nobody_gets_a_token_for_an_organisation_without_a_role(terminal):
    refused = terminal("token", "issue", "--user", "a-officer", "--organisation", "B", "--json")
    assert refused.json["code"] == "no-role"
    assert terminal("token", "issue", "--user", "nobody", "--json").code == 1


def test_a_bank_opens_its_books_once_and_offers_what_is_named(terminal, database, world):
    books = ("organisation", "open-books", "--code", "A", "--on", "2024-01-02", "--json")
    product = ("--product", "forest-right-loan")
    unknown = terminal(*books, "--product", "moon-loan")
    assert unknown.json["code"] == "product-not-offered"
    assert terminal(*books, *product).json["products"] == "forest-right-loan"
    with database.read() as session:
        bank_id = world.organisation("A")
        assert business_day(session, bank_id) == date(2024, 1, 2)
        offered = products_of(session, bank_id, date(2024, 1, 2))
        assert [each.code for each in offered] == ["forest-right-loan"]
        assert products_of(session, bank_id, date(2024, 1, 1)) == []
    assert terminal(*books, *product).json["code"] == "business-day-exists"


@pytest.mark.parametrize("code", ["C1", "NOBODY"])
def test_only_a_bank_opens_books(terminal, code):
    refused = terminal("organisation", "open-books", "--code", code, "--on", "2024-01-02", "--json")
    assert refused.json["code"] == "invalid-input"


def test_a_refused_value_is_named_by_its_option(terminal):
    given = ("organisation", "add", "--kind", "bank", "--code", "X9", "--name-zh", "某行")
    done = terminal(*given, "--region", "999999")
    assert done.code == 1
    assert "--region: " in done.err
    assert "region_code" not in done.err
