"""What `verify` asks of documents: every row has its file, whole and unchanged."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session

from app.db.invariants import Violation
from app.documents.files import store_of
from app.documents.models import Document, IssuedDocument
from app.documents.store import DamagedFile, FileStore, UnknownFile


def violations(session: Session) -> Iterator[Violation]:
    """Rows whose file is missing, changed or of another length."""
    store = store_of(session)
    for document in session.execute(sa.select(Document)).scalars():
        yield from _check(store, f"document {document.id}", document)
    for issued in session.execute(sa.select(IssuedDocument)).scalars():
        yield from _check(store, f"document {issued.number}", issued)


def _check(store: FileStore, subject: str, row: Document | IssuedDocument) -> Iterator[Violation]:
    try:
        found = len(store.get(row.sha256))
    except UnknownFile:
        yield Violation(invariant="document-file", subject=subject, detail="the file is missing")
    except DamagedFile:
        yield Violation(invariant="document-file", subject=subject, detail="the file was changed")
    else:
        if found != row.size_bytes:
            detail = f"{row.size_bytes} bytes are written down, {found} are stored"
            yield Violation(invariant="document-file", subject=subject, detail=detail)
