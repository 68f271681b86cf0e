"""A restructuring carried out: terms eased, the loan marked and put under observation."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from uuid import UUID

from sqlmodel import Session

from app.audit.services import record
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.money import Money, split_largest_remainder
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.books import (
    LoanLedger,
    NoteLedger,
    open_books,
    require_current,
)
from app.loans.classes.models import LoanObservation
from app.loans.classes.refusals import RestructuringRefused
from app.loans.contracts import ExtendLoan, extend, move_maturity
from app.loans.decided import carry_plan
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.states import OPEN_STATES, LoanFact
from app.loans.models import LoanFactRow
from app.loans.repricing import NewRate, reprice


@dataclass(frozen=True, slots=True, kw_only=True)
class Restructure:
    """Terms eased for a debtor in difficulty, decided before.

    `plan` is the principal that has not fallen due, by day; without one what is planned stays. `rate`
    holds from the business day on.
    """

    loan_id: UUID
    matures_on: date
    reason: str
    change_number: str
    plan: tuple[DatedAmount, ...] = ()
    rate: NewRate | None = None


def restructure_loan(session: Session, actor: Actor, command: Restructure) -> None:
    """Ease the terms on the business day, mark the loan, and begin its observation.

    What fell due before stays due. The observation begins with the first due day after the change.
    """
    actor.require(Permission.SIGN_CONTRACT)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    loan = ledger.loan
    if loan.state not in OPEN_STATES or loan.matures_on is None or _has_ended(ledger, day):
        raise RestructuringRefused(number=loan.number)
    if command.matures_on > loan.matures_on:
        move_maturity(session, actor, ledger, command.matures_on, day, reason=command.reason)
    if command.rate is not None:
        reprice(session, actor, ledger, command.rate, day)
    if command.plan:
        require_plan(ledger, command.plan, day, until_on=loan.matures_on)
        for note in ledger.notes:
            _replan(session, note, command.plan, day, command.change_number)
    mark_restructured(session, actor, ledger, day, command)


def extend_in_difficulty(session: Session, actor: Actor, command: Restructure) -> None:
    """Extend a loan of a debtor in difficulty: an extension, marked and observed like a restructuring."""
    actor.require(Permission.SIGN_CONTRACT)
    ledger, day = open_books(session, actor, command.loan_id)
    require_current(ledger, day)
    later = ExtendLoan(
        loan_id=command.loan_id,
        matures_on=command.matures_on,
        reason=command.reason,
        rate=command.rate,
    )
    extend(session, actor, ledger, later, day)
    mark_restructured(session, actor, ledger, day, command)


def _has_ended(ledger: LoanLedger, day: date) -> bool:
    return any(
        each.state.next_due_on is None or each.note.matures_on <= day for each in ledger.notes
    )


def require_plan(
    ledger: LoanLedger, plan: Sequence[DatedAmount], day: date, *, until_on: date | None
) -> None:
    """Refuse a plan that does not repay what has not fallen due, on days ahead within the term."""
    days = [each.on for each in plan]
    ascending = all(before < after for before, after in pairwise(days))
    if not ascending or days[0] <= day or until_on is None or days[-1] > until_on:
        raise InvalidInput.at(
            "/plan", N_("Give ascending days after %(day)s, the last one not after the maturity."),
            day=day,
        )  # fmt: skip
    left = sum(each.state.unbilled_fen for each in ledger.notes)
    if sum(each.amount_fen for each in plan) != left:
        raise InvalidInput.at(
            "/plan", N_("The plan must sum to %(left)s yuan, what has not fallen due."),
            left=Money(left),
        )  # fmt: skip


def _replan(
    session: Session, note: NoteLedger, plan: Sequence[DatedAmount], day: date, reason: str
) -> None:
    """The note's share of the plan in whole fen."""
    if not note.state.unbilled_fen:
        return
    own = share_of_plan(plan, note.state.unbilled_fen)
    carry_plan(session, note, own, on=day, change_number=reason)


def share_of_plan(plan: Sequence[DatedAmount], share_fen: int) -> tuple[DatedAmount, ...]:
    """A share of a plan in whole fen, day by day."""
    parts = split_largest_remainder(share_fen, [each.amount_fen for each in plan])
    return tuple(
        DatedAmount(on=each.on, amount_fen=part)
        for each, part in zip(plan, parts, strict=True)
        if part
    )


def mark_restructured(
    session: Session, actor: Actor, ledger: LoanLedger, day: date, command: Restructure
) -> None:
    """Record the fact and begin the observation with the first due day ahead."""
    fact = LoanFactRow(
        loan_id=ledger.loan.id,
        fact=LoanFact.RESTRUCTURED,
        from_on=day,
        reason=command.reason[:300],
        person_id=actor.person_id,
        created_at=now(session),
    )
    session.add(fact)
    session.flush()
    first_due_on = min(
        each.state.next_due_on for each in ledger.notes if each.state.next_due_on is not None
    )
    session.add(
        LoanObservation(
            loan_id=ledger.loan.id,
            fact_id=fact.id,
            change_number=command.change_number,
            first_due_on=first_due_on,
            started_on=day,
        )
    )
    ledger.state.version += 1
    session.flush()
    record(
        session,
        actor,
        "loan.restructure",
        subject_kind="loan",
        subject_id=ledger.loan.id,
        organisation_id=ledger.loan.bank_id,
        number=ledger.loan.number,
        change=command.change_number,
        first_due_on=first_due_on,
        reason=command.reason,
    )
