"""Where a loan stands after its figures changed, and how its income is kept."""

from collections.abc import Mapping
from typing import Final

from app.loans.domain.journal import (
    INCOMES,
    RECEIVABLES,
    Account,
    Posting,
    reversal_postings,
)
from app.loans.domain.states import LOAN, OPEN_STATES, LoanEvent, LoanState
from app.loans.domain.waterfall import Claim

GROWING_CLAIMS: Final = (Claim.PENALTY, Claim.COMPOUND, Claim.INTEREST)
"""What grows from day to day and moves to the memorandum when a loan is non-performing."""


def standing(state: LoanState, *, owed_fen: int, overdue_days: int) -> LoanState:
    """The state of an open loan that owes so much and is so many days behind."""
    if state not in OPEN_STATES:
        return state
    if not owed_fen:
        return LOAN.next(state, LoanEvent.SETTLE)
    if overdue_days and state is LoanState.PERFORMING:
        return LOAN.next(state, LoanEvent.FALL_BEHIND)
    if not overdue_days and state is LoanState.OVERDUE:
        return LOAN.next(state, LoanEvent.CATCH_UP)
    return state


def switch_postings(owed_fen: Mapping[Claim, int], *, off_balance: bool) -> tuple[Posting, ...]:
    """Unpaid interest leaves income for the memorandum, or comes back from it."""
    out = tuple(
        Posting(debit=INCOMES[claim], credit=RECEIVABLES[claim], amount_fen=amount)
        for claim in GROWING_CLAIMS
        if (amount := owed_fen.get(claim, 0)) > 0
    )
    total = sum(each.amount_fen for each in out)
    if not total:
        return ()
    memo = Posting(debit=Account.MEMO_INTEREST, credit=Account.MEMO_CONTRA, amount_fen=total)
    postings = (*out, memo)
    return postings if off_balance else reversal_postings(postings)
