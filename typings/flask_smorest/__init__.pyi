# The part of flask-smorest that the service uses, typed; the package carries no types.
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import flask
from marshmallow import Schema

_View = TypeVar("_View", bound=Callable[..., Any])

class Blueprint(flask.Blueprint):
    ARGUMENTS_PARSER: Any
    def __init__(
        self, name: str, import_name: str, *, description: str = ..., **kwargs: Any
    ) -> None: ...
    def route(  # type: ignore[override]
        self, rule: str, *, methods: Sequence[str] = ..., **options: Any
    ) -> Callable[[_View], _View]: ...
    def arguments(
        self,
        schema: type[Schema] | Schema,
        *,
        location: str = ...,
        content_type: str | None = ...,
        required: bool = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        **kwargs: Any,
    ) -> Callable[[_View], _View]: ...
    def response(
        self,
        status_code: int | str,
        schema: type[Schema] | Schema | Mapping[str, Any] | None = ...,
        *,
        content_type: str | None = ...,
        description: str | None = ...,
        example: Any = ...,
        examples: Any = ...,
        headers: Mapping[str, Any] | None = ...,
    ) -> Callable[[_View], _View]: ...
    def alt_response(
        self, status_code: int | str, response: str | None = ..., **kwargs: Any
    ) -> Callable[[_View], _View]: ...
    def doc(self, **kwargs: Any) -> Callable[[_View], _View]: ...

class Api:
    ERROR_SCHEMA: Any
    spec: Any
    ma_plugin: Any
    def __init__(
        self,
        app: flask.Flask | None = ...,
        *,
        spec_kwargs: Mapping[str, Any] | None = ...,
        config_prefix: str = ...,
    ) -> None: ...
    def register_blueprint(
        self, blp: Blueprint, *, parameters: Any = ..., **options: Any
    ) -> None: ...
    def _register_error_handlers(self) -> None: ...
