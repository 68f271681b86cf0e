"""What `verify` asks of collateral: liens, values, covers and cases equal their recomputation."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlmodel import Session, col

from app.collateral.domain.cover import Debt, cure_of, ratio_ppm
from app.collateral.domain.states import OPEN_CALL_STATES, CallState, PledgeState
from app.collateral.models import (
    AssetLien,
    Guarantee,
    LoanCover,
    MarginCall,
    Pledge,
    RecognisedValue,
    Recognition,
    Registration,
)
from app.collateral.queries import ACTIVE, lines_of, pools_of_loans
from app.db.invariants import Violation
from app.loans.models import Loan, LoanStateRow

CHUNK = 500


def violations(session: Session) -> Iterator[Violation]:
    """Every broken invariant of this room."""
    yield from _liens(session)
    yield from _pledges(session)
    yield from _recognised(session)
    yield from _covers(session)
    yield from _calls(session)
    yield from _guarantees(session)


def _liens(session: Session) -> Iterator[Violation]:
    """The lien ledger equals the sum of active pledges."""
    total = sa.func.sum(Pledge.secured_fen)
    statement = (
        sa.select(col(Pledge.asset_id), total)
        .where(col(Pledge.state).in_(ACTIVE))
        .group_by(col(Pledge.asset_id))
    )
    secured = {asset_id: int(fen) for asset_id, fen in session.execute(statement).all()}
    for lien in session.execute(sa.select(AssetLien)).scalars():
        expected = secured.pop(lien.asset_id, 0)
        if lien.secured_fen != expected:
            yield _broken(
                "lien-ledger",
                f"asset {lien.asset_id}",
                f"{lien.secured_fen} stored, {expected} secured",
            )
    for asset_id, fen in secured.items():
        yield _broken("lien-ledger", f"asset {asset_id}", f"no row, {fen} secured")


def _pledges(session: Session) -> Iterator[Violation]:
    """When each pledge was made, what then secured the asset stayed within the value it relied on."""
    statement = sa.select(Pledge).order_by(col(Pledge.asset_id), col(Pledge.number))
    held: dict[Any, list[Pledge]] = {}
    for pledge in session.execute(statement).scalars():
        before = [each for each in held.get(pledge.asset_id, []) if _stood(each, pledge)]
        total = sum(each.secured_fen for each in before) + pledge.secured_fen
        if total > pledge.relied_current_fen:
            detail = f"secures {total} with earlier pledges, relied on {pledge.relied_current_fen}"
            yield _broken("no-double-pledge", f"pledge {pledge.number}", detail)
        if pledge.relied_recognised_fen > pledge.relied_current_fen:
            yield _broken(
                "recognised-within-current",
                f"pledge {pledge.number}",
                "recognised above current value",
            )
        held.setdefault(pledge.asset_id, []).append(pledge)
    yield from _states(session)


def _stood(earlier: Pledge, later: Pledge) -> bool:
    return earlier.released_on is None or earlier.released_on > later.contracted_on


def _states(session: Session) -> Iterator[Violation]:
    """A registered pledge has a receipt; an ended one has its day."""
    receipts = set(session.execute(sa.select(col(Registration.pledge_id))).scalars())
    for pledge in session.execute(sa.select(Pledge)).scalars():
        ended = pledge.state in {PledgeState.RELEASED, PledgeState.CANCELLED}
        if pledge.state is PledgeState.REGISTERED and pledge.id not in receipts:
            yield _broken("pledge-state", f"pledge {pledge.number}", "registered without a receipt")
        if ended != (pledge.released_on is not None):
            yield _broken(
                "pledge-state",
                f"pledge {pledge.number}",
                f"state {pledge.state} and its day disagree",
            )


def _recognised(session: Session) -> Iterator[Violation]:
    """A recognised value is the last one of its history, and never above what stood when it was set."""
    last: dict[Any, Recognition] = {}
    for row in session.execute(
        sa.select(Recognition).order_by(col(Recognition.at), col(Recognition.id))
    ).scalars():
        before = last.get((row.bank_id, row.asset_id))
        if row.before_fen != (before.after_fen if before else None):
            yield _broken(
                "recognised-value", f"asset {row.asset_id}", "the history does not follow on"
            )
        if row.after_fen is not None and (
            row.current_fen is None or row.after_fen > row.current_fen
        ):
            yield _broken(
                "recognised-value",
                f"asset {row.asset_id}",
                f"{row.after_fen} above {row.current_fen}",
            )
        last[(row.bank_id, row.asset_id)] = row
    for value in session.execute(sa.select(RecognisedValue)).scalars():
        expected = last.get((value.bank_id, value.asset_id))
        if expected is None or expected.after_fen != value.recognised_fen:
            detail = f"{value.recognised_fen} stored, {expected.after_fen if expected else None} recognised last"
            yield _broken("recognised-value", f"asset {value.asset_id}", detail)


def _covers(session: Session) -> Iterator[Violation]:
    """A cover that saw the present version of its loan equals its recomputation."""
    statement = (
        sa.select(LoanCover)
        .join(LoanStateRow, col(LoanStateRow.loan_id) == col(LoanCover.loan_id))
        .where(col(LoanCover.seen_version) == col(LoanStateRow.version))
        .order_by(col(LoanCover.loan_id))
    )
    rows = {row.loan_id: row for row in session.execute(statement).scalars()}
    ids = list(rows)
    for start in range(0, len(ids), CHUNK):
        for pool in pools_of_loans(session, ids[start : start + CHUNK]):
            cover, row = pool.cover(), rows[pool.loan_id]
            expected = {
                "principal_fen": pool.debt.principal_fen,
                "exposure_fen": pool.debt.exposure_fen,
                "guaranteed_fen": cover.guaranteed_fen,
                "recognised_fen": cover.recognised_fen,
                "lendable_fen": cover.lendable_fen,
                "ltv_ppm": cover.ltv_ppm,
                "risk_ltv_ppm": cover.risk_ltv_ppm,
                "level": cover.level,
            }
            for name, value in expected.items():
                if getattr(row, name) != value:
                    detail = f"{name} {getattr(row, name)} stored, {value} recomputed"
                    yield _broken("loan-cover", f"loan {pool.loan_id}", detail)


def _calls(session: Session) -> Iterator[Violation]:
    """The amounts of a case follow from its own facts; its state fits its days."""
    statement = sa.select(MarginCall, Loan).join(Loan, col(Loan.id) == col(MarginCall.loan_id))
    for call, loan in session.execute(statement).all():
        subject = f"margin call {call.number}"
        cure = cure_of(Debt(principal_fen=call.exposure_fen), call.recognised_fen, lines_of(loan))
        if (cure.repay_fen, cure.add_recognised_fen) != (call.repay_fen, call.add_recognised_fen):
            yield _broken(
                "margin-call-amounts",
                subject,
                f"repay {cure.repay_fen}, add {cure.add_recognised_fen}",
            )
        issued = call.state in {CallState.ISSUED, CallState.SERVED}
        if issued and (
            call.issued_on is None or call.issuer_id is None or call.issuer_id == call.reviewer_id
        ):
            yield _broken("margin-call-state", subject, "issued without an issuer of its own")
        if (call.closed_on is None) != (call.state in OPEN_CALL_STATES):
            yield _broken(
                "margin-call-state", subject, f"state {call.state} and its closing day disagree"
            )


def _guarantees(session: Session) -> Iterator[Violation]:
    """A guarantee's share is its amount over the contract."""
    statement = sa.select(Guarantee, Loan).join(Loan, col(Loan.id) == col(Guarantee.loan_id))
    for row, loan in session.execute(statement).all():
        if row.share_ppm != ratio_ppm(row.covered_fen, loan.contract_fen):
            yield _broken(
                "guarantee", f"loan {loan.number}", f"share {row.share_ppm} of {row.covered_fen}"
            )


def _broken(invariant: str, subject: str, detail: str) -> Violation:
    return Violation(invariant=invariant, subject=subject, detail=detail)
