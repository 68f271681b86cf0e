"""What the services of this room answer: frozen views."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlmodel import Session

from app.appraisal import queries
from app.appraisal.domain import (
    APPRAISAL,
    AppraisalEvent,
    AppraisalKind,
    AppraisalState,
    ItemState,
    RunState,
    SignatureRole,
)
from app.appraisal.models import Appraisal, RevaluationItem, RevaluationRun, Valuation
from app.assets.queries import organisation_names
from app.kernel.actor import PLATFORM_ORGANISATION_ID, Actor, Name
from app.kernel.permissions import Permission

NOBODY = Name(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureView:
    """Who signed what, on which civil day and at which instant.

    `counts` is false for a signature under content that was later changed.
    """

    person_id: UUID
    person: Name
    role: SignatureRole
    qualification: str
    digest: str
    on: date
    at: datetime
    counts: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AppraisalSummary:
    """An appraisal as lists show it."""

    id: UUID
    number: str
    state: AppraisalState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    asset_id: UUID
    asset_number: str
    asset_title: Name
    bank_id: UUID
    bank: Name
    agency_id: UUID
    agency: Name
    kind: AppraisalKind
    purpose: str
    model_id: str
    model_version: str
    valued_on: date | None
    valid_until: date | None
    value_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AppraisalView:
    """An appraisal with its inputs, prices, result and signatures."""

    id: UUID
    number: str
    state: AppraisalState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    asset_id: UUID
    asset_number: str
    asset_title: Name
    ordered_by: Name
    bank_id: UUID
    bank: Name
    agency_id: UUID
    agency: Name
    kind: AppraisalKind
    purpose: str
    model_id: str
    model_version: str
    valued_on: date | None
    valid_until: date | None
    value_fen: int | None
    loan_fen: int | None
    outside: Mapping[str, Any] | None
    inputs: Mapping[str, Any] | None
    prices: Mapping[str, Any] | None
    result: Mapping[str, Any] | None
    inputs_digest: str
    basis_digest: str
    signatures: Sequence[SignatureView]
    report_id: UUID | None
    closing_note: str
    may_prepare: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ValuationView:
    """A model's figure for an asset on a day."""

    id: UUID
    on: date
    model_id: str
    model_version: str
    value_fen: int
    prices: Mapping[str, Any]
    run_id: UUID | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetValueView:
    """An asset's value on a day: the appraised figure, the latest valuation, and the lower of both."""

    asset_id: UUID
    on: date
    appraised_fen: int | None
    appraised_on: date | None
    valid_until: date | None
    valuation_fen: int | None
    valued_on: date | None
    current_fen: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A revaluation run in a list, without counts where the run is not the reader's own."""

    id: UUID
    number: str
    state: RunState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    on: date
    executor: str
    of_platform: bool
    total: int | None
    done: int | None
    failed: int | None
    started_at: datetime | None
    finished_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunView(RunSummary):
    """A revaluation run and how far it is with the assets in the reader's sight."""

    total: int
    done: int
    failed: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RunItem:
    """One asset of a run: the figure that the run gave it, or why it gave none; the current value before and after.

    Where a figure of a later day counts already, one of an earlier day changes no current value.
    """

    asset_id: UUID
    asset_number: str
    asset_title: Name
    model_id: str
    state: ItemState
    value_fen: int | None
    before_fen: int | None
    after_fen: int | None
    code: str
    field: str
    words: Name

    @property
    def change_fen(self) -> int | None:
        """What the run changed; None where either value is missing."""
        if self.before_fen is None or self.after_fen is None:
            return None
        return self.after_fen - self.before_fen


def is_front_office(row: Appraisal, actor: Actor) -> bool:
    """Whether this is an internal appraisal and the actor one of those who sell the loan."""
    whole = actor.sees("*") == "all"
    return (
        row.kind is AppraisalKind.INTERNAL and not whole and actor.may(Permission.TAKE_APPLICATION)
    )


def events_of(row: Appraisal, actor: Actor) -> tuple[str, ...]:
    """The legal events for this actor: only the agency moves a report, and its maker does not countersign."""
    if actor.organisation_id != row.agency_id and actor.sees("*") != "all":
        return ()
    if is_front_office(row, actor):
        return ()
    legal = APPRAISAL.events_for(row.state, actor)
    if row.maker_id == actor.person_id:
        legal = tuple(event for event in legal if event is not AppraisalEvent.COUNTERSIGN)
    if row.value_fen is None or not actor.may(Permission.PREPARE_APPRAISAL):
        legal = tuple(event for event in legal if event is not AppraisalEvent.SIGN)
    return tuple(event.value for event in legal)


def may_prepare(row: Appraisal, actor: Actor) -> bool:
    """Whether this actor may enter inputs now."""
    mine = actor.organisation_id == row.agency_id or actor.sees("*") == "all"
    if is_front_office(row, actor):
        return False
    return (
        mine and row.state is AppraisalState.PREPARING and actor.may(Permission.PREPARE_APPRAISAL)
    )


def summaries(session: Session, actor: Actor, rows: Sequence[Appraisal]) -> list[AppraisalSummary]:
    """Views of a page of appraisals with two queries for all names."""
    names = organisation_names(
        session, {each for row in rows for each in (row.bank_id, row.agency_id)}
    )
    titles = queries.asset_titles(session, {row.asset_id for row in rows})
    return [_summary(row, actor, names, titles) for row in rows]


def _summary(
    row: Appraisal,
    actor: Actor,
    names: Mapping[UUID, Name],
    titles: Mapping[UUID, tuple[str, Name]],
) -> AppraisalSummary:
    number, title = titles[row.asset_id]
    return AppraisalSummary(
        id=row.id,
        number=row.number,
        state=row.state,
        events=events_of(row, actor),
        version=row.version,
        created_at=row.created_at,
        asset_id=row.asset_id,
        asset_number=number,
        asset_title=title,
        bank_id=row.bank_id,
        bank=names[row.bank_id],
        agency_id=row.agency_id,
        agency=names[row.agency_id],
        kind=row.kind,
        purpose=row.purpose,
        model_id=row.model_id,
        model_version=row.model_version,
        valued_on=row.valued_on,
        valid_until=row.valid_until,
        value_fen=row.value_fen,
    )


def appraisal_view(session: Session, actor: Actor, row: Appraisal) -> AppraisalView:
    """The whole view of one appraisal."""
    head = summaries(session, actor, [row])[0]
    ordered_by = organisation_names(session, {row.ordered_by_id})
    return AppraisalView(
        **{name: getattr(head, name) for name in AppraisalSummary.__dataclass_fields__},
        ordered_by=ordered_by[row.ordered_by_id],
        loan_fen=row.loan_fen,
        outside=row.outside,
        inputs=row.inputs,
        prices=row.prices,
        result=row.result,
        inputs_digest=row.inputs_digest,
        basis_digest=row.basis_digest,
        signatures=_signatures(session, row),
        report_id=row.report_id,
        closing_note=row.closing_note,
        may_prepare=may_prepare(row, actor),
    )


def _signatures(session: Session, row: Appraisal) -> tuple[SignatureView, ...]:
    found = queries.signatures(session, row.id)
    names = queries.person_names(session, [each.person_id for each in found])
    signers = {SignatureRole.MAKER: row.maker_id, SignatureRole.REVIEWER: row.reviewer_id}
    last = {each.role: each.id for each in found}
    return tuple(
        SignatureView(
            person_id=each.person_id,
            person=names.get(each.person_id, NOBODY),
            role=each.role,
            qualification=each.qualification,
            digest=each.digest,
            on=each.on,
            at=each.at,
            counts=last[each.role] == each.id and signers[each.role] == each.person_id,
        )
        for each in found
    )


def valuation_view(row: Valuation) -> ValuationView:
    """The view of a figure."""
    return ValuationView(
        **{name: getattr(row, name) for name in ValuationView.__dataclass_fields__}
    )


def run_view(row: RevaluationRun) -> RunView:
    """The view of a run."""
    of_platform = row.scope_id == PLATFORM_ORGANISATION_ID
    derived: dict[str, Any] = {"events": (), "of_platform": of_platform}
    names = RunView.__dataclass_fields__.keys() - derived.keys()
    return RunView(**{name: getattr(row, name) for name in names}, **derived)


def run_summary(row: RevaluationRun) -> RunSummary:
    """A run that is not the reader's own: nothing of it is counted, and where it worked is named in general."""
    view = run_view(row)
    told = {name: getattr(view, name) for name in RunSummary.__dataclass_fields__}
    told |= {"executor": way_of(row.executor), "total": None, "done": None, "failed": None}
    return RunSummary(**told)


def way_of(executor: str) -> str:
    """A way of running without its address, which is the platform's own."""
    return executor.partition(":")[0]


def item_views(rows: Sequence[Any]) -> list[RunItem]:
    """Views of rows of `run_queries.run_items`."""
    return [_run_item(*row) for row in rows]


def _run_item(
    item: RevaluationItem, number: str, title: str, title_en: str, value_fen: int | None
) -> RunItem:
    problem = item.problem or {}
    return RunItem(
        asset_id=item.asset_id,
        asset_number=number,
        asset_title=Name(zh=title, en=title_en),
        model_id=item.model_id,
        state=item.state,
        value_fen=value_fen,
        before_fen=item.before_fen,
        after_fen=item.after_fen,
        code=problem.get("code", ""),
        field=problem.get("field", ""),
        words=Name(zh=problem.get("zh", ""), en=problem.get("en", "")),
    )
