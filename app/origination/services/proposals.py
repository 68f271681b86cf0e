"""What one person proposes about a loan, another decides and somebody carries out: the steps that all kinds share."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Generic, TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import json_facts
from app.audit.services import record
from app.collateral.queries import load_loan
from app.identity.services import ceiling_of_person_fen
from app.kernel.actor import Actor
from app.kernel.errors import DutiesApart, NotFound
from app.kernel.money import Money
from app.kernel.state_machine import StateMachine
from app.loans.models import Loan, LoanStateRow
from app.loans.queries import drawn_fen, visible_loans
from app.loans.services import lending_day
from app.origination.change_models import LoanChange
from app.origination.domain.changes import ChangeEvent, ChangeState
from app.origination.domain.checks import Check, Outcome
from app.origination.refusals import ChangeAboveAuthority
from app.origination.write_off_models import LoanWriteOff

Row = TypeVar("Row", LoanChange, LoanWriteOff)


@dataclass(frozen=True, slots=True, kw_only=True)
class DecideChange:
    """The reasons of who decides."""

    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CarryOut:
    """Nothing more is said when a proposal is carried out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckLine:
    """A check as it was stored; its facts are days and numbers as text."""

    code: str
    title: str
    outcome: Outcome
    hint: str
    facts: Mapping[str, Any]
    found: str = ""

    @property
    def done(self) -> bool:
        """Whether nothing remains to be done."""
        return self.outcome is not Outcome.UNMET


class Proposals(Generic[Row]):
    """One kind of proposals: its table, its states, and what the audit journal keeps of each step."""

    def __init__(
        self,
        model: type[Row],
        machine: StateMachine[ChangeState, ChangeEvent],
        kept: Sequence[str],
    ) -> None:
        self.model: type[Row] = model
        self.machine, self.kept = machine, kept

    # --- Reading ---

    def visible(self, session: Session, actor: Actor) -> sa.Select[Row]:
        """Those of the loans of the actor's bank."""
        everything = actor.sees("*") == "all"
        if actor.sees("loan") != "own" and not everything:
            return sa.select(self.model).where(sa.false())
        loans = visible_loans(session, actor).with_only_columns(col(Loan.id)).order_by(None)
        statement = sa.select(self.model).where(col(self.model.loan_id).in_(loans))
        if everything:
            return statement
        return statement.where(col(self.model.bank_id) == actor.organisation_id)

    def get(self, session: Session, actor: Actor, row_id: UUID, *, held: bool = False) -> Row:
        """One in sight; under lock when it is held."""
        statement = self.visible(session, actor).where(col(self.model.id) == row_id)
        if held:
            statement = statement.with_for_update().execution_options(populate_existing=True)
        row: Row | None = session.execute(statement).scalar_one_or_none()
        if row is None:
            raise NotFound
        return row

    def of_loan(self, session: Session, actor: Actor, loan_id: UUID) -> Sequence[Row]:
        """Those of a loan in sight, the newest first."""
        load_loan(session, actor, loan_id)
        statement = self.visible(session, actor).where(col(self.model.loan_id) == loan_id)
        return session.execute(statement.order_by(col(self.model.number).desc())).scalars().all()

    def events(self, actor: Actor, row: Row) -> tuple[str, ...]:
        """What the actor may do with it now."""
        return tuple(
            event.value
            for event in self.machine.events_for(row.state, actor)
            if _may_take(actor, row, event)
        )

    # --- Steps ---

    def begin(self, session: Session, actor: Actor, row_id: UUID, event: ChangeEvent) -> Row:
        """One under lock for a step; refused out of turn, without the permission, or where duties would meet."""
        row = self.get(session, actor, row_id, held=True)
        actor.require(self.machine.permissions[event])
        self.machine.next(row.state, event)
        if not _may_take(actor, row, event):
            raise DutiesApart
        return row

    def refuse(self, session: Session, actor: Actor, row_id: UUID, command: DecideChange) -> None:
        """Refuse with the reasons; the loan stays as it is."""
        row = self.begin(session, actor, row_id, ChangeEvent.REFUSE)
        day = lending_day(session, row.bank_id)
        self.decide(session, actor, row, ChangeEvent.REFUSE, command, day)

    def withdraw(self, session: Session, actor: Actor, row_id: UUID, command: DecideChange) -> None:
        """Take it back, approved or not; the loan stays as it is."""
        row = self.begin(session, actor, row_id, ChangeEvent.WITHDRAW)
        day = lending_day(session, row.bank_id)
        row.withdrawn_note = command.note
        row.withdrawn_by_id, row.withdrawn_on = actor.person_id, day
        self._finish(session, actor, row, ChangeEvent.WITHDRAW, note=command.note)

    def decide(
        self,
        session: Session,
        actor: Actor,
        row: Row,
        event: ChangeEvent,
        command: DecideChange,
        day: date,
    ) -> None:
        """Keep who approved or refused it, when and why."""
        row.note, row.decided_by_id, row.decided_on = command.note, actor.person_id, day
        self._finish(session, actor, row, event, note=command.note)

    def carried_out(
        self, session: Session, actor: Actor, row: Row, day: date, **facts: object
    ) -> None:
        """Keep who carried it out, and when; the facts are what came of it."""
        row.carried_out_by_id, row.carried_out_on = actor.person_id, day
        self._finish(session, actor, row, ChangeEvent.CARRY_OUT, note=row.note, **facts)

    def _finish(
        self,
        session: Session,
        actor: Actor,
        row: Row,
        event: ChangeEvent,
        *,
        note: str,
        **facts: object,
    ) -> None:
        row.state = self.machine.next(row.state, event)
        session.flush()
        self.record(session, actor, row, event.value, note=note, **facts)

    def record(self, session: Session, actor: Actor, row: Row, what: str, **facts: object) -> None:
        """Tell the audit journal of a step."""
        record(
            session,
            actor,
            f"{self.machine.name}.{what}",
            subject_kind=self.machine.name,
            subject_id=row.id,
            organisation_id=row.bank_id,
            number=row.number,
            **{name: getattr(row, name) for name in self.kept},
            **facts,
        )


def _may_take(actor: Actor, row: LoanChange | LoanWriteOff, event: ChangeEvent) -> bool:
    """Who proposed does not decide; who decided does not carry out."""
    if event in (ChangeEvent.APPROVE, ChangeEvent.REFUSE):
        return actor.person_id != row.proposed_by_id
    return event is not ChangeEvent.CARRY_OUT or actor.person_id != row.decided_by_id


def require_authority(session: Session, loan: Loan, person_id: UUID, day: date) -> None:
    """Who decides answers for what is owed and for what can still be drawn."""
    principal_fen = session.get_one(LoanStateRow, loan.id).principal_fen
    owed_fen = principal_fen + max(loan.contract_fen - drawn_fen(session, loan.id), 0)
    ceiling_fen = ceiling_of_person_fen(session, person_id, loan.bank_id, loan.product, day)
    if owed_fen > ceiling_fen:
        raise ChangeAboveAuthority(owed=Money(owed_fen), ceiling=Money(ceiling_fen))


def stored_checks(checks: Sequence[Check]) -> list[dict[str, Any]]:
    """Checks as a row keeps them."""
    return [
        {
            "code": check.code,
            "title": check.title,
            "outcome": check.outcome.value,
            "hint": check.hint,
            "facts": json_facts(check.facts),
            "found": check.found,
        }
        for check in checks
    ]


def check_lines(stored: Sequence[Mapping[str, Any]]) -> tuple[CheckLine, ...]:
    """Checks as a row kept them."""
    return tuple(CheckLine(**{**each, "outcome": Outcome(each["outcome"])}) for each in stored)
