"""The class of a loan by its own facts, by its debtor's other claims, and on its way back."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, Protocol

from app.kernel.errors import Fact
from app.kernel.rates import PPM
from app.kernel.text import N_
from app.loans.domain.classification import (
    OVERDUE_WORDS,
    Classification,
    ClassRules,
    KnownFact,
    LoanClass,
    Reason,
    Trigger,
    classify,
    judgement_reason,
    percent_words,
    worst_of,
)
from app.loans.domain.states import LoanFact

FACT_TITLES: Mapping[LoanFact, str] = {
    LoanFact.FUNDS_MISUSED: N_("Funds not used as agreed"),
    LoanFact.RESTRUCTURED: N_("Restructured, under observation"),
    LoanFact.REFINANCED: N_("Old loan repaid by a new one"),
    LoanFact.RENEWED: N_("Renewed without repayment"),
    LoanFact.DEBTOR_EVADES: N_("Debtor evades debts elsewhere"),
    LoanFact.CREDIT_WEAKENED: N_("Credit clearly weakened"),
    LoanFact.CREDIT_IMPAIRED: N_("Credit-impaired"),
    LoanFact.OVERDUE_ELSEWHERE: N_("Overdue at other banks"),
    LoanFact.TECHNICAL_DELAY: N_("Technical delay of the bank"),
    LoanFact.CREDIT_ENHANCED: N_("Recognised credit enhancement"),
}

SHARED_FACTS: Final = frozenset({LoanFact.CREDIT_IMPAIRED, LoanFact.OVERDUE_ELSEWHERE})
"""Facts that speak of a share: the expected loss, or debts overdue at all banks."""

DEBTOR_CODES: Final = frozenset({"debtor-worst", "debtor-non-performing"})
"""Reasons that come from other claims on the same debtor."""

LATER_CODES: Final = DEBTOR_CODES | {"judged", "upgrade-waits"}
"""Reasons beside the loan's own days and facts."""

_TRIGGERS: Final = {trigger.value: trigger for trigger in Trigger}


class FactRow(Protocol):
    """A recorded fact: from which day to which, and the share that it speaks of."""

    @property
    def fact(self) -> LoanFact: ...
    @property
    def from_on(self) -> date: ...
    @property
    def until_on(self) -> date | None: ...
    @property
    def share_ppm(self) -> int | None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class FactInForce:
    """A fact that holds on a day."""

    fact: LoanFact
    share_ppm: int | None = None


def in_force(rows: Iterable[FactRow], day: date) -> frozenset[FactInForce]:
    """The facts that hold on a day."""
    return frozenset(
        FactInForce(fact=row.fact, share_ppm=row.share_ppm)
        for row in rows
        if row.from_on <= day and (row.until_on is None or day <= row.until_on)
    )


def own_classification(
    *, days_overdue: int, facts: Iterable[FactInForce], rules: ClassRules
) -> Classification:
    """The class that days overdue and recorded facts allow for the loan alone."""
    known = sorted(facts, key=lambda each: (each.fact.value, each.share_ppm or 0))
    excused = _is_excused(known, days_overdue, rules)
    found = classify(
        days_overdue=0 if excused else days_overdue,
        rules=rules,
        facts=[
            KnownFact(trigger=_TRIGGERS[each.fact.value], share_ppm=each.share_ppm)
            for each in known
            if each.fact.value in _TRIGGERS
        ],
    )
    if not excused:
        return found
    return worst_of((*found.reasons, _excuse(days_overdue, rules.technical_delay_days)))


def _is_excused(known: Iterable[FactInForce], days_overdue: int, rules: ClassRules) -> bool:
    declared = any(each.fact is LoanFact.TECHNICAL_DELAY for each in known)
    return declared and 0 < days_overdue <= rules.technical_delay_days


_TECHNICAL_WORDS: Final = N_(
    "Days overdue for technical reasons of the bank: %(days)s, at most %(limit)s."
)
_EARLIER_WORDS: Final = {
    "Overdue by %(days)s days, which is more than %(limit)s.": OVERDUE_WORDS,
    "Overdue by %(days)s days for technical reasons of the bank, at most %(limit)s.": (
        _TECHNICAL_WORDS
    ),
}
"""Stored reasons keep the words of their day; they are read in those of today."""


def _excuse(days_overdue: int, limit_days: int) -> Reason:
    return Reason(
        code="technical-delay",
        floor=LoanClass.NORMAL,
        detail=_TECHNICAL_WORDS,
        facts={"days": days_overdue, "limit": limit_days},
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClaimOnDebtor:
    """One open loan as the claims on its debtor are weighed: its class so far and its balance."""

    loan_class: LoanClass
    balance_fen: int


_WORST: Final = Reason(
    code="debtor-worst",
    floor=LoanClass.SPECIAL_MENTION,
    detail=N_("Another loan of the same debtor at this bank is not normal."),
    facts={},
)


def debtor_reason(claims: Iterable[ClaimOnDebtor], rules: ClassRules) -> Reason | None:
    """What the claims on a debtor at the bank mean for each of them; None while all are normal.

    Over the limit of non-performing balance all are substandard at best; below it a claim in a
    worse class leaves special mention at best.
    """
    known = tuple(claims)
    bad_fen = sum(each.balance_fen for each in known if each.loan_class.is_non_performing)
    total_fen = sum(each.balance_fen for each in known)
    if bad_fen * PPM > total_fen * rules.own_bank_ppm:
        facts: dict[str, Fact] = {
            "share": percent_words(bad_fen * PPM // total_fen),
            "limit": percent_words(rules.own_bank_ppm),
        }
        return Reason(
            code="debtor-non-performing",
            floor=LoanClass.SUBSTANDARD,
            detail=N_(
                "%(share)s of the debtor's claims at this bank are non-performing, more than %(limit)s."
            ),
            facts=facts,
        )
    return _WORST if any(each.loan_class is not LoanClass.NORMAL for each in known) else None


def so_far(own: LoanClass, judged: LoanClass | None) -> LoanClass:
    """The class by the loan's own facts and by judgement, before its debtor's other claims."""
    return max(own, judged or own, key=lambda each: each.severity)


def spread(own: LoanClass, reason: Reason | None, *, enhanced: bool) -> Reason | None:
    """What of the debtor's reason reaches a loan.

    Nothing that its own class holds already; with a recognised enhancement special mention at worst.
    """
    if reason is not None and enhanced and reason.floor.is_non_performing:
        reason = _WORST
    return None if reason is None or reason.floor.severity <= own.severity else reason


def taken_class(
    own: Classification, judged: LoanClass | None, others: Iterable[Reason | None]
) -> Classification:
    """The class that a loan takes, with every reason looked at."""
    judgement = [] if judged is None else [judgement_reason(judged)]
    kept = [each for each in others if each is not None]
    return worst_of((*own.reasons, *judgement, *kept))


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


def reason_read(stored: Mapping[str, Any]) -> dict[str, Any]:
    """A reason as it was stored, in the words of today."""
    return {**stored, "detail": _EARLIER_WORDS.get(stored["detail"], stored["detail"])}
