"""Principal paid before its day: what is kept of the plan, and what paying early costs."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from app.kernel.money import fen_half_up, split_largest_remainder
from app.kernel.text import N_
from app.loans.domain.accrual import rate_of_period
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, cut_at_end, interest_periods, rates_of, replanned
from app.loans.domain.terms import Method


class Keep(StrEnum):
    """What stays as it was when principal is paid early."""

    TENOR = "tenor"
    """The days stay, the instalments fall."""
    INSTALMENT = "instalment"
    """The instalments stay, the last ones fall away."""


KEEP_TITLES = {
    Keep.TENOR: N_("Keep the tenor: instalments fall"),
    Keep.INSTALMENT: N_("Keep the instalment: the tenor shortens"),
}


class QuoteKind(StrEnum):
    """What a quote is for."""

    PREPAYMENT = "prepayment"
    PAYOFF = "payoff"


class QuoteState(StrEnum):
    """Whether a quote may still be carried out, and why not."""

    COUNTS = "counts"
    CARRIED_OUT = "carried-out"
    OUTDATED = "outdated"
    """The loan would give other figures now."""
    OVER = "over"
    """Its days are over, or the loan is."""


QUOTE_STATE_TITLES = {
    QuoteState.COUNTS: N_("Counts"),
    QuoteState.CARRIED_OUT: N_("Carried out"),
    QuoteState.OUTDATED: N_("Figures changed"),
    QuoteState.OVER: N_("Counts no more"),
}

QUOTE_TITLES = {
    QuoteKind.PREPAYMENT: N_("Part of the principal"),
    QuoteKind.PAYOFF: N_("All that is owed"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotedDay:
    """What paying early costs on one day."""

    on: date
    due_fen: int
    """Bills, fees, penalty and compound interest unpaid on the day."""
    interest_fen: int
    """Interest of the running periods, grown up to the day."""
    principal_fen: int

    @property
    def total_fen(self) -> int:
        """What is to be paid."""
        return self.due_fen + self.interest_fen + self.principal_fen


def plan_kept(
    terms: NoteTerms,
    plan: Sequence[DatedAmount],
    *,
    after_on: date,
    before_fen: int,
    balance_fen: int,
    keep: Keep | None,
) -> tuple[DatedAmount, ...]:
    """The plan for the days after a day when principal not yet due fell from one figure to another.

    Without a choice the method decides: level instalments and equal principal keep their days, a
    given plan keeps its amounts from the beginning.
    """
    left = tuple(each for each in plan if each.on > after_on)
    if keep is None or len(left) < 2 or not balance_fen:
        return replanned(terms, plan, after_on=after_on, balance_fen=balance_fen)
    if keep is Keep.INSTALMENT:
        if terms.method is Method.EQUAL_INSTALMENT:
            return tuple(_same_instalment(terms, left, before_fen, balance_fen))
        return cut_at_end(left, balance_fen)
    if terms.method is Method.PLAN:
        return _in_proportion(left, balance_fen)
    return replanned(terms, plan, after_on=after_on, balance_fen=balance_fen)


def _in_proportion(left: Sequence[DatedAmount], balance_fen: int) -> tuple[DatedAmount, ...]:
    """The same days, each with its share of what is left; the parts sum to it."""
    parts = split_largest_remainder(balance_fen, [each.amount_fen for each in left])
    return tuple(
        DatedAmount(on=each.on, amount_fen=part)
        for each, part in zip(left, parts, strict=True)
        if part
    )


def _same_instalment(
    terms: NoteTerms,
    left: Sequence[DatedAmount],
    before_fen: int,
    balance_fen: int,
) -> Iterator[DatedAmount]:
    """The level instalment of the plan before, paid until nothing is left; the last one is the rest."""
    rates = rates_of(terms)
    periods = [each for each in interest_periods(terms) if each.due_on >= left[0].on]
    level_fen = left[0].amount_fen + fen_half_up(before_fen * rate_of_period(periods[0], rates))
    balance = balance_fen
    for period in periods:
        interest = fen_half_up(balance * rate_of_period(period, rates))
        last = period is periods[-1]
        principal = balance if last else min(max(level_fen - interest, 0), balance)
        if principal:
            yield DatedAmount(on=period.due_on, amount_fen=principal)
        balance -= principal
