"""UUID version 7 (RFC 9562): made by the application, ordered by time."""

import os
import time
from uuid import UUID

_VERSION = 0x7
_VARIANT = 0b10


def new_id() -> UUID:
    """A fresh UUIDv7: 48 bits of milliseconds, 74 random bits."""
    milliseconds = time.time_ns() // 1_000_000
    random = int.from_bytes(os.urandom(10), "big")
    value = (milliseconds & 0xFFFFFFFFFFFF) << 80
    value |= _VERSION << 76
    value |= (random >> 68 & 0xFFF) << 64
    value |= _VARIANT << 62
    value |= random & 0x3FFFFFFFFFFFFFFF
    return UUID(int=value)
