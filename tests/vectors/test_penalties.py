"""Penalty, misuse, compound interest and floating rates, day by day through the books of a note."""

from datetime import date, timedelta
from pathlib import Path

import pytest
import yaml

from app.kernel.daycount import DayCount
from app.kernel.money import Money
from app.kernel.rates import parse_fraction
from app.kernel.schedule_dates import Every
from app.loans.domain.accrual import RateFrom
from app.loans.domain.amounts import DatedAmount
from app.loans.domain.burden import Burden, Misuse, OpenDue, compound_to
from app.loans.domain.notes import NoteTerms, interest_periods, principal_plan
from app.loans.domain.repricing import floating_rate_ppm
from app.loans.domain.servicing import NoteBook
from app.loans.domain.states import InterestStyle
from app.loans.domain.terms import Method

CASES = yaml.safe_load(Path(__file__).with_name("lending_penalties.yaml").read_text("utf-8"))
DRAWN_ON = date(2024, 1, 1)
AMOUNT_FEN = 1_000_000_00
RATE_PPM = 43_500


@pytest.mark.parametrize("case", CASES["floating"], ids=lambda case: case["id"])
def test_floating_rate_is_the_lpr_and_its_basis_points(case):
    found = floating_rate_ppm(parse_fraction(case["lpr"]), bp=case["bp"])
    assert found == parse_fraction(case["rate"])


def misuse_of(case):
    if "misused" not in case:
        return None
    amounts = [
        DatedAmount(on=day, amount_fen=Money.parse(text).fen)
        for day, text in case["misused"].items()
    ]
    return Misuse(misused=tuple(amounts), drawn_on=DRAWN_ON, drawn_fen=AMOUNT_FEN)


def book_of(case):
    terms = NoteTerms(
        amount_fen=AMOUNT_FEN,
        drawn_on=DRAWN_ON,
        matures_on=case["due_on"],
        rate_ppm=RATE_PPM,
        method=Method.BULLET_ALL,
        every=Every(months=1),
        day_count=DayCount.ACT_360,
        style=InterestStyle.SCHEDULE,
        contract_starts_on=DRAWN_ON,
    )
    (period,) = interest_periods(terms)
    return NoteBook(
        rate_ppm=RATE_PPM,
        surcharge_ppm=parse_fraction(case["surcharge"]),
        misuse_ppm=parse_fraction(case.get("misuse", "0.0")),
        misuse=misuse_of(case),
        day_count=DayCount.ACT_360,
        ends_on=terms.ends_on,
        unbilled_fen=AMOUNT_FEN,
        period_number=1,
        period_starts_on=period.starts_on,
        period_due_on=period.due_on,
        whole_months=0,
        interest_fen=0,
        penalty_fen=0,
        compound_fen=0,
        next_due_on=period.due_on,
        terms=terms,
        plan=principal_plan(terms),
        is_overdue=True,
    )


@pytest.mark.parametrize("case", CASES["accruals"], ids=lambda case: case["id"])
def test_penalty_closed_day_by_day_equals_the_case(case):
    book = book_of(case)
    days = [DRAWN_ON + timedelta(days=n) for n in range((case["until"] - DRAWN_ON).days)]
    closed = [book.close(day) for day in days]
    assert Money(sum(day.penalty_fen for day in closed)).yuan == case["penalty_yuan"]
    if "interest_yuan" in case:
        since = [day for day in closed if day.on >= case["from"]]
        assert Money(sum(day.interest_fen for day in since)).yuan == case["interest_yuan"]


@pytest.mark.parametrize("case", CASES["compound"], ids=lambda case: case["id"])
def test_compound_interest_equals_the_case(case):
    due = OpenDue(due_on=date(2024, 3, 21), principal_fen=0, interest_fen=7_250_00)
    burden = Burden(
        rates=(RateFrom(from_on=DRAWN_ON, rate_ppm=RATE_PPM),),
        surcharge_ppm=500_000,
        day_count=DayCount.ACT_360,
        ends_on=case["matures_on"],
        misuse_ppm=1_000_000,
        misuse=misuse_of(case),
    )
    assert Money(compound_to([due], case["until"], burden)).yuan == case["compound_yuan"]
