"""What callers send and receive about loans."""

from collections.abc import Mapping
from typing import Any, Final

import marshmallow as ma

from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.rates import PPM
from app.kernel.schedule_dates import Every, MonthEnd
from app.kernel.text import N_
from app.loans.domain import classification
from app.loans.domain.classification import LoanClass
from app.loans.domain.early import KEEP_TITLES, Keep
from app.loans.domain.journal import Account
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.states import (
    STATE_TITLES,
    AccrualKind,
    EntryKind,
    InterestStyle,
    Kept,
    LoanState,
    LtvBasis,
    Security,
)
from app.loans.domain.terms import MAX_PERIODS, DayRoll, Method, OddDays, Terms
from app.loans.queries import MAX_JOURNAL_ROWS, SORTS, LoanFilter
from app.loans.rates.schemas import MAX_BP, MAX_LAG_DAYS
from app.loans.schedules import InstalmentState
from app.loans.services import Repay
from app.web.fields import (
    Choice,
    Day,
    Entries,
    Flag,
    Ident,
    Instant,
    OneOf,
    Rate,
    Structure,
    Text,
    Whole,
    Yuan,
    orders_of,
)
from app.web.problems import fill
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema

CLASS_TITLES: Final = classification.CLASS_TITLES

METHOD_TITLES: Final = {
    Method.EQUAL_INSTALMENT: N_("Equal instalments"),
    Method.EQUAL_PRINCIPAL: N_("Equal principal"),
    Method.BULLET: N_("Interest each period, principal at the end"),
    Method.BULLET_ALL: N_("All at the end"),
    Method.PLAN: N_("By a plan"),
}

DAY_COUNT_TITLES: Final = {
    DayCount.THIRTY_360: N_("30-day months over 360"),
    DayCount.THIRTY_E_360: N_("30-day months over 360 (European)"),
    DayCount.ACT_360: N_("Actual days over 360"),
    DayCount.ACT_365: N_("Actual days over 365"),
    DayCount.ACT_ACT: N_("Actual days over those of the year"),
}

YEAR_BASES: Final = {
    DayCount.THIRTY_360: "360",
    DayCount.THIRTY_E_360: "360",
    DayCount.ACT_360: "360",
    DayCount.ACT_365: "365",
    DayCount.ACT_ACT: N_("days of the year"),
}
"""What the days of a formula are divided by, in words."""

GROWTH_TITLES: Final = {
    AccrualKind.INTEREST: N_("Interest of the running period"),
    AccrualKind.PENALTY: N_("Penalty interest"),
    AccrualKind.COMPOUND: N_("Compound interest"),
}

KEPT_TITLES: Final = {
    Kept.SERVICED: N_("Kept here"),
    Kept.MIRRORED: N_("Kept by the bank"),
}

ACCOUNT_TITLES: Final = {
    Account.CASH: N_("Cash"),
    Account.PRINCIPAL: N_("Principal"),
    Account.INTEREST_RECEIVABLE: N_("Interest receivable"),
    Account.INTEREST_INCOME: N_("Interest income"),
    Account.PENALTY_RECEIVABLE: N_("Penalty receivable"),
    Account.PENALTY_INCOME: N_("Penalty income"),
    Account.COMPOUND_RECEIVABLE: N_("Compound interest receivable"),
    Account.COMPOUND_INCOME: N_("Compound interest income"),
    Account.FEE_RECEIVABLE: N_("Fees receivable"),
    Account.FEE_INCOME: N_("Fee income"),
    Account.SUSPENSE: N_("Suspense"),
    Account.WRITE_OFF: N_("Allowance used"),
    Account.RENEWAL: N_("Renewals under way"),
    Account.RECOVERY_INCOME: N_("Recoveries"),
    Account.MEMO_INTEREST: N_("Memorandum: interest"),
    Account.MEMO_WRITTEN_OFF: N_("Memorandum: written off"),
    Account.MEMO_CONTRA: N_("Memorandum: contra"),
    Account.MEMO_PLEDGED: N_("Memorandum: pledged and mortgaged"),
}

ENTRY_TITLES: Final = {
    EntryKind.DRAWDOWN: N_("Drawdown"),
    EntryKind.ACCRUAL: N_("Interest grown"),
    EntryKind.REPAYMENT: N_("Repayment"),
    EntryKind.REVERSAL: N_("Reversal"),
    EntryKind.NON_ACCRUAL: N_("Change of income"),
    EntryKind.WRITE_OFF: N_("Write-off"),
    EntryKind.RECOVERY: N_("Recovery"),
    EntryKind.FEE: N_("Fee"),
    EntryKind.REFUND: N_("Refund of suspense"),
    EntryKind.PLEDGE: N_("Security registered or ended"),
}

EVERY_TITLES: Final = {
    "1m": N_("Each month"),
    "3m": N_("Each quarter"),
    "6m": N_("Each half-year"),
    "12m": N_("Each year"),
    "7d": N_("Every 7 days"),
    "14d": N_("Every 14 days"),
}
"""What a form offers; programs may write any step of months or days."""

MONTH_END_TITLES: Final = {
    MonthEnd.CLAMP: N_("To the last day of the month"),
    MonthEnd.ROLL: N_("To the first day of the next month"),
}

ODD_DAYS_TITLES: Final = {
    OddDays.JOINED: N_("Stay in the first period"),
    OddDays.OWN_ROW: N_("Their interest falls due alone, before it"),
    OddDays.SPREAD: N_("Their interest is spread over all instalments"),
}

ROLL_TITLES: Final = {
    DayRoll.NONE: N_("Stays where it is"),
    DayRoll.NEXT: N_("To the next open day"),
    DayRoll.NEXT_IN_MONTH: N_("To the next open day of the same month, else the last before"),
    DayRoll.BEFORE: N_("To the last open day before"),
}


_UNREPORTED: Final = (
    "contract_yuan", "rate", "penalty", "method", "every", "day_count", "interest_style", "overdue_days",
    "overdue_yuan", "accrued_yuan", "fees_yuan", "exposure_yuan", "suspense_yuan",
)  # fmt: skip
"""What is not known of a loan that the bank keeps, by the names on the wire."""


class NextPaymentSchema(ViewSchema):
    """The next day on which something falls due, with principal and interest of it when all before is paid in time."""

    due_on = Day()
    amount_fen = Yuan()


class LoanSchema(ThingSchema):
    """A loan with its terms and its figures at the opening of the business day.

    Of a loan kept by the bank (`kept` is `mirrored`) only balances are known: what the bank did not report is null.
    """

    bank_id = Ident()
    bank_name = ma.fields.Nested(BilingualSchema)
    borrower_id = Ident(allow_none=True)
    borrower_name = ma.fields.Nested(BilingualSchema)
    application_id = Ident(allow_none=True)
    renews_id = Ident(allow_none=True)
    product = Text(max_length=60)
    title = Text(max_length=120)
    title_en = Text(max_length=120)
    contract_fen = Yuan(allow_none=True)
    principal_fen = Yuan()
    accrued_fen = Yuan(allow_none=True)
    fees_fen = Yuan(allow_none=True)
    exposure_fen = Yuan(allow_none=True)
    overdue_days = Whole(low=0, high=40_000, allow_none=True)
    overdue_fen = Yuan(allow_none=True)
    suspense_fen = Yuan(allow_none=True)
    loan_class = Choice(LoanClass, data_key="class", allow_none=True)
    rate_ppm = Rate(allow_none=True)
    penalty_ppm = Rate(allow_none=True)
    method = Choice(Method, allow_none=True)
    every = Text(max_length=6, allow_none=True)
    day_count = Text(max_length=10, allow_none=True)
    interest_style = Choice(InterestStyle, allow_none=True)
    starts_on = Day(allow_none=True)
    matures_on = Day(allow_none=True)
    first_due_on = Day(allow_none=True)
    region_code = Text(max_length=6)
    green = Flag()
    catalogue_edition = Text(max_length=20)
    catalogue_code = Text(max_length=20)
    security = Choice(Security, allow_none=True)
    warning_ppm = Rate(allow_none=True)
    top_up_ppm = Rate(allow_none=True)
    disposal_ppm = Rate(allow_none=True)
    cure_ppm = Rate(allow_none=True)
    cure_days = Whole(low=0, high=366, allow_none=True)
    ltv_basis = Choice(LtvBasis)
    lpr_tenor = Choice(LprTenor, allow_none=True)
    lpr_bp = Whole(low=-MAX_BP, high=MAX_BP, allow_none=True)
    reset_rule = Choice(ResetRule, allow_none=True)
    lpr_lag_days = Whole(low=0, high=MAX_LAG_DAYS, allow_none=True)
    misuse_ppm = Rate(allow_none=True)
    grace_principal = Whole(low=0, high=MAX_PERIODS)
    month_end = Choice(MonthEnd)
    odd_days = Choice(OddDays)
    roll = Choice(DayRoll)
    kept = Choice(Kept)
    published = Flag()
    synthetic = Flag()
    closed_on = Day(allow_none=True)
    next_payment = ma.fields.Nested(NextPaymentSchema, allow_none=True)

    @ma.post_dump
    def leave_unreported_open(self, data: dict[str, Any], **_kwargs: object) -> dict[str, Any]:
        """What a bank does not report of its own loans is unknown, not zero."""
        unknown = _UNREPORTED if data.get("kept") == Kept.MIRRORED else ()
        return data | {name: None for name in unknown if name in data}


class ClaimSchema(ViewSchema):
    """What is still owed of a loan that was written off, as recoveries settle it: fees, principal, interest."""

    on = Day()
    fees_fen = Yuan()
    principal_fen = Yuan()
    interest_fen = Yuan()
    claim_fen = Yuan()


class LoanWithClaimSchema(LoanSchema):
    """A loan; of one that was written off `claim` is the whole claim left, which the other figures leave out."""

    claim = ma.fields.Nested(ClaimSchema, allow_none=True)


class LoanQuery(ListQuery):
    """Filters of the list of loans."""

    q = Text(max_length=60)
    number = Text(max_length=40)
    state = Choice(LoanState, titles=STATE_TITLES)
    loan_class = Choice(LoanClass, titles=CLASS_TITLES, data_key="class")
    product = Text(max_length=60)
    county = Text(max_length=6, pattern=r"[0-9]{2,6}")
    kept = Choice(Kept, titles=KEPT_TITLES)
    sort = OneOf(max_length=30, known=orders_of(SORTS))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> tuple[LoanFilter, str]:
        """The filter and the sort; which page is read elsewhere."""
        given = {**data, "region_code": data.pop("county", "")}
        names = LoanFilter.__dataclass_fields__
        wanted = LoanFilter(**{name: given[name] for name in names if name in given})
        return wanted, str(data.get("sort", ""))


class InterestPartSchema(ViewSchema):
    """Days of a period with one balance and one rate: interest = balance * rate * share of a year.

    `interest_yuan` is theirs alone before the sum is rounded. Where `of_days` is set, the days are a
    part of whole months under 30/360: days / of_days * month_days.
    """

    from_on = Day()
    until_on = Day()
    days = Whole(low=0, high=40_000)
    base_fen = Yuan()
    rate_ppm = Rate()
    of_days = Whole(low=0, high=40_000)
    month_days = Whole(low=0, high=40_000)
    interest_yuan = Text(max_length=40)


class ExplainedSchema(ViewSchema):
    """How an interest was worked out: the rounded sum of its parts, less what was paid before it was due.

    `odd_fen` is its part of the interest of odd days that is spread over the instalments.
    """

    parts = ma.fields.List(ma.fields.Nested(InterestPartSchema))
    ahead_fen = Yuan()
    odd_fen = Yuan()


class LoanInstalmentSchema(ViewSchema):
    """What falls due of a note on a day."""

    note_number = Text(max_length=40)
    number = Whole(low=0, high=MAX_PERIODS)
    due_on = Day()
    days = Whole(low=0, high=40_000)
    payment_fen = Yuan()
    principal_fen = Yuan()
    interest_fen = Yuan()
    paid_principal_fen = Yuan()
    paid_interest_fen = Yuan()
    left_fen = Yuan()
    balance_fen = Yuan()
    state = Choice(InstalmentState)
    explained = ma.fields.Nested(ExplainedSchema)


class GrowthSchema(ViewSchema):
    """What runs through the last closed day: the rounded sum of the parts, the worth of that day, when it was posted.

    `before_fen` was posted on earlier days, `day_fen` by the close of the day, `corrected_fen` since to correct
    earlier days; `pending_fen` is left for the next close: together they are the sum.

    Interest is that of the running period, penalty and compound interest those since the drawdown.
    """

    kind = Choice(AccrualKind)
    through_on = Day()
    parts = ma.fields.List(ma.fields.Nested(InterestPartSchema))
    grown_fen = Yuan()
    worth_fen = Yuan()
    before_fen = Yuan()
    day_fen = Yuan()
    corrected_fen = Yuan()
    pending_fen = Yuan()


class RunningNoteSchema(ViewSchema):
    """What runs on a note, by kind; `ahead_fen` and `odd_fen` as with the instalments."""

    note_number = Text(max_length=40)
    ahead_fen = Yuan()
    odd_fen = Yuan()
    growths = ma.fields.List(ma.fields.Nested(GrowthSchema))


class LoanScheduleSchema(ViewSchema):
    """The instalments of a loan, and how the interest that runs on its notes was worked out."""

    drawn = Flag()
    instalments = ma.fields.List(ma.fields.Nested(LoanInstalmentSchema))
    running = ma.fields.List(ma.fields.Nested(RunningNoteSchema))
    total_principal_fen = Yuan()
    total_interest_fen = Yuan()
    total_payment_fen = Yuan()


class SchedulePreviewSchema(CommandSchema):
    """The terms of a schedule that is only looked at."""

    principal_fen = Yuan(required=True, low_fen=1, title=N_("Principal"))
    rate_ppm = Rate(required=True, high_ppm=PPM, title=N_("Yearly rate"))
    start_on = Day(required=True, title=N_("Day of the drawdown"))
    periods = Whole(required=True, low=1, high=MAX_PERIODS, title=N_("Number of instalments"))
    every = Text(
        required=True,
        max_length=5,
        pattern=r"[1-9][0-9]{0,3}[md]",
        pattern_help=N_("Write months or days, such as 1m, 3m or 14d."),
        title=N_("Falls due"),
        example="3m",
    )
    method = Choice(Method, required=True, titles=METHOD_TITLES, title=N_("Repayment method"))
    day_count = Choice(DayCount, required=True, titles=DAY_COUNT_TITLES, title=N_("Day count"))
    first_due_on = Day(title=N_("First due day"), help=N_("Empty: one period after the drawdown."))
    grace_principal = Whole(
        low=0, high=MAX_PERIODS, title=N_("Periods with interest alone"), load_default=0
    )
    month_end = Choice(
        MonthEnd,
        titles=MONTH_END_TITLES,
        title=N_("A day that its month does not have goes"),
        load_default=MonthEnd.CLAMP,
    )
    odd_days = Choice(
        OddDays,
        titles=ODD_DAYS_TITLES,
        title=N_("Days before the first whole period"),
        help=N_("Where the first due day lies later than one period after the drawdown."),
        load_default=OddDays.JOINED,
    )
    roll = Choice(
        DayRoll,
        titles=ROLL_TITLES,
        title=N_("A due day on which banks are closed goes"),
        help=N_("By the calendar of public holidays; interest runs up to the day it goes to."),
        load_default=DayRoll.NONE,
    )
    plan_fen = ma.fields.List(Yuan(), validate=Entries(max=MAX_PERIODS), data_key="plan_yuan")

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> Terms:
        """The terms; a step out of its limits is a wrong field."""
        try:
            every = Every.parse(data["every"])
        except ValueError:
            raise InvalidInput.at(
                "/every", N_("Write months or days, such as 1m, 3m or 14d.")
            ) from None
        return Terms(**{**data, "every": every, "plan_fen": tuple(data.get("plan_fen", ()))})


class PreviewInstalmentSchema(ViewSchema):
    """A row of a schedule that is only looked at."""

    number = Whole(low=1, high=MAX_PERIODS)
    due_on = Day()
    days = Whole(low=0, high=40_000)
    payment_fen = Yuan()
    principal_fen = Yuan()
    interest_fen = Yuan()
    balance_fen = Yuan()
    base_fen = Yuan()
    odd_interest_fen = Yuan()


class PreviewSchema(ViewSchema):
    """A schedule that is only looked at."""

    instalments = ma.fields.List(ma.fields.Nested(PreviewInstalmentSchema))
    total_interest_fen = Yuan()
    total_payment_fen = Yuan()


class JournalQuery(CommandSchema):
    """Where to read on in a journal."""

    cursor = Text(max_length=60)
    size = Whole(low=1, high=MAX_JOURNAL_ROWS)
    kind = Choice(EntryKind, titles=ENTRY_TITLES)


class PostingSchema(ViewSchema):
    """One line of a journal: a debit and a credit of the same amount."""

    id = Ident()
    entry_id = Ident()
    seq = Whole(low=1, high=1000)
    booked_on = Day()
    value_on = Day()
    kind = Choice(EntryKind)
    debit = Choice(Account)
    credit = Choice(Account)
    amount_fen = Yuan()
    note_number = Text(max_length=40)
    text = Text(max_length=200)
    reverses_id = Ident(allow_none=True)


class JournalSchema(ViewSchema):
    """Lines of a journal, newest first."""

    items = ma.fields.List(ma.fields.Nested(PostingSchema))
    next_cursor = Text(max_length=60, allow_none=True)


class RepaySchema(CommandSchema):
    """Money received for a loan."""

    command = Repay

    amount_fen = Yuan(
        required=True,
        low_fen=1,
        title=N_("Amount received"),
        help=N_(
            "It settles what has fallen due in the order of claims of the product; see below for the rest."
        ),
    )
    value_on = Day(
        title=N_("Value day"),
        help=N_("Empty: the business day. Not before the first day of the open month."),
    )
    prepay = Flag(
        title=N_("Use the rest to repay principal early"),
        help=N_("Otherwise what no debt needs waits in suspense."),
    )
    keep = Choice(
        Keep,
        titles=KEEP_TITLES,
        title=N_("What stays of the plan"),
        help=N_("For principal repaid early. Empty: as the repayment method says."),
    )
    from_suspense = Flag(title=N_("Use money that waits in suspense"))
    payer = Text(max_length=160, title=N_("Payer"))

    @ma.validates_schema
    def keep_needs_prepay(self, data: dict[str, Any], **_kwargs: object) -> None:
        """What stays of the plan is only asked where principal is repaid early."""
        if data.get("keep") is not None and not data.get("prepay"):
            words = N_("This only counts where the rest repays principal early (prepay).")
            raise ma.ValidationError({"keep": [words]})


class RepaymentSchema(ViewSchema):
    """A repayment by what it settled."""

    id = Ident()
    number = Text(max_length=40)
    loan_id = Ident()
    entry_id = Ident()
    amount_fen = Yuan()
    principal_fen = Yuan()
    interest_fen = Yuan()
    penalty_fen = Yuan()
    compound_fen = Yuan()
    fee_fen = Yuan()
    suspense_fen = Yuan()
    used_suspense = Flag(data_key="from_suspense")
    booked_on = Day()
    value_on = Day()
    payer = Text(max_length=160)
    reverses_id = Ident(allow_none=True)
    reason = Text(max_length=300)
    created_at = Instant()


class RepaymentListSchema(ViewSchema):
    """The repayments of a loan."""

    items = ma.fields.List(ma.fields.Nested(RepaymentSchema))


class ReverseSchema(CommandSchema):
    """Why a repayment is taken back."""

    reason = Text(required=True, max_length=300, lines=True, title=N_("Reason"))


class ClassReasonSchema(ViewSchema):
    """Why a loan is in a class at best, in the reader's language; the facts are those of the words."""

    code = Text(max_length=80)
    floor = Choice(LoanClass)
    detail = Text(max_length=500)
    facts = Structure()

    @ma.pre_dump
    def in_words(self, reason: Mapping[str, Any], **_: Any) -> dict[str, Any]:
        """The words with their facts, as pages show them."""
        return {**reason, "detail": fill(reason["detail"], reason["facts"])}


class ClassificationSchema(ViewSchema):
    """A class that a loan took, and why."""

    on = Day()
    loan_class = Choice(LoanClass, data_key="class")
    own_class = Choice(LoanClass)
    overdue_days = Whole(low=0, high=40_000, allow_none=True)
    reasons = ma.fields.List(ma.fields.Nested(ClassReasonSchema))


class ClassificationListSchema(ViewSchema):
    """The classes that a loan took, newest first."""

    items = ma.fields.List(ma.fields.Nested(ClassificationSchema))
