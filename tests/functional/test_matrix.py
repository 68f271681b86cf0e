"""Who may do what where: every route, every role, own and foreign things.

What is expected comes from the access rule of the route, from permissions.yaml and from who sees the
samples; a route whose argument has no sample fails the run.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from app.identity.calling import COOKIE
from app.identity.domain import roles
from app.identity.sessions import open_session, secret_sha256
from app.kernel.permissions import Permission
from app.web import csrf
from tests.conftest import DEEP
from tests.factories.samples import missing_value
from tests.factories.world import PEOPLE
from tests.support.clients import ApiClient
from tests.support.routes import Route, routes_of, sample_of

# A permission is not all: these refusals come later, for the reason that their code names.
REFUSED_LATER = {"purpose-needed"}
LEADS_TO = {"/oversight/purpose"}
HIDDEN = {404}
WRITES_HIDE_WITH = {400, 404, 405, 415, 422}
NEVER = {401, 404, 405, 500, 501, 502}
# A version that nothing has: what one caller may change would else be seen differently by the next.
STALE = 0


@pytest.fixture(scope="module")
def routes(prepared) -> list[Route]:
    return [route for route in routes_of(prepared.app) if not route.rule.public]


def logins_of(role: str) -> list[str]:
    return list(dict.fromkeys(login for login, _code, each, _name in PEOPLE if each == role))


class Caller:
    """A person, by token on the API and by cookie on pages."""

    def __init__(self, prepared: Any, login: str) -> None:
        self.prepared, self.login = prepared, login
        self.organisation = prepared.world.organisation_of(login)
        self.actor = prepared.world.actor(login)
        self.program = ApiClient(prepared.app, prepared.world.token(login))
        self._secret = ""

    def call(self, route: Route, address: str) -> Any:
        if route.is_api:
            body = None if route.method in {"GET", "DELETE"} else {}
            tag = {"If-Match": f'"{STALE}"'} if route.rule.versioned else {}
            return self.program.request(route.method, address, body, headers=tag)
        return self._page(route, address)

    def _page(self, route: Route, address: str) -> Any:
        browser = self.prepared.app.test_client()
        self._secret = secret = self._secret or self._signed_in()
        browser.set_cookie(COOKIE, secret)
        if route.method == "GET":
            return browser.get(address)
        # What is sent may end the session.
        self._secret = ""
        with self.prepared.app.app_context():
            token = csrf._token(secret_sha256(secret))
        return browser.open(
            address, method=route.method, data={"csrf_token": token, "version": STALE}
        )

    def _signed_in(self) -> str:
        world = self.prepared.world
        with self.prepared.database.write() as session:
            return open_session(
                session, world.person(self.login), world.organisation(self.organisation)
            )


def values_of(prepared: Any, route: Route) -> dict[str, str]:
    found = {name: sample_of(prepared.samples, name) for _argument, name in route.arguments}
    return {name: sample.value for name, sample in found.items() if sample is not None}


def has_samples(values: dict[str, str], route: Route) -> bool:
    """What lacks one is named by a test of its own."""
    return all(name in values for _argument, name in route.arguments)


def sees_all(prepared: Any, route: Route, caller: Caller) -> bool:
    found = [sample_of(prepared.samples, name) for _argument, name in route.arguments]
    return all(
        sample is not None and sample.seen(caller.login, caller.organisation) for sample in found
    )


def missing_of(values: dict[str, str], route: Route) -> dict[str, str]:
    """The same address with nothing behind its first argument."""
    first = route.arguments[0][1]
    return {**values, first: missing_value(values[first])}


def test_every_argument_has_a_sample(prepared):
    lacking = {
        f"{route} needs a sample `{name}`"
        for route in routes_of(prepared.app)
        for _argument, name in route.arguments
        if sample_of(prepared.samples, name) is None and not route.rule.public
    }
    assert not lacking, "\n".join(sorted(lacking))


def test_nobody_gets_in_without_signing_in(prepared, routes):
    wrong = []
    program, browser = ApiClient(prepared.app), prepared.app.test_client()
    for route in routes:
        values = values_of(prepared, route)
        if not has_samples(values, route):
            continue
        address = route.address(values)
        if route.is_api:
            status = program.request(route.method, address, {}).status_code
            expected = 401
        else:
            answer = browser.open(address, method=route.method)
            status = answer.status_code
            expected = 303 if route.method == "GET" else 401
            if status == 303 and not answer.headers["Location"].startswith("/sign-in?next="):
                status = -303
        if status != expected:
            wrong.append(f"{route}: {status} instead of {expected}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", sorted(roles()))
def test_each_role_gets_what_it_may_and_nothing_else(prepared, routes, role):
    logins = logins_of(role)
    assert logins, f"nobody in the tests' world has the role {role}"
    first = Caller(prepared, logins[0])
    refused = [route for route in routes if not may_call(first, route)]
    place = sorted(roles()).index(role)
    wrong = complaints_of_all(prepared, one_of_each(refused, place), first)
    # What a role is refused is refused to all who have it; what they see differs.
    for login in logins:
        caller = Caller(prepared, login)
        wrong += complaints_of_all(prepared, in_turn(prepared, routes, caller), caller)
    assert not wrong, "\n".join(wrong)


def in_turn(prepared: Any, routes: list[Route], caller: Caller) -> list[Route]:
    """The routes that are open to a caller; of all alike one tries each, in a deep run everybody.

    Alike are people of organisations of one kind who may call the route, and who all see its things or all do not.
    """
    kind = caller.actor.organisation_kind
    people = [Caller(prepared, login) for login in dict.fromkeys(login for login, *_ in PEOPLE)]
    alike = [each for each in people if each.actor.organisation_kind == kind]
    found = []
    for route in routes:
        if not may_call(caller, route):
            continue
        sees = sees_all(prepared, route, caller)
        may = (
            each
            for each in alike
            if may_call(each, route) and sees_all(prepared, route, each) is sees
        )
        if DEEP or next(may).login == caller.login:
            found.append(route)
    return found


def one_of_each(refused: list[Route], place: int) -> list[Route]:
    """Of routes that ask for the same permissions one, another one for the next role; all in a deep run."""
    if DEEP:
        return refused
    alike: dict[tuple[Permission, ...], list[Route]] = {}
    for route in refused:
        alike.setdefault(route.rule.permissions, []).append(route)
    return [each[place % len(each)] for each in alike.values()]


@pytest.mark.postgres
@pytest.mark.parametrize("login", ["a-officer", "c1-fin"])
def test_on_postgres_they_get_the_same(prepared_on_postgres, login):
    prepared = prepared_on_postgres
    routes = [route for route in routes_of(prepared.app) if not route.rule.public]
    tried = [route for route in routes if DEEP or route.is_api]
    wrong = complaints_of_all(prepared, tried, Caller(prepared, login))
    assert not wrong, "\n".join(wrong)


def may_call(caller: Caller, route: Route) -> bool:
    asked = route.rule.permissions
    return not asked or any(caller.actor.may(each) for each in asked)


def complaints_of_all(prepared: Any, routes: list[Route], caller: Caller) -> list[str]:
    return [found for route in routes for found in complaints(prepared, route, caller)]


def complaints(prepared: Any, route: Route, caller: Caller) -> Iterator[str]:
    values = values_of(prepared, route)
    if not has_samples(values, route):
        return
    answer = caller.call(route, route.address(values))
    answer.close()
    # A connection left open holds locks that every later request waits for.
    assert not prepared.database.engine.pool.checkedout(), (
        f"{caller.login}: {route} keeps its connection"
    )
    status, where = answer.status_code, f"{caller.login}: {route}: {answer.status_code}"
    if not may_call(caller, route):
        if status != 403:
            yield f"{where} without a permission"
    elif not sees_all(prepared, route, caller):
        yield from _complaints_of_hiding(route, caller, values, answer)
    elif status in NEVER or (status == 403 and not _refused_inside(route, answer)):
        yield f"{where} though it is permitted: {answer.text[:200]}"


def _complaints_of_hiding(
    route: Route, caller: Caller, values: dict[str, str], answer: Any
) -> Iterator[str]:
    """What one may not see answers like what does not exist."""
    missing = caller.call(route, route.address(missing_of(values, route)))
    where = f"{caller.login}: {route}: {answer.status_code}"
    allowed = HIDDEN if route.method == "GET" else WRITES_HIDE_WITH
    if answer.status_code not in allowed and not _refused_inside(route, answer):
        yield f"{where} for a thing of others"
    elif missing.status_code != answer.status_code:
        yield f"{where}, but {missing.status_code} where there is nothing"
    elif route.is_api and _said(missing) != _said(answer):
        yield f"{where} says more than about nothing: {answer.text[:200]}"


def _refused_inside(route: Route, answer: Any) -> bool:
    """One of several permissions was asked for inside, or something beyond permissions; a page may lead there."""
    if answer.status_code == 303:
        return answer.headers["Location"] in LEADS_TO
    later = any(code.encode() in answer.data for code in REFUSED_LATER)
    several = len(route.rule.permissions) > 1
    return answer.status_code == 403 and (several or later)


def _said(answer: Any) -> Any:
    body = answer.json if answer.is_json else {}
    return {key: value for key, value in body.items() if key not in {"instance", "request_id"}}
