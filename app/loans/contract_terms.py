"""The terms of a contract: what is possible and allowed, and how they are kept on the loan."""

from dataclasses import dataclass, fields, replace
from datetime import date
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.rates import PPM
from app.kernel.schedule_dates import Every, MonthEnd
from app.kernel.text import N_
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, nominal_days, plan_to_json, require_terms
from app.loans.domain.repricing import (
    PPM_OF_A_BP,
    LprTenor,
    Pricing,
    RateReason,
    RateSet,
    ResetRule,
    next_reset_on,
    rate_set,
)
from app.loans.domain.states import InterestStyle, LtvBasis, Security
from app.loans.domain.terms import DayRoll, Method, OddDays, Terms, moved_among
from app.loans.models import Loan, LoanNote
from app.loans.rates.queries import moved_from_json, moved_to_json, pricing_of, published_lpr
from app.policy import Policy
from app.reference.services import business_calendar, policy_for


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenLoan:
    """Every term of a contract; nothing is read from a product later.

    `plan` is for the method `plan`: dated principal of the whole contract. Rates are ppm a
    year, `penalty_ppm` the surcharge while overdue, `misuse_ppm` that on misused principal (none
    when the contract is silent), the lines and the cure are ppm of the recognised value. With
    `pricing` the rate floats: `rate_ppm` stays zero and is worked out for the day of the contract.
    """

    bank_id: UUID
    borrower_id: UUID
    title: str
    contract_fen: int
    penalty_ppm: int
    starts_on: date
    matures_on: date
    region_code: str
    rate_ppm: int = 0
    pricing: Pricing | None = None
    misuse_ppm: int | None = None
    product: str = ""
    method: Method = Method.BULLET
    every: str = "3m"
    day_count: DayCount = DayCount.ACT_360
    interest_style: InterestStyle = InterestStyle.QUARTERLY
    first_due_on: date | None = None
    grace_principal: int = 0
    month_end: MonthEnd = MonthEnd.CLAMP
    odd_days: OddDays = OddDays.JOINED
    roll: DayRoll = DayRoll.NONE
    plan: tuple[DatedAmount, ...] = ()
    green: bool = False
    catalogue_edition: str = ""
    catalogue_code: str = ""
    security: Security | None = None
    warning_ppm: int | None = None
    top_up_ppm: int | None = None
    disposal_ppm: int | None = None
    cure_ppm: int | None = None
    cure_days: int | None = None
    ltv_basis: LtvBasis = LtvBasis.PRINCIPAL
    application_id: UUID | None = None
    synthetic: bool = False
    signed_on: date | None = None
    renews_id: UUID | None = None
    """The loan that this one renews without repayment."""


_APART: Final = frozenset({"plan", "pricing", "rate_ppm"})


def contract_terms(session: Session, command: OpenLoan) -> dict[str, Any]:
    """The columns of a loan signed on these terms; refused where they are impossible or against a limit."""
    policy = policy_for(session, command.bank_id, _signed_on(command))
    require_pricing(policy, command.pricing, command.rate_ppm)
    rate_ppm = _contract_rate(session, command)
    terms = _whole_contract(command, rate_ppm)
    require_terms(terms)
    _require_lines(command)
    _require_surcharges(policy, command)
    moved = _moved(session, command, terms)
    require_terms(replace(terms, moved=moved))
    pricing = command.pricing
    return {
        **{
            each.name: getattr(command, each.name)
            for each in fields(command)
            if each.name not in _APART
        },
        "rate_ppm": rate_ppm,
        "plan": plan_to_json(command.plan) if command.plan else None,
        "moved_days": moved_to_json(moved),
        "lpr_tenor": pricing.tenor if pricing else None,
        "lpr_bp": pricing.bp if pricing else None,
        "reset_rule": pricing.rule if pricing else None,
        "lpr_lag_days": pricing.lag_days if pricing else None,
    }


def _signed_on(command: OpenLoan) -> date:
    return command.signed_on or command.starts_on


def require_pricing(policy: Policy, pricing: Pricing | None, rate_ppm: int) -> None:
    """Refuse a rate that is both fixed and floating, a spread or a lag out of the bank's range."""
    if pricing is None:
        return
    if rate_ppm:
        raise InvalidInput.at(
            "/rate", N_("Give either a fixed rate or basis points over the LPR, not both.")
        )
    low, high = (policy.ppm(f"loans.lpr.spread_{end}") // PPM_OF_A_BP for end in ("low", "high"))
    if not low <= pricing.bp <= high:
        raise InvalidInput.at(
            "/lpr_bp", N_("The spread lies between %(low)s and %(high)s bp."), low=low, high=high
        )
    longest = policy.whole("loans.lpr.longest_lag")
    if not 0 <= pricing.lag_days <= longest:
        raise InvalidInput.at(
            "/lpr_lag_days", N_("The lag is between 0 and %(high)s days."), high=longest
        )


def proposed_pricing(
    session: Session, bank_id: UUID, day: date, *, tenor: LprTenor, bp: int, rule: ResetRule
) -> tuple[Pricing, int]:
    """A floating rate with the bank's lag, in the bank's range, and what it is on a day."""
    policy = policy_for(session, bank_id, day)
    pricing = Pricing(tenor=tenor, bp=bp, rule=rule, lag_days=policy.whole("loans.lpr.lag"))
    require_pricing(policy, pricing, 0)
    fixings = published_lpr(session)[tenor]
    return pricing, rate_set(pricing, fixings, day, RateReason.DRAWDOWN).rate_ppm


def _contract_rate(session: Session, command: OpenLoan) -> int:
    """The fixed rate; of a floating one, what it is on the day of the contract."""
    if command.pricing is None:
        return command.rate_ppm
    fixings = published_lpr(session)[command.pricing.tenor]
    return rate_set(command.pricing, fixings, _signed_on(command), RateReason.DRAWDOWN).rate_ppm


def _whole_contract(command: OpenLoan, rate_ppm: int) -> NoteTerms:
    """The contract as one note drawn on its first day: what is possible for it is for its notes."""
    return NoteTerms(
        amount_fen=command.contract_fen,
        drawn_on=command.starts_on,
        matures_on=command.matures_on,
        rate_ppm=rate_ppm,
        method=command.method,
        every=Every.parse(command.every),
        day_count=command.day_count,
        style=command.interest_style,
        contract_starts_on=command.starts_on,
        first_due_on=command.first_due_on,
        plan=command.plan,
        grace_principal=command.grace_principal,
        month_end=command.month_end,
        odd_days=command.odd_days,
    )


def _require_lines(command: OpenLoan) -> None:
    lines = (command.cure_ppm, command.warning_ppm, command.top_up_ppm, command.disposal_ppm)
    given = [line for line in lines[1:] if line is not None]
    cure_above = None not in lines[::2] and (lines[0] or 0) > (lines[2] or 0)
    if given == sorted(given) and not cure_above and command.matures_on > command.starts_on:
        return
    raise InvalidInput.at(
        "/warning",
        N_("The warning line lies below the top-up line, and that below the disposal line."),
    )


def _require_surcharges(policy: Policy, command: OpenLoan) -> None:
    """The surcharges lie within the law of the day of the contract."""
    low, high = (policy.ppm(f"loans.penalty_rate.overdue_{end}") for end in ("low", "high"))
    if not low <= command.penalty_ppm <= high:
        raise InvalidInput.at(
            "/penalty",
            N_("The surcharge while overdue is at least %(low)s and at most %(high)s of the rate."),
            low=_percent(low),
            high=_percent(high),
        )
    low, high = (policy.ppm(f"loans.penalty_rate.misuse_{end}") for end in ("low", "high"))
    if command.misuse_ppm is not None and not low <= command.misuse_ppm <= high:
        raise InvalidInput.at(
            "/misuse",
            N_(
                "The surcharge on misused principal is at least %(low)s and at most %(high)s of the rate."
            ),
            low=_percent(low),
            high=_percent(high),
        )


def _percent(ppm: int) -> str:
    return f"{Decimal(ppm * 100) / PPM:f} %"


# --- Due days that banks are closed on ---


def _moved(session: Session, command: OpenLoan, terms: NoteTerms) -> tuple[tuple[date, date], ...]:
    """Where the roll moves due days, by the calendar known today; later orders move nothing agreed."""
    if command.roll is DayRoll.NONE:
        return ()
    return _rolled_days(session, terms, command.roll)


def moved_after_extension(
    session: Session, loan: Loan, terms: NoteTerms, *, old_end_on: date
) -> list[list[str]] | None:
    """The days already agreed, and those from the old maturity on by the calendar known today."""
    if loan.roll is DayRoll.NONE:
        return None
    kept = [each for each in moved_from_json(loan.moved_days) if each[0] < old_end_on]
    new = [each for each in _rolled_days(session, terms, loan.roll) if each[0] >= old_end_on]
    return moved_to_json([*kept, *new])


def _rolled_days(
    session: Session, terms: NoteTerms, roll: DayRoll
) -> tuple[tuple[date, date], ...]:
    whole = Terms(
        principal_fen=terms.amount_fen,
        rate_ppm=terms.rate_ppm,
        start_on=terms.contract_starts_on,
        every=terms.every,
        method=Method.BULLET,
        day_count=terms.day_count,
        matures_on=terms.matures_on,
        first_due_on=terms.first_due_on,
        month_end=terms.month_end,
        odd_days=terms.odd_days,
        roll=roll,
        calendar=business_calendar(session),
    )
    return moved_among(whole, nominal_days(replace(terms, moved=())))


# --- Rates of notes ---


def drawn_rate(session: Session, loan: Loan, day: date, *, given_ppm: int | None) -> RateSet:
    """The rate of a note drawn on a day: the contract's, one given for this note, or by the LPR that counts."""
    pricing = pricing_of(loan)
    if pricing is None:
        rate_ppm = loan.rate_ppm if given_ppm is None else given_ppm
        return RateSet(from_on=day, rate_ppm=rate_ppm, reason=RateReason.DRAWDOWN)
    if given_ppm is not None:
        raise InvalidInput.at("/rate", N_("The rate of this loan follows the LPR."))
    return rate_set(pricing, published_lpr(session)[pricing.tenor], day, RateReason.DRAWDOWN)


def first_reset_on(
    loan: Loan, note: LoanNote, *, ends_on: date, after_on: date | None = None
) -> date | None:
    """The next day on which the rate of a note is set; none of a fixed one."""
    if loan.reset_rule is None:
        return None
    return next_reset_on(
        loan.reset_rule, drawn_on=note.drawn_on, after_on=after_on or note.drawn_on, ends_on=ends_on
    )
