"""What callers send and receive about the ledger of a bank."""

from typing import Any, Final

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.journal import Account
from app.loans.domain.ledger import ENTRY_STATE_TITLES, EntryState, ManualKind
from app.loans.domain.states import EntryKind
from app.loans.ledger.entries import (
    BookEntry,
    ProposeFee,
    ProposeRefund,
    ProposeReversal,
    Recover,
    RefuseEntry,
)
from app.loans.ledger.queries import MAX_LEDGER_ROWS, LineFilter
from app.loans.schemas import ACCOUNT_TITLES, ENTRY_TITLES
from app.web.fields import Choice, Day, Flag, Ident, Instant, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema

COLUMN_TITLES: Final = {
    "opening_debit_fen": N_("Opening debit"),
    "opening_credit_fen": N_("Opening credit"),
    "debit_fen": N_("Debits"),
    "credit_fen": N_("Credits"),
    "closing_debit_fen": N_("Closing debit"),
    "closing_credit_fen": N_("Closing credit"),
}
"""The six columns of a trial balance."""


class TrialBalanceQuery(CommandSchema):
    """The days of a trial balance."""

    on = Day(title=N_("Until"), help=N_("Empty: the open business day."))
    from_on = Day(title=N_("From"), help=N_("Empty: that day alone."))


class AccountLineSchema(ViewSchema):
    """An account: opening, debits, credits, closing; balances are debits less credits."""

    account = Choice(Account)
    off_balance = Flag(attribute="account.off_balance")
    opening_fen = Yuan()
    debit_fen = Yuan()
    credit_fen = Yuan()
    closing_fen = Yuan()


class ColumnTotalsSchema(ViewSchema):
    """The totals of the six columns; each pair is equal."""

    opening_debit_fen = Yuan()
    opening_credit_fen = Yuan()
    debit_fen = Yuan()
    credit_fen = Yuan()
    closing_debit_fen = Yuan()
    closing_credit_fen = Yuan()


class TrialBalanceSchema(ViewSchema):
    """The trial balance of a bank."""

    bank_id = Ident()
    from_on = Day()
    on = Day()
    open_on = Day(allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(AccountLineSchema))
    totals = ma.fields.Nested(ColumnTotalsSchema)


class LedgerLineQuery(CommandSchema):
    """What the lines of a ledger are narrowed to, and where to read on."""

    account = Choice(Account, titles=ACCOUNT_TITLES, title=N_("Account"))
    kind = Choice(EntryKind, titles=ENTRY_TITLES, title=N_("Kind"))
    from_on = Day(title=N_("From"))
    on = Day(title=N_("Until"))
    cursor = Text(max_length=60)
    size = Whole(low=1, high=MAX_LEDGER_ROWS)

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> tuple[LineFilter, dict[str, Any]]:
        """The filter, and where to read on."""
        names = LineFilter.__dataclass_fields__
        wanted = LineFilter(**{name: data[name] for name in names if name in data})
        return wanted, {name: data[name] for name in ("cursor", "size") if name in data}


class LedgerLineSchema(ViewSchema):
    """One line of the journal of a bank."""

    id = Ident()
    entry_id = Ident()
    loan_id = Ident()
    loan_number = Text(max_length=40)
    booked_on = Day()
    value_on = Day()
    kind = Choice(EntryKind)
    debit = Choice(Account)
    credit = Choice(Account)
    amount_fen = Yuan()
    text = Text(max_length=200)


class LedgerLinesSchema(ViewSchema):
    """Lines of the journal of a bank, newest first."""

    items = ma.fields.List(ma.fields.Nested(LedgerLineSchema))
    next_cursor = Text(max_length=60, allow_none=True)


class PeriodSchema(ViewSchema):
    """A closed month: nothing is booked into it any more."""

    id = Ident()
    starts_on = Day()
    ends_on = Day()
    postings = Whole(low=0, high=2**31)
    amount_fen = Yuan()
    sha256 = Text(max_length=64)
    closed_at = Instant()


class ManualEntryQuery(ListQuery):
    """Filters of the list of entries by hand."""

    state = Choice(EntryState, titles=ENTRY_STATE_TITLES)


class ManualEntrySchema(ThingSchema):
    """An entry by hand: who proposed it, who booked or refused it."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    kind = Choice(ManualKind)
    amount_fen = Yuan()
    fee_fen = Yuan()
    principal_fen = Yuan()
    interest_fen = Yuan()
    suspense_fen = Yuan()
    party = Text(max_length=160)
    reason = Text(max_length=300)
    reverses_number = Text(max_length=20)
    reversed_by = Text(max_length=20)
    entry_id = Ident(allow_none=True)
    booked_on = Day(allow_none=True)
    maker = ma.fields.Nested(BilingualSchema)
    checker = ma.fields.Nested(BilingualSchema, allow_none=True)
    note = Text(max_length=300)
    decided_at = Instant(allow_none=True)


class ProposeFeeSchema(CommandSchema):
    """A fee that the customer shall owe."""

    command = ProposeFee

    amount_fen = Yuan(required=True, low_fen=1, title=N_("Amount"))
    reason = Text(
        required=True,
        max_length=300,
        lines=True,
        title=N_("Reason"),
        help=N_("The clause of the contract, or the bill behind it."),
    )


class ProposeRefundSchema(CommandSchema):
    """Money in suspense that shall be paid back."""

    command = ProposeRefund

    amount_fen = Yuan(required=True, low_fen=1, title=N_("Amount"))
    party = Text(required=True, max_length=160, title=N_("Paid to"))
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class ProposeReversalSchema(CommandSchema):
    """An entry of the loan's journal that shall be taken back."""

    command = ProposeReversal

    entry_id = Ident(required=True, title=N_("Entry of the journal"))
    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class ReversalReasonSchema(CommandSchema):
    """Why the entry of the page is taken back."""

    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class RecoverSchema(CommandSchema):
    """Money received for a loan that was written off."""

    command = Recover

    amount_fen = Yuan(
        required=True,
        low_fen=1,
        title=N_("Amount received"),
        help=N_(
            "It settles fees still owed first, then principal and interest of the claim on file."
        ),
    )
    party = Text(max_length=160, title=N_("Payer"))
    reason = Text(
        required=True,
        max_length=300,
        lines=True,
        title=N_("Where it came from"),
        help=N_("Such as enforcement, sale of security, payment by a guarantor."),
    )


class BookEntrySchema(CommandSchema):
    """What the second person adds."""

    command = BookEntry

    note = Text(max_length=300, lines=True, title=N_("Note"))


class RefuseEntrySchema(CommandSchema):
    """Why the second person does not agree."""

    command = RefuseEntry

    note = Text(required=True, max_length=300, lines=True, title=N_("Reason"))
