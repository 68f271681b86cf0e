"""A warning signal of the system by API: its cause with figures, the filters, and when it may be resolved."""

from uuid import UUID

import pytest

from tests.factories.collateral import WAN, Vault


@pytest.fixture
def vault(session, world, commit):
    """Bank A with a loan over its warning line, looked at."""
    vault = Vault(session, world)
    vault.at_line(65 * WAN, 100 * WAN)
    vault.watch()
    commit()
    return vault


def test_a_signal_of_the_system_is_found_by_its_source_with_its_figures(api, vault):
    officer = api("a-officer")
    assert officer.get("/warning-signals?source=outside", status=200).json["items"] == []
    (found,) = officer.get("/warning-signals?source=system", status=200).json["items"]
    assert (found["level"], found["kind"], found["raised_name"]["en"]) == (
        "yellow",
        "price-fall",
        "System",
    )
    cause = found["cause"]
    assert (cause["trigger"], cause["ended_on"]) == ("cover-low", None)
    assert {each["name"]: each["text"] for each in cause["figures"]} == {
        "debt_yuan": "650000.00",
        "recognised_yuan": "1000000.00",
        "ratio": "0.650000",
        "warning": "0.600000",
        "line": "1",
    }


def test_it_is_resolved_without_a_measure_only_after_its_cause_has_ended(
    api, vault, session, commit
):
    officer = api("a-officer")
    (found,) = officer.get("/warning-signals", status=200).json["items"]
    place = f"/warning-signals/{found['id']}"
    assert "resolve" not in found["events"]
    refused = officer.event(place, "resolve", status=422, note="已处置").json
    assert refused["code"] == "signal-not-handled"
    vault.owe(UUID(found["loan_id"]), 10 * WAN)
    vault.watch(everything=True)
    commit()
    assert officer.get("/warning-signals?over=true", status=200).json["items"] != []
    done = officer.event(place, "resolve", status=200, note="已归还大部分本金").json
    assert (done["state"], [each["event"] for each in done["acts"]]) == (
        "resolved",
        ["raise", "cause-over", "resolve"],
    )
    assert officer.get("/warning-signals?over=true", status=200).json["items"] == []
