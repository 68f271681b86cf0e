"""Double entry: what each event of a loan posts.

A posting is one debit and one credit of the same amount, so every set of postings balances
by construction. Nothing here rounds or knows a day.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from app.loans.domain.waterfall import Allocation, Claim


class Account(StrEnum):
    """The accounts of one loan, seen from the bank."""

    CASH = "cash"
    PRINCIPAL = "principal"
    INTEREST_RECEIVABLE = "interest-receivable"
    INTEREST_INCOME = "interest-income"
    PENALTY_RECEIVABLE = "penalty-receivable"
    PENALTY_INCOME = "penalty-income"
    COMPOUND_RECEIVABLE = "compound-receivable"
    COMPOUND_INCOME = "compound-income"
    FEE_RECEIVABLE = "fee-receivable"
    FEE_INCOME = "fee-income"
    SUSPENSE = "suspense"
    """Money received that no debt needed yet; owed to the payer."""
    WRITE_OFF = "write-off"
    """Allowance used up by principal written off."""
    RECOVERY_INCOME = "recovery-income"
    MEMO_INTEREST = "memo-interest"
    """Interest of a non-performing loan: counted off the balance sheet, no income."""
    MEMO_WRITTEN_OFF = "memo-written-off"
    """Claims written off but kept on file."""
    MEMO_CONTRA = "memo-contra"
    """The other side of every memorandum posting."""
    MEMO_PLEDGED = "memo-pledged"
    """What registered pledges and mortgages secure: kept off the balance sheet."""
    RENEWAL = "renewal-clearing"
    """Principal on its way from a loan to the one that renews it: nothing stays here."""

    @property
    def off_balance(self) -> bool:
        """Whether the account stands in the memorandum."""
        return self.value.startswith("memo-")


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """One line of the journal; the same rules stand as checks in the database."""

    debit: Account
    credit: Account
    amount_fen: int

    def __post_init__(self) -> None:
        if self.amount_fen <= 0 or self.debit is self.credit:
            raise ValueError("A posting moves a positive amount between two accounts.")
        if self.debit.off_balance is not self.credit.off_balance:
            raise ValueError("Memorandum and balance sheet are posted apart.")


RECEIVABLES: Final = {
    Claim.FEE: Account.FEE_RECEIVABLE,
    Claim.PENALTY: Account.PENALTY_RECEIVABLE,
    Claim.COMPOUND: Account.COMPOUND_RECEIVABLE,
    Claim.INTEREST: Account.INTEREST_RECEIVABLE,
    Claim.PRINCIPAL: Account.PRINCIPAL,
}

INCOMES: Final = {
    Claim.FEE: Account.FEE_INCOME,
    Claim.PENALTY: Account.PENALTY_INCOME,
    Claim.COMPOUND: Account.COMPOUND_INCOME,
    Claim.INTEREST: Account.INTEREST_INCOME,
}


def drawdown_postings(amount_fen: int, *, source: Account = Account.CASH) -> tuple[Posting, ...]:
    """Money leaves, principal is owed; what renews another loan pays it off instead."""
    return _moved(Account.PRINCIPAL, source, amount_fen)


def accrual_postings(
    amount_fen: int, *, claim: Claim = Claim.INTEREST, off_balance: bool = False
) -> tuple[Posting, ...]:
    """Income earned but not yet paid; a negative amount takes back what was too much."""
    if off_balance:
        return _moved(Account.MEMO_INTEREST, Account.MEMO_CONTRA, amount_fen)
    return _moved(RECEIVABLES[claim], INCOMES[claim], amount_fen)


def repayment_postings(
    allocation: Allocation,
    *,
    source: Account = Account.CASH,
    off_balance: frozenset[Claim] = frozenset(),
) -> tuple[Posting, ...]:
    """Money comes in and settles the debts of the allocation; the rest waits in suspense.

    With `source=Account.SUSPENSE` money that waited is used; what stays there moves nowhere.
    Claims kept `off_balance` become income only now, and leave the memorandum.
    """
    settled = _joined(
        _settled(claim, allocation.paid_fen(claim), source, off_balance) for claim in Claim
    )
    if source is Account.SUSPENSE:
        return settled
    return (*settled, *_moved(source, Account.SUSPENSE, allocation.suspense_fen))


def _settled(
    claim: Claim, paid_fen: int, source: Account, off_balance: frozenset[Claim]
) -> tuple[Posting, ...]:
    if claim not in off_balance:
        return _moved(source, RECEIVABLES[claim], paid_fen)
    return (
        *_moved(source, INCOMES[claim], paid_fen),
        *_moved(Account.MEMO_CONTRA, Account.MEMO_INTEREST, paid_fen),
    )


def overpaid_postings(amount_fen: int, *, claim: Claim, off_balance: bool) -> tuple[Posting, ...]:
    """What was paid on a claim that turned out smaller waits in suspense, to be paid back."""
    off = frozenset({claim}) if off_balance else frozenset[Claim]()
    return reversal_postings(_settled(claim, amount_fen, Account.SUSPENSE, off))


def write_off_postings(principal_fen: int) -> tuple[Posting, ...]:
    """Principal leaves the balance sheet; the claim is kept in the memorandum."""
    return (
        *_moved(Account.WRITE_OFF, Account.PRINCIPAL, principal_fen),
        *_moved(Account.MEMO_WRITTEN_OFF, Account.MEMO_CONTRA, principal_fen),
    )


def recovery_postings(
    *, principal_fen: int, interest_fen: int, suspense_fen: int = 0, fee_fen: int = 0
) -> tuple[Posting, ...]:
    """Money for a loan written off: income, while the claim leaves the memorandum.

    A fee stayed on the balance sheet and was income when it was booked: it is only settled.
    What is left when nothing more is claimed waits in suspense.
    """
    return (
        *_moved(Account.CASH, Account.FEE_RECEIVABLE, fee_fen),
        *_moved(Account.CASH, Account.RECOVERY_INCOME, principal_fen + interest_fen),
        *_moved(Account.MEMO_CONTRA, Account.MEMO_WRITTEN_OFF, principal_fen),
        *_moved(Account.MEMO_CONTRA, Account.MEMO_INTEREST, interest_fen),
        *_moved(Account.CASH, Account.SUSPENSE, suspense_fen),
    )


def fee_postings(amount_fen: int) -> tuple[Posting, ...]:
    """A fee is owed; the repayment settles it first."""
    return _moved(Account.FEE_RECEIVABLE, Account.FEE_INCOME, amount_fen)


def refund_postings(amount_fen: int) -> tuple[Posting, ...]:
    """Money that waited goes back to who paid it."""
    return _moved(Account.SUSPENSE, Account.CASH, amount_fen)


def pledge_postings(secured_fen: int) -> tuple[Posting, ...]:
    """Security takes force, or ends with a negative amount."""
    return _moved(Account.MEMO_PLEDGED, Account.MEMO_CONTRA, secured_fen)


def reversal_postings(postings: Sequence[Posting]) -> tuple[Posting, ...]:
    """The same amounts the other way round."""
    return tuple(
        Posting(debit=each.credit, credit=each.debit, amount_fen=each.amount_fen)
        for each in postings
    )


def balance_fen(postings: Iterable[Posting], account: Account) -> int:
    """Debits less credits of an account."""
    return sum(
        each.amount_fen * ((each.debit is account) - (each.credit is account)) for each in postings
    )


def _moved(debit: Account, credit: Account, amount_fen: int) -> tuple[Posting, ...]:
    if amount_fen == 0:
        return ()
    if amount_fen < 0:
        debit, credit, amount_fen = credit, debit, -amount_fen
    return (Posting(debit=debit, credit=credit, amount_fen=amount_fen),)


def _joined(groups: Iterable[tuple[Posting, ...]]) -> tuple[Posting, ...]:
    return tuple(posting for group in groups for posting in group)
