"""The ledger of a bank: trial balance, entries by hand, closed periods. Sums in fen, no clock."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Final

from app.kernel.permissions import Permission
from app.kernel.schedule_dates import add_months
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_
from app.loans.domain.journal import (
    Account,
    Posting,
    fee_postings,
    recovery_postings,
    refund_postings,
)
from app.loans.domain.states import EntryKind

# --- Trial balance ---


@dataclass(frozen=True, slots=True, kw_only=True)
class PairSum:
    """What moved from one account to another, before the days asked for and in them."""

    debit: Account
    credit: Account
    before_fen: int = 0
    amount_fen: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountLine:
    """An account: what stood there, what moved, what stands there. Debits less credits."""

    account: Account
    opening_fen: int
    debit_fen: int
    credit_fen: int

    @property
    def closing_fen(self) -> int:
        """What stands there in the end."""
        return self.opening_fen + self.debit_fen - self.credit_fen

    @property
    def opening_debit_fen(self) -> int:
        """The opening balance in the debit column."""
        return max(self.opening_fen, 0)

    @property
    def opening_credit_fen(self) -> int:
        """The opening balance in the credit column."""
        return max(-self.opening_fen, 0)

    @property
    def closing_debit_fen(self) -> int:
        """The closing balance in the debit column."""
        return max(self.closing_fen, 0)

    @property
    def closing_credit_fen(self) -> int:
        """The closing balance in the credit column."""
        return max(-self.closing_fen, 0)


COLUMNS: Final = (
    "opening_debit_fen",
    "opening_credit_fen",
    "debit_fen",
    "credit_fen",
    "closing_debit_fen",
    "closing_credit_fen",
)
"""The six columns of a trial balance; each pair has equal totals."""


def account_lines(sums: Iterable[PairSum]) -> tuple[AccountLine, ...]:
    """Every account that anything ever moved through, in the order of the accounts.

    Each sum is a debit of one account and a credit of another, so the columns agree by construction.
    """
    opening, debit, credit = (dict.fromkeys(Account, 0) for _ in range(3))
    seen: set[Account] = set()
    for each in sums:
        seen |= {each.debit, each.credit}
        opening[each.debit] += each.before_fen
        opening[each.credit] -= each.before_fen
        debit[each.debit] += each.amount_fen
        credit[each.credit] += each.amount_fen
    return tuple(
        AccountLine(
            account=account,
            opening_fen=opening[account],
            debit_fen=debit[account],
            credit_fen=credit[account],
        )
        for account in Account
        if account in seen
    )


def column_totals(lines: Sequence[AccountLine]) -> dict[str, int]:
    """The total of each column."""
    return {name: sum(getattr(line, name) for line in lines) for name in COLUMNS}


# --- Periods ---

ONE_DAY: Final = timedelta(days=1)


def month_of(day: date) -> tuple[date, date]:
    """First and last day of the month in which a day lies."""
    first = day.replace(day=1)
    return first, add_months(first, 1, anchor_day=1) - ONE_DAY


class PostingDigest:
    """SHA-256 over lines of the journal in the order of their days and ids."""

    def __init__(self) -> None:
        self._sha256 = hashlib.sha256()
        self.count = 0
        self.amount_fen = 0

    def add(self, *parts: object, amount_fen: int) -> None:
        """Take the next line in."""
        line = "|".join("" if part is None else str(part) for part in (*parts, amount_fen))
        self._sha256.update(line.encode() + b"\n")
        self.count += 1
        self.amount_fen += amount_fen

    def hexdigest(self) -> str:
        """The digest of all lines so far."""
        return self._sha256.hexdigest()


# --- Entries by hand ---


class ManualKind(StrEnum):
    """What a person books on a loan beside drawdown and repayment."""

    FEE = "fee"
    REFUND = "refund"
    RECOVERY = "recovery"
    REVERSAL = "reversal"


class EntryState(StrEnum):
    """Where an entry by hand stands."""

    PROPOSED = "proposed"
    BOOKED = "booked"
    REFUSED = "refused"


class EntryEvent(StrEnum):
    """What the second person does."""

    BOOK = "book"
    REFUSE = "refuse"


MANUAL_TITLES: Final[Mapping[ManualKind, str]] = {
    ManualKind.FEE: N_("Fee"),
    ManualKind.REFUND: N_("Refund of suspense"),
    ManualKind.RECOVERY: N_("Recovery"),
    ManualKind.REVERSAL: N_("Reversal"),
}
ENTRY_STATE_TITLES: Final[Mapping[EntryState, str]] = {
    EntryState.PROPOSED: N_("Waits for the second person"),
    EntryState.BOOKED: N_("Booked"),
    EntryState.REFUSED: N_("Refused"),
}
ENTRY_EVENT_TITLES: Final[Mapping[EntryEvent, str]] = {
    EntryEvent.BOOK: N_("Check and book"),
    EntryEvent.REFUSE: N_("Refuse"),
}

ENTRY: Final = StateMachine(
    "entry",
    {
        (EntryState.PROPOSED, EntryEvent.BOOK): EntryState.BOOKED,
        (EntryState.PROPOSED, EntryEvent.REFUSE): EntryState.REFUSED,
    },
    initial=EntryState.PROPOSED,
    permissions={
        EntryEvent.BOOK: Permission.CHECK_ENTRY,
        EntryEvent.REFUSE: Permission.CHECK_ENTRY,
    },
    state_titles=ENTRY_STATE_TITLES,
    event_titles=ENTRY_EVENT_TITLES,
)

ENTRY_KINDS: Final[Mapping[ManualKind, EntryKind]] = {
    ManualKind.FEE: EntryKind.FEE,
    ManualKind.REFUND: EntryKind.REFUND,
    ManualKind.RECOVERY: EntryKind.RECOVERY,
    ManualKind.REVERSAL: EntryKind.REVERSAL,
}
"""The kind of entry in the journal that each becomes."""

REVERSIBLE: Final = (EntryKind.FEE, EntryKind.REFUND, EntryKind.RECOVERY)
"""What is corrected by a reversal of two persons."""

INSTEAD: Final[Mapping[EntryKind, str]] = {
    EntryKind.ACCRUAL: N_(
        "Interest is posted by the close of the day alone. Correct what it follows from, a repayment or"
        " a rate; the next close posts the difference."
    ),
    EntryKind.REPAYMENT: N_(
        "Take back the repayment on the page of the loan's journal; its debts stand again."
    ),
    EntryKind.REVERSAL: N_("A reversal stays. Book the right entry anew."),
    EntryKind.DRAWDOWN: N_(
        "Money that was paid out is not taken back in the books. Book what comes back as a repayment."
    ),
    EntryKind.NON_ACCRUAL: N_(
        "Income follows the class of the loan. It comes back when the class is upgraded."
    ),
    EntryKind.WRITE_OFF: N_("A write-off stays. Book money that still comes in as a recovery."),
    EntryKind.PLEDGE: N_(
        "The memorandum follows the security. Release the pledge or record its registration."
    ),
}
"""What to do with an entry of another kind."""

OTHERWISE: Final = N_("Correct the fact that it follows from; nothing is edited in the journal.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """What money for a written-off loan settles: fees, then principal, then interest."""

    fee_fen: int = 0
    principal_fen: int
    interest_fen: int
    suspense_fen: int


def split_recovery(
    amount_fen: int, *, principal_fen: int, interest_fen: int, fee_fen: int = 0
) -> Split:
    """Fees that are still owed first, then principal and interest in the memorandum; the rest waits in suspense."""
    fee = min(amount_fen, fee_fen)
    principal = min(amount_fen - fee, principal_fen)
    interest = min(amount_fen - fee - principal, interest_fen)
    return Split(
        fee_fen=fee,
        principal_fen=principal,
        interest_fen=interest,
        suspense_fen=amount_fen - fee - principal - interest,
    )


def manual_postings(kind: ManualKind, amount_fen: int, split: Split) -> tuple[Posting, ...]:
    """The lines of an entry by hand; those of a reversal come from what it reverses."""
    if kind is ManualKind.FEE:
        return fee_postings(amount_fen)
    if kind is ManualKind.REFUND:
        return refund_postings(amount_fen)
    if kind is ManualKind.RECOVERY:
        return recovery_postings(
            fee_fen=split.fee_fen,
            principal_fen=split.principal_fen,
            interest_fen=split.interest_fen,
            suspense_fen=split.suspense_fen,
        )
    raise ValueError("A reversal mirrors the entry that it names.")
