"""The schedule of a loan before and after a change that waits, as the day would make it; nothing is stored."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.collateral.queries import load_loan
from app.kernel.actor import Actor
from app.kernel.errors import NotFound, Refusal
from app.loans.changed_schedules import (
    ChangedTerms,
    schedule_as_changed,
    schedule_of_terms,
    schedule_to_come,
)
from app.loans.domain.classification import percent_words
from app.loans.domain.notes import plan_from_json
from app.loans.repricing import present_rates
from app.loans.schedules import InstalmentView
from app.loans.services import lending_day
from app.origination.change_models import LoanChange
from app.origination.domain.changes import WAITING_STATES, ChangeKind
from app.origination.services.change_facts import Asked, new_rate, rate_words
from app.origination.services.changes import CHANGES
from app.origination.services.renewing import renewed_terms


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangePreview:
    """What is to come without a change, and with it carried out on the day; of a renewal, of the new loan."""

    on: date
    before: tuple[InstalmentView, ...] = ()
    after: tuple[InstalmentView, ...] = ()


def preview_change(session: Session, actor: Actor, change_id: UUID) -> ChangePreview:
    """Both schedules of a change in sight; empty once it is carried out, refused or withdrawn.

    Refused where the change can no longer be booked, with the reason.
    """
    row = CHANGES.get(session, actor, change_id)
    loan, day = load_loan(session, actor, row.loan_id), lending_day(session, row.bank_id)
    if row.state not in WAITING_STATES:
        return ChangePreview(on=day)
    return ChangePreview(
        on=day,
        before=schedule_to_come(session, loan),
        after=_after(session, Asked(loan=loan, row=row, day=day)),
    )


def find_preview(session: Session, actor: Actor, change_id: UUID) -> ChangePreview | None:
    """The same for a page; None where there is nothing to compare."""
    try:
        found = preview_change(session, actor, change_id)
    except NotFound:
        raise
    except Refusal:
        return None
    return found if found.before or found.after else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedRates:
    """The rates of the notes that run, and how the rate after a change comes about; empty where it stays."""

    low_ppm: int
    high_ppm: int
    after: str = ""


def rates_of_change(session: Session, actor: Actor, change_id: UUID) -> ChangedRates:
    """The rate before and after a change in sight, as the day would make it."""
    row = CHANGES.get(session, actor, change_id)
    loan, day = load_loan(session, actor, row.loan_id), lending_day(session, row.bank_id)
    present = present_rates(session, loan)
    return ChangedRates(
        low_ppm=present.low_ppm,
        high_ppm=present.high_ppm,
        after=_rate_after(session, Asked(loan=loan, row=row, day=day)),
    )


def _rate_after(session: Session, asked: Asked) -> str:
    """Of a renewal, what was proposed: its LPR is that of the term and the day of the new loan."""
    row = asked.row
    if row.kind is not ChangeKind.RENEWAL:
        return rate_words(session, asked)
    if row.lpr_bp is not None:
        return f"LPR {row.lpr_bp:+d} bp"
    return "" if row.rate_ppm is None else percent_words(row.rate_ppm)


def _after(session: Session, asked: Asked) -> tuple[InstalmentView, ...]:
    loan, row, day = asked.loan, asked.row, asked.day
    if row.kind is ChangeKind.RENEWAL:
        return schedule_of_terms(session, renewed_terms(session, loan, row, day))
    changed = ChangedTerms(
        matures_on=row.matures_on,
        rate=new_rate(session, asked),
        plan=plan_from_json(row.plan) if _replans(row) else (),
    )
    return schedule_as_changed(session, loan, changed, day)


def _replans(row: LoanChange) -> bool:
    """An extension moves the plan as it stands."""
    return row.kind is ChangeKind.RESTRUCTURING
