"""What callers send and receive about applications and drawdowns."""

from typing import Any

import marshmallow as ma

from app.assets.domain import AssetKind
from app.collateral.domain.states import SECURITY_KIND_TITLES, SecurityKind
from app.documents.services import UploadFile
from app.kernel.daycount import DayCount
from app.kernel.text import N_
from app.loans.domain.repricing import LprTenor, ResetRule
from app.loans.domain.states import InterestStyle, LtvBasis
from app.loans.domain.terms import MAX_PERIODS, Method
from app.loans.rates.schemas import MAX_BP
from app.origination.domain.checks import OUTCOME_TITLES, Outcome
from app.origination.domain.products import Use
from app.origination.domain.states import (
    METHOD_TITLES,
    PAYMENT_TITLES,
    ApplicationEvent,
    ApplicationState,
    DrawdownState,
    Payment,
)
from app.origination.services import drafts, drawdowns, pool
from app.origination.services.lists import SORTS, ApplicationFilter
from app.origination.services.products import ProductFilter
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
from app.web.uploads import File, UploadSchema

MAX_RATIO_PPM = 10**15
"""A value of one fen against a large loan gives ratios far above one."""

MAX_TERM_MONTHS = 600
"""Fifty years; the product's own limit is nearer."""


class Sentence(Text):
    """A message of the catalogue with the facts of its object, in the reader's language."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return fill(value, getattr(obj, "facts", {}))


class Hint(Sentence):
    """What to do about a check; nothing where it is met or not needed."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        wanted = obj.outcome in (Outcome.UNMET, Outcome.LATER)
        return super()._serialize(value, attr, obj, **kwargs) if wanted else ""


# --- Products ---


class ProductTermsSchema(ViewSchema):
    """Terms of a product. No asset kinds: any may secure it. `ltv_basis` is null where the bank's policy decides."""

    methods = ma.fields.List(Choice(Method, titles=METHOD_TITLES))
    every = Text(max_length=6)
    day_count = Choice(DayCount)
    interest_style = Choice(InterestStyle)
    ltv_basis = Choice(LtvBasis, allow_none=True)
    max_term_months = Whole(low=1, high=MAX_TERM_MONTHS)
    max_rate_ppm = Rate()
    penalty_ppm = Rate()
    misuse_ppm = Rate(allow_none=True)
    green_required = Flag()
    credit = Flag()
    use = Choice(Use)
    asset_kinds = ma.fields.List(Choice(AssetKind))
    needs_kinds = ma.fields.List(Choice(AssetKind))


class LoanProductSchema(ViewSchema):
    """A loan product that a bank offers; `code` is what an application names."""

    bank_id = Ident()
    bank = ma.fields.Nested(BilingualSchema)
    code = Text(max_length=40)
    title = ma.fields.Nested(BilingualSchema)
    terms = ma.fields.Nested(ProductTermsSchema)
    valid_from = Day()
    valid_until = Day(allow_none=True)


class ProductQuery(ListQuery):
    """The bank whose products are asked for."""

    bank = Ident()

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> ProductFilter:
        """The filter; which page is read elsewhere."""
        return ProductFilter(bank=data.get("bank"))


# --- Pool ---


class OfferedAssetSchema(CommandSchema):
    """An asset offered as security."""

    command = pool.OfferedAsset

    asset_id = Ident(required=True, title=N_("Asset"))
    secured_fen = Yuan(
        low_fen=1,
        title=N_("Amount secured"),
        help=N_("Leave empty to secure as much of the loan as the asset is worth."),
    )


class OfferedGuaranteeSchema(CommandSchema):
    """A guarantee of part of the loan."""

    command = pool.OfferedGuarantee

    guarantor_id = Ident(required=True, title=N_("Guarantor"))
    covered_fen = Yuan(required=True, low_fen=1, title=N_("Amount guaranteed"))


class _PoolSchema(CommandSchema):
    assets = ma.fields.List(
        ma.fields.Nested(OfferedAssetSchema), validate=Entries(max=pool.MAX_LINES)
    )
    guarantees = ma.fields.List(
        ma.fields.Nested(OfferedGuaranteeSchema), validate=Entries(max=pool.MAX_LINES)
    )

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> Any:
        """The frozen command, its lists as tuples."""
        frozen = {name: tuple(v) if isinstance(v, list) else v for name, v in data.items()}
        return frozen if self.command is None else self.command(**frozen)


class ComposePoolSchema(_PoolSchema):
    """All assets and guarantees, in place of those before."""

    command = pool.ComposePool


class PreviewPoolSchema(_PoolSchema):
    """A pool to be valued; nothing is stored."""

    command = pool.PreviewPool

    amount_fen = Yuan(low_fen=1, title=N_("Amount asked"))


class PoolValueSchema(ViewSchema):
    """The value chain of one asset.

    free is what may still be lent on it: recognised value x cap less senior liens, null where nothing is
    recognised. unsecured is current value less senior liens and no limit of a loan.
    """

    asset_id = Ident()
    number = Text(max_length=40)
    title = Text(max_length=120)
    kind = Text(max_length=40)
    security = Choice(SecurityKind, titles=SECURITY_KIND_TITLES)
    secured_fen = Yuan()
    appraised_fen = Yuan(allow_none=True)
    valuation_fen = Yuan(allow_none=True)
    current_fen = Yuan(allow_none=True)
    valid_until = Day(allow_none=True)
    recognised_fen = Yuan(allow_none=True)
    cap_ppm = Rate()
    senior_fen = Yuan()
    free_fen = Yuan(allow_none=True)
    unsecured_fen = Yuan()
    lendable_fen = Yuan()
    obstacle = Text(max_length=40, allow_none=True)


class PoolTotalsSchema(ViewSchema):
    """A pool as a whole; ltv is null while an asset has no recognised value."""

    asked_fen = Yuan()
    current_fen = Yuan(allow_none=True)
    recognised_fen = Yuan(allow_none=True)
    lendable_fen = Yuan()
    guaranteed_fen = Yuan()
    limit_fen = Yuan()
    gap_fen = Yuan()
    ltv_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)


class PoolPreviewSchema(ViewSchema):
    """A pool valued on a day, beside the one that is stored."""

    on = Day()
    values = ma.fields.List(ma.fields.Nested(PoolValueSchema))
    totals = ma.fields.Nested(PoolTotalsSchema)
    stored = ma.fields.Nested(PoolTotalsSchema)


# --- Drafts ---


class ChangeDraftSchema(CommandSchema):
    """New values of a draft; what is left out stays."""

    command = drafts.ChangeDraft

    product = OneOf(max_length=40, title=N_("Product"))
    amount_fen = Yuan(low_fen=1, title=N_("Amount asked"))
    term_months = Whole(low=1, high=MAX_TERM_MONTHS, title=N_("Term"), unit=N_("months"))
    purpose = Text(
        max_length=500,
        lines=True,
        title=N_("Purpose"),
        help=N_("What the money is for: supplier, goods, place."),
    )
    repayment_source = Text(max_length=500, lines=True, title=N_("Source of repayment"))
    region_code = OneOf(
        max_length=6,
        title=N_("Place of use"),
        help=N_("The county where the money is used; regulators see the loan there."),
    )
    credit_consent = Flag(
        title=N_("The borrower consents in writing to a query of the credit bureau")
    )


class OpenDraftSchema(_PoolSchema):
    """What a borrower asks for. An officer names the borrower, a borrower the bank."""

    command = drafts.OpenDraft

    bank_id = Ident(title=N_("Bank"))
    borrower_id = Ident(title=N_("Borrower"))
    product = OneOf(max_length=40, required=True, title=N_("Product"))
    amount_fen = Yuan(required=True, low_fen=1, title=N_("Amount asked"))
    term_months = Whole(
        low=1, high=MAX_TERM_MONTHS, required=True, title=N_("Term"), unit=N_("months")
    )
    purpose = Text(
        max_length=500,
        lines=True,
        required=True,
        title=N_("Purpose"),
        help=N_("What the money is for: supplier, goods, place."),
    )
    repayment_source = Text(max_length=500, lines=True, title=N_("Source of repayment"))
    region_code = OneOf(
        max_length=6,
        required=True,
        title=N_("Place of use"),
        help=N_("The county where the money is used; regulators see the loan there."),
    )
    credit_consent = Flag(
        title=N_("The borrower consents in writing to a query of the credit bureau")
    )


class BorrowerDraftSchema(OpenDraftSchema):
    """The form of a borrower, who names the bank."""

    class Meta:
        """The borrower is the own firm."""

        exclude = ("borrower_id",)

    bank_id = Ident(required=True, title=N_("Bank"))


class OfficerDraftSchema(OpenDraftSchema):
    """The form of a loan officer, who names the borrower; the borrower offers its assets itself."""

    class Meta:
        """The bank is the own one."""

        exclude = ("bank_id", "assets")

    borrower_id = Ident(required=True, title=N_("Borrower"))


class AttachDocumentSchema(UploadSchema):
    """A file as evidence, with what it shows."""

    title = Text(required=True, max_length=120, title=N_("What it shows"))
    file = File(required=True, title=N_("File"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> drafts.AttachDocument:
        """The frozen command."""
        sent = data["file"]
        file = UploadFile(name=sent.name, content=sent.content)
        return drafts.AttachDocument(title=data["title"], file=file)


# --- Applications ---


class OfferedLineSchema(ViewSchema):
    """An asset of the stored pool."""

    asset_id = Ident()
    security = Choice(SecurityKind, titles=SECURITY_KIND_TITLES)
    secured_fen = Yuan()


class GuaranteeOfferSchema(ViewSchema):
    """A guarantee offered."""

    guarantor_id = Ident()
    guarantor = ma.fields.Nested(BilingualSchema)
    covered_fen = Yuan()


class ApplicationActSchema(ViewSchema):
    """One step of the file."""

    event = Choice(ApplicationEvent)
    before = Choice(ApplicationState)
    after = Choice(ApplicationState)
    at = Instant()
    on = Day()
    person = ma.fields.Nested(BilingualSchema, allow_none=True)
    opinion = Text(max_length=2000)
    facts = Structure()


class ApplicationDocumentSchema(ViewSchema):
    """An evidence file of the application."""

    document_id = Ident()
    title = Text(max_length=120)
    added_at = Instant()


class ApplicationSummarySchema(ThingSchema):
    """An application in a list."""

    bank_id = Ident()
    bank = ma.fields.Nested(BilingualSchema)
    borrower_id = Ident()
    borrower = ma.fields.Nested(BilingualSchema)
    product = Text(max_length=40)
    product_title = ma.fields.Nested(BilingualSchema)
    amount_fen = Yuan()
    term_months = Whole(low=1, high=MAX_TERM_MONTHS)
    submitted_on = Day(allow_none=True)
    due_on = Day(allow_none=True)
    approved_fen = Yuan(allow_none=True)
    loan_id = Ident(allow_none=True)


class ApplicationSchema(ApplicationSummarySchema):
    """An application with everything that its file holds."""

    purpose = Text(max_length=500)
    repayment_source = Text(max_length=500)
    credit_consent = Flag()
    region_code = Text(max_length=6)
    region = ma.fields.Nested(BilingualSchema)
    catalogue_edition = Text(max_length=10, allow_none=True)
    catalogue_code = Text(max_length=20, allow_none=True)
    green_item = ma.fields.Nested(BilingualSchema, allow_none=True)
    green_evidence = Text(max_length=500)
    rate_ppm = Rate(allow_none=True)
    lpr_tenor = Choice(LprTenor, allow_none=True)
    lpr_bp = Whole(low=-MAX_BP, high=MAX_BP, allow_none=True)
    reset_rule = Choice(ResetRule, allow_none=True)
    grace_principal = Whole(low=0, high=MAX_PERIODS, allow_none=True)
    method = Text(max_length=40)
    financial_difficulty = Flag(allow_none=True)
    approved_until = Day(allow_none=True)
    conditions = Text(max_length=1000)
    assets = ma.fields.List(ma.fields.Nested(OfferedLineSchema))
    guarantees = ma.fields.List(ma.fields.Nested(GuaranteeOfferSchema))
    acts = ma.fields.List(ma.fields.Nested(ApplicationActSchema))
    documents = ma.fields.List(ma.fields.Nested(ApplicationDocumentSchema))


class ApplicationQuery(ListQuery):
    """Filters of the list of applications."""

    q = Text(max_length=60)
    state = Choice(ApplicationState)
    product = Text(max_length=40)
    number = Text(max_length=20)
    borrower_id = Ident()
    mine = Flag()
    sort = OneOf(max_length=20, known=orders_of(SORTS))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> ApplicationFilter:
        """The filter; which page is read elsewhere."""
        names = ApplicationFilter.__dataclass_fields__
        return ApplicationFilter(**{name: data[name] for name in names if name in data})


# --- Drawdowns ---


class RequestDrawdownSchema(CommandSchema):
    """How much is to be paid to whom."""

    command = drawdowns.RequestDrawdown

    amount_fen = Yuan(required=True, low_fen=1, title=N_("Amount"))
    payee = Text(required=True, max_length=120, title=N_("Payee"))
    payment = Choice(Payment, titles=PAYMENT_TITLES, required=True, title=N_("Payment"))
    conditions_evidence = Text(
        max_length=1000, lines=True, title=N_("What shows that the conditions are met")
    )
    search_number = Text(max_length=60, title=N_("Number of the second search"))
    searched_on = Day(title=N_("Searched on"))


class CheckDrawdownSchema(CommandSchema):
    """What the checker adds before the conditions are tested."""

    command = drawdowns.CheckDrawdown

    conditions_evidence = Text(
        max_length=1000, lines=True, title=N_("What shows that the conditions are met")
    )
    search_number = Text(max_length=60, title=N_("Number of the second search"))
    searched_on = Day(title=N_("Searched on"))
    note = Text(max_length=500, lines=True, title=N_("Note"))


class RefuseDrawdownSchema(CommandSchema):
    """Why the money does not move."""

    command = drawdowns.RefuseDrawdown

    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class PostDrawdownSchema(CommandSchema):
    """Nothing more is said when money moves."""

    command = drawdowns.PostChecked


class CheckSchema(ViewSchema):
    """A check: code, words, outcome, and what to do while it is not met."""

    code = Text(max_length=60)
    title = Sentence(max_length=200)
    outcome = Choice(Outcome, titles=OUTCOME_TITLES)
    hint = Hint(max_length=400)


class CheckListSchema(ViewSchema):
    """The checks of a file."""

    items = ma.fields.List(ma.fields.Nested(CheckSchema))


class DrawdownSchema(ThingSchema):
    """A drawdown."""

    loan_id = Ident()
    loan_number = Text(max_length=40)
    loan_title = Text(max_length=120)
    loan_title_en = Text(max_length=120)
    borrower = ma.fields.Nested(BilingualSchema)
    amount_fen = Yuan()
    payee = Text(max_length=120)
    payment = Choice(Payment, titles=PAYMENT_TITLES)
    conditions = Text(max_length=1000)
    conditions_evidence = Text(max_length=1000)
    search_number = Text(max_length=60)
    searched_on = Day(allow_none=True)
    checks = ma.fields.List(ma.fields.Nested(CheckSchema))
    note = Text(max_length=500)
    note_id = Ident(allow_none=True)
    requested_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    checked_by = ma.fields.Nested(BilingualSchema, allow_none=True)
    posted_by = ma.fields.Nested(BilingualSchema, allow_none=True)


class DrawdownListSchema(ViewSchema):
    """The drawdowns of a loan."""

    items = ma.fields.List(ma.fields.Nested(DrawdownSchema))


class DrawdownQuery(ListQuery):
    """Filters of the list of drawdowns."""

    state = Choice(DrawdownState)
