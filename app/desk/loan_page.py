"""All that the page of a loan shows, read from the rooms below with a bounded number of queries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.models import Asset, AssetParcel
from app.collateral.domain.cover import PoolAsset, guarantees_close, lendable_fen, moving_ppm
from app.collateral.domain.states import OPEN_CALL_STATES, Level, PledgeState
from app.collateral.models import Guarantee, LoanCover, LtvObservation
from app.collateral.queries import ACTIVE, cover_of_loan, observations, pool_of_loan
from app.collateral.services.calls import MarginCallView
from app.collateral.services.lists import calls_of_loan, pledges_of_loan
from app.collateral.services.pledge_views import PledgeView
from app.desk.loan_documents import LoanDocument, loan_documents
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.permissions import Permission
from app.kernel.text import N_
from app.loans.classes.taken import ClassificationView, classes_taken
from app.loans.domain.debtor import FACT_TITLES
from app.loans.domain.servicing import overdue_since
from app.loans.domain.states import (
    OPEN_STATES,
    SETTLED_STATES,
    EntryKind,
    Kept,
    LoanFact,
    LoanState,
)
from app.loans.due.next_payments import NextPayment, next_payments
from app.loans.ledger.written_off import WrittenOff, find_written_off
from app.loans.models import Loan, LoanFactRow, LoanPosting
from app.loans.queries import (
    DueView,
    LoanView,
    PostingView,
    journal,
    list_dues,
    loan_view,
)
from app.loans.services import NoteView, lending_day, list_notes
from app.origination.domain.states import ApplicationEvent, ApplicationState
from app.origination.models import Application, ApplicationAct
from app.reference.models import CatalogueItem

MAX_POSTINGS: Final = 6
"""The page shows the latest; the journal has all."""

MAX_DUES: Final = 6
"""The page shows the next; the schedule has all."""

MAX_DOCUMENTS: Final = 10
"""The page shows the latest; the list of documents has all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolLine:
    """An asset behind the loan with its chain of values, in fen; None where there is no value."""

    pledge: PledgeView
    area_mu: Any
    appraised_fen: int | None
    current_fen: int | None
    recognised_fen: int | None
    senior_fen: int
    lendable_fen: int

    @property
    def active(self) -> bool:
        """Whether the pledge stands."""
        return self.pledge.state in ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class GuaranteeLine:
    """A guarantee, on its own line beside the assets."""

    guarantor: Name
    covered_fen: int
    share_ppm: int
    released_on: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A state that the loan has passed, stands in, or will come to."""

    title: str
    day: date | None
    state: str
    planned: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Collateral:
    """What stands behind the loan, for those who may read it."""

    cover: LoanCover | None
    history: Sequence[LtvObservation]
    lines: tuple[PoolLine, ...]
    guarantees: tuple[GuaranteeLine, ...]
    calls: Sequence[MarginCallView]
    parcels: tuple[tuple[AssetParcel, PoolLine], ...]

    @property
    def open_call(self) -> MarginCallView | None:
        """The case that is open, if any."""
        return next((call for call in self.calls if call.state in OPEN_CALL_STATES), None)

    def total(self, name: str) -> int | None:
        """The sum of a figure over the pledges that stand; None when one of them has no value."""
        values = [getattr(line, name) for line in self.lines if line.active]
        return None if not values or any(value is None for value in values) else sum(values)


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanLink:
    """Another loan, by its address and number."""

    id: UUID
    number: str


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanPage:
    """The page of a loan."""

    loan: LoanView
    day: date
    green_name: Name | None
    collateral: Collateral | None
    steps: tuple[Step, ...]
    notes: tuple[NoteView, ...]
    dues: tuple[DueView, ...]
    next_payment: NextPayment | None
    postings: Sequence[PostingView]
    classes: Sequence[ClassificationView]
    documents: Sequence[LoanDocument]
    written_off: WrittenOff | None
    renewed: LoanLink | None
    """The loan that this one renewed."""
    renewed_by: LoanLink | None
    mark: str
    """That the loan was restructured, is a renewal, or runs longer than signed; empty of any other."""

    @property
    def basis_ppm(self) -> int | None:
        """The ratio that moves the lines of this contract."""
        cover = self.collateral.cover if self.collateral else None
        return None if cover is None else moving_ppm(cover, self.loan.ltv_basis)

    @property
    def level(self) -> Level:
        """The line crossed, as last observed."""
        cover = self.collateral.cover if self.collateral else None
        return cover.level if cover else Level.NONE

    @property
    def guaranteed(self) -> bool:
        """Whether guarantees, and nothing else, keep a crossed line from opening a case."""
        cover = self.collateral.cover if self.collateral else None
        return cover is not None and guarantees_close(cover, cover.exposure_fen)

    @property
    def serviced(self) -> bool:
        """Whether the books are kept here."""
        return self.loan.kept is Kept.SERVICED

    @property
    def open(self) -> bool:
        """Whether something is owed and accrues."""
        return self.loan.state in OPEN_STATES

    @property
    def settled(self) -> bool:
        """Whether it was paid in full."""
        return self.loan.state in SETTLED_STATES


def loan_page(session: Session, actor: Actor, loan_id: UUID) -> LoanPage:
    """Read the page of a visible loan."""
    actor.require(Permission.READ_LOANS)
    loan = loan_view(session, actor, loan_id)
    serviced = loan.kept is Kept.SERVICED
    reads_collateral = serviced and actor.may(Permission.READ_COLLATERAL)
    collateral = read_collateral(session, actor, loan) if reads_collateral else None
    notes = list_notes(session, actor, loan_id) if serviced else ()
    dues = list_dues(session, actor, loan_id) if serviced else ()
    page = journal(session, actor, loan_id, size=MAX_POSTINGS) if serviced else None
    ended = loan.state in SETTLED_STATES
    lost = loan.state is LoanState.WRITTEN_OFF
    written_off = find_written_off(session, loan_id) if lost else None
    return LoanPage(
        loan=loan,
        day=lending_day(session, loan.bank_id),
        green_name=_green_name(session, loan),
        collateral=collateral,
        steps=_steps(session, loan, collateral, notes, _ended_on(session, loan, written_off)),
        written_off=written_off,
        notes=tuple(notes),
        dues=_shown_dues(dues),
        next_payment=next_payments(session, [loan_id]).get(loan_id),
        postings=page.items if page else (),
        classes=classes_taken(session, actor, loan_id)[:3] if serviced else (),
        documents=loan_documents(session, actor, loan_id, limit=MAX_DOCUMENTS),
        renewed=_linked(session, col(Loan.id) == loan.renews_id) if loan.renews_id else None,
        renewed_by=_linked(session, col(Loan.renews_id) == loan.id) if ended else None,
        mark=_mark(session, loan) if serviced else "",
    )


def _mark(session: Session, loan: LoanView) -> str:
    """A restructuring, and a renewal that was booked as a later maturity, are known by their facts."""
    kept = sa.select(col(LoanFactRow.fact)).where(
        col(LoanFactRow.loan_id) == loan.id,
        col(LoanFactRow.fact).in_([LoanFact.RENEWED, LoanFact.RESTRUCTURED]),
    )
    facts = set(session.execute(kept).scalars())
    if LoanFact.RESTRUCTURED in facts:
        return N_("Restructured")
    if loan.renews_id or LoanFact.RENEWED in facts:
        return FACT_TITLES[LoanFact.RENEWED]
    return N_("Extended") if session.get_one(Loan, loan.id).extended_from_on else ""


def _linked(session: Session, condition: sa.ColumnElement[bool]) -> LoanLink | None:
    """The other loan of a renewal, of the same debtor at the same bank."""
    statement = sa.select(col(Loan.id), col(Loan.number)).where(condition)
    row = session.execute(statement).one_or_none()
    return LoanLink(id=row[0], number=row[1]) if row else None


def read_collateral(session: Session, actor: Actor, loan: LoanView) -> Collateral:
    """Pledges with their values, guarantees, cases and land."""
    pledges = pledges_of_loan(session, actor, loan.id)
    lines = _lines(session, loan.id, pledges)
    active = [line for line in lines if line.active]
    return Collateral(
        cover=cover_of_loan(session, loan.id),
        history=observations(session, loan.id),
        lines=lines,
        guarantees=_guarantees(session, loan.id),
        calls=calls_of_loan(session, actor, loan.id),
        parcels=_parcels(session, active),
    )


def _lines(session: Session, loan_id: UUID, pledges: Sequence[PledgeView]) -> tuple[PoolLine, ...]:
    ids = [pledge.asset_id for pledge in pledges]
    statement = (
        sa.select(col(Asset.id), col(Asset.area_mu), AssetValue)
        .join(AssetValue, col(AssetValue.asset_id) == col(Asset.id), isouter=True)
        .where(col(Asset.id).in_(ids))
    )
    found = {row[0]: (row[1], row[2]) for row in session.execute(statement).all()}
    pool = {asset.asset_id: asset for asset in pool_of_loan(session, loan_id, active=True).assets}
    ordered = sorted(pledges, key=lambda pledge: (pledge.state not in ACTIVE, pledge.number))
    return tuple(
        _line(pledge, *found[pledge.asset_id], pool.get(pledge.asset_id)) for pledge in ordered
    )


def _line(
    pledge: PledgeView, area_mu: Any, value: AssetValue | None, asset: PoolAsset | None
) -> PoolLine:
    stands = asset is not None and pledge.state in ACTIVE
    return PoolLine(
        pledge=pledge,
        area_mu=area_mu,
        appraised_fen=value.appraised_fen if value else None,
        current_fen=value.current_fen if value else None,
        recognised_fen=asset.recognised_fen if asset and stands else None,
        senior_fen=asset.senior_fen if asset and stands else 0,
        lendable_fen=lendable_fen(asset) if asset and stands else 0,
    )


def _guarantees(session: Session, loan_id: UUID) -> tuple[GuaranteeLine, ...]:
    statement = (
        sa.select(Guarantee, Organisation)
        .join(Organisation, col(Organisation.id) == col(Guarantee.guarantor_id))
        .where(col(Guarantee.loan_id) == loan_id)
        .order_by(col(Guarantee.id))
    )
    return tuple(
        GuaranteeLine(
            guarantor=Name(zh=firm.name_zh, en=firm.name_en),
            covered_fen=row.covered_fen,
            share_ppm=row.share_ppm,
            released_on=row.released_on,
        )
        for row, firm in session.execute(statement).all()
    )


def _parcels(
    session: Session, lines: Sequence[PoolLine]
) -> tuple[tuple[AssetParcel, PoolLine], ...]:
    by_asset = {line.pledge.asset_id: line for line in lines}
    statement = (
        sa.select(AssetParcel)
        .where(col(AssetParcel.asset_id).in_(list(by_asset)))
        .order_by(col(AssetParcel.asset_id), col(AssetParcel.seq))
    )
    rows = session.execute(statement).scalars().all() if by_asset else ()
    return tuple((row, by_asset[row.asset_id]) for row in rows)


def _green_name(session: Session, loan: LoanView) -> Name | None:
    if not loan.green:
        return None
    item = session.get(CatalogueItem, (loan.catalogue_edition, loan.catalogue_code))
    if item is None:
        return Name(zh=loan.catalogue_code, en=loan.catalogue_code)
    return Name(zh=item.name_zh, en=item.name_en or item.name_zh)


def _shown_dues(dues: Sequence[DueView]) -> tuple[DueView, ...]:
    """Everything unpaid, and the latest bills before it."""
    unpaid = [due for due in dues if not due.settled]
    paid = [due for due in dues if due.settled]
    return tuple([*paid[-(max(MAX_DUES - len(unpaid), 0)) or len(paid) :], *unpaid][-MAX_DUES:])


# ---------------------------------------------------------------------------
# The steps of a loan's life


def _steps(
    session: Session,
    loan: LoanView,
    collateral: Collateral | None,
    notes: Sequence[NoteView],
    ended_on: date | None,
) -> tuple[Step, ...]:
    """From application to settlement; a step without its day has not come."""
    if loan.kept is Kept.MIRRORED:
        return ()
    acts = _acts(session, loan)
    contract = acts.get(ApplicationEvent.CONTRACT, loan.starts_on)
    drawn = min((note.drawn_on for note in notes), default=None)
    days: list[tuple[str, date | None]] = [
        (N_("Application submitted"), acts.get(ApplicationEvent.SUBMIT)),
        (N_("Investigated"), acts.get(ApplicationEvent.COUNTERSIGN)),
        (N_("Approved"), acts.get(ApplicationEvent.APPROVE)),
        (N_("Contract signed"), contract),
        (N_("Security registered"), _registered_on(collateral)),
        (N_("Drawn"), drawn),
    ]
    return (*_known_steps(days), *_present(loan, collateral), _end(loan, ended_on))


def _known_steps(days: Sequence[tuple[str, date | None]]) -> list[Step]:
    """What has its day is done; what has none is still to come, or was never recorded when a later one is done."""
    last = max((place for place, (_title, day) in enumerate(days) if day), default=-1)
    return [
        Step(title=title, day=day, state="done" if day else "todo")
        for place, (title, day) in enumerate(days)
        if day or place > last
    ]


def _acts(session: Session, loan: LoanView) -> Mapping[ApplicationEvent, date]:
    """The last day of each act of the file that led to the loan."""
    if loan.application_id is None:
        return {}
    statement = (
        sa.select(ApplicationAct)
        .join(Application, col(Application.id) == col(ApplicationAct.application_id))
        .where(col(Application.id) == loan.application_id)
        .where(col(ApplicationAct.after) != ApplicationState.RETURNED)
        .order_by(col(ApplicationAct.seq))
    )
    return {act.event: act.on for act in session.execute(statement).scalars()}


def _registered_on(collateral: Collateral | None) -> date | None:
    """The day on which the last pledge was registered; None while one still waits."""
    if collateral is None:
        return None
    waiting = [line for line in collateral.lines if line.pledge.state is PledgeState.CONTRACTED]
    days = [each.registered_on for line in collateral.lines for each in line.pledge.registrations]
    return None if waiting or not days else max(days)


def _present(loan: LoanView, collateral: Collateral | None) -> list[Step]:
    call = collateral.open_call if collateral else None
    if call is not None:
        return [Step(title=N_("Top-up of security"), day=call.opened_on, state="alarm")]
    if loan.state is LoanState.OVERDUE:
        since = overdue_since(loan.closed_on, loan.overdue_days)
        return [Step(title=N_("Overdue"), day=since, state="alarm")]
    return [Step(title=N_("In repayment"), day=None, state="now")] if _repays(loan) else []


def _repays(loan: LoanView) -> bool:
    return loan.state is LoanState.PERFORMING


_AFTER: Final = {
    LoanState.SETTLED: (EntryKind.PLEDGE, EntryKind.REFUND),
    LoanState.RELEASED: (EntryKind.REFUND,),
}
"""What may still be booked on a loan that ended."""


def _ended_on(session: Session, loan: LoanView, written_off: WrittenOff | None) -> date | None:
    """The day of the booking that ended a loan: its last payment or renewal, the release, the write-off."""
    if written_off is not None:
        return written_off.on
    if loan.state not in _AFTER:
        return None
    last = sa.select(sa.func.max(LoanPosting.booked_on)).where(
        col(LoanPosting.loan_id) == loan.id, col(LoanPosting.kind).not_in(_AFTER[loan.state])
    )
    day: date | None = session.execute(last).scalar_one()
    return day


def _end(loan: LoanView, ended_on: date | None) -> Step:
    ended = {
        LoanState.SETTLED: N_("Settled"),
        LoanState.RELEASED: N_("Settled, security released"),
        LoanState.WRITTEN_OFF: N_("Written off"),
        LoanState.CANCELLED: N_("Cancelled"),
    }
    title = ended.get(loan.state)
    if title is not None:
        return Step(title=title, day=ended_on, state="done")
    return Step(title=N_("Settled"), day=loan.matures_on, state="todo", planned=True)
