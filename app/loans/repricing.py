"""The rate of a running loan set anew by a change of terms: from its day on, with the rates before kept."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.services import record
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.loans.books import LoanLedger, NoteLedger
from app.loans.closing.rates import rate_row
from app.loans.contract_terms import first_reset_on, require_pricing
from app.loans.decided import carry_rate
from app.loans.domain.repricing import LprTenor, Pricing, RateReason, RateSet, rate_set
from app.loans.models import Loan, LoanNote, NoteStateRow
from app.loans.rates.models import LoanRateChange, NoteRate
from app.loans.rates.queries import pricing_of, published_lpr
from app.loans.rates.refusals import RateSetToday
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRate:
    """How the rate is made from the day of a change on: fixed, or basis points over the LPR of a tenor.

    What is not given stays; a fixed rate does not become a floating one, nor the other way round.
    """

    change_number: str
    rate_ppm: int | None = None
    lpr_tenor: LprTenor | None = None
    lpr_bp: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PresentRates:
    """The lowest and the highest rate of the notes that still run."""

    low_ppm: int
    high_ppm: int


def present_rates(session: Session, loan: Loan) -> PresentRates:
    """The rates in force; the contract's where no note runs."""
    statement = (
        sa.select(sa.func.min(LoanNote.rate_ppm), sa.func.max(LoanNote.rate_ppm))
        .join(NoteStateRow, col(NoteStateRow.note_id) == col(LoanNote.id))
        .where(col(LoanNote.loan_id) == loan.id, col(NoteStateRow.unbilled_fen) > 0)
    )
    low, high = session.execute(statement).one()
    if low is None:
        return PresentRates(low_ppm=loan.rate_ppm, high_ppm=loan.rate_ppm)
    return PresentRates(low_ppm=int(low), high_ppm=int(high))


def new_rate_set(session: Session, loan: Loan, new: NewRate, day: date) -> RateSet:
    """What a new rate comes to on a day; refused where it does not fit the contract or the bank's range."""
    pricing = new_pricing(loan, new)
    if pricing is None:
        rate_ppm = loan.rate_ppm if new.rate_ppm is None else new.rate_ppm
        return RateSet(from_on=day, rate_ppm=rate_ppm, reason=RateReason.CHANGE)
    require_pricing(policy_for(session, loan.bank_id, day), pricing, 0)
    fixings = published_lpr(session)[pricing.tenor]
    return rate_set(pricing, fixings, day, RateReason.CHANGE)


def new_pricing(loan: Loan, new: NewRate) -> Pricing | None:
    """How a floating rate is made from the change on; None of a fixed one."""
    before = pricing_of(loan)
    if before is None:
        if new.lpr_bp is not None or new.lpr_tenor is not None:
            raise InvalidInput.at("/lpr_bp", N_("The rate of this loan is fixed: give a rate."))
        return None
    if new.rate_ppm is not None:
        raise InvalidInput.at(
            "/rate", N_("The rate of this loan follows the LPR: give basis points.")
        )
    return replace(
        before,
        tenor=new.lpr_tenor or before.tenor,
        bp=before.bp if new.lpr_bp is None else new.lpr_bp,
    )


def reprice(session: Session, actor: Actor, ledger: LoanLedger, new: NewRate, day: date) -> None:
    """Set the rate of every note from a day on, in a ledger under lock; level instalments are drawn again."""
    loan = ledger.loan
    made = new_rate_set(session, loan, new, day)
    pricing = new_pricing(loan, new)
    rows = _rows_of(session, ledger)
    if any(row.from_on >= day for own in rows.values() for row in own):
        raise RateSetToday(number=loan.number, day=day)
    change = _rate_change(session, loan, new, made, pricing)
    session.add(change)
    loan.rate_ppm, loan.repriced = made.rate_ppm, True
    loan.lpr_tenor = pricing.tenor if pricing else None
    loan.lpr_bp = pricing.bp if pricing else None
    for each in ledger.notes:
        _set_rate(session, each, made, len(rows[each.note.id]) + 1, new.change_number)
    ledger.state.version += 1
    session.flush()
    record(
        session,
        actor,
        "loan.reprice",
        subject_kind="loan",
        subject_id=loan.id,
        organisation_id=loan.bank_id,
        number=loan.number,
        change=new.change_number,
        from_on=day,
        **{name: getattr(change, name) for name in RATE_TERMS},
    )


RATE_TERMS = ("rate_ppm", "lpr_tenor", "lpr_bp")
"""The terms of a contract that a change of its rate replaces."""


def _rows_of(session: Session, ledger: LoanLedger) -> dict[UUID, Sequence[NoteRate]]:
    found: dict[UUID, list[NoteRate]] = {each.note.id: [] for each in ledger.notes}
    statement = sa.select(NoteRate).where(col(NoteRate.note_id).in_(found))
    for row in session.execute(statement).scalars():
        found[row.note_id].append(row)
    return dict(found)


def _rate_change(
    session: Session, loan: Loan, new: NewRate, made: RateSet, pricing: Pricing | None
) -> LoanRateChange:
    last = sa.select(sa.func.max(LoanRateChange.number)).where(
        col(LoanRateChange.loan_id) == loan.id
    )
    return LoanRateChange(
        loan_id=loan.id,
        number=(session.execute(last).scalar_one() or 0) + 1,
        from_on=made.from_on,
        change_number=new.change_number,
        before_rate_ppm=loan.rate_ppm,
        before_lpr_tenor=loan.lpr_tenor,
        before_lpr_bp=loan.lpr_bp,
        rate_ppm=made.rate_ppm,
        lpr_tenor=pricing.tenor if pricing else None,
        lpr_bp=pricing.bp if pricing else None,
    )


def _set_rate(
    session: Session, ledger: NoteLedger, made: RateSet, number: int, change_number: str
) -> None:
    """A row of rates, and what the rate does to the note from its day on."""
    day = made.from_on
    session.add(NoteRate(**rate_row(ledger.note.id, number, made)))
    ledger.note.rate_ppm = made.rate_ppm
    carry_rate(session, ledger, made.rate_ppm, on=day, change_number=change_number)
    ledger.state.next_reset_on = first_reset_on(
        ledger.loan, ledger.note, ends_on=ledger.terms.ends_on, after_on=day
    )


__all__ = [
    "RATE_TERMS",
    "NewRate",
    "PresentRates",
    "new_pricing",
    "new_rate_set",
    "present_rates",
    "reprice",
]
