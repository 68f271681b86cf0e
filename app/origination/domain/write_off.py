"""When a loan may be written off: the ground, its conditions as dated data, and the state table."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.loans.domain.classification import CLASS_TITLES, LoanClass
from app.origination.domain.changes import (
    CHANGE_STATE_TITLES,
    LOAN_CHANGE,
    ChangeEvent,
    ChangeState,
)
from app.origination.domain.checks import Check, outcome
from app.policy import Policy


class WriteOffGround(StrEnum):
    """Why nothing more is expected soon."""

    BANKRUPTCY = "bankruptcy"
    ENFORCEMENT = "enforcement"
    """A court ended the enforcement: nothing is left to seize."""
    COLLECTION = "collection"
    """Claimed for long, in vain."""


GROUND_TITLES: Final[Mapping[WriteOffGround, str]] = {
    WriteOffGround.BANKRUPTCY: N_("Bankruptcy or closure of the debtor came to its end"),
    WriteOffGround.ENFORCEMENT: N_("A court ended the enforcement"),
    WriteOffGround.COLLECTION: N_("Claimed for long, in vain"),
}

WRITE_OFF: Final[StateMachine[ChangeState, ChangeEvent]] = StateMachine(
    "loan-write-off",
    LOAN_CHANGE.table,
    initial=LOAN_CHANGE.initial,
    permissions={
        ChangeEvent.APPROVE: Permission.APPROVE_APPLICATION,
        ChangeEvent.REFUSE: Permission.APPROVE_APPLICATION,
        ChangeEvent.WITHDRAW: Permission.WRITE_OFF_LOAN,
        ChangeEvent.CARRY_OUT: Permission.WRITE_OFF_LOAN,
    },
    state_titles=CHANGE_STATE_TITLES,
    event_titles={
        ChangeEvent.APPROVE: N_("Approve the write-off"),
        ChangeEvent.REFUSE: N_("Refuse the write-off"),
        ChangeEvent.WITHDRAW: N_("Withdraw the write-off"),
        ChangeEvent.CARRY_OUT: N_("Write the loan off"),
    },
)


@dataclass(frozen=True, slots=True, kw_only=True)
class GroundRule:
    """What a ground asks for: the best class that will do, and days overdue at least."""

    best_class: LoanClass
    overdue_days: int


def ground_rule(policy: Policy, ground: WriteOffGround) -> GroundRule:
    """The rule of a ground on a policy's day."""
    table = policy.table("origination.write_off_ground")
    tier = int(table.decimal(ground, "tier"))
    return GroundRule(
        best_class=tuple(LoanClass)[tier],
        overdue_days=int(table.decimal(ground, "overdue_days")),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Owed:
    """What a loan owes: principal, interest with its surcharges, fees; and how often it was repaid."""

    principal_fen: int
    interest_fen: int
    fees_fen: int
    repayments: int
    """Repayments booked so far, with those taken back: one more is news for who decides."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteOffFacts:
    """Everything that decides on a write-off; `proposed` is what was owed when it was proposed."""

    open: bool
    loan_class: LoanClass
    overdue_days: int
    provision_fen: int
    suspense_fen: int
    pledges: int
    guarantees: int
    open_cases: int
    security_note: str
    evidence: str
    rule: GroundRule
    proposed: Owed
    owed: Owed


def decide_write_off(facts: WriteOffFacts) -> tuple[Check, ...]:
    """The checks of a write-off, in the order of the file."""
    return (*_loan_checks(facts), *_file_checks(facts), *_money_checks(facts))


def _loan_checks(facts: WriteOffFacts) -> Iterator[Check]:
    yield Check(
        code="loan-open",
        title=N_("The loan is drawn and not ended"),
        outcome=outcome(met=facts.open),
        hint=N_("A loan that is settled, written off or not drawn is not written off."),
    )
    best = facts.rule.best_class
    yield Check(
        code="class-bad-enough",
        title=N_("The class of the loan allows it"),
        outcome=outcome(met=facts.loan_class.severity >= best.severity),
        hint=N_("The loan is classified as %(found)s; this ground asks for %(best)s.")
        if best is LoanClass.LOSS
        else N_(
            "The loan is classified as %(found)s; on this ground it must be %(best)s or worse."
        ),
        pointer="/ground",
        facts={"found": CLASS_TITLES[facts.loan_class], "best": CLASS_TITLES[best]},
        found=N_("Classified as %(found)s; the ground asks for %(best)s.")
        if best is LoanClass.LOSS
        else N_("Classified as %(found)s; the ground asks for %(best)s or worse."),
    )
    yield Check(
        code="overdue-long-enough",
        title=N_("It is overdue for long enough"),
        outcome=outcome(met=facts.overdue_days >= facts.rule.overdue_days),
        hint=N_("It is overdue for %(found)s days; this ground asks for %(least)s at least."),
        pointer="/ground",
        facts={"found": facts.overdue_days, "least": facts.rule.overdue_days},
        found=N_("Overdue for %(found)s days; the ground asks for %(least)s.")
        if facts.rule.overdue_days
        else N_("Overdue for %(found)s days."),
    )


def _file_checks(facts: WriteOffFacts) -> Iterator[Check]:
    left = facts.pledges + facts.guarantees > 0
    yield Check(
        code="security-exhausted",
        title=N_("Security that is left brings nothing more"),
        outcome=outcome(met=bool(facts.security_note.strip()), needed=left),
        hint=N_(
            "Security still stands (pledges: %(pledges)s, guarantees: %(guarantees)s):"
            " say what was tried with each, and why it brings nothing more."
        ),
        pointer="/security_note",
        facts={"pledges": facts.pledges, "guarantees": facts.guarantees},
        found=N_("Still standing: pledges %(pledges)s, guarantees %(guarantees)s."),
    )
    yield Check(
        code="no-top-up-case",
        title=N_("No top-up case is open"),
        outcome=outcome(met=not facts.open_cases),
        hint=N_(
            "End the top-up case of this loan first, by a step of its page: dismissed before the notice,"
            " waived after it, or ended as not cured."
        ),
    )
    yield Check(
        code="evidence-named",
        title=N_("The evidence is named"),
        outcome=outcome(met=bool(facts.evidence.strip())),
        hint=N_("Name rulings, demands and searches, with number and day of each."),
        pointer="/evidence",
    )


def _money_checks(facts: WriteOffFacts) -> Iterator[Check]:
    yield Check(
        code="no-money-waits",
        title=N_("No money of the debtor waits in suspense"),
        outcome=outcome(met=not facts.suspense_fen),
        hint=N_("%(suspense)s yuan wait in suspense: use them for what is due first."),
        facts={"suspense": Money(facts.suspense_fen)},
    )
    principal = facts.owed.principal_fen
    yield Check(
        code="provision-held",
        title=N_("Provision held"),
        outcome=outcome(met=True),
        facts={
            "provision": Money(facts.provision_fen),
            "beyond": Money(max(principal - facts.provision_fen, 0)),
        },
        found=N_("%(provision)s yuan; %(beyond)s yuan more are charged to the year."),
    )
    before, now = facts.proposed, facts.owed
    yield Check(
        code="owed-as-proposed",
        title=N_("What is owed is what was proposed"),
        outcome=outcome(
            met=before.principal_fen == now.principal_fen
            and before.repayments == now.repayments
            and before.fees_fen == now.fees_fen
            and before.interest_fen <= now.interest_fen
        ),
        hint=N_(
            "Proposed with %(principal)s yuan of principal, %(interest)s of interest and %(fees)s of fees;"
            " now %(principal_now)s, %(interest_now)s and %(fees_now)s are owed."
            " Withdraw it and propose it anew."
        ),
        facts={
            "principal": Money(before.principal_fen),
            "interest": Money(before.interest_fen),
            "fees": Money(before.fees_fen),
            "principal_now": Money(now.principal_fen),
            "interest_now": Money(now.interest_fen),
            "fees_now": Money(now.fees_fen),
        },
        found=N_(
            "Proposed: %(principal)s yuan of principal, %(interest)s of interest, %(fees)s of fees."
            " When it was last looked at: %(principal_now)s, %(interest_now)s and %(fees_now)s."
        ),
    )


AMOUNTS: Final = frozenset(
    {
        "suspense",
        "provision",
        "beyond",
        "principal",
        "interest",
        "fees",
        "principal_now",
        "interest_now",
        "fees_now",
    }
)
"""The facts of these checks that are amounts of money."""
