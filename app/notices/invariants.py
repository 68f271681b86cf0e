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
        sent = row.sent_at is not None
        given_up = not sent and row.attempts >= MAX_ATTEMPTS
        fits = {
            MailState.SENT: sent,
            MailState.FAILED: given_up,
            MailState.WAITING: not sent and not given_up,
        }
        if not fits[row.state] or row.attempts > MAX_ATTEMPTS:
            yield Violation(
                invariant="outbox",
                subject=f"mail to {row.address} of {row.due_at:%Y-%m-%d %H:%M}",
                detail=f"state {row.state.value}, {row.attempts} attempts, sent at {row.sent_at}",
            )
