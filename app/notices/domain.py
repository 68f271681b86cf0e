"""States of a letter on its way, and when a failed one is tried again."""

from datetime import timedelta
from enum import StrEnum
from typing import Final


class MailState(StrEnum):
    """Where a mail stands; `sent` is one that left the outbox, into a folder where no server takes it."""

    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


MAX_ATTEMPTS: Final = 8
"""With doubling waits the last attempt comes ten and a half hours after the first."""

FIRST_WAIT: Final = timedelta(minutes=5)


def wait_after(attempts: int) -> timedelta:
    """How long to wait after so many failures: it doubles."""
    doublings = max(attempts - 1, 0)
    return FIRST_WAIT * (1 << doublings)
