"""The papers of a loan in one list; what waits about loans in life."""

from uuid import UUID

import pytest

from app.documents.models import IssuedDocument
from app.loans.refusals import StatementOutdated
from app.loans.repayments.statements import draw_statement, issue_statement
from app.loans.services import Repay, close_day, repay
from tests.functional.api.test_day_closes import BREAK, change  # noqa: F401 - a fixture
from tests.functional.api.test_loan_notices import notice  # noqa: F401 - a fixture
from tests.functional.api.test_loans import TODAY, loan_id  # noqa: F401 - a fixture


def test_statement_and_notice_stand_in_one_list_with_number_and_code(api, notice):  # noqa: F811
    operator = api("a-ops")
    made = operator.post(f"/loans/{notice}/statements", {}, status=201)
    items = api("c1-fin").get(f"/loans/{notice}/documents", status=200).json["items"]
    assert {each["kind"] for each in items} == {"loan-statement", "loan-notice"}
    for each in items:
        assert api("").get(f"/verify/{each['code']}", status=200).json["number"] == each["number"]
        paper = api("c1-fin").get(f"/loans/{notice}/documents/{each['id']}", status=200)
        assert paper.data.startswith(b"%PDF")
        api("c2-fin").get(f"/loans/{notice}/documents/{each['id']}", status=404)
    assert made.json["id"] in made.headers["Location"]


def test_a_statement_is_issued_by_who_writes_to_borrowers(api, notice):  # noqa: F811
    for login, status in (("c1-fin", 403), ("a-risk", 403), ("b-ops", 404)):
        api(login).post(f"/loans/{notice}/statements", {}, status=status)


def test_a_statement_tells_of_the_loan_as_it_stands_when_it_is_issued(database, world, notice):  # noqa: F811
    lent, actor = UUID(str(notice)), world.actor("a-ops")
    drawn = draw_statement(database, actor, lent)
    with database.write() as session:
        repay(session, actor, lent, Repay(amount_fen=1_00, key="meanwhile"))
    for held in (drawn, None):
        with pytest.raises(StatementOutdated), database.write() as session:
            issue_statement(session, actor, lent, held)
    again = draw_statement(database, actor, lent)
    with database.write() as session:
        document_id = issue_statement(session, actor, lent, again)
    with database.read() as session:
        issued = session.get(IssuedDocument, document_id)
        assert (issued.number, issued.issuer_id) == (again.identity.number, world.organisation("A"))


def test_a_paper_of_another_loan_is_not_found(api, notice, database, world):  # noqa: F811
    items = api("a-ops").get(f"/loans/{notice}/documents").json["items"]
    other = "00000000-0000-7000-8000-00000000000f"
    api("a-ops").get(f"/loans/{other}/documents/{items[0]['id']}", status=404)
    api("a-ops").get(f"/loans/{notice}/documents/{other}", status=404)


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_pages_lead_to_each_paper(sign_in, notice, language):  # noqa: F811
    browser = sign_in("a-ops", language=language)
    browser.submit(f"/loans/{notice}/statements", {}, page=f"/loans/{notice}/documents", status=303)
    text = browser.get(f"/loans/{notice}/documents", status=200).text
    assert ("贷款对账单" if language == "zh_CN" else "Loan statement") in text
    assert "/verify/" in text
    assert f"/loans/{notice}/documents/" in browser.get(f"/loans/{notice}", status=200).text


def test_a_coming_payment_waits_for_the_borrower(sign_in, notice):  # noqa: F811
    text = sign_in("c1-fin", language="en").get("/overview", status=200).text
    assert "Prepare the payment that falls due" in text


def test_loans_left_behind_wait_for_operations(
    sign_in,
    database,
    world,
    loan_id,  # noqa: F811
    change,  # noqa: F811
):
    change(BREAK)
    view = close_day(database, world.system("A"), world.organisation("A"), TODAY)
    assert view.id
    text = sign_in("a-ops", language="en").get("/worklist", status=200).text
    assert "Loans that the close left behind, to be repeated: 1" in text
    assert f"/day-closes/{view.id}" in text


def test_letters_that_failed_wait_for_who_writes_to_borrowers(
    sign_in,
    api,
    database,
    notice,  # noqa: F811
    change,  # noqa: F811
):
    body = {"address": "finance@example.com"}
    api("a-officer").post(f"/loans/{notice}/notice-contacts", body, status=201)
    (found,) = api("a-officer").get("/loan-notices").json["items"]
    api("a-officer").post(f"/loan-notices/{found['id']}/mails", {}, status=201)
    assert "whose mail failed" not in sign_in("a-officer", language="en").get("/worklist").text
    change("UPDATE outbox_mail SET state = 'failed', attempts = 8")
    assert "whose mail failed" in sign_in("a-officer", language="en").get("/worklist").text
    api("a-officer").post(f"/loan-notices/{found['id']}/mails", {}, status=201)
    assert "whose mail failed" not in sign_in("a-officer", language="en").get("/worklist").text
