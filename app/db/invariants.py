"""The answer that each room's `invariants.violations(session)` gives to `verify`."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """A broken invariant: which one, of which row, and how."""

    invariant: str
    subject: str
    detail: str
