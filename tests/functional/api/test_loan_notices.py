"""Notices to borrowers over the API and as pages: list, paper, sending again, addresses."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.loans.notices.issuing import issue_notices
from app.loans.services import (
    Drawn,
    OpenLoan,
    PostDrawdown,
    close_day,
    load_history,
    open_business_day,
    open_loan,
)

FIRST_ON = date(2024, 3, 13)


@pytest.fixture
def notice(database, world, clock):
    """A reminder of bank A to C1, filed and printed at the opening of 2024-03-14."""
    system, bank = world.system("A"), world.organisation("A")
    clock.instant = clock.instant.replace(month=3, day=13)
    with database.write() as session:
        open_business_day(session, system, bank, FIRST_ON)
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
        loan_id = open_loan(session, system, command)
        drawdown = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
        load_history(session, system, loan_id, [Drawn(on=date(2023, 12, 26), command=drawdown)])
    close_day(database, system, bank, FIRST_ON)
    issue_notices(database, world.system())
    return loan_id


def only(api, login, **query):
    (found,) = api(login).get("/loan-notices", status=200, **query).json["items"]
    return found


def test_a_bank_and_its_borrower_read_the_notice_and_others_do_not(api, notice):
    found = only(api, "c1-fin")
    assert (found["kind"], found["about_on"], found["state"]) == ("due", "2024-03-21", "issued")
    assert api("b-ops").get("/loan-notices").json["total"] == 0
    api("b-ops").get(f"/loan-notices/{found['id']}/notice.pdf", status=404)
    paper = api("c1-fin").get(f"/loan-notices/{found['id']}/notice.pdf", status=200)
    assert paper.data.startswith(b"%PDF")
    public = api("").get(f"/verify/{found['code']}", status=200).json
    assert public["number"] == found["number"]


def test_a_notice_is_sent_when_an_address_is_known(api, notice):
    officer, path = api("a-officer"), only(api, "a-ops")["id"]
    refused = officer.post(f"/loan-notices/{path}/mails", {}, status=422).json
    assert refused["type"].endswith("no-notice-address")
    contact = {"address": "finance@example.com", "language": "en"}
    officer.post(f"/loans/{notice}/notice-contacts", contact, status=201)
    assert officer.get(f"/loans/{notice}/notice-contacts").json["items"][0]["language"] == "en"
    sent = officer.post(f"/loan-notices/{path}/mails", {}, status=201).json
    assert (sent["mail"], sent["address"]) == ("waiting", "finance@example.com")
    again = officer.post(f"/loan-notices/{path}/mails", {}, status=409).json
    assert again["type"].endswith("mail-on-its-way")
    api("c1-fin").post(f"/loan-notices/{path}/mails", {}, status=403)


def test_the_list_is_narrowed(api, notice):
    for query, total in (
        ({"kind": "due"}, 1),
        ({"kind": "overdue"}, 0),
        ({"mail": "none"}, 1),
        ({"mail": "failed"}, 0),
        ({"state": "waiting"}, 0),
        ({"number": "L-2023-000001"}, 1),
    ):
        found = api("a-ops").get("/loan-notices", status=200, **query).json
        assert found["total"] == total, query


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_says_how_many_are_still_to_be_printed(sign_in, database, notice, language):
    words = "尚有 1 份通知待打印" if language == "zh_CN" else "1 notice is still to be printed"
    browser = sign_in("a-officer", language=language)
    assert words not in browser.get("/loan-notices", status=200).text
    with database.write() as session:
        session.execute(
            sa.text(
                "UPDATE loan_notice SET state = 'waiting', document_id = NULL, issued_at = NULL"
            )
        )
    assert words in browser.get("/loan-notices", status=200).text
    assert words not in sign_in("b-ops", language=language).get("/loan-notices").text


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_page_shows_number_and_mail_and_offers_to_send(sign_in, notice, language):
    browser = sign_in("a-officer", language=language)
    text = browser.get("/loan-notices", status=200).text
    assert ("未登记地址" if language == "zh_CN" else "No address on file") in text
    browser.submit(
        f"/loans/{notice}/notice-contact",
        {"address": "finance@example.com", "language": "zh"},
        status=303,
    )
    assert "DOC-2024-000001" in browser.get("/loan-notices").text
