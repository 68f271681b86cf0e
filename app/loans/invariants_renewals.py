"""What `verify` asks of renewals: principal passed from loan to loan on one day, to the fen, without cash."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.db.invariants import Violation
from app.loans.domain.journal import Account
from app.loans.domain.states import LoanState
from app.loans.models import Loan, LoanPosting

_Passed = dict[UUID, list[tuple[date, int]]]


def renewal_violations(session: Session) -> Iterator[Violation]:
    """Each loan whose postings through the account of renewals are not those of its renewal."""
    passed = _passed(session)
    by_id = {
        loan.id: loan
        for loan in session.execute(
            sa.select(Loan).where(
                sa.or_(col(Loan.renews_id).is_not(None), col(Loan.id).in_(passed))
            )
        ).scalars()
    }
    settled: set[UUID] = set()
    for loan in sorted(by_id.values(), key=lambda each: each.number):
        if loan.renews_id is not None:
            settled.add(loan.renews_id)
            old = by_id.get(loan.renews_id) or session.get(Loan, loan.renews_id)
            for detail in _renewal(loan, old, passed):
                yield _broken(loan, detail)
    for loan_id in passed.keys() - settled:
        loan = by_id[loan_id]
        if loan.renews_id is None:
            yield _broken(loan, "moved principal to no loan that renews it")


def _renewal(new: Loan, old: Loan | None, passed: _Passed) -> Iterator[str]:
    if old is None or old.bank_id != new.bank_id or old.borrower_id != new.borrower_id:
        yield "renews no loan of the same debtor at the same bank"
        return
    if old.state not in (LoanState.SETTLED, LoanState.RELEASED):
        yield f"renews {old.number}, which is {old.state}"
    into = [each for each in passed.get(new.id, []) if each[1] < 0]
    out = [each for each in passed.get(old.id, []) if each[1] > 0]
    if into != [(new.starts_on, -new.contract_fen)]:
        yield "its drawdown is not what it renews"
    if [(day, -fen) for day, fen in out] != into:
        yield f"what paid {old.number} off is not what it drew"


def _passed(session: Session) -> _Passed:
    """What each loan moved through the account: debits above zero."""
    found: _Passed = defaultdict(list)
    account = Account.RENEWAL
    statement = sa.select(LoanPosting).where(
        sa.or_(col(LoanPosting.debit) == account, col(LoanPosting.credit) == account)
    )
    for row in session.execute(statement.order_by(col(LoanPosting.id))).scalars():
        sign = 1 if row.debit is account else -1
        found[row.loan_id].append((row.booked_on, sign * row.amount_fen))
    return found


def _broken(loan: Loan, detail: str) -> Violation:
    return Violation(invariant="renewal-books", subject=f"loan {loan.number}", detail=detail)
