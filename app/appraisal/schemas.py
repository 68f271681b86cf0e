"""What callers send and receive about appraisals, values and revaluation runs."""

from decimal import Decimal
from typing import Any, Final

import marshmallow as ma

from app.appraisal import services
from app.appraisal.domain import (
    ITEM_STATE_TITLES,
    KIND_TITLES,
    STATE_TITLES,
    AppraisalKind,
    AppraisalState,
    ItemState,
    SignatureRole,
)
from app.appraisal.domain.comparing import CHANGE_TITLES, ChangeKind
from app.appraisal.domain.kinds import OutsideReport, OutsideSigner
from app.appraisal.domain.spread import MAX_SEED
from app.documents.services import UploadFile
from app.kernel.text import N_
from app.web.fields import (
    Choice,
    Day,
    Entries,
    Flag,
    Ident,
    Instant,
    Number,
    OneOf,
    Structure,
    Text,
    Whole,
    Yuan,
    refuse,
)
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ThingSchema, ViewSchema
from app.web.uploads import File, UploadSchema
from risk_models.appraise import LEAST_PATHS
from risk_models.readings import MOST_SOURCE

MAX_PRICES: Final = 40
"""The model that reads the most prices reads twenty-one."""

MAX_SOURCE: Final = MOST_SOURCE
"""Characters: the title of a bulletin with its address."""

MAX_WHAT_IF_PATHS: Final = 10_000
"""Drawn within a tenth of a second for one asset; ten times as many move an end of a band by a hundredth or two."""

PRICE_PLACES: Final = 6

PRICE_LIKE: Final = N_(
    "Write prices as a list of objects, each with “id”, “yuan” and “source”, and with “growth” if it moves, such as "
    '"id": "ccer-vwap-20d", "yuan": "71.00", "source": "…". They need no unit: it is the model\'s.'
)
"""What a request states; a file of the command has its prices as an object by id, each with a unit."""


class OrderAppraisalSchema(CommandSchema):
    """An order to an agency of a bank's panel, or of a bank to itself."""

    command = services.OrderAppraisal

    asset_id = Ident(required=True, title=N_("Asset"))
    bank_id = Ident(required=True, title=N_("Bank"), help=N_("Its panel of agencies counts."))
    kind = Choice(
        AppraisalKind,
        titles=KIND_TITLES,
        title=N_("Kind of appraisal"),
        help=N_("External unless the rule of the day lets the bank appraise this itself."),
    )
    agency_id = Ident(title=N_("Appraisal agency"), help=N_("Needed for an external appraisal."))
    loan_fen = Yuan(
        low_fen=1,
        title=N_("Loan that the appraisal stands behind"),
        help=N_("Needed for an internal appraisal."),
    )
    purpose = Text(required=True, max_length=200, title=N_("Purpose of the appraisal"))
    model_id = OneOf(
        max_length=40,
        title=N_("Appraisal model"),
        help=N_("Left empty, the model that fits the asset is taken."),
    )


class AppraisalNoteSchema(CommandSchema):
    """Why a step is taken."""

    command = services.CloseNote

    note = Text(required=True, max_length=500, lines=True, title=N_("Reason"))


class QualifiedSchema(CommandSchema):
    """What either signature says of its signer."""

    qualification = Text(
        max_length=60,
        title=N_("Number of the appraiser's qualification"),
        help=N_(
            "As on the certificate; printed beside the signature. An agency's appraiser must give it; "
            "a bank's own staff may give a staff number instead."
        ),
    )


class CountersignAppraisalSchema(QualifiedSchema):
    """The second signature."""

    command = services.CountersignAppraisal


class SignAppraisalSchema(QualifiedSchema):
    """The first signature, with words on each finding that asks for them."""

    command = services.SignAppraisal

    explanations = Structure(
        title=N_("Explanation of the findings"),
        help=N_("Words by the name of each finding marked “To explain”; printed in the report."),
    )

    @ma.validates("explanations")
    def require_words(self, value: dict[str, Any], **_kwargs: object) -> None:
        """Words are text; which findings they belong to, the service checks."""
        if not all(isinstance(each, str) for each in value.values()):
            raise refuse(N_("Write the words on each finding as text."))


class FileOutsideReportSchema(UploadSchema):
    """The agency's own report: what it says, who signed it, and the file."""

    number = Text(required=True, max_length=60, title=N_("Report number of the agency"))
    reported_on = Day(required=True, title=N_("Report date"))
    value_fen = Yuan(required=True, low_fen=1, title=N_("Value stated by the report"))
    first_signer = Text(required=True, max_length=60, title=N_("First appraiser"))
    first_qualification = Text(
        required=True, max_length=60, title=N_("Qualification of the first appraiser")
    )
    second_signer = Text(required=True, max_length=60, title=N_("Second appraiser"))
    second_qualification = Text(
        required=True, max_length=60, title=N_("Qualification of the second appraiser")
    )
    file = File(required=True, title=N_("The signed report"), help=N_("PDF up to 20 MiB."))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.FileOutsideReport:
        """The frozen command."""
        signers = tuple(
            OutsideSigner(name=data[f"{each}_signer"], qualification=data[f"{each}_qualification"])
            for each in ("first", "second")
        )
        return services.FileOutsideReport(
            report=OutsideReport(
                number=data["number"],
                reported_on=data["reported_on"],
                value_fen=data["value_fen"],
                signers=(signers[0], signers[1]),
            ),
            file=UploadFile(name=data["file"].name, content=data["file"].content),
        )


class StatedPriceSchema(CommandSchema):
    """A price that the appraiser states, with its source."""

    error_messages = {"unknown": PRICE_LIKE, "type": PRICE_LIKE}  # noqa: RUF012 - marshmallow reads it from the class

    id = OneOf(required=True, max_length=40, title=N_("Price"))
    yuan = Number(
        required=True, places=PRICE_PLACES, low=Decimal("0.000001"), title=N_("Price in yuan")
    )
    growth = Number(
        places=PRICE_PLACES,
        low=Decimal("-0.5"),
        high=Decimal("0.5"),
        title=N_("Expected change a year"),
        help=N_("As a fraction: 0.02 is two per cent."),
    )
    source = Text(required=True, max_length=MAX_SOURCE, title=N_("Source of the price"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.StatedPrice:
        """The frozen command, figures as plain text."""
        texts = {name: f"{data[name]:f}" for name in ("yuan", "growth") if name in data}
        return services.StatedPrice(id=data["id"], source=data["source"], **texts)


class ModelInputsSchema(CommandSchema):
    """The day, the inputs by field, and prices stated instead of the market's."""

    valued_on = Day(required=True, title=N_("Valuation day"))
    inputs = Structure(required=True, title=N_("Inputs"))
    prices = ma.fields.List(
        ma.fields.Nested(StatedPriceSchema),
        validate=Entries(max=MAX_PRICES),
        error_messages={"invalid": PRICE_LIKE},
    )


class SaveAppraisalInputsSchema(ModelInputsSchema):
    """What an appraiser enters."""

    model_id = OneOf(max_length=40, title=N_("Appraisal model"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.SaveInputs:
        """The frozen command."""
        return services.SaveInputs(**{**data, "prices": tuple(data.get("prices", ()))})


class WhatIfSchema(ModelInputsSchema):
    """A question to a model; nothing is stored.

    `paths` and `seed` say on how many price paths, and on which, the band of the value is drawn; left out
    they are those of an appraisal. With `losses` each path also draws the year in which the stand is lost;
    without, losses are expected.
    """

    paths = Whole(low=LEAST_PATHS, high=MAX_WHAT_IF_PATHS, title=N_("Price paths"))
    seed = Whole(low=0, high=MAX_SEED, title=N_("Seed of the paths"))
    losses = Flag(title=N_("Draw the year of a loss on each path"))

    @ma.post_load
    def make(self, data: dict[str, Any], **_kwargs: object) -> services.WhatIf:
        """The frozen command."""
        given = {name: data.pop(name) for name in ("paths", "seed", "losses") if name in data}
        prices = tuple(data.get("prices", ()))
        return services.WhatIf(**{**data, "prices": prices, "draw": services.Draw(**given)})


class RecordInputsSchema(CommandSchema):
    """What was seen of an asset from a day on."""

    command = services.RecordInputs

    valid_from = Day(required=True, title=N_("Seen on"))
    overrides = Structure(
        required=True,
        title=N_("Changed inputs"),
        help=N_('As JSON by input field, such as {"net_yield_yuan_per_mu": "160"}.'),
    )
    reason = Text(required=True, max_length=500, lines=True, title=N_("Reason and evidence"))


class ValuedOnSchema(CommandSchema):
    """The day of the form of a model; its inputs are read by the model's own passport."""

    valued_on = Day(required=True, title=N_("Valuation day"))


class RecordHeadSchema(CommandSchema):
    """Day and reason of the form of a record; its inputs are read by the model's own passport."""

    valid_from = Day(required=True, title=N_("Seen on"))
    reason = Text(required=True, max_length=500, lines=True, title=N_("Reason and evidence"))


class RevalueAssetSchema(CommandSchema):
    """The day of a revaluation of one asset."""

    command = services.RevalueAsset

    on = Day(required=True, title=N_("Valuation day"))


class RequestRevaluationSchema(CommandSchema):
    """The day of a run, and where it computes."""

    command = services.RequestRevaluation

    on = Day(required=True, title=N_("Valuation day"))
    executor = OneOf(
        max_length=80,
        title=N_("Computed by"),
        help=N_("The value is the same either way."),
        codes="“serial” is one process, “processes” several of this machine.",
    )


class AddPanelMemberSchema(CommandSchema):
    """An agency for the bank's panel."""

    command = services.AddPanelMember

    agency_id = Ident(required=True, title=N_("Appraisal agency"))
    valid_from = Day(required=True, title=N_("Accepted from"))
    valid_until = Day(title=N_("Accepted until"))
    note = Text(max_length=200, title=N_("Note"))


class EndPanelMemberSchema(CommandSchema):
    """The last day of a place on the panel."""

    command = services.EndPanelMember

    valid_until = Day(required=True, title=N_("Accepted until"))


# ---------------------------------------------------------------------------
# Answers


class AppraisalSummarySchema(ThingSchema):
    """An appraisal as lists show it."""

    asset_id = Ident()
    asset_number = Text(max_length=40)
    asset_title = ma.fields.Nested(BilingualSchema)
    bank_id = Ident()
    bank = ma.fields.Nested(BilingualSchema)
    agency_id = Ident()
    agency = ma.fields.Nested(BilingualSchema)
    kind = Choice(AppraisalKind, titles=KIND_TITLES)
    purpose = Text(max_length=200)
    model_id = Text(max_length=40)
    model_version = Text(max_length=20)
    valued_on = Day(allow_none=True)
    valid_until = Day(allow_none=True)
    value_fen = Yuan(allow_none=True)


class AppraisalSignatureSchema(ViewSchema):
    """A signature and whether it stands under what is there now."""

    person = ma.fields.Nested(BilingualSchema)
    role = Choice(SignatureRole)
    qualification = Text(max_length=60)
    digest = Text(max_length=64)
    on = Day()
    at = Instant()
    counts = Flag()


class AppraisalSchema(AppraisalSummarySchema):
    """An appraisal with inputs, prices, result and signatures."""

    ordered_by = ma.fields.Nested(BilingualSchema)
    loan_fen = Yuan(allow_none=True)
    outside = Structure(allow_none=True)
    inputs = Structure(allow_none=True)
    prices = Structure(allow_none=True)
    result = Structure(allow_none=True)
    inputs_digest = Text(max_length=64)
    basis_digest = Text(max_length=64)
    signatures = ma.fields.List(ma.fields.Nested(AppraisalSignatureSchema))
    report_id = Ident(allow_none=True)
    closing_note = Text(max_length=500)
    may_prepare = Flag()


class ChangedItemSchema(ViewSchema):
    """One thing that changed: old and new as they are stored, and its part of the difference."""

    name = Text(max_length=80)
    title = ma.fields.Nested(BilingualSchema)
    unit = Text(max_length=40)
    old = ma.fields.Raw(allow_none=True)
    new = ma.fields.Raw(allow_none=True)
    amount_fen = Yuan(allow_none=True, low_fen=-(10**15))


class ChangeSchema(ViewSchema):
    """A step from the former value to this one; without an amount, the next step carries it."""

    kind = Choice(ChangeKind, titles=CHANGE_TITLES)
    amount_fen = Yuan(allow_none=True, low_fen=-(10**15))
    items = ma.fields.List(ma.fields.Nested(ChangedItemSchema))


class ComparedSideSchema(ViewSchema):
    """One of the two appraisals."""

    number = Text(max_length=20)
    model_id = Text(max_length=40)
    model_version = Text(max_length=20)
    on = Day()
    value_fen = Yuan()


class ComparisonSchema(ViewSchema):
    """An appraisal beside the last one of its asset; the steps sum to the difference in fen."""

    then = ma.fields.Nested(ComparedSideSchema)
    now = ma.fields.Nested(ComparedSideSchema)
    difference_fen = Yuan(low_fen=-(10**15))
    changes = ma.fields.List(ma.fields.Nested(ChangeSchema))


class ComparisonAnswerSchema(ViewSchema):
    """The comparison, or null where there is no earlier appraisal in sight."""

    comparison = ma.fields.Nested(ComparisonSchema, allow_none=True)


class AppraisalQuery(ListQuery):
    """Filters of the list of appraisals."""

    state = Choice(AppraisalState, titles=STATE_TITLES)
    asset_id = Ident()
    number = Text(max_length=20)


class ValuationSchema(ViewSchema):
    """A model's figure for an asset on a day."""

    id = Ident()
    on = Day()
    model_id = Text(max_length=40)
    model_version = Text(max_length=20)
    value_fen = Yuan(low_fen=-(10**15))
    prices = Structure()
    run_id = Ident(allow_none=True)
    created_at = Instant()


class AssetValueSchema(ViewSchema):
    """Appraised, valued and current value of an asset on a day; empty without a valid appraisal."""

    asset_id = Ident()
    on = Day()
    appraised_fen = Yuan(allow_none=True)
    appraised_on = Day(allow_none=True)
    valid_until = Day(allow_none=True)
    valuation_fen = Yuan(allow_none=True, low_fen=-(10**15))
    valued_on = Day(allow_none=True)
    current_fen = Yuan(allow_none=True)


class AssetValueQuery(CommandSchema):
    """The day of a value; today when left out. A past day answers what stood then, a day to come is refused."""

    on = Day(title=N_("Day"))


class RecordedInputsSchema(ViewSchema):
    """A record that revaluations take from its day on."""

    id = Ident()
    asset_id = Ident()
    valid_from = Day()
    overrides = Structure()
    reason = Text(max_length=500)


class RevaluationRunSummarySchema(ThingSchema):
    """A revaluation run in a list; the counts of the platform's are null to a bank, and told by the run."""

    on = Day()
    executor = Text(max_length=80)
    of_platform = Flag()
    total = Whole(low=0, high=10**9, allow_none=True)
    done = Whole(low=0, high=10**9, allow_none=True)
    failed = Whole(low=0, high=10**9, allow_none=True)
    started_at = Instant(allow_none=True)
    finished_at = Instant(allow_none=True)


class RevaluationRunSchema(RevaluationRunSummarySchema):
    """A revaluation run and how far it is with the assets in the reader's sight."""

    total = Whole(low=0, high=10**9)
    done = Whole(low=0, high=10**9)
    failed = Whole(low=0, high=10**9)


class RunProblemSchema(ViewSchema):
    """An asset that a run could not value."""

    asset_id = Ident()
    asset_number = Text(max_length=40)
    asset_title = ma.fields.Nested(BilingualSchema)
    code = Text(max_length=60)
    field = Text(max_length=60)
    words = ma.fields.Nested(BilingualSchema)


class RunItemSchema(RunProblemSchema):
    """One asset of a run: its figure of the day, or why it has none; its current value before and after."""

    model_id = Text(max_length=40)
    state = Choice(ItemState, titles=ITEM_STATE_TITLES)
    value_fen = Yuan(allow_none=True, low_fen=-(10**15))
    before_fen = Yuan(allow_none=True)
    after_fen = Yuan(allow_none=True)
    change_fen = Yuan(allow_none=True, low_fen=-(10**15))


class RunItemQuery(ListQuery):
    """The filter of the assets of a run."""

    state = Choice(ItemState, titles=ITEM_STATE_TITLES)


class PanelMemberSchema(ViewSchema):
    """A place of an agency on a bank's panel."""

    id = Ident()
    bank_id = Ident()
    bank = ma.fields.Nested(BilingualSchema)
    agency_id = Ident()
    agency = ma.fields.Nested(BilingualSchema)
    valid_from = Day()
    valid_until = Day(allow_none=True)
    in_force = Flag()
    note = Text(max_length=200)


class AppraisalModelSchema(ViewSchema):
    """The passport of a model: its form, its parameters and its limits are drawn from it alone."""

    id = Text(max_length=40)
    version = Text(max_length=20)
    contract = Whole(low=1, high=100)
    title = ma.fields.Nested(BilingualSchema)
    help = ma.fields.Nested(BilingualSchema)
    value_kind = Text(max_length=20)
    per = Text(max_length=20)
    asset_kinds = ma.fields.List(Text(max_length=40))
    inputs = ma.fields.List(Structure(), attribute="fields", data_key="fields")
    components = ma.fields.List(Structure())
    approaches = ma.fields.List(Structure())
    parameters = ma.fields.List(Text(max_length=80))
    prices = ma.fields.List(Structure())
    standards = ma.fields.List(Text(max_length=300))
    limits = ma.fields.List(Structure())


class AppraisalModelsSchema(ViewSchema):
    """All models."""

    items = ma.fields.List(ma.fields.Nested(AppraisalModelSchema))


class WhatIfResultSchema(ViewSchema):
    """What a model gave: value, parts, approaches, findings and every step.

    `scenario` has `low_yuan`, `mid_yuan` and `high_yuan` with the `paths` and the `seed` that they were drawn
    on, the share `tail` beyond each end, and `losses` where the year of a loss was drawn; null where
    nothing moves the value.
    """

    model = Text(max_length=40)
    version = Text(max_length=20)
    valued_on = Text(max_length=10)
    basis_digest = Text(max_length=64)
    value_kind = Text(max_length=20)
    per = Text(max_length=10)
    value_yuan = Text(max_length=20)
    components = Structure()
    approaches = Structure()
    quantities = Structure()
    findings = ma.fields.List(Structure())
    trace = ma.fields.List(Structure())
    parameters = ma.fields.List(Structure())
    scenario = Structure(allow_none=True)
    tornado = ma.fields.List(Structure())
