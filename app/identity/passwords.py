"""Passwords by argon2id: 19 MiB, two passes, one lane (the OWASP minimum for interactive sign-in)."""

from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

MEMORY_KIB = 19 * 1024
MIN_LENGTH = 10
MAX_LENGTH = 128
"""Hashing takes time by length; a sentence is shorter."""


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=MEMORY_KIB, parallelism=1)


@cache
def _nobody() -> str:
    return _hasher().hash("nobody has this password")


def hash_password(password: str) -> str:
    """The hash to store."""
    return _hasher().hash(password)


def password_matches(stored: str | None, password: str) -> bool:
    """Whether the password is right; an unknown login costs the same time as a known one."""
    try:
        _hasher().verify(stored or _nobody(), password[:MAX_LENGTH])
    except (VerifyMismatchError, InvalidHashError):
        return False
    return stored is not None
