"""Pages of collateral in both languages, by the people who work on them."""

import re
from io import BytesIO

import pytest
import sqlalchemy as sa

from app import __version__
from app.collateral.domain.states import PLEDGE_STATE_TITLES, PledgeState
from app.collateral.models import MarginCall, Pledge
from tests.factories.collateral import WAN, Vault


@pytest.fixture
def vault(session, world):
    return Vault(session, world)


@pytest.fixture
def case(vault, session, commit):
    vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    found = session.execute(sa.select(MarginCall)).scalar_one()
    commit()
    return found


@pytest.mark.parametrize("state", PledgeState)
def test_a_pledge_is_shown_in_whatever_state_it_is(sign_in, case, session, commit, state):
    pledge = session.execute(sa.select(Pledge)).scalars().first()
    pledge.state = state
    commit()
    browser = sign_in("a-risk", language="en")
    for page in ("/pledges", f"/pledges/{pledge.id}"):
        assert PLEDGE_STATE_TITLES[state] in browser.get(page, status=200).text


def test_a_case_is_worked_on_by_forms(sign_in, case):
    risk = sign_in("a-risk")
    page = risk.get(f"/margin-calls/{case.id}", status=200).text
    assert "抵质押率 75.00% 已超过 70% 的线" in page
    assert "150,000.00" in page
    path = f"/margin-calls/{case.id}/events/review"
    risk.submit(path, {"note": "核对无误"}, status=303)
    step = re.search(
        r"预警已核查.*?timeline-day num\">([^<]*)<",
        risk.get(f"/margin-calls/{case.id}").text,
        re.DOTALL,
    )
    assert step is not None
    assert step[1] == "2024-01-02"
    approver = sign_in("a-approve", language="en")
    assert "Issue the top-up notice" in approver.get(f"/margin-calls/{case.id}").text
    approver.submit(f"/margin-calls/{case.id}/events/issue", {"note": ""}, status=303)
    issued = approver.get(f"/margin-calls/{case.id}", status=200).text
    assert "Notice issued" in issued
    assert approver.get(f"/margin-calls/{case.id}/notice.pdf", status=200).mimetype == (
        "application/pdf"
    )
    borrower = sign_in("c1-fin").get(f"/margin-calls/{case.id}", status=200).text
    assert "核对无误" not in borrower


def test_the_receipt_of_a_notice_is_kept_as_a_file_of_the_bank(sign_in, case):
    path = f"/margin-calls/{case.id}"
    risk, approver, officer = (sign_in(each) for each in ("a-risk", "a-approve", "a-officer"))
    risk.submit(f"{path}/events/review", {"note": "属实"}, status=303)
    approver.submit(f"{path}/events/issue", {"note": ""}, status=303)
    proof = {"served_on": "2024-01-02", "served_to": "曹晚晴", "method": "当面签收"}
    wrong = {**proof, "file": (BytesIO(b"MZ"), "回执.pdf")}
    refused = officer.submit(f"{path}/events/serve", wrong, status=422)
    assert "回执文件：" in refused.text
    right = {**proof, "file": (BytesIO(b"%PDF-1.4\n%%EOF"), "回执.pdf")}
    officer.submit(f"{path}/events/serve", right, status=303)
    kept = re.search(r"/api/v1/documents/[0-9a-f-]{36}/content", officer.get(path).text)
    assert kept is not None
    assert officer.get(kept[0], status=200).data.startswith(b"%PDF-")
    assert "/api/v1/documents/" not in sign_in("c1-fin").get(path, status=200).text


def test_the_reviewer_has_no_button_to_issue(sign_in, case):
    risk = sign_in("a-risk")
    risk.submit(f"/margin-calls/{case.id}/events/review", {"note": "属实"}, status=303)
    assert "/events/issue" not in risk.get(f"/margin-calls/{case.id}").text
    refused = risk.get(f"/margin-calls/{case.id}/events/issue")
    assert refused.status_code == 200
    answer = risk.submit(f"/margin-calls/{case.id}/events/issue", {"note": ""})
    assert answer.status_code == 403


@pytest.mark.parametrize(("language", "words"), [("zh_CN", "抵质押"), ("en", "Pledges")])
def test_the_register_filters_by_state_and_number(sign_in, vault, commit, language, words):
    loan_id = vault.loan(10 * WAN)
    (first,) = vault.pledge(loan_id, vault.line(vault.asset(100 * WAN), 50 * WAN))
    vault.register(vault.pledge(vault.loan(WAN), vault.line(vault.asset(WAN * 9), 9 * WAN))[0])
    commit()
    officer = sign_in("a-officer", language=language)
    everything = officer.get("/pledges", status=200).text
    assert words in everything
    assert "P-2024-000001" in everything
    waiting = officer.get("/pledges?state=contracted", status=200).text
    assert first.number in waiting
    assert "P-2024-000002" not in waiting
    assert first.number not in officer.get("/pledges?number=P-2024-000002", status=200).text
    assert officer.get("/pledges?state=nonsense").status_code == 422


def test_registering_by_form_shows_the_registries_of_the_kind_only(sign_in, vault, commit):
    (pledge,) = vault.pledge(vault.loan(10 * WAN), vault.line(vault.asset(100 * WAN), 50 * WAN))
    commit()
    officer = sign_in("a-officer")
    path = f"/pledges/{pledge.id}/events/register"
    form = officer.get(path, status=200).text
    assert "movable-finance" in form
    assert "real-estate" not in form
    fields = {"registry": "movable-finance", "number": "中登-1", "registered_on": "2024-01-02"}
    officer.submit(path, fields, status=303)
    assert "中登-1" in officer.get(f"/pledges/{pledge.id}", status=200).text


def test_an_officer_adds_security_and_confirms_a_value_by_form(sign_in, vault, commit):
    asset_id, loan_id = vault.asset(100 * WAN), vault.loan(10 * WAN)
    commit()
    officer = sign_in("a-collateral")
    path = f"/assets/{asset_id}/recognised-value"
    assert "1,000,000.00" in officer.get(path, status=200).text
    too_much = officer.submit(path, {"recognised_yuan": "1000000.01", "note": "上调"})
    assert too_much.status_code == 422
    officer.submit(path, {"recognised_yuan": "800000.00", "note": "下调"}, status=303)
    fields = {"asset_id": str(asset_id), "security": "pledge", "secured_yuan": "900000.00"}
    lender = sign_in("a-officer")
    answer = lender.submit(f"/loans/{loan_id}/pledges/new", fields, status=303)
    assert "800,000.00" in lender.get(answer.headers["Location"], status=200).text


def test_the_foot_of_a_form_names_the_version_of_the_product(sign_in, case):
    """A form carries the version of its thing; the sidebar keeps that of the product."""
    foot = f"v{__version__}"
    risk = sign_in("a-risk")
    assert foot in risk.get("/margin-calls").text
    assert foot in risk.get(f"/margin-calls/{case.id}/events/review").text
