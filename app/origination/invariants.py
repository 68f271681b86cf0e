"""What `verify` asks of origination: states follow from acts, duties were apart, loans and drawdowns agree."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.models import Asset
from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.db.invariants import Violation
from app.loans.models import Loan, LoanNote
from app.loans.rates.models import LoanRateChange
from app.origination.change_models import LoanChange
from app.origination.domain.changes import ChangeState
from app.origination.domain.duties import Duty, Part, decide_duty, duty_of
from app.origination.domain.states import (
    APPLICATION,
    ApplicationEvent,
    ApplicationState,
    DrawdownState,
)
from app.origination.invariants_changes import change_violations
from app.origination.invariants_write_offs import write_off_violations
from app.origination.models import (
    Application,
    ApplicationAct,
    Drawdown,
    PoolLine,
    Product,
    ProposedGuarantee,
)
from app.origination.queries import acts_of

CHUNK = 500
"""Files read with one set of queries."""

Facts = Mapping[str, Any]

_DECIDED = (ApplicationState.APPROVED, ApplicationState.CONTRACTED)


def violations(session: Session) -> Iterator[Violation]:
    """Every broken invariant of this room."""
    for rows in _chunks(session):
        acts = acts_of(session, [row.id for row in rows])
        for row in rows:
            yield from _log(row, acts.get(row.id, []))
            yield from _duties(row, acts.get(row.id, []))
            yield from _approval(row, acts.get(row.id, []))
    yield from _as_asked(session)
    yield from _contracts(session)
    yield from _products(session)
    yield from _drawdowns(session)
    yield from change_violations(session)
    yield from write_off_violations(session)


def _chunks(session: Session) -> Iterator[Sequence[Application]]:
    last: UUID | None = None
    while True:
        statement = sa.select(Application).order_by(col(Application.id)).limit(CHUNK)
        if last is not None:
            statement = statement.where(col(Application.id) > last)
        rows = session.execute(statement).scalars().all()
        if not rows:
            return
        yield rows
        last = rows[-1].id


def _log(row: Application, acts: Sequence[ApplicationAct]) -> Iterator[Violation]:
    """Each act is an edge of the table and follows on, on no earlier day; the state is where the last one led."""
    state = APPLICATION.initial
    for before, act in pairwise(acts):
        if act.on < before.on:
            yield _broken("application-log", row, f"act {act.seq} on {act.on}, after {before.on}")
    for expected, act in enumerate(acts, start=1):
        if act.seq != expected or act.before is not state:
            yield _broken("application-log", row, f"act {act.seq} does not follow on from {state}")
        if APPLICATION.table.get((act.before, act.event)) is not act.after:
            edge = f"{act.before} -{act.event}-> {act.after}"
            yield _broken("application-log", row, f"act {act.seq} is no step: {edge}")
        state = act.after
    if row.state is not state:
        yield _broken("application-log", row, f"state {row.state}, the last act led to {state}")


def _duties(row: Application, acts: Sequence[ApplicationAct]) -> Iterator[Violation]:
    """Nobody confirmed, reviewed or decided a file in which they had had another part."""
    parts = [Part(person_id=row.created_by_id, duty=Duty.APPLY)]
    for act in acts:
        if (act.before, act.event) not in APPLICATION.table:
            continue
        duty = duty_of(act.event, act.before)
        if not decide_duty(parts, person_id=act.person_id, duty=duty):
            yield _broken("duties-apart", row, f"act {act.seq} ({act.event}) by an earlier hand")
        parts.append(Part(person_id=act.person_id, duty=duty))


def _approval(row: Application, acts: Sequence[ApplicationAct]) -> Iterator[Violation]:
    """The amount approved is the one of the last approval, within authority, limit and request of that day."""
    approvals = [act for act in acts if act.event is ApplicationEvent.APPROVE]
    if not approvals:
        if row.approved_fen is not None or row.state in _DECIDED:
            yield _broken("approval", row, "an approved amount without an approval")
        return
    facts = approvals[-1].facts
    amount = facts.get("amount_fen")
    if row.approved_fen != amount:
        yield _broken("approval", row, f"{row.approved_fen} stored, {amount} approved")
    bounds = (facts.get("ceiling_fen"), facts.get("limit_fen"), row.amount_fen)
    if not isinstance(amount, int) or any(bound is None or amount > bound for bound in bounds):
        yield _broken("approval-within-authority", row, f"{amount} against {bounds}")


def _as_asked(session: Session) -> Iterator[Violation]:
    """What is asked for and what is offered as security is what the journal kept last."""
    asked, pools = _journal(session)
    lines, guarantees = _offered(session)
    for row in session.execute(sa.select(Application).order_by(col(Application.id))).scalars():
        facts, key = asked.get(str(row.id), {}), str(row.id)
        for name in ASKED:
            stored = json_value(getattr(row, name))
            if name in facts and stored != facts[name]:
                detail = f"{name} {stored} stored, {facts[name]} asked"
                yield _broken("application-asked", row, detail)
        pool = pools.get(key, {})
        if lines.get(row.id, []) != pool.get("assets", []):
            yield _broken("application-pool", row, "its assets are not those that were offered")
        if guarantees.get(row.id, []) != pool.get("guarantees", []):
            yield _broken("application-pool", row, "its guarantees are not those offered")


ASKED: Final = ("product", "amount_fen", "term_months")
_ASKING: Final = (
    "application.open",
    "application.change",
    "application.submit",
    # The investigation may propose another term.
    "application.sign",
)


def _journal(session: Session) -> tuple[dict[str, Facts], dict[str, Facts]]:
    """The last word on what each application asks for, and on its pool."""
    statement = (
        sa.select(col(AuditEvent.action), col(AuditEvent.subject_id), col(AuditEvent.facts))
        .where(col(AuditEvent.action).in_((*_ASKING, "application.pool")))
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
    )
    asked: dict[str, Facts] = {}
    pools: dict[str, Facts] = {}
    for action, subject_id, facts in session.execute(statement):
        if action == "application.pool":
            pools[subject_id] = facts
        else:
            asked[subject_id] = {**asked.get(subject_id, {}), **facts}
    return asked, pools


def _offered(session: Session) -> tuple[dict[UUID, list[Any]], dict[UUID, list[Any]]]:
    """Assets and guarantees of each application, in their order, as the journal writes them."""
    lines: dict[UUID, list[Any]] = {}
    of_assets = (
        sa.select(PoolLine, col(Asset.number))
        .join(Asset, col(Asset.id) == col(PoolLine.asset_id))
        .order_by(col(PoolLine.application_id), col(PoolLine.seq))
    )
    for line, number in session.execute(of_assets):
        lines.setdefault(line.application_id, []).append([number, line.secured_fen])
    guarantees: dict[UUID, list[Any]] = {}
    offered = sa.select(ProposedGuarantee).order_by(
        col(ProposedGuarantee.application_id), col(ProposedGuarantee.seq)
    )
    for each in session.execute(offered).scalars():
        pair = [str(each.guarantor_id), each.covered_fen]
        guarantees.setdefault(each.application_id, []).append(pair)
    return lines, guarantees


def _contracts(session: Session) -> Iterator[Violation]:
    """A contracted application has its loan and the loan names it; terms are those of the file."""
    statement = (
        sa.select(Application, Loan)
        .join(Loan, col(Loan.id) == col(Application.loan_id), isouter=True)
        .where(
            sa.or_(
                col(Application.state) == ApplicationState.CONTRACTED,
                col(Application.loan_id).is_not(None),
            )
        )
    )
    signed = _signed_rates(session)
    for row, loan in session.execute(statement).all():
        if row.state is not ApplicationState.CONTRACTED or loan is None:
            yield _broken("contract", row, f"state {row.state} and its loan disagree")
            continue
        yield from _terms(row, loan, signed.get(loan.id, {}))
    known = sa.select(col(Application.loan_id)).where(col(Application.loan_id).is_not(None))
    alone = sa.select(col(Loan.number)).where(
        col(Loan.application_id).is_not(None), col(Loan.id).not_in(known)
    )
    for number in session.execute(alone).scalars():
        yield Violation(
            invariant="contract",
            subject=f"loan {number}",
            detail="its application has another loan",
        )


def _signed_rates(session: Session) -> dict[UUID, Facts]:
    """The terms of the rate before the first change that was decided on and carried out, by loan."""
    statement = (
        sa.select(LoanRateChange)
        .join(LoanChange, col(LoanChange.number) == col(LoanRateChange.change_number))
        .where(
            col(LoanChange.loan_id) == col(LoanRateChange.loan_id),
            col(LoanChange.state) == ChangeState.CARRIED_OUT,
        )
        .order_by(col(LoanRateChange.number).desc())
    )
    return {
        row.loan_id: {
            "rate_ppm": row.before_rate_ppm,
            "lpr_tenor": row.before_lpr_tenor,
            "lpr_bp": row.before_lpr_bp,
        }
        for row in session.execute(statement).scalars()
    }


def _terms(row: Application, loan: Loan, signed: Facts) -> Iterator[Violation]:
    """The terms signed are those of the file; of a rate that was changed since, those before the first change."""
    expected: dict[str, Any] = {
        "application_id": row.id,
        "bank_id": row.bank_id,
        "borrower_id": row.borrower_id,
        "lpr_tenor": row.lpr_tenor,
        "lpr_bp": row.lpr_bp,
        "reset_rule": row.reset_rule,
        "grace_principal": row.grace_principal or 0,
    }
    if row.lpr_tenor is None:
        expected["rate_ppm"] = row.rate_ppm
    for name, value in expected.items():
        if signed.get(name, getattr(loan, name)) != value:
            yield _broken("contract", row, f"{name} of loan {loan.number} differs")
    if row.approved_fen is None or loan.contract_fen > row.approved_fen:
        yield _broken("contract", row, f"{loan.contract_fen} signed, {row.approved_fen} approved")


def _products(session: Session) -> Iterator[Violation]:
    """Each application asks for a product that its bank has."""
    statement = (
        sa.select(Application)
        .join(
            Product,
            sa.and_(
                col(Product.bank_id) == col(Application.bank_id),
                col(Product.code) == col(Application.product),
            ),
            isouter=True,
        )
        .where(col(Product.code).is_(None))
    )
    for row in session.execute(statement).scalars():
        yield _broken("application-product", row, f"the bank has no product {row.product}")


def _drawdowns(session: Session) -> Iterator[Violation]:
    """A drawdown is of the amount asked, a posted one is its note, its checks met; three people took its steps."""
    statement = sa.select(Drawdown, LoanNote).join(
        LoanNote, col(LoanNote.id) == col(Drawdown.note_id), isouter=True
    )
    journal = _drawdowns_asked(session)
    for row, note in session.execute(statement).all():
        subject = f"drawdown {row.number}"
        asked = journal.get(str(row.id))
        if asked != row.amount_fen:
            detail = f"{row.amount_fen} stored, {asked} asked"
            yield Violation(invariant="drawdown-asked", subject=subject, detail=detail)
        if row.state is DrawdownState.POSTED:
            yield from _posted(row, note, subject)
        people = [row.requested_by_id, row.checked_by_id, row.posted_by_id]
        named = [each for each in people if each is not None]
        if len(set(named)) != len(named):
            yield Violation(
                invariant="duties-apart", subject=subject, detail="one person, two steps"
            )
        steps = {DrawdownState.REQUESTED: 1, DrawdownState.POSTED: 3}.get(row.state, 2)
        if len(named) != steps:
            yield Violation(
                invariant="drawdown-state",
                subject=subject,
                detail=f"state {row.state} with {len(named)} people",
            )


def _drawdowns_asked(session: Session) -> dict[str, int]:
    """What the journal says was asked for, in fen, by the id of the drawdown."""
    statement = sa.select(col(AuditEvent.subject_id), col(AuditEvent.facts)).where(
        col(AuditEvent.action) == "drawdown.request"
    )
    return {subject_id: facts["amount_fen"] for subject_id, facts in session.execute(statement)}


def _posted(row: Drawdown, note: LoanNote | None, subject: str) -> Iterator[Violation]:
    if note is None or (note.amount_fen, note.loan_id) != (row.amount_fen, row.loan_id):
        yield Violation(
            invariant="drawdown-note",
            subject=subject,
            detail=f"{row.amount_fen} asked, {note.amount_fen if note else None} posted",
        )
    if any(check["outcome"] == "unmet" for check in row.checks) or not row.checks:
        yield Violation(
            invariant="drawdown-checks", subject=subject, detail="posted with conditions not met"
        )


def _broken(invariant: str, row: Application, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=f"application {row.number}", detail=detail)
