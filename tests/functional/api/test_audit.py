"""Reading the audit journal by the API."""

import pytest

from app.audit.invariants import violations


@pytest.fixture
def three_events(api):
    """Three events of bank A and one of bank B."""
    for login in ("a-officer", "a-officer", "a-co", "b-officer"):
        api(login).post("/tokens", {"title": "x"}, status=201)


def events(api, login, **query):
    return api(login).get("/audit-events", status=200, **query).json


def test_a_chain_is_read_newest_first(api, three_events):
    page = events(api, "a-audit")
    assert [each["seq"] for each in page["items"]] == [3, 2, 1]
    assert {each["action"] for each in page["items"]} == {"token.issue"}
    assert page["next_cursor"] is None


def test_an_event_names_the_request_that_did_it_and_the_chain_holds(api, database, three_events):
    answered = api("a-officer").post("/tokens", {"title": "y"}, status=201)
    newest = events(api, "a-audit")["items"][0]
    assert newest["request_id"] == answered.headers["X-Request-ID"] != ""
    with database.read() as session:
        assert list(violations(session)) == []


def test_a_cursor_goes_on_where_the_page_ended(api, three_events):
    first = events(api, "a-audit", limit=2)
    assert [each["seq"] for each in first["items"]] == [3, 2]
    second = events(api, "a-audit", limit=2, cursor=first["next_cursor"])
    assert [each["seq"] for each in second["items"]] == [1]
    assert second["next_cursor"] is None


def test_new_events_move_no_page(api, three_events):
    first = events(api, "a-audit", limit=1)
    api("a-officer").post("/tokens", {"title": "y"}, status=201)
    second = events(api, "a-audit", limit=1, cursor=first["next_cursor"])
    assert [each["seq"] for each in second["items"]] == [2]


def test_a_bank_reads_its_own_chain_only(api, three_events, world):
    other = str(world.organisation("B"))
    assert events(api, "a-audit", organisation_id=other)["items"] == []
    assert len(events(api, "b-audit")["items"]) == 1


def test_the_auditor_of_the_platform_reads_every_chain(api, three_events, world):
    found = events(api, "aud-1", organisation_id=str(world.organisation("A")))
    assert len(found["items"]) == 3


def test_filters_narrow_the_chain(api, three_events, world, clock):
    first = events(api, "a-audit")["items"][-1]
    assert events(api, "a-audit", subject_id=first["subject_id"])["items"] == [first]
    assert events(api, "a-audit", action="person.add")["items"] == []
    assert len(events(api, "a-audit", first_on="2024-01-02", last_on="2024-01-02")["items"]) == 3
    assert events(api, "a-audit", first_on="2024-01-03")["items"] == []
    assert events(api, "a-audit", last_on="2024-01-01")["items"] == []


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "cursor=x", "cursor=0", "first_on=x"])
def test_wrong_filters_are_named(api, query):
    api("a-audit").get(f"/audit-events?{query}", status=422)


@pytest.mark.parametrize("login", ["a-officer", "c1-fin", "sys-1", "sec-1", "pbc-1"])
def test_others_may_not_read_it(api, login):
    api(login).get("/audit-events", status=403)
