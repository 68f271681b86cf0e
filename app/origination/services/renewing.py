"""A renewal carried out: the new contract, the old loan settled, its security passed on, in one transaction."""

from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.collateral.services.carrying import Held, carry_security
from app.collateral.services.watch import watch_loan
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.loans.contract_terms import contract_terms
from app.loans.domain.notes import plan_from_json
from app.loans.domain.repricing import Pricing
from app.loans.domain.states import LtvBasis
from app.loans.domain.terms import Method
from app.loans.loan_officers import first_officer, officers_now
from app.loans.models import Loan, LoanStateRow
from app.loans.rates.queries import pricing_of
from app.loans.renewing import RenewLoan, renew_loan
from app.loans.repricing import NewRate, new_pricing
from app.loans.services import OpenLoan, proposed_pricing
from app.origination.change_models import LoanChange
from app.origination.services.change_facts import tenor_of_term
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewing:
    """A renewal to be booked: the loan, its change, its security under lock, and the day."""

    loan: Loan
    row: LoanChange
    held: Held
    day: date


def carry_out_renewal(session: Session, actor: Actor, renewing: Renewing) -> UUID:
    """Book it; gives the new loan's id."""
    loan, row = renewing.loan, renewing.row
    command = RenewLoan(
        loan_id=loan.id,
        terms=_terms(session, loan, row, renewing.day),
        change_number=row.number,
        reason=row.reason,
    )
    new_id = renew_loan(session, actor, command)
    officer_id = officers_now(session, [loan.id]).get(loan.id, row.proposed_by_id)
    first_officer(session, actor, new_id, officer_id)
    carry_security(session, actor, renewing.held, old_id=loan.id, new_id=new_id)
    watch_loan(session, actor, new_id)
    return new_id


def require_renewed_terms(session: Session, loan: Loan, row: LoanChange, day: date) -> None:
    """Refuse terms on which the new loan could not be signed."""
    if row.plan and loan.method is not Method.PLAN:
        raise InvalidInput.at(
            "/plan", N_("Principal amounts are given only with the method “plan”.")
        )
    asked = NewRate(change_number=row.number, rate_ppm=row.rate_ppm, lpr_bp=row.lpr_bp)
    new_pricing(loan, asked)
    contract_terms(session, renewed_terms(session, loan, row, day))


def renewed_terms(session: Session, loan: Loan, row: LoanChange, day: date) -> OpenLoan:
    """The terms of the new loan, over what is owed of the old one, as a day would make them."""
    principal_fen = session.get_one(LoanStateRow, loan.id).principal_fen
    return replace(_terms(session, loan, row, day), contract_fen=principal_fen)


def _terms(session: Session, loan: Loan, row: LoanChange, day: date) -> OpenLoan:
    """What was agreed goes on; the term, the rate and the lines of the bank are of the day."""
    policy = policy_for(session, loan.bank_id, day)
    pricing = renewed_pricing(session, loan, row, day)
    agreed = {name: getattr(loan, name) for name in _AGREED}
    return OpenLoan(
        **agreed,
        contract_fen=loan.contract_fen,
        starts_on=day,
        matures_on=row.matures_on,
        rate_ppm=0 if pricing else renewed_rate_ppm(loan, row),
        pricing=pricing,
        plan=plan_from_json(row.plan),
        ltv_basis=LtvBasis(loan.ltv_basis),
        warning_ppm=policy.ppm("collateral.ltv.warning"),
        top_up_ppm=policy.ppm("collateral.ltv.top_up"),
        disposal_ppm=policy.ppm("collateral.ltv.disposal"),
        cure_ppm=policy.ppm("collateral.ltv.cure_target"),
        cure_days=policy.whole("collateral.cure_days"),
    )


_AGREED = (
    "bank_id",
    "borrower_id",
    "title",
    "product",
    "penalty_ppm",
    "misuse_ppm",
    "method",
    "every",
    "day_count",
    "interest_style",
    "month_end",
    "odd_days",
    "roll",
    "region_code",
    "green",
    "catalogue_edition",
    "catalogue_code",
    "security",
    "synthetic",
)


def renewed_rate_ppm(loan: Loan, row: LoanChange) -> int:
    """The fixed rate that was proposed, else the one of the old contract."""
    return loan.rate_ppm if row.rate_ppm is None else row.rate_ppm


def renewed_pricing(session: Session, loan: Loan, row: LoanChange, day: date) -> Pricing | None:
    """How the rate of the new loan floats: the LPR of its own term, with the basis points agreed."""
    before = pricing_of(loan)
    if before is None:
        return None
    months = policy_for(session, loan.bank_id, day).whole("origination.rate_tenor_border")
    return proposed_pricing(
        session,
        loan.bank_id,
        day,
        tenor=tenor_of_term(day, row.matures_on, months),
        bp=before.bp if row.lpr_bp is None else row.lpr_bp,
        rule=before.rule,
    )[0]
