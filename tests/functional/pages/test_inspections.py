"""Post-loan checks and warning signals as pages, through their forms."""

import re
from io import BytesIO

import pytest

from app.loans.domain.inspection import checklist
from app.loans.domain.states import Security
from app.loans.inspection.models import Inspection
from app.loans.inspection.planning import plan_inspections
from app.loans.inspection.queries import inspections_of_loan
from tests.factories.lending import Lending
from tests.factories.samples import PICTURE
from tests.support.documents import text_of
from tests.support.once import built_once


@pytest.fixture
@built_once
def loan_id(session, world, commit):
    """A drawn loan of bank A with its first check planned."""
    lending = Lending(session, world)
    lending.open_bank()
    drawdown = lending.drawn(lending.main_pool())
    plan_inspections(session, world.system("A"), world.organisation("A"))
    commit()
    return drawdown.loan_id


@pytest.fixture
def check_id(session, world, loan_id, commit):
    """The first check."""
    (check,) = inspections_of_loan(session, world.actor("a-officer"), loan_id)
    commit()
    return check.id


def answers():
    return {f"answer_{item.code.replace('-', '_')}": "fine" for item in checklist()}


FOUND = {
    "checked_on": "2024-01-02",
    "place": "山丹县示例林场",
    "present": "李青禾",
    "conclusion": "sound",
    "summary": "资金按约使用",
}


def test_a_report_is_written_proved_submitted_and_confirmed_by_another(sign_in, check_id, tmp_path):
    officer = sign_in("a-officer", language="en")
    place = f"/inspections/{check_id}"
    assert "Record the findings" in officer.get(place, status=200).text
    form = officer.get(f"{place}/events/record", status=200).text
    labels = re.findall(r'<label[^>]*for="answer_[^<]*(?:<span[^<]*)?', form)
    assert len(labels) == len(checklist())
    assert not any("optional" in label for label in labels)
    officer.submit(f"{place}/events/record", {**FOUND, **answers()}, status=303)
    file = (BytesIO(PICTURE), "invoice.png")
    proof = {
        "purpose": "use-of-funds",
        "amount_yuan": "3,200,000",
        "payee": "农资",
        "note": "发票第一联",
        "file": file,
    }
    officer.submit(f"{place}/files", proof, status=303)
    shown = officer.get(place, status=200).text
    assert "3,200,000.00" in shown
    assert "发票第一联" in shown
    assert "200,000.00" in shown
    officer.submit(f"{place}/events/submit", status=303)
    assert "Confirm the report" not in officer.get(place, status=200).text
    risk = sign_in("a-risk", language="en")
    assert "Review the report of the check" in risk.get("/worklist", status=200).text
    risk.submit(f"{place}/events/review", {"note": "属实"}, status=303)
    done = risk.get(place, status=200).text
    assert "Confirmed by review" in done
    printed = text_of(risk.get(f"{place}/report.pdf", status=200).data, tmp_path)
    assert "发票第一联" in printed
    assert "凭证超出放款" in printed


def test_the_form_of_a_report_comes_back_with_what_is_missing(sign_in, check_id):
    officer = sign_in("a-officer", language="en")
    place = f"/inspections/{check_id}/events/record"
    answer = officer.submit(place, {**FOUND, "place": ""}, status=422)
    assert "Place: Enter a value." in answer.text
    assert "资金按约使用" in answer.text


def test_a_draft_is_kept_and_only_what_fits_the_security_is_asked(
    sign_in, session, commit, check_id
):
    officer = sign_in("a-officer", language="en")
    place = f"/inspections/{check_id}"
    draft = {name: FOUND[name] for name in ("checked_on", "place", "present")}
    officer.submit(f"{place}/events/record", {**draft, "answer_operation": "fine"}, status=303)
    assert "山丹县示例林场" in officer.get(place, status=200).text
    session.get_one(Inspection, check_id).security = Security.CREDIT
    commit()
    form = officer.get(f"{place}/events/record", status=200).text
    assert 'name="answer_operation"' in form
    assert not any(f'name="answer_{code}"' in form for code in ("pests", "felling", "guarantor"))


def test_an_amount_is_needed_for_a_proof(sign_in, check_id):
    officer = sign_in("a-officer", language="en")
    place = f"/inspections/{check_id}"
    officer.submit(f"{place}/events/record", {**FOUND, **answers()}, status=303)
    fields = {"purpose": "use-of-funds", "file": (BytesIO(PICTURE), "invoice.png")}
    answer = officer.submit(f"{place}/files", fields, status=422)
    assert "Enter the amount that the paper proves." in answer.text


def test_a_signal_stands_on_the_loan_in_the_list_and_points_to_its_fact(sign_in, loan_id):
    officer = sign_in("a-officer", language="en")
    fields = {
        "loan_id": str(loan_id),
        "level": "red",
        "kind": "misuse",
        "source": "outside",
        "description": "资金回流",
    }
    place = f"/warning-signals/new?loan_id={loan_id}"
    answer = officer.submit(place, fields, status=303)
    signal = officer.get(answer.headers["Location"], status=200).text
    assert "Classification: consider the fact" in signal
    page = officer.get(f"/loans/{loan_id}", status=200).text
    assert "WS-2024-000001 was raised on" in page
    assert "Order a special check" in page
    assert "Red" in officer.get("/loans", status=200).text
    assert "WS-2024-000001" in officer.get("/warning-signals?level=red", status=200).text
    borrower = sign_in("c1-fin", language="en").get(f"/loans/{loan_id}", status=200).text
    assert "WS-2024-000001" not in borrower
    assert "warning signal" not in borrower


def test_measures_are_planned_and_completed_through_their_forms(sign_in, loan_id, world):
    officer, risk = sign_in("a-officer", language="en"), sign_in("a-risk", language="en")
    fields = {
        "loan_id": str(loan_id),
        "level": "yellow",
        "kind": "price-fall",
        "source": "price-watch",
        "description": "价格下跌",
    }
    made = officer.submit(f"/warning-signals/new?loan_id={loan_id}", fields, status=303)
    place = made.headers["Location"]
    person = str(world.person("a-risk"))
    task = {"task": "复评押品", "due_on": "2024-01-09", "person_id": person}
    risk.submit(f"{place}/events/plan", task, status=303)
    assert "复评押品" in risk.get(f"{place}/events/complete", status=200).text
    risk.submit(f"{place}/events/complete", {"measure": "1", "note": "已复评"}, status=303)
    third = sign_in("a-preserve", language="en")
    third.submit(f"{place}/events/resolve", {"note": "价格回升"}, status=303)
    assert "Resolved" in risk.get(place, status=200).text


def test_a_late_check_is_listed_and_marked(sign_in, session, check_id, commit):
    import sqlalchemy as sa

    session.execute(sa.text("UPDATE inspection SET due_on = '2023-12-30'"))
    commit()
    officer = sign_in("a-officer", language="en")
    assert "Days late: 3" in officer.get("/inspections?late=true", status=200).text
    assert "This check is late; days: 3" in officer.get(f"/inspections/{check_id}", status=200).text
