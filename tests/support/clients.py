"""Clients of the tests: a program with a bearer token and a person with a browser's cookie."""

from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, Final

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from app.kernel.ids import new_id

ANY_STATUS: Final = 0


class ApiClient:
    """Speaks JSON with a token. Each write carries a fresh Idempotency-Key unless one is given.

    `version` becomes If-Match; `event` asks for the thing's version first.
    """

    def __init__(self, app: Flask, token: str = "") -> None:
        self.client = app.test_client(use_cookies=False)
        self.token = token

    def get(self, path: str, *, status: int = ANY_STATUS, **query: object) -> TestResponse:
        """Read; keyword arguments become the query."""
        return self.request(
            "GET", path, status=status, **({"query_string": query} if query else {})
        )

    def post(
        self,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        version: int | None = None,
        status: int = ANY_STATUS,
        **options: Any,
    ) -> TestResponse:
        """Write; `key=None` leaves the Idempotency-Key out."""
        return self.request("POST", path, body, key=key, version=version, status=status, **options)

    def patch(
        self, path: str, body: Any, *, version: int | None = None, **options: Any
    ) -> TestResponse:
        """Change; needs the version on routes that ask for it."""
        return self.request("PATCH", path, body, version=version, **options)

    def put(
        self, path: str, body: Any, *, version: int | None = None, **options: Any
    ) -> TestResponse:
        """Replace."""
        return self.request("PUT", path, body, version=version, **options)

    def delete(self, path: str, *, version: int | None = None, **options: Any) -> TestResponse:
        """Take away."""
        return self.request("DELETE", path, version=version, **options)

    def event(
        self, path: str, event: str, *, status: int = ANY_STATUS, **fields: Any
    ) -> TestResponse:
        """Move the thing at `path` by an event, on its current version."""
        tag = self.get(path, status=200).headers["ETag"]
        return self.post(
            f"{path}/events", {"event": event, **fields}, headers={"If-Match": tag}, status=status
        )

    def request(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = "",
        version: int | None = None,
        status: int = ANY_STATUS,
        headers: Mapping[str, str] | None = None,
        **options: Any,
    ) -> TestResponse:
        """Any request; `status` asserts the answer's status and shows its body when it differs."""
        sent = dict(headers or {})
        if self.token:
            sent.setdefault("Authorization", f"Bearer {self.token}")
        if method not in {"GET", "HEAD", "OPTIONS"} and key is not None:
            sent.setdefault("Idempotency-Key", key or new_id().hex)
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        if body is not None:
            options["json"] = body
        address = path if path.startswith(("/api/", "http")) else f"/api/v1{path}"
        response = self.client.open(address, method=method, headers=sent, **options)
        return expect(response, status)


class PageClient:
    """A browser with a cookie; `submit` fills the form that a page shows."""

    def __init__(self, app: Flask, client: FlaskClient, language: str) -> None:
        self.app = app
        self.client = client
        client.set_cookie("greenpledge_language", language)

    def get(self, path: str, *, status: int = ANY_STATUS, **options: Any) -> TestResponse:
        """Open a page."""
        return expect(self.client.get(path, **options), status)

    def post(
        self,
        path: str,
        data: Mapping[str, Any] | None = None,
        *,
        status: int = ANY_STATUS,
        **options: Any,
    ) -> TestResponse:
        """Send a form as it is, without reading the page first."""
        return expect(self.client.post(path, data=dict(data or {}), **options), status)

    def submit(
        self,
        path: str,
        fields: Mapping[str, Any] | None = None,
        *,
        page: str = "",
        status: int = ANY_STATUS,
    ) -> TestResponse:
        """Open the page, keep its hidden fields (page token, key, version), fill in the rest and send."""
        hidden = hidden_fields(self.get(page or path, status=200).text, path)
        return self.post(path, {**hidden, **(fields or {})}, status=status)


def expect(response: TestResponse, status: int) -> TestResponse:
    """Assert the status of an answer and show its body when it differs."""
    if status != ANY_STATUS:
        assert response.status_code == status, f"{response.status_code}: {response.text[:3000]}"
    return response


class _Hidden(HTMLParser):
    """Collects hidden fields by the action of their form."""

    def __init__(self) -> None:
        super().__init__()
        self.forms: dict[str, dict[str, str]] = {}
        self.action: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self.action = given.get("action") or ""
            self.forms[self.action] = {}
        elif tag == "input" and given.get("type") == "hidden" and self.action is not None:
            self.forms[self.action][given.get("name") or ""] = given.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self.action = None


def hidden_fields(html: str, action: str) -> dict[str, str]:
    """The hidden fields of the form that posts to `action`, or of the one without an action."""
    parser = _Hidden()
    parser.feed(html)
    for candidate in (action, ""):
        if candidate in parser.forms:
            return parser.forms[candidate]
    raise AssertionError(f"no form posts to {action}: {sorted(parser.forms)}")
