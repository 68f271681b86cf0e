"""Rules of the house that a program can check."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APP = ROOT / "app"
SOURCES = [*sorted(APP.rglob("*.py")), *sorted((ROOT / "risk_models").rglob("*.py"))]
TESTS = sorted((ROOT / "tests").rglob("*.py"))
MAX_LINES = 600
MAX_FUNCTION_LINES = 70
MAX_VIEW_STATEMENTS = 12
# Who may end a transaction: the unit of work, and work in chunks that is resumed after a fault.
COMMITTERS = ("app/db/", "app/web/dispatch.py", "app/jobs/", "app/cli/", "app/demo/")


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=str(path))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef))


def length(function: ast.FunctionDef) -> int:
    """Lines of the body without the docstring."""
    body = function.body
    if isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        body = body[1:]
    return (body[-1].end_lineno or 0) - body[0].lineno + 1 if body else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What the rules ask of a module; its tree is read once and not kept."""

    says: str | None
    functions: list[tuple[int, str, int]]
    """Line, name, length."""
    commits: list[int]


@cache
def facts_of(path: Path) -> Facts:
    tree = tree_of(path)
    nodes = list(ast.walk(tree))
    return Facts(
        says=ast.get_docstring(tree),
        functions=[
            (node.lineno, node.name, length(node))
            for node in nodes
            if isinstance(node, ast.FunctionDef)
        ],
        commits=[
            node.lineno
            for node in nodes
            if isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "commit"
        ],
    )


def run(*command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


# --- The tools ---


@pytest.mark.slow
def test_types_hold():
    run("mypy")


@pytest.mark.slow
def test_style_holds():
    run("ruff", "check", "--output-format", "concise", "--quiet")


@pytest.mark.slow
def test_the_formatter_has_nothing_to_change():
    run("ruff", "format", "--check", "--quiet")


@pytest.mark.slow
def test_imports_go_downwards_only():
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-6000:]


# --- Files and functions ---


def test_files_stay_readable():
    long = {name_of(path): len(path.read_text().splitlines()) for path in SOURCES}
    assert {name: lines for name, lines in long.items() if lines >= MAX_LINES} == {}


def test_functions_stay_short():
    long = [
        f"{name_of(path)}:{number} {name} has {lines} lines"
        for path in SOURCES
        for number, name, lines in facts_of(path).functions
        if lines > MAX_FUNCTION_LINES
    ]
    assert long == []


def test_every_module_says_what_it_is_for():
    silent = [name_of(path) for path in SOURCES if not facts_of(path).says]
    assert silent == []


def test_nothing_is_left_undone():
    unfinished = re.compile(r"\b(TODO|FIXME|XXX|HACK)\b|raise NotImplementedError")
    found = [
        f"{name_of(path)}:{number}"
        for path in [*SOURCES, *(path for path in TESTS if path != Path(__file__))]
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if unfinished.search(line)
    ]
    assert found == []


def test_models_read_their_annotations_at_run_time():
    late = [
        name_of(path)
        for path in APP.rglob("models.py")
        if "from __future__ import annotations" in path.read_text()
    ]
    assert late == []


# --- Transactions ---


def test_only_the_unit_of_work_ends_transactions():
    found = [
        f"{name_of(path)}:{number}"
        for path in SOURCES
        if not name_of(path).startswith(COMMITTERS)
        for number in facts_of(path).commits
    ]
    assert found == []


# --- Views ---

VIEW_FILES = sorted(
    path
    for pattern in ("*/api.py", "*/pages.py", "*/api/*.py", "*/pages/*.py")
    for path in APP.glob(pattern)
)


@pytest.mark.parametrize("path", VIEW_FILES, ids=name_of)
def test_views_read_call_and_answer(path):
    """A view is short and hardly branches; what it decides belongs into a service."""
    found = {view.name: own_statements(view) for view in functions(tree_of(path)) if is_view(view)}
    long = [name for name, steps in found.items() if len(steps) > MAX_VIEW_STATEMENTS]
    branching = [
        name
        for name, steps in found.items()
        if sum(isinstance(each, ast.If | ast.For | ast.While) for each in steps) > 1
    ]
    assert (long, branching) == ([], [])


@pytest.mark.parametrize("path", VIEW_FILES, ids=name_of)
def test_views_ask_no_database(path):
    """Statements are written in queries and services."""
    imported = {
        alias.name
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.Import)
        for alias in node.names
    }
    assert "sqlalchemy" not in imported


def is_view(function: ast.FunctionDef) -> bool:
    """A function with a route."""
    return any(
        isinstance(each, ast.Call)
        and isinstance(each.func, ast.Attribute)
        and each.func.attr in {"route", "get", "post", "put", "patch", "delete"}
        for each in function.decorator_list
    )


def own_statements(function: ast.FunctionDef) -> list[ast.stmt]:
    """The statements of a view without those of the `submit` that it hands to its form."""
    inner = [each for each in functions(function) if each is not function]
    nested = {id(node) for each in inner for node in ast.walk(each)}
    return [
        node
        for node in ast.walk(function)
        if isinstance(node, ast.stmt) and node is not function and id(node) not in nested
    ]


# --- Tests ---


def test_only_outsides_are_faked():
    patched = re.compile(r"mock\.patch|from unittest import mock|from unittest\.mock|mocker\b")
    found = [
        name_of(path)
        for path in TESTS
        if path != Path(__file__) and patched.search(path.read_text())
    ]
    assert found == []


def test_nothing_names_a_place_on_this_machine():
    place = re.compile(r"/work/|/tmp/|/home/[a-z]|/root/")
    allowed = {name_of(Path(__file__))}
    found = [
        f"{name_of(path)}:{number}"
        for path in [*SOURCES, *TESTS, *sorted((ROOT / "templates").rglob("*.html"))]
        if name_of(path) not in allowed
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if place.search(line)
    ]
    assert found == []
