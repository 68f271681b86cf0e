"""The way of a file through the bank: taken up, investigated by two, reviewed, decided."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlmodel import Session

from app.identity.services import authority_ceiling_fen
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.text import N_
from app.loans.domain.terms import Method
from app.loans.services import lending_day
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
from app.reference.queries import find_item
from app.reference.services import policy_for

_E = ApplicationEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class TakeUp:
    """Words of the officer who takes the file."""

    opinion: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInvestigation:
    """The opinion of the officer in charge, with the terms proposed.

    catalogue_edition and catalogue_code name the green leaf; without them the loan is not green.
    """

    opinion: str
    rate_ppm: int
    method: Method
    purpose_checked: bool
    financial_difficulty: bool
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
    require_met(decide_investigation(_investigation(session, row, command, term)))
    row.officer_id, row.rate_ppm, row.method = actor.person_id, command.rate_ppm, command.method
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
        rate_ppm=command.rate_ppm,
        method=command.method,
        term_months=term,
        catalogue_edition=command.catalogue_edition,
        catalogue_code=command.catalogue_code,
        financial_difficulty=command.financial_difficulty,
        limit_fen=totals.limit_fen,
        ltv_ppm=totals.ltv_ppm,
    )


def _investigation(
    session: Session, row: Application, command: SignInvestigation, term_months: int
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
        rate_ppm=command.rate_ppm,
        term_months=term_months,
        purpose_checked=command.purpose_checked,
        green=bool(edition and code),
        leaf_known=bool(edition and code and find_item(session, edition, code)),
        edition_in_force=in_force,
        green_evidence=command.green_evidence,
    )


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
