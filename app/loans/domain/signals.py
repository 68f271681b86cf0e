"""Warning signals: levels, kinds and sources as data, how one moves, and the fact of classification it points to."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from typing import Final

from app.kernel.actor import Name
from app.loans.domain.inspection import machine_of, name_in, tables
from app.loans.domain.states import LoanFact


class SignalState(StrEnum):
    """How far a signal was handled."""

    OPEN = "open"
    HANDLING = "handling"
    RESOLVED = "resolved"
    DISMISSED = "dismissed"


class SignalEvent(StrEnum):
    """What happens to a signal."""

    PLAN = "plan"
    COMPLETE = "complete"
    ESCALATE = "escalate"
    RESOLVE = "resolve"
    DISMISS = "dismiss"


SIGNAL: Final = machine_of("signal", SignalState, SignalEvent, title="warning-signal")

OPEN_SIGNALS: Final = (SignalState.OPEN, SignalState.HANDLING)
"""Signals that still want work."""

RAISE: Final = "raise"
"""The act with which a signal begins; the others are its events."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """A level of warning; a higher rank is worse."""

    code: str
    name: Name
    rank: int
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignalKind:
    """What a signal is about, and the fact of classification that it may be."""

    code: str
    name: Name
    fact: LoanFact | None
    """None when it says nothing that the class does not know."""
    always: bool
    """Looked at on any level; otherwise on the highest alone."""


@cache
def levels() -> Mapping[str, Level]:
    """The levels by code, from the mildest."""
    return {
        code: Level(code=code, name=name_in("levels", code), rank=rank, tone=row["tone"])
        for rank, (code, row) in enumerate(tables()["levels"].items())
    }


@cache
def signal_kinds() -> Mapping[str, SignalKind]:
    """The kinds by code."""
    return {
        code: SignalKind(
            code=code,
            name=name_in("signal_kinds", code),
            fact=LoanFact(row["fact"]) if "fact" in row else None,
            always=row.get("always", False),
        )
        for code, row in tables()["signal_kinds"].items()
    }


@cache
def sources() -> Mapping[str, Name]:
    """Where signals come from, by code."""
    return {code: name_in("sources", code) for code in tables()["sources"]}


def is_raised(before: str, after: str) -> bool:
    """Whether a level is above another."""
    known = levels()
    return known[after].rank > known[before].rank


def fact_to_consider(kind: str, level: str) -> LoanFact | None:
    """The fact that the officer of classification looks at: for grave kinds always, else on the highest level."""
    known = levels()
    highest = known[level].rank == len(known) - 1
    found = signal_kinds()[kind]
    return found.fact if found.always or highest else None
