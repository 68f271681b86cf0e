"""What decides on a change of a loan's terms, read now: the loan, its security, its rates, its renewal."""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.domain.cover import lendable_fen
from app.collateral.domain.states import OPEN_CALL_STATES
from app.collateral.models import Guarantee, MarginCall, Pledge
from app.collateral.queries import ACTIVE, pool_of_loan
from app.collateral.services.pledging import all_registered
from app.kernel.errors import Refusal
from app.loans.domain.classification import percent_words
from app.loans.domain.repricing import SERIES, LprTenor, RateSet
from app.loans.domain.states import OPEN_STATES, LoanState
from app.loans.models import Loan, LoanStateRow
from app.loans.repricing import NewRate, new_pricing, new_rate_set, present_rates
from app.origination.change_models import LoanChange
from app.origination.domain.changes import ChangeKind
from app.origination.domain.extension import (
    ChangeFacts,
    RateFacts,
    crosses_border,
    longest_restructured,
    tenor_months,
)
from app.origination.domain.products import Use
from app.origination.domain.renewal import RenewalFacts, renewal_rules
from app.origination.models import Product
from app.origination.services.products import terms_of
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A change of a loan on a day; `carrying_out` where it is to be booked now."""

    loan: Loan
    row: LoanChange
    day: date
    carrying_out: bool = False


def change_facts(session: Session, asked: Asked) -> ChangeFacts:
    """Everything that decides, read now."""
    loan, row, day = asked.loan, asked.row, asked.day
    pledged = _any(session, Pledge, col(Pledge.loan_id) == loan.id, col(Pledge.state).in_(ACTIVE))
    guaranteed = _any(
        session, Guarantee, col(Guarantee.loan_id) == loan.id, col(Guarantee.released_on).is_(None)
    )
    overdue = session.get_one(LoanStateRow, loan.id).overdue_days
    renews = row.kind is ChangeKind.RENEWAL
    return ChangeFacts(
        kind=row.kind,
        starts_on=loan.starts_on or day,
        before_on=loan.matures_on or day,
        matures_on=row.matures_on,
        longest_on=row.longest_on,
        today=day,
        performing=loan.state is LoanState.PERFORMING and not overdue,
        open=loan.state in OPEN_STATES,
        secured=pledged or guaranteed,
        pledged=pledged,
        consent=row.consent,
        registered_until=row.registered_until,
        financial_difficulty=row.financial_difficulty,
        has_plan=bool(row.plan),
        rate_border_months=_border(session, loan, day),
        rate=RateFacts(floating=False, low_ppm=0, high_ppm=0) if renews else _rate(session, asked),
        restructured_until_on=longest_restructured(
            row.applied_on, policy_for(session, loan.bank_id, row.applied_on)
        ),
        renewal=_renewal(session, asked) if renews else None,
    )


def _any(session: Session, model: Any, *conditions: sa.ColumnElement[bool]) -> bool:
    return session.execute(sa.select(model.id).where(*conditions).limit(1)).first() is not None


def _border(session: Session, loan: Loan, day: date) -> int:
    return policy_for(session, loan.bank_id, day).whole("origination.rate_tenor_border")


# --- Rates ---


def new_rate(session: Session, asked: Asked) -> NewRate | None:
    """The rate that a change sets: one that was proposed, or of a floating rate that of the whole tenor."""
    loan, row, day = asked.loan, asked.row, asked.day
    tenor = None
    if loan.lpr_tenor is not None and row.matures_on > row.before_on:
        starts_on, months = loan.starts_on or day, _border(session, loan, day)
        if crosses_border(starts_on, loan.matures_on or day, row.matures_on, months):
            tenor = tenor_of_term(starts_on, row.matures_on, months)
    if (row.rate_ppm, row.lpr_bp, tenor) == (None, None, None):
        return None
    return NewRate(
        change_number=row.number, rate_ppm=row.rate_ppm, lpr_tenor=tenor, lpr_bp=row.lpr_bp
    )


def tenor_of_term(starts_on: date, ends_on: date, months: int) -> LprTenor:
    """The LPR that counts for a term: that over five years beyond so many months."""
    longer = tenor_months(starts_on, ends_on) > months
    return LprTenor.FIVE_YEARS if longer else LprTenor.ONE_YEAR


def _rate(session: Session, asked: Asked) -> RateFacts:
    loan, present = asked.loan, present_rates(session, asked.loan)
    new = new_rate(session, asked)
    made = new_rate_set(session, loan, new, asked.day) if new else None
    return RateFacts(
        floating=loan.lpr_tenor is not None,
        low_ppm=present.low_ppm,
        high_ppm=present.high_ppm,
        after_ppm=made.rate_ppm if made else None,
        made=_made_words(loan, new, made) if new and made else "",
    )


def rate_words(session: Session, asked: Asked) -> str:
    """How the rate that a change sets comes about on the day; empty where it sets none, or none can be made."""
    try:
        return _rate(session, asked).made
    except Refusal:
        return ""


def _made_words(loan: Loan, new: NewRate, made: RateSet) -> str:
    """How a rate comes about: "4.8 %", or "LPR-5Y 3.95 % + 55 bp = 4.5 %"."""
    pricing = new_pricing(loan, new)
    if pricing is None or made.fixing is None:
        return percent_words(made.rate_ppm)
    sign = "+" if pricing.bp >= 0 else "-"
    return (
        f"{SERIES[pricing.tenor]} {percent_words(made.fixing.rate_ppm)} {sign} {abs(pricing.bp)} bp"
        f" = {percent_words(made.rate_ppm)}"
    )


# --- Renewal ---


def _renewal(session: Session, asked: Asked) -> RenewalFacts:
    loan = asked.loan
    state = session.get_one(LoanStateRow, loan.id)
    pool = pool_of_loan(session, loan.id)
    case = _any(
        session,
        MarginCall,
        col(MarginCall.loan_id) == loan.id,
        col(MarginCall.state).in_(OPEN_CALL_STATES),
    )
    return RenewalFacts(
        rules=renewal_rules(policy_for(session, loan.bank_id, asked.day)),
        loan_class=state.loan_class,
        working_capital=_is_working_capital(session, loan),
        small_borrower=asked.row.small_borrower,
        owed_fen=max(state.accrued_fen, 0) + state.fees_fen,
        waiting_fen=state.suspense_fen,
        principal_fen=state.principal_fen,
        lendable_fen=sum(lendable_fen(asset) for asset in pool.assets),
        guaranteed_fen=pool.guaranteed_fen,
        all_registered=all_registered(session, loan.id),
        open_case=case,
        carrying_out=asked.carrying_out,
    )


def _is_working_capital(session: Session, loan: Loan) -> bool:
    """By the product of the loan; one that the bank never offered is judged by who proposes."""
    if session.get(Product, (loan.bank_id, loan.product)) is None:
        return True
    return terms_of(session, loan.bank_id, loan.product).use is Use.WORKING_CAPITAL


__all__ = ["Asked", "change_facts", "new_rate", "rate_words", "tenor_of_term"]
