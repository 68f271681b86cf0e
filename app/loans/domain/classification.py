"""Five-tier classification: each fact sets a floor, the worst floor is the class.

Floors by days overdue and by the debtor's other claims follow the rules on risk
classification of financial assets of commercial banks (2023, No. 1).
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from app.kernel.errors import Fact
from app.kernel.text import N_


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

# More days overdue than the number means at least the class.
DaysFloors: TypeAlias = Sequence[tuple[int, "LoanClass"]]

# The rules in force since 2023-07-01; a service passes those of its day from the policy.
DAYS_FLOORS: Final[DaysFloors] = (
    (360, LoanClass.LOSS),
    (270, LoanClass.DOUBTFUL),
    (90, LoanClass.SUBSTANDARD),
    (0, LoanClass.SPECIAL_MENTION),
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
    triggers: Iterable[Trigger] = (),
    judged: LoanClass | None = None,
    floors: DaysFloors = DAYS_FLOORS,
) -> Classification:
    """The worst of the floors of days overdue, of triggers, and of a person's judgement."""
    reasons = [days_reason(days_overdue, floors), *(_trigger_reason(each) for each in triggers)]
    if judged is not None:
        reasons.append(_judgement_reason(judged))
    return worst_of(reasons)


def worst_of(reasons: Iterable[Reason]) -> Classification:
    """Combine reasons; collateral never lifts a class, so the worst floor decides."""
    ranked = tuple(sorted(reasons, key=lambda reason: -reason.floor.severity))
    return Classification(loan_class=ranked[0].floor, reasons=ranked)


def days_reason(days_overdue: int, floors: DaysFloors = DAYS_FLOORS) -> Reason:
    """The floor by days overdue; ValueError for a negative number."""
    if days_overdue < 0:
        raise ValueError("Days overdue cannot be negative.")
    for more_than, floor in sorted(floors, reverse=True):
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
