"""Five-tier classification: each fact sets a floor, the worst floor is the class.

Floors by the debtor's other claims follow the rules on risk classification of financial
assets of commercial banks (2023, No. 1); those by days overdue are parameters of a day.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.kernel.errors import Fact
from app.kernel.text import N_
from app.policy import Policy


class LoanClass(StrEnum):
    """The five tiers, best first."""

    NORMAL = "normal"
    SPECIAL_MENTION = "special-mention"
    SUBSTANDARD = "substandard"
    DOUBTFUL = "doubtful"
    LOSS = "loss"

    @property
    def severity(self) -> int:
        """0 for the best class, 4 for the worst."""
        return _SEVERITY[self]

    @property
    def is_non_performing(self) -> bool:
        return self.severity >= _SEVERITY[LoanClass.SUBSTANDARD]


_SEVERITY: Final = {tier: number for number, tier in enumerate(LoanClass)}


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRules:
    """The dated part of classification, as it stands on a day.

    floors: more days overdue than the number means at least the class. technical_delay_days: a delay for
    technical reasons of the bank that is no longer than this does not lower the class.
    """

    floors: tuple[tuple[int, LoanClass], ...]
    technical_delay_days: int


def class_rules(policy: Policy) -> ClassRules:
    """The rules of a policy's day; a day before the first of them is refused."""
    table = policy.table("loans.classification_floor")
    floors = ((int(table.decimal(row, "days_above")), LoanClass(row)) for row in table)
    return ClassRules(
        floors=tuple(sorted(floors, reverse=True, key=lambda each: each[0])),
        technical_delay_days=policy.whole("loans.technical_delay"),
    )


class Trigger(StrEnum):
    """A fact other than days overdue that sets a floor."""

    FUNDS_MISUSED = "funds-misused"
    RESTRUCTURED = "restructured"
    REFINANCED = "refinanced"
    DEBTOR_EVADES = "debtor-evades"
    CREDIT_WEAKENED = "credit-weakened"
    CREDIT_IMPAIRED = "credit-impaired"
    DEBTOR_NON_PERFORMING = "debtor-non-performing"
    OVERDUE_ELSEWHERE = "overdue-elsewhere"


_TRIGGER_FLOORS: Final = {
    Trigger.FUNDS_MISUSED: (LoanClass.SPECIAL_MENTION, N_("Funds were not used as agreed.")),
    Trigger.RESTRUCTURED: (
        LoanClass.SPECIAL_MENTION,
        N_("The loan was restructured and is still under observation."),
    ),
    Trigger.REFINANCED: (LoanClass.SPECIAL_MENTION, N_("An old loan was repaid by a new one.")),
    Trigger.DEBTOR_EVADES: (
        LoanClass.SPECIAL_MENTION,
        N_("The debtor evades debts to other creditors."),
    ),
    Trigger.CREDIT_WEAKENED: (
        LoanClass.SPECIAL_MENTION,
        N_("The debtor's credit has clearly weakened."),
    ),
    Trigger.CREDIT_IMPAIRED: (LoanClass.SUBSTANDARD, N_("The asset is credit-impaired.")),
    Trigger.DEBTOR_NON_PERFORMING: (
        LoanClass.SUBSTANDARD,
        N_("Over a tenth of the debtor's claims at this bank are non-performing."),
    ),
    Trigger.OVERDUE_ELSEWHERE: (
        LoanClass.SUBSTANDARD,
        N_("Over a fifth of the debtor's debts at all banks are overdue by more than 90 days."),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """A fact and the class that it allows at best."""

    code: str
    floor: LoanClass
    detail: str
    """A message of the catalogue whose placeholders are the `facts`."""
    facts: dict[str, Fact]


@dataclass(frozen=True, slots=True, kw_only=True)
class Classification:
    """The class, and every reason looked at, the decisive ones first."""

    loan_class: LoanClass
    reasons: tuple[Reason, ...]


def classify(
    *,
    days_overdue: int,
    rules: ClassRules,
    triggers: Iterable[Trigger] = (),
    judged: LoanClass | None = None,
) -> Classification:
    """The worst of the floors of days overdue, of triggers, and of a person's judgement."""
    reasons = [days_reason(days_overdue, rules), *(_trigger_reason(each) for each in triggers)]
    if judged is not None:
        reasons.append(_judgement_reason(judged))
    return worst_of(reasons)


def worst_of(reasons: Iterable[Reason]) -> Classification:
    """Combine reasons; collateral never lifts a class, so the worst floor decides."""
    ranked = tuple(sorted(reasons, key=lambda reason: -reason.floor.severity))
    return Classification(loan_class=ranked[0].floor, reasons=ranked)


def days_reason(days_overdue: int, rules: ClassRules) -> Reason:
    """The floor by days overdue; ValueError for a negative number."""
    if days_overdue < 0:
        raise ValueError("Days overdue cannot be negative.")
    for more_than, floor in rules.floors:
        if days_overdue > more_than:
            return _overdue_reason(days_overdue, more_than, floor)
    return Reason(
        code="not-overdue", floor=LoanClass.NORMAL, detail=N_("Nothing is overdue."), facts={}
    )


def _overdue_reason(days_overdue: int, more_than: int, floor: LoanClass) -> Reason:
    return Reason(
        code=f"overdue-more-than-{more_than}-days",
        floor=floor,
        detail=N_("Overdue by %(days)s days, which is more than %(limit)s."),
        facts={"days": days_overdue, "limit": more_than},
    )


def _trigger_reason(trigger: Trigger) -> Reason:
    floor, detail = _TRIGGER_FLOORS[trigger]
    return Reason(code=trigger.value, floor=floor, detail=detail, facts={})


def _judgement_reason(judged: LoanClass) -> Reason:
    detail = N_("A reviewer judged the loan to be in this class.")
    return Reason(code="judged", floor=judged, detail=detail, facts={})
