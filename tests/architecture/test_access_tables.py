"""Routes, roles and sight agree with each other."""

import ast
from pathlib import Path

import pytest
import yaml

from app.identity import domain
from app.kernel.permissions import Permission
from app.web.access import RouteRule, rule_of
from tests.factories.world import PEOPLE

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
RULES = {
    "own",
    "offered",
    "ordered",
    "sent",
    "chain",
    "region",
    "aggregate",
    "published",
    "all",
    "none",
}


def test_every_permission_is_held_by_some_role():
    held = {each for role in domain.roles().values() for each in role.permissions}
    assert set(Permission) - held == set()


def test_every_permission_is_asked_for_somewhere(shared_app):
    source = "\n".join(path.read_text() for path in APP.rglob("*.py"))
    unused = [each.name for each in Permission if f"Permission.{each.name}" not in source]
    assert unused == []


def test_conflicting_roles_exist_and_differ():
    known = set(domain.roles())
    for pair in domain.conflicts():
        assert len(pair) == 2
        assert pair <= known


def test_no_role_holds_both_ends_of_a_step_of_two_people():
    """Who makes a step never approves it, whatever else the tables say."""
    apart = [
        (Permission.TAKE_APPLICATION, Permission.APPROVE_APPLICATION),
        (Permission.INVESTIGATE, Permission.CONFIRM_INVESTIGATION),
        (Permission.INVESTIGATE, Permission.REVIEW_APPLICATION),
        (Permission.REVIEW_APPLICATION, Permission.APPROVE_APPLICATION),
        (Permission.CHECK_DRAWDOWN, Permission.POST_DRAWDOWN),
        (Permission.SIGN_CONTRACT, Permission.CHECK_DRAWDOWN),
        (Permission.REVIEW_WARNING, Permission.ISSUE_TOP_UP_NOTICE),
        (Permission.MEASURE_ASSET, Permission.CERTIFY_ASSET),
        (Permission.CERTIFY_ASSET, Permission.FILE_ASSET),
        (Permission.MANAGE_PEOPLE, Permission.APPROVE_APPLICATION),
        (Permission.READ_AUDIT, Permission.POST_DRAWDOWN),
        (Permission.INSPECT_LOANS, Permission.REVIEW_INSPECTION),
        (Permission.JUDGE_CLASS, Permission.CONFIRM_CLASS),
        (Permission.PROPOSE_ENTRY, Permission.CHECK_ENTRY),
    ]
    both = [
        (role.id, maker.value, checker.value)
        for role in domain.roles().values()
        for maker, checker in apart
        if {maker, checker} <= role.permissions
    ]
    assert both == []


def test_every_role_has_somebody_in_the_world_of_the_tests():
    assert set(domain.roles()) - {role for _login, _code, role, _name in PEOPLE} == set()


def test_nobody_in_the_world_of_the_tests_holds_a_conflicting_pair():
    held: dict[tuple[str, str], set[str]] = {}
    for login, code, role, _name in PEOPLE:
        held.setdefault((login, code), set()).add(role)
    assert not [
        key for key, found in held.items() if any(pair <= found for pair in domain.conflicts())
    ]


def test_the_sight_table_names_known_kinds_and_rules():
    kinds = {kind.value for kind in domain.OrganisationKind}
    for thing, row in domain.sight_table().items():
        assert set(row) <= kinds, thing
        assert set(row.values()) <= RULES, thing


@pytest.mark.parametrize("thing", sorted(domain.sight_table()))
def test_every_rule_of_sight_is_built(thing):
    """The room that asks `sees(thing)` names each of its rules."""
    files = [path for path in APP.rglob("*.py") if f'sees("{thing}")' in path.read_text()]
    asked_by_name = [
        path
        for path in APP.rglob("*.py")
        if f'"{thing}"' in path.read_text() and "sees" in path.read_text()
    ]
    found = files or asked_by_name
    assert found, f"nobody asks for the sight of {thing}"
    spoken = {
        node.value
        for path in found
        for folder in [path.parent]
        for each in folder.glob("*.py")
        for node in ast.walk(ast.parse(each.read_text()))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }
    rules = set(domain.sight_table()[thing].values()) - {"none"}
    assert rules <= spoken, f"{thing}: {rules - spoken}"


def test_every_route_has_an_access_rule(shared_app):
    for endpoint, view in shared_app.view_functions.items():
        if endpoint != "static":
            assert isinstance(rule_of(view), RouteRule), endpoint


def test_public_routes_are_these(shared_app):
    """Whoever opens a door adds it here."""
    public = {
        rule.rule
        for rule in shared_app.url_map.iter_rules()
        if rule.endpoint != "static" and rule_of(shared_app.view_functions[rule.endpoint]).public
    }
    assert public <= {
        "/docs",
        "/docs/assets/<path:name>",
        "/healthz",
        "/metrics",
        "/openapi.json",
        "/readyz",
        "/sign-in",
        "/api/v1/verify/<string:code>",
        "/verify",
        "/verify/<code>",
        "/verify/<string:code>",
        "/problems",
        "/problems/<code>",
        "/problems/<string:code>",
        "/style-guide",
    }


def test_state_changing_routes_of_money_and_pledges_ask_for_a_key(shared_app):
    """Every `/events` of the API, and every write of money and pledges."""
    money = ("/events", "/drawdowns", "/repayments", "/pledges", "/day-closes", "/revaluation-runs")
    lacking = [
        rule.rule
        for rule in shared_app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and "POST" in (rule.methods or ())
        and rule.rule.endswith(money)
        and not rule_of(shared_app.view_functions[rule.endpoint]).idempotent
    ]
    assert lacking == []


def test_events_ask_for_the_version_they_act_on(shared_app):
    lacking = [
        rule.rule
        for rule in shared_app.url_map.iter_rules()
        if rule.rule.startswith("/api/")
        and rule.rule.endswith("/events")
        and "POST" in (rule.methods or ())
        and not rule_of(shared_app.view_functions[rule.endpoint]).versioned
    ]
    assert lacking == []


def test_the_two_tables_hold_nothing_else():
    permissions = yaml.safe_load((APP / "identity/permissions.yaml").read_text())
    sight = yaml.safe_load((APP / "identity/sight.yaml").read_text())
    assert set(permissions) == {"roles", "conflicts"}
    assert set(sight) == {"things"}
