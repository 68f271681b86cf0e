"""`doctor` names what is wrong with its remedy."""

import json

import pytest

from app.cli import doctor
from app.cli.doctor import Health
from tests.support.mail_sink import mail_sink


@pytest.mark.parametrize(
    ("version", "health"),
    [
        ((3, 6, 23), Health.OK),
        ((3, 7, 0), Health.WARNING),
        ((3, 51, 2), Health.WARNING),
        ((3, 51, 3), Health.OK),
    ],
)
def test_sqlite_libraries_with_the_fault_are_warned_of(version, health):
    found = doctor.look_at_sqlite(version)
    assert found.health is health
    assert bool(found.remedy) is (health is Health.WARNING)


def test_changed_asset_is_named(tmp_path):
    (tmp_path / "a.js").write_text("changed")
    manifest = {"files": {"a.js": {"sha256": "0" * 64}}}
    (tmp_path / "manifest.json").write_text(json.dumps(manifest))
    found = doctor.look_at_assets(tmp_path)
    assert (found.health, found.found) == (Health.FAULT, "a.js")
    assert doctor.look_at_assets(tmp_path / "none").health is Health.FAULT


def test_catalogue_without_its_compiled_form_is_warned_of(tmp_path):
    folder = tmp_path / "zh" / "LC_MESSAGES"
    folder.mkdir(parents=True)
    (folder / "messages.po").write_text("")
    assert doctor.look_at_translations(tmp_path).health is Health.WARNING


def test_production_needs_its_settings(terminal, monkeypatch):
    monkeypatch.setenv("GREENPLEDGE_ENV", "production")
    done = terminal("doctor", "--json")
    looks = {look["name"]: look for look in done.json["looks"]}
    assert done.code == 1
    assert "GREENPLEDGE_SECRET_KEY" in looks["settings"]["found"]
    assert looks["settings"]["remedy"]


def test_signing_key_that_others_can_read_is_a_fault(terminal, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    (home / "secret.key").write_text("x")
    (home / "secret.key").chmod(0o644)
    looks = {look["name"]: look for look in terminal("doctor", "--json").json["looks"]}
    assert looks["home"]["health"] == "fault"
    (home / "secret.key").chmod(0o600)
    looks = {look["name"]: look for look in terminal("doctor", "--json").json["looks"]}
    assert looks["home"]["health"] == "ok"


def test_which_way_mail_goes_is_said(terminal, monkeypatch):
    def mail() -> dict[str, str]:
        looks = {look["name"]: look for look in terminal("doctor", "--json").json["looks"]}
        return looks["mail"]

    assert (mail()["health"], mail()["found"].endswith("mail")) == ("ok", True)
    monkeypatch.setenv("GREENPLEDGE_ENV", "production")
    assert mail()["health"] == "warning"
    monkeypatch.delenv("GREENPLEDGE_ENV")
    monkeypatch.setenv("GREENPLEDGE_MAIL_SECURITY", "none")
    monkeypatch.setenv("GREENPLEDGE_MAIL_FROM", "bank@example.com")
    with mail_sink() as sink:
        monkeypatch.setenv("GREENPLEDGE_MAIL_SERVER", sink.address)
        assert mail()["health"] == "ok"
        assert mail()["found"] == f"{sink.address} (none), bank@example.com"
    assert mail()["health"] == "warning"
    assert "Connection refused" in mail()["found"]


def test_database_is_looked_at(terminal):
    looks = {look["name"]: look for look in terminal("doctor", "--json").json["looks"]}
    assert looks["schema"]["health"] == looks["database"]["health"] == "ok"


def test_database_that_is_away_and_wrong_settings_are_found(at, run, monkeypatch):
    at("postgresql://nobody@127.0.0.1:1/nothing")
    looks = {look["name"]: look for look in run("doctor", "--json").json["looks"]}
    assert looks["database"]["health"] == "fault"
    monkeypatch.setenv("GREENPLEDGE_POOL_SIZE", "0")
    looks = {look["name"]: look for look in run("doctor", "--json").json["looks"]}
    assert looks["settings"]["found"] == "GREENPLEDGE_POOL_SIZE"
