"""The way of a file through the bank: taken up, investigated by two, reviewed, decided."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from app.identity.services import authority_ceiling_fen
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.terms import Method
from app.loans.services import lending_day, proposed_pricing
from app.origination.domain.application import (
    ApprovalFacts,
    InvestigationFacts,
    decide_approval,
    decide_investigation,
)
from app.origination.domain.states import ApplicationEvent
from app.origination.models import Application
from app.origination.queries import guarantees_of, lines_of
from app.origination.refusals import ApprovalRefused, require_met
from app.origination.services.acts import begin_step, finish_step
from app.origination.services.pool import stored_pool
from app.origination.services.products import terms_of
from app.origination.services.views import ApplicationView
from app.reference.models import CatalogueEdition
from app.reference.queries import find_item, has_items_below
from app.reference.services import policy_for

_E = ApplicationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """Words of the officer who takes the file."""

    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInvestigation:
    """The opinion of the officer in charge, with the terms proposed.

    Either rate_ppm is given, or the rate floats: lpr_tenor, lpr_bp and reset_rule. In the first
    grace_principal periods only interest falls due. catalogue_edition and catalogue_code name the
    green leaf; without them the loan is not green.
    """

    opinion: str
    method: Method
    purpose_checked: bool
    financial_difficulty: bool
    rate_ppm: int | None = None
    lpr_tenor: LprTenor | None = None
    lpr_bp: int | None = None
    reset_rule: ResetRule | None = None
    grace_principal: int = 0
    term_months: int | None = None
    catalogue_edition: str | None = None
    catalogue_code: str | None = None
    green_evidence: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveOpinion:
    """A step whose reason is kept."""

    opinion: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Approve:
    """The amount approved, its conditions, and until when the approval holds."""

    amount_fen: int
    opinion: str
    conditions: str = ""
    valid_until: date | None = None


def accept(
    session: Session, actor: Actor, application_id: UUID, command: TakeUp
) -> ApplicationView:
    """Take the file up: the actor becomes the officer in charge."""
    row = begin_step(session, actor, application_id, _E.ACCEPT)
    row.officer_id = actor.person_id
    return finish_step(session, actor, row, _E.ACCEPT, opinion=command.opinion)


def sign(
    session: Session, actor: Actor, application_id: UUID, command: SignInvestigation
) -> ApplicationView:
    """Sign the investigation with the terms proposed; the pool is fixed from here on."""
    row = begin_step(session, actor, application_id, _E.SIGN)
    term = command.term_months or row.term_months
    rate_ppm = _proposed_rate(session, row, command)
    require_met(decide_investigation(_investigation(session, row, command, term, rate_ppm)))
    row.officer_id, row.rate_ppm, row.method = actor.person_id, rate_ppm, command.method
    row.lpr_tenor, row.lpr_bp = command.lpr_tenor, command.lpr_bp
    row.reset_rule, row.grace_principal = command.reset_rule, command.grace_principal
    row.term_months, row.financial_difficulty = term, command.financial_difficulty
    row.catalogue_edition, row.catalogue_code = command.catalogue_edition, command.catalogue_code
    row.green_evidence = command.green_evidence
    totals = stored_pool(session, row).totals
    return finish_step(
        session,
        actor,
        row,
        _E.SIGN,
        opinion=command.opinion,
        rate_ppm=rate_ppm,
        lpr_tenor=command.lpr_tenor,
        lpr_bp=command.lpr_bp,
        reset_rule=command.reset_rule,
        grace_principal=command.grace_principal,
        method=command.method,
        term_months=term,
        catalogue_edition=command.catalogue_edition,
        catalogue_code=command.catalogue_code,
        financial_difficulty=command.financial_difficulty,
        limit_fen=totals.limit_fen,
        ltv_ppm=totals.ltv_ppm,
    )


def _proposed_rate(session: Session, row: Application, command: SignInvestigation) -> int:
    """The fixed rate proposed, or what the floating one is today."""
    tenor, bp, rule = command.lpr_tenor, command.lpr_bp, command.reset_rule
    if command.rate_ppm is not None:
        _require_fixed(command)
        return command.rate_ppm
    if (tenor, bp, rule) == (None, None, None):
        raise InvalidInput.at(
            "/rate", N_("A rate is needed: give a fixed one, or basis points over the LPR.")
        )
    if tenor is None:
        raise InvalidInput.at("/lpr_tenor", N_("Say which LPR a floating rate follows."))
    if bp is None or rule is None:
        raise InvalidInput.at(
            "/lpr_bp" if bp is None else "/reset_rule",
            N_("A floating rate needs its basis points and the days of its reset."),
        )
    day = lending_day(session, row.bank_id)
    return proposed_pricing(session, row.bank_id, day, tenor=tenor, bp=bp, rule=rule)[1]


def _require_fixed(command: SignInvestigation) -> None:
    """Refuse, at its field, each term of a floating rate beside a fixed one."""
    floating = {
        "/lpr_tenor": command.lpr_tenor,
        "/lpr_bp": command.lpr_bp,
        "/reset_rule": command.reset_rule,
    }
    pointer = next((name for name, given in floating.items() if given is not None), None)
    if pointer is not None:
        raise InvalidInput.at(
            pointer, N_("Give either a fixed rate or basis points over the LPR, not both.")
        )


def _investigation(
    session: Session,
    row: Application,
    command: SignInvestigation,
    term_months: int,
    rate_ppm: int,
) -> InvestigationFacts:
    edition, code = command.catalogue_edition, command.catalogue_code
    tags = session.get(CatalogueEdition, edition) if edition else None
    day = lending_day(session, row.bank_id)
    in_force = (
        tags is not None and tags.tags_from <= day and (tags.tags_to is None or day <= tags.tags_to)
    )
    return InvestigationFacts(
        terms=terms_of(session, row.bank_id, row.product),
        method=command.method,
        rate_ppm=rate_ppm,
        term_months=term_months,
        purpose_checked=command.purpose_checked,
        green=bool(edition and code),
        leaf_known=bool(edition and code and _is_leaf(session, edition, code)),
        edition_in_force=in_force,
        green_evidence=command.green_evidence,
    )


def _is_leaf(session: Session, edition: str, code: str) -> bool:
    known = find_item(session, edition, code) is not None
    return known and not has_items_below(session, edition, code)


def countersign(
    session: Session, actor: Actor, application_id: UUID, command: GiveOpinion
) -> ApplicationView:
    """The second investigator, another person, confirms."""
    row = begin_step(session, actor, application_id, _E.COUNTERSIGN)
    return finish_step(session, actor, row, _E.COUNTERSIGN, opinion=command.opinion)


def pass_review(
    session: Session, actor: Actor, application_id: UUID, command: GiveOpinion
) -> ApplicationView:
    """The reviewer, who had no other part in the file, passes it on to be decided."""
    row = begin_step(session, actor, application_id, _E.PASS)
    return finish_step(session, actor, row, _E.PASS, opinion=command.opinion)


def _is_on_credit(session: Session, row: Application) -> bool:
    """Whether a product that may be lent on credit is, since nothing is offered as security."""
    offered = {**lines_of(session, [row.id]), **guarantees_of(session, [row.id])}
    return terms_of(session, row.bank_id, row.product).credit and not offered


def approve(
    session: Session, actor: Actor, application_id: UUID, command: Approve
) -> ApplicationView:
    """Approve an amount within the own authority and within what the security lends today."""
    row = begin_step(session, actor, application_id, _E.APPROVE)
    day = lending_day(session, row.bank_id)
    totals = stored_pool(session, row).totals
    ceiling = authority_ceiling_fen(session, actor, row.product, day)
    facts = ApprovalFacts(
        amount_fen=command.amount_fen,
        asked_fen=row.amount_fen,
        limit_fen=totals.limit_fen,
        ceiling_fen=ceiling,
        on_credit=_is_on_credit(session, row),
    )
    require_met(decide_approval(facts), ApprovalRefused)
    row.approved_fen, row.conditions = command.amount_fen, command.conditions
    row.approved_until = _valid_until(session, row, command, day)
    return finish_step(
        session,
        actor,
        row,
        _E.APPROVE,
        opinion=command.opinion,
        amount_fen=command.amount_fen,
        ceiling_fen=ceiling,
        limit_fen=totals.limit_fen,
        valid_until=row.approved_until,
        security=security_words(session, row),
    )


def _valid_until(session: Session, row: Application, command: Approve, day: date) -> date:
    longest = day + timedelta(
        days=policy_for(session, row.bank_id, day).whole("origination.approval_validity")
    )
    until = command.valid_until or longest
    if not day <= until <= longest:
        raise InvalidInput.at(
            "/valid_until", N_("Enter a day from %(first)s to %(last)s."), first=day, last=longest
        )
    return until


def security_words(session: Session, row: Application) -> list[list[object]]:
    """The security of a file in a fixed order, to see later whether it is still the one approved."""
    lines = lines_of(session, [row.id]).get(row.id, [])
    guarantees = guarantees_of(session, [row.id]).get(row.id, [])
    assets = sorted([str(each.asset_id), each.secured_fen] for each in lines)
    return [*assets, *sorted([str(each.guarantor_id), each.covered_fen] for each in guarantees)]


def reject(
    session: Session, actor: Actor, application_id: UUID, command: GiveOpinion
) -> ApplicationView:
    """Refuse the loan, with the reason."""
    row = begin_step(session, actor, application_id, _E.REJECT)
    return finish_step(session, actor, row, _E.REJECT, opinion=command.opinion)


def send_back(
    session: Session, actor: Actor, application_id: UUID, command: GiveOpinion
) -> ApplicationView:
    """Whoever holds the file sends it one part of the way back."""
    row = begin_step(session, actor, application_id, _E.RETURN)
    return finish_step(session, actor, row, _E.RETURN, opinion=command.opinion)


def withdraw(
    session: Session, actor: Actor, application_id: UUID, command: GiveOpinion
) -> ApplicationView:
    """The borrower no longer asks for the loan."""
    row = begin_step(session, actor, application_id, _E.WITHDRAW)
    return finish_step(session, actor, row, _E.WITHDRAW, opinion=command.opinion)
