"""The API of oversight: totals, sight, drill-down with a purpose, exports that agree."""

import csv
import re
from io import BytesIO, StringIO
from pathlib import Path

import openpyxl
import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.audit.models import AuditEvent
from app.loans.domain.states import Kept
from app.loans.models import Loan, LoanStateRow
from app.oversight.invariants import violations
from tests.factories.tape import load_tape
from tests.support.once import built_once

HOW_TO = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "use-the-api.md"
PURPOSE = {"purpose": "季度绿色贷款质量现场检查"}
BALANCES = "/green-loan-balances"


@pytest.fixture
@built_once
def tape(session, world, commit):
    loans = load_tape(session, world)
    commit()
    return loans


def test_the_city_desk_reads_the_published_figures(api, tape):
    answer = api("pbc-1").get(BALANCES, as_of="2023-12-31", group_by="category", status=200).json
    assert answer["total"]["balance_yuan"] == "13643000000.00"
    assert answer["total"]["change_yuan"] == "3895000000.00"
    assert answer["total"]["growth"] == "0.399569"
    assert (answer["base"], answer["base_on"], answer["unit"]) == (
        "year-on-year",
        "2022-12-31",
        "CNY",
    )
    assert sum(float(row["balance_yuan"]) for row in answer["rows"]) == 13_643_000_000
    assert {row["region"] for row in answer["rows"]} == {None}


def test_three_dimensions_are_split_and_a_fourth_is_refused(api, tape):
    client = api("pbc-1")
    rows = client.get(BALANCES, group_by="category,region,bank", level=2, status=200).json["rows"]
    assert {(row["category"], row["region"], row["bank"]) for row in rows} >= {
        ("4.1", "620725", "A"),
        ("3.2", "620702", "R02"),
    }
    for wrong in ("category,region,bank,month", "class", "bank,bank"):
        body = client.get(BALANCES, group_by=wrong, status=422).json
        assert body["errors"][0]["pointer"] == "/group_by"


@pytest.mark.parametrize("query", [{"as_of": "2023-13-01"}, {"level": 9}, {"since": "2023"}])
def test_a_wrong_question_is_refused(api, tape, query):
    api("pbc-1").get(BALANCES, status=422, **query)


def test_the_desk_of_another_city_sees_nothing_anywhere(api, sign_in, tape):
    answer = api("x-1").get(BALANCES, group_by="bank,month", status=200).json
    assert answer["rows"] == []
    assert answer["total"]["balance_yuan"] == "0.00"
    assert answer["message"]
    browser = sign_in("x-1", language="en")
    assert "No loans in your jurisdiction." in browser.get("/oversight", status=200).text
    rows = _csv(browser.get("/oversight/balances.csv", status=200).data)
    assert ["Note", "No loans in your jurisdiction."] in rows
    assert rows[-1][:2] == ["Total", "0.00"]
    api("x-1").post("/oversight/drill-downs", PURPOSE, status=201)
    assert api("x-1").get("/oversight/loans", status=200).json["total"] == 0
    api("x-1").get(f"/oversight/loans/{tape['M01']}", status=404)


def test_csv_and_workbook_carry_day_filters_and_native_numbers(sign_in, tape):
    browser = sign_in("fo-1", language="en")
    answer = browser.get("/oversight/balances.csv?group_by=region&as_of=2023-12-31", status=200)
    assert "green-loan-balances-2023-12-31.csv" in answer.headers["Content-Disposition"]
    content = answer.data
    assert content.startswith(b"\xef\xbb\xbf")
    rows = _csv(content)
    assert ["Data date", "2023-12-31"] in rows
    assert rows[-1][:5] == ["Total", "13643000000.00", "9748000000.00", "3895000000.00", "39.9569"]
    sheet = _sheet(sign_in("pbc-1", language="en"), "group_by=bank")
    total = [cell.value for cell in list(sheet.rows)[-1]]
    assert total[:2] == ["Total", 13_643_000_000]
    assert sheet.freeze_panes == f"A{sheet.max_row - 16}"


def test_the_groups_of_a_file_are_listed_in_the_signs_of_its_language(sign_in, tape):
    for language, told in (
        ("en", ["Grouped by", "Category, Region"]),
        ("zh", ["分组", "类别、地区"]),
    ):
        browser = sign_in("pbc-1", language=language)
        asked = "/oversight/balances.csv?group_by=category,region&level=2"
        assert told in _csv(browser.get(asked, status=200).data)


def _sheet(browser, query):
    content = browser.get(f"/oversight/balances.xlsx?{query}", status=200).data
    return openpyxl.load_workbook(BytesIO(content)).active


@pytest.mark.parametrize("query", ["group_by=bank", "group_by=category,region,bank&level=2"])
def test_no_way_of_reading_sums_shows_a_single_loan(api, sign_in, tape, query):
    """Page, API, CSV and workbook draw on the same rows; the last one holds the small cells."""
    asked = dict(pair.split("=") for pair in query.split("&"))
    rows = api("fo-1").get(BALANCES, status=200, **asked).json["rows"]
    assert min(row["loans"] for row in rows if row["loans"]) >= 3
    assert [row["merged"] for row in rows] == [False] * (len(rows) - 1) + [True]
    assert rows[-1]["bank"] is None
    browser = sign_in("fo-1", language="en")
    other = "Other (cells of fewer than 3 loans)"
    lines = _csv(browser.get(f"/oversight/balances.csv?{query}", status=200).data)
    assert lines[-2][0] == other
    assert lines[-2][-1] == str(rows[-1]["loans"])
    assert other in browser.get("/oversight", status=200).text
    sheet = list(_sheet(browser, query).values)
    assert sheet[-2][0] == other
    assert len(sheet) == len(lines)
    shares = [row[-3] for row in sheet[-len(rows) - 1 : -1]]
    assert sum(round(share * 10_000) for share in shares) == 10_000
    assert [line[-3] for line in lines[-len(rows) - 1 : -1]] == [f"{x * 100:.2f}" for x in shares]


def test_a_region_of_two_loans_shows_not_even_its_total(api, sign_in, session, world, commit):
    loans = load_tape(session, world)
    keep = {loans["S01"], loans["M01"]}
    for loan_id in set(loans.values()) - keep:
        session.get(Loan, loan_id).green = False
    commit()
    answer = api("fo-1").get(BALANCES, status=200).json
    assert answer["rows"] == []
    assert answer["total"] is None
    assert answer["message"]
    browser = sign_in("fo-1", language="en")
    assert "would show one of them" in browser.get("/oversight", status=200).text
    assert _csv(browser.get("/oversight/balances.csv", status=200).data)[-1] == ["Total"] + [""] * 7
    assert api("pbc-1").get(BALANCES, status=200).json["total"]["loans"] == 2


def test_the_api_answers_the_file_of_the_page_when_asked_for_csv(api, sign_in, tape):
    client, query = api("fo-1"), {"group_by": "bank", "lang": "en"}

    def ask(accept):
        given = {"query_string": query, "headers": {"Accept": accept}}
        return client.request("GET", BALANCES, status=200, **given)

    answer = ask("text/csv")
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    browser = sign_in("fo-1", language="en")
    assert answer.data == browser.get("/oversight/balances.csv?group_by=bank", status=200).data
    for accept in ("*/*", "application/json", "application/json, text/csv;q=0.5"):
        assert ask(accept).headers["Content-Type"] == "application/json"
    described = browser.get("/openapi.json", status=200).json["paths"]
    content = described["/api/v1" + BALANCES]["get"]["responses"]["200"]["content"]
    assert set(content) == {"application/json", "text/csv"}


def test_the_balances_of_the_how_to_are_read_with_the_tokens_that_it_names(api, tape):
    page = HOW_TO.read_text(encoding="utf-8")
    (asked,) = re.findall(r"/api/v1(/green-loan-balances\S+)\"", page)
    first, reader = re.findall(r"token issue --user (\S+)", page)
    (due,) = re.findall(r"`/api/v1(/due-dates\S+)`", page)

    def ask(login, address, status):
        path, _, query = address.partition("?")
        given = {"query_string": query, "headers": {"Accept": "text/csv"}}
        return api(login).request("GET", path, status=status, **given)

    assert ask(reader, asked, 200).mimetype == "text/csv"
    # Whose token the page begins with reads assets and what falls due, and no balances.
    ask(first, asked, 403)
    ask(first, "/assets", 200)
    assert ask(first, due, 200).mimetype == "text/csv"


def test_printed_figures_stand_in_the_unit_of_the_page(sign_in, tape):
    page = sign_in("pbc-1", language="en").get("/oversight", status=200).text
    assert "13.643 CNY billion" in page
    assert "hundred million" not in page
    assert "136.43 亿元" in sign_in("pbc-1").get("/oversight", status=200).text


def _csv(content):
    return list(csv.reader(StringIO(content.decode("utf-8-sig"))))


def test_single_loans_need_a_purpose_and_every_look_is_written_down(api, database, tape, clock):
    client = api("pbc-1")
    assert client.get("/oversight/loans", status=403).json["code"] == "purpose-needed"
    client.post("/oversight/drill-downs", {"purpose": "看看"}, status=422)
    client.post("/oversight/drill-downs", PURPOSE, status=201)
    page = client.get("/oversight/loans", page_size=10, status=200).json
    assert page["total"] == len(tape)
    seen = _events(database, "drill-down.view")
    assert [event.subject_id for event in seen] == [row["id"] for row in page["items"]]
    assert {event.facts["purpose"] for event in seen} == {PURPOSE["purpose"]}
    client.get(f"/oversight/loans/{tape['S01']}", status=200)
    assert len(_events(database, "drill-down.view")) == 11
    with database.read() as session:
        assert list(violations(session)) == []


def test_the_list_of_single_loans_says_what_the_balances_leave_out(
    api, sign_in, session, tape, commit
):
    def said():
        page = sign_in("pbc-1", language="en").get("/oversight/loans", status=200).text
        found = re.search(
            r"Of (\d+) loans .* the (\d+) green .*; not green: (\d+); without .*: (\d+)", page
        )
        return tuple(int(each) for each in found.groups())

    api("pbc-1").post("/oversight/drill-downs", PURPOSE, status=201)
    total, green, other, empty = said()
    assert total == len(tape) == green + other + empty
    counted = api("pbc-1").get(BALANCES, status=200).json["total"]["loans"]
    assert green == counted
    owed = sa.select(col(LoanStateRow.loan_id)).join(
        Loan, col(Loan.id) == col(LoanStateRow.loan_id)
    )
    owed = owed.where(col(Loan.green), col(LoanStateRow.principal_fen) > 0).limit(3)
    brown, *paid = session.execute(owed).scalars().all()
    session.execute(sa.update(Loan).where(col(Loan.id) == brown).values(green=False))
    settled = sa.update(LoanStateRow).where(col(LoanStateRow.loan_id).in_(paid))
    session.execute(settled.values(principal_fen=0))
    commit()
    assert said() == (total, green - 3, other + 1, empty + 2)


def test_a_purpose_ends_after_eight_hours_and_holds_for_one_person(api, tape, clock):
    from datetime import timedelta

    api("pbc-1").post("/oversight/drill-downs", PURPOSE, status=201)
    api("nfra-1").get("/oversight/loans", status=403)
    clock.instant += timedelta(hours=8) - timedelta(seconds=1)
    api("pbc-1").get("/oversight/loans", status=200)
    clock.instant += timedelta(seconds=1)
    api("pbc-1").get("/oversight/loans", status=403)


def test_desks_of_aggregates_banks_and_enterprises_never_drill_down(api, tape):
    for login in ("fo-1", "fin-1", "a-officer", "c1-fin"):
        api(login).post("/oversight/drill-downs", PURPOSE, status=403)
        api(login).get("/oversight/loans", status=403)


@pytest.mark.one_engine("sqlite")
def test_of_a_mirrored_loan_only_what_its_bank_reports_is_shown(api, sign_in, database, tape):
    """A balance is no contract amount, and nobody reports how long something is overdue."""
    api("pbc-1").post("/oversight/drill-downs", PURPOSE, status=201)
    with database.read() as session:
        mirrored = sa.select(col(Loan.id)).where(
            col(Loan.kept) == Kept.MIRRORED, sa.not_(col(Loan.published))
        )
        loan_id = session.execute(mirrored.limit(1)).scalar_one()
    card = api("pbc-1").get(f"/oversight/loans/{loan_id}", status=200).json
    assert (card["contract_yuan"], card["overdue_days"]) == (None, None)
    page = sign_in("pbc-1", language="en").get(f"/oversight/loans/{loan_id}", status=200).text
    assert page.count("— kept by the core system") == 2


def test_a_published_card_shows_nothing_that_was_not_published(api, sign_in, tape):
    api("pbc-1").post("/oversight/drill-downs", PURPOSE, status=201)
    card = api("pbc-1").get(f"/oversight/loans/{tape['P01']}", status=200).json
    assert card["principal_yuan"] == "3000000.00"
    for field in ("loan_class", "rate", "contract_yuan", "overdue_days", "collateral"):
        assert card[field] is None
    page = sign_in("pbc-1").get(f"/oversight/loans/{tape['P01']}", status=200).text
    assert "未公布" in page


def _events(database, action):
    with database.read() as session:
        statement = sa.select(AuditEvent).where(col(AuditEvent.action) == action)
        return list(session.execute(statement.order_by(col(AuditEvent.seq))).scalars())


def test_a_desk_narrows_single_loans_to_a_county_of_its_own(api, sign_in, tape):
    api("pbc-1").post("/oversight/drill-downs", PURPOSE, status=201)
    page = sign_in("pbc-1").get("/oversight/loans?region_code=620725", status=200).text
    assert tape["S01"]
    assert '<option value="620725" selected>' in page
    assert set(re.findall(r'<option value="(\d{4})\d\d"', page)) == {"6207"}
