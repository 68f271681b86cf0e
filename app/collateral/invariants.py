"""What `verify` asks of collateral: every stored figure equals its recomputation, or what the journal kept of it.

Figures that can be recomputed are; facts of a moment (what a pledge relied on, what was observed on a day) are
compared with the audit journal, whose own chain is checked apart.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.audit.domain import json_value
from app.audit.models import AuditEvent
from app.collateral.domain.cover import Cover, Debt, cure_of, level_of, ratio_ppm
from app.collateral.domain.kept import (
    CALL_FIGURES,
    OBSERVED,
    PLEDGE_FIGURES,
    RECOGNITION_FIGURES,
    observations_digest,
)
from app.collateral.domain.states import (
    OPEN_CALL_STATES,
    CallState,
    Level,
    PledgeState,
    RecognitionReason,
    RegistrationKind,
)
from app.collateral.invariants_alarms import alarm_violations
from app.collateral.invariants_carried import carried_violations
from app.collateral.models import (
    AssetLien,
    Guarantee,
    LoanCover,
    LtvObservation,
    MarginCall,
    Pledge,
    RecognisedValue,
    Recognition,
    Registration,
)
from app.collateral.queries import (
    ACTIVE,
    Pool,
    call_figures,
    lines_of,
    loans_by_id,
    pools_of_loans,
)
from app.db.invariants import Violation
from app.loans.domain.journal import Account
from app.loans.domain.states import EntryKind, LtvBasis
from app.loans.models import Loan, LoanPosting, LoanStateRow

CHUNK = 500

Facts = Mapping[str, Any]


def violations(session: Session) -> Iterator[Violation]:
    """Every broken invariant of this room; subjects are the numbers that people know."""
    kept = _journal(session)
    yield from _liens(session)
    yield from _pledges(session, kept)
    yield from carried_violations(session)
    yield from _memorandum(session)
    yield from _registrations(session)
    yield from _recognised(session, kept)
    yield from _covers(session)
    yield from _observations(session, kept)
    yield from _calls(session, kept)
    yield from _guarantees(session, kept)
    yield from alarm_violations(session)


class _Kept:
    """What the audit journal kept of this room, by what it was said of."""

    def __init__(self) -> None:
        self.pledges: dict[str, Facts] = {}
        self.guarantees: dict[str, Facts] = {}
        self.recognitions: dict[str, Facts] = {}
        self.watches: dict[str, Facts] = {}
        self.calls: dict[str, Facts] = {}
        self.call_states: dict[str, str] = {}

    def take(self, event: AuditEvent) -> None:
        """Sort one event in; of a case the last one counts."""
        facts = event.facts
        if event.action == "pledge.contract":
            self.pledges[event.subject_id] = facts
        elif event.action == "guarantee.contract":
            self.guarantees[event.subject_id] = facts
        elif event.action == "recognised-value.change":
            self.recognitions[str(facts.get("recognition"))] = facts
        elif event.action == "loan-cover.observe":
            self.watches[event.subject_id] = facts
        elif event.subject_kind == "margin-call" and "figures" in facts:
            self.calls[event.subject_id] = facts["figures"]
            self.call_states[event.subject_id] = facts.get("state", "")


def _journal(session: Session) -> _Kept:
    statement = (
        sa.select(AuditEvent)
        .where(
            sa.or_(
                col(AuditEvent.action).in_(
                    (
                        "pledge.contract",
                        "guarantee.contract",
                        "recognised-value.change",
                        "loan-cover.observe",
                    )
                ),
                col(AuditEvent.subject_kind) == "margin-call",
            )
        )
        .order_by(col(AuditEvent.organisation_id), col(AuditEvent.seq))
        .execution_options(yield_per=2000)
    )
    kept = _Kept()
    for event in session.execute(statement).scalars():
        kept.take(event)
    return kept


def _differs(
    row: Any, names: Sequence[str], facts: Facts | None, invariant: str, subject: str
) -> Iterator[Violation]:
    """Figures of a row that are not those that the journal kept; rows taken over in bulk have none."""
    for name in names if facts is not None else ():
        stored, said = json_value(getattr(row, name)), (facts or {}).get(name)
        if stored != said:
            yield _broken(invariant, subject, f"{name} {stored} stored, {said} in the journal")


def _liens(session: Session) -> Iterator[Violation]:
    """The lien ledger equals the sum of active pledges."""
    total = sa.func.sum(Pledge.secured_fen)
    statement = (
        sa.select(col(Pledge.asset_id), total)
        .where(col(Pledge.state).in_(ACTIVE))
        .group_by(col(Pledge.asset_id))
    )
    secured = {asset_id: int(fen) for asset_id, fen in session.execute(statement).all()}
    rows = sa.select(AssetLien, col(Asset.number)).join(
        Asset, col(Asset.id) == col(AssetLien.asset_id)
    )
    for lien, number in session.execute(rows.order_by(col(Asset.number))).all():
        expected = secured.pop(lien.asset_id, 0)
        if lien.secured_fen != expected:
            detail = f"{lien.secured_fen} stored, {expected} secured"
            yield _broken("lien-ledger", f"asset {number}", detail)
    names = _asset_numbers(session) if secured else {}
    for asset_id, fen in secured.items():
        yield _broken("lien-ledger", f"asset {names[asset_id]}", f"no row, {fen} secured")


def _memorandum(session: Session) -> Iterator[Violation]:
    """What stands pledged in the ledger of each loan is what its registered security secures."""
    secured = (
        sa.select(col(Pledge.loan_id), sa.func.sum(Pledge.secured_fen))
        .where(col(Pledge.state) == PledgeState.REGISTERED)
        .group_by(col(Pledge.loan_id))
    )
    expected = {loan_id: int(fen) for loan_id, fen in session.execute(secured).all()}
    signed = sa.case(
        (col(LoanPosting.debit) == Account.MEMO_PLEDGED, col(LoanPosting.amount_fen)),
        else_=-col(LoanPosting.amount_fen),
    )
    booked = (
        sa.select(col(LoanPosting.loan_id), sa.func.sum(signed))
        .where(col(LoanPosting.kind) == EntryKind.PLEDGE)
        .group_by(col(LoanPosting.loan_id))
    )
    found = {loan_id: int(fen) for loan_id, fen in session.execute(booked).all()}
    wrong = [
        loan_id
        for loan_id in expected.keys() | found.keys()
        if expected.get(loan_id, 0) != found.get(loan_id, 0)
    ]
    for loan_id, loan in loans_by_id(session, wrong).items():
        detail = f"{found.get(loan_id, 0)} in the ledger, {expected.get(loan_id, 0)} secured"
        yield _broken("pledge-memorandum", f"loan {loan.number}", detail)


def _pledges(session: Session, kept: _Kept) -> Iterator[Violation]:
    """When each pledge was made, what then secured the asset stayed within the value it relied on."""
    statement = sa.select(Pledge).order_by(col(Pledge.asset_id), col(Pledge.number))
    rows = session.execute(statement).scalars()
    for _asset_id, group in groupby(rows, key=lambda pledge: pledge.asset_id):
        before: list[Pledge] = []
        for pledge in group:
            yield from _pledge(pledge, before)
            facts = kept.pledges.get(str(pledge.id))
            subject = f"pledge {pledge.number}"
            yield from _differs(pledge, PLEDGE_FIGURES, facts, "pledge-as-contracted", subject)
            before.append(pledge)


def _pledge(pledge: Pledge, earlier: Sequence[Pledge]) -> Iterator[Violation]:
    subject = f"pledge {pledge.number}"
    standing = [each.secured_fen for each in earlier if _stood(each, pledge)]
    total = sum(standing) + pledge.secured_fen
    if total > pledge.relied_current_fen:
        detail = f"secures {total} with earlier pledges, relied on {pledge.relied_current_fen}"
        yield _broken("no-double-pledge", subject, detail)
    if pledge.relied_recognised_fen > pledge.relied_current_fen:
        yield _broken("recognised-within-current", subject, "recognised above current value")
    ended = pledge.state not in ACTIVE
    if ended != (pledge.released_on is not None):
        detail = f"state {pledge.state} and its day disagree"
        yield _broken("pledge-state", subject, detail)


def _stood(earlier: Pledge, later: Pledge) -> bool:
    return earlier.released_on is None or earlier.released_on > later.contracted_on


def _registrations(session: Session) -> Iterator[Violation]:
    """A pledge counts as registered when every registry of the kind gave a receipt, and only then."""
    receipts: dict[UUID, set[str]] = {}
    first = sa.select(col(Registration.pledge_id), col(Registration.registry_code)).where(
        col(Registration.kind) == RegistrationKind.INITIAL
    )
    for pledge_id, registry in session.execute(first).all():
        receipts.setdefault(pledge_id, set()).add(registry)
    rows = sa.select(Pledge, col(Asset.kind)).join(Asset, col(Asset.id) == col(Pledge.asset_id))
    for pledge, kind in session.execute(rows.where(col(Pledge.state).in_(ACTIVE))).all():
        complete = set(kind_info(kind).registries) <= receipts.get(pledge.id, set())
        # Carried on from one that stood: `carried_violations` asks whether it did.
        complete = complete or pledge.carries_id is not None
        if complete != (pledge.state is PledgeState.REGISTERED):
            words = "all receipts" if complete else "a receipt missing"
            detail = f"state {pledge.state} with {words}"
            yield _broken("pledge-state", f"pledge {pledge.number}", detail)


def _recognised(session: Session, kept: _Kept) -> Iterator[Violation]:
    """A recognised value is the last one of its history, and never above what stood when it was set."""
    numbers = _asset_numbers(session)
    last: dict[tuple[UUID, UUID], Recognition] = {}
    statement = sa.select(Recognition).order_by(
        col(Recognition.bank_id), col(Recognition.asset_id), col(Recognition.seq)
    )
    for row in session.execute(statement).scalars():
        subject, key = f"asset {numbers[row.asset_id]}", (row.bank_id, row.asset_id)
        for detail in _recognition(row, last.get(key)):
            yield _broken("recognised-value", subject, detail)
        facts = kept.recognitions.get(str(row.id))
        yield from _differs(row, RECOGNITION_FIGURES, facts, "recognised-value", subject)
        last[key] = row
    for value in session.execute(sa.select(RecognisedValue)).scalars():
        final = last.get((value.bank_id, value.asset_id))
        stored = (value.recognised_fen, value.recognised_on, value.version)
        expected = (final.after_fen, final.on, final.seq) if final else (None, None, 0)
        if stored != expected:
            detail = f"{value.recognised_fen} stored, {expected[0]} recognised last"
            yield _broken("recognised-value", f"asset {numbers[value.asset_id]}", detail)


def _recognition(row: Recognition, before: Recognition | None) -> Iterator[str]:
    if row.before_fen != (before.after_fen if before else None):
        yield "the history does not follow on"
    if row.seq != (before.seq if before else 0) + 1:
        yield f"change {row.seq} does not follow on"
    if row.after_fen is not None and (row.current_fen is None or row.after_fen > row.current_fen):
        yield f"{row.after_fen} recognised above {row.current_fen}"
    if row.reason is not RecognitionReason.CONFIRMATION and row.after_fen != row.current_fen:
        yield f"{row.after_fen} recognised where {row.current_fen} was followed"


def _covers(session: Session) -> Iterator[Violation]:
    """A cover that saw the present version of its loan equals its recomputation, and so does its open case."""
    rows = {row.loan_id: row for row in session.execute(_seen_covers()).scalars()}
    calls = _unissued_calls(session)
    ids = list(rows)
    for start in range(0, len(ids), CHUNK):
        chunk = ids[start : start + CHUNK]
        loans = loans_by_id(session, chunk)
        for pool in pools_of_loans(session, chunk):
            cover, row = pool.cover(), rows[pool.loan_id]
            subject = f"loan {loans[pool.loan_id].number}"
            yield from _against(row, _expected(pool, cover), "loan-cover", subject)
            call = calls.get(pool.loan_id)
            if call is not None:
                figures = call_figures(pool, cover, call.measured_on)
                subject = f"margin call {call.number}"
                yield from _against(call, figures, "margin-call-amounts", subject)


def _seen_covers() -> sa.Select[LoanCover]:
    return (
        sa.select(LoanCover)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(LoanCover.loan_id))
        .where(col(LoanCover.seen_version) == col(LoanStateRow.version))
        .order_by(col(LoanCover.loan_id))
    )


def _unissued_calls(session: Session) -> dict[UUID, MarginCall]:
    statement = sa.select(MarginCall).where(
        col(MarginCall.state).in_((CallState.OPEN, CallState.REVIEWED))
    )
    return {call.loan_id: call for call in session.execute(statement).scalars()}


def _expected(pool: Pool, cover: Cover) -> dict[str, Any]:
    return {
        "principal_fen": pool.debt.principal_fen,
        "exposure_fen": pool.debt.exposure_fen,
        "guaranteed_fen": cover.guaranteed_fen,
        "recognised_fen": cover.recognised_fen,
        "lendable_fen": cover.lendable_fen,
        "ltv_ppm": cover.ltv_ppm,
        "risk_ltv_ppm": cover.risk_ltv_ppm,
        "level": cover.level,
    }


def _against(
    row: Any, expected: Mapping[str, Any], invariant: str, subject: str
) -> Iterator[Violation]:
    for name, value in expected.items():
        if getattr(row, name) != value:
            detail = f"{name} {getattr(row, name)} stored, {value} recomputed"
            yield _broken(invariant, subject, detail)


def _observations(session: Session, kept: _Kept) -> Iterator[Violation]:
    """Each observation agrees with itself, and each look of the watch with its digest in the journal."""
    statement = (
        sa.select(LtvObservation, Loan)
        .join(Loan, col(Loan.id) == col(LtvObservation.loan_id))
        .order_by(col(LtvObservation.watch_id), col(LtvObservation.id))
    )
    rows = session.execute(statement).all()
    for watch_id, group in groupby(rows, key=lambda pair: pair[0].watch_id):
        pairs = list(group)
        for row, loan in pairs:
            if not _agrees(row, loan):
                subject = f"loan {loan.number}"
                yield _broken("ltv-observation", subject, f"{row.on}: figures disagree")
        facts = kept.watches.get(str(watch_id))
        if facts is not None and facts["sha256"] != observations_digest([row for row, _ in pairs]):
            loans = ", ".join(sorted(loan.number for _, loan in pairs)[:5])
            detail = f"{pairs[0][0].on}: not what was observed ({', '.join(OBSERVED[2:])})"
            yield _broken("ltv-observation", f"loan {loans}", detail)
    for gone in kept.watches.keys() - {str(row.watch_id) for row, _ in rows}:
        yield _broken("ltv-observation", f"watch {gone}", "nothing is left of what was observed")


def _agrees(row: LtvObservation, loan: Loan) -> bool:
    if row.level is Level.NONE:
        return row.ltv_ppm is None and row.risk_ltv_ppm is None
    lines = lines_of(loan)
    known = row.recognised_fen
    ltv = None if known is None else ratio_ppm(row.principal_fen, known)
    risk = None if known is None else ratio_ppm(row.exposure_fen, known)
    debt = Debt(principal_fen=row.principal_fen, accrued_fen=row.exposure_fen - row.principal_fen)
    level = level_of(ltv if lines.basis is LtvBasis.PRINCIPAL else risk, debt, lines)
    return (row.ltv_ppm, row.risk_ltv_ppm, row.level) == (ltv, risk, level)


def _calls(session: Session, kept: _Kept) -> Iterator[Violation]:
    """The amounts of a case follow from its own facts and those of the journal; its state fits its days."""
    statement = sa.select(MarginCall, Loan).join(Loan, col(Loan.id) == col(MarginCall.loan_id))
    for call, loan in session.execute(statement.order_by(col(MarginCall.number))).all():
        subject = f"margin call {call.number}"
        yield from _against(call, _call_arithmetic(call, loan), "margin-call-amounts", subject)
        if call.state not in {CallState.OPEN, CallState.REVIEWED}:
            facts = kept.calls.get(str(call.id))
            yield from _differs(call, CALL_FIGURES, facts, "margin-call-amounts", subject)
        said = kept.call_states.get(str(call.id))
        if said and said != call.state.value:
            detail = f"state {call.state} stored, {said} in the journal"
            yield _broken("margin-call-state", subject, detail)
        for detail in _call_state(call):
            yield _broken("margin-call-state", subject, detail)


def _call_arithmetic(call: MarginCall, loan: Loan) -> dict[str, Any]:
    lines = lines_of(loan)
    known = call.recognised_fen
    cure = cure_of(Debt(principal_fen=call.exposure_fen), known, lines)
    disposal = call.level is Level.DISPOSAL
    return {
        "basis": lines.basis,
        "ratio_ppm": None if known is None else ratio_ppm(call.exposure_fen, known),
        "line_ppm": lines.disposal_ppm if disposal else lines.top_up_ppm,
        "target_ppm": lines.cure_ppm,
        "repay_fen": cure.repay_fen,
        "add_recognised_fen": cure.add_recognised_fen,
    }


def _call_state(call: MarginCall) -> Iterator[str]:
    issued = (call.issued_on, call.issuer_id, call.due_on, call.notice_id)
    if call.state in _AFTER_ISSUE and None in issued:
        yield f"state {call.state} without a notice"
    if call.issuer_id is not None and call.issuer_id == call.reviewer_id:
        yield "reviewed and issued by one person"
    if call.state in _AFTER_SERVICE and call.served_on is None:
        yield f"state {call.state} without proof of service"
    if (call.closed_on is None) != (call.state in OPEN_CALL_STATES):
        yield f"state {call.state} and its closing day disagree"


_AFTER_SERVICE = frozenset({CallState.SERVED, CallState.DEFAULTED})
_AFTER_ISSUE = frozenset({CallState.ISSUED, CallState.WAIVED, *_AFTER_SERVICE})


def _guarantees(session: Session, kept: _Kept) -> Iterator[Violation]:
    """A guarantee's share is its amount over the contract."""
    statement = sa.select(Guarantee, Loan).join(Loan, col(Loan.id) == col(Guarantee.loan_id))
    for row, loan in session.execute(statement.order_by(col(Loan.number))).all():
        subject = f"loan {loan.number}"
        expected = {"share_ppm": ratio_ppm(row.covered_fen, loan.contract_fen)}
        yield from _against(row, expected, "guarantee", subject)
        facts = kept.guarantees.get(str(row.id))
        yield from _differs(row, ("covered_fen",), facts, "guarantee", subject)


def _asset_numbers(session: Session) -> dict[UUID, str]:
    rows = session.execute(sa.select(Asset).with_only_columns(col(Asset.id), col(Asset.number)))
    return {row[0]: row[1] for row in rows.all()}


def _broken(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
