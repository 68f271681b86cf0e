"""The contract: loan, liens, guarantees and the state of the file in one transaction, or nothing."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlmodel import Session

from app.collateral.services.pledging import (
    GuaranteeLine,
    PledgeAtContract,
    PledgeLine,
    hold_assets,
    pledge_at_contract,
)
from app.identity.models import Organisation
from app.kernel.actor import Actor
from app.kernel.schedule_dates import MonthEnd
from app.loans.domain.repricing import Pricing
from app.loans.domain.states import LtvBasis
from app.loans.domain.terms import DayRoll, Method, OddDays
from app.loans.loan_officers import first_officer
from app.loans.services import OpenLoan, lending_day, open_loan, proposed_pricing
from app.origination.domain.application import ContractFacts, decide_contract, matures_on
from app.origination.domain.pool import security_of
from app.origination.domain.products import ProductTerms
from app.origination.domain.states import ApplicationEvent
from app.origination.models import Application, PoolLine, Product, ProposedGuarantee
from app.origination.queries import acts_of, guarantees_of, lines_of
from app.origination.refusals import NewApprovalNeeded, require_met
from app.origination.services.acts import begin_step, finish_step
from app.origination.services.decisions import security_words
from app.origination.services.products import terms_of
from app.origination.services.views import ApplicationView
from app.policy import Policy
from app.reference.services import policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class SignContract:
    """The amount of the contract: the one approved, or less; and how its due days fall."""

    amount_fen: int | None = None
    first_due_on: date | None = None
    month_end: MonthEnd = MonthEnd.CLAMP
    odd_days: OddDays = OddDays.JOINED
    roll: DayRoll = DayRoll.NONE
    opinion: str = ""


def contract(
    session: Session, actor: Actor, application_id: UUID, command: SignContract
) -> ApplicationView:
    """Open the loan and take its security in this transaction.

    Refuses what differs from the approval, assets that a rule forbids by now, and (409) a value that another
    contract took meanwhile; nothing is done then.
    """
    row = begin_step(session, actor, application_id, ApplicationEvent.CONTRACT)
    day = lending_day(session, row.bank_id)
    amount = command.amount_fen or row.approved_fen or 0
    require_met(decide_contract(_facts(session, row, amount, day)), NewApprovalNeeded)
    lines = lines_of(session, [row.id]).get(row.id, [])
    guarantees = guarantees_of(session, [row.id]).get(row.id, [])
    hold_assets(session, actor, [line.asset_id for line in lines])
    loan_id = open_loan(session, actor, _terms(session, row, command, day, (lines, guarantees)))
    first_officer(session, actor, loan_id, row.officer_id or actor.person_id)
    pledge_at_contract(session, actor, _security(loan_id, lines, guarantees))
    row.loan_id = loan_id
    return finish_step(
        session,
        actor,
        row,
        ApplicationEvent.CONTRACT,
        opinion=command.opinion,
        amount_fen=amount,
        first_due_on=command.first_due_on,
        month_end=command.month_end,
        odd_days=command.odd_days,
        roll=command.roll,
        loan=loan_id,
    )


def _facts(session: Session, row: Application, amount_fen: int, day: date) -> ContractFacts:
    approvals = [
        act
        for act in acts_of(session, [row.id]).get(row.id, [])
        if act.event is ApplicationEvent.APPROVE
    ]
    approved = approvals[-1].facts.get("security") if approvals else None
    return ContractFacts(
        amount_fen=amount_fen,
        approved_fen=row.approved_fen or 0,
        approved_until=row.approved_until or day,
        today=day,
        pool_changed=approved != security_words(session, row),
    )


def _pricing(session: Session, row: Application, day: date) -> Pricing | None:
    """The floating rate that was approved, with the bank's lag of today; none of a fixed one."""
    if row.lpr_tenor is None or row.lpr_bp is None or row.reset_rule is None:
        return None
    return proposed_pricing(
        session, row.bank_id, day, tenor=row.lpr_tenor, bp=row.lpr_bp, rule=row.reset_rule
    )[0]


def _terms(
    session: Session,
    row: Application,
    command: SignContract,
    day: date,
    security: tuple[Sequence[PoolLine], Sequence[ProposedGuarantee]],
) -> OpenLoan:
    """Every term copied in: the loan never reads its product again."""
    terms = terms_of(session, row.bank_id, row.product)
    policy = policy_for(session, row.bank_id, day)
    lines, guarantees = security
    pricing = _pricing(session, row, day)
    return OpenLoan(
        bank_id=row.bank_id,
        borrower_id=row.borrower_id,
        application_id=row.id,
        title=session.get_one(Product, (row.bank_id, row.product)).title_zh,
        product=row.product,
        contract_fen=command.amount_fen or row.approved_fen or 0,
        rate_ppm=0 if pricing else row.rate_ppm or 0,
        pricing=pricing,
        penalty_ppm=terms.penalty_ppm,
        misuse_ppm=terms.misuse_ppm,
        first_due_on=command.first_due_on,
        grace_principal=row.grace_principal or 0,
        month_end=command.month_end,
        odd_days=command.odd_days,
        roll=command.roll,
        method=Method(row.method),
        every=str(terms.every),
        day_count=terms.day_count,
        interest_style=terms.interest_style,
        starts_on=day,
        signed_on=day,
        matures_on=matures_on(day, row.term_months),
        region_code=row.region_code,
        green=row.catalogue_code is not None,
        catalogue_edition=row.catalogue_edition or "",
        catalogue_code=row.catalogue_code or "",
        security=security_of([line.security for line in lines], guaranteed=bool(guarantees)),
        warning_ppm=policy.ppm("collateral.ltv.warning"),
        top_up_ppm=policy.ppm("collateral.ltv.top_up"),
        disposal_ppm=policy.ppm("collateral.ltv.disposal"),
        cure_ppm=policy.ppm("collateral.ltv.cure_target"),
        cure_days=policy.whole("collateral.cure_days"),
        ltv_basis=_basis(terms, policy),
        synthetic=session.get_one(Organisation, row.borrower_id).synthetic,
    )


def _basis(terms: ProductTerms, policy: Policy) -> LtvBasis:
    return terms.ltv_basis or LtvBasis(policy.text("collateral.ltv_basis"))


def _security(
    loan_id: UUID, lines: Sequence[PoolLine], guarantees: Sequence[ProposedGuarantee]
) -> PledgeAtContract:
    return PledgeAtContract(
        loan_id=loan_id,
        lines=tuple(
            PledgeLine(asset_id=line.asset_id, security=line.security, secured_fen=line.secured_fen)
            for line in lines
        ),
        guarantees=tuple(
            GuaranteeLine(guarantor_id=each.guarantor_id, covered_fen=each.covered_fen)
            for each in guarantees
        ),
    )
