"""Pages of splits, quotes and files of repayments, in both languages, through forms."""

import html
import re
from io import BytesIO

import openpyxl
import pytest
import sqlalchemy as sa

from app.loans.repayments.importing import run_waiting_batches
from tests.functional.api.test_repayments import loan_id as _drawn
from tests.support.clients import hidden_fields

loan_id = _drawn


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_split_is_shown_before_and_after_it_is_booked(sign_in, loan_id, language):
    browser = sign_in("a-ops", language=language)
    form = {"amount_yuan": "100", "prepay": "true", "look": "true"}
    shown = browser.submit(f"/loans/{loan_id}/repayments/new", form, status=200).text
    why = "paid early" if language == "en" else "提前归还"
    assert why in shown
    # The page books what it showed, and takes the same sums back to the form.
    assert '<input type="hidden" name="amount_yuan" value="100">' in shown
    assert 'name="look"' not in shown
    change = re.search(rf'href="(/loans/{loan_id}/repayments/new[?]amount[^"]*)"', shown)[1]
    form = browser.get(html.unescape(change), status=200).text
    assert 'name="amount_yuan" value="100"' in form
    assert "C-2024" not in browser.get(f"/loans/{loan_id}/journal").text
    browser.submit(
        f"/loans/{loan_id}/repayments/new", {"amount_yuan": "100", "prepay": "true"}, status=303
    )
    journal = browser.get(f"/loans/{loan_id}/journal").text
    href = re.search(rf'href="(/loans/{loan_id}/repayments/[0-9a-f-]{{36}})"', journal)[1]
    assert why in browser.get(href, status=200).text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_quote_is_made_read_and_carried_out(sign_in, loan_id, language):
    browser = sign_in("a-ops", language=language)
    base = f"/loans/{loan_id}/repayment-quotes"
    assert browser.get(base, status=200).text
    asked = {"kind": "prepayment", "principal_yuan": "1,000,000", "keep": "tenor"}
    made = browser.submit(f"{base}/new", asked, status=303)
    page = browser.get(made.location, status=200).text
    assert "1,000,483.33" in page
    assert "1,000,483.33" in browser.get(f"{made.location}/execution").text
    other = browser.submit(f"{base}/new", asked, status=303)
    browser.submit(f"{made.location}/execution", {"payer": "示例"}, status=303)
    done = browser.get(made.location).text
    assert ("Carried out" if language == "en" else "已执行") in done
    states = [("Carried out", "Figures changed"), ("已执行", "数据已变")][language == "zh_CN"]
    # An old tab of the form leads back to the quote, with the reason.
    for quote, why in (
        (made, ("carried out already", "已执行，还款编号")),
        (other, ("counts no more", "已失效")),
    ):
        led = browser.get(f"{quote.location}/execution", status=303)
        assert led.location == quote.location
        assert why[language == "zh_CN"] in browser.get(led.location).text
    listed = browser.get(base).text
    assert "Q-2024-000001" in listed
    assert all(state in listed for state in states)
    assert f"{other.location}/execution" not in browser.get(other.location).text
    assert states[1] in browser.get(other.location).text


@pytest.mark.one_engine("sqlite")
def test_a_quote_of_all_that_is_owed_names_no_plan_that_stays(sign_in, loan_id):
    browser = sign_in("a-ops", language="en")
    base = f"/loans/{loan_id}/repayment-quotes"
    made = browser.submit(f"{base}/new", {"kind": "payoff", "keep": "tenor"}, status=303)
    assert "Keep the tenor" not in browser.get(made.location).text


@pytest.mark.one_engine("sqlite")
def test_money_left_in_suspense_is_named_until_it_is_refunded(sign_in, api, loan_id):
    """Of a payoff beside money in suspense: in the quote, on the settled loan, as a task, until refunded."""
    ops = sign_in("a-ops", language="en")
    ops.submit(f"/loans/{loan_id}/repayments/new", {"amount_yuan": "25.34"}, status=303)
    base, refund = f"/loans/{loan_id}/repayment-quotes", f"/loans/{loan_id}/refunds/new"
    quote = ops.submit(f"{base}/new", {"kind": "payoff"}, status=303).location
    assert "CNY 25.34 are no part of this quote" in ops.get(quote).text
    assert (
        api("a-ops").get(f"/loans/{loan_id}/repayment-quotes/{quote[-36:]}").json["suspense_yuan"]
        == "25.34"
    )
    assert refund not in ops.get("/worklist").text
    ops.submit(f"{quote}/execution", {}, status=303)
    shown = ops.get(f"/loans/{loan_id}").text
    assert "Money is left in suspense of a loan paid in full" in shown
    assert refund in shown
    assert refund in ops.get("/worklist").text
    officer = sign_in("a-officer", language="en")
    assert refund not in officer.get(f"/loans/{loan_id}").text
    ops.submit(refund, {"amount_yuan": "25.34", "party": "示例", "reason": "多付"}, status=303)
    assert refund not in ops.get("/worklist").text


def test_what_is_settled_out_of_suspense_is_marked_over_api_and_page(sign_in, api, loan_id):
    """Or who sums repayments counts the money twice."""
    ops = sign_in("a-ops", language="en")
    address = f"/loans/{loan_id}/repayments"
    ops.submit(f"{address}/new", {"amount_yuan": "100"}, status=303)
    assert "Out of suspense" not in ops.get(f"/loans/{loan_id}/journal").text
    form = {"amount_yuan": "100", "from_suspense": "true", "prepay": "true"}
    ops.submit(f"{address}/new", form, status=303)
    used, new = api("a-ops").get(address).json["items"]
    assert (used["from_suspense"], new["from_suspense"]) == (True, False)
    assert ops.get(f"/loans/{loan_id}/journal").text.count("Out of suspense") == 1


def test_a_wrong_quote_comes_back_with_what_was_typed(sign_in, loan_id):
    asked = {"kind": "prepayment", "principal_yuan": "5,000,000", "keep": "tenor"}
    path = f"/loans/{loan_id}/repayment-quotes/new"
    assert "5,000,000" in sign_in("a-ops").submit(path, asked, status=422).text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_file_is_checked_and_booked_from_its_page(sign_in, database, loan_id, language):
    browser = sign_in("a-ops", language=language)

    content = b"loan_number,amount_yuan,key\nL-2024-000001,100.00,k1\nL-9,1.00,k2\n"
    sent = {"file": (BytesIO(content), "repayments.csv"), "dry_run": "true"}
    checked = browser.submit("/repayment-batches", sent, status=200).text
    assert ("Nothing was stored." if language == "en" else "未保存") in checked
    # Of a file that was only checked no row waits and none is refused for good.
    said = [("可入账", "有问题"), ("Can be booked", "Has a problem")][language == "en"]
    never = [("待入账", "已拒绝"), ("Waiting to be booked", "Refused")][language == "en"]
    assert all(words in checked for words in said)
    assert not any(f">{words}<" in checked for words in never)
    # The page of the check leads on: the same file again, and what nothing stands against is booked.
    go_on = ("入账1行", "Book 1 row")[language == "en"]
    assert go_on in checked
    assert "100.00" in checked[checked.index('id="booking"') :]
    none_good = {"file": (BytesIO(b"loan_number,amount_yuan,key\nL-9,1.00,k2\n"), "r.csv")}
    refused = browser.submit("/repayment-batches", {**none_good, "dry_run": "true"}, status=200)
    assert 'id="booking"' not in refused.text
    form = {"file": (BytesIO(content), "repayments.csv")}
    hidden = hidden_fields(checked, "/repayment-batches")
    filed = browser.post("/repayment-batches", {**hidden, **form}, status=303)
    with database.write() as session:
        session.execute(sa.text("UPDATE repayment_batch SET refused = total"))
    assert run_waiting_batches(database) == 0
    failed = "This file is not booked yet." if language == "en" else "该文件尚未入账。"
    page = browser.get(filed.location, status=200).text
    assert failed in page
    assert "IntegrityError" in page
    with database.write() as session:
        session.execute(sa.text("UPDATE repayment_batch SET refused = 1"))
    assert run_waiting_batches(database) == 1
    page = browser.get(filed.location, status=200).text
    assert ("Taken into the books" if language == "en" else "已入账") in page
    second = browser.get(f"{filed.location}?page_size=1&page=2", status=200).text
    assert "k1" in second
    assert "L-9" not in second
    assert "B-2024-000001" in browser.get("/repayment-batches").text
    book = openpyxl.load_workbook(
        BytesIO(browser.get("/repayment-batches/template.xlsx", status=200).data)
    )
    names = {"zh_CN": ("还款", "示例付款人"), "en": ("Repayments", "Example payer")}
    (sheet,) = book.worksheets
    assert (sheet.title, sheet["F3"].value) == names[language]
