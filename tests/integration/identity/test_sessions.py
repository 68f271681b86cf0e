"""Browser sessions: where they begin and where they end."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import sqlalchemy as sa

from app.identity.calling import COOKIE
from app.identity.models import LoginAttempts, LoginSession
from app.identity.sessions import note_failure, secret_sha256
from tests.factories.world import PASSWORD
from tests.support.clients import hidden_fields

LOGIN = "a-officer"


def sign_in_by_form(client, login=LOGIN, password=PASSWORD, path="/sign-in", **fields):
    page = client.get(path)
    hidden = hidden_fields(page.text, "/sign-in")
    return client.post("/sign-in", data={**hidden, "login": login, "password": password, **fields})


def sessions_of(database):
    with database.read() as session:
        return session.execute(sa.select(LoginSession)).scalars().all()


def test_the_right_password_opens_a_session_and_leads_home(client):
    answer = sign_in_by_form(client)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/")
    assert client.get("/profile").status_code == 200


def test_the_login_is_read_without_regard_to_case_and_spaces(client):
    assert sign_in_by_form(client, login="  A-Officer ").status_code == 303


def test_only_the_digest_of_the_secret_is_stored(client, database):
    sign_in_by_form(client)
    secret = client.get_cookie(COOKIE).value
    assert [row.token_sha256 for row in sessions_of(database)] == [secret_sha256(secret)]


def test_a_session_id_chosen_before_sign_in_is_not_kept(client, database):
    client.set_cookie(COOKIE, "chosen-by-somebody-else")
    sign_in_by_form(client)
    assert client.get_cookie(COOKIE).value != "chosen-by-somebody-else"
    assert len(sessions_of(database)) == 1


def test_each_sign_in_has_a_new_id(app):
    found = set()
    for _ in range(2):
        browser = app.test_client()
        sign_in_by_form(browser)
        found.add(browser.get_cookie(COOKIE).value)
    assert len(found) == 2


def test_the_cookie_is_hidden_from_scripts_and_other_sites(client):
    cookie = next(
        line
        for line in sign_in_by_form(client).headers.getlist("Set-Cookie")
        if line.startswith(COOKIE)
    )
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Domain" not in cookie


def test_the_cookie_is_sent_over_https_only_where_that_is_set(database, make_app):
    browser = make_app(database, secure_cookies=True).test_client()
    page = browser.get("/sign-in", base_url="https://localhost")
    hidden = hidden_fields(page.text, "/sign-in")
    answer = browser.post(
        "/sign-in",
        data={**hidden, "login": LOGIN, "password": PASSWORD},
        base_url="https://localhost",
    )
    cookies = answer.headers.getlist("Set-Cookie")
    assert cookies
    assert all("Secure" in cookie for cookie in cookies)
    assert "max-age" in answer.headers["Strict-Transport-Security"]


def test_a_session_is_dead_at_sign_out(client, app):
    sign_in_by_form(client)
    secret = client.get_cookie(COOKIE).value
    client.post("/sign-out", data=hidden_fields(client.get("/profile").text, "/sign-out"))
    thief = app.test_client()
    thief.set_cookie(COOKIE, secret)
    assert thief.get("/profile").status_code == 303


@pytest.mark.parametrize(("minutes", "status"), [(30, 200), (31, 303)])
def test_a_session_ends_when_it_was_idle(sign_in, clock, minutes, status):
    browser = sign_in(LOGIN)
    clock.instant += timedelta(minutes=minutes)
    browser.get("/profile", status=status)


def test_use_keeps_a_session_alive_until_the_longest_time(sign_in, clock):
    browser = sign_in(LOGIN)
    for _ in range(24):
        clock.instant += timedelta(minutes=30)
        browser.get("/profile", status=200)
    clock.instant += timedelta(minutes=1)
    browser.get("/profile", status=303)


@pytest.mark.parametrize(
    ("login", "password"), [(LOGIN, "wrong"), ("nobody", PASSWORD), ("", ""), (LOGIN, "")]
)
def test_wrong_login_and_wrong_password_are_one_answer(client, login, password):
    answer = sign_in_by_form(client, login, password)
    assert answer.status_code == 401
    assert "登录名或密码不正确" in answer.text
    assert client.get_cookie(COOKIE) is None


def test_a_disabled_person_is_refused_like_a_stranger(api, client, world):
    api("sec-1").event(f"/people/{world.person(LOGIN)}", "disable", reason="离职", status=200)
    assert sign_in_by_form(client).status_code == 401


def test_the_sixth_failure_waits_and_says_how_long(client):
    for _ in range(5):
        assert sign_in_by_form(client, password="wrong").status_code == 401
    answer = sign_in_by_form(client)
    assert answer.status_code == 429
    assert 0 < int(answer.headers["Retry-After"]) <= 900


def test_failures_of_one_account_lock_no_other(client, app):
    for _ in range(6):
        sign_in_by_form(client, password="wrong")
    assert sign_in_by_form(app.test_client(), login="a-co").status_code == 303


def test_failures_from_elsewhere_do_not_lock_a_colleague_out(app):
    for _ in range(6):
        stranger = app.test_client()
        page = stranger.get("/sign-in", environ_base={"REMOTE_ADDR": "10.9.8.7"})
        stranger.post(
            "/sign-in",
            data={**hidden_fields(page.text, "/sign-in"), "login": LOGIN, "password": "wrong"},
            environ_base={"REMOTE_ADDR": "10.9.8.7"},
        )
    assert sign_in_by_form(app.test_client()).status_code == 303


def test_a_spoofed_address_does_not_reset_the_count(client):
    for number in range(6):
        page = client.get("/sign-in")
        answer = client.post(
            "/sign-in",
            data={**hidden_fields(page.text, "/sign-in"), "login": LOGIN, "password": "wrong"},
            headers={"X-Forwarded-For": f"10.0.0.{number}"},
        )
    assert answer.status_code == 429


def test_the_wait_is_over_after_its_window(client, clock):
    for _ in range(6):
        sign_in_by_form(client, password="wrong")
    clock.instant += timedelta(minutes=15)
    assert sign_in_by_form(client).status_code == 303


def test_success_forgets_the_failures_before_it(client, app):
    for _ in range(4):
        sign_in_by_form(client, password="wrong")
    sign_in_by_form(client)
    other = app.test_client()
    for _ in range(4):
        assert sign_in_by_form(other, password="wrong").status_code == 401


def test_a_person_of_several_organisations_chooses_one(client, world):
    asked = sign_in_by_form(client, login="both-stat")
    assert asked.status_code == 200
    assert str(world.organisation("A")) in asked.text
    assert client.get_cookie(COOKIE) is None
    chosen = world.organisation("B")
    answer = client.post(
        "/sign-in",
        data={
            **hidden_fields(asked.text, "/sign-in"),
            "login": "both-stat",
            "password": PASSWORD,
            "organisation": str(chosen),
        },
    )
    assert answer.status_code == 303
    assert "弱水示例银行张掖分行" in client.get("/profile").text


def test_nobody_chooses_an_organisation_that_is_not_theirs(client, world):
    answer = sign_in_by_form(client, login="both-stat", organisation=str(world.organisation("C1")))
    assert answer.status_code == 200
    assert client.get_cookie(COOKIE) is None


@pytest.mark.parametrize(
    ("target", "expected"),
    [
        ("/profile", "/profile"),
        ("/people?search=a&page=2", "/people?search=a&page=2"),
        ("//evil.example", "/"),
        ("https://evil.example", "/"),
        ("https:evil.example", "/"),
        ("/\\evil.example", "/"),
        ("\\/evil.example", "/"),
        ("/\t/evil.example", "/"),
        ("javascript:alert(1)", "/"),
        ("evil.example", "/"),
        ("", "/"),
    ],
)
def test_sign_in_leads_on_to_this_site_only(client, target, expected):
    answer = sign_in_by_form(client, next=target)
    assert answer.headers["Location"] == expected


def test_a_signed_in_person_is_led_on_from_the_sign_in_page(sign_in):
    answer = sign_in(LOGIN).get("/sign-in?next=//evil.example", status=303)
    assert answer.headers["Location"] == "/"


def test_a_page_asked_for_without_a_session_comes_after_sign_in(client):
    answer = client.get("/people?search=x")
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/sign-in?next=/people%3Fsearch%3Dx"


def test_guesses_that_come_at_once_are_all_counted(database):
    """None fails at the row that another of them makes, and none is lost."""
    gate = Barrier(4)

    def guess(_number):
        with database.write() as session:
            gate.wait()
            note_failure(session, LOGIN, "10.0.0.9")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(guess, range(4)))
    with database.read() as session:
        counts = session.execute(sa.select(LoginAttempts.failures)).scalars().all()
    assert counts == [4, 4, 4]
