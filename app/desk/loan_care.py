"""How a loan is looked after: its officer, checks and signals, for those of its bank who may read them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from flask_babel import gettext
from sqlmodel import Session

from app.desk.loan_actions import Action
from app.kernel.actor import Actor
from app.kernel.permissions import Permission
from app.loans.domain.states import OPEN_STATES, Kept
from app.loans.inspection.queries import InspectionView, inspections_of_loan
from app.loans.inspection.signal_queries import SignalView, signals_of_loan
from app.loans.loan_officers import OfficerView, list_officers
from app.loans.queries import LoanView

MAX_SHOWN: Final = 4
"""The page shows the latest; the lists have all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoanCare:
    """Officer, checks and signals of a loan."""

    officer: OfficerView | None
    inspections: Sequence[InspectionView]
    signals: Sequence[SignalView]
    actions: Sequence[Action]

    @property
    def open_signals(self) -> Sequence[SignalView]:
        """Signals that still want work, the gravest first."""
        return [each for each in self.signals if each.closed_on is None]


def loan_care(session: Session, actor: Actor, loan: LoanView) -> LoanCare | None:
    """What the page of a loan shows of its checks and signals; None for those who may not read them."""
    if loan.kept is Kept.MIRRORED or not actor.may(Permission.READ_INSPECTIONS):
        return None
    officers = list_officers(session, actor, loan.id)
    return LoanCare(
        officer=officers[0] if officers else None,
        inspections=inspections_of_loan(session, actor, loan.id)[:MAX_SHOWN],
        signals=signals_of_loan(session, actor, loan.id)[:MAX_SHOWN],
        actions=_actions(actor, loan),
    )


def _actions(actor: Actor, loan: LoanView) -> list[Action]:
    """What the actor may begin, as links of the card."""
    offered = (
        (
            loan.state in OPEN_STATES and actor.may(Permission.INSPECT_LOANS),
            Action(
                title=gettext("Order a special check"), href=f"/inspections/new?loan_id={loan.id}"
            ),
        ),
        (
            actor.may(Permission.RAISE_SIGNAL),
            Action(title=gettext("Raise a signal"), href=f"/warning-signals/new?loan_id={loan.id}"),
        ),
        (
            actor.may(Permission.NAME_LOAN_OFFICER),
            Action(title=gettext("Name the loan officer"), href=f"/loans/{loan.id}/officer"),
        ),
    )
    return [action for allowed, action in offered if allowed]
