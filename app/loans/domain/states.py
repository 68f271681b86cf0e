"""What a loan is and where it stands: kinds, states and the table of its events."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Final

from app.kernel.permissions import Permission
from app.kernel.state_machine import StateMachine
from app.kernel.text import N_


class LoanState(StrEnum):
    """Where a loan stands."""

    SIGNED = "signed"
    PERFORMING = "performing"
    OVERDUE = "overdue"
    SETTLED = "settled"
    RELEASED = "released"
    WRITTEN_OFF = "written-off"
    CANCELLED = "cancelled"
    MIRRORED = "mirrored"
    """Kept in the bank's own core system; only its balances are known here."""


class LoanEvent(StrEnum):
    """What happens to a loan."""

    DRAW = "draw"
    FALL_BEHIND = "fall-behind"
    CATCH_UP = "catch-up"
    SETTLE = "settle"
    REOPEN = "reopen"
    RELEASE = "release"
    WRITE_OFF = "write-off"
    CANCEL = "cancel"


STATE_TITLES: Mapping[LoanState, str] = {
    LoanState.SIGNED: N_("Signed, not drawn"),
    LoanState.PERFORMING: N_("Performing"),
    LoanState.OVERDUE: N_("Overdue"),
    LoanState.SETTLED: N_("Settled"),
    LoanState.RELEASED: N_("Settled, security released"),
    LoanState.WRITTEN_OFF: N_("Written off"),
    LoanState.CANCELLED: N_("Cancelled"),
    LoanState.MIRRORED: N_("Kept by the bank"),
}

EVENT_TITLES: Mapping[LoanEvent, str] = {
    LoanEvent.DRAW: N_("Drawdown"),
    LoanEvent.FALL_BEHIND: N_("Fall overdue"),
    LoanEvent.CATCH_UP: N_("Pay the arrears"),
    LoanEvent.SETTLE: N_("Settle"),
    LoanEvent.REOPEN: N_("Reopen after a reversal"),
    LoanEvent.RELEASE: N_("Release the security"),
    LoanEvent.WRITE_OFF: N_("Write off"),
    LoanEvent.CANCEL: N_("Cancel the contract"),
}

LOAN: Final = StateMachine(
    "loan",
    {
        (LoanState.SIGNED, LoanEvent.DRAW): LoanState.PERFORMING,
        (LoanState.SIGNED, LoanEvent.CANCEL): LoanState.CANCELLED,
        (LoanState.PERFORMING, LoanEvent.DRAW): LoanState.PERFORMING,
        (LoanState.PERFORMING, LoanEvent.FALL_BEHIND): LoanState.OVERDUE,
        (LoanState.PERFORMING, LoanEvent.SETTLE): LoanState.SETTLED,
        (LoanState.PERFORMING, LoanEvent.WRITE_OFF): LoanState.WRITTEN_OFF,
        (LoanState.OVERDUE, LoanEvent.CATCH_UP): LoanState.PERFORMING,
        (LoanState.OVERDUE, LoanEvent.SETTLE): LoanState.SETTLED,
        (LoanState.OVERDUE, LoanEvent.WRITE_OFF): LoanState.WRITTEN_OFF,
        # A repayment that settled the loan may be reversed.
        (LoanState.SETTLED, LoanEvent.REOPEN): LoanState.PERFORMING,
        (LoanState.SETTLED, LoanEvent.RELEASE): LoanState.RELEASED,
    },
    initial=LoanState.SIGNED,
    permissions={
        LoanEvent.DRAW: Permission.POST_DRAWDOWN,
        LoanEvent.CANCEL: Permission.SIGN_CONTRACT,
        LoanEvent.FALL_BEHIND: Permission.CLOSE_DAY,
        LoanEvent.CATCH_UP: Permission.POST_REPAYMENT,
        LoanEvent.SETTLE: Permission.POST_REPAYMENT,
        LoanEvent.REOPEN: Permission.POST_REPAYMENT,
        LoanEvent.RELEASE: Permission.RELEASE_PLEDGE,
        LoanEvent.WRITE_OFF: Permission.WRITE_OFF_LOAN,
    },
    state_titles=STATE_TITLES,
    event_titles=EVENT_TITLES,
)

OPEN_STATES: Final = (LoanState.PERFORMING, LoanState.OVERDUE)
"""Loans that accrue, fall due and are classified at each close of day."""

SETTLED_STATES: Final = (LoanState.SETTLED, LoanState.RELEASED)
"""Loans paid in full."""


class InterestStyle(StrEnum):
    """When interest falls due."""

    SCHEDULE = "schedule"
    """With each instalment."""
    QUARTERLY = "quarterly"
    """Settled on the 20th, included, of the last month of a quarter; paid on the 21st."""


class Kept(StrEnum):
    """Who keeps the books of a loan."""

    SERVICED = "serviced"
    MIRRORED = "mirrored"


class Security(StrEnum):
    """What secures a loan."""

    PLEDGE = "pledge"
    MORTGAGE = "mortgage"
    GUARANTEE = "guarantee"
    CREDIT = "credit"
    MIXED = "mixed"


SECURITY_TITLES: Mapping[Security, str] = {
    Security.PLEDGE: N_("Pledge"),
    Security.MORTGAGE: N_("Mortgage"),
    Security.GUARANTEE: N_("Guarantee"),
    Security.CREDIT: N_("Unsecured credit"),
    Security.MIXED: N_("Mixed security"),
}


class LtvBasis(StrEnum):
    """Which debt the lines of the contract are measured against."""

    PRINCIPAL = "principal"
    EXPOSURE = "exposure"


class EntryKind(StrEnum):
    """What an entry of the journal books."""

    DRAWDOWN = "drawdown"
    ACCRUAL = "accrual"
    REPAYMENT = "repayment"
    REVERSAL = "reversal"
    NON_ACCRUAL = "non-accrual"
    WRITE_OFF = "write-off"
    RECOVERY = "recovery"
    FEE = "fee"
    REFUND = "refund"
    """Money that waited in suspense, paid back."""
    PLEDGE = "pledge"
    """Security that took force or ended, in the memorandum."""


class AccrualKind(StrEnum):
    """What grows from day to day."""

    INTEREST = "interest"
    PENALTY = "penalty"
    COMPOUND = "compound"


class CloseState(StrEnum):
    """How far the close of a day has come."""

    REQUESTED = "requested"
    RUNNING = "running"
    FINISHED = "finished"


CLOSE_STATE_TITLES: Mapping[CloseState, str] = {
    CloseState.REQUESTED: N_("Waiting to run"),
    CloseState.RUNNING: N_("Running"),
    CloseState.FINISHED: N_("Finished"),
}


class LoanFact(StrEnum):
    """A recorded fact that bears on classification, from a day to a day."""

    FUNDS_MISUSED = "funds-misused"
    RESTRUCTURED = "restructured"
    REFINANCED = "refinanced"
    DEBTOR_EVADES = "debtor-evades"
    CREDIT_WEAKENED = "credit-weakened"
    CREDIT_IMPAIRED = "credit-impaired"
    OVERDUE_ELSEWHERE = "overdue-elsewhere"
    TECHNICAL_DELAY = "technical-delay"
    """A payment late for technical reasons of the bank, not of the debtor."""
    CREDIT_ENHANCED = "credit-enhanced"
    """A credit enhancement that the supervisor recognises: the debtor's other claims do not make it non-performing."""
    RENEWED = "renewed"
    """Renewed without repayment by a new contract: marked and watched, no worse for it."""
