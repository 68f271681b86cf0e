"""One key, one effect: the key's row, the effect and the stored answer share one transaction."""

import hashlib
from typing import Final

import sqlalchemy as sa
from flask import Request, Response
from sqlalchemy.exc import OperationalError
from sqlmodel import Session, col

from app.db.engine import now
from app.db.numbers import insert_ignoring
from app.kernel.actor import Actor
from app.kernel.errors import Busy, InvalidInput, MalformedRequest
from app.kernel.ids import new_id
from app.kernel.text import N_
from app.web.models import IdempotencyKey
from app.web.reading import FORM_TYPES

MAX_KEY_LENGTH: Final = 255
"""As long as the column that keeps it."""

IN_FLIGHT_WAIT_MS: Final = 2_000
"""How long a repeat waits for the first request to end before it is told to come back."""

_REPLAYED_HEADERS: Final = ("Content-Type", "Location", "ETag")


class KeyReused(InvalidInput):
    """The key was used for another request."""

    code = "idempotency-key-reused"
    title = N_("This key was used for another request")
    detail = N_("Use a new Idempotency-Key for a request with other content.")


class KeyMissing(MalformedRequest):
    """The route has one effect for one key, and no key was sent."""

    code = "idempotency-key-missing"
    title = N_("A header is missing")
    detail = N_("Send the header Idempotency-Key with this request: one key for one effect.")


def key_of(request: Request) -> str | None:
    """The key from the header, or from the hidden field of a form."""
    key = request.headers.get("Idempotency-Key")
    if key is None and request.mimetype in FORM_TYPES:
        key = request.form.get("idempotency_key")
    if key is None:
        return None
    if not key.strip() or len(key) > MAX_KEY_LENGTH or not key.isascii() or not key.isprintable():
        raise MalformedRequest(
            reason=N_("the Idempotency-Key must be 1 to 255 printable ASCII characters")
        )
    return key


def begin(
    session: Session, actor: Actor, request: Request, route: str, key: str
) -> Response | None:
    """Insert the key's row; gives the stored answer when the same request was answered before."""
    row = {
        "id": new_id(),
        "organisation_id": actor.organisation_id,
        "person_id": actor.person_id,
        "route": route,
        "key": key,
        "request_sha256": fingerprint(request),
        "created_at": now(session),
    }
    try:
        inserted = _insert(session, row)
    except OperationalError:
        raise Busy(retry_after=1) from None
    return None if inserted else _replay(session, actor, request, route, key)


def _insert(session: Session, row: dict[str, object]) -> bool:
    """Insert the row, waiting a little for the same key in another transaction, but not long."""
    postgres = session.get_bind().dialect.name == "postgresql"
    if postgres:
        session.execute(sa.text(f"SET LOCAL lock_timeout = {IN_FLIGHT_WAIT_MS}"))
    inserted = insert_ignoring(session, IdempotencyKey.__table__, row)  # type: ignore[attr-defined]
    if postgres:
        session.execute(sa.text("SET LOCAL lock_timeout = 0"))
    return inserted


def finish(session: Session, actor: Actor, route: str, key: str, response: Response) -> None:
    """Store the answer beside the key, in the transaction of the effect."""
    headers = {
        name: response.headers[name] for name in _REPLAYED_HEADERS if name in response.headers
    }
    statement = (
        sa.update(IdempotencyKey)
        .where(*_same(actor, route, key))
        .values(status=response.status_code, headers=headers, body=response.get_data())
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def fingerprint(request: Request) -> str:
    """SHA-256 over method, path and body; the page's own hidden fields do not count."""
    digest = hashlib.sha256(f"{request.method} {request.full_path}\n".encode())
    if request.mimetype in FORM_TYPES:
        for name, value in sorted(request.form.items(multi=True)):
            if name not in {"csrf_token", "idempotency_key"}:
                digest.update(
                    f"{len(name)}:{name}{len(value)}:{value}".encode("utf-8", "surrogatepass")
                )
        for name, file in sorted(request.files.items(multi=True), key=lambda each: each[0]):
            content = hashlib.file_digest(file.stream, "sha256").hexdigest()  # type: ignore[arg-type]
            file.stream.seek(0)
            digest.update(f"{len(name)}:{name}{content}".encode("utf-8", "surrogatepass"))
    else:
        digest.update(request.get_data(cache=True))
    return digest.hexdigest()


def _replay(session: Session, actor: Actor, request: Request, route: str, key: str) -> Response:
    stored = session.execute(
        sa.select(IdempotencyKey).where(*_same(actor, route, key))
    ).scalar_one_or_none()
    if stored is None or stored.status is None:
        raise Busy(retry_after=1)
    if stored.request_sha256 != fingerprint(request):
        raise KeyReused(key=key)
    response = Response(stored.body or b"", status=stored.status, headers=stored.headers or {})
    response.headers["Idempotent-Replayed"] = "true"
    return response


def is_answered(session: Session, actor: Actor, route: str, key: str) -> bool:
    """Whether an answer is stored beside a key."""
    statement = sa.select(col(IdempotencyKey.status)).where(*_same(actor, route, key))
    return session.execute(statement).scalar_one_or_none() is not None


def _same(actor: Actor, route: str, key: str) -> tuple[sa.ColumnElement[bool], ...]:
    return (
        col(IdempotencyKey.organisation_id) == actor.organisation_id,
        col(IdempotencyKey.person_id) == actor.person_id,
        col(IdempotencyKey.route) == route,
        col(IdempotencyKey.key) == key,
    )
