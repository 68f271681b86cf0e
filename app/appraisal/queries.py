"""Lists and read models of the appraisal room; `visible_…` is the only way to its rows."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import Session, col

from app.appraisal.domain import (
    AppraisalKind,
    AppraisalState,
    SignatureRole,
    ValueFacts,
    current_value_fen,
)
from app.appraisal.domain.gep import GepAccountState
from app.appraisal.domain.valuing import Recorded, digest
from app.appraisal.models import (
    Appraisal,
    AppraisalSignature,
    AssetValue,
    GepAccount,
    PanelMember,
    Valuation,
    ValuationInput,
)
from app.assets.models import Asset, AssetGrant
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation, Person
from app.kernel.actor import Actor, Name
from app.reference.models import Region

FINISHED_STATES: Final = (
    AppraisalState.VALID,
    AppraisalState.EXPIRED,
    AppraisalState.SUPERSEDED,
    AppraisalState.REVOKED,
)
"""Reports that were signed twice; of another bank's orders a bank sees only these."""


BASES_SHOWN: Final = 20
"""Accounts that one is compared with; more years are more than a page offers to choose from."""

RECORDS_SHOWN: Final = 20
"""Records that the form of the next one shows beside it."""


# ---------------------------------------------------------------------------
# Appraisals


def visible_appraisals(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001
    """The appraisals an actor may know of."""
    statement = sa.select(Appraisal)
    if actor.sees("*") == "all":
        return statement
    mine = actor.organisation_id
    match actor.sees("appraisal"):
        case "own":
            owned = sa.select(col(Asset.id)).where(col(Asset.owner_id) == mine)
            return statement.where(col(Appraisal.asset_id).in_(owned))
        case "offered":
            granted = sa.select(col(AssetGrant.asset_id)).where(
                col(AssetGrant.organisation_id) == mine
            )
            shared = sa.and_(
                col(Appraisal.asset_id).in_(granted), col(Appraisal.state).in_(FINISHED_STATES)
            )
            return statement.where(sa.or_(col(Appraisal.bank_id) == mine, shared))
        case "ordered":
            return statement.where(col(Appraisal.agency_id) == mine)
        case "all":
            return statement
        case _:
            return statement.where(sa.false())


def list_appraisals(session: Session, actor: Actor, wanted: Mapping[str, Any]) -> sa.Select[Any]:
    """The appraisals in sight that match `state`, `asset_id` and `number`, the newest first."""
    statement = light(visible_appraisals(session, actor))
    for name in ("state", "asset_id", "number"):
        if wanted.get(name) is not None:
            statement = statement.where(getattr(Appraisal, name) == wanted[name])
    return statement.order_by(col(Appraisal.created_at).desc(), col(Appraisal.id).desc())


def appraisals_made_by(agency_id: UUID) -> sa.Select[Any]:
    """The appraisals of one maker: what its own reports may tell of."""
    return sa.select(Appraisal).where(col(Appraisal.agency_id) == agency_id)


def light(statement: sa.Select[Any]) -> sa.Select[Any]:
    """The same appraisals without their large columns, for lists."""
    heavy = (Appraisal.inputs, Appraisal.prices, Appraisal.result, Appraisal.outside)
    return statement.options(*(defer(column, raiseload=True) for column in heavy))  # type: ignore[arg-type]


def signatures(session: Session, appraisal_id: UUID) -> list[AppraisalSignature]:
    """All signatures of an appraisal, oldest first."""
    statement = (
        sa.select(AppraisalSignature)
        .where(col(AppraisalSignature.appraisal_id) == appraisal_id)
        .order_by(col(AppraisalSignature.at), col(AppraisalSignature.id))
    )
    return list(session.execute(statement).scalars())


def without_report() -> sa.Select[UUID, str]:
    """Ids and numbers of appraisals that were signed twice and whose report is not printed yet, oldest first."""
    return (
        sa.select(col(Appraisal.id), col(Appraisal.number))
        .where(col(Appraisal.state).in_(FINISHED_STATES), col(Appraisal.report_id).is_(None))
        .order_by(col(Appraisal.id))
    )


def valid_appraisal(session: Session, asset_id: UUID) -> Appraisal | None:
    """The one valid appraisal of an asset."""
    statement = sa.select(Appraisal).where(
        col(Appraisal.asset_id) == asset_id, col(Appraisal.state) == AppraisalState.VALID
    )
    return session.execute(statement).scalar_one_or_none()


def internal_limits(session: Session, asset_ids: Sequence[UUID]) -> dict[UUID, int]:
    """By asset whose valid appraisal is its bank's own: the loan, in fen, that it was made for."""
    statement = sa.select(col(Appraisal.asset_id), col(Appraisal.loan_fen)).where(
        col(Appraisal.asset_id).in_(asset_ids),
        col(Appraisal.state) == AppraisalState.VALID,
        col(Appraisal.kind) == AppraisalKind.INTERNAL,
    )
    return {row.asset_id: row.loan_fen or 0 for row in session.execute(statement)}


_LIENS: Final = sa.table(
    "asset_lien", sa.column("asset_id", sa.Uuid()), sa.column("secured_fen", sa.BigInteger())
)
"""The lien ledger belongs to a room above this one; so it is read by the names of its columns."""


def secured_fen(session: Session, asset_id: UUID) -> int:
    """What all liens on an asset secure together, whichever bank holds them; held until the transaction ends."""
    statement = (
        sa.select(_LIENS.c.secured_fen).where(_LIENS.c.asset_id == asset_id).with_for_update()
    )
    return int(session.execute(statement).scalar_one_or_none() or 0)


def former_appraisal(
    session: Session, row: Appraisal, sight: sa.Select[Any], on: date | None = None
) -> Appraisal | None:
    """The last appraisal of the same asset before this one, of no later day, among those in sight.

    `on` is the valuation day of one that is only about to have it.
    """
    kept = (AppraisalState.VALID, AppraisalState.EXPIRED, AppraisalState.SUPERSEDED)
    statement = (
        sight.where(
            col(Appraisal.asset_id) == row.asset_id,
            col(Appraisal.state).in_(kept),
            col(Appraisal.id) != row.id,
            col(Appraisal.created_at) <= row.created_at,
            col(Appraisal.valued_on) <= (on or row.valued_on),
        )
        .order_by(col(Appraisal.valued_on).desc(), col(Appraisal.created_at).desc())
        .order_by(col(Appraisal.id).desc())
        .limit(1)
    )
    found: Appraisal | None = session.execute(statement).scalar_one_or_none()
    return found


# ---------------------------------------------------------------------------
# GEP accounts


def visible_gep_accounts(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001
    """Its own accounts, and what others published."""
    statement = sa.select(GepAccount)
    match actor.sees("gep-account"):
        case "all":
            return statement
        case "published":
            published = col(GepAccount.state) == GepAccountState.PUBLISHED
            own = col(GepAccount.organisation_id) == actor.organisation_id
            return statement.where(sa.or_(published, own))
        case _:
            return statement.where(sa.false())


def list_gep_accounts(
    session: Session, actor: Actor, wanted: Mapping[str, Any] | None = None
) -> sa.Select[Any]:
    """The accounts in sight without their rows and what these gave, the latest year first."""
    heavy = (GepAccount.document, GepAccount.result)
    statement = visible_gep_accounts(session, actor)
    statement = statement.options(*(defer(column, raiseload=True) for column in heavy))  # type: ignore[arg-type]
    for name in ("region_code", "year", "state"):
        if wanted and name in wanted:
            statement = statement.where(col(getattr(GepAccount, name)) == wanted[name])
    order = (col(GepAccount.year).desc(), col(GepAccount.created_at).desc())
    return statement.order_by(*order, col(GepAccount.id).desc())


def gep_bases(session: Session, actor: Actor, row: GepAccount) -> sa.Select[Any]:
    """Earlier accounts of the region in sight without their rows, the latest year first."""
    statement = list_gep_accounts(session, actor).where(
        col(GepAccount.region_code) == row.region_code,
        col(GepAccount.region_code) != "",
        col(GepAccount.year) < row.year,
    )
    return statement.limit(BASES_SHOWN)


def gep_accounts_beside(
    row: GepAccount,
) -> sa.Select[UUID, GepAccountState, str, str, UUID]:
    """What a row's region has of its year, the row too: of whom, in what state, by which norm."""
    statement = sa.select(
        col(GepAccount.id),
        col(GepAccount.state),
        col(GepAccount.title),
        col(GepAccount.norm_profile),
        col(GepAccount.organisation_id),
    ).where(col(GepAccount.region_code) == row.region_code, col(GepAccount.year) == row.year)
    return statement.order_by(col(GepAccount.id))


def region_names(session: Session, codes: Iterable[str]) -> dict[str, Name]:
    """Regions by code; a code of no region is left out."""
    statement = sa.select(Region).where(col(Region.code).in_(list(codes)))
    return {
        row.code: Name(zh=row.name_zh, en=row.name_en)
        for row in session.execute(statement).scalars()
    }


# ---------------------------------------------------------------------------
# Panels


def visible_panel(session: Session, actor: Actor) -> sa.Select[Any]:  # noqa: ARG001
    """A bank sees its own panel, an agency its places on panels, owners every panel they may order from."""
    statement = sa.select(PanelMember)
    if actor.sees("*") == "all":
        return statement
    match actor.sees("appraisal"):
        case "offered":
            return statement.where(col(PanelMember.bank_id) == actor.organisation_id)
        case "ordered":
            return statement.where(col(PanelMember.agency_id) == actor.organisation_id)
        case "own" | "all":
            return statement
        case _:
            return statement.where(sa.false())


def list_panel(session: Session, actor: Actor) -> sa.Select[Any]:
    """The places in sight, the latest first."""
    order = (col(PanelMember.valid_from).desc(), col(PanelMember.id).desc())
    return visible_panel(session, actor).order_by(*order)


def on_panel(day: date) -> sa.ColumnElement[bool]:
    """Members in force on a day."""
    return sa.and_(
        col(PanelMember.valid_from) <= day,
        sa.or_(col(PanelMember.valid_until).is_(None), col(PanelMember.valid_until) >= day),
    )


def is_on_panel(session: Session, *, bank_id: UUID, agency_id: UUID, day: date) -> bool:
    """Whether an agency is on a bank's panel on a day."""
    statement = sa.select(col(PanelMember.id)).where(
        col(PanelMember.bank_id) == bank_id, col(PanelMember.agency_id) == agency_id, on_panel(day)
    )
    return session.execute(statement).first() is not None


# ---------------------------------------------------------------------------
# Values


def value_row(session: Session, asset_id: UUID) -> AssetValue | None:
    """The hot row of an asset's value."""
    return session.get(AssetValue, asset_id)


def valuation_history(asset_id: UUID) -> sa.Select[Any]:
    """All figures of an asset, newest day first. Whoever may see the asset may see them."""
    return (
        sa.select(Valuation)
        .where(col(Valuation.asset_id) == asset_id)
        .order_by(col(Valuation.on).desc(), col(Valuation.id).desc())
    )


def latest_valuation(
    session: Session, asset_id: UUID, appraisal_id: UUID, on: date | None = None
) -> Valuation | None:
    """The newest figure that stands on an appraisal's inputs, of all days or of one."""
    statement = valuation_history(asset_id).where(col(Valuation.appraisal_id) == appraisal_id)
    if on is not None:
        statement = statement.where(col(Valuation.on) == on)
    return session.execute(statement.limit(1)).scalar_one_or_none()


def value_on(session: Session, asset_id: UUID, day: date) -> AssetValue | None:
    """The value as it stood on a past day: the report that was signed last by then, and its latest figure by then.

    A report that was revoked since vouches for no day.
    """
    appraisal = _report_on(session, asset_id, day)
    if appraisal is None or appraisal.state is AppraisalState.REVOKED:
        return None
    figures = valuation_history(asset_id).where(
        col(Valuation.appraisal_id) == appraisal.id, col(Valuation.on) <= day
    )
    valuation = session.execute(figures.limit(1)).scalar_one_or_none()
    return AssetValue(asset_id=asset_id, **expected_of(appraisal, valuation))


def _report_on(session: Session, asset_id: UUID, day: date) -> Appraisal | None:
    statement = (
        light(sa.select(Appraisal))
        .join(AppraisalSignature, col(AppraisalSignature.appraisal_id) == col(Appraisal.id))
        .where(
            col(Appraisal.asset_id) == asset_id,
            col(Appraisal.state).in_(FINISHED_STATES),
            col(AppraisalSignature.role) == SignatureRole.REVIEWER,
            col(AppraisalSignature.on) <= day,
        )
        .order_by(col(AppraisalSignature.on).desc(), col(AppraisalSignature.at).desc())
        .limit(1)
    )
    return session.execute(statement).scalar_one_or_none()


def recorded_inputs(
    session: Session, asset_ids: Iterable[UUID]
) -> dict[UUID, list[ValuationInput]]:
    """What was recorded of some assets, in the order in which it counts."""
    return _recorded_where(session, col(ValuationInput.asset_id).in_(list(asset_ids)))


def records_of(asset_id: UUID) -> sa.Select[Any]:
    """What was recorded of an asset, the latest day first."""
    return (
        sa.select(ValuationInput)
        .where(col(ValuationInput.asset_id) == asset_id)
        .order_by(col(ValuationInput.valid_from).desc(), col(ValuationInput.id).desc())
    )


def latest_records(session: Session, asset_id: UUID) -> list[ValuationInput]:
    """What was recorded last, for a page."""
    return list(session.execute(records_of(asset_id).limit(RECORDS_SHOWN)).scalars())


def recorded_between(session: Session, first: UUID, last: UUID) -> dict[UUID, list[ValuationInput]]:
    """What was recorded of the assets between two ids: a range, because a chunk has hundreds of assets."""
    return _recorded_where(session, col(ValuationInput.asset_id).between(first, last))


def _recorded_where(
    session: Session, chosen: sa.ColumnElement[bool]
) -> dict[UUID, list[ValuationInput]]:
    found: dict[UUID, list[ValuationInput]] = {}
    statement = (
        sa.select(ValuationInput)
        .where(chosen)
        .order_by(col(ValuationInput.valid_from), col(ValuationInput.id))
    )
    for row in session.execute(statement).scalars():
        found.setdefault(row.asset_id, []).append(row)
    return found


# ---------------------------------------------------------------------------
# What stored rows must say


_SIGNED_COLUMNS: Final = (
    "number", "kind", "loan_fen", "model_id", "model_version", "inputs", "prices", "result",
    "inputs_digest", "basis_digest", "value_fen", "outside",
)  # fmt: skip


def signed_digest(row: Appraisal) -> str:
    """The digest of everything a signature stands for."""
    content: dict[str, Any] = {name: getattr(row, name) for name in _SIGNED_COLUMNS}
    content["asset_id"] = str(row.asset_id)
    content["valued_on"] = None if row.valued_on is None else row.valued_on.isoformat()
    return digest(content)


def expected_value(session: Session, asset_id: UUID) -> dict[str, Any]:
    """What the hot row must say: all empty without a valid appraisal."""
    appraisal = valid_appraisal(session, asset_id)
    if appraisal is None:
        return expected_of(None, None)
    return expected_of(appraisal, latest_valuation(session, asset_id, appraisal.id))


def expected_of(appraisal: Appraisal | None, valuation: Valuation | None) -> dict[str, Any]:
    """The columns of the hot row from the two rows behind it."""
    facts = ValueFacts(
        appraised_fen=appraisal.value_fen if appraisal else None,
        valid_until=appraisal.valid_until if appraisal else None,
        valuation_fen=valuation.value_fen if valuation else None,
    )
    day = facts.valid_until or date.min
    return {
        "appraisal_id": appraisal.id if appraisal else None,
        "appraised_fen": facts.appraised_fen,
        "appraised_on": appraisal.valued_on if appraisal else None,
        "valid_until": facts.valid_until,
        "valuation_fen": facts.valuation_fen,
        "valued_on": valuation.on if valuation else None,
        "current_fen": current_value_fen(facts, today=day),
    }


def covers(appraisal: Appraisal, day: date) -> bool:
    """Whether an appraisal speaks for a day."""
    first, last = appraisal.valued_on, appraisal.valid_until
    return first is not None and last is not None and first <= day <= last


def recorded_of(rows: list[ValuationInput]) -> list[Recorded]:
    """Records as the pure core takes them."""
    return [
        Recorded(id=str(row.id), valid_from=row.valid_from, overrides=row.overrides) for row in rows
    ]


# ---------------------------------------------------------------------------
# Names


def appraisal_agencies(session: Session) -> Mapping[UUID, Name]:
    """Every agency by name: what a bank may put on its panel."""
    statement = (
        sa.select(Organisation)
        .where(col(Organisation.kind) == OrganisationKind.APPRAISER)
        .order_by(col(Organisation.name_zh))
    )
    rows = session.execute(statement).scalars()
    return {row.id: Name(zh=row.name_zh, en=row.name_en) for row in rows}


def person_names(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, Name]:
    """Names of people by id."""
    wanted = set(ids)
    statement = sa.select(col(Person.id), col(Person.name_zh), col(Person.name_en)).where(
        col(Person.id).in_(wanted)
    )
    return {row[0]: Name(zh=row[1], en=row[2]) for row in session.execute(statement)}


def asset_titles(session: Session, ids: Iterable[UUID]) -> Mapping[UUID, tuple[str, Name]]:
    """Number and title of assets by id."""
    wanted = set(ids)
    statement = sa.select(
        col(Asset.id), col(Asset.number), col(Asset.title), col(Asset.title_en)
    ).where(col(Asset.id).in_(wanted))
    return {row[0]: (row[1], Name(zh=row[2], en=row[3])) for row in session.execute(statement)}
