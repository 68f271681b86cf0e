"""What oversight reads and answers."""

import marshmallow as ma

from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import Kept, LoanState
from app.loans.queries import SORTS
from app.oversight import services
from app.oversight.domain import MIN_PURPOSE, BaseKind, Dimension
from app.web.fields import (
    Choice,
    Day,
    Flag,
    Ident,
    Instant,
    OneOf,
    Rate,
    Text,
    Whole,
    Yuan,
    orders_of,
    refuse,
)
from app.web.schemas import CommandSchema, ListQuery, ViewSchema

MAX_DIMENSIONS = 3
"""A table of more dimensions cannot be read; the file export has all columns."""

SIGNED = -(10**15)
LARGE_PPM = 10**12


class BalanceQuery(CommandSchema):
    """The balances asked for; `group_by` is one to three of the dimensions, with commas."""

    as_of = Day(load_default=None, title=N_("As of"))
    group_by = Text(
        max_length=60,
        load_default=Dimension.CATEGORY.value,
        title=N_("Group by"),
        help="category, region, bank, month: 1 to 3 of them",
    )
    level = Whole(low=1, high=3, load_default=1, title=N_("Catalogue level"))
    base = Choice(BaseKind, load_default=BaseKind.YEAR_ON_YEAR, title=N_("Base of growth"))

    @ma.post_load
    def read_dimensions(self, data: dict[str, object], **_kwargs: object) -> dict[str, object]:
        """The dimensions named, each once."""
        names = [name.strip() for name in str(data["group_by"]).split(",")]
        known = [each.value for each in Dimension]
        wrong = not 1 <= len(names) <= MAX_DIMENSIONS or len(set(names)) != len(names)
        if wrong or any(name not in known for name in names):
            error = refuse(
                N_("Name one to three of these, with commas: %(choices)s."),
                choices=", ".join(known),
            )
            raise ma.ValidationError({"group_by": error.messages})
        return {**data, "group_by": tuple(Dimension(name) for name in names)}


class FiguresSchema(ViewSchema):
    """A balance with its growth on one base; null where the base does not exist.

    Null also where a figure would show a single loan to a caller without the right to single loans.
    """

    balance_fen = Yuan(low_fen=SIGNED)
    opening_fen = Yuan(low_fen=SIGNED, allow_none=True)
    change_fen = Yuan(low_fen=SIGNED, allow_none=True)
    growth = Rate(attribute="growth_ppm", low_ppm=-LARGE_PPM, high_ppm=LARGE_PPM, allow_none=True)
    share = Rate(attribute="share_ppm")
    non_performing_fen = Yuan(allow_none=True)
    loans = Whole(low=0, high=10**9)


class BalanceRowSchema(FiguresSchema):
    """One row; a dimension that is not grouped by is null.

    `merged` marks the one row of all cells of too few loans, for callers without the right to single loans.
    """

    merged = Flag()
    category = Text(max_length=20, allow_none=True)
    category_edition = Text(max_length=20, allow_none=True)
    category_name = Text(max_length=300, allow_none=True)
    region = Text(max_length=6, allow_none=True)
    region_name = Text(max_length=80, allow_none=True)
    bank = Text(max_length=20, allow_none=True)
    bank_name = Text(max_length=160, allow_none=True)
    month = Text(max_length=7, allow_none=True)


class BalancesSchema(ViewSchema):
    """Green loan balances within the caller's sight."""

    as_of = Day(allow_none=True)
    on = Day(allow_none=True)
    live = Flag()
    mirrored_on = Day(allow_none=True)
    base = Choice(BaseKind)
    base_on = Day(allow_none=True)
    unit = Text(max_length=10)
    rows = ma.fields.List(ma.fields.Nested(BalanceRowSchema))
    total = ma.fields.Nested(FiguresSchema, allow_none=True)
    message = Text(max_length=200)


class OpenDrillDownSchema(CommandSchema):
    """The purpose of a look into single loans."""

    command = services.OpenDrillDown

    purpose = Text(
        max_length=500,
        lines=True,
        required=True,
        title=N_("Purpose"),
        help=N_("Say which matter or inspection it serves. It is kept, with every loan looked at."),
        validate=ma.validate.Length(min=MIN_PURPOSE, error=N_("Write at least ten characters.")),
    )


class DrillDownSchema(ViewSchema):
    """An open look."""

    id = Ident()
    purpose = Text(max_length=500)
    scope = Text(max_length=200)
    opened_at = Instant()
    valid_until = Instant()


class DetailQuery(ListQuery):
    """Filters of the list of single loans."""

    q = Text(max_length=60, title=N_("Loan or borrower"))
    loan_class = Choice(LoanClass, title=N_("Class"))
    region_code = Text(max_length=6, title=N_("Region"))
    kept = Choice(Kept, title=N_("Kept"))
    sort = OneOf(max_length=20, known=orders_of(SORTS), load_default="-principal")


class DetailLoanSchema(ViewSchema):
    """A loan as a regulator sees it; null is what is not known or was not published."""

    id = Ident()
    number = Text(max_length=40)
    bank = Text(max_length=160)
    borrower = Text(max_length=160)
    state = Choice(LoanState)
    loan_class = Choice(LoanClass, allow_none=True)
    kept = Choice(Kept)
    published = Flag()
    synthetic = Flag()
    green = Flag()
    catalogue_edition = Text(max_length=20)
    catalogue_code = Text(max_length=20)
    region_code = Text(max_length=6)
    principal_fen = Yuan()
    contract_fen = Yuan(allow_none=True)
    rate_ppm = Rate(allow_none=True)
    starts_on = Day(allow_none=True)
    matures_on = Day(allow_none=True)
    overdue_days = Whole(low=0, high=10**5, allow_none=True)


class DetailPageSchema(ViewSchema):
    """A page of single loans."""

    page = Whole(low=1, high=10**6)
    page_size = Whole(low=1, high=100)
    total = Whole(low=0, high=10**9)
    items = ma.fields.List(ma.fields.Nested(DetailLoanSchema))


class CollateralSummarySchema(ViewSchema):
    """Counts and sums behind a loan."""

    pledges = Whole(low=0, high=10**5)
    registered = Whole(low=0, high=10**5)
    secured_fen = Yuan()
    recognised_fen = Yuan(allow_none=True)
    guaranteed_fen = Yuan()
    ltv_ppm = Rate(allow_none=True)
    risk_ltv_ppm = Rate(allow_none=True)
    level = Text(max_length=20, allow_none=True)
    observed_on = Day(allow_none=True)


class LoanDetailSchema(DetailLoanSchema):
    """One loan with what stands behind it."""

    collateral = ma.fields.Nested(CollateralSummarySchema, allow_none=True)
