"""What callers send to move an application: one schema for each of its events."""

from app.kernel.schedule_dates import MonthEnd
from app.kernel.text import N_
from app.loans.domain.repricing import RESET_TITLES, TENOR_TITLES, LprTenor, ResetRule
from app.loans.domain.terms import MAX_PERIODS, DayRoll, Method, OddDays
from app.loans.rates.schemas import MAX_BP
from app.loans.schemas import MONTH_END_TITLES, ODD_DAYS_TITLES, ROLL_TITLES
from app.origination.domain.states import METHOD_TITLES
from app.origination.schemas import MAX_TERM_MONTHS
from app.origination.services import contract, decisions, drafts
from app.web.fields import (
    Choice,
    Day,
    Flag,
    OneOf,
    Rate,
    Text,
    Whole,
    Yuan,
)
from app.web.schemas import CommandSchema


class SubmitApplicationSchema(CommandSchema):
    """Words that go with the application."""

    command = drafts.SubmitApplication

    opinion = Text(max_length=2000, lines=True, title=N_("Words to the bank"))


class TakeUpSchema(CommandSchema):
    """Words of the officer who takes the file."""

    command = decisions.TakeUp

    opinion = Text(max_length=2000, lines=True, title=N_("Note"))


class SignInvestigationSchema(CommandSchema):
    """The opinion of the officer in charge, with the terms proposed."""

    command = decisions.SignInvestigation

    opinion = Text(
        required=True,
        max_length=2000,
        lines=True,
        title=N_("Opinion of the investigation"),
        help=N_("Borrower, site, purpose, source of repayment, security."),
    )
    rate_ppm = Rate(
        low_ppm=1,
        title=N_("Rate a year"),
        help=N_("Of a fixed rate. Leave empty where it follows the LPR."),
    )
    lpr_tenor = Choice(
        LprTenor,
        titles=TENOR_TITLES,
        title=N_("Floating rate: LPR"),
        help=N_("Leave empty for a fixed rate."),
    )
    lpr_bp = Whole(
        low=-MAX_BP, high=MAX_BP, title=N_("Basis points over the LPR"), unit="bp", example="55"
    )
    reset_rule = Choice(ResetRule, titles=RESET_TITLES, title=N_("The rate is set again"))
    method = Choice(Method, titles=METHOD_TITLES, required=True, title=N_("Repayment method"))
    grace_principal = Whole(
        low=0, high=MAX_PERIODS, title=N_("Periods with interest alone"), load_default=0
    )
    term_months = Whole(
        low=1,
        high=MAX_TERM_MONTHS,
        title=N_("Term"),
        unit=N_("months"),
        help=N_("Leave empty for the term asked."),
    )
    catalogue_edition = OneOf(
        max_length=10,
        title=N_("Green catalogue edition"),
        help=N_("Leave empty when the use of funds is not green."),
    )
    catalogue_code = OneOf(max_length=20, title=N_("Green item"))
    green_evidence = Text(max_length=500, lines=True, title=N_("Evidence of the green use"))
    purpose_checked = Flag(
        required=True, title=N_("The purpose was checked against contracts and on site")
    )
    financial_difficulty = Flag(
        required=True,
        title=N_("The borrower is in financial difficulty"),
        help=N_("Easing terms for a debtor in difficulty is a restructuring."),
    )


class OpinionSchema(CommandSchema):
    """A step whose reason is kept."""

    command = decisions.GiveOpinion

    opinion = Text(required=True, max_length=2000, lines=True, title=N_("Opinion"))


class ApproveSchema(CommandSchema):
    """The amount approved, its conditions, and until when the approval holds."""

    command = decisions.Approve

    amount_fen = Yuan(required=True, low_fen=1, title=N_("Amount approved"))
    conditions = Text(
        max_length=1000,
        lines=True,
        title=N_("Conditions before drawdown"),
        help=N_("The drawdown checker tests them before money moves."),
    )
    valid_until = Day(
        title=N_("Valid until"), help=N_("Leave empty for the longest time that the bank allows.")
    )
    opinion = Text(required=True, max_length=2000, lines=True, title=N_("Reasons"))


class SignContractSchema(CommandSchema):
    """The amount of the contract: the one approved, or less."""

    command = contract.SignContract

    amount_fen = Yuan(
        low_fen=1,
        title=N_("Amount of the contract"),
        help=N_("Leave empty for the amount approved."),
    )
    first_due_on = Day(title=N_("First due day"), help=N_("Empty: one period after the contract."))
    month_end = Choice(
        MonthEnd,
        titles=MONTH_END_TITLES,
        title=N_("A day that its month does not have goes"),
        load_default=MonthEnd.CLAMP,
    )
    odd_days = Choice(
        OddDays,
        titles=ODD_DAYS_TITLES,
        title=N_("Days before the first whole period"),
        load_default=OddDays.JOINED,
    )
    roll = Choice(
        DayRoll,
        titles=ROLL_TITLES,
        title=N_("A due day on which banks are closed goes"),
        help=N_("By the calendar of public holidays; interest runs up to the day it goes to."),
        load_default=DayRoll.NONE,
    )
    opinion = Text(max_length=2000, lines=True, title=N_("Note"))
