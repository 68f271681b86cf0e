"""Pages of the desk: what waits for whom, the loan, the asset, search, within sight."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal.models import AssetValue
from app.assets.domain import AssetKind
from app.assets.services import share_asset
from app.collateral.domain.states import CallState, Level
from app.collateral.models import AssetLien, LoanCover, LtvObservation, MarginCall, Pledge
from app.collateral.queries import cured_of, observations
from app.collateral.services.calls import ReviewCall, review_call
from app.collateral.services.watch import watch_bank
from app.desk.loan_page import loan_page
from app.desk.shown import ltv_chart
from app.desk.worklist import worklist
from app.kernel.money import Money
from app.origination.domain.states import ApplicationState
from app.origination.models import Application
from app.origination.services.pool import OfferedAsset
from tests.factories.lending import LOAN_FEN, Lending
from tests.factories.world import TODAY
from tests.support.once import built_once

LANGUAGES = ("zh_CN", "en")


@pytest.fixture
@built_once
def opened(session, world, commit) -> None:
    """Bank A has opened its books and offers its products."""
    Lending(session, world).open_bank()
    commit()


@pytest.fixture
def lending(session, world, opened) -> Lending:
    return Lending(session, world)


@pytest.fixture
@built_once
def drawn(lending, commit):
    """The loan of the main path, drawn."""
    posted = lending.drawn(lending.main_pool())
    commit()
    return posted


def _what(session, actor):
    return [(task.what, task.number) for task in worklist(session, actor)]


@pytest.mark.parametrize(
    ("login", "target"),
    [
        ("a-officer", "/worklist"),
        ("a-ops", "/worklist"),
        ("c1-fin", "/overview"),
        ("pbc-1", "/oversight"),
        ("fo-1", "/oversight"),
        ("ag1-a", "/worklist"),
        ("mc-1", "/worklist"),
        ("sys-1", "/jobs"),
        ("aud-1", "/jobs"),
        ("a-admin", "/people"),
        ("sec-1", "/people"),
        ("g1-1", "/profile"),
    ],
)
def test_home_leads_each_role_to_its_first_page(sign_in, login, target):
    assert sign_in(login).get("/", status=303).headers["Location"].endswith(target)


def test_a_visitor_is_asked_to_sign_in(client):
    assert "/sign-in" in client.get("/").headers["Location"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_worklist_shows_what_waits_and_the_menu_counts_it(sign_in, lending, commit, language):
    lending.submitted(lending.main_pool())
    commit()
    page = sign_in("a-officer", language=language).get("/worklist", status=200).text
    assert "AP-2024-000001" in page
    assert 'class="menu-count num">1' in page
    other = sign_in("b-officer", language=language).get("/worklist", status=200).text
    assert "AP-2024-000001" not in other


def test_the_menu_counts_anew_once_something_has_happened(
    sign_in, session, lending, commit, clock, queries
):
    def opened(count):
        with queries() as asked:
            page = officer.get("/notices", status=200).text
        assert re.findall(r'class="menu-count num">(\d+)', page) == ([str(count)] if count else [])
        return len(asked)

    officer = sign_in("a-officer")
    lending.submitted(lending.main_pool())
    commit()
    counted = opened(1)
    assert opened(1) < counted - 20
    lending.submitted(lending.main_pool())
    commit()
    assert opened(2) == counted
    # What no journal tells is counted after half a minute.
    session.execute(sa.update(Application).values(state=ApplicationState.WITHDRAWN))
    session.commit()
    clock.instant += timedelta(seconds=29)
    opened(2)
    clock.instant += timedelta(seconds=1)
    opened(0)


def test_day_close_and_registration_wait_for_whom_they_belong_to(session, world, lending):
    contracted = lending.contracted(lending.main_pool())
    ops = [task.what for task in worklist(session, world.actor("a-ops"))]
    assert "Close the business day %(day)s" in ops
    custody = [task.what for task in worklist(session, world.actor("a-custody"))]
    assert custody == ["Register the pledge or mortgage"] * 2
    lending.register(contracted.loan_id)
    assert worklist(session, world.actor("a-custody")) == []


def test_an_asset_offered_and_not_recognised_waits_for_the_collateral_officer(
    session, world, lending
):
    asset = lending.asset()
    offered = OfferedAsset(asset_id=asset, secured_fen=2_000_000_00)
    lending.submitted((offered,), product="forest-right-loan")
    officer = world.actor("a-collateral")
    waiting = [task.what for task in worklist(session, officer)]
    assert waiting == ["Confirm the recognised value"]
    lending.recognise(asset, 4_000_000_00)
    assert worklist(session, officer) == []


def test_a_case_waits_for_review_then_for_another_person_then_for_the_borrower(
    session, world, lending
):
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    call = _case(session)
    officer, approver = world.actor("a-risk"), world.actor("a-approve")
    assert ("Review the warning", call.number) in _what(session, officer)
    assert _what(session, approver) == []
    review_call(session, officer, call.id, ReviewCall(note="核实霜冻受损"))
    assert _what(session, officer) == []
    assert _what(session, approver) == [("Issue the top-up notice", call.number)]
    assert _what(session, world.actor("c1-fin")) == []


@pytest.mark.parametrize(("days", "late"), [(30, []), (31, [-1])])
def test_security_that_was_valued_too_long_ago_waits_to_be_valued_again(
    session, world, lending, days, late
):
    """A carbon income right every 30 days, a forest right once a year; only for whom may value, at its bank."""
    loan = lending.contracted(lending.main_pool())
    for pledge in _pledges(session, loan.loan_id):
        row = session.get_one(AssetValue, pledge.asset_id)
        row.valued_on = TODAY - timedelta(days=days)
    session.flush()
    waiting = [
        task
        for task in worklist(session, world.actor("a-collateral"))
        if task.what == "Value the asset again"
    ]
    assert [task.days_left(TODAY) for task in waiting] == late
    for login in ("a-officer", "b-collateral", "c1-fin"):
        found = [what for what, _number in _what(session, world.actor(login))]
        assert "Value the asset again" not in found


def _pledges(session, loan_id):
    statement = sa.select(Pledge).where(col(Pledge.loan_id) == loan_id)
    return session.execute(statement.order_by(col(Pledge.number))).scalars().all()


def _case(session):
    return session.execute(sa.select(MarginCall)).scalar_one()


def _frost(session, world, lending, loan_id):
    """Values fall so far that the top-up line is crossed."""
    for pledge in _pledges(session, loan_id):
        lending.value(pledge.asset_id, pledge.relied_current_fen * 6 // 10, date(2024, 12, 1))
    watch_bank(session, world.system("A"), world.organisation("A"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_loan_page_renders_for_bank_and_borrower(sign_in, drawn, language):
    for login in ("a-officer", "a-ops", "a-approve", "c1-fin"):
        page = sign_in(login, language=language).get(f"/loans/{drawn.loan_id}", status=200).text
        assert drawn.loan_number in page
        assert ("抵质押率" if language == "zh_CN" else "Loan-to-value") in page
        yuan = "<dd>0.00 元</dd>" if language == "zh_CN" else "<dd>CNY 0.00</dd>"
        assert yuan in page  # Interest of a few days would be 0.00 in millions.


def test_the_loan_page_is_not_found_outside_of_sight_nor_by_a_regulator_without_a_purpose(
    sign_in, drawn
):
    for login, status in (("b-officer", 404), ("c2-fin", 404), ("pbc-1", 403)):
        sign_in(login).get(f"/loans/{drawn.loan_id}", status=status)


def test_the_loan_page_says_both_cures_when_the_line_is_crossed(
    sign_in, session, world, lending, commit
):
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    commit()
    page = sign_in("a-risk", language="en").get(f"/loans/{posted.loan_id}", status=200).text
    assert "is above the line of" in page
    assert "Add security of a recognised value of at least" in page
    assert "Review the warning" in page


def test_before_notice_the_borrower_is_told_the_line_and_no_false_reason(
    sign_in, session, world, lending, commit
):
    """What the borrower may not see yet is no reason; guarantees are one only where they cover."""
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    commit()
    page = sign_in("c1-fin", language="en").get(f"/loans/{posted.loan_id}", status=200).text
    assert "is above the line of" in page
    assert "guarantees close the gap" not in page
    assert "no case opens" not in page
    cover = session.get_one(LoanCover, posted.loan_id)
    cover.guaranteed_fen = cover.exposure_fen
    commit()
    page = sign_in("c1-fin", language="en").get(f"/loans/{posted.loan_id}", status=200).text
    assert "guarantees close the gap" in page


def test_the_chart_has_one_point_a_day_and_no_ratio_before_the_drawdown(
    session, world, lending, client
):
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    rows = session.execute(sa.select(LtvObservation)).scalars().all()
    assert len(rows) > len({row.on for row in rows})
    kept = observations(session, posted.loan_id)
    assert [row.on for row in kept] == sorted({row.on for row in rows})
    assert kept[-1].id == max(rows, key=lambda row: (row.at, row.id)).id
    page = loan_page(session, world.actor("a-risk"), posted.loan_id)
    first = replace(page.collateral, history=[min(rows, key=lambda row: row.id), kept[-1]])
    first.history[0].exposure_fen = 0
    with client.application.test_request_context():
        chart = ltv_chart(replace(page, collateral=first))
    assert chart["step"] == "end"
    assert chart["right"]["values"][0] is None
    assert chart["right"]["values"][-1] is not None


def test_a_fall_of_values_is_tried_out_and_nothing_is_stored(sign_in, session, drawn):
    browser = sign_in("a-risk", language="en")
    mild = browser.get(f"/loans/{drawn.loan_id}?value=10", status=200).text
    assert "46.30% → 51.44%" in mild
    assert "No line is crossed." in mild
    deep = browser.get(f"/loans/{drawn.loan_id}?value=40", status=200).text
    assert "To cure it: repay" in deep
    browser.get(f"/loans/{drawn.loan_id}?value=much", status=422)
    assert session.execute(sa.select(MarginCall)).first() is None


def test_queries_of_the_loan_page_and_the_worklist_are_bounded(sign_in, queries, drawn):
    browser = sign_in("a-officer")
    with queries() as seen:
        browser.get(f"/loans/{drawn.loan_id}", status=200)
    assert len(seen) <= 80
    with queries() as seen:
        browser.get("/worklist", status=200)
    assert len(seen) <= 40


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("login", ["a-officer", "a-collateral", "c1-fin"])
def test_the_asset_page_renders_with_its_values(sign_in, lending, commit, login, language):
    asset = lending.asset(recognised_fen=4_000_000_00)
    commit()
    page = sign_in(login, language=language).get(f"/assets/{asset}", status=200).text
    assert ("认定价值" if language == "zh_CN" else "Recognised value") in page


def test_what_is_free_is_no_more_than_the_bank_lends_on_what_it_recognised(
    sign_in, session, lending, commit
):
    asset = lending.asset(recognised_fen=960_000_00)
    session.merge(AssetLien(asset_id=asset, secured_fen=1_200_000_00))
    session.get_one(AssetValue, asset).current_fen = 2_771_600_00
    commit()
    page = sign_in("a-officer").get(f"/assets/{asset}", status=200).text
    shown = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "可用金额 0.00" in shown
    assert "未设押价值 157.16" in shown


def test_an_asset_without_an_appraisal_has_no_value_to_secure_and_not_zero(
    sign_in, lending, commit
):
    asset = lending.asset(current_fen=None)
    commit()
    page = sign_in("c1-fin").get(f"/assets/{asset}", status=200).text
    shown = " ".join(re.sub(r"<[^>]+>", " ", page).split())
    assert "未设押价值 —" in shown


@pytest.mark.parametrize(("level", "told"), [(Level.WARNING, True), (Level.NORMAL, False)])
def test_the_enterprise_sees_when_a_line_of_its_loan_is_crossed(
    sign_in, session, drawn, commit, level, told
):
    session.get_one(LoanCover, drawn.loan_id).level = level
    commit()
    page = sign_in("c1-fin", language="en").get("/overview", status=200).text
    assert ("Early warning" in page) is told


def test_another_bank_learns_of_a_lien_only_that_it_is_there(
    sign_in, session, world, lending, commit
):
    posted = lending.drawn(lending.main_pool())
    pledge = _pledges(session, posted.loan_id)[0]
    share_asset(
        session,
        asset_id=pledge.asset_id,
        organisation_id=world.organisation("B"),
        reason="offered",
    )
    commit()
    page = sign_in("b-officer", language="en").get(f"/assets/{pledge.asset_id}", status=200).text
    assert "Encumbered for another lender" in page
    assert pledge.number not in page
    assert "Yanzhi Demo Rural" not in page


@pytest.mark.one_engine("sqlite")
def test_a_regulator_searches_single_loans_for_a_stated_purpose(sign_in, drawn):
    browser = sign_in("pbc-1", language="en")
    assert "Search single loans, for a stated purpose" in browser.get("/oversight").text
    led = browser.get("/search", status=303, query_string={"q": drawn.loan_number}).location
    assert browser.get(led, status=303).location.endswith("/oversight/purpose")
    browser.submit(
        "/oversight/purpose", {"purpose": "Quarterly inspection on the spot"}, status=303
    )
    assert drawn.loan_number in browser.get(led, status=200).text


def test_search_finds_by_number_name_and_certificate_within_sight(sign_in, lending, drawn):
    browser = sign_in("a-officer", language="en")
    for words in (drawn.loan_number, "焉支示例", "示例证"):
        page = browser.get("/search", status=200, query_string={"q": words}).text
        assert "Nothing that you may see" not in page
    assert drawn.loan_number in browser.get("/search", query_string={"q": drawn.loan_number}).text
    stranger = sign_in("b-officer", language="en").get(
        "/search", query_string={"q": drawn.loan_number}
    )
    assert "Nothing that you may see" in stranger.text
    wild = browser.get("/search", status=200, query_string={"q": "%%"}).text
    assert "Nothing that you may see" in wild


def test_a_repayment_that_cures_closes_the_case_in_the_same_transaction(
    api, session, world, lending, commit
):
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    call = _case(session)
    body = {"amount_yuan": Money(call.repay_fen).yuan, "prepay": True}
    commit()
    api("a-ops").post(f"/loans/{posted.loan_id}/repayments", body, status=201)
    session.expire_all()
    assert _case(session).state is CallState.CURED


def test_a_cured_case_shows_both_ratios_their_days_and_what_was_paid(
    api, sign_in, session, world, lending, commit
):
    posted = lending.drawn(lending.main_pool())
    _frost(session, world, lending, posted.loan_id)
    call = _case(session)
    number, opening, repay = call.id, call.ratio_ppm, call.repay_fen
    body = {"amount_yuan": Money(repay).yuan, "prepay": True}
    commit()
    api("a-ops").post(f"/loans/{posted.loan_id}/repayments", body, status=201)
    session.expire_all()
    page = sign_in("a-risk", language="en").get(f"/margin-calls/{number}", status=200).text
    cured = cured_of(session, number)
    assert cured.opening_ppm == opening
    assert cured.cure_ppm <= _case(session).target_ppm
    for ratio in (cured.opening_ppm, cured.cure_ppm):
        assert f"{ratio / 10_000:.2f}%" in page
    assert f"{cured.paid_fen / 100:,.2f}" in page
    assert "LTV came back from" in page


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_enterprise_sees_its_loans_next_payment_and_assets(sign_in, drawn, language):
    page = sign_in("c1-fin", language=language).get("/overview", status=200).text
    assert drawn.loan_number in page
    assert AssetKind.FOREST_RIGHT.value not in page
    assert f"{LOAN_FEN // 100 // (10_000 if language == 'zh_CN' else 1_000_000)}" in page


def test_the_api_documents_need_no_inline_script(client):
    page = client.get("/docs")
    assert page.status_code == 200
    assert "<script>" not in page.text
    with client.get("/docs/assets/swagger-ui-bundle.js") as script:
        assert script.status_code == 200
