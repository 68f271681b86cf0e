"""People, tokens and the journal as people handle them."""

import re
from uuid import UUID

import pytest

from app.audit.services import record
from tests.factories.lending import Lending
from tests.factories.world import PASSWORD

pytestmark = pytest.mark.both_engines


def test_an_administrator_adds_a_person_and_finds_the_row(sign_in, world):
    browser = sign_in("sec-1")
    fields = {
        "login": "a-new",
        "name_zh": "新来的",
        "organisation_id": str(world.organisation("A")),
        "role": "preservation-officer",
        "password": PASSWORD,
    }
    answer = browser.submit("/people/new", fields, status=303)
    page = browser.get(answer.headers["Location"], status=200).text
    assert "新来的" in page
    assert "资产保全岗" in page
    assert "a-new" in browser.get("/people?search=a-new", status=200).text


def test_a_refused_form_comes_back_with_what_was_typed_and_why(sign_in, world):
    browser = sign_in("sec-1")
    fields = {"login": "a-officer", "name_zh": "重名者", "password": "short"}
    page = browser.submit("/people/new", fields, status=422).text
    assert 'value="重名者"' in page
    assert "short" not in page
    assert 'href="#organisation_id"' in page


def test_giving_a_conflicting_role_is_refused_in_words(sign_in, world):
    browser = sign_in("sec-1")
    path = f"/people/{world.person('a-officer')}/roles/new"
    fields = {"role": "approver", "organisation_id": str(world.organisation("A"))}
    assert "不相容" in browser.submit(path, fields, status=422).text


def test_an_authority_is_granted_in_a_form(sign_in, world):
    browser = sign_in("a-admin")
    path = f"/people/{world.person('a-approve')}"
    assert f'href="{path}/authority-limits/new"' in browser.get(path, status=200).text
    fields = {"ceiling_yuan": "8,765.43", "valid_from": "2024-01-02", "basis": "授权书 4 号"}
    browser.submit(f"{path}/authority-limits/new", fields, status=303)
    assert "0.88" in browser.get(path, status=200).text


def test_an_authority_that_begins_later_is_shown(sign_in, api, world):
    path = f"/people/{world.person('a-approve')}"
    grant = {"ceiling_yuan": "98,760,000.00", "valid_from": "2031-01-01", "basis": "授权书 5 号"}
    sign_in("a-admin").submit(f"{path}/authority-limits/new", grant, status=303)
    page = sign_in("a-admin").get(path, status=200).text
    for words in ("9,876.00", "2031-01-01", "授权书 5 号"):
        assert words in page
    held = api("a-admin").get(path, status=200).json["authorities"]
    assert [(each["ceiling_yuan"], each["valid_until"]) for each in held] == [
        ("5000000.00", "2030-12-31"),
        ("98760000.00", None),
    ]


def test_a_person_is_disabled_by_a_button_with_a_reason(sign_in, world):
    browser = sign_in("sec-1")
    path = f"/people/{world.person('a-officer')}"
    assert f'href="{path}/events/disable"' in browser.get(path, status=200).text
    browser.submit(f"{path}/events/disable", {"reason": "离职"}, status=303)
    page = browser.get(path, status=200).text
    assert f'href="{path}/events/enable"' in page
    assert f'href="{path}/events/disable"' not in page


def test_two_administrators_do_not_overwrite_each_other(sign_in, world):
    path = f"/people/{world.person('a-officer')}/events/disable"
    first, second = sign_in("sec-1"), sign_in("sys-1")
    seen = second.get(path, status=200).text
    first.submit(path, {"reason": "离职"}, status=303)
    token = re.search(r'name="csrf_token" value="(\w+)"', seen)[1]
    answer = second.post(path, {"csrf_token": token, "version": "1", "reason": "也要"})
    assert answer.status_code in {409, 412}


def test_a_form_sent_twice_has_one_effect(sign_in, world, api):
    from tests.support.clients import hidden_fields

    browser = sign_in("sec-1")
    path = f"/people/{world.person('a-officer')}/roles/new"
    hidden = hidden_fields(browser.get(path).text, path)
    fields = {"role": "preservation-officer", "organisation_id": str(world.organisation("A"))}
    first = browser.post(path, {**hidden, **fields}, status=303)
    again = browser.post(path, {**hidden, **fields}, status=303)
    assert again.headers["Location"] == first.headers["Location"]
    roles = api("sec-1").get(f"/people/{world.person('a-officer')}", status=200).json["roles"]
    assert len(roles) == 2


def test_a_token_is_shown_once_and_revoked_by_a_button(sign_in):
    browser = sign_in("a-officer")
    shown = browser.submit("/profile/tokens/new", {"title": "报表", "days": "30"}, status=201).text
    secret = re.search(r"gp_[\w-]{43}", shown)[0]
    profile = browser.get("/profile", status=200).text
    assert "报表" in profile
    assert secret not in profile
    action = re.search(r'action="(/profile/tokens/[\w-]+/revoke)"', profile)[1]
    browser.submit(action, page="/profile", status=303)
    assert "已撤销" in browser.get("/profile", status=200).text


def test_the_journal_is_filtered_by_its_form(sign_in, api):
    api("a-officer").post("/tokens", {"title": "x"}, status=201)
    browser = sign_in("a-audit")
    assert "token.issue" in browser.get("/audit?action=token.issue", status=200).text
    assert "token.issue" not in browser.get("/audit?action=person.add", status=200).text


def test_the_journal_is_narrowed_by_words_of_actions(sign_in, session, world, commit):
    """One word stands for every action that reads so; sessions are told by words of their own."""
    for action in ("policy.propose", "loan-change.proposed", "session.open", "loan.open"):
        record(session, world.actor("a-officer"), action, subject_kind="x", subject_id=UUID(int=9))
    commit()
    browser = sign_in("a-audit", language="en")
    page = browser.get("/audit?action=propose", status=200).text
    assert '<option value="propose" selected>Put forward</option>' in page
    assert page.count(">Put forward</option>") == 1
    table = page[page.index("<table") :]
    assert ("policy.propose" in table, "loan-change.proposed" in table) == (True, True)
    begun = browser.get("/audit?action=open", status=200).text
    assert "loan.open</span>" in begun
    assert "session.open</span>" not in begun
    assert "session.open</span>" in browser.get("/audit?action=session.open", status=200).text
    # A whole action by its name, as older links and the API have it.
    named = browser.get("/audit?action=policy.propose", status=200).text
    assert '<option value="policy.propose" selected>' in named
    assert "loan-change.proposed" not in named


def test_lists_of_codes_are_told_in_words(sign_in, session, world, commit):
    facts = {
        "asset.record-inputs": {"fields": ["yearly_income_yuan", "repayment_source"]},
        "product.offer": {"codes": ["forest-carbon-loan"]},
    }
    Lending(session, world).open_bank()
    for action, given in facts.items():
        record(
            session,
            world.actor("a-officer"),
            action,
            subject_kind="asset",
            subject_id=UUID(int=9),
            **given,
        )
    commit()
    page = sign_in("a-audit", language="en").get("/audit", status=200).text
    table = re.sub(r"<[^>]+>", " ", page[page.index("<table") :])
    assert "Source of repayment" in table
    for raw in ("yearly_income_yuan", "forest-carbon-loan", "repayment_source"):
        assert raw not in table


def test_states_and_codes_of_things_are_told_in_words(sign_in, session, world, commit):
    told = (
        ("application", {"before": "half-investigated", "after": "investigated"}),
        ("inspection", {"state": "planned", "purpose": "use-of-funds"}),
        ("warning-signal", {"level": "orange", "state": "handling"}),
        ("loan", {"fact": "technical-delay", "kind": "prepayment"}),
        ("margin-call", {"basis": "exposure"}),
        ("asset", {"reason": "lapse"}),
    )
    for kind, facts in told:
        record(
            session,
            world.actor("a-officer"),
            f"{kind}.change",
            subject_kind=kind,
            subject_id=UUID(int=9),
            **facts,
        )
    commit()
    for language in ("zh", "en"):
        page = sign_in("a-audit", language=language).get("/audit", status=200).text
        table = re.sub(r"<[^>]+>", " ", page[page.index("<table") :])
        for code in (code for _kind, facts in told for code in facts.values()):
            assert f": {code} " not in table, (language, code)


def test_what_has_a_name_of_the_codes_own_is_a_thing_in_words(sign_in, session, world, commit):
    actor = world.actor("a-officer")
    record(session, actor, "reference.load", subject_kind="reference", subject_id="files", rows=7)
    commit()
    page = sign_in("a-audit", language="en").get("/audit", status=200).text
    assert "Files that come with the service" in page


def test_the_journal_speaks_in_words(sign_in, session, world, commit):
    """Names for ids, labels for facts, figures with their units; what is missing is a dash."""
    record(
        session,
        world.actor("a-officer"),
        "margin-call.open",
        subject_kind="margin-call",
        subject_id=world.person("a-officer"),
        agency_id=world.organisation("A"),
        recognition=UUID(int=7),
        ltv_ppm=463_679,
        repay_fen=123_456_700,
        financial_difficulty=False,
        valid_until=None,
        sha256="ab" * 32,
        figures={"exposure_fen": 100, "level": "top-up"},
        assets=[["A-2023-000001", 300_000_000]],
    )
    commit()
    browser = sign_in("a-audit", language="en")
    shown = re.sub(r"<[^>]+>", " ", browser.get("/audit?action=margin-call.open", status=200).text)
    table = shown[shown.index("Facts") :]
    for said in (
        "LTV: 46.37%",
        "Repay to cure: CNY 1,234,567.00",
        "In financial difficulty: No",
        "Valid until: —",
        "abababababab…",
        "Exposure with accrued interest CNY 1.00",
        "A-2023-000001 CNY 3,000,000.00",
        "Top-up case",
        "Agency: ",
    ):
        assert said in table
    for raw in ("_fen", "_ppm", "None", "{", "['", "Confirmation of the value"):
        assert raw not in table
    assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}-", table)


def test_the_journal_tells_actions_and_coded_values_in_the_language_of_the_reader(
    sign_in, session, world, commit
):
    """The code stands beside the words of an action, since the filter and the API take it."""
    record(
        session,
        world.actor("a-officer"),
        "loan.open",
        subject_kind="loan",
        subject_id=UUID(int=8),
        method="bullet",
        day_count="act/360",
        month_end="clamp",
        loan_class="special-mention",
        state="written-off",
        every="5m",
        region_code="620702",
    )
    commit()
    for language, words in (
        ("zh", ("已开立", "序号", "已核销", "关注", "贷款分类", "甘州区")),
        ("en", ("Begun", "Seq.", "Written off", "Actual days over 360", "To the last day of the")),
    ):
        browser = sign_in("a-audit", language=language)
        page = browser.get("/audit?action=loan.open", status=200).text
        table = re.sub(r"<[^>]+>", " ", page[page.index("<table") :])
        assert "loan.open" in table
        assert "5m" in table
        for said in words:
            assert said in table, (language, said)
        for raw in ("bullet", "act/360", "clamp", "special-mention", "written-off", "期次"):
            assert raw not in table, (language, raw)


def test_the_menu_shows_what_a_role_may_open(sign_in):
    administrator = sign_in("sec-1").get("/profile", status=200).text
    auditor = sign_in("a-audit").get("/profile", status=200).text
    assert 'href="/people"' in administrator
    assert 'href="/people"' not in auditor
    assert 'href="/audit"' in auditor


def test_a_language_chosen_by_link_is_kept(sign_in):
    browser = sign_in("a-officer")
    assert "我的账户" in browser.get("/profile").text
    assert "My profile" in browser.get("/profile?lang=en").text
    assert "My profile" in browser.get("/profile").text
