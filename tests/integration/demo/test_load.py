"""The demonstration as loaded: every printed figure of its files, and nothing that `verify` finds."""

import csv
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
import yaml
from sqlmodel import col

from app.collateral.domain.states import CallState
from app.collateral.models import LoanCover, MarginCall
from app.db.engine import today
from app.demo.load import NotEmpty, load
from app.identity.models import Organisation
from app.loans.inspection.models import Inspection, SignalCause, WarningSignal
from app.loans.models import Loan, LoanMonthEnd, LoanStateRow
from app.market.services import model_prices
from app.verify import CHECKERS
from risk_models.appraise import appraise
from risk_models.registry import get_model

DATA = Path(__file__).resolve().parents[3] / "app" / "demo" / "data"
ROOMS = [room for room, _ in CHECKERS]
WAN = 1_000_000

pytestmark = pytest.mark.deep_on("postgres")
"""Loading costs as much as hundreds of tests; that each room writes the same there, its own tests show."""


def rows(name: str) -> list[dict[str, str]]:
    return list(csv.DictReader((DATA / f"{name}.csv").read_text(encoding="utf-8").splitlines()))


def loans_by_file_id(look) -> dict[str, Loan]:
    """Serviced loans carry numbers of their own; bank, customer, day and amount tell which is which."""
    codes = {row.id: row.code for row in look.execute(sa.select(Organisation)).scalars()}
    found = {}
    for loan in look.execute(sa.select(Loan).where(col(Loan.kept) == "serviced")).scalars():
        key = (codes[loan.bank_id], codes[loan.borrower_id], loan.starts_on.isoformat())
        found[key] = loan
    return {
        row["loan_id"]: found[row["bank_id"], row["customer_id"], row["drawn_on"]]
        for row in rows("serviced_loans")
    }


def test_green_balance_is_the_published_one_with_its_growth(look):
    def balance(day: date) -> int:
        statement = (
            sa.select(sa.func.sum(LoanMonthEnd.principal_fen))
            .join(Loan, col(Loan.id) == col(LoanMonthEnd.loan_id))
            .where(col(Loan.green), col(LoanMonthEnd.month_end_on) == day)
        )
        return int(look.execute(statement).scalar_one())

    closing, opening = balance(date(2023, 12, 31)), balance(date(2022, 12, 31))
    assert closing == 1_364_300 * WAN
    assert closing - opening == 389_500 * WAN
    assert round((closing / opening - 1) * 100, 2) == 39.96


def test_month_ends_of_serviced_loans_are_those_of_the_file(look):
    loans = loans_by_file_id(look)
    for row in rows("serviced_balances"):
        statement = sa.select(LoanMonthEnd).where(
            col(LoanMonthEnd.loan_id) == loans[row["loan_id"]].id
        )
        held = {each.month_end_on: each.principal_fen for each in look.execute(statement).scalars()}
        for month, wan in row.items():
            if month[:2] == "20":
                found = {day: fen for day, fen in held.items() if f"{day:%Y-%m}" == month}
                assert sum(found.values()) == int(wan) * WAN, (row["loan_id"], month)


def test_classes_and_days_overdue_are_those_of_the_file(look):
    loans = loans_by_file_id(look)
    for row in rows("serviced_loans"):
        if not row["class"]:
            continue
        state = look.get(LoanStateRow, loans[row["loan_id"]].id)
        assert state.loan_class == row["class"], row["loan_id"]
        if row["state"] != "written-off":
            assert state.overdue_days == int(row["days_overdue"]), row["loan_id"]


def test_interest_grown_on_the_loan_of_the_worked_case(look):
    state = look.get(LoanStateRow, loans_by_file_id(look)["S11"].id)
    assert (state.principal_fen, state.accrued_fen) == (400_000_000, 580_000)


def test_pools_have_the_recognised_value_and_ratio_of_the_file(look):
    loans = loans_by_file_id(look)
    for row in rows("pools"):
        if ";" in row["loans"]:
            continue
        cover = look.get(LoanCover, loans[row["loans"]].id)
        assert cover.recognised_fen == round(float(row["recognised_wan"]) * WAN), row["pool_id"]
        assert f"{cover.ltv_ppm / 10_000:.2f}" == row["ltv_percent"], row["pool_id"]


def test_worked_case_asks_for_the_printed_amounts_and_is_served(look):
    statement = sa.select(MarginCall).where(
        col(MarginCall.loan_id) == loans_by_file_id(look)["S11"].id
    )
    call = look.execute(statement).scalar_one()
    assert call.state is CallState.SERVED
    assert (call.repay_fen, call.add_recognised_fen) == (64_580_000, 107_633_334)
    assert call.notice_id is not None


def test_guarantee_counts_by_rule_and_opens_no_case(look):
    statement = sa.select(sa.func.count()).where(
        col(MarginCall.loan_id) == loans_by_file_id(look)["S05"].id
    )
    assert look.execute(statement).scalar_one() == 0


@pytest.mark.parametrize("room", ROOMS)
def test_nothing_is_found_by_verification(look, room):
    assert list(dict(CHECKERS)[room](look)) == []


def test_checks_and_signals_are_those_of_the_file_and_every_drawn_loan_has_its_next(look):
    story = yaml.safe_load((DATA / "inspections.yaml").read_text(encoding="utf-8"))
    loans = loans_by_file_id(look)
    checks = look.execute(sa.select(Inspection)).scalars().all()
    told = {(each["loan"], each["checked_on"]) for each in story["checks"]}
    names = {loan.id: name for name, loan in loans.items()}
    assert {(names[row.loan_id], row.checked_on) for row in checks if row.checked_on} == told
    states = {names[row.loan_id]: row.state for row in checks if row.checked_on}
    assert states == {"S04": "reviewed", "S05": "submitted", "S11": "draft"}
    planned = [row.loan_id for row in checks if row.kind != "special"]
    owed = {loan.id for loan in loans.values() if loan.state in {"performing", "overdue"}}
    assert set(planned) == owed
    assert len(planned) == len(owed)
    told = sa.select(WarningSignal).where(col(WarningSignal.source) != "system")
    signals = look.execute(told).scalars().all()
    assert {names[row.loan_id] for row in signals} == {each["loan"] for each in story["signals"]}
    assert {row.state for row in signals} == {"open", "handling"}


def test_signals_of_the_system_follow_from_the_facts_of_the_world(look):
    names = {loan.id: name for name, loan in loans_by_file_id(look).items()}
    causes = look.execute(sa.select(SignalCause)).scalars().all()
    assert {(names[row.loan_id], row.trigger, row.level) for row in causes} == {
        ("S03", "cover-low", "yellow"),
        ("S06", "overdue", "yellow"),
        ("S07", "cover-low", "red"),
        ("S07", "overdue", "orange"),
        ("S11", "check-late", "yellow"),
        ("S11", "cover-low", "orange"),
        ("S21", "overdue", "yellow"),
    }


def test_civil_day_is_that_of_the_demonstration(look):
    assert today(look) == date(2024, 1, 2)


def test_demonstration_is_refused_in_a_database_with_organisations(demo):
    with pytest.raises(NotEmpty):
        load(demo.database)


def test_answer_names_every_person_with_password_and_token(demo):
    assert {user["login"] for user in demo.answer["users"]} == {
        row["login"] for row in rows("people")
    }
    assert all(
        user["password"] and user["token"].startswith("gp_") for user in demo.answer["users"]
    )


def test_every_asset_can_be_valued_again_at_the_market_of_the_open_day(look):
    appraisals = yaml.safe_load((DATA / "appraisals.yaml").read_text(encoding="utf-8"))
    for asset_id, row in appraisals.items():
        prices = model_prices(look, get_model(row["model"]).spec.price_ids, today(look))
        stated = {key: {"yuan": each.yuan, "unit": each.unit} for key, each in prices.items()}
        document = {"inputs": row["inputs"] | row.get("overrides", {}), "prices": stated}
        assert appraise(row["model"], document, today(look))["value_yuan"], asset_id


def test_allowances_keep_their_value_at_the_lower_of_the_two_means(look):
    ids = ("cea-vwap-20d", "cea-vwap-250d")
    prices = model_prices(look, ids, today(look))
    assert min(prices[price_id].yuan for price_id in ids) == 68.15
