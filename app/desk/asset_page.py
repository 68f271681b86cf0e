"""All that the page of an asset shows beside its registry: values, appraisals, liens, as far as the actor may see."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain.catalogue import find_spec
from app.appraisal.models import Appraisal, AssetValue, Valuation
from app.appraisal.queries import light, valuation_history, visible_appraisals
from app.appraisal.services import AppraisalSummary
from app.appraisal.services import summaries as appraisal_summaries
from app.assets.kinds import kind_info
from app.assets.queries import AssetView
from app.collateral.domain.cover import PoolAsset, free_fen, lendable_fen
from app.collateral.models import AssetLien, Pledge, RecognisedValue
from app.collateral.queries import ACTIVE, valid_fen
from app.desk.worklist import working_day
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.loans.models import Loan
from app.reference.services import policy_for

MAX_APPRAISALS: Final = 10
"""The page shows the latest; the list of appraisals has all."""

MAX_VALUATIONS: Final = 60
"""Two months of daily valuations fill the chart."""

ECOLOGICAL: Final = "ecological"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lien:
    """A pledge or mortgage on the asset. Of another bank's only the rank is known to a bank."""

    rank: int
    pledge_id: UUID | None
    number: str
    bank: Name | None
    loan_id: UUID | None
    loan_number: str
    secured_fen: int | None
    registered: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Values:
    """The chain of values on a day, in fen; the ecological value stands apart and is never lent on.

    free_fen: lendable value less what is secured, None where no bank in sight recognised the asset.
    unsecured_fen: current value less what is secured; what the lien ledger has room for, no limit of a loan;
    None without a current value.
    """

    on: date
    appraised_fen: int | None
    valid_until: date | None
    valuation_fen: int | None
    valued_on: date | None
    current_fen: int | None
    recognised_fen: int | None
    recognised_on: date | None
    cap_ppm: int | None
    lendable_fen: int | None
    secured_fen: int
    free_fen: int | None
    unsecured_fen: int | None
    ecological_fen: int | None
    ecological_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetPage:
    """Values, appraisals, valuations and liens of an asset."""

    asset: AssetView
    values: Values | None
    liens: tuple[Lien, ...]
    appraisals: Sequence[AppraisalSummary]
    history: Sequence[Valuation]


def asset_page(session: Session, actor: Actor, asset: AssetView) -> AssetPage:
    """Read what the actor may see of an asset in sight; centres see no value."""
    if not actor.may(Permission.READ_APPRAISALS):
        return AssetPage(asset=asset, values=None, liens=(), appraisals=(), history=())
    history = session.execute(valuation_history(asset.id).limit(MAX_VALUATIONS)).scalars().all()
    reads_liens = actor.may(Permission.READ_COLLATERAL)
    liens = _liens(session, actor, asset) if reads_liens else ()
    return AssetPage(
        asset=asset,
        values=_values(session, actor, asset, history),
        liens=liens,
        appraisals=_appraisals(session, actor, asset.id),
        history=list(reversed(history)),
    )


def _appraisals(session: Session, actor: Actor, asset_id: UUID) -> list[AppraisalSummary]:
    statement = (
        light(visible_appraisals(session, actor))
        .where(col(Appraisal.asset_id) == asset_id)
        .order_by(col(Appraisal.number).desc())
        .limit(MAX_APPRAISALS)
    )
    return appraisal_summaries(session, actor, session.execute(statement).scalars().all())


def _values(
    session: Session, actor: Actor, asset: AssetView, history: Sequence[Valuation]
) -> Values:
    day = working_day(session, actor)
    row = session.get(AssetValue, asset.id)
    current = valid_fen(row, day)
    recognised = _recognised(session, actor, asset.id)
    secured = _secured(session, asset.id)
    cap = _cap(session, actor, asset, day)
    ecological = next((each for each in history if _is_ecological(each.model_id)), None)
    return Values(
        on=day,
        appraised_fen=row.appraised_fen if row and current is not None else None,
        valid_until=row.valid_until if row else None,
        valuation_fen=row.valuation_fen if row else None,
        valued_on=row.valued_on if row else None,
        current_fen=current,
        recognised_fen=recognised.recognised_fen if recognised else None,
        recognised_on=recognised.recognised_on if recognised else None,
        cap_ppm=cap,
        lendable_fen=_lendable(session, asset.id, recognised, cap),
        secured_fen=secured,
        free_fen=free_fen(
            recognised_fen=recognised.recognised_fen if recognised else None,
            cap_ppm=cap,
            secured_fen=secured,
        ),
        unsecured_fen=None if current is None else max(current - secured, 0),
        ecological_fen=ecological.value_fen if ecological else None,
        ecological_on=ecological.on if ecological else None,
    )


def _is_ecological(model_id: str) -> bool:
    spec = find_spec(model_id)
    return spec is not None and str(spec.value_kind) == ECOLOGICAL


def _recognised(session: Session, actor: Actor, asset_id: UUID) -> RecognisedValue | None:
    """What the actor's bank recognises; of an owner's asset, the lowest that a bank recognises."""
    statement = sa.select(RecognisedValue).where(col(RecognisedValue.asset_id) == asset_id)
    if actor.organisation_kind == "bank":
        statement = statement.where(col(RecognisedValue.bank_id) == actor.organisation_id)
    elif actor.organisation_kind != "enterprise":
        return None
    ordered = statement.order_by(col(RecognisedValue.recognised_fen).asc().nulls_first())
    return session.execute(ordered.limit(1)).scalar_one_or_none()


def _secured(session: Session, asset_id: UUID) -> int:
    lien = session.get(AssetLien, asset_id)
    return lien.secured_fen if lien else 0


def _cap(session: Session, actor: Actor, asset: AssetView, day: date) -> int | None:
    """The pledge-rate cap of the kind by the policy of the bank, or of all banks."""
    bank_id = actor.organisation_id if actor.organisation_kind == "bank" else None
    cap: int = policy_for(session, bank_id, day).ppm(kind_info(asset.kind).cap_parameter)
    return cap


def _lendable(
    session: Session,
    asset_id: UUID,
    recognised: RecognisedValue | None,
    cap_ppm: int | None,
) -> int | None:
    """Recognised value x cap less what other lenders secure before; nothing without a recognised value."""
    if recognised is None or recognised.recognised_fen is None or cap_ppm is None:
        return None
    senior = sa.select(sa.func.coalesce(sa.func.sum(Pledge.secured_fen), 0)).where(
        col(Pledge.asset_id) == asset_id,
        col(Pledge.state).in_(ACTIVE),
        col(Pledge.bank_id) != recognised.bank_id,
    )
    asset = PoolAsset(
        asset_id=asset_id,
        recognised_fen=recognised.recognised_fen,
        cap_ppm=cap_ppm,
        secured_fen=recognised.recognised_fen,
        senior_fen=int(session.execute(senior).scalar_one()),
    )
    return lendable_fen(asset)


def _liens(session: Session, actor: Actor, asset: AssetView) -> tuple[Lien, ...]:
    statement = (
        sa.select(Pledge, Loan, Organisation)
        .join(Loan, col(Loan.id) == col(Pledge.loan_id))
        .join(Organisation, col(Organisation.id) == col(Pledge.bank_id))
        .where(col(Pledge.asset_id) == asset.id, col(Pledge.state).in_(ACTIVE))
        .order_by(col(Pledge.rank))
    )
    return tuple(
        _lien(pledge, loan, bank, known=_knows(actor, asset, pledge))
        for pledge, loan, bank in session.execute(statement).all()
    )


def _knows(actor: Actor, asset: AssetView, pledge: Pledge) -> bool:
    mine = actor.organisation_id
    return mine in {asset.owner_id, pledge.bank_id} or actor.sees("*") == "all"


def _lien(pledge: Pledge, loan: Loan, bank: Organisation, *, known: bool) -> Lien:
    return Lien(
        rank=pledge.rank,
        pledge_id=pledge.id if known else None,
        number=pledge.number if known else "",
        bank=Name(zh=bank.name_zh, en=bank.name_en) if known else None,
        loan_id=loan.id if known else None,
        loan_number=loan.number if known else "",
        secured_fen=pledge.secured_fen if known else None,
        registered=pledge.state.value == "registered",
    )
