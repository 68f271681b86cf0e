"""Published cases of principal paid before its day, of payoffs, and of what falls due beside late payments."""

from datetime import timedelta
from pathlib import Path

import pytest
import yaml

from app.kernel.daycount import DayCount
from app.kernel.money import Money
from app.kernel.rates import parse_fraction
from app.kernel.schedule_dates import Every
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.notes import NoteTerms, interest_periods, principal_plan
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method

CASES = yaml.safe_load(
    (Path(__file__).parent / "lending_prepayments.yaml").read_text(encoding="utf-8")
)


def terms_of(case):
    given = case["terms"]
    plan = tuple(
        DatedAmount(on=on, amount_fen=Money.parse(text).fen)
        for on, text in case.get("plan", {}).items()
    )
    return NoteTerms(
        amount_fen=Money.parse(given["principal_yuan"]).fen,
        drawn_on=given["start_on"],
        matures_on=given["matures_on"],
        rate_ppm=parse_fraction(given["rate"]),
        method=Method(given["method"]),
        every=Every(months=1),
        day_count=DayCount(given["day_count"]),
        style=InterestStyle.SCHEDULE,
        contract_starts_on=given["start_on"],
    ), plan


def book_of(terms, plan):
    first = interest_periods(terms)[0]
    return NoteBook(
        rate_ppm=terms.rate_ppm,
        surcharge_ppm=500_000,
        day_count=terms.day_count,
        ends_on=terms.matures_on,
        unbilled_fen=terms.amount_fen,
        period_number=1,
        period_starts_on=first.starts_on,
        period_due_on=first.due_on,
        whole_months=first.whole_months,
        interest_fen=0,
        penalty_fen=0,
        compound_fen=0,
        next_due_on=first.due_on,
        terms=terms,
        plan=plan or principal_plan(terms),
    )


def run(case):
    """The book closed day by day, principal paid early on its days; bills by day, and where it stood at the payoff."""
    terms, plan = terms_of(case)
    book, day, bills = book_of(terms, plan), terms.drawn_on, {}
    payoff = case.get("payoff", {}).get("paid_on")
    early = {on: Money.parse(text).fen for on, text in case.get("early", {}).items()}
    while day < terms.matures_on and day != payoff:
        book.change(day, -early.get(day, 0))
        bill = book.close(day).bill
        day += timedelta(days=1)
        if bill is not None:
            bills[day] = bill
    return book, bills


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["id"])
def test_interest_bills_equal_the_published_case_or_name_the_other_rule(case):
    book, bills = run(case)
    found = {on: Money(bills[on].interest_fen).yuan for on in case["interest"]}
    assert found == case["interest"]
    for on, published in case.get("published", {}).items():
        assert "rule" in case
        assert Money(bills[on].interest_fen).yuan != published
    if "total_yuan" in case:
        total = sum(each.interest_fen for each in bills.values())
        assert Money(total).yuan == case["total_yuan"]
        assert book.unbilled_fen == 0


def test_a_payoff_is_the_balance_and_the_interest_to_the_day():
    (case,) = (each for each in CASES if "payoff" in each)
    book, _ = run(case)
    assert Money(book.unbilled_fen).yuan == case["payoff"]["principal_yuan"]
    assert Money(book.interest_fen).yuan == case["payoff"]["interest_yuan"]
