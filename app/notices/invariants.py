"""What `verify` asks of the outbox: a sent letter says when, and none was tried too often."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlmodel import Session

from app.db.invariants import Violation
from app.notices.domain import MAX_ATTEMPTS, MailState
from app.notices.models import OutboxMail


def violations(session: Session) -> Iterator[Violation]:
    """Letters whose state does not fit what happened to them."""
    for row in session.execute(sa.select(OutboxMail)).scalars():
        sent = row.state is MailState.SENT
        if sent != (row.sent_at is not None) or row.attempts > MAX_ATTEMPTS:
            yield Violation(
                invariant="outbox",
                subject=f"mail {row.id}",
                detail=f"state {row.state.value}, {row.attempts} attempts, sent at {row.sent_at}",
            )
