"""What the service itself raises a warning signal for, on which level, and what becomes of a cause seen again."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from typing import Any, Final
from uuid import UUID

from app.kernel.actor import Name
from app.loans.domain.inspection import tables
from app.loans.domain.signals import OPEN_SIGNALS, SignalState, is_raised, levels, sources
from app.policy import Policy

SYSTEM_SOURCE: Final = "system"
"""The source of signals that nobody raised."""

Figures = Mapping[str, int | str | None]


def told_sources() -> Mapping[str, Name]:
    """Where signals that people raise come from, by code."""
    return {code: name for code, name in sources().items() if code != SYSTEM_SOURCE}


class Trigger(StrEnum):
    """What the service looks for."""

    OVERDUE = "overdue"
    INTEREST_UNPAID = "interest-unpaid"
    CLASS_WORSE = "class-worse"
    CHECK_LATE = "check-late"
    COVER_LOW = "cover-low"
    REGISTRATION_SHORT = "registration-short"
    PROOF_MISSING = "proof-missing"


class CauseNote(StrEnum):
    """What the system adds to the history of a signal; it moves no state."""

    OVER = "cause-over"
    UNDONE = "cause-undone"
    """By what was booked since, the cause was none: paid or carried out in time after all."""
    WRITTEN_OFF = "cause-written-off"
    """The loan was written off: nobody looks at it any more, and its claim stands."""
    BACK = "cause-back"
    WORSE = "cause-worse"
    """Worse than before, on a level that somebody had raised already."""


ENDINGS: Final = (CauseNote.OVER, CauseNote.UNDONE, CauseNote.WRITTEN_OFF)
"""After one of these a cause has ended, until it is back."""


class Move(StrEnum):
    """What is done about a cause that holds."""

    RAISE = "raise"
    KEEP = "keep"
    WORSEN = "worsen"
    RESUME = "resume"


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerWords:
    """A trigger as people read it: what it is, the kind of its signals, its end, the figures that it names."""

    trigger: Trigger
    name: Name
    over: Name
    kind: str
    figures: tuple[str, ...]

    @property
    def measure(self) -> str:
        """The figure that the level goes by."""
        return self.figures[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A cause that holds for a loan: since when by its facts, and the figures that led to it."""

    loan_id: UUID
    began_on: date
    figures: Figures


@dataclass(frozen=True, slots=True, kw_only=True)
class TriggerRule:
    """From which measure on a trigger has which level, the mildest first, and its quiet days, on a day."""

    trigger: Trigger
    steps: tuple[tuple[str, int], ...]
    quiet_days: int

    @property
    def first(self) -> int:
        """The measure from which on there is a signal."""
        return self.steps[0][1]

    def level_of(self, measure: int) -> str | None:
        """The level of a measure; None below the first."""
        reached = [level for level, start in self.steps if measure >= start]
        return reached[-1] if reached else None


@dataclass(frozen=True, slots=True, kw_only=True)
class LastCause:
    """The newest cause of a loan and trigger: its level, whether it ended, and how far its signal is."""

    level: str
    ended_on: date | None
    state: SignalState


@cache
def trigger_words() -> Mapping[Trigger, TriggerWords]:
    """The triggers in their order."""
    return {
        Trigger(code): TriggerWords(
            trigger=Trigger(code),
            name=Name(zh=row["zh"], en=row["en"]),
            over=Name(zh=row["over"]["zh"], en=row["over"]["en"]),
            kind=row["kind"],
            figures=tuple(row["figures"]),
        )
        for code, row in tables()["triggers"].items()
    }


def trigger_rule(policy: Policy, trigger: Trigger) -> TriggerRule:
    """The rule of a policy's day; a level without a row is not used."""
    table = policy.table(f"loans.signals.{trigger}")
    return TriggerRule(
        trigger=trigger,
        steps=tuple(
            (level, int(table.decimal(level, "from")))
            for level in levels()
            if table.has(level, "from")
        ),
        quiet_days=int(policy.table("loans.signals.quiet_days").decimal(trigger, "days")),
    )


def decide(rule: TriggerRule, last: LastCause | None, level: str, *, on: date) -> Move:
    """What is done about a cause that holds today on a level.

    An episode raises one signal. A cause that returns within the quiet days is the same episode, also when its
    signal was dismissed; after a signal was resolved, or on a higher level than a closed one, it is raised anew.
    """
    if last is None:
        return Move.RAISE
    worse = is_raised(last.level, level)
    is_open = last.state in OPEN_SIGNALS
    if last.ended_on is None:
        kept = Move.WORSEN if is_open else Move.RAISE
        return kept if worse else Move.KEEP
    lasted = (on - last.ended_on).days > rule.quiet_days
    if lasted or last.state is SignalState.RESOLVED or (worse and not is_open):
        return Move.RAISE
    return Move.RESUME


def figure_words(code: str, value: Any) -> Name:
    """A figure in both languages: yuan with two decimals, per cent, the word of its place, else as it is."""
    places = tables()["figures"][code].get("words")
    if places and value:
        return Name(zh=places[int(value) - 1]["zh"], en=places[int(value) - 1]["en"])
    plain = _plain(code, value)
    return Name(zh=plain, en=plain)


def _plain(code: str, value: Any) -> str:
    if value is None:
        return "—"
    if code.endswith("_fen"):
        return f"{value // 100:,}.{value % 100:02d}"
    if code.endswith("_ppm"):
        return f"{value / 10_000:.2f}%"
    return str(value)


def both(words: Name) -> str:
    """Words of the system as they are kept: a line in Chinese, a line in English."""
    return f"{words.zh}\n{words.en}"


def told_by_system(note: str) -> Name:
    """What the system wrote, in each language."""
    zh, _, en = note.partition("\n")
    return Name(zh=zh, en=en)


def cause_told(words: Name, figures: Figures) -> Name:
    """A cause with its figures, in the order in which they were found."""
    named = tables()["figures"]
    zh = "，".join(
        f"{named[code]['zh']}{figure_words(code, each).zh}" for code, each in figures.items()
    )
    en = ", ".join(
        f"{named[code]['en']} {figure_words(code, each).en}" for code, each in figures.items()
    )
    return Name(zh=f"{words.zh}：{zh}", en=f"{words.en}: {en}")
