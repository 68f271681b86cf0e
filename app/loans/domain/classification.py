"""Five-tier classification: each fact sets a floor, the worst floor is the class.

Every floor and threshold is a parameter of a day; collateral never lifts a class.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Final

from app.kernel.errors import Fact
from app.kernel.rates import PPM
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


CLASS_TITLES: Final[Mapping[LoanClass, str]] = {
    LoanClass.NORMAL: N_("Normal"),
    LoanClass.SPECIAL_MENTION: N_("Special mention"),
    LoanClass.SUBSTANDARD: N_("Substandard"),
    LoanClass.DOUBTFUL: N_("Doubtful"),
    LoanClass.LOSS: N_("Loss"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialRules:
    """How long a debtor pays on time before a class recovers: due days in a row, and months."""

    periods: int
    months: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassRules:
    """The dated part of classification, as it stands on a day.

    floors: more days overdue than the number means at least the class. technical_delay_days: a delay for
    technical reasons of the bank that is no longer than this does not lower the class once it is declared.
    fact_floors: by the code of a recorded fact. expected_loss: from this share of the balance on, the class.
    own_bank_ppm, all_banks_ppm: shares of a debtor's debts above which all its claims are substandard at best.
    """

    floors: tuple[tuple[int, LoanClass], ...]
    technical_delay_days: int
    fact_floors: Mapping[str, LoanClass]
    expected_loss: tuple[tuple[int, LoanClass], ...]
    own_bank_ppm: int
    all_banks_ppm: int
    upgrade: TrialRules
    observation: TrialRules


def class_rules(policy: Policy) -> ClassRules:
    """The rules of a policy's day; a day before the first of them is refused."""
    facts = policy.table("loans.fact_floor")
    return ClassRules(
        floors=_steps(policy, "loans.classification_floor", "days_above", 1),
        technical_delay_days=policy.whole("loans.technical_delay"),
        fact_floors={row: tuple(LoanClass)[int(facts.decimal(row, "tier"))] for row in facts},
        expected_loss=_steps(policy, "loans.expected_loss_floor", "share_from", PPM),
        own_bank_ppm=policy.ppm("loans.debtor_share.own_bank"),
        all_banks_ppm=policy.ppm("loans.debtor_share.all_banks"),
        upgrade=_trial(policy, "loans.upgrade"),
        observation=_trial(policy, "loans.observation"),
    )


def _steps(
    policy: Policy, parameter_id: str, column: str, scale: int
) -> tuple[tuple[int, LoanClass], ...]:
    """The rows of a table of classes by their border, the highest first."""
    table = policy.table(parameter_id)
    steps = ((int(table.decimal(row, column) * Decimal(scale)), LoanClass(row)) for row in table)
    return tuple(sorted(steps, reverse=True, key=lambda each: each[0]))


def _trial(policy: Policy, parameter_id: str) -> TrialRules:
    table = policy.table(parameter_id)
    return TrialRules(
        periods=int(table.decimal("trial", "periods")),
        months=int(table.decimal("trial", "months")),
    )


class Trigger(StrEnum):
    """A fact other than days overdue that sets a floor."""

    FUNDS_MISUSED = "funds-misused"
    RESTRUCTURED = "restructured"
    REFINANCED = "refinanced"
    RENEWED = "renewed"
    DEBTOR_EVADES = "debtor-evades"
    CREDIT_WEAKENED = "credit-weakened"
    CREDIT_IMPAIRED = "credit-impaired"
    OVERDUE_ELSEWHERE = "overdue-elsewhere"


_WORDS: Final = {
    Trigger.FUNDS_MISUSED: N_("Funds were not used as agreed."),
    Trigger.RESTRUCTURED: N_("The loan was restructured and is still under observation."),
    Trigger.REFINANCED: N_("An old loan was repaid by a new one."),
    Trigger.RENEWED: N_(
        "The loan renewed another without repayment; its class is no worse for that."
    ),
    Trigger.DEBTOR_EVADES: N_("The debtor evades debts to other creditors."),
    Trigger.CREDIT_WEAKENED: N_("The debtor's credit has clearly weakened."),
    Trigger.CREDIT_IMPAIRED: N_("The asset is credit-impaired."),
}


OVERDUE_WORDS: Final = N_("Days overdue: %(days)s, more than %(limit)s.")


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


@dataclass(frozen=True, slots=True, kw_only=True)
class KnownFact:
    """A fact in force, with the share that it speaks of where it has one, in ppm."""

    trigger: Trigger
    share_ppm: int | None = None


def classify(
    *,
    days_overdue: int,
    rules: ClassRules,
    facts: Iterable[KnownFact] = (),
    judged: LoanClass | None = None,
) -> Classification:
    """The worst of the floors of days overdue, of facts, and of a person's judgement."""
    reasons = [days_reason(days_overdue, rules), *(fact_reason(each, rules) for each in facts)]
    if judged is not None:
        reasons.append(judgement_reason(judged))
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
        detail=OVERDUE_WORDS,
        facts={"days": days_overdue, "limit": more_than},
    )


def fact_reason(known: KnownFact, rules: ClassRules) -> Reason:
    """The floor that a recorded fact sets."""
    if known.trigger is Trigger.CREDIT_IMPAIRED:
        return _impaired_reason(known, rules)
    if known.trigger is Trigger.OVERDUE_ELSEWHERE:
        return _elsewhere_reason(known, rules)
    floor = rules.fact_floors[known.trigger.value]
    return Reason(code=known.trigger.value, floor=floor, detail=_WORDS[known.trigger], facts={})


def _impaired_reason(known: KnownFact, rules: ClassRules) -> Reason:
    share_ppm = known.share_ppm or 0
    floor = next(tier for share_from, tier in rules.expected_loss if share_ppm >= share_from)
    if known.share_ppm is None:
        return Reason(code=known.trigger.value, floor=floor, detail=_WORDS[known.trigger], facts={})
    return Reason(
        code=known.trigger.value,
        floor=floor,
        detail=N_("The asset is credit-impaired; the expected loss is %(share)s of its balance."),
        facts={"share": percent_words(share_ppm)},
    )


def _elsewhere_reason(known: KnownFact, rules: ClassRules) -> Reason:
    """A share that was not said counts as above the limit."""
    above = known.share_ppm is None or known.share_ppm > rules.all_banks_ppm
    limit = percent_words(rules.all_banks_ppm)
    if known.share_ppm is None:
        detail = N_(
            "More than %(limit)s of the debtor's debts at all banks are overdue by more than 90 days."
        )
        facts: dict[str, Fact] = {"limit": limit}
    else:
        detail = N_(
            "%(share)s of the debtor's debts at all banks are overdue by more than 90 days; the limit is %(limit)s."
        )
        facts = {"share": percent_words(known.share_ppm), "limit": limit}
    floor = LoanClass.SUBSTANDARD if above else LoanClass.SPECIAL_MENTION
    return Reason(code=known.trigger.value, floor=floor, detail=detail, facts=facts)


def percent_words(ppm: int) -> str:
    """A share as the percentage that a sentence shows."""
    return f"{(Decimal(ppm) / 10_000).normalize():f} %"


def judgement_reason(judged: LoanClass) -> Reason:
    """The floor that a person's decision sets."""
    detail = N_("A reviewer judged the loan to be in this class.")
    return Reason(code="judged", floor=judged, detail=detail, facts={})
