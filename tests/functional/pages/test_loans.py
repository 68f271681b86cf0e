"""Pages of loans, in both languages, through forms."""

import re
from datetime import UTC, date, datetime

import pytest
import sqlalchemy as sa

from app.desk.loan_page import loan_page
from app.kernel.money import Money
from app.loans.models import Loan, LoanStateRow
from app.loans.queries import due_beside_bills, list_dues
from app.loans.services import (
    Drawn,
    ImportMirrored,
    OpenLoan,
    PostDrawdown,
    Repaid,
    Repay,
    import_mirrored,
    load_history,
    open_business_day,
    open_loan,
    repay,
)
from app.web.formats import money_yuan
from tests.support.once import built_once


@pytest.fixture
@built_once
def loan_id(database, world):
    bank = world.organisation("A")
    system = world.system("A")
    with database.write() as session:
        open_business_day(session, system, bank, date(2024, 3, 22))
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="林权抵押贷款",
            contract_fen=3_000_000_00,
            rate_ppm=44_500,
            penalty_ppm=500_000,
            starts_on=date(2023, 12, 26),
            matures_on=date(2024, 12, 25),
            region_code="620725",
        )
        found = open_loan(session, system, command)
        drawdown = PostDrawdown(loan_id=found, amount_fen=3_000_000_00)
        load_history(session, system, found, [Drawn(on=date(2023, 12, 26), command=drawdown)])
    return found


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_list_shows_the_loan_and_its_state(sign_in, loan_id, language):
    text = sign_in("a-ops", language=language).get("/loans?q=L-2023&sort=-principal").text
    assert "L-2023-000001" in text
    assert ("逾期" if language == "zh_CN" else "Overdue") in text
    assert "4.45%" in text


def test_the_steps_of_a_loan_say_since_when_it_is_overdue(sign_in, database, world, loan_id):
    with database.read() as session:
        steps = loan_page(session, world.actor("a-ops"), loan_id).steps
        (unpaid,) = [
            due for due in list_dues(session, world.actor("a-ops"), loan_id) if not due.settled
        ]
    assert [step.day for step in steps if step.title == "Overdue"] == [unpaid.due_on]


@pytest.mark.parametrize(("page", "amount"), [("schedule", "31,891.67"), ("journal", "2,225.00")])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_schedule_and_journal_show_the_bill(sign_in, loan_id, page, amount, language):
    text = sign_in("c1-fin", language=language).get(f"/loans/{loan_id}/{page}").text
    assert amount in text


def test_a_repayment_is_booked_through_its_form(sign_in, loan_id):
    browser = sign_in("a-ops")
    browser.submit(f"/loans/{loan_id}/repayments/new", {"amount_yuan": "31,897.58"}, status=303)
    text = browser.get(f"/loans/{loan_id}/journal").text
    assert "C-2024-000001" in text


def test_a_refused_repayment_keeps_what_was_typed_and_says_why(sign_in, loan_id):
    text = (
        sign_in("a-ops")
        .submit(f"/loans/{loan_id}/repayments/new", {"amount_yuan": "12.345"}, status=422)
        .text
    )
    assert "12.345" in text
    assert "最多两位小数" in text


def test_a_repayment_is_taken_back_through_its_page(sign_in, loan_id):
    browser = sign_in("a-ops")
    browser.submit(f"/loans/{loan_id}/repayments/new", {"amount_yuan": "100"}, status=303)
    text = browser.get(f"/loans/{loan_id}/journal").text
    href = text.split("/reversal")[0].rsplit('href="', 1)[1] + "/reversal"
    assert re.search("C-2024-000001，20[0-9-]{8}，100.00 元", browser.get(href).text)
    browser.submit(href, {"reason": "退汇"}, status=303)
    text = browser.get(f"/loans/{loan_id}/journal").text
    assert "冲正 C-2024-000001" in text
    assert "已由 C-2024-000002 冲正" in text
    assert "/reversal" not in text
    undone = browser.get(href.removesuffix("/reversal")).text
    reversal = re.findall(rf'href="(/loans/{loan_id}/repayments/[0-9a-f-]{{36}})"', text)
    assert "该笔还款已于" in undone
    assert any(f'href="{each}"' in undone for each in reversal)


@pytest.mark.one_engine("sqlite")
def test_rates_say_why_no_misuse_can_be_recorded(sign_in, loan_id):
    text = sign_in("a-risk", language="en").get(f"/loans/{loan_id}/rates").text
    assert "names no surcharge for misused principal" in text
    assert "misuses/new" not in text


@pytest.mark.one_engine("sqlite")
def test_taking_back_a_repayment_of_a_closed_month_says_what_stays(sign_in, database, world):
    bank, system = world.organisation("A"), world.system("A")
    drawn_on = date(2024, 2, 20)
    with database.write() as session:
        open_business_day(session, system, bank, date(2024, 3, 22))
        command = OpenLoan(
            bank_id=bank,
            borrower_id=world.organisation("C1"),
            title="林权抵押贷款",
            contract_fen=3_000_000_00,
            rate_ppm=44_500,
            penalty_ppm=500_000,
            starts_on=drawn_on,
            matures_on=date(2024, 12, 25),
            region_code="620725",
        )
        found = open_loan(session, system, command)
        drawdown = PostDrawdown(loan_id=found, amount_fen=3_000_000_00)
        paid = Repay(amount_fen=100_00, key="first")
        events = [Drawn(on=drawn_on, command=drawdown), Repaid(on=date(2024, 2, 28), command=paid)]
        load_history(session, system, found, events)
    browser = sign_in("a-ops", language="en")
    text = browser.get(f"/loans/{found}/journal").text
    href = text.split("/reversal")[0].rsplit('href="', 1)[1] + "/reversal"
    page = browser.get(href).text
    assert "Its month is closed" in page
    assert "2024-03-01" in page


def test_a_fact_for_the_better_is_proposed_through_its_form_and_one_with_a_share_recorded(
    sign_in, loan_id
):
    browser, address = sign_in("a-risk"), f"/loans/{loan_id}"
    impaired = {"fact": "credit-impaired", "share": "60", "reason": "减值测试"}
    browser.submit(f"{address}/facts/new", impaired, status=303)
    enhanced = {"fact": "credit-enhanced", "reason": "省担保公司连带责任"}
    browser.submit(f"{address}/facts/new", enhanced, status=303)
    text = browser.get(f"{address}/classes").text
    assert "有利于债务人的事实: 监管认可的增信" in text
    ending = browser.get(f"{address}/fact-endings/new").text
    assert re.search("60.00% · 20[0-9-]{8} · 减值测试", ending), "told apart by day and reason"


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_schedule_is_drawn_from_the_form(sign_in, world, language):
    browser = sign_in("c1-fin", language=language)
    terms = {
        "principal_yuan": "1,000,000",
        "rate": "4.35",
        "start_on": "2024-01-15",
        "periods": "12",
        "every": "1m",
        "method": "equal-instalment",
        "day_count": "30/360",
    }
    form = browser.get("/schedules/new", status=200).text
    assert f'<option value="3m">{"Each quarter" if language == "en" else "每季度"}</option>' in form
    assert "85,309.90" in browser.submit("/schedules/new", terms, status=200).text
    plan = {**terms, "method": "plan", "periods": "2", "plan_text": "400000,600000"}
    assert "600,000.00" in browser.submit("/schedules/new", plan, status=200).text
    wrong = {**plan, "plan_text": "400000,x"}
    assert "400000,x" in browser.submit("/schedules/new", wrong, status=422).text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_close_is_filed_on_its_page_and_shows_its_progress(
    sign_in, loan_id, database, clock, language
):
    from app.loans.services import run_requested_closes

    clock.instant = datetime(2024, 3, 22, 8, tzinfo=UTC)
    browser = sign_in("a-ops", language=language)
    assert "2024-03-22" in browser.get("/day-closes").text
    answer = browser.submit("/day-closes", {"on": "2024-03-22"}, status=303)
    page = answer.headers["Location"]
    assert "hx-get" in browser.get(page).text
    assert "0 / 0" not in browser.get("/day-closes").text
    asked = {"HX-Request": "true"}
    assert "HX-Refresh" not in browser.get(page, headers=asked).headers
    run_requested_closes(database)
    assert browser.get(page, headers=asked).headers["HX-Refresh"] == "true"
    text = browser.get(page).text
    assert "hx-get" not in text.split("day-close", 1)[1].split("</section>")[0]
    assert "1 / 1" in text
    # From an old tab: the same day again, then with two days after it, then these again.
    said = [
        ("日终已完成", "共提交2个日终", "此前已提交"),
        ("closed already", "2 days are filed", "was filed before"),
    ]
    clock.instant = datetime(2024, 3, 24, 8, tzinfo=UTC)
    browser = sign_in("a-ops", language=language)
    asks = ({}, {"until_on": "2024-03-24"}, {"on": "2024-03-23"})
    for more, words in zip(asks, said[language == "en"], strict=True):
        form = {"on": "2024-03-22", **more}
        filed = browser.submit("/day-closes", form, status=303)
        assert words in browser.get(filed.location, status=200).text


@pytest.mark.one_engine("sqlite")
def test_days_refused_come_back_in_their_form(sign_in, loan_id, clock):
    clock.instant = datetime(2024, 8, 1, 8, tzinfo=UTC)
    form = {"on": "2024-03-22", "until_on": "2024-07-31"}
    browser = sign_in("a-ops", language="en")
    text = browser.submit("/day-closes", form, status=422).text
    assert text.count("File at most 62 days at once, up to 2024-05-23.") == 2
    assert 'value="2024-07-31"' in text
    assert "Close these days" in text
    assert "until_on:" not in text
    wrong = browser.submit("/day-closes", {**form, "until_on": "x"}, status=422).text
    assert "Close these days" in wrong


def test_the_form_of_a_repayment_proposes_all_that_is_due(sign_in, database, world, loan_id):
    """Of a loan that is one day late: its bill, and what has grown on it."""
    actor = world.actor("a-ops")
    with database.read() as session:
        beside = due_beside_bills(session, actor, loan_id)
        left_fen = sum(due.left_fen for due in list_dues(session, actor, loan_id))
    assert beside.penalty_fen + beside.compound_fen > 0
    text = sign_in("a-ops").get(f"/loans/{loan_id}/repayments/new").text
    assert f'value="{Money(left_fen + beside.total_fen).yuan}"' in text
    assert "有挂账款项而仍有欠款" not in sign_in("a-ops").get(f"/loans/{loan_id}").text
    with database.write() as session:
        state = session.get_one(LoanStateRow, loan_id)
        state.suspense_fen += 43_499_84
    assert "有挂账款项而仍有欠款" in sign_in("a-ops").get(f"/loans/{loan_id}").text
    # In the banner and among the figures: never as a small part of a million.
    shown = sign_in("a-ops", language="en").get(f"/loans/{loan_id}").text
    assert shown.count("CNY 43,499.84") == 2
    with database.write() as session:
        session.get_one(LoanStateRow, loan_id).suspense_fen -= 43_499_84
    sign_in("a-ops").submit(
        f"/loans/{loan_id}/repayments/new",
        {"amount_yuan": str(Money(left_fen + beside.total_fen).yuan)},
        status=303,
    )
    with database.read() as session:
        assert due_beside_bills(session, actor, loan_id).total_fen == 0
        assert all(due.settled for due in list_dues(session, actor, loan_id))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_schedule_works_out_what_runs_on_each_note_line_by_line(
    sign_in, api, loan_id, language
):
    """One day of 3,000,000.00 at 4.45 % since the due day, and of 31,891.67 unpaid."""
    (note,) = api("a-ops").get(f"/loans/{loan_id}/schedule").json["running"]
    interest, compound = note["growths"]
    assert [growth["kind"] for growth in note["growths"]] == ["interest", "compound"]
    (part,) = interest["parts"]
    assert (part["from_on"], part["until_on"], part["days"]) == ("2024-03-21", "2024-03-22", 1)
    assert (part["interest_yuan"], interest["grown_yuan"]) == ("370.8333", "370.83")
    assert (interest["before_yuan"], interest["day_yuan"]) == ("0.00", "370.83")
    assert (compound["parts"][0]["base_yuan"], compound["grown_yuan"]) == ("31891.67", "3.94")
    text = sign_in("a-ops", language=language).get(f"/loans/{loan_id}/schedule").text
    days = "1 天" if language == "zh_CN" else "1 day"
    assert f"3,000,000.00 × 4.4500% × {days}" in text
    assert "÷ 360" in text
    assert "370.8333" in text
    assert "31,891.67 × 4.4500%" in text


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize("odd_days", ["own-row", "spread"])
def test_a_drawn_schedule_names_its_terms_and_spread_parts_only_where_there_are_some(
    sign_in, odd_days
):
    terms = {
        "principal_yuan": "1200000",
        "rate": "4.35",
        "start_on": "2024-01-10",
        "first_due_on": "2024-03-21",
        "periods": "4",
        "every": "1m",
        "method": "equal-principal",
        "day_count": "act/360",
        "odd_days": odd_days,
    }
    text = sign_in("a-ops", language="en").submit("/schedules/new", terms, status=200).text
    assert "1,200,000.00" in text.split("<table")[0]
    assert "Drawn on 2024-01-10" in text
    assert "÷ 360" in text
    assert ("A spread part for odd days is added" in text) is (odd_days == "spread")


@pytest.mark.one_engine("sqlite")
def test_the_loan_page_names_a_fixed_rate_and_the_due_list_the_loan(sign_in, loan_id):
    browser = sign_in("a-ops", language="en")
    assert "Fixed rate" in browser.get(f"/loans/{loan_id}").text
    assert "L-2023-000001 · " in browser.get("/due-dates").text


@pytest.mark.one_engine("sqlite")
def test_what_single_loans_owe_is_shown_in_yuan(sign_in, database, world, loan_id):
    """Never as a small part of a million: key figures, due dates and their month."""
    browser = sign_in("a-ops", language="en")
    with database.read() as session:
        (due,) = list_dues(session, world.actor("a-ops"), loan_id)
    left = money_yuan(due.left_fen)
    assert f"CNY {left} · Days overdue" in browser.get(f"/loans/{loan_id}").text
    assert browser.get("/due-dates?state=overdue").text.count(left) > 3
    month = browser.get(f"/due-dates/calendar?day={due.due_on}").text
    assert f"overdue {left}" in month
    assert "CNY million" not in month


@pytest.mark.one_engine("sqlite")
def test_the_last_step_of_a_loan_paid_off_has_its_day(database, world, loan_id):
    def last_step(session):
        step = loan_page(session, world.actor("a-ops"), loan_id).steps[-1]
        return step.title, step.day, step.planned

    with database.read() as session:
        assert last_step(session) == ("Settled", date(2024, 12, 25), True)
    with database.write() as session:
        paid = Repay(amount_fen=4_000_000_00, prepay=True, key="all")
        repay(session, world.actor("a-ops"), loan_id, paid)
        assert last_step(session) == ("Settled", date(2024, 3, 22), False)


@pytest.mark.one_engine("sqlite")
@pytest.mark.parametrize(
    ("language", "words"), [("zh_CN", "由核心系统记账"), ("en", "kept by the core system")]
)
def test_a_loan_of_the_core_system_shows_no_zeros(sign_in, database, world, language, words):
    rows = (
        "loan_number,title,borrower_name,region_code,class,published,2023-12\n"
        "M01,水利贷款,张掖示例水利投资集团,620700,normal,,856050000.00\n"
        "P01,公开首单,公开名称,620725,,yes,3000000\n"
    )
    bank = world.organisation("A")
    with database.write() as session:
        command = ImportMirrored(bank_id=bank, content=rows.encode(), dry_run=False)
        import_mirrored(session, world.system("A"), command)
        ids = {each.number: each.id for each in session.execute(sa.select(Loan)).scalars()}
    browser = sign_in("a-ops", language=language)
    page = browser.get(f"/loans/{ids['M01']}", status=200).text
    # Interest, overdue, suspense and fees.
    assert page.count(words) == 4
    assert words not in browser.get(f"/loans/{ids['P01']}", status=200).text
