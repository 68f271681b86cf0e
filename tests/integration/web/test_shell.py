"""Headers, page tokens, logs: what surrounds every answer."""

import io
import json
import re
import secrets
import sys

import pytest
import sqlalchemy as sa
import structlog

from app.web.operation import configure_logs
from tests.factories.world import PASSWORD
from tests.support.clients import hidden_fields

EVIL = "https://evil.example"


# --- Headers ---


@pytest.mark.parametrize("path", ["/sign-in", "/api/v1/me", "/nowhere", "/static/app.css"])
def test_every_answer_carries_the_security_headers(client, path):
    answer = client.get(path)
    answer.close()
    headers = answer.headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_private_answers_are_not_kept_by_caches(sign_in, api):
    assert sign_in("a-officer").get("/profile").headers["Cache-Control"] == "no-store"
    assert api("a-officer").get("/me").headers["Cache-Control"] == "no-store"


def test_another_site_gets_no_permission_to_read(client):
    answer = client.get("/api/v1/me", headers={"Origin": EVIL})
    assert not [name for name, _ in answer.headers if name.startswith("Access-Control")]


def test_https_is_demanded_only_where_it_is_used(client):
    assert "Strict-Transport-Security" not in client.get("/sign-in").headers


@pytest.mark.parametrize("sent", ["abc123", "A" * 64])
def test_a_plain_request_id_is_kept(client, sent):
    assert client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"] == sent


@pytest.mark.parametrize("sent", ["a b", "x" * 65, "<script>", "é", ""])
def test_another_request_id_is_replaced(client, sent):
    given = client.get("/healthz", headers={"X-Request-ID": sent}).headers["X-Request-ID"]
    assert re.fullmatch(r"[0-9a-f]{32}", given)


def test_a_host_that_is_not_ours_is_refused(database, make_app):
    browser = make_app(database, trusted_hosts="bank.example").test_client()
    assert browser.get("/healthz", base_url="http://bank.example").status_code == 200
    assert browser.get("/healthz", base_url="http://127.0.0.1:8000").status_code == 200
    assert browser.get("/healthz", base_url="http://evil.example").status_code == 400


def test_metrics_are_for_this_machine_or_a_token(database, make_app):
    made = make_app(database, metrics_token="metrics-secret")
    far = {"environ_base": {"REMOTE_ADDR": "10.1.2.3"}}
    browser = made.test_client()
    assert browser.get("/metrics").status_code == 200
    assert browser.get("/metrics", **far).status_code == 404
    spoofed = {"X-Forwarded-For": "127.0.0.1"}
    assert browser.get("/metrics", headers=spoofed, **far).status_code == 404
    right = {"Authorization": "Bearer metrics-secret"}
    assert browser.get("/metrics", headers=right, **far).status_code == 200


# --- Page tokens ---


@pytest.fixture
def browser(sign_in):
    return sign_in("a-officer")


PATH = "/profile/tokens/new"
FIELDS = {"title": "excel", "days": "30"}


def tokens_held(api):
    return api("a-officer").get("/tokens", status=200).json["total"]


def test_a_form_with_its_page_token_is_taken(browser, api):
    browser.submit(PATH, FIELDS, status=201)
    assert tokens_held(api) == 2


@pytest.mark.parametrize("token", [None, "", "0" * 64, "ü"])
def test_a_form_without_its_page_token_has_no_effect(browser, api, token):
    data = {**FIELDS, "csrf_token": token} if token is not None else FIELDS
    browser.post(PATH, data, status=403)
    assert tokens_held(api) == 1


def test_the_page_token_of_another_session_has_no_effect(browser, sign_in, api):
    foreign = hidden_fields(sign_in("a-officer").get(PATH).text, PATH)
    browser.post(PATH, {**foreign, **FIELDS}, status=403)
    assert tokens_held(api) == 1


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_form_sent_by_another_site_has_no_effect(browser, api, site):
    hidden = hidden_fields(browser.get(PATH).text, PATH)
    browser.post(PATH, {**hidden, **FIELDS}, headers={"Sec-Fetch-Site": site}, status=403)
    assert tokens_held(api) == 1


def test_json_with_a_cookie_needs_the_page_token_too(browser, api):
    answer = browser.client.post("/api/v1/tokens", json={"title": "x"})
    assert answer.status_code == 403
    assert tokens_held(api) == 1


def test_sign_in_needs_a_page_token(client):
    answer = client.post("/sign-in", data={"login": "a-officer", "password": PASSWORD})
    assert answer.status_code == 403


def test_reading_never_writes(browser, api, world):
    browser.get(f"/profile/tokens/{world.person('a-co')}/revoke", status=405)
    browser.get("/sign-out", status=405)
    browser.get("/profile", status=200)


@pytest.mark.parametrize("method", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
def test_no_header_turns_a_read_into_a_write(client, method):
    assert client.get("/sign-out", headers={method: "POST"}).status_code == 405


# --- Health ---


def test_health_and_readiness_answer(client):
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code in {200, 503}


def test_the_document_of_the_api_is_served(client):
    document = client.get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/me" in document["paths"]


# --- Logs ---


@pytest.fixture
def log(monkeypatch):
    """What the service writes to its log during the test."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    configure_logs("INFO")
    monkeypatch.setattr("app.web.operation.log", structlog.get_logger("test"))
    yield output
    monkeypatch.undo()
    configure_logs("ERROR")


def test_one_request_is_one_record(client, log):
    client.get("/healthz", headers={"X-Request-ID": "abc123"})
    [record] = [json.loads(line) for line in log.getvalue().splitlines()]
    assert record["request_id"] == "abc123"
    assert (record["method"], record["path"], record["status"]) == ("GET", "/healthz", 200)


def test_lines_in_an_address_stay_inside_their_record(client, log):
    client.get("/nowhere%0d%0a{}%1b[31m", headers={"User-Agent": "a" * 10_000})
    records = log.getvalue().splitlines()
    assert len(records) == 1
    assert "\x1b" not in records[0]


def test_no_secret_reaches_the_log(client, app, api, log, sign_in):
    password = secrets.token_hex(8)
    hidden = hidden_fields(client.get("/sign-in").text, "/sign-in")
    client.post("/sign-in", data={**hidden, "login": "a-officer", "password": password})
    program = api("a-officer")
    issued = program.post("/tokens", {"title": "x"}, status=201).json["secret"]
    program.post("/probe/things", {"title": "crash"}, key="idem-key-1")
    browser = sign_in("a-officer")
    browser.get("/profile")
    written = log.getvalue()
    cookie = browser.client.get_cookie("greenpledge_session").value
    for secret in (password, issued, program.token, cookie, hidden["csrf_token"], "idem-key-1"):
        assert secret not in written


def test_the_answer_with_a_secret_is_not_kept(api, database):
    api("a-officer").post("/tokens", {"title": "x"}, key="k-1", status=201)
    with database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM idempotency_key")).scalar_one() == 0
