"""What the OpenAPI document promises, the service keeps: generated requests, answered as described.

Requests are generated from `/openapi.json` for a few roles and answered in this process; the seed is
fixed. Each operation is asked by one role, who may call it if one of them may. GREENPLEDGE_TEST_DEEP=1 tries more
of them, for more roles, each operation by all.
"""

import os
import re
from collections.abc import Mapping
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings

from app.kernel.ids import new_id
from tests.support.routes import routes_of

DEEP: Final = os.environ.get("GREENPLEDGE_TEST_DEEP") == "1"
EXAMPLES: Final = 40 if DEEP else 2
ROLES: Final = ("c1-fin", "a-officer", "pbc-1", "sys-1") if DEEP else ("c1-fin", "a-officer")
ENDS_THE_CALLER: Final = ("/api/v1/tokens/{token_id}",)
"""What would take the right to call from the caller itself."""


@pytest.fixture(scope="module")
def schema(prepared) -> Any:
    # Its hundreds of modules are imported where they are needed, not by every process of a run.
    import schemathesis

    return schemathesis.openapi.from_wsgi("/openapi.json", prepared.app)


def operations(schema: Any) -> list[Any]:
    found = [each.ok() for each in schema.get_all_operations()]
    return [each for each in found if each.path not in ENDS_THE_CALLER]


def known(prepared: Any, path: str, names: Mapping[str, Any]) -> dict[str, str]:
    """Arguments of the path that stand for something: without them all answers are `not found`."""
    words = [part for part in path.removeprefix("/api/v1/").split("/") if not part.startswith("{")]
    samples = prepared.samples
    return {
        name: samples[words[0]].value
        for name in names
        if len(names) == 1 and words and words[0] in samples
    }


@pytest.fixture(scope="module")
def askers(prepared) -> dict[tuple[str, str], list[str]]:
    """Who asks, by method and path: of those who may call it one after the other; all roles in a deep run."""
    asking = {}
    for place, route in enumerate(routes_of(prepared.app)):
        asked = route.rule.permissions
        may = [
            login
            for login in ROLES
            if not asked or any(map(prepared.world.actor(login).may, asked))
        ] or ROLES
        path = re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", route.path)
        asking[route.method, path] = [*ROLES] if DEEP else [may[place % len(may)]]
    return asking


@pytest.mark.parametrize("login", ROLES)
def test_every_operation_answers_as_the_document_says(prepared, schema, askers, login):
    token = prepared.world.token(login)
    wrong = []
    for operation in operations(schema):
        if login in askers[operation.method.upper(), operation.path]:
            wrong += complaints_about(prepared, operation, token)
    assert not wrong, "\n".join(wrong[:40])


def complaints_about(prepared: Any, operation: Any, token: str) -> list[str]:
    from schemathesis.checks import not_a_server_error
    from schemathesis.core.failures import FailureGroup
    from schemathesis.specs.openapi import checks

    wrong: list[str] = []
    kept = (
        not_a_server_error,
        checks.status_code_conformance,
        checks.content_type_conformance,
        checks.response_schema_conformance,
    )

    @seed(20240102)
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy())
    def ask(case: Any) -> None:
        if case.path_parameters:
            case.path_parameters.update(known(prepared, operation.path, case.path_parameters))
        headers = {"Authorization": f"Bearer {token}"}
        if case.method.upper() not in {"GET", "HEAD"}:
            headers["Idempotency-Key"] = new_id().hex
        response = case.call(headers=headers)
        try:
            case.validate_response(response, checks=kept)
        except FailureGroup as error:
            words = " ".join(" ".join(map(str, error.exceptions)).split())[:400]
            wrong.append(f"{case.method} {operation.path}: {response.status_code} {words}")

    ask()
    return wrong[:3]


def test_the_document_is_complete(prepared):
    document = prepared.app.test_client().get("/openapi.json").json
    assert document["openapi"] == "3.1.0"
    methods = {"get", "post", "put", "patch", "delete"}
    lacking = [
        f"{method} {path}"
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method in methods
        and not (operation.get("summary") and "default" in operation["responses"])
    ]
    assert not lacking, "\n".join(lacking)


def test_a_name_that_may_be_missing_may_be_null(prepared):
    schemas = prepared.app.test_client().get("/openapi.json").json["components"]["schemas"]
    assert schemas["FactRecorded"]["properties"]["id"]["type"] == ["string", "null"]
    assert schemas["ClassChange"]["properties"]["id"]["type"] == "string"


def test_sums_that_are_answered_fit_their_pattern_beyond_any_amount_taken_in(prepared):
    document = prepared.app.test_client().get("/openapi.json").json
    schemas = document["components"]["schemas"].values()
    patterns = {
        each["properties"][name]["pattern"]
        for name in ("closing_debit_yuan", "suspense_yuan")
        for each in schemas
        if name in each.get("properties", {})
    }
    taken = document["paths"]["/api/v1/loans/{loan_id}/repayments"]["post"]["requestBody"]
    reference = taken["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
    amount = document["components"]["schemas"][reference]["properties"]["amount_yuan"]["pattern"]
    largest = "10000022628669.43"
    assert not re.fullmatch(amount, largest)
    assert [bool(re.fullmatch(each, largest)) for each in patterns] == [True]


def test_every_event_has_a_schema_of_its_own(prepared):
    document = prepared.app.test_client().get("/openapi.json").json
    moved = [path for path in document["paths"] if path.endswith("/{thing_id}/events")]
    assert len(moved) >= 8
    for path in moved:
        operation = document["paths"][path]["post"]
        assert not re.match(r"Move a [aeiou]|Move an [^aeiou]", operation["summary"])
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        mapping = schema["discriminator"]["mapping"]
        assert sorted(mapping.values()) == sorted(each["$ref"] for each in schema["oneOf"])
        names = {each["$ref"].rpartition("/")[2] for each in operation["parameters"]}
        assert {"IdempotencyKey", "IfMatch"} <= names
        for event, reference in mapping.items():
            found = document["components"]["schemas"][reference.rpartition("/")[2]]
            assert found["properties"]["event"]["enum"] == [event]
            assert found["additionalProperties"] is False
