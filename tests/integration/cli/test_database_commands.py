"""`db` and what other commands say while the schema does not fit."""

import pytest

from app.db.migrations import revisions


@pytest.fixture
def empty(empty_database, at, run):
    at(empty_database)
    return run


def test_upgrade_makes_schema_and_public_tables_in_which_a_bank_is_onboarded(empty):
    assert empty("db", "status", "--json").json["state"] == "empty"
    assert empty("db", "upgrade", "--json").json["state"] == "current"
    assert empty("db", "check", "--json").json == {"ok": True, "differences": []}
    assert empty("db", "upgrade").code == 0
    assert empty("verify", "--json").json == {"ok": True, "violations": []}
    bank_is_onboarded(empty)


def test_a_command_says_where_it_looked_for_a_database(empty):
    refused = empty("token", "issue", "--user", "ada", "--json")
    assert refused.code == 1
    assert refused.json["code"] == "no-database-here"
    assert "GREENPLEDGE_HOME" in refused.json["detail"]
    assert refused.json["place"] in refused.json["detail"]


def bank_is_onboarded(empty):
    """Without the demonstration."""
    bank = ("--code", "A", "--kind", "bank", "--name-zh", "示例银行", "--region", "620725")
    assert empty("organisation", "add", *bank, "--json").code == 0
    person = (
        "--login",
        "ada",
        "--name-zh",
        "阿达",
        "--organisation",
        "A",
        "--role",
        "branch-admin",
    )
    added = empty("user", "add", *person, "--json").json
    assert len(added["password"]) >= 20
    issued = empty("token", "issue", "--user", "ada", "--json").json
    assert issued["token"].startswith("gp_")
    heads = empty("audit", "head", "--json").json["heads"]
    assert len(heads) == 2


def test_downgrade_takes_a_step_back_and_other_commands_say_so(empty):
    empty("db", "upgrade")
    assert empty("db", "downgrade", "nowhere", "--json").json["code"] == "unknown-revision"
    assert empty("db", "downgrade", revisions()[-2], "--json").json["state"] == "older"
    refused = empty("verify", "--json")
    assert refused.code == 1
    assert refused.json["code"] == "schema-mismatch"
    assert "greenpledge db upgrade" in refused.json["detail"]
    assert empty("db", "upgrade", "--json").json["state"] == "current"


def test_database_that_does_not_answer_is_named_without_a_trace(at, run):
    at("postgresql://nobody:secret@127.0.0.1:1/nothing")
    refused = run("db", "status", "--json")
    assert refused.code == 1
    assert refused.json["code"] == "database-unreachable"
    assert "secret" not in refused.out


def test_wrong_setting_is_named_without_its_value(monkeypatch, run):
    monkeypatch.setenv("GREENPLEDGE_POOL_SIZE", "many-secrets")
    refused = run("db", "status", "--json")
    assert refused.code == 1
    assert refused.json["errors"][0]["pointer"] == "GREENPLEDGE_POOL_SIZE"
    assert "many-secrets" not in refused.out
