"""Errors: one form for programs, one for people, in both languages, without the inside."""

import pytest
from werkzeug.exceptions import InternalServerError

from app.kernel import errors
from app.web import problems

MEMBERS = {"type", "title", "status", "detail", "code", "instance"}


def requests_that_fail():
    return [
        ("GET", "/me", {"token": ""}, 401),
        ("GET", "/people", {}, 403),
        ("GET", "/nowhere", {}, 404),
        ("DELETE", "/me", {}, 405),
        (
            "POST",
            "/probe/things",
            {"data": b"{", "headers": {"Content-Type": "application/json"}},
            400,
        ),
        ("POST", "/probe/things", {"data": b"x", "headers": {"Content-Type": "text/plain"}}, 415),
        ("POST", "/probe/things", {"body": {"count": 0}}, 422),
        ("POST", "/probe/things", {"body": {"title": "refuse"}}, 422),
        ("POST", "/probe/things", {"body": {}, "key": None}, 400),
        ("POST", "/probe/things", {"body": {"title": "crash"}}, 500),
        ("PUT", "/probe/things/1", {"body": {}}, 428),
        ("PUT", "/probe/things/1", {"body": {}, "version": 1}, 412),
        ("GET", "/people?page=0", {}, 403),
    ]


@pytest.mark.parametrize("language", ["zh-CN", "en"])
@pytest.mark.parametrize(("method", "path", "options", "status"), requests_that_fail())
def test_programs_get_a_problem_in_their_language(api, method, path, options, status, language):
    options = dict(options)
    client = api() if options.pop("token", None) == "" else api("a-officer")
    headers = {"Accept-Language": language, **options.pop("headers", {})}
    answer = client.request(method, path, options.pop("body", None), headers=headers, **options)
    assert answer.status_code == status, answer.text
    assert answer.content_type == "application/problem+json"
    assert set(answer.json) >= MEMBERS
    assert answer.json["status"] == status
    assert answer.json["instance"] == f"/api/v1{path.partition('?')[0]}"
    assert _chinese(answer.json["title"]) == (language == "zh-CN")
    assert _chinese(answer.json["detail"]) == (language == "zh-CN")
    assert "Traceback" not in answer.text
    assert "app/" not in answer.text


def _chinese(text: str) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in text)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize(
    ("path", "status"), [("/nowhere", 404), ("/people", 403), ("/sign-out", 405)]
)
def test_people_get_a_page_in_their_language(sign_in, path, status, language):
    answer = sign_in("a-officer", language=language).get(path, status=status)
    assert answer.mimetype == "text/html"
    assert f'lang="{"zh-CN" if language == "zh_CN" else "en"}"' in answer.text


def test_a_page_names_the_fields_that_are_wrong(sign_in):
    page = sign_in("a-officer", language="en").get("/loans?state=foo", status=422).text
    assert 'aria-invalid="true"' in page
    assert "State: Choose one of: " in page
    # What has no form to show it in stays a page of its own.
    bare = (
        sign_in("a-officer", language="en")
        .get("/reference/parameters/export.csv?on=x", status=422)
        .text
    )
    assert '<span class="num">on</span>: ' in bare


def test_people_without_a_session_get_a_page_too(client):
    answer = client.get("/nowhere")
    assert answer.status_code == 404
    assert answer.mimetype == "text/html"


def test_a_wrong_method_names_the_right_ones(program, sign_in):
    assert "GET" in program.delete("/me", status=405).headers["Allow"]
    assert "POST" in sign_in("a-officer").get("/sign-out", status=405).headers["Allow"]


def test_a_missing_token_names_the_scheme(api):
    assert api().get("/me", status=401).headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("header", ["Bearer nothing", "Bearer", "Basic YTpi", "nothing", ""])
def test_a_wrong_token_is_refused_even_beside_a_session(sign_in, header):
    answer = sign_in("a-officer").get("/api/v1/me", headers={"Authorization": header})
    assert answer.status_code == 401


def test_a_crash_names_its_request_and_nothing_else(program):
    answer = program.post("/probe/things", {"title": "crash"}, status=500)
    assert answer.json["request_id"] == answer.headers["X-Request-ID"]
    assert "ZeroDivisionError" not in answer.text


def test_the_page_of_a_crash_shows_the_number_that_it_asks_for(app):
    with app.test_request_context("/loans", headers={"X-Request-ID": "abc123"}):
        app.preprocess_request()
        answer = app.make_response(app.handle_http_exception(InternalServerError()))
    assert answer.status_code == 500
    assert '<span class="num">abc123</span>' in answer.get_data(as_text=True)


def test_money_among_the_facts_is_exact_for_programs_and_readable_in_the_words(api):
    answer = api("a-officer").post("/probe/things", {"title": "refuse"}, status=422)
    assert answer.json["high"] == "1.00"
    assert "1.00" in answer.json["detail"]


def test_each_kind_of_refusal_has_its_status():
    expected = {
        errors.RuleViolation: 422,
        errors.InvalidInput: 422,
        errors.MalformedRequest: 400,
        errors.NotFound: 404,
        errors.Conflict: 409,
        errors.IllegalEvent: 409,
        errors.StaleVersion: 412,
        errors.PreconditionMissing: 428,
        errors.Forbidden: 403,
        errors.Unauthenticated: 401,
        errors.TooManyRequests: 429,
        errors.Busy: 409,
    }
    assert {kind: problems.status_of(kind()) for kind in expected} == expected


def test_codes_of_refusals_are_kebab_case_and_their_own():
    import re

    from app.tables import load_tables

    load_tables()
    seen: dict[str, type] = {}
    for kind in _all(errors.Refusal):
        if "code" in vars(kind) and kind.__module__.startswith("app."):
            assert re.fullmatch(r"[a-z]+(-[a-z]+)*", kind.code), kind
            assert kind.code not in seen, f"{kind} and {seen[kind.code]} share {kind.code}"
            seen[kind.code] = kind


def _all(kind: type) -> list[type]:
    return [kind, *(below for each in kind.__subclasses__() for below in _all(each))]


@pytest.mark.parametrize(
    ("method", "path", "given", "code"),
    [
        ("GET", "/nowhere", {}, "not-found"),
        ("DELETE", "/me", {}, "method-not-allowed"),
        (
            "POST",
            "/probe/things",
            {"data": b"x", "headers": {"Content-Type": "text/plain"}},
            "unsupported-media-type",
        ),
    ],
)
def test_what_the_web_server_refuses_has_a_type_with_a_page(api, method, path, given, code):
    answer = api("a-officer").request(method, path, None, **given)
    assert (answer.json["type"], answer.json["code"]) == (f"/problems/{code}", code)
    assert api("a-officer").client.get(answer.json["type"]).status_code == 200


def test_a_body_that_is_too_large_learns_the_limit(api, monkeypatch):
    caller = api("a-officer")
    monkeypatch.setitem(caller.client.application.config, "MAX_CONTENT_LENGTH", 1_048_576)
    answer = caller.request("POST", "/probe/things", {"title": "x" * 1_048_576})
    assert answer.status_code == 413
    assert (answer.json["type"], answer.json["limit_mib"]) == ("/problems/too-large", "1")


def test_a_form_sent_after_the_session_ended_leads_back_to_it(client):
    sent = client.post("/profile/tokens/new", data={}, headers={"Accept-Language": "en"})
    assert sent.status_code == 401
    assert "Your session has ended. Sign in again." in sent.text
    assert "Authorization" not in sent.text
    assert 'href="/sign-in?next=/profile/tokens/new"' in sent.text
    button = "/profile/tokens/0191f0a0-0000-7000-8000-000000000000/revoke"
    for referer, page in (
        ("http://localhost/profile", "/profile"),
        ("http://elsewhere.test/a", "/"),
    ):
        sent = client.post(button, data={}, headers={"Referer": referer})
        assert f'href="/sign-in?next={page}"' in sent.text


def test_an_address_that_leads_nowhere_keeps_the_menu(sign_in, client):
    menu = 'action="/search"'
    assert menu in sign_in("a-officer").get("/nope", status=404).text
    assert menu not in client.get("/nope").text
