"""The API as flask-smorest serves it: our problems, our field types in the document, Swagger UI from a package."""

import re
from copy import deepcopy
from pathlib import Path
from typing import Any, Final

import flask_smorest
import flask_swagger_ui
import marshmallow as ma
import orjson
from flask import Blueprint as FlaskBlueprint
from flask import Flask, Response, current_app, render_template, send_from_directory

from app.web import fields as our
from app.web.access import RouteRule, public, rule_of
from app.web.reading import parser
from app.web.schemas import ViewSchema
from app.web.uploads import File

API_VERSION = "v1"
PROBLEM: Final = "application/problem+json"

HEADERS: Final[dict[str, Any]] = {
    "IdempotencyKey": {
        "in": "header",
        "name": "Idempotency-Key",
        "required": True,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "description": "A fresh key for each intent; the same key gives the same answer.",
    },
    "IdempotencyKeyIfAny": {
        "in": "header",
        "name": "Idempotency-Key",
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
        "description": "As with other writes; without one, a file sent again is taken in again.",
    },
    "IfMatch": {
        "in": "header",
        "name": "If-Match",
        "required": True,
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
        "description": "The ETag of the version that was read.",
    },
}
"""Headers that writes need or take, as the document describes them."""

ANSWER_HEADERS: Final[dict[str, Any]] = {
    "ETag": {
        "description": "The version of the thing, for If-Match of the next write.",
        "schema": {"type": "string", "pattern": '^"[0-9]+"$'},
    },
    "Location": {
        "description": "Where what was made is read.",
        "schema": {"type": "string", "format": "uri-reference"},
    },
    "IdempotentReplayed": {
        "description": "There when the key was known: this is the answer to the first request.",
        "schema": {"type": "string", "enum": ["true"]},
    },
    "RetryAfter": {
        "description": "Seconds to wait, where trying again helps.",
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
    },
}
"""Headers of answers, as the document describes them."""

ALWAYS_THERE: Final = frozenset(
    {"id", "number", "code", "state", "events", "version", "items", "page", "page_size", "total"}
)
"""Fields of answers that are never null."""


class ProblemErrorSchema(ViewSchema):
    """One wrong field of a problem."""

    pointer = our.Text(max_length=500)
    detail = our.Text(max_length=2000)


class ProblemSchema(ma.Schema):
    """A problem as RFC 9457 has it; the facts of each kind stand beside these."""

    class Meta:
        """Facts beside the named members are part of it."""

        unknown = ma.INCLUDE

    type = ma.fields.String(required=True)
    title = ma.fields.String(required=True)
    status = ma.fields.Integer(required=True)
    detail = ma.fields.String(required=True)
    code = ma.fields.String(required=True)
    instance = ma.fields.String()
    errors = ma.fields.List(ma.fields.Nested(ProblemErrorSchema))


class ApiBlueprint(flask_smorest.Blueprint):
    """A blueprint of the API that reads arguments strictly."""

    ARGUMENTS_PARSER = parser


class Api(flask_smorest.Api):
    """flask-smorest with our error document; refusals are answered by `web.problems`."""

    ERROR_SCHEMA = ProblemSchema

    def _register_error_handlers(self) -> None:
        """Leave errors to `web.problems`."""


def _is_answered(field: ma.fields.Field[Any]) -> bool:
    return isinstance(field.root, ViewSchema)


def describe_field(_converter: Any, field: ma.fields.Field[Any], **_kwargs: Any) -> dict[str, Any]:  # noqa: C901, PLR0911 - one line a type
    """How our field types look in the OpenAPI document."""
    if isinstance(field, our.Yuan):
        return {
            "type": "string",
            "format": "yuan",
            "pattern": our.SUM_PATTERN if _is_answered(field) else our.MONEY_PATTERN,
            "example": "1200.50",
        }
    if isinstance(field, our.Rate):
        return {
            "type": "string",
            "format": "fraction",
            "pattern": our.RATE_PATTERN,
            "example": "0.0435",
        }
    if isinstance(field, our.Day):
        return {"type": "string", "format": "date", "example": "2024-01-02"}
    if isinstance(field, our.Instant):
        return {"type": "string", "format": "date-time"}
    if isinstance(field, our.Choice):
        offered = [member.value for member in field.offered]
        return (
            {"type": ["string", "null"], "enum": [*offered, None]}
            if field.allow_none
            else {"type": "string", "enum": offered}
        )
    if isinstance(field, our.Flag):
        return {"type": "boolean"}
    if isinstance(field, our.Whole):
        return {"type": "integer", "minimum": field.low, "maximum": field.high}
    if isinstance(field, our.Number):
        return {"type": "string", "format": "decimal", "pattern": field.text_pattern}
    if isinstance(field, our.Ident):
        return {"type": ["string", "null"] if field.allow_none else "string", "format": "uuid"}
    if isinstance(field, our.Structure):
        return {
            "type": "array" if field.kind is list else "object",
            **({"items": {}} if field.kind is list else {}),
        }
    if isinstance(field, File):
        return {"type": "string", "format": "binary"}
    if isinstance(field, our.Text):
        return _text(field)
    return _one_of(field) if isinstance(field, our.OneOf) else {}


def _one_of(field: our.OneOf) -> dict[str, Any]:
    return {"type": "string", "enum": [*field.known]} if field.known else {"type": "string"}


def _text(field: our.Text) -> dict[str, Any]:
    described: dict[str, Any] = {"type": "string", "maxLength": field.max_length}
    return {**described, "pattern": f"^(?:{field.pattern})$"} if field.pattern else described


def describe_words(_converter: Any, field: ma.fields.Field[Any], **_kwargs: Any) -> dict[str, Any]:
    """Title and help of a field as its description, and what its values mean."""
    if not isinstance(field, our.Words):
        return {}
    words = ", ".join(part for part in (field.title, field.help) if part)
    codes = field.codes if isinstance(field, our.OneOf) else ""
    told = " ".join(part for part in (words, codes) if part)
    return {"description": told} if told else {}


def make_api(app: Flask, version: str) -> Api:
    """Bind the API to the app; rooms register their blueprints on it."""
    app.config.update(
        API_TITLE="greenpledge",
        API_VERSION=version,
        OPENAPI_VERSION="3.1.0",
        OPENAPI_URL_PREFIX=None,
        OPENAPI_JSON_PATH="openapi.json",
    )
    bearer = {
        "type": "http",
        "scheme": "bearer",
        "description": "A token issued to a person for one organisation.",
    }
    api = Api(
        app,
        spec_kwargs={
            "components": {"securitySchemes": {"bearer": bearer}},
            "security": [{"bearer": []}],
        },
    )
    api.ma_plugin.converter.add_attribute_function(describe_field)
    api.ma_plugin.converter.add_attribute_function(describe_words)
    app.register_blueprint(_documents())
    return api


def _documents() -> FlaskBlueprint:
    blueprint = FlaskBlueprint("api_docs", __name__)

    @blueprint.get("/openapi.json")
    @public
    def document() -> Response:
        known = current_app.extensions["flask-smorest"]["apis"][""]["ext_obj"].spec.to_dict()
        spec = deepcopy(known)
        _complete(spec, current_app)
        return Response(
            orjson.dumps(spec, option=orjson.OPT_NON_STR_KEYS), content_type="application/json"
        )

    @blueprint.get("/docs")
    @public
    def swagger() -> str:
        return render_template("api_docs.html")

    @blueprint.get("/docs/assets/<path:name>")
    @public
    def swagger_asset(name: str) -> Response:
        return send_from_directory(_swagger_folder(), name, max_age=86_400)

    return blueprint


def _complete(spec: dict[str, Any], app: Flask) -> None:
    """What flask-smorest does not know of us: how problems are sent, keys and versions, which event is which."""
    for answer in spec["components"]["responses"].values():
        answer["content"] = dict.fromkeys([PROBLEM], answer["content"]["application/json"])
        answer["headers"] = {"Retry-After": {"$ref": "#/components/headers/RetryAfter"}}
    spec["components"]["headers"] = ANSWER_HEADERS
    spec["components"]["parameters"] = {**spec["components"].get("parameters", {}), **HEADERS}
    schemas = spec["components"]["schemas"]
    asked = _named_by(_operations(spec, "requestBody"), schemas)
    for name in schemas.keys() - asked - {"Problem", "ProblemError"}:
        _let_be_null(schemas[name])
    for rule in app.url_map.iter_rules():
        path = spec["paths"].get(re.sub(r"<(?:[^:<>]+:)?([^<>]+)>", r"{\1}", rule.rule), {})
        needs = rule_of(app.view_functions[rule.endpoint])
        for method in rule.methods or ():
            if needs is not None and method.lower() in path:
                _describe_operation(path[method.lower()], needs, schemas)
                _describe_answers(path[method.lower()], needs, schemas)
                path[method.lower()]["operationId"] = re.sub(r"\W", "_", rule.endpoint)


def _operations(spec: dict[str, Any], member: str) -> list[Any]:
    """A member of every operation that has it."""
    return [
        operation[member]
        for path in spec["paths"].values()
        for operation in path.values()
        if isinstance(operation, dict) and member in operation
    ]


def _named_by(part: Any, schemas: dict[str, Any]) -> set[str]:
    """The schemas that a part of the document refers to, and those that they refer to."""
    found: set[str] = set()
    waiting = [part]
    while waiting:
        each = waiting.pop()
        if isinstance(each, dict):
            name = str(each.get("$ref", "")).rpartition("/")[2]
            if name in schemas and name not in found:
                found.add(name)
                waiting.append(schemas[name])
            waiting.extend(each.values())
        elif isinstance(each, list):
            waiting.extend(each)
    return found


def _let_be_null(schema: dict[str, Any]) -> None:
    """What an answer shows may be unknown yet; only the names of a thing are always there."""
    for name, field in schema.get("properties", {}).items():
        if name in ALWAYS_THERE:
            continue
        if "$ref" in field:
            schema["properties"][name] = {"anyOf": [field, {"type": "null"}]}
        elif isinstance(field.get("type"), str):
            field["type"] = [field["type"], "null"]
            if "enum" in field:
                field["enum"] = [*field["enum"], None]


def _describe_operation(
    operation: dict[str, Any], needs: RouteRule, schemas: dict[str, Any]
) -> None:
    wanted = [
        ("IdempotencyKey", needs.idempotent),
        ("IdempotencyKeyIfAny", needs.upload and not needs.idempotent and not needs.reads),
        ("IfMatch", needs.versioned),
    ]
    references = [{"$ref": f"#/components/parameters/{name}"} for name, is_so in wanted if is_so]
    if references:
        operation["parameters"] = [*operation.get("parameters", []), *references]
    if needs.public:
        operation["security"] = []
    for content in operation.get("requestBody", {}).get("content", {}).values():
        schema = content["schema"]
        if "discriminator" in schema:
            schema["discriminator"]["mapping"] = {
                _event_of(schemas, each["$ref"]): each["$ref"] for each in schema["oneOf"]
            }


def _describe_answers(operation: dict[str, Any], needs: RouteRule, schemas: dict[str, Any]) -> None:
    """The headers that an answer may have beside its content."""
    for status, answer in operation["responses"].items():
        if not str(status).startswith("2") or "$ref" in answer:
            continue
        schema = answer.get("content", {}).get("application/json", {}).get("schema", {})
        shown = schemas.get(str(schema.get("$ref", "")).rpartition("/")[2], {})
        wanted = {
            "ETag": "version" in shown.get("properties", {}),
            "Location": str(status) == "201",
            "Idempotent-Replayed": needs.idempotent or (needs.upload and not needs.reads),
        }
        named = {
            name: {"$ref": f"#/components/headers/{name.replace('-', '')}"}
            for name, is_so in wanted.items()
            if is_so
        }
        if named:
            answer["headers"] = {**answer.get("headers", {}), **named}


def _event_of(schemas: dict[str, Any], reference: str) -> str:
    event: str = schemas[reference.rpartition("/")[2]]["properties"]["event"]["enum"][0]
    return event


def _swagger_folder() -> Path:
    return Path(flask_swagger_ui.__file__).parent / "dist"
