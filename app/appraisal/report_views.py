"""What the appraisal report is made from: frozen values, gathered by a service."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.documents.pdf_blocks import Words

Figure = float | int | str | Sequence[float]
"""What a trace prints: a number, a text such as a day, or a row of numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PartyView:
    """A client, owner, user or agency by name and registration code."""

    name: Words
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParcelView:
    number: str
    name: str
    area_mu: str
    land_use: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasurementView:
    """One act of the chain: measured, certified, or filed; by whom, under which number, when."""

    act: Words
    body: str
    number: str
    on: date | None
    quantity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ObjectView:
    """What is appraised: the right, its proof, its term, its land."""

    number: str
    title: Words
    kind: Words
    region: Words
    certificate_number: str
    right_ends_on: date | None
    area_mu: str = ""
    forest_category: Words | None = None
    parcels: Sequence[ParcelView] = ()
    measurements: Sequence[MeasurementView] = ()
    encumbrances: Sequence[Words] = ()
    """Rights of third parties that were told to the platform."""
    liens: Sequence[Words] | None = None
    """Mortgages and pledges of the platform's own register; None when it was not examined."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InputView:
    title: Words
    value: Figure | Words
    unit: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepView:
    """One step of the model: a reader can repeat it with what is printed.

    `told` is the formula with titles for names, `titles` those of the inputs that have one.
    """

    name: str
    title: Words
    formula: str
    told: Words
    inputs: Mapping[str, Figure]
    titles: Mapping[str, Words]
    is_flow: bool = False
    """Whether it sums the years of a flow."""
    has_table: bool = False
    """Whether these years have a table of their own."""
    value: Figure
    unit: str
    reference: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class FlowView:
    """The years of a flow: when, how many, price index, survival, discount factor and yuan today [years, 6]."""

    title: Words
    unit: str
    unit_price: float
    rotations: float
    years: Sequence[Sequence[float]]
    yuan: float


@dataclass(frozen=True, slots=True, kw_only=True)
class ParameterView:
    """A dated parameter or price the value rests on, with its source and how sure it is."""

    id: str
    value: Figure | Words
    unit: str
    source: Words
    status: str
    title: Words | None = None
    in_force_from: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApproachView:
    title: Words
    value_fen: int | None
    weight: str
    reason: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class ComponentView:
    title: Words
    value_fen: int
    quantity: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingView:
    code: str
    severity: str
    words: Words
    explanation: str = ""
    """The appraiser's words on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignerView:
    name: str
    signed_on: date | None
    qualification: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BarView:
    """A bar of the tornado: what moved, from where to where, and the value at either end."""

    title: Words
    low: str
    high: str
    unit: str
    at_low_fen: int | None
    at_high_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class YearBandView:
    """Quantiles of the undiscounted net cash flow of one year from the valuation day."""

    year: int
    low_fen: int | None
    mid_fen: int | None
    high_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class BandView:
    """Quantiles of the value over price paths; `tail` is the share beyond either end."""

    paths: int
    seed: int
    tail: float
    low_fen: int
    mid_fen: int
    high_fen: int
    years: Sequence[YearBandView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedView:
    title: Words
    old: str
    new: str
    amount_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeView:
    """A step from the former value to this one."""

    title: Words
    amount_fen: int | None
    items: Sequence[ChangedView]


@dataclass(frozen=True, slots=True, kw_only=True)
class ComparisonView:
    """The appraisal before this one, and what changed."""

    then_number: str
    then_on: date
    then_fen: int
    difference_fen: int
    changes: Sequence[ChangeView]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutsideView:
    """The agency's own report, made elsewhere."""

    number: str
    reported_on: date
    value_fen: int
    signers: Sequence[str]
    digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class FactView:
    label: Words
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class IndicatorView:
    """One service of an ecological account: its class, physical quantity, unit price and value."""

    group: Words
    title: Words
    quantity: str
    price: str
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAnnexView:
    """The annex that a kind of asset brings: its facts, and the indicators of an account."""

    title: Words
    facts: Sequence[FactView]
    indicators: Sequence[IndicatorView] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceView:
    title: str
    digest: str
    """SHA-256 of the file as it was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelView:
    """Which program gave the figures, and on what; enough to run it again to the same fen."""

    id: str
    version: str
    title: Words
    inputs_digest: str
    basis_digest: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AppraisalReportView:
    """Everything an appraisal report says."""

    number: str
    issued_on: date
    valued_on: date
    valid_until: date
    check_url: str
    digest_text: str
    agency: PartyView
    client: PartyView
    owner: PartyView
    users: Sequence[PartyView]
    purpose: Words
    object: ObjectView
    value_type: Words
    is_ecological: bool
    value_fen: int
    model: ModelView
    maker: SignerView
    reviewer: SignerView
    basis: Sequence[Words]
    approaches: Sequence[ApproachView]
    inputs: Sequence[InputView]
    steps: Sequence[StepView]
    flows: Sequence[FlowView]
    parameters: Sequence[ParameterView]
    assumptions: Sequence[Words]
    findings: Sequence[FindingView]
    components: Sequence[ComponentView]
    special_matters: Sequence[Words]
    use_limits: Sequence[Words]
    evidence: Sequence[EvidenceView]
    loan_fen: int | None = None
    """The loan that an internal appraisal stands behind; None for an agency's."""
    outside: OutsideView | None = None
    band: BandView | None = None
    bars: Sequence[BarView] = ()
    comparison: ComparisonView | None = None
    subject_annex: SubjectAnnexView | None = None
    notice: Words | None = None
