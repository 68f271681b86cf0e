"""Rows of accrual as the closes of loans write them, and their digest."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final, TypeAlias
from uuid import UUID

from app.kernel.ids import new_id
from app.loans.domain.journal import accrual_postings, overpaid_postings
from app.loans.domain.states import AccrualKind, EntryKind
from app.loans.domain.waterfall import Claim

ACCRUAL_COLUMNS: Final = (
    "note_id", "on", "kind", "loan_id", "amount_fen", "cumulative_fen", "off_balance",
)  # fmt: skip
POSTING_COLUMNS: Final = (
    "id", "entry_id", "seq", "bank_id", "loan_id", "note_id", "debit", "credit", "amount_fen",
    "booked_on", "value_on", "kind", "text", "reverses_id",
)  # fmt: skip
DIGEST_COLUMNS: Final = ("loan_id", "note_id", "debit", "credit", "amount_fen")
"""What of a posting its digest is made of."""

Posted: TypeAlias = Sequence[str]
"""The id of a posting, and its line of the digest."""

_CLAIMS: Final = {
    AccrualKind.INTEREST: Claim.INTEREST,
    AccrualKind.PENALTY: Claim.PENALTY,
    AccrualKind.COMPOUND: Claim.COMPOUND,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earner:
    """The note that earned, and where it stands."""

    bank_id: UUID
    loan_id: UUID
    note_id: UUID
    off_balance: bool


def accrual_row(
    of: Earner, kind: AccrualKind, on: date, *, amount_fen: int, cumulative_fen: int
) -> tuple[Any, ...]:
    """What a note earned on a day, in the order of `ACCRUAL_COLUMNS`."""
    return (of.note_id, on, kind, of.loan_id, amount_fen, cumulative_fen, of.off_balance)


def posting_row(
    of: Earner, kind: AccrualKind, on: date, *, amount_fen: int, booked_on: date
) -> tuple[Any, ...]:
    """The entry of an accrual, in the order of `POSTING_COLUMNS`."""
    (posting,) = accrual_postings(amount_fen, claim=_CLAIMS[kind], off_balance=of.off_balance)
    return (
        new_id(), new_id(), 1, of.bank_id, of.loan_id, of.note_id, posting.debit, posting.credit,
        posting.amount_fen, booked_on, on, EntryKind.ACCRUAL, "", None,
    )  # fmt: skip


def overpaid_rows(
    of: Earner, claim: Claim, on: date, *, amount_fen: int, booked_on: date
) -> list[tuple[Any, ...]]:
    """The entry that moves what was overpaid to suspense, in the order of `POSTING_COLUMNS`."""
    entry_id = new_id()
    postings = overpaid_postings(amount_fen, claim=claim, off_balance=of.off_balance)
    return [
        (
            new_id(), entry_id, seq, of.bank_id, of.loan_id, of.note_id, posting.debit,
            posting.credit, posting.amount_fen, booked_on, on, EntryKind.REVERSAL, "", None,
        )
        for seq, posting in enumerate(postings, start=1)
    ]  # fmt: skip


def posted_of(posting: Sequence[Any]) -> Posted:
    """From a row in the order of `POSTING_COLUMNS`."""
    row = dict(zip(POSTING_COLUMNS, posting, strict=True))
    return (str(row["id"]), digest_line(row[name] for name in DIGEST_COLUMNS))


def digest_line(values: Iterable[Any]) -> str:
    """The line of a posting, from its values in the order of `DIGEST_COLUMNS`."""
    return "|".join(map(str, values))


def posting_digest(lines: Iterable[str]) -> str:
    """SHA-256 over the lines of postings, in a fixed order."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()
