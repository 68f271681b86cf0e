"""People, roles, tokens and organisations by the API."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.audit.models import AuditEvent
from app.identity.domain import DIRECTORY_KINDS
from app.identity.models import Organisation
from app.identity.services import authority_ceiling_fen
from tests.factories.world import PASSWORD


@pytest.fixture
def administrator(api):
    return api("sec-1")


def add(administrator, world, status=201, **given):
    body = {
        "login": "a-new",
        "name_zh": "新人",
        "organisation_id": str(world.organisation("A")),
        "role": "loan-officer",
        "password": PASSWORD,
        **given,
    }
    return administrator.post("/people", body, status=status)


# --- Who am I ---


def test_me_names_person_organisation_roles_and_permissions(api, world):
    me = api("a-approve").get("/me", status=200).json
    assert me["person_id"] == str(world.person("a-approve"))
    assert me["organisation"]["code"] == "A"
    assert me["roles"] == ["approver"]
    assert "approve-application" in me["permissions"]
    assert "manage-people" not in me["permissions"]


def test_the_same_person_is_another_actor_in_another_organisation(api):
    codes = {
        code: api("both-stat", organisation=code)
        .get("/me", status=200)
        .json["organisation"]["code"]
        for code in ("A", "B")
    }
    assert codes == {"A": "A", "B": "B"}


# --- Tokens ---


def test_the_secret_of_a_token_is_given_once(api):
    program = api("a-officer")
    issued = program.post("/tokens", {"title": "excel", "days": 30}, status=201).json
    assert issued["secret"].startswith("gp_")
    listed = program.get("/tokens", status=200).json["items"]
    assert [each for each in listed if "secret" in each] == []
    assert issued["id"] in [each["id"] for each in listed]


def test_an_issued_token_acts_for_its_person_until_it_expires(api, app, clock, world):
    issued = api("a-officer").post("/tokens", {"title": "excel", "days": 30}, status=201).json
    program = api()
    program.token = issued["secret"]
    assert program.get("/me", status=200).json["login"] == "a-officer"
    clock.instant += timedelta(days=30)
    program.get("/me", status=200)
    clock.instant += timedelta(seconds=1)
    program.get("/me", status=401)


def test_a_token_may_do_less_than_its_person(api):
    scopes = ["read-loans", "manage-own-tokens"]
    issued = api("a-ops").post("/tokens", {"title": "excel", "scopes": scopes}, status=201).json
    program = api()
    program.token = issued["secret"]
    assert program.get("/me", status=200).json["permissions"] == sorted(scopes)
    closing = {"on": "2024-01-02"}
    refused = program.post("/day-closes", closing, status=403).json
    assert (refused["code"], refused["permission"]) == ("scope-missing", "close-day")
    assert "close-day" in refused["detail"]
    refused = program.post("/assets", {}, status=403).json
    assert refused["code"] == "forbidden", "the role itself does not hold it"


@pytest.mark.parametrize(
    ("body", "pointer"),
    [
        ({"title": "x", "scopes": ["manage-people"]}, "/scopes"),
        ({"title": "x", "scopes": ["no-such-permission"]}, "/scopes"),
        ({"title": "x", "scopes": []}, "/scopes"),
        ({"title": "x", "days": 0}, "/days"),
        ({"title": "x", "days": 367}, "/days"),
        ({"days": 1}, "/title"),
    ],
)
def test_a_token_has_a_title_an_end_and_permissions_of_its_person(api, body, pointer):
    answer = api("a-officer").post("/tokens", body, status=422)
    assert pointer in [each["pointer"] for each in answer.json["errors"]]


def test_a_token_with_narrow_scopes_cannot_issue_a_wide_one(api):
    issued = (
        api("a-ops")
        .post("/tokens", {"title": "x", "scopes": ["manage-own-tokens"]}, status=201)
        .json
    )
    program = api()
    program.token = issued["secret"]
    program.post("/tokens", {"title": "y", "scopes": ["read-loans"]}, status=422)
    wide = program.post("/tokens", {"title": "y"}, status=201).json
    program.token = wide["secret"]
    assert program.get("/me", status=200).json["permissions"] == ["manage-own-tokens"]


def test_a_revoked_token_is_dead_and_stays_so(api):
    issued = api("a-officer").post("/tokens", {"title": "x"}, status=201).json
    api("a-officer").delete(f"/tokens/{issued['id']}", status=204)
    api("a-officer").delete(f"/tokens/{issued['id']}", status=204)
    program = api()
    program.token = issued["secret"]
    program.get("/me", status=401)


def test_nobody_revokes_the_token_of_another(api):
    issued = api("a-officer").post("/tokens", {"title": "x"}, status=201).json
    api("a-co").delete(f"/tokens/{issued['id']}", status=404)
    api("sec-1").delete(f"/tokens/{issued['id']}", status=404)


# --- People ---


def test_an_administrator_adds_a_person_who_can_then_act(administrator, api, world, client):
    person = add(administrator, world)
    assert person.headers["Location"] == f"/api/v1/people/{person.json['id']}"
    assert person.json["state"] == "active"
    assert [each["role"] for each in person.json["roles"]] == ["loan-officer"]
    assert "password" not in person.text


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"login": "a-officer"}, "/login"),
        ({"login": "A-OFFICER"}, "/login"),
        ({"login": "ab"}, "/login"),
        ({"login": "a b c"}, "/login"),
        ({"password": "short"}, "/password"),
        ({"name_zh": ""}, "/name_zh"),
        ({"organisation_id": "x"}, "/organisation_id"),
    ],
)
def test_a_person_has_a_login_of_their_own_a_name_and_a_password(
    administrator, world, given, pointer
):
    answer = add(administrator, world, status=422, **given)
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


@pytest.mark.parametrize("field", ["id", "disabled_at", "password_hash", "version", "roles"])
def test_what_the_service_keeps_cannot_be_sent(administrator, world, field):
    add(administrator, world, status=422, **{field: "x"})


def test_a_role_must_fit_the_kind_of_organisation(administrator, world):
    answer = add(administrator, world, status=422, role="appraiser")
    assert answer.json["code"] == "role-not-for-kind"


def test_a_branch_administrator_adds_people_to_the_own_bank_only(api, world):
    add(api("a-admin"), world, status=201)
    other = str(world.organisation("B"))
    add(api("a-admin"), world, status=404, login="b-new", organisation_id=other)


def test_a_branch_administrator_sees_the_own_people_only(api, world):
    seen = {
        each["login"]
        for number in (1, 2)
        for each in api("a-admin").get("/people", status=200, page=number).json["items"]
    }
    assert "a-officer" in seen
    assert not [login for login in seen if login.startswith("b-")]
    api("a-admin").get(f"/people/{world.person('b-officer')}", status=404)


def test_roles_elsewhere_are_not_told(api, world):
    seen = api("a-admin").get(f"/people/{world.person('both-stat')}", status=200).json["roles"]
    assert [each["organisation_id"] for each in seen] == [str(world.organisation("A"))]


@pytest.mark.parametrize(
    ("login", "role", "status"),
    [
        ("a-officer", "preservation-officer", 201),
        ("a-officer", "approver", 422),
        ("a-approve", "loan-officer", 422),
        ("a-drawdown", "operations", 422),
        ("a-officer", "loan-officer", 422),
        ("a-officer", "no-such-role", 422),
    ],
)
def test_conflicting_roles_are_refused(administrator, world, login, role, status):
    body = {"role": role, "organisation_id": str(world.organisation("A"))}
    answer = administrator.post(f"/people/{world.person(login)}/roles", body, status=status)
    if role == "approver":
        assert answer.json["code"] == "role-conflict"


@pytest.mark.parametrize("login", ["sec-1", "a-admin"])
def test_nobody_gives_a_role_to_themselves(api, world, login):
    code = world.organisation_of(login)
    body = {"role": "internal-auditor" if code == "A" else "audit-administrator"}
    answer = api(login).post(f"/people/{world.person(login)}/roles", body, status=422)
    assert answer.json["code"] == "own-roles"


def test_a_role_of_the_platform_is_not_given_by_a_bank(api, world):
    body = {"role": "system-administrator", "organisation_id": str(world.organisation("PLATFORM"))}
    api("a-admin").post(f"/people/{world.person('a-officer')}/roles", body, status=404)


# --- Authority to approve ---


def test_an_authority_ends_the_one_before_it(administrator, world):
    path = f"/people/{world.person('a-approve')}"
    grant = {"organisation_id": str(world.organisation("A")), "basis": "授权书 2 号"}
    grant |= {"ceiling_yuan": "20000000.00", "valid_from": "2031-01-01"}
    before = administrator.get(path, status=200).json["roles"]
    answer = administrator.post(f"{path}/authority-limits", grant, status=201)
    assert answer.json["roles"] == before, "a later day changes nothing today"
    earlier = {**grant, "valid_from": "2030-12-31"}
    refused = administrator.post(f"{path}/authority-limits", earlier, status=422)
    assert refused.json["errors"][0]["pointer"] == "/valid_from"


@pytest.mark.parametrize("day", ["2024-01-02", "2031-01-01"])
def test_a_wrong_authority_is_put_right_on_its_day(administrator, world, session, day):
    person, own = world.person("a-approve"), world.actor("a-approve")
    path = f"/people/{person}/authority-limits"
    grant = {"organisation_id": str(world.organisation("A")), "basis": "授权书 6 号"}
    grant |= {"valid_from": day}
    administrator.post(path, {**grant, "ceiling_yuan": "800.00"}, status=201)
    administrator.post(path, {**grant, "ceiling_yuan": "8000000.00"}, status=201)
    on = date.fromisoformat(day)
    assert authority_ceiling_fen(session, own, "gep-loan", on) == 8_000_000_00
    kept = sa.select(AuditEvent.facts).where(AuditEvent.action == "authority.grant")
    told = [facts["ceiling_fen"] for facts in session.execute(kept).scalars()]
    assert {800_00, 8_000_000_00} <= set(told)


def test_a_past_authority_is_not_rewritten(administrator, world):
    path = f"/people/{world.person('a-approve')}/authority-limits"
    grant = {"organisation_id": str(world.organisation("A")), "basis": "授权书 7 号"}
    grant |= {"ceiling_yuan": "800.00", "valid_from": "2023-12-29"}
    administrator.post(path, grant, status=201)
    administrator.post(path, grant, status=422)


def test_an_authority_counts_from_its_day(api, world, session):
    person, own = world.person("a-approve"), world.actor("a-approve")
    path = f"/people/{person}/authority-limits"
    grant = {"ceiling_yuan": "123.00", "valid_from": "2031-01-01", "basis": "授权书 3 号"}
    api("a-admin").post(path, grant, status=201)
    before = authority_ceiling_fen(session, own, "gep-loan", date(2030, 12, 31))
    assert before > 123_00
    assert authority_ceiling_fen(session, own, "gep-loan", date(2031, 1, 1)) == 123_00


@pytest.mark.parametrize(
    ("login", "person", "code"),
    [("a-admin", "a-admin", "own-roles"), ("sec-1", "sec-1", "own-roles")],
)
def test_nobody_gives_an_authority_to_themselves(api, world, login, person, code):
    body = {"ceiling_yuan": "1.00", "basis": "自授"}
    path = f"/people/{world.person(person)}/authority-limits"
    assert api(login).post(path, body, status=422).json["code"] == code


def test_an_authority_needs_a_role_in_the_organisation(administrator, world):
    body = {"ceiling_yuan": "1.00", "basis": "误", "organisation_id": str(world.organisation("B"))}
    path = f"/people/{world.person('a-approve')}/authority-limits"
    refused = administrator.post(path, body, status=422)
    assert refused.json["errors"][0]["pointer"] == "/organisation_id"


# --- The end of access ---


def test_a_disabled_person_loses_sessions_and_tokens_at_once(administrator, api, sign_in, world):
    browser = sign_in("a-officer")
    path = f"/people/{world.person('a-officer')}"
    answer = administrator.event(path, "disable", reason="离职", status=200)
    assert (answer.json["state"], answer.json["events"]) == ("disabled", ["enable"])
    browser.get("/profile", status=303)
    api("a-officer").get("/me", status=401)


def test_an_enabled_person_may_return_but_old_tokens_may_not(administrator, api, sign_in, world):
    path = f"/people/{world.person('a-officer')}"
    browser = sign_in("a-officer")
    administrator.event(path, "disable", reason="停职", status=200)
    administrator.event(path, "enable", reason="复职", status=200)
    browser.get("/profile", status=303)
    api("a-officer").get("/me", status=401)
    sign_in("a-officer").get("/profile", status=200)


def test_a_person_is_disabled_once(administrator, world):
    path = f"/people/{world.person('a-officer')}"
    administrator.event(path, "disable", reason="离职", status=200)
    answer = administrator.event(path, "disable", reason="离职", status=409)
    assert answer.json["code"] == "illegal-event"
    assert (answer.json["state"], answer.json["event"]) == ("disabled", "disable")
    assert answer.json["legal"] == ["enable"]
    assert answer.json["detail"] == "在“已停用”状态下不能执行“停用”。当前可执行：启用。"


def test_nobody_disables_themselves(administrator, world):
    path = f"/people/{world.person('sec-1')}"
    administrator.event(path, "disable", reason="x", status=422)


def test_disabling_needs_a_reason(administrator, world):
    path = f"/people/{world.person('a-officer')}"
    answer = administrator.event(path, "disable", status=422)
    assert answer.json["errors"][0]["pointer"] == "/reason"


def test_an_unknown_event_is_told_which_there_are(administrator, world):
    path = f"/people/{world.person('a-officer')}"
    answer = administrator.event(path, "explode", status=422)
    assert answer.json["errors"][0]["pointer"] == "/event"


def test_the_audit_keeps_who_disabled_whom_and_why(administrator, api, world):
    path = f"/people/{world.person('a-officer')}"
    administrator.event(path, "disable", reason="离职", status=200)
    query = {"action": "person.disable"}
    [event] = api("aud-1").get("/audit-events", status=200, **query).json["items"]
    assert event["person_id"] == str(world.person("sec-1"))
    assert event["subject_id"] == str(world.person("a-officer"))
    assert event["facts"] == {"reason": "离职"}


# --- Organisations ---


def organisation(**given):
    return {
        "kind": "enterprise",
        "code": "C99",
        "name_zh": "新企业",
        "region_code": "620725",
        **given,
    }


def test_the_platform_adds_organisations(api):
    answer = api("sys-1").post("/organisations", organisation(), status=201)
    assert api("sys-1").get(answer.headers["Location"], status=200).json["code"] == "C99"


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"code": "A"}, "/code"),
        ({"code": "ä"}, "/code"),
        ({"kind": "church"}, "/kind"),
        ({"region_code": "6207"}, "/region_code"),
        ({"region_code": "999999"}, "/region_code"),
        ({"uscc": "123"}, "/uscc"),
    ],
)
def test_an_organisation_has_a_code_of_its_own_and_a_region(api, given, pointer):
    answer = api("sys-1").post("/organisations", organisation(**given), status=422)
    assert [each["pointer"] for each in answer.json["errors"]] == [pointer]


def test_a_social_credit_code_belongs_to_one_organisation(api):
    uscc = {"uscc": "91620700MA71234567"}
    api("sys-1").post("/organisations", organisation(code="N1", **uscc), status=201)
    answer = api("sys-1").post("/organisations", organisation(code="N2", **uscc), status=422)
    assert [each["pointer"] for each in answer.json["errors"]] == ["/uscc"]


@pytest.mark.parametrize(
    ("login", "codes"), [("a-officer", {"A"}), ("c1-fin", {"C1"}), ("pbc-1", set())]
)
def test_organisations_see_themselves_whole(api, login, codes):
    listed = api(login).get("/organisations", status=200).json["items"]
    assert {each["code"] for each in listed if "created_at" in each} == codes


@pytest.mark.parametrize("kind", sorted(DIRECTORY_KINDS))
@pytest.mark.parametrize("login", ["c1-fin", "ag1-a", "pbc-1"])
def test_a_firm_finds_the_bodies_that_it_must_name(api, world, session, login, kind):
    known = sa.select(Organisation.code).where(Organisation.kind == kind)
    listed = api(login).get("/organisations", status=200, kind=kind).json["items"]
    assert [each["code"] for each in listed] == sorted(session.execute(known).scalars())
    own = world.organisation(world.organisation_of(login))
    told = {"id", "code", "kind", "name_zh", "name_en", "region_code"}
    assert all(set(each) == told for each in listed if each["id"] != str(own))


@pytest.mark.parametrize("login", ["c2-fin", "a-officer", "ag1-a"])
def test_an_enterprise_stands_in_no_directory(api, world, login):
    api(login).get(f"/organisations/{world.organisation('C1')}", status=404)
    listed = api(login).get("/organisations", status=200, kind="enterprise").json["items"]
    assert all(each["code"] != "C1" for each in listed)


def test_organisations_are_filtered_by_kind(api):
    listed = api("sys-1").get("/organisations", status=200, kind="regulator").json["items"]
    assert {each["code"] for each in listed} == {"GOV-PBC", "GOV-NFRA", "GOV-X"}
