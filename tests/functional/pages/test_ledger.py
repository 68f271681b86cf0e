"""Pages of the ledger, in both languages, through forms."""

import re
from datetime import date

import pytest

from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    WriteOff,
    finish_history,
    load_history,
    open_business_day,
    open_loan,
    write_off,
)
from tests.support.once import built_once


@pytest.fixture
@built_once
def loan_id(database, world):
    bank, system = world.organisation("A"), world.system("A")
    with database.write() as session:
        open_business_day(session, system, bank, date(2024, 1, 2))
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
        finish_history(session, system, bank)
    return found


@pytest.mark.parametrize(
    ("language", "words"),
    [("zh_CN", ("试算平衡表", "表外")), ("en", ("Trial balance", "On the balance sheet"))],
)
def test_the_trial_balance_shows_its_accounts_and_leads_to_their_lines(
    sign_in, loan_id, language, words
):
    browser = sign_in("a-ops", language=language)
    text = browser.get("/ledger").text
    assert "3,000,000.00" in text
    for word in words[:1]:
        assert word in text
    lines = browser.get("/ledger/postings?account=principal&from_on=2023-12-26&on=2023-12-26").text
    assert "L-2023-000001" in lines
    assert "2023-12-31" in browser.get("/ledger/periods").text
    assert browser.get("/ledger?on=2023-12-31&from_on=2023-12-01").text.count("3,000,000.00") >= 4


def test_a_fee_goes_from_one_person_to_the_other_and_back(sign_in, loan_id):
    ops, checker = sign_in("a-ops"), sign_in("a-drawdown")
    form = {"amount_yuan": "500", "reason": "律师费"}
    page = ops.submit(f"/loans/{loan_id}/fees/new", form, status=303).headers["Location"]
    assert "其中" not in ops.get(page).text
    assert "E-2024-000001" in ops.get("/ledger/entries?state=proposed").text
    assert "/events/book" not in ops.get(page).text
    worklist = checker.get("/worklist").text
    assert page in worklist
    assert "500.00 元" in worklist
    assert "/events/book" in checker.get(page).text
    # Whoever checks sees what is moved, and what waits in suspense beside it.
    shown = checker.get(page).text
    assert "借记应收费用，贷记费用收入：500.00 元" in shown
    assert "本贷款现有挂账款项" in shown
    checker.submit(f"{page}/events/book", {}, status=303)
    booked = ops.get(page).text
    assert "已记账" in booked
    # What stands on no bill is told where the clerk looks: key figures, tasks, what is due.
    shown = ops.get(f"/loans/{loan_id}").text
    assert "应收费用" in shown
    assert "500.00 元" in shown
    assert "收取所欠费用" in ops.get("/worklist").text
    due = ops.get(f"/loans/{loan_id}/repayments/new").text
    card = due.split("到期应还", 1)[1] if "到期应还" in due else due
    assert re.search(r'class="[^"]*count[^"]*"[^>]*>1<', card)
    href = booked.split("/reversal")[0].rsplit('href="', 1)[1] + "/reversal"
    taken = ops.submit(href, {"reason": "记错"}, status=303).headers["Location"]
    checker.submit(f"{taken}/events/refuse", {"note": "无误"}, status=303)
    assert "无误" in ops.get(taken).text
    assert "手工" in ops.get("/ledger/entries").text


def test_a_refused_entry_keeps_what_was_typed_and_says_why(sign_in, loan_id):
    form = {"amount_yuan": "1.00", "party": "果业公司", "reason": "多付"}
    text = sign_in("a-ops").submit(f"/loans/{loan_id}/refunds/new", form, status=422).text
    assert "果业公司" in text
    assert "0.00" in text


def test_a_recovery_is_booked_from_the_journal_of_a_lost_loan(sign_in, loan_id, database, world):
    with database.write() as session:
        write_off(session, world.system("A"), WriteOff(loan_id=loan_id, reason="终结执行"))
    browser = sign_in("a-ops")
    address = f"/loans/{loan_id}/recoveries/new"
    assert address in browser.get(f"/loans/{loan_id}/journal").text
    form = {"amount_yuan": "100", "reason": "拍卖所得"}
    page = browser.submit(address, form, status=303).headers["Location"]
    assert "拍卖所得" in browser.get(page).text


def test_the_provisions_page_says_where_they_are_booked_and_what_they_leave_out(sign_in, loan_id):
    for language, words in (
        ("en", ("keeps no allowance account", "Mirrored loans are left out here")),
        ("zh", ("不设损失准备科目", "镜像贷款不计入")),
    ):
        shown = sign_in("a-risk", language=language).get("/provisions", status=200).text
        assert all(said in shown for said in words), language
