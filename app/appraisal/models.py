"""Tables of the appraisal room."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from app.appraisal.domain import AppraisalKind, AppraisalState, ItemState, RunState, SignatureRole
from app.appraisal.domain.gep import GepAccountState
from app.db.base import Table, Versioned, check, one_of
from app.db.types import FEN_RANGE, choice, fen, json_column, link, text


class PanelMember(Table, table=True):
    """An agency on a bank's panel of appraisers from a day to a day."""

    __tablename__ = "panel_member"
    __table_args__ = (sa.UniqueConstraint("bank_id", "agency_id", "valid_from"),)

    bank_id: UUID = link("organisation.id", index=True)
    agency_id: UUID = link("organisation.id")
    valid_from: date
    valid_until: date | None = None
    note: str = text(200, default="")


class Appraisal(Versioned, table=True):
    """A reviewed opinion of an asset's value: inputs, prices and result are frozen with the first signature."""

    __tablename__ = "appraisal"
    __table_args__ = (
        check("value_range", f"value_fen IS NULL OR value_fen {FEN_RANGE}"),
        check("two_signers", "reviewer_id IS NULL OR reviewer_id <> maker_id"),
        one_of("uq_appraisal_valid_asset", ("asset_id",), where="state = 'valid'"),
    )

    number: str = text(20, unique=True)
    asset_id: UUID = link("asset.id", index=True)
    ordered_by_id: UUID = link("organisation.id")
    bank_id: UUID = link("organisation.id", index=True)
    agency_id: UUID = link("organisation.id", index=True)
    kind: AppraisalKind = choice(AppraisalKind, "kind")
    purpose: str = text(200)
    loan_fen: int | None = fen(nullable=True)
    """The loan that an internal appraisal may stand behind; empty for an agency's."""
    state: AppraisalState = choice(AppraisalState, "state")
    model_id: str = text(40)
    model_version: str = text(20, default="")
    valued_on: date | None = None
    valid_until: date | None = None
    inputs: dict[str, Any] | None = json_column(nullable=True)
    prices: dict[str, Any] | None = json_column(nullable=True)
    result: dict[str, Any] | None = json_column(nullable=True)
    inputs_digest: str = text(64, default="")
    basis_digest: str = text(64, default="")
    value_fen: int | None = fen(nullable=True)
    outside: dict[str, Any] | None = json_column(nullable=True)
    """The agency's own report, made elsewhere: number, day, value, signers, digest of the file."""
    outside_document_id: UUID | None = link("document.id", nullable=True)
    maker_id: UUID | None = None
    reviewer_id: UUID | None = None
    report_id: UUID | None = None
    closing_note: str = text(500, default="")
    created_at: datetime


class AppraisalSignature(Table, table=True):
    """A signature under an appraisal, over the digest of what was signed."""

    __tablename__ = "appraisal_signature"

    appraisal_id: UUID = link("appraisal.id", index=True)
    person_id: UUID
    role: SignatureRole = choice(SignatureRole, "role")
    qualification: str = text(60, default="")
    """The number of the appraiser's qualification, as the report prints it."""
    digest: str = text(64)
    at: datetime
    on: date
    """The civil day of the signature, which the report prints; a demonstration has its own."""


class Valuation(Table, table=True):
    """A model's figure for an asset on a day; never edited. `recorded` names the recorded inputs laid over."""

    __tablename__ = "valuation"
    __table_args__ = (
        sa.Index("ix_valuation_asset_on", "asset_id", "on"),
        one_of("uq_valuation_run_asset", ("run_id", "asset_id"), where="run_id IS NOT NULL"),
    )

    asset_id: UUID = link("asset.id")
    on: date
    model_id: str = text(40)
    model_version: str = text(20)
    value_fen: int = fen()
    inputs_digest: str = text(64)
    basis_digest: str = text(64)
    prices: dict[str, Any] = json_column()
    recorded: list[str] = json_column()
    appraisal_id: UUID | None = link("appraisal.id", nullable=True)
    run_id: UUID | None = link("revaluation_run.id", nullable=True)
    created_at: datetime


class AssetValue(SQLModel, table=True):
    """The value of an asset now; hot and narrow. `current_fen` is null without a valid appraisal."""

    __tablename__ = "asset_value"
    __table_args__ = (check("current_range", f"current_fen IS NULL OR current_fen {FEN_RANGE}"),)

    asset_id: UUID = link("asset.id", primary_key=True)
    appraisal_id: UUID | None = link("appraisal.id", nullable=True)
    appraised_fen: int | None = fen(nullable=True)
    appraised_on: date | None = None
    valid_until: date | None = None
    valuation_fen: int | None = fen(nullable=True)
    valued_on: date | None = None
    current_fen: int | None = fen(nullable=True)
    version: int = Field(default=1, nullable=False)


class ValuationInput(Table, table=True):
    """What is known of an asset from a day on, laid over the appraisal's inputs when it is revalued."""

    __tablename__ = "valuation_input"
    __table_args__ = (sa.Index("ix_valuation_input_asset", "asset_id", "valid_from"),)

    asset_id: UUID = link("asset.id")
    valid_from: date
    overrides: dict[str, Any] = json_column()
    reason: str = text(500)
    person_id: UUID
    created_at: datetime


class RevaluationRun(Versioned, table=True):
    """A revaluation of all assets with a valid appraisal on a day; resumable by asset."""

    __tablename__ = "revaluation_run"
    __table_args__ = (
        one_of("uq_revaluation_run_day", ("on", "scope_id"), where="state <> 'cancelled'"),
        check("counts", "done >= 0 AND failed >= 0 AND done + failed <= total"),
    )

    number: str = text(20, unique=True)
    on: date
    scope_id: UUID
    state: RunState = choice(RunState, "state")
    executor: str = text(80, default="serial")
    total: int = Field(default=0, nullable=False)
    done: int = Field(default=0, nullable=False)
    failed: int = Field(default=0, nullable=False)
    requested_by_id: UUID
    started_at: datetime | None = None
    finished_at: datetime | None = None
    created_at: datetime


class RevaluationItem(SQLModel, table=True):
    """One asset of a run: waiting, done with its old and new value, or failed with its reason."""

    __tablename__ = "revaluation_item"
    __table_args__ = (
        sa.Index("ix_revaluation_item_next", "run_id", "state", "model_id", "asset_id"),
    )

    run_id: UUID = link("revaluation_run.id", primary_key=True)
    asset_id: UUID = link("asset.id", primary_key=True)
    model_id: str = text(40)
    state: ItemState = choice(ItemState, "state")
    before_fen: int | None = fen(nullable=True)
    after_fen: int | None = fen(nullable=True)
    problem: dict[str, Any] | None = json_column(nullable=True)


class GepAccount(Versioned, table=True):
    """One year of a region: the rows as they were sent, and what the model made of them."""

    __tablename__ = "gep_account"
    __table_args__ = (
        check("year_range", "year BETWEEN 1990 AND 2100"),
        check("total_range", "total_fen >= 0"),
        check("published", "state = 'draft' OR published_by_id IS NOT NULL"),
    )

    organisation_id: UUID = link("organisation.id", index=True)
    title: str = text(120)
    source: str = text(300)
    region_code: str = text(12)
    year: int
    state: GepAccountState = choice(GepAccountState, "state")
    accounted_on: date
    """The day whose norms and price tables count."""
    norm_profile: str = text(60, default="")
    price_table: str = text(60, default="")
    model_version: str = text(20)
    document: dict[str, Any] = json_column()
    result: dict[str, Any] = json_column()
    digest: str = text(64)
    total_fen: int = fen()
    stored_by_id: UUID
    published_by_id: UUID | None = None
    created_at: datetime
    published_at: datetime | None = None
