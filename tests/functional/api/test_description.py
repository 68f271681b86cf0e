"""What the description of the API says beside paths and fields: names, orders, headers of answers."""

import pytest

pytestmark = pytest.mark.one_engine("sqlite")


@pytest.fixture
def document(client):
    return client.get("/openapi.json").json


def operations(document):
    return [
        (method, operation)
        for path in document["paths"].values()
        for method, operation in path.items()
        if isinstance(operation, dict) and "responses" in operation
    ]


def test_every_operation_has_a_name_of_its_own(document):
    names = [operation.get("operationId") for _, operation in operations(document)]
    assert all(name.isidentifier() for name in names)
    assert len(set(names)) == len(names)
    assert "loans_list_loans" in names


@pytest.mark.parametrize(
    ("path", "order"),
    [
        ("/api/v1/loans", "-principal"),
        ("/api/v1/loan-applications", "due_on"),
        ("/api/v1/oversight/loans", "number"),
    ],
)
def test_a_list_names_what_it_may_be_sorted_by(document, path, order):
    asked = {each["name"]: each["schema"] for each in document["paths"][path]["get"]["parameters"]}
    assert order in asked["sort"]["enum"]
    assert "colour" not in asked["sort"]["enum"]


def test_the_headers_of_answers_are_described(document):
    made = document["paths"]["/api/v1/loans/{loan_id}/repayments"]["post"]["responses"]
    assert made["201"]["headers"].keys() == {"Location", "Idempotent-Replayed"}
    read = document["paths"]["/api/v1/loans/{loan_id}"]["get"]["responses"]["200"]
    assert read["headers"].keys() == {"ETag"}
    assert document["components"]["responses"]["DEFAULT_ERROR"]["headers"].keys() == {"Retry-After"}
    known = {f"#/components/headers/{name}" for name in document["components"]["headers"]}
    for _, operation in operations(document):
        for answer in operation["responses"].values():
            assert {each["$ref"] for each in answer.get("headers", {}).values()} <= known
