"""What callers send and receive about splits, quotes, and files of repayments."""

from typing import Any

import marshmallow as ma

from app.kernel.csv_rows import MAX_TYPED_CHARACTERS
from app.kernel.text import N_
from app.loans.domain.early import KEEP_TITLES, QUOTE_TITLES, Keep, QuoteKind, QuoteState
from app.loans.domain.importing import BATCH_TITLES, ROW_TITLES, BatchState, RowState
from app.loans.domain.waterfall import CLAIM_TITLES, Claim
from app.loans.repayments.import_files import MAX_BATCH_ROWS, ImportRepayments
from app.loans.repayments.quoting import QuoteEarly
from app.loans.schemas import LoanInstalmentSchema, RepaymentSchema, RepaySchema
from app.web.fields import Choice, Day, Flag, Ident, Instant, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema


class SplitLineSchema(ViewSchema):
    """What one debt took of a repayment, and why it stands there."""

    seq = Whole(low=1, high=100_000)
    claim = Choice(Claim, titles=CLAIM_TITLES, allow_none=True)
    place = Whole(low=1, high=len(Claim), allow_none=True)
    note_number = Text(max_length=40)
    due_number = Whole(low=1, high=100_000, allow_none=True)
    due_on = Day(allow_none=True)
    owed_fen = Yuan(allow_none=True)
    paid_fen = Yuan(low_fen=-(10**15))
    left_fen = Yuan(allow_none=True)
    why = Text(max_length=300)


class BilledOnceSchema(ViewSchema):
    """What a bill said before and after a repayment of an earlier day."""

    note_number = Text(max_length=40)
    due_on = Day()
    before_fen = Yuan()
    after_fen = Yuan()


class ExplanationSchema(ViewSchema):
    """A repayment line by line."""

    repayment = ma.fields.Nested(RepaymentSchema)
    order = ma.fields.Nested(BilingualSchema, allow_none=True)
    lines = ma.fields.List(ma.fields.Nested(SplitLineSchema))
    reversed_by = ma.fields.Nested(RepaymentSchema, allow_none=True)
    replays = Text(max_length=40)
    replayed = ma.fields.List(Text(max_length=40))
    bills = ma.fields.List(ma.fields.Nested(BilledOnceSchema))
    principal_fen = Yuan()
    accrued_fen = Yuan(low_fen=-(10**15))
    suspense_fen = Yuan()


class RepaymentToBeSchema(RepaymentSchema):
    """A repayment that is only looked at: what is not stored has no number, ids or instant."""

    class Meta(RepaymentSchema.Meta):
        exclude = ("id", "number", "entry_id", "reverses_id", "reason", "created_at")


class RepaymentPreviewSchema(ExplanationSchema):
    """How money would be split; `replayed` are those that would be booked again."""

    repayment = ma.fields.Nested(RepaymentToBeSchema)


class RepayFormSchema(RepaySchema):
    """The form of a repayment: also whether it is only looked at."""

    look = Flag(
        title=N_("Only show how it would be split"),
        help=N_("Ticked, nothing is booked; the split is shown line by line."),
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **kwargs: object) -> Any:
        """The command, and whether it is only looked at."""
        look = data.pop("look", False)
        return super().make(data, **kwargs), look


class QuoteEarlySchema(CommandSchema):
    """Ask what paying early costs."""

    command = QuoteEarly

    kind = Choice(QuoteKind, required=True, titles=QUOTE_TITLES, title=N_("What is paid early"))
    principal_fen = Yuan(
        low_fen=1,
        title=N_("Principal to be paid early"),
        help=N_("What is due and the interest grown to the day come on top."),
    )
    keep = Choice(
        Keep,
        titles=KEEP_TITLES,
        title=N_("What stays of the plan"),
        load_default=Keep.TENOR,
    )
    valid_until = Day(
        title=N_("Counts until"),
        help=N_("Empty: as long as it may, but not over a day on which something falls due."),
    )


class QuotedDaySchema(ViewSchema):
    """What paying early costs on one day."""

    on = Day()
    due_fen = Yuan()
    interest_fen = Yuan()
    principal_fen = Yuan()
    total_fen = Yuan()


class QuoteSchema(ViewSchema):
    """A quote with its days and the instalments before and after it."""

    id = Ident()
    number = Text(max_length=40)
    loan_id = Ident()
    kind = Choice(QuoteKind)
    keep = Choice(Keep)
    principal_fen = Yuan()
    quoted_on = Day()
    valid_until = Day()
    days = ma.fields.List(ma.fields.Nested(QuotedDaySchema))
    before = ma.fields.List(ma.fields.Nested(LoanInstalmentSchema))
    after = ma.fields.List(ma.fields.Nested(LoanInstalmentSchema))
    repayment_number = Text(max_length=40)
    counts = Flag()
    state = Choice(QuoteState)
    suspense_fen = Yuan()
    created_at = Instant()


class QuoteRowSchema(ViewSchema):
    """A quote in a list."""

    id = Ident()
    number = Text(max_length=40)
    kind = Choice(QuoteKind)
    keep = Choice(Keep)
    principal_fen = Yuan()
    quoted_on = Day()
    valid_until = Day()
    state = Choice(QuoteState)


class QuoteListSchema(ViewSchema):
    """The quotes of a loan, the newest first."""

    items = ma.fields.List(ma.fields.Nested(QuoteRowSchema))


class CarryOutQuoteSchema(CommandSchema):
    """Money received for a quote."""

    payer = Text(max_length=160, title=N_("Payer"))


class ImportRepaymentsSchema(UploadSchema):
    """A file of repayments."""

    file = File(
        required=True,
        title=N_("File of repayments"),
        help=N_("The filled-in template, XLSX or CSV in UTF-8, at most 5,000 rows."),
    )
    dry_run = Flag(
        required=True,
        title=N_("Check only"),
        help=N_(
            "Ticked, nothing is stored: the answer says what would be, and each row's problems."
        ),
    )

    def command_for(self, data: dict[str, Any]) -> ImportRepayments:
        """The command of what was sent."""
        sent: SentFile = data["file"]
        return ImportRepayments(
            content=sent.content, file_name=sent.name, dry_run=bool(data["dry_run"])
        )


class RepaymentProblemSchema(ViewSchema):
    """What stands against a row, at a column of it, beside the cell as it was typed."""

    column = Text(max_length=60)
    typed = Text(max_length=MAX_TYPED_CHARACTERS)
    detail = Text(max_length=1000)


class RepaymentBatchRowSchema(ViewSchema):
    """A row of a file of repayments."""

    line = Whole(low=1, high=10**7)
    loan_number = Text(max_length=60)
    amount_fen = Yuan(allow_none=True)
    value_on = Day(allow_none=True)
    prepay = Flag()
    key = Text(max_length=120)
    payer = Text(max_length=160)
    state = Choice(RowState, titles=ROW_TITLES)
    repayment_number = Text(max_length=40)
    problems = ma.fields.List(ma.fields.Nested(RepaymentProblemSchema))


class BatchFailureSchema(ViewSchema):
    """Runs in a row that could not book a batch, the last one, and what to do."""

    runs = Whole(low=1, high=10**7)
    failed_at = Instant()
    problem = Text(max_length=60)
    detail = Text(max_length=1000)


class RepaymentBatchSchema(ViewSchema):
    """A file of repayments and what became of its rows."""

    id = Ident(allow_none=True)
    number = Text(max_length=40)
    file_name = Text(max_length=200)
    state = Choice(BatchState, titles=BATCH_TITLES, allow_none=True)
    total = Whole(low=0, high=MAX_BATCH_ROWS)
    booked = Whole(low=0, high=MAX_BATCH_ROWS)
    known = Whole(low=0, high=MAX_BATCH_ROWS)
    refused = Whole(low=0, high=MAX_BATCH_ROWS)
    amount_fen = Yuan()
    booked_fen = Yuan()
    created_at = Instant(allow_none=True)
    finished_at = Instant(allow_none=True)
    failure = ma.fields.Nested(BatchFailureSchema, allow_none=True)


class ReadRepaymentsSchema(RepaymentBatchSchema):
    """A file that was just read, with all its rows; later they are listed page by page."""

    rows = ma.fields.List(ma.fields.Nested(RepaymentBatchRowSchema))


class RepaymentRowQuery(ListQuery):
    """Which rows of a batch are listed."""

    state = Choice(RowState, titles=ROW_TITLES)


class RepaymentBatchItemSchema(ViewSchema):
    """A batch in a list."""

    id = Ident()
    number = Text(max_length=40)
    file_name = Text(max_length=200)
    state = Choice(BatchState, titles=BATCH_TITLES)
    total = Whole(low=0, high=MAX_BATCH_ROWS)
    booked = Whole(low=0, high=MAX_BATCH_ROWS)
    refused = Whole(low=0, high=MAX_BATCH_ROWS)
    booked_fen = Yuan()
    created_at = Instant()
    finished_at = Instant(allow_none=True)
