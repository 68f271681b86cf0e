"""When a loan may be renewed without repayment: a new loan takes over before its end, while all is in order."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.money import Money
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_
from app.loans.domain.classification import CLASS_TITLES, LoanClass
from app.origination.domain.checks import Check, Outcome, outcome
from app.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalRules:
    """The dated part: the longest term of the new loan, how early it may begin, and the worst class it may have."""

    longest_months: int
    earliest_days: int
    worst_class: LoanClass

    def longest_on(self, applied_on: date) -> date:
        """The latest maturity of a renewal asked for on a day."""
        return add_months(applied_on, self.longest_months, anchor_day=applied_on.day)


def renewal_rules(policy: Policy) -> RenewalRules:
    """The rules of a policy's day."""
    return RenewalRules(
        longest_months=policy.whole("origination.renewal.longest_term"),
        earliest_days=policy.whole("origination.renewal.earliest"),
        worst_class=tuple(LoanClass)[policy.whole("origination.renewal.worst_class")],
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class RenewalFacts:
    """What decides on a renewal beside what is asked of every change.

    `owed_fen` is what is grown or due beside principal that has not fallen due; `waiting_fen` is money
    that waits for the loan. `carrying_out`: it is to be booked now, so interest is to be paid.
    """

    rules: RenewalRules
    loan_class: LoanClass | None
    working_capital: bool
    small_borrower: bool
    owed_fen: int
    waiting_fen: int
    principal_fen: int
    lendable_fen: int
    guaranteed_fen: int
    all_registered: bool
    open_case: bool
    carrying_out: bool


def renewal_checks(
    facts: RenewalFacts,
    *,
    today: date,
    before_on: date,
    secured: bool,
    financial_difficulty: bool,
) -> Iterator[Check]:
    """The conditions of a renewal, in the order of the file."""
    yield from _of_debtor(facts, financial_difficulty=financial_difficulty)
    yield from _of_loan(facts, today=today, before_on=before_on)
    yield from _of_security(facts, secured=secured)


def _of_debtor(facts: RenewalFacts, *, financial_difficulty: bool) -> Iterator[Check]:
    yield Check(
        code="small-borrower",
        title=N_("The borrower is a small or micro firm, or a person in business"),
        outcome=outcome(met=facts.small_borrower),
        hint=N_("Confirm it; larger borrowers repay, or ask for an extension."),
        pointer="/small_borrower",
    )
    yield Check(
        code="not-in-difficulty",
        title=N_("The debtor is sound"),
        outcome=outcome(met=not financial_difficulty),
        hint=N_("For a debtor in financial difficulty propose a restructuring."),
        pointer="/financial_difficulty",
    )
    severity = facts.loan_class.severity if facts.loan_class else 0
    yield Check(
        code="class-good",
        title=N_("The class of the loan allows a renewal"),
        outcome=outcome(met=severity <= facts.rules.worst_class.severity),
        hint=N_(
            "A loan classified worse than %(worst)s is not renewed: have it repaid, or propose a restructuring."
        ),
        facts={"worst": CLASS_TITLES[facts.rules.worst_class]},
    )


def _of_loan(facts: RenewalFacts, *, today: date, before_on: date) -> Iterator[Check]:
    yield Check(
        code="working-capital",
        title=N_("The loan pays for working capital"),
        outcome=outcome(met=facts.working_capital),
        hint=N_("Loans for fixed assets are repaid by plan; they are not renewed."),
    )
    earliest_on = before_on - timedelta(days=facts.rules.earliest_days)
    yield Check(
        code="not-too-early",
        title=N_("The present maturity is near"),
        outcome=outcome(met=today >= earliest_on),
        hint=N_("A renewal may be asked for from %(earliest)s on."),
        facts={"earliest": earliest_on},
    )
    paid, later = facts.owed_fen <= facts.waiting_fen, not facts.carrying_out
    yield Check(
        code="interest-paid",
        title=N_("Interest and fees are paid up to the day"),
        outcome=Outcome.LATER if later and not paid else outcome(met=paid),
        hint=N_(
            "%(owed)s yuan are owed beside principal today and %(waiting)s yuan wait:"
            " the rest must be paid before the renewal is carried out."
        )
        if later
        else N_(
            "%(owed)s yuan are owed beside principal and %(waiting)s yuan wait: have the rest paid first."
        ),
        facts={"owed": Money(facts.owed_fen).yuan, "waiting": Money(facts.waiting_fen).yuan},
    )


def _of_security(facts: RenewalFacts, *, secured: bool) -> Iterator[Check]:
    yield Check(
        code="all-registered",
        title=N_("Every pledge and mortgage is registered"),
        outcome=outcome(met=facts.all_registered, needed=secured),
        hint=N_("Record the receipts of the registries first."),
    )
    yield Check(
        code="no-open-case",
        title=N_("No top-up case is open"),
        outcome=outcome(met=not facts.open_case, needed=secured),
        hint=N_("Have the top-up case cured first."),
    )
    cover_fen = facts.lendable_fen + facts.guaranteed_fen
    yield Check(
        code="security-covers",
        title=N_("The security covers what the new loan owes"),
        outcome=outcome(met=cover_fen >= facts.principal_fen, needed=secured),
        hint=N_(
            "The security covers %(cover)s of %(principal)s yuan: add security, or have the rest repaid."
        ),
        facts={
            "cover": Money(cover_fen).yuan,
            "principal": Money(facts.principal_fen).yuan,
        },
    )
