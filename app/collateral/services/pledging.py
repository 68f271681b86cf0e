"""Pledges and mortgages: taken at contract under the lien ledger, registered where they belong, released."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.appraisal.queries import internal_limits
from app.assets.kinds import kind_info, registry_names
from app.assets.models import Asset
from app.assets.queries import is_encumbered, is_ready_for_pledge, load_asset
from app.assets.services import share_asset, unshare_asset
from app.audit.services import record
from app.collateral.domain import cover
from app.collateral.domain.kept import PLEDGE_FIGURES, figures_of
from app.collateral.domain.states import (
    PLEDGE,
    PledgeEvent,
    PledgeState,
    RegistrationKind,
    SecurityKind,
)
from app.collateral.models import AssetLien, Guarantee, Pledge, RecognisedValue, Registration
from app.collateral.queries import ACTIVE, load_loan, pool_of_loan
from app.collateral.refusals import (
    OBSTACLES,
    AlreadyPledged,
    CapacityExhausted,
    CoverTooLow,
    LoanTakesNoSecurity,
    PledgeRefused,
    ReceiptTaken,
    RegistryDoesNotFit,
    StillSecures,
)
from app.collateral.services.pledge_views import PledgeView, load_pledge, pledge_view, pledge_views
from app.collateral.services.recognition import current_fen, follow_down, look_again
from app.db.engine import now, today
from app.db.numbers import insert_ignoring, next_number
from app.kernel.actor import Actor
from app.kernel.errors import InvalidInput
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.domain.states import LoanState
from app.loans.ledger.pledges import book_security, hold_lending_day
from app.loans.models import Loan, LoanStateRow
from app.loans.services import lending_day
from app.policy import Policy
from app.reference.services import policy_for

TAKES_SECURITY = (LoanState.SIGNED, LoanState.PERFORMING, LoanState.OVERDUE)
"""Loans that may be secured; the others owe nothing here, or are kept in another system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeLine:
    """An asset taken as security, with the amount it secures."""

    asset_id: UUID
    security: SecurityKind
    secured_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeLine:
    """A guarantee of part of the loan."""

    guarantor_id: UUID
    covered_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PledgeAtContract:
    """All security of a loan, taken in one transaction with the loan itself."""

    loan_id: UUID
    lines: tuple[PledgeLine, ...]
    guarantees: tuple[GuaranteeLine, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisterPledge:
    """A receipt of a registry: number, day, and until when it holds."""

    registry: str
    number: str
    registered_on: date
    expires_on: date | None = None


def pledge_at_contract(
    session: Session, actor: Actor, command: PledgeAtContract
) -> list[PledgeView]:
    """Take every line as security of the loan, or none.

    Each lien is one conditional update, so that parallel contracts never secure more than the current value.
    Refuses assets that a rule forbids, exhausted capacity (409) and a pool that does not cover the loan.
    """
    actor.require(Permission.SIGN_CONTRACT)
    loan = load_loan(session, actor, command.loan_id)
    made = _take(session, actor, loan, command.lines)
    for each in command.guarantees:
        guarantee(session, actor, loan, each)
    guaranteed_fen = sum(each.covered_fen for each in command.guarantees)
    require_cover(session, loan, guaranteed_fen=guaranteed_fen, lines=len(command.lines))
    return pledge_views(session, actor, made)


def add_collateral(session: Session, actor: Actor, loan_id: UUID, line: PledgeLine) -> PledgeView:
    """Take one more asset for a loan that is already drawn (an answer to a top-up notice)."""
    actor.require(Permission.SIGN_CONTRACT)
    ((pledge, _asset),) = _take(session, actor, load_loan(session, actor, loan_id), [line])
    return pledge_view(session, actor, pledge.id)


def register_pledge(
    session: Session, actor: Actor, pledge_id: UUID, command: RegisterPledge
) -> PledgeView:
    """Record the receipt of a registry that belongs to the kind of asset.

    The security stands once every registry of the kind has given its receipt. A second receipt of one registry
    extends the first.
    """
    actor.require(Permission.REGISTER_PLEDGE)
    pledge, asset = load_pledge(session, actor, pledge_id, lock=True)
    state = PLEDGE.next(pledge.state, PledgeEvent.REGISTER)
    registries = kind_info(asset.kind).registries
    _require_receipt(session, pledge, registries, command)
    own, registered = _registered_at(session, pledge, set(registries))
    kind = _kind_of_receipt(command.registry, own, registered)
    _add_registration(session, actor, pledge, kind, command)
    if set(registries) <= {*registered, command.registry}:
        _take_force(session, pledge, state)
    _touch(session, pledge)
    look_again(session, asset.id)
    _record_pledge(
        session,
        actor,
        pledge,
        PledgeEvent.REGISTER,
        registry=command.registry,
        number=command.number,
        on=command.registered_on,
    )
    return pledge_view(session, actor, pledge.id)


def _take_force(session: Session, pledge: Pledge, state: PledgeState) -> None:
    """From its last receipt on the security stands in the memorandum of the loan."""
    if pledge.state is not state:
        book_security(session, pledge.loan_id, secured_fen=pledge.secured_fen, number=pledge.number)
    pledge.state = state


def release_pledge(session: Session, actor: Actor, pledge_id: UUID, note: str) -> PledgeView:
    """End the security: the loan is settled, or stays within its lines without this asset.

    A security that was never registered did not stand; it is cancelled whatever is owed.
    """
    actor.require(Permission.RELEASE_PLEDGE)
    pledge, asset = load_pledge(session, actor, pledge_id, lock=True)
    registered = pledge.state is PledgeState.REGISTERED
    event = PledgeEvent.RELEASE if registered else PledgeEvent.CANCEL
    state = PLEDGE.next(pledge.state, event)
    day = hold_lending_day(session, pledge.bank_id)
    hold_debt(session, pledge.loan_id)
    if registered and not pool_of_loan(session, pledge.loan_id).stands_without(asset.id):
        raise StillSecures
    look_again(session, asset.id)
    pledge.state, pledge.released_on = state, day
    if registered:
        book_security(
            session, pledge.loan_id, secured_fen=-pledge.secured_fen, number=pledge.number
        )
    _touch(session, pledge)
    _free_lien(session, pledge)
    _end_sight(session, pledge)
    _record_pledge(session, actor, pledge, event, note=note)
    return pledge_view(session, actor, pledge.id)


def hold_debt(session: Session, loan_id: UUID) -> None:
    """Hold what is owed on a loan: nothing is drawn or released meanwhile, so that its cover is judged once."""
    session.get_one(LoanStateRow, loan_id, with_for_update=True, populate_existing=True)


def all_registered(session: Session, loan_id: UUID) -> bool:
    """Whether every active pledge of a loan is registered; true for a loan without any."""
    statement = sa.select(sa.func.count()).where(
        col(Pledge.loan_id) == loan_id, col(Pledge.state) == PledgeState.CONTRACTED
    )
    waiting: int = session.execute(statement).scalar_one()
    return waiting == 0


def _take(
    session: Session, actor: Actor, loan: Loan, lines: Sequence[PledgeLine]
) -> list[tuple[Pledge, Asset]]:
    """All liens first, in the order of the assets, then the rows with their numbers; all on one day.

    Whoever holds a number waits for no lien, so that two contracts cannot wait for each other.
    """
    if loan.state not in TAKES_SECURITY:
        raise LoanTakesNoSecurity(loan=loan.number)
    day = lending_day(session, loan.bank_id)
    assets = hold_assets(session, actor, [line.asset_id for line in lines])
    follow_down(session, actor, loan.bank_id, day, assets=list(assets))
    ordered = sorted(lines, key=lambda line: line.asset_id.bytes)
    pairs = [(line, assets[line.asset_id]) for line in ordered]
    for line, asset in pairs:
        admit(session, loan, line, asset, day)
    held = [(line, each, secure(session, each, line.secured_fen, day)) for line, each in pairs]
    return [
        (insert_pledge(session, actor, loan, line, each, total, day), each)
        for line, each, total in held
    ]


def hold_assets(session: Session, actor: Actor, asset_ids: Iterable[UUID]) -> dict[UUID, Asset]:
    """Assets in the actor's sight, held in one order for all: nobody withdraws or pledges them meanwhile.

    A contract holds them before it takes the number of its loan, which contracts of all banks share.
    """
    ordered = sorted(asset_ids, key=lambda asset_id: asset_id.bytes)
    return {asset_id: load_asset(session, actor, asset_id, lock=True) for asset_id in ordered}


def admit(session: Session, loan: Loan, line: PledgeLine, asset: Asset, day: date) -> None:
    """Refuse an asset that a rule forbids taking; it is held already."""
    if _pledged_for(session, loan.id, asset.id):
        raise AlreadyPledged(asset=asset.number)
    value = session.get(AssetValue, asset.id)
    recognised = session.get(RecognisedValue, (loan.bank_id, asset.id))
    facts = pledge_facts(
        asset,
        value,
        policy_for(session, loan.bank_id, day),
        SecurityAsked(
            borrower_id=loan.borrower_id,
            loan_fen=loan.contract_fen,
            security=line.security,
            secured_fen=line.secured_fen,
            matures_on=loan.matures_on or date.max,
        ),
        encumbered=is_encumbered(session, asset.id),
        recognised_fen=recognised.recognised_fen if recognised else None,
        appraised_for_fen=internal_limits(session, [asset.id]).get(asset.id),
        today=day,
    )
    obstacle = cover.pledge_obstacle(facts)
    if obstacle is not None:
        raise PledgeRefused(asset=asset.number, reason=OBSTACLES[obstacle], rule=obstacle)


@dataclass(frozen=True, slots=True, kw_only=True)
class SecurityAsked:
    """What an asset shall secure: whose debt and how large, in which way, how much of it, until when."""

    borrower_id: UUID | None
    loan_fen: int
    security: SecurityKind
    secured_fen: int
    matures_on: date


def pledge_facts(
    asset: Asset,
    value: AssetValue | None,
    policy: Policy,
    asked: SecurityAsked,
    *,
    encumbered: bool,
    recognised_fen: int | None,
    appraised_for_fen: int | None,
    today: date,
) -> cover.PledgeFacts:
    """What decides whether an asset may secure what is asked of it, under the policy of a bank."""
    category = asset.forest_category.value if asset.forest_category else None
    mortgageable = category is None or category in policy.flags(
        "assets.forest_category", "mortgageable"
    )
    return cover.PledgeFacts(
        asset_number=asset.number,
        owner_is_borrower=asset.owner_id == asked.borrower_id,
        ready=is_ready_for_pledge(asset),
        security=asked.security.value,
        security_of_kind=kind_info(asset.kind).security,
        forest_category=category,
        category_mortgageable=mortgageable or asked.security is SecurityKind.PLEDGE,
        encumbered=encumbered,
        current_fen=value.current_fen if value else None,
        valid_until=value.valid_until if value else None,
        recognised_fen=recognised_fen,
        right_ends_on=asset.right_ends_on,
        loan_matures_on=asked.matures_on,
        secured_fen=asked.secured_fen,
        loan_fen=asked.loan_fen,
        appraised_for_fen=appraised_for_fen,
        today=today,
    )


def secure(session: Session, asset: Asset, amount_fen: int, day: date) -> int:
    """The guard against pledging twice: one conditional update of the lien ledger. Gives the new total."""
    insert_ignoring(session, AssetLien.__table__, {"asset_id": asset.id, "secured_fen": 0})  # type: ignore[attr-defined]
    value = (
        sa.select(col(AssetValue.current_fen))
        .where(col(AssetValue.asset_id) == asset.id, col(AssetValue.valid_until) >= day)
        .scalar_subquery()
    )
    statement = (
        sa.update(AssetLien)
        .where(
            col(AssetLien.asset_id) == asset.id, col(AssetLien.secured_fen) + amount_fen <= value
        )
        .values(secured_fen=AssetLien.secured_fen + amount_fen)
        .returning(col(AssetLien.secured_fen))
        .execution_options(synchronize_session=False)
    )
    total: int | None = session.execute(statement).scalar_one_or_none()
    if total is None:
        raise _exhausted(session, asset, amount_fen, day)
    return total


def _exhausted(session: Session, asset: Asset, amount_fen: int, day: date) -> CapacityExhausted:
    free = Money(free_fen(session, asset.id, day))
    return CapacityExhausted(asset=asset.number, wanted=Money(amount_fen), free=free)


def free_fen(session: Session, asset_id: UUID, day: date) -> int:
    """The unsecured value on a day: current value less what is secured, not below zero; no limit of a loan."""
    secured = session.execute(
        sa.select(col(AssetLien.secured_fen)).where(col(AssetLien.asset_id) == asset_id)
    ).scalar_one_or_none()
    return max((current_fen(session, asset_id, day) or 0) - (secured or 0), 0)


def insert_pledge(
    session: Session,
    actor: Actor,
    loan: Loan,
    line: PledgeLine,
    asset: Asset,
    total_fen: int,
    day: date,
    *,
    carries: Pledge | None = None,
) -> Pledge:
    """The row of the pledge, with the values read again now that the lien holds the asset.

    One that carries another on stands in its rank and under its registrations.

    A value that fell while the lien was waited for refuses the pledge: it relies on the value stored with it.
    """
    value = session.execute(
        sa.select(AssetValue)
        .where(col(AssetValue.asset_id) == asset.id)
        .execution_options(populate_existing=True)
    ).scalar_one()
    recognised = session.get_one(RecognisedValue, (loan.bank_id, asset.id), populate_existing=True)
    if total_fen > (value.current_fen or 0):
        raise _exhausted(session, asset, line.secured_fen, day)
    policy = policy_for(session, loan.bank_id, day)
    pledge = Pledge(
        number=next_number(session, "P", day.year),
        loan_id=loan.id,
        asset_id=asset.id,
        bank_id=loan.bank_id,
        security=line.security,
        rank=carries.rank if carries else _next_rank(session, asset.id),
        secured_fen=line.secured_fen,
        cap_ppm=policy.ppm(kind_info(asset.kind).cap_parameter),
        relied_current_fen=value.current_fen or 0,
        relied_recognised_fen=min(recognised.recognised_fen or 0, value.current_fen or 0),
        relied_valid_until=value.valid_until or day,
        state=PledgeState.REGISTERED if carries else PLEDGE.initial,
        contracted_on=day,
        carries_id=carries.id if carries else None,
        created_at=now(session),
    )
    session.add(pledge)
    session.flush()
    share_asset(session, asset_id=asset.id, organisation_id=loan.bank_id, reason="pledged")
    record(
        session,
        actor,
        "pledge.contract",
        subject_kind="pledge",
        subject_id=pledge.id,
        loan=loan.number,
        asset=asset.number,
        **figures_of(pledge, PLEDGE_FIGURES),
    )
    return pledge


def guarantee(session: Session, actor: Actor, loan: Loan, line: GuaranteeLine) -> None:
    """A guarantee of part of a loan, from the day of the contract on."""
    row = Guarantee(
        loan_id=loan.id,
        guarantor_id=line.guarantor_id,
        covered_fen=line.covered_fen,
        share_ppm=cover.ratio_ppm(line.covered_fen, loan.contract_fen) or 0,
        contracted_on=lending_day(session, loan.bank_id),
    )
    session.add(row)
    session.flush()
    record(
        session,
        actor,
        "guarantee.contract",
        subject_kind="guarantee",
        subject_id=row.id,
        loan=loan.number,
        guarantor=line.guarantor_id,
        covered_fen=row.covered_fen,
    )


def require_cover(session: Session, loan: Loan, *, guaranteed_fen: int, lines: int) -> None:
    """Refuse a pool that, with its guarantees, covers less than the contract."""
    if loan.security == "credit":
        return
    lendable = sum(
        cover.lendable_fen(asset) for asset in pool_of_loan(session, loan.id, active=True).assets
    )
    if lendable + guaranteed_fen < loan.contract_fen:
        raise CoverTooLow(
            lendable=Money(lendable),
            guaranteed=Money(guaranteed_fen),
            loan=Money(loan.contract_fen),
            lines=lines,
        )


def _next_rank(session: Session, asset_id: UUID) -> int:
    statement = sa.select(sa.func.coalesce(sa.func.max(Pledge.rank), 0)).where(
        col(Pledge.asset_id) == asset_id, col(Pledge.state).in_(ACTIVE)
    )
    return int(session.execute(statement).scalar_one()) + 1


def _pledged_for(session: Session, loan_id: UUID, asset_id: UUID) -> bool:
    statement = sa.select(col(Pledge.id)).where(
        col(Pledge.loan_id) == loan_id,
        col(Pledge.asset_id) == asset_id,
        col(Pledge.state).in_(ACTIVE),
    )
    return session.execute(statement).first() is not None


def _end_sight(session: Session, pledge: Pledge) -> None:
    """The bank sees the asset as its security no longer, once no other pledge of it is left."""
    statement = sa.select(col(Pledge.id)).where(
        col(Pledge.asset_id) == pledge.asset_id,
        col(Pledge.bank_id) == pledge.bank_id,
        col(Pledge.state).in_(ACTIVE),
    )
    if session.execute(statement).first() is None:
        unshare_asset(
            session, asset_id=pledge.asset_id, organisation_id=pledge.bank_id, reason="pledged"
        )


def _free_lien(session: Session, pledge: Pledge) -> None:
    statement = (
        sa.update(AssetLien)
        .where(col(AssetLien.asset_id) == pledge.asset_id)
        .values(secured_fen=AssetLien.secured_fen - pledge.secured_fen)
        .execution_options(synchronize_session=False)
    )
    session.execute(statement)


def _add_registration(
    session: Session, actor: Actor, pledge: Pledge, kind: RegistrationKind, command: RegisterPledge
) -> None:
    session.add(
        Registration(
            pledge_id=pledge.id,
            kind=kind,
            registry_code=command.registry,
            number=command.number,
            registered_on=command.registered_on,
            expires_on=command.expires_on,
            person_id=actor.person_id,
            created_at=now(session),
        )
    )
    session.flush()


def _require_receipt(
    session: Session, pledge: Pledge, registries: Sequence[str], command: RegisterPledge
) -> None:
    if command.registry not in registries:
        names = [registry_names()[code] for code in registries]
        raise RegistryDoesNotFit(registries=list(registries), names=names)
    if command.registered_on > today(session):
        raise InvalidInput.at("/registered_on", N_("This day lies in the future."))
    if command.registered_on < pledge.contracted_on:
        detail = N_("The contract was signed on %(day)s; enter that day or a later one.")
        raise InvalidInput.at("/registered_on", detail, day=pledge.contracted_on)
    if command.expires_on is not None and command.expires_on <= command.registered_on:
        raise InvalidInput.at("/expires_on", N_("The registration must end after it begins."))
    taken = sa.select(col(Registration.id)).where(
        col(Registration.registry_code) == command.registry,
        col(Registration.number) == command.number,
    )
    if session.execute(taken).first() is not None:
        raise ReceiptTaken(number=command.number)


def _record_pledge(
    session: Session, actor: Actor, pledge: Pledge, event: PledgeEvent, **facts: object
) -> None:
    record(
        session,
        actor,
        f"pledge.{event.value}",
        subject_kind="pledge",
        subject_id=pledge.id,
        organisation_id=pledge.bank_id,
        pledge=pledge.number,
        **facts,
    )


def _registered_at(
    session: Session, pledge: Pledge, registries: set[str]
) -> tuple[set[str], set[str]]:
    """Registries that gave a receipt for the pledge itself; and those where it stands.

    One that carries another on stands wherever the other did.
    """
    statement = sa.select(col(Registration.registry_code)).where(
        col(Registration.pledge_id) == pledge.id,
        col(Registration.kind).in_((RegistrationKind.INITIAL, RegistrationKind.CHANGE)),
    )
    own = set(session.execute(statement).scalars())
    return own, registries if pledge.carries_id is not None else own


def _kind_of_receipt(registry: str, own: set[str], registered: set[str]) -> RegistrationKind:
    """The first receipt of a carried security changes its registration to the new contract."""
    if registry in own:
        return RegistrationKind.EXTENSION
    return RegistrationKind.CHANGE if registry in registered else RegistrationKind.INITIAL


def _touch(session: Session, pledge: Pledge) -> None:
    session.add(pledge)
    session.flush()
