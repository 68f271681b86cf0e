"""Two signatures over one content, the report, revocation and expiry."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import (
    REPORT_VALIDITY,
    AppraisalEvent,
    AppraisalKind,
    AppraisalState,
    SignatureRole,
    may_countersign,
    report_valid_until,
)
from app.appraisal.domain.findings import MAX_WORDS, asked, explained, unexplained
from app.appraisal.models import Appraisal, AppraisalSignature, Valuation
from app.appraisal.services.errors import (
    ContentChanged,
    NothingToSign,
    ReportOutOfDate,
    SameSigner,
)
from app.appraisal.services.internal import require_internal
from app.appraisal.services.orders import CloseNote, move, own_appraisal, say
from app.appraisal.services.values import refresh_asset_value
from app.appraisal.services.views import AppraisalView, appraisal_view
from app.assets.models import Asset
from app.db.engine import Database, now, today
from app.kernel.actor import Actor, Name
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.policy import RuleNotInForce
from app.reference.services import policy_for

EXPIRY_CHUNK: Final = 200
"""Reports that one transaction lets expire: well under half a second on the embedded database."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignAppraisal:
    """The appraiser's words on each finding that asks for them, by its name; the number of his qualification.

    An agency's appraiser must give the number; the staff of a bank that appraises for itself may.
    """

    explanations: Mapping[str, str] = field(default_factory=dict)
    qualification: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CountersignAppraisal:
    """The number of the reviewer's qualification; needed under an agency's report."""

    qualification: str = ""


NO_QUALIFICATION: Final = CountersignAppraisal()


def sign_appraisal(
    session: Session, actor: Actor, appraisal_id: UUID, command: SignAppraisal
) -> AppraisalView:
    """The appraiser signs what the model gave; inputs, prices and result are frozen with it.

    Refused while a finding asks for words and has none, each at its own field.
    """
    actor.require(Permission.PREPARE_APPRAISAL)
    row = move(session, actor, appraisal_id, AppraisalEvent.SIGN)
    if row.value_fen is None or row.valued_on is None or row.result is None:
        raise NothingToSign
    row.result = _explained(row.result, command.explanations)
    _require_qualification(row, command.qualification)
    last_day(session, row, row.valued_on)
    row.maker_id = actor.person_id
    _sign(session, actor, row, SignatureRole.MAKER, command.qualification)
    say(session, actor, "appraisal.sign", row, digest=queries.signed_digest(row))
    return appraisal_view(session, actor, row)


def _explained(result: Mapping[str, Any], words: Mapping[str, str]) -> dict[str, Any]:
    """The result with words on what asks for them; each that is missing, unknown or too long is named."""
    known = {each["name"] for each in asked(result)}
    errors = [_no_such_finding(name) for name in words if name not in known]
    errors += [
        FieldError(
            pointer=f"/explanations/{name}",
            detail=N_("Write at most %(limit)s characters."),
            facts={"limit": MAX_WORDS},
        )
        for name, given in words.items()
        if len(given) > MAX_WORDS
    ]
    found = explained(result, words)
    errors += [
        FieldError(
            pointer=f"/explanations/{each['name']}",
            detail=N_("Explain what was found: %(finding)s"),
            facts={"finding": Name(zh=each["zh"], en=each["en"])},
        )
        for each in unexplained(found)
    ]
    if errors:
        raise InvalidInput(errors=tuple(errors))
    return found


def _require_qualification(row: Appraisal, qualification: str) -> None:
    """An agency's report prints the number of both appraisers."""
    if row.kind is AppraisalKind.EXTERNAL and not qualification.strip():
        raise InvalidInput.at(
            "/qualification",
            N_("Enter the number of your qualification; the report of an agency prints it."),
        )


def _no_such_finding(name: str) -> FieldError:
    return FieldError(
        pointer=f"/explanations/{name}", detail=N_("No finding of this name asks for words.")
    )


def return_appraisal(
    session: Session, actor: Actor, appraisal_id: UUID, command: CloseNote
) -> AppraisalView:
    """The reviewer gives the report back; the first signature no longer counts."""
    row = move(session, actor, appraisal_id, AppraisalEvent.RETURN)
    row.maker_id = None
    row.closing_note = command.note
    session.flush()
    say(session, actor, "appraisal.return", row, note=command.note)
    return appraisal_view(session, actor, row)


def countersign_appraisal(
    session: Session,
    actor: Actor,
    appraisal_id: UUID,
    command: CountersignAppraisal = NO_QUALIFICATION,
) -> AppraisalView:
    """Another appraiser countersigns: the report becomes valid, the one before is superseded.

    Printing follows outside of the transaction (`issue_report`).

    Refuses the maker himself, content that is not what he signed, a report whose validity is over, and
    a bank's own that liens made since leave to an agency.
    """
    row = own_appraisal(session, actor, appraisal_id)
    actor.require(Permission.SIGN_APPRAISAL)
    if row.state is AppraisalState.SIGNED:
        _require_second_person(row, actor)
        _require_unchanged(session, row)
        _require_still_internal(session, row)
        supersede_former(session, row)
    row = move(session, actor, appraisal_id, AppraisalEvent.COUNTERSIGN)
    if row.valued_on is None or row.value_fen is None:
        raise NothingToSign
    _require_qualification(row, command.qualification)
    row.valid_until = last_day(session, row, row.valued_on)
    row.reviewer_id = actor.person_id
    _sign(session, actor, row, SignatureRole.REVIEWER, command.qualification)
    session.add(_first_valuation(session, row, row.valued_on, row.value_fen))
    refresh_asset_value(session, row.asset_id)
    say(session, actor, "appraisal.countersign", row, value_fen=row.value_fen)
    return appraisal_view(session, actor, row)


def revoke_appraisal(
    session: Session, actor: Actor, appraisal_id: UUID, command: CloseNote
) -> AppraisalView:
    """The agency takes a valid report back; the asset has no value until the next one."""
    row = move(session, actor, appraisal_id, AppraisalEvent.REVOKE)
    row.closing_note = command.note
    refresh_asset_value(session, row.asset_id)
    say(session, actor, "appraisal.revoke", row, note=command.note, on=today(session))
    return appraisal_view(session, actor, row)


def expire_appraisals(database: Database, actor: Actor, on: date) -> int:
    """Let reports expire whose last day lies before `on`, in short transactions; gives how many."""
    count = 0
    while True:
        with database.write() as session:
            found = _expire_some(session, actor, on)
        count += found
        if found < EXPIRY_CHUNK:
            return count


def _expire_some(session: Session, actor: Actor, on: date) -> int:
    statement = (
        queries.light(queries.visible_appraisals(session, actor))
        .where(col(Appraisal.state) == AppraisalState.VALID, col(Appraisal.valid_until) < on)
        .order_by(col(Appraisal.id))
        .limit(EXPIRY_CHUNK)
    )
    rows = list(session.execute(statement).scalars())
    for row in rows:
        row.state = AppraisalState.EXPIRED
        session.add(row)
        refresh_asset_value(session, row.asset_id)
        say(session, actor, "appraisal.expire", row, valid_until=row.valid_until)
    return len(rows)


def supersede_former(session: Session, row: Appraisal) -> None:
    """The valid report of the asset, if there is one, gives way; flushed before the next becomes valid."""
    statement = (
        sa.update(Appraisal)
        .where(
            col(Appraisal.asset_id) == row.asset_id,
            col(Appraisal.state) == AppraisalState.VALID,
            col(Appraisal.id) != row.id,
        )
        .values(state=AppraisalState.SUPERSEDED, version=Appraisal.version + 1)
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _require_second_person(row: Appraisal, actor: Actor) -> None:
    if not may_countersign(maker_id=row.maker_id, person_id=actor.person_id):
        raise SameSigner


def _require_unchanged(session: Session, row: Appraisal) -> None:
    signed = [
        each
        for each in queries.signatures(session, row.id)
        if each.role is SignatureRole.MAKER and each.person_id == row.maker_id
    ]
    if not signed or signed[-1].digest != queries.signed_digest(row):
        raise ContentChanged


def _require_still_internal(session: Session, row: Appraisal) -> None:
    """Liens may have come since a bank ordered of itself."""
    if row.kind is AppraisalKind.INTERNAL:
        asset = session.get_one(Asset, row.asset_id)
        require_internal(session, bank_id=row.bank_id, asset=asset, loan_fen=row.loan_fen or 0)


def _sign(
    session: Session, actor: Actor, row: Appraisal, role: SignatureRole, qualification: str
) -> None:
    session.add(
        AppraisalSignature(
            appraisal_id=row.id,
            person_id=actor.person_id,
            role=role,
            qualification=qualification,
            digest=queries.signed_digest(row),
            at=now(session),
            on=today(session),
        )
    )
    session.flush()


def last_day(session: Session, row: Appraisal, valued_on: date) -> date:
    """The last day of a report by the rules of its bank; refused when it is over already."""
    try:
        days = policy_for(session, row.bank_id, valued_on).whole(REPORT_VALIDITY)
    except RuleNotInForce:
        # The policy begins years ago: a report of a day before it has long run out.
        raise ReportOutOfDate(day=valued_on) from None
    last = report_valid_until(valued_on=valued_on, validity_days=days)
    if last < today(session):
        raise ReportOutOfDate(day=last)
    return last


def _first_valuation(
    session: Session, row: Appraisal, valued_on: date, value_fen: int
) -> Valuation:
    return Valuation(
        asset_id=row.asset_id,
        on=valued_on,
        model_id=row.model_id,
        model_version=row.model_version,
        value_fen=value_fen,
        inputs_digest=row.inputs_digest,
        basis_digest=row.basis_digest,
        prices=row.prices or {},
        recorded=[],
        appraisal_id=row.id,
        created_at=now(session),
    )
