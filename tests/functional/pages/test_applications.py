"""Pages of applications and drawdowns: forms, buttons, the pool beside its form."""

import pytest

from app.origination.services import drawdowns
from app.origination.services.pool import OfferedAsset
from tests.factories.lending import Lending
from tests.support.clients import hidden_fields
from tests.support.once import built_once


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
def draft(lending, commit):
    view = lending.draft(lending.main_pool())
    commit()
    return view


def test_a_borrower_fills_in_and_submits(sign_in, lending, world, commit) -> None:
    forest, carbon = lending.main_pool()
    commit()
    browser = sign_in("c1-fin")
    page = browser.get("/loan-applications/new", status=200).text
    assert "新建申请" in page
    assert str(forest.asset_id) in page
    answer = browser.submit(
        "/loan-applications/new",
        {
            "bank_id": str(world.organisation("A")),
            "product": "forest-carbon-loan",
            "amount_yuan": "3,000,000",
            "term_months": "36",
            "purpose": "沙棘原料收购",
            "repayment_source": "果品销售",
            "region_code": "620725",
            "credit_consent": "true",
            "assets-0-asset_id": str(forest.asset_id),
            "assets-0-secured_yuan": "2800000",
            "assets-1-asset_id": str(carbon.asset_id),
        },
        status=303,
    )
    place = answer.headers["Location"]
    shown = browser.get(place, status=200).text
    assert "草稿" in shown
    assert "提交银行" in shown
    assert "新增押品" not in shown
    browser.submit(f"{place}/events/submit", {}, status=303)
    assert "已提交" in browser.get(place, status=200).text


def test_what_may_be_left_out_of_a_draft_is_marked(sign_in, lending, commit) -> None:
    commit()
    page = sign_in("c1-fin", language="en").get("/loan-applications/new", status=200).text
    for name in ("guarantees-0-guarantor_id", "guarantees-0-covered_yuan", "assets-0-asset_id"):
        label = page.split(f'for="{name}">', 1)[1].split("</label>", 1)[0]
        assert "optional" in label, name
    assert "optional" not in page.split('for="purpose">', 1)[1].split("</label>", 1)[0]


def test_a_borrower_sees_who_of_its_own_people_did_what(sign_in, api, lending, commit) -> None:
    view = lending.accepted(lending.main_pool())
    commit()
    acts = api("c1-fin").get(f"/loan-applications/{view.id}", status=200).json["acts"]
    assert [each["person"] and each["person"]["zh"] for each in acts] == ["曹晚晴", None]
    assert "曹晚晴" in sign_in("c1-fin").get(f"/loan-applications/{view.id}", status=200).text


def test_the_reason_that_keeps_an_asset_out_is_a_sentence(sign_in, lending, commit) -> None:
    forest = OfferedAsset(asset_id=lending.asset(), secured_fen=1_000_00)
    view = lending.draft((forest,), product="forest-right-loan")
    commit()
    page = sign_in("c1-fin", language="en").get(f"/loan-applications/{view.id}", status=200).text
    assert ">Your bank has not recognised" in page


def test_an_asset_without_a_report_names_both_ways_where_the_loan_is_small(
    sign_in, lending, commit
) -> None:
    forest = OfferedAsset(asset_id=lending.asset(current_fen=None), secured_fen=1_000_00)
    drafts = [
        lending.draft((forest,), product="forest-right-loan", amount_fen=amount)
        for amount in (299_999_99, 300_000_00)
    ]
    commit()
    browser = sign_in("c1-fin")
    small, large = (
        browser.get(f"/loan-applications/{each.id}", status=200).text for each in drafts
    )
    assert "没有有效评估" in small
    assert "贷款低于规定限额，银行也可自行评估" in small
    assert "没有有效评估" in large
    assert "自行评估" not in large


def test_a_refused_form_keeps_what_was_typed(sign_in, lending, world, commit) -> None:
    commit()
    browser = sign_in("c1-fin")
    answer = browser.submit(
        "/loan-applications/new",
        {"amount_yuan": "abc", "purpose": "沙棘原料收购"},
        status=422,
    )
    assert "沙棘原料收购" in answer.text
    assert 'href="#amount_yuan"' in answer.text


def test_the_page_shows_the_value_chain_and_the_limit(sign_in, draft) -> None:
    page = sign_in("c1-fin").get(f"/loan-applications/{draft.id}", status=200).text
    for words in ("评估价值", "认定价值", "可担保金额", "560.00", "306.40", "46.30%"):
        assert words in page, words


def test_the_pool_form_shows_what_it_lends_as_it_changes(sign_in, draft, lending) -> None:
    browser = sign_in("c1-fin")
    form = browser.get(f"/loan-applications/{draft.id}/pool", status=200)
    assert 'hx-post="/loan-applications/' in form.text
    place = f"/loan-applications/{draft.id}/pool"
    token = hidden_fields(form.text, place)["csrf_token"]
    first, second = (str(line.asset_id) for line in draft.assets)
    fields = {
        "csrf_token": token,
        "assets-0-asset_id": first,
        "assets-0-secured_yuan": "1000000",
        "assets-1-asset_id": second,
    }
    shown = browser.post(f"{place}/preview", fields, status=200).text
    assert "126.40" in shown
    assert "<html" not in shown
    wrong = browser.post(f"{place}/preview", {**fields, "assets-1-asset_id": first}, status=200)
    assert "只填写一次" in wrong.text


def test_the_pool_is_changed_through_its_form(sign_in, draft) -> None:
    browser = sign_in("c1-fin")
    place = f"/loan-applications/{draft.id}/pool"
    line = draft.assets[0]
    fields = {"assets-0-asset_id": str(line.asset_id), "assets-0-secured_yuan": "1,000,000"}
    browser.submit(place, fields, status=303)
    page = browser.get(f"/loan-applications/{draft.id}", status=200).text
    assert "100.00" in page


def test_an_edit_of_an_old_version_is_refused(sign_in, draft) -> None:
    browser = sign_in("c1-fin")
    place = f"/loan-applications/{draft.id}/edit"
    browser.submit(place, {"purpose": "收购与管护支出"}, status=303)
    answer = browser.submit(place, {"version": "1", "purpose": "别的用途说明"}, status=412)
    assert "别的用途说明" in answer.text
    assert f'<a href="/loan-applications/{draft.id}">重新加载</a>' in answer.text


def test_the_bank_leads_the_file_through_its_forms(sign_in, lending, commit) -> None:
    view = lending.submitted(lending.main_pool())
    commit()
    place = f"/loan-applications/{view.id}"
    officer = sign_in("a-officer")
    officer.submit(f"{place}/events/accept", {}, status=303)
    form = officer.get(f"{place}/events/sign", status=200).text
    assert "4.1" in form
    officer.submit(
        f"{place}/events/sign",
        {
            "opinion": "现场核实",
            "rate": "4.45",
            "method": "bullet",
            "purpose_checked": "true",
            "catalogue_edition": "2019",
            "catalogue_code": "4.1",
            "green_evidence": "收购合同",
        },
        status=303,
    )
    sign_in("a-co").submit(f"{place}/events/countersign", {"opinion": "属实"}, status=303)
    sign_in("a-review").submit(f"{place}/events/pass", {"opinion": "合规"}, status=303)
    approver = sign_in("a-approve")
    too_much = {"amount_yuan": "3000001", "opinion": "同意"}
    answer = approver.submit(f"{place}/events/approve", too_much, status=422)
    assert 'href="#amount_yuan"' in answer.text
    approver.submit(
        f"{place}/events/approve", {"amount_yuan": "3000000", "opinion": "同意"}, status=303
    )
    officer.submit(f"{place}/events/contract", {}, status=303)
    page = officer.get(place, status=200).text
    assert "合同已签订" in page
    assert "4.45%" in page


def test_lists_and_drawdowns_have_pages(sign_in, lending, commit) -> None:
    posted = lending.drawn(lending.main_pool())
    commit()
    officer = sign_in("a-officer")
    assert "AP-2024-000001" in officer.get("/loan-applications", status=200).text
    assert "AP-2024-000001" not in officer.get("/loan-applications?state=draft", status=200).text
    assert posted.number in officer.get("/drawdowns?state=posted", status=200).text
    page = officer.get(f"/drawdowns/{posted.id}", status=200).text
    assert "示例果品合作社" in page
    english = sign_in("a-officer", language="en").get(f"/drawdowns/{posted.id}", status=200).text
    assert "The payee is named" in english


def test_a_loan_is_named_in_the_language_of_the_reader(sign_in, lending, commit) -> None:
    posted = lending.drawn(lending.main_pool())
    commit()
    title_zh, title_en = "林权+碳汇预期收益权贷款", "Forest right and carbon-sink income loan"
    for place, login in (
        ("/loans", "a-officer"),
        (f"/loans/{posted.loan_id}", "a-officer"),
        ("/overview", "c1-fin"),
        ("/drawdowns", "a-officer"),
        (f"/drawdowns/{posted.id}", "a-officer"),
        ("/search?q=L-2024", "a-officer"),
    ):
        english = sign_in(login, language="en").get(place, status=200).text
        assert title_en in english, place
        assert title_zh not in english, place
        assert title_zh in sign_in(login).get(place, status=200).text, place


def test_the_api_gives_the_name_of_a_loan_in_both_languages(api, lending, commit) -> None:
    posted = lending.drawn(lending.main_pool())
    commit()
    loan = api("c1-fin").get(f"/loans/{posted.loan_id}", status=200).json
    drawdown = api("c1-fin").get(f"/drawdowns/{posted.id}", status=200).json
    names = ("林权+碳汇预期收益权贷款", "Forest right and carbon-sink income loan")
    assert (loan["title"], loan["title_en"]) == names
    assert (drawdown["loan_title"], drawdown["loan_title_en"]) == names


@pytest.mark.parametrize(
    ("login", "event"), [("a-drawdown", "check"), ("a-ops", "post"), ("a-drawdown", "refuse")]
)
def test_who_moves_money_sees_how_much_and_to_whom(
    sign_in, session, lending, commit, login, event
) -> None:
    view = lending.contracted(lending.main_pool())
    lending.register(view.loan_id)
    waiting = lending.request(view.loan_id)
    if event == "post":
        checker = lending.staff("drawdown")
        drawdowns.check_drawdown(session, checker, waiting.id, drawdowns.CheckDrawdown())
    commit()
    page = sign_in(login).get(f"/drawdowns/{waiting.id}/events/{event}", status=200).text
    for words in ("3,000,000.00", "示例果品合作社", waiting.loan_number):
        assert words in page


def test_a_drawdown_is_asked_for_in_a_form(sign_in, lending, commit) -> None:
    view = lending.contracted(lending.main_pool())
    commit()
    officer = sign_in("a-officer")
    fields = {"amount_yuan": "1000000", "payee": "示例果品合作社", "payment": "self"}
    answer = officer.submit(f"/loans/{view.loan_id}/drawdowns/new", fields, status=303)
    page = officer.get(answer.headers["Location"], status=200).text
    assert "登记" in page
