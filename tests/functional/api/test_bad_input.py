"""Bad input on every write route of the API: refused with a problem and a code, and nothing is changed.

Routes come from the app, bodies from the OpenAPI document: each field in turn gets what its kind must
refuse, in a body that is otherwise in order as far as the document tells. Whoever may call the route sends it.
"""

import json
import re
from collections.abc import Iterator
from typing import Any, Final, TypeVar

import pytest
import sqlalchemy as sa

from app.db.base import metadata
from tests.conftest import DEEP
from tests.factories.world import PEOPLE
from tests.support.clients import ApiClient
from tests.support.routes import Route, routes_of, sample_of

T = TypeVar("T")

WRITES: Final = ("POST", "PUT", "PATCH", "DELETE")
JSON: Final = {"Content-Type": "application/json"}
UNSEEN: Final = {"idempotency_key", "login_attempts", "api_token"}
"""Tables that a refusal may touch: none of them is business."""

AMOUNTS: Final = (
    0.5, 12.0, "12.345", "0.001", "1e3", "１２３", "1_000", " 12 ", "1,000", "0x10", "NaN", "sNaN",
    "Infinity", "-", "", "10000000000000000", "9" * 400, True, [], {}, "+1", "1.", ".5",
)  # fmt: skip
NUMBERS: Final = (
    1.5, "1.5.5", "1e3", "１２３", "NaN", "Infinity", "9" * 400, True, [], {}, "0x1",
)  # fmt: skip
INTEGERS: Final = (1.5, True, [], {}, "x", 2**63, -(2**63) - 1, "1e3", "１２")
DAYS: Final = (
    "2024-02-30", "20240229", "2024-W09-4", "2024-01-02T00:00:00Z", "0000-01-01", 1704153600, True,
    [], "tomorrow", "2024-1-2", "２０２４-01-02",
)  # fmt: skip
IDS: Final = (1, 2**64, True, [], {}, "1", "' OR 1=1 --", "x" * 5000, "../..")
TEXTS: Final = (1, 1.5, True, ["a"], {"a": 1}, "\x00", "a\x00b", "\ud800", "x" * 1_000_000)
FLAGS: Final = ("false", 0, [], {}, "1")
CHOICES: Final = ("no-such-choice", "", 1, True, [], {})
LISTS: Final = ({}, "a", 1, True, {"0": "a"}, [1] * 5001)
OBJECTS: Final = ([], "a", 1, True)

READ_ONLY: Final = (
    "id", "number", "state", "version", "created_at", "events", "bank", "owner_id", "created_by",
    "principal_yuan", "approved_yuan", "__proto__", "constructor", "no_such_field",
)  # fmt: skip


@pytest.fixture(scope="module")
def document(prepared) -> dict[str, Any]:
    return prepared.app.test_client().get("/openapi.json").json


def writes(prepared) -> list[Route]:
    return [
        route
        for route in routes_of(prepared.app)
        if route.is_api and route.method in WRITES and not route.rule.public
    ]


def routes_with_body(prepared, document: dict[str, Any]) -> list[Route]:
    return [route for route in writes(prepared) if bodies_of(document, route)]


def operation_of(document: dict[str, Any], route: Route) -> dict[str, Any]:
    path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", route.path)
    return document["paths"][path][route.method.lower()]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    if "$ref" in schema:
        return document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
    return schema


def bodies_of(document: dict[str, Any], route: Route) -> list[dict[str, Any]]:
    """The schemas of a route's JSON body: one, or one for each event; none for uploads."""
    content = operation_of(document, route).get("requestBody", {}).get("content", {})
    if "application/json" not in content:
        return []
    schema = resolved(document, content["application/json"]["schema"])
    return [resolved(document, each) for each in schema.get("oneOf", [schema])]


def sound(document: dict[str, Any], schema: dict[str, Any]) -> Any:
    """A value that the document lets in."""
    schema = resolved(document, schema)
    if "enum" in schema:
        return schema["enum"][0]
    if "const" in schema:
        return schema["const"]
    if "example" in schema:
        return schema["example"]
    kind = schema.get("type")
    if kind == "object" or "properties" in schema:
        fields = schema.get("properties", {})
        return {name: sound(document, fields[name]) for name in schema.get("required", ())}
    plain: dict[Any, Any] = {"integer": schema.get("minimum", 1), "boolean": True, "array": []}
    if kind in plain:
        return plain[kind]
    return "00000000-0000-7000-8000-000000000000" if schema.get("format") == "uuid" else "620702"


def unsound(document: dict[str, Any], schema: dict[str, Any]) -> tuple[Any, ...]:  # noqa: PLR0911 - one line a kind
    """Values that a field of this kind must refuse."""
    schema = resolved(document, schema)
    kind, form = schema.get("type"), schema.get("format")
    if "enum" in schema:
        return CHOICES
    if form == "yuan":
        return AMOUNTS
    if form in {"fraction", "decimal"}:
        return NUMBERS
    if form == "date":
        return DAYS
    if form == "uuid":
        return IDS
    if form == "binary":
        return ()
    return {
        "string": TEXTS, "integer": INTEGERS, "boolean": FLAGS, "array": LISTS, "object": OBJECTS,
    }.get(str(kind), ())  # fmt: skip


class Sender:
    """Sends bodies to a route as somebody who may, and collects what is not refused as it should be."""

    def __init__(self, prepared: Any, route: Route) -> None:
        self.prepared, self.route = prepared, route
        values = {name: sample_of(prepared.samples, name) for _argument, name in route.arguments}
        assert None not in values.values(), f"{route} lacks a sample"
        self.address = route.address({name: found.value for name, found in values.items()})
        self.program = ApiClient(prepared.app, prepared.world.token(self._login(values)))
        self.wrong: list[str] = []

    def _login(self, values: dict[str, Any]) -> str:
        world, needs = self.prepared.world, self.route.rule.permissions
        may = [
            login
            for login in dict.fromkeys(person[0] for person in PEOPLE)
            if not needs or any(world.actor(login).may(each) for each in needs)
        ]
        for login in may:
            if all(s.seen(login, world.organisation_of(login)) for s in values.values()):
                return login
        assert may, f"nobody may {self.route}"
        return may[0]

    def send(self, what: str, raw: bytes, allowed: tuple[int, ...] = (400, 422)) -> None:
        headers = dict(JSON)
        if self.route.rule.versioned:
            headers["If-Match"] = '"1"'
        answer = self.program.request(self.route.method, self.address, data=raw, headers=headers)
        self.judge(what, answer, allowed)

    def judge(self, what: str, answer: Any, allowed: tuple[int, ...]) -> None:
        body = answer.json if answer.mimetype == "application/problem+json" else {}
        if answer.status_code not in allowed or not body.get("code"):
            self.wrong.append(
                f"{self.route} {what[:120]}: {answer.status_code} {answer.text[:160]}"
            )


def counts(prepared: Any) -> dict[str, int]:
    with prepared.database.read() as session:
        return {
            name: session.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for name, table in metadata.tables.items()
            if name not in UNSEEN
        }


def encoded(body: object) -> bytes:
    return json.dumps(body, ensure_ascii=True).encode()


def some(values: tuple[T, ...], place: int, every: int = 6) -> tuple[T, ...]:
    """Every sixth value, other ones for the next field or route; all of them in a deep run."""
    return values if DEEP else values[place % every :: every]


def bad_bodies(document: dict[str, Any], schema: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """A body for each bad value of each field, and bodies with fields that nobody asked for."""
    base = sound(document, schema)
    fields = [each for each in schema.get("properties", {}).items() if each[0] != "event"]
    for place, (name, field) in enumerate(fields):
        for value in some(unsound(document, field), place):
            yield f"{name}={str(value)[:40]!a}", encoded({**base, name: value})
        whole = encoded({**base, name: 0})
        for number in some((b"NaN", b"Infinity", b"1e999", b"9" * 100_000), place):
            key = f'"{name}": '.encode()
            yield f"{name}={number[:10]!r}", whole.replace(key + b"0", key + number)
    for name in some(READ_ONLY, len(fields)):
        if name not in schema.get("properties", {}):
            yield f"field {name}", encoded({**base, name: "1"})


MALFORMED: Final = (
    b"{", b"[]", b"null", b"1", b'"text"', b'{"a": 1, "a": 2}', b"\xef\xbb\xbf{}", b"{} {}",
    b'{"\xff": 1}', "{}".encode("utf-16"), b'{"a": ' * 1000 + b"1" + b"}" * 1000,
    b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
)  # fmt: skip


def test_every_field_of_every_body_refuses_what_it_cannot_take(prepared, document):
    before = counts(prepared)
    wrong = []
    for route in writes(prepared):
        sender = Sender(prepared, route)
        for schema in bodies_of(document, route):
            # A thing in another state, or a right that its holder lacks on this one, refuses as well.
            for what, raw in bad_bodies(document, schema):
                sender.send(what, raw, (400, 403, 404, 409, 412, 413, 422))
        wrong += sender.wrong
    assert not wrong, "\n".join(wrong[:60])
    assert counts(prepared) == before


def test_a_body_that_is_not_an_object_in_json_is_refused_everywhere(prepared, document):
    before = counts(prepared)
    wrong = []
    for place, route in enumerate(routes_with_body(prepared, document)):
        sender = Sender(prepared, route)
        for raw in some(MALFORMED, place):
            sender.send(f"body {raw[:20]!r}", raw, (400, 403, 404, 413, 415, 422))
        wrong += sender.wrong
    assert not wrong, "\n".join(wrong[:60])
    assert counts(prepared) == before


CONTENT_TYPES: Final = (
    "text/plain",
    "application/x-www-form-urlencoded",
    "application/json; charset=gbk",
    "text/xml",
)


def test_other_kinds_of_body_are_refused(prepared, document):
    wrong = []
    for place, route in enumerate(routes_with_body(prepared, document)):
        sender = Sender(prepared, route)
        for content_type in some(CONTENT_TYPES, place, len(CONTENT_TYPES)):
            headers = {"Content-Type": content_type, "If-Match": '"1"'}
            answer = sender.program.request(
                route.method, sender.address, data=b"{}", headers=headers
            )
            sender.judge(content_type, answer, (400, 403, 404, 415, 422))
        wrong += sender.wrong
    assert not wrong, "\n".join(wrong)


NO_KEYS: Final = ("", " ", "k" * 256, "k" * 10_000, "键")


def test_a_key_that_is_no_key_is_refused_where_money_moves(prepared, document):
    before = counts(prepared)
    wrong = []
    routes = [route for route in writes(prepared) if route.rule.idempotent]
    for place, route in enumerate(routes):
        sender = Sender(prepared, route)
        sent = [key.encode().decode("latin-1") for key in some(NO_KEYS, place, len(NO_KEYS))]
        for headers in ({}, *({"Idempotency-Key": key} for key in sent)):
            answer = sender.program.request(
                route.method, sender.address, {}, key=None, headers={"If-Match": '"1"', **headers}
            )
            sender.judge(f"key {headers!a}", answer, (400, 431) if headers else (400,))
        wrong += sender.wrong
    assert not wrong, "\n".join(wrong)
    assert counts(prepared) == before


PAGES: Final = (
    {"page": "0"}, {"page": "-1"}, {"page": "1e3"}, {"page": "NaN"}, {"page": "9" * 30},
    {"page_size": "0"}, {"page_size": "101"}, {"page_size": "-1"}, {"page_size": "１"},
)  # fmt: skip
QUERIES: Final = (
    {"sort": "password_hash"}, {"sort": "id; DROP TABLE loan"}, {"sort": "organisation.code"},
    {"tenant_id": "1"}, {"password_hash": "x"}, {"limit": "1 OFFSET 2"}, {"state": "' OR '1'='1"},
)  # fmt: skip


def test_queries_outside_the_list_of_filters_are_refused(prepared, document):
    wrong = []
    for place, route in enumerate(lists(prepared)):
        sender = Sender(prepared, route)
        named = {each.get("name") for each in operation_of(document, route).get("parameters", ())}
        paged = some(PAGES, place, 3) if "page" in named else ()
        for query in (*paged, *some(QUERIES, place, 3)):
            answer = sender.program.get(sender.address, **query)
            sender.judge(str(query), answer, (400, 403, 422))
        wrong += sender.wrong
    assert not wrong, "\n".join(wrong[:60])


def lists(prepared) -> list[Route]:
    return [
        route
        for route in routes_of(prepared.app)
        if route.method == "GET" and route.is_api and not route.arguments and not route.rule.public
    ]


def test_safe_methods_change_nothing(prepared):
    before = counts(prepared)
    wrong = []
    for route in writes(prepared):
        sender = Sender(prepared, route)
        for method in ("HEAD", "OPTIONS", "TRACE"):
            override = {"X-HTTP-Method-Override": route.method, "X-HTTP-Method": route.method}
            answer = sender.program.request(method, sender.address, headers=override)
            if answer.status_code >= 500:
                wrong.append(f"{method} {route}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert counts(prepared) == before


def test_a_list_whose_answer_is_a_page_takes_pages_and_no_other_does(document):
    """Where the query does not name them they are refused; an answer in pages needs them."""
    for path, item in document["paths"].items():
        get = item.get("get", {})
        parameters = [*get.get("parameters", []), *item.get("parameters", [])]
        asked = {each["name"] for each in parameters if each.get("in") == "query"}
        content = get.get("responses", {}).get("200", {}).get("content", {})
        schema = content.get("application/json", {}).get("schema", {})
        shown = resolved(document, schema).get("properties", {}).keys()
        assert ({"page", "page_size"} <= asked) is ({"page", "page_size", "total"} <= shown), path
