"""Post-loan checks: what they are, how one moves, and when the next is due. The words and tables are data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

from app.kernel.actor import Name
from app.kernel.permissions import Permission
from app.kernel.schedule_dates import add_months
from app.kernel.state_machine import StateMachine
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import Security
from app.policy import Policy


class InspectionKind(StrEnum):
    """Why a check is made."""

    FIRST = "first"
    """Soon after the first drawdown."""
    REGULAR = "regular"
    """At an interval by class and security."""
    SPECIAL = "special"
    """Ordered by a person."""


class InspectionState(StrEnum):
    """How far a check has come."""

    PLANNED = "planned"
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    DROPPED = "dropped"


class InspectionEvent(StrEnum):
    """What happens to a check."""

    RECORD = "record"
    SUBMIT = "submit"
    RETURN = "return"
    REVIEW = "review"
    DROP = "drop"


class Answer(StrEnum):
    """What was found at a point of the checklist."""

    FINE = "fine"
    CONCERN = "concern"
    NOT_APPLICABLE = "not-applicable"


class Conclusion(StrEnum):
    """What the report comes to."""

    SOUND = "sound"
    WATCH = "watch"
    ACT = "act"


class FilePurpose(StrEnum):
    """What a file of a check shows."""

    PHOTO = "photo"
    USE_OF_FUNDS = "use-of-funds"
    OTHER = "other"


OPEN_INSPECTIONS: Final = (
    InspectionState.PLANNED,
    InspectionState.DRAFT,
    InspectionState.SUBMITTED,
)
"""Checks that still want work."""

MADE: Final = (InspectionState.SUBMITTED, InspectionState.REVIEWED)
"""Checks that were carried out: the interval counts from their day."""

TABLE: Final = Path(__file__).resolve().parents[1] / "inspection" / "inspection.yaml"


@cache
def tables() -> Mapping[str, Any]:
    """The words, tables and lists of checks and signals."""
    found: dict[str, Any] = yaml.load(TABLE.read_text(encoding="utf-8"), Loader=yaml.CSafeLoader)
    return found


def message_of(table: str, code: str) -> str:
    """The English words of a code, which are a message of the catalogue."""
    return str(tables()[table][code]["en"])


def name_in(table: str, code: str) -> Name:
    """The words of a code in both languages."""
    row = tables()[table][code]
    return Name(zh=row["zh"], en=row["en"])


def machine_of(
    name: str, states: type[StrEnum], events: type[StrEnum], *, title: str = ""
) -> StateMachine[Any, Any]:
    """The machine that a part of the tables describes."""
    part = tables()[name]
    return StateMachine(
        title or name,
        {(states(state), events(event)): states(target) for state, event, target in part["table"]},
        initial=states(part["initial"]),
        permissions={
            events(code): Permission(row["permission"]) for code, row in part["events"].items()
        },
        state_titles={states(code): row["en"] for code, row in part["states"].items()},
        event_titles={events(code): row["en"] for code, row in part["events"].items()},
    )


INSPECTION: Final = machine_of("inspection", InspectionState, InspectionEvent)

PLANNED_CHECK: Final = INSPECTION.without({InspectionEvent.DROP})
"""A check of the plan is carried out, or ends with its loan; nobody drops it."""


def machine_for(kind: InspectionKind) -> StateMachine[Any, Any]:
    """The steps that a check of a kind can ever take."""
    return INSPECTION if kind is InspectionKind.SPECIAL else PLANNED_CHECK


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckItem:
    """A point of the checklist; asked of loans with one of the securities, or of all when none is named."""

    code: str
    name: Name
    security: tuple[Security, ...]

    def applies_to(self, security: Security | None) -> bool:
        """Whether the point is asked of a loan with this security."""
        return not self.security or security in self.security


@cache
def checklist() -> tuple[CheckItem, ...]:
    """Every point, in the order in which a report has them."""
    return tuple(
        CheckItem(
            code=row["code"],
            name=Name(zh=row["zh"], en=row["en"]),
            security=tuple(Security(each) for each in row.get("security", ())),
        )
        for row in tables()["checklist"]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found at one point; a concern says what."""

    item: str
    answer: Answer
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A point of the checklist that keeps a report from being submitted."""

    item: CheckItem
    missing_note: bool
    """Answered as a concern without words; otherwise not answered at all."""


def gaps(findings: Sequence[Finding], security: Security | None) -> tuple[Gap, ...]:
    """Points that apply and are not answered, or are a concern without words."""
    given = {each.item: each for each in findings}
    found = []
    for item in checklist():
        answer = given.get(item.code)
        if answer is None:
            if item.applies_to(security):
                found.append(Gap(item=item, missing_note=False))
        elif answer.answer is Answer.CONCERN and not answer.note.strip():
            found.append(Gap(item=item, missing_note=True))
    return tuple(found)


def concluded_too_well(findings: Sequence[Finding], conclusion: Conclusion | None) -> bool:
    """Whether a report with a concern calls everything in order."""
    concern = any(each.answer is Answer.CONCERN for each in findings)
    return concern and conclusion is Conclusion.SOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanRules:
    """The dated part of the plan, as it stands for a bank on a day; intervals in months."""

    first_days: int
    after_downgrade_days: int
    by_class: Mapping[LoanClass, int]
    by_security: Mapping[Security, int]


def plan_rules(policy: Policy) -> PlanRules:
    """The rules of a policy's day."""
    prefix = "loans.inspection"
    return PlanRules(
        first_days=policy.whole(f"{prefix}.first_days"),
        after_downgrade_days=policy.whole(f"{prefix}.after_downgrade_days"),
        by_class={
            tier: policy.whole(f"{prefix}.interval.class.{tier.value}") for tier in LoanClass
        },
        by_security={
            kind: policy.whole(f"{prefix}.interval.security.{kind.value}") for kind in Security
        },
    )


def interval_months(
    rules: PlanRules, loan_class: LoanClass | None, security: Security | None
) -> int:
    """The shorter of the intervals by class and by security; without security as unsecured credit."""
    tier = loan_class or LoanClass.NORMAL
    return min(rules.by_class[tier], rules.by_security[security or Security.CREDIT])


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanToCheck:
    """A drawn loan without an open check of the plan."""

    first_drawn_on: date
    loan_class: LoanClass | None
    security: Security | None
    first_made: bool
    last_checked_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedCheck:
    """The next check of a loan; months is None for a first one."""

    kind: InspectionKind
    due_on: date
    months: int | None


def next_check(loan: LoanToCheck, rules: PlanRules, *, books_since_on: date) -> PlannedCheck:
    """The first check soon after the first drawdown, then one an interval after the last.

    A loan whose first check fell due before the bank's books were kept here had it elsewhere: its
    interval counts from the day on which they were opened.
    """
    first_on = loan.first_drawn_on + timedelta(days=rules.first_days)
    taken_over = first_on < books_since_on
    if not loan.first_made and not taken_over:
        return PlannedCheck(kind=InspectionKind.FIRST, due_on=first_on, months=None)
    months = interval_months(rules, loan.loan_class, loan.security)
    since = loan.last_checked_on or books_since_on
    due_on = add_months(since, months, anchor_day=since.day)
    return PlannedCheck(kind=InspectionKind.REGULAR, due_on=due_on, months=months)


def brought_forward_on(
    due_on: date,
    planned: LoanClass | None,
    present: LoanClass | None,
    rules: PlanRules,
    *,
    on: date,
) -> date | None:
    """The earlier day of a planned check when the class worsened since; None when it stays."""
    before, after = planned or LoanClass.NORMAL, present or LoanClass.NORMAL
    if after.severity <= before.severity:
        return None
    earlier = on + timedelta(days=rules.after_downgrade_days)
    return earlier if earlier < due_on else None


@dataclass(frozen=True, slots=True, kw_only=True)
class UseOfFunds:
    """Proofs of the use of funds beside what was drawn, in fen."""

    drawn_fen: int
    proved_fen: int

    @property
    def open_fen(self) -> int:
        """Drawn and not proved; never below 0."""
        return max(self.drawn_fen - self.proved_fen, 0)

    @property
    def over_fen(self) -> int:
        """Proved beyond what was drawn; never below 0."""
        return max(self.proved_fen - self.drawn_fen, 0)
