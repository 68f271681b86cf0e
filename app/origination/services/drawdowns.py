"""Drawdowns: asked for by an officer, checked by one person, posted by a third."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_facts
from app.audit.services import record
from app.collateral.domain.cover import lendable_fen
from app.collateral.domain.states import OPEN_CALL_STATES, RegistrationKind
from app.collateral.models import MarginCall, Pledge, Registration
from app.collateral.queries import ACTIVE, load_loan, loans_by_id, pool_of_loan
from app.collateral.services.pledging import all_registered, hold_debt
from app.collateral.services.watch import watch_loan
from app.db.engine import now
from app.db.numbers import next_number
from app.identity.models import Organisation
from app.kernel.actor import Actor, Name
from app.kernel.errors import DutiesApart, NotFound
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.loans.books import hold_business_day
from app.loans.classes.models import LoanObservation
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import OPEN_STATES, Kept, LoanState, Security
from app.loans.models import Loan, LoanStateRow
from app.loans.queries import drawn_fen
from app.loans.refusals import LoanNotServiced
from app.loans.services import (
    PostDrawdown,
    lending_day,
    post_drawdown,
    require_time_to_draw,
)
from app.loans.titles import loan_title
from app.origination.domain.checks import Check, Outcome
from app.origination.domain.drawdown import DrawdownFacts, decide_drawdown, require_search_day
from app.origination.domain.states import DRAWDOWN, DrawdownEvent, DrawdownState, Payment
from app.origination.models import Application, Drawdown
from app.origination.queries import organisations_by_id, person_names, visible_drawdowns
from app.origination.refusals import DrawdownRefused, DrawdownWaiting, require_met
from app.reference.services import policy_for

_WAITING = (DrawdownState.REQUESTED, DrawdownState.CHECKED)

LASTING = frozenset({"contract-signed", "within-undrawn", "payee-named", "entrusted-payment"})
"""Checks that no later paper mends: a request that fails them is refused at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestDrawdown:
    """How much is to be paid to whom, and what shows that the conditions are met."""

    amount_fen: int
    payee: str
    payment: Payment
    conditions_evidence: str = ""
    search_number: str = ""
    searched_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDrawdown:
    """What the checker adds or corrects before the conditions are tested."""

    conditions_evidence: str = ""
    search_number: str = ""
    searched_on: date | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseDrawdown:
    """Why the money does not move."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PostChecked:
    """Nothing more is said when money moves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckView:
    """A check as it was stored; its facts are amounts."""

    code: str
    title: str
    outcome: Outcome
    hint: str
    facts: Mapping[str, Money]

    @property
    def done(self) -> bool:
        """Whether nothing remains to be done."""
        return self.outcome is not Outcome.UNMET


@dataclass(frozen=True, slots=True, kw_only=True)
class DrawdownView:
    """A drawdown; the people are shown to the bank only."""

    id: UUID
    number: str
    state: DrawdownState
    events: tuple[str, ...]
    version: int
    created_at: datetime
    loan_id: UUID
    loan_number: str
    loan_title: str
    loan_title_en: str
    borrower: Name
    amount_fen: int
    payee: str
    payment: Payment
    conditions: str
    conditions_evidence: str
    search_number: str
    searched_on: date | None
    checks: tuple[CheckView, ...]
    note: str
    note_id: UUID | None
    requested_by: Name | None
    checked_by: Name | None
    posted_by: Name | None

    @property
    def loan_name(self) -> Name:
        """The title of the loan in both languages."""
        return Name(zh=self.loan_title, en=self.loan_title_en)


def request_drawdown(
    session: Session, actor: Actor, loan_id: UUID, command: RequestDrawdown
) -> DrawdownView:
    """Ask for money of a signed loan; the checks are stored with the request.

    Refuses what no paper can mend (day, amount, payee, kind of payment), and a second request beside a waiting one.
    """
    actor.require(Permission.REQUEST_DRAWDOWN)
    loan = _loan(session, actor, loan_id)
    require_time_to_draw(loan, lending_day(session, loan.bank_id))
    _require_search_day(session, loan, command.searched_on)
    waiting = _waiting(session, loan_id)
    if waiting is not None:
        raise DrawdownWaiting(number=waiting.number)
    row = Drawdown(
        number=next_number(session, "D", lending_day(session, loan.bank_id).year),
        loan_id=loan.id,
        bank_id=loan.bank_id,
        amount_fen=command.amount_fen,
        payee=command.payee,
        payment=command.payment,
        conditions_evidence=command.conditions_evidence,
        search_number=command.search_number,
        searched_on=command.searched_on,
        state=DRAWDOWN.initial,
        requested_by_id=actor.person_id,
        checks=[],
        created_at=now(session),
    )
    checks = decide_drawdown(_facts(session, loan, row))
    require_met([check for check in checks if check.code in LASTING], DrawdownRefused)
    row.checks = _stored(checks)
    session.add(row)
    session.flush()
    _record(session, actor, row, "request", loan=loan.number, amount_fen=row.amount_fen)
    return drawdown_view(session, actor, row.id)


def check_drawdown(
    session: Session, actor: Actor, drawdown_id: UUID, command: CheckDrawdown
) -> DrawdownView:
    """Test all conditions anew; only with every one met may the money be posted."""
    row, loan = _begin(session, actor, drawdown_id, DrawdownEvent.CHECK)
    if actor.person_id == row.requested_by_id:
        raise DutiesApart
    require_time_to_draw(loan, lending_day(session, loan.bank_id))
    _require_search_day(session, loan, command.searched_on)
    row.conditions_evidence = command.conditions_evidence or row.conditions_evidence
    row.search_number = command.search_number or row.search_number
    row.searched_on = command.searched_on or row.searched_on
    row.note = command.note
    checks = decide_drawdown(_facts(session, loan, row))
    require_met(checks, DrawdownRefused)
    row.checks, row.checked_by_id = _stored(checks), actor.person_id
    return _finish(session, actor, row, DrawdownEvent.CHECK)


def refuse_drawdown(
    session: Session, actor: Actor, drawdown_id: UUID, command: RefuseDrawdown
) -> DrawdownView:
    """Refuse the request with its reason; what the conditions looked like is kept."""
    row, loan = _begin(session, actor, drawdown_id, DrawdownEvent.REFUSE)
    if actor.person_id == row.requested_by_id:
        raise DutiesApart
    row.checks = _stored(decide_drawdown(_facts(session, loan, row)))
    row.note, row.checked_by_id = command.note, actor.person_id
    return _finish(session, actor, row, DrawdownEvent.REFUSE)


def post_checked(
    session: Session,
    actor: Actor,
    drawdown_id: UUID,
    command: PostChecked,  # noqa: ARG001 - the shape of all events
) -> DrawdownView:
    """Pay out: a third person posts what was checked, while every condition still holds.

    Day and debt are held in the order of all bookings before the conditions are tested, so that no security
    is released between the test and the money.
    """
    row, loan = _begin(session, actor, drawdown_id, DrawdownEvent.POST)
    if actor.person_id in {row.requested_by_id, row.checked_by_id}:
        raise DutiesApart
    hold_business_day(session, loan.bank_id)
    hold_debt(session, loan.id)
    checks = decide_drawdown(_facts(session, loan, row))
    require_met(checks, DrawdownRefused)
    money = PostDrawdown(loan_id=loan.id, amount_fen=row.amount_fen)
    note = post_drawdown(session, actor, money)
    row.checks, row.posted_by_id, row.note_id = _stored(checks), actor.person_id, note.id
    view = _finish(session, actor, row, DrawdownEvent.POST)
    watch_loan(session, actor, loan.id)
    return view


def drawdown_view(session: Session, actor: Actor, drawdown_id: UUID) -> DrawdownView:
    """One drawdown in the actor's sight."""
    return drawdown_views(session, actor, [_drawdown(session, actor, drawdown_id)])[0]


def drawdowns_of_loan(session: Session, actor: Actor, loan_id: UUID) -> list[DrawdownView]:
    """The drawdowns of a loan in sight, the newest first."""
    _loan(session, actor, loan_id)
    statement = visible_drawdowns(session, actor).where(col(Drawdown.loan_id) == loan_id)
    rows = session.execute(statement.order_by(col(Drawdown.number).desc())).scalars().all()
    return drawdown_views(session, actor, rows)


def drawdown_views(session: Session, actor: Actor, rows: Sequence[Drawdown]) -> list[DrawdownView]:
    """Views of drawdowns: four queries whatever their number."""
    loans = loans_by_id(session, [row.loan_id for row in rows])
    files = _files(session, loans.values())
    firms = organisations_by_id(
        session, [each.borrower_id for each in loans.values() if each.borrower_id]
    )
    ids = {
        each for row in rows for each in (row.requested_by_id, row.checked_by_id, row.posted_by_id)
    }
    people = person_names(session, {each for each in ids if each is not None})
    return [_view(actor, row, loans[row.loan_id], files, firms, people) for row in rows]


def _view(
    actor: Actor,
    row: Drawdown,
    loan: Loan,
    files: Mapping[UUID, Application],
    firms: Mapping[UUID, Organisation],
    people: Mapping[UUID, Name],
) -> DrawdownView:
    inside = actor.organisation_id == row.bank_id or actor.sees("*") == "all"
    shown = people if inside else {}
    firm = firms.get(loan.borrower_id) if loan.borrower_id else None
    file = files.get(loan.application_id) if loan.application_id else None
    return DrawdownView(
        events=tuple(event.value for event in legal_drawdown_events(actor, row)),
        loan_number=loan.number,
        loan_title=loan.title,
        loan_title_en=loan_title(loan.title).en,
        borrower=Name(zh=firm.name_zh, en=firm.name_en) if firm else Name(zh="", en=""),
        conditions=file.conditions if file else "",
        checks=tuple(_check_view(each) for each in row.checks),
        requested_by=shown.get(row.requested_by_id),
        checked_by=shown.get(row.checked_by_id) if row.checked_by_id else None,
        posted_by=shown.get(row.posted_by_id) if row.posted_by_id else None,
        **{name: getattr(row, name) for name in _COPIED},
    )


_DERIVED = {
    "events",
    "loan_number",
    "loan_title",
    "loan_title_en",
    "borrower",
    "conditions",
    "checks",
    "requested_by",
    "checked_by",
    "posted_by",
}
_COPIED = tuple(name for name in DrawdownView.__dataclass_fields__ if name not in _DERIVED)


def legal_drawdown_events(actor: Actor, row: Drawdown) -> tuple[DrawdownEvent, ...]:
    """The events that this actor may take now; who took an earlier step is left out."""
    if actor.person_id in {row.requested_by_id, row.checked_by_id}:
        return ()
    return DRAWDOWN.events_for(row.state, actor)


def _facts(session: Session, loan: Loan, row: Drawdown) -> DrawdownFacts:
    """What decides, read now."""
    pool = pool_of_loan(session, loan.id)
    cases = sa.select(col(MarginCall.id)).where(
        col(MarginCall.loan_id) == loan.id, col(MarginCall.state).in_(OPEN_CALL_STATES)
    )
    file = _files(session, [loan]).get(loan.application_id) if loan.application_id else None
    policy = policy_for(session, loan.bank_id, lending_day(session, loan.bank_id))
    return DrawdownFacts(
        amount_fen=row.amount_fen,
        contract_fen=loan.contract_fen,
        drawn_fen=drawn_fen(session, loan.id),
        contract_signed=loan.signed_on is not None or loan.state is LoanState.PERFORMING,
        loan_open=loan.state in {LoanState.SIGNED, LoanState.PERFORMING},
        loan_class=session.get_one(LoanStateRow, loan.id).loan_class or LoanClass.NORMAL,
        observed=_is_observed(session, loan.id),
        debtor_overdue_fen=_debtor_overdue_fen(session, loan),
        secured=loan.security is not Security.CREDIT,
        all_registered=all_registered(session, loan.id),
        lendable_fen=sum(lendable_fen(asset) for asset in pool.assets),
        guaranteed_fen=pool.guaranteed_fen,
        exposure_fen=pool.debt.exposure_fen,
        conditions=file.conditions if file else "",
        conditions_evidence=row.conditions_evidence,
        open_top_up_case=session.execute(cases).first() is not None,
        last_registered_on=_last_registered_on(session, loan.id),
        searched_on=row.searched_on if row.search_number else None,
        payee=row.payee,
        payment=row.payment,
        paid_before_fen=_paid_before_fen(session, row),
        entrusted_above_fen=policy.whole("origination.entrusted_payment.above") * 100,
    )


def _is_observed(session: Session, loan_id: UUID) -> bool:
    running = sa.select(col(LoanObservation.id)).where(
        col(LoanObservation.loan_id) == loan_id, col(LoanObservation.ended_on).is_(None)
    )
    return session.execute(running.limit(1)).first() is not None


def _debtor_overdue_fen(session: Session, loan: Loan) -> int:
    """What is overdue of all loans of the debtor at the bank, as the last close left them."""
    own = (
        col(Loan.id) == loan.id
        if loan.borrower_id is None
        else col(Loan.borrower_id) == loan.borrower_id
    )
    overdue = (
        sa.select(sa.func.sum(LoanStateRow.overdue_fen))
        .join(Loan, col(Loan.id) == col(LoanStateRow.loan_id))
        .where(col(Loan.bank_id) == loan.bank_id, col(Loan.state).in_(OPEN_STATES), own)
    )
    return int(session.execute(overdue).scalar_one() or 0)


def _require_search_day(session: Session, loan: Loan, searched_on: date | None) -> None:
    today = lending_day(session, loan.bank_id)
    require_search_day(searched_on, signed_on=loan.signed_on, today=today)


def _last_registered_on(session: Session, loan_id: UUID) -> date | None:
    statement = (
        sa.select(sa.func.max(Registration.registered_on))
        .join(Pledge, col(Pledge.id) == col(Registration.pledge_id))
        .where(
            col(Pledge.loan_id) == loan_id,
            col(Pledge.state).in_(ACTIVE),
            col(Registration.kind) == RegistrationKind.INITIAL,
        )
    )
    last: date | None = session.execute(statement).scalar_one_or_none()
    return last


def _paid_before_fen(session: Session, row: Drawdown) -> int:
    """Other drawdowns of the loan to the same payee: splitting a payment does not lower it."""
    statement = sa.select(sa.func.coalesce(sa.func.sum(Drawdown.amount_fen), 0)).where(
        col(Drawdown.loan_id) == row.loan_id,
        col(Drawdown.payee) == row.payee,
        col(Drawdown.state) != DrawdownState.REFUSED,
        col(Drawdown.id) != row.id,
    )
    return int(session.execute(statement).scalar_one())


def _stored(checks: Sequence[Check]) -> list[dict[str, Any]]:
    return [
        {
            "code": check.code,
            "title": check.title,
            "outcome": check.outcome.value,
            "hint": check.hint,
            "facts": json_facts(check.facts),
        }
        for check in checks
    ]


def _check_view(stored: Mapping[str, Any]) -> CheckView:
    return CheckView(
        code=stored["code"],
        title=stored["title"],
        outcome=Outcome(stored["outcome"]),
        hint=stored["hint"],
        facts={name: Money.parse(yuan) for name, yuan in stored["facts"].items()},
    )


def _begin(
    session: Session, actor: Actor, drawdown_id: UUID, event: DrawdownEvent
) -> tuple[Drawdown, Loan]:
    row = _drawdown(session, actor, drawdown_id, lock=True)
    actor.require(DRAWDOWN.permissions[event])
    DRAWDOWN.next(row.state, event)
    return row, _loan(session, actor, row.loan_id)


def _finish(session: Session, actor: Actor, row: Drawdown, event: DrawdownEvent) -> DrawdownView:
    row.state = DRAWDOWN.next(row.state, event)
    session.add(row)
    session.flush()
    _record(session, actor, row, event.value, amount_fen=row.amount_fen, note=row.note)
    return drawdown_view(session, actor, row.id)


def _record(session: Session, actor: Actor, row: Drawdown, what: str, **facts: object) -> None:
    record(
        session,
        actor,
        f"drawdown.{what}",
        subject_kind="drawdown",
        subject_id=row.id,
        organisation_id=row.bank_id,
        number=row.number,
        **facts,
    )


def _drawdown(session: Session, actor: Actor, drawdown_id: UUID, *, lock: bool = False) -> Drawdown:
    statement = visible_drawdowns(session, actor).where(col(Drawdown.id) == drawdown_id)
    if lock:
        statement = statement.with_for_update().execution_options(populate_existing=True)
    row: Drawdown | None = session.execute(statement).scalar_one_or_none()
    if row is None:
        raise NotFound
    return row


def _waiting(session: Session, loan_id: UUID) -> Drawdown | None:
    statement = sa.select(Drawdown).where(
        col(Drawdown.loan_id) == loan_id, col(Drawdown.state).in_(_WAITING)
    )
    row: Drawdown | None = session.execute(statement).scalar_one_or_none()
    return row


def _loan(session: Session, actor: Actor, loan_id: UUID) -> Loan:
    loan = load_loan(session, actor, loan_id)
    if loan.kept is Kept.MIRRORED:
        raise LoanNotServiced(number=loan.number)
    return loan


def _files(session: Session, loans: Any) -> dict[UUID, Application]:
    ids = [loan.application_id for loan in loans if loan.application_id is not None]
    statement = sa.select(Application).where(col(Application.id).in_(ids))
    return {row.id: row for row in session.execute(statement).scalars()}
