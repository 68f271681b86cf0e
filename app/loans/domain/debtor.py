"""The class of a loan by its own facts, and by the worst loan of its debtor at the bank."""

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any, Final, TypeVar

from app.kernel.text import N_
from app.loans.domain.classification import (
    Classification,
    ClassRules,
    LoanClass,
    Reason,
    Trigger,
    classify,
    worst_of,
)
from app.loans.domain.states import LoanFact

Key = TypeVar("Key")

FACT_TITLES: Mapping[LoanFact, str] = {
    LoanFact.FUNDS_MISUSED: N_("Funds not used as agreed"),
    LoanFact.RESTRUCTURED: N_("Restructured, under observation"),
    LoanFact.REFINANCED: N_("Old loan repaid by a new one"),
    LoanFact.DEBTOR_EVADES: N_("Debtor evades debts elsewhere"),
    LoanFact.CREDIT_WEAKENED: N_("Credit clearly weakened"),
    LoanFact.CREDIT_IMPAIRED: N_("Credit-impaired"),
    LoanFact.OVERDUE_ELSEWHERE: N_("Overdue at other banks"),
    LoanFact.TECHNICAL_DELAY: N_("Technical delay of the bank"),
}


def own_classification(
    *, days_overdue: int, facts: Iterable[LoanFact], rules: ClassRules
) -> Classification:
    """The class that days overdue and recorded facts allow for the loan alone."""
    known, limit = frozenset(facts), rules.technical_delay_days
    triggers = [Trigger(each.value) for each in LoanFact if each in known and each.value in _CODES]
    excused = LoanFact.TECHNICAL_DELAY in known and 0 < days_overdue <= limit
    counted = 0 if excused else days_overdue
    found = classify(days_overdue=counted, rules=rules, triggers=triggers)
    return worst_of((*found.reasons, _excuse(days_overdue, limit))) if excused else found


_CODES: Final = frozenset(trigger.value for trigger in Trigger)


def _excuse(days_overdue: int, limit_days: int) -> Reason:
    return Reason(
        code="technical-delay",
        floor=LoanClass.NORMAL,
        detail=N_("Overdue by %(days)s days for technical reasons of the bank, at most %(limit)s."),
        facts={"days": days_overdue, "limit": limit_days},
    )


def debtor_reason(worst: LoanClass) -> Reason:
    """Loans of one debtor at a bank share the worst class among them."""
    return Reason(
        code="debtor-worst",
        floor=worst,
        detail=N_("Another loan of the same debtor at this bank is in this class."),
        facts={},
    )


def worst_by_debtor(classes: Iterable[tuple[Key, LoanClass]]) -> dict[Key, LoanClass]:
    """The worst class of each debtor's loans."""
    worst: dict[Key, LoanClass] = {}
    for debtor, found in classes:
        held = worst.get(debtor)
        if held is None or found.severity > held.severity:
            worst[debtor] = found
    return worst


def reasons_to_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    """Reasons as they are stored: code, floor, words and their facts."""
    return [
        {
            "code": each.code,
            "floor": each.floor.value,
            "detail": each.detail,
            "facts": dict(each.facts),
        }
        for each in reasons
    ]


def in_force(rows: Iterable[tuple[LoanFact, date, date | None]], day: date) -> frozenset[LoanFact]:
    """The facts that hold on a day."""
    return frozenset(
        fact
        for fact, from_on, until_on in rows
        if from_on <= day and (until_on is None or day <= until_on)
    )
