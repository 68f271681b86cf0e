"""The API and pages of rates: what a rate was made from, and misuse of principal."""

from datetime import date

import pytest

from app.loans.domain.repricing import LprTenor, Pricing, ResetRule
from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    load_history,
    open_business_day,
    open_loan,
)
from app.market.services import DATA, AddSeries, add_series, load_point_file
from tests.support.once import built_once

TODAY = date(2024, 1, 2)


@pytest.fixture
@built_once
def loan_id(database, world):
    """4,000,000.00 at the LPR of one year + 55 bp, drawn on 2023-08-01, set again on 1 January."""
    bank, system = world.organisation("A"), world.system("A")
    with database.write() as session:
        open_business_day(session, system, bank, TODAY)
        for code in ("LPR-1Y", "LPR-5Y"):
            series = AddSeries(code=code, title_zh=code, title_en=code, unit="percent/year")
            add_series(session, system, series)
        load_point_file(session, system, DATA / "lpr.csv")
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="经济林流动资金贷款",
            contract_fen=4_000_000_00,
            pricing=Pricing(tenor=LprTenor.ONE_YEAR, bp=55, rule=ResetRule.JANUARY, lag_days=1),
            penalty_ppm=500_000,
            misuse_ppm=1_000_000,
            starts_on=date(2023, 8, 1),
            matures_on=date(2024, 7, 31),
            region_code="620725",
        )
        found = open_loan(session, world.actor("a-officer"), command)
    with database.write() as session:
        drawdown = PostDrawdown(loan_id=found, amount_fen=4_000_000_00)
        load_history(session, system, found, [Drawn(on=date(2023, 8, 1), command=drawdown)])
    return found


def misuse(api, loan_id, **given):
    note = api("a-officer").get(f"/loans/{loan_id}/rates").json["notes"][0]["note_number"]
    return {
        "note_number": note,
        "amount_yuan": "1000000.00",
        "from_on": "2023-12-30",
        "reason": "购置商品房",
        **given,
    }


def test_rates_are_told_with_the_lpr_they_were_made_from(api, loan_id):
    body = api("c1-fin").get(f"/loans/{loan_id}/rates", status=200).json
    assert (body["lpr_tenor"], body["lpr_bp"], body["reset_rule"]) == ("1y", 55, "january")
    (note,) = body["notes"]
    assert (note["rate"], note["overdue_rate"], note["misuse_rate"]) == ("0.04", "0.06", "0.08")
    assert note["next_reset_on"] is None
    assert [(row["from_on"], row["rate"], row["lpr"], row["lpr_on"]) for row in note["rates"]] == [
        ("2023-08-01", "0.041", "0.0355", "2023-06-20"),
        ("2024-01-01", "0.04", "0.0345", "2023-08-21"),
    ]


def test_rates_are_seen_by_the_parties_of_the_loan_only(api, loan_id):
    api("b-ops").get(f"/loans/{loan_id}/rates", status=404)


def test_misuse_is_recorded_once_for_a_key_and_shown(api, loan_id):
    officer, body = api("a-officer"), misuse(api, loan_id)
    first = officer.post(f"/loans/{loan_id}/misuses", body, key="misuse-1", status=201)
    again = officer.post(f"/loans/{loan_id}/misuses", body, key="misuse-1", status=201)
    assert first.json == again.json
    (note,) = officer.get(f"/loans/{loan_id}/rates").json["notes"]
    assert [row["amount_yuan"] for row in note["misuses"]] == ["1000000.00"]
    assert note["misuses"][0]["booked_on"] == "2024-01-02"


def test_misuse_is_told_once_and_put_right_once(api, sign_in, loan_id):
    body, browser = misuse(api, loan_id), sign_in("a-officer", language="en")
    address = f"/loans/{loan_id}/misuses"
    api("a-officer").post(address, body, status=201)
    answer = api("a-officer").post(address, body, status=422)
    assert answer.json["errors"][0]["pointer"] == "/amount_yuan"
    browser.submit(f"{address}/new", {**body, "amount_yuan": "0"}, status=303)
    page = browser.get(f"/loans/{loan_id}/rates").text
    assert "put right" in page
    assert "works out its surcharge" not in page
    api("a-officer").post(address, {**body, "amount_yuan": "0"}, status=422)
    api("a-officer").post(address, body, status=201)


def test_misuse_outside_the_note_is_refused_at_its_field(api, loan_id):
    for name, given in (
        ("amount_yuan", "4000000.01"),
        ("amount_yuan", "1.005"),
        ("from_on", "2024-01-03"),
        ("note_number", "N-1"),
        ("reason", ""),
    ):
        body = misuse(api, loan_id, **{name: given})
        answer = api("a-officer").post(f"/loans/{loan_id}/misuses", body, status=422)
        assert f"/{name}" in {each["pointer"] for each in answer.json["errors"]}, given


def test_only_those_who_watch_loans_record_misuse(api, loan_id):
    api("a-ops").post(f"/loans/{loan_id}/misuses", misuse(api, loan_id), status=403)
    api("c1-fin").post(f"/loans/{loan_id}/misuses", misuse(api, loan_id), status=403)


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("zh_CN", ["一年期LPR", "挪用利率", "每年1月1日"]),
        ("en", ["LPR of one year", "Each 1 January"]),
    ],
)
def test_the_page_shows_rates_and_the_form_records_misuse(api, sign_in, loan_id, language, said):
    browser = sign_in("a-officer", language=language)
    text = browser.get(f"/loans/{loan_id}/rates").text
    assert all(each in text for each in ["4.1000%", "3.55%", "4.0000%", *said])
    browser.submit(f"/loans/{loan_id}/misuses/new", misuse(api, loan_id), status=303)
    assert "1,000,000.00" in browser.get(f"/loans/{loan_id}/rates").text


def test_each_row_of_the_schedule_names_its_parts(api, sign_in, loan_id):
    rows = api("c1-fin").get(f"/loans/{loan_id}/schedule").json["instalments"]
    running = next(row for row in rows if row["state"] == "to-come")
    assert running["explained"] == {
        "parts": [
            {"from_on": "2023-12-21", "until_on": "2024-01-01", "days": 11,
             "base_yuan": "4000000.00", "rate": "0.041", "interest_yuan": "5011.1111",
             "of_days": 0, "month_days": 0},
            {"from_on": "2024-01-01", "until_on": "2024-03-21", "days": 80,
             "base_yuan": "4000000.00", "rate": "0.04", "interest_yuan": "35555.5556",
             "of_days": 0, "month_days": 0},
        ],
        "ahead_yuan": "0.00",
        "odd_yuan": "0.00",
    }  # fmt: skip
    text = sign_in("c1-fin").get(f"/loans/{loan_id}/schedule").text
    assert "4,000,000.00 × 4.1000%" in text or "4,000,000.00 × 4.10%" in text
