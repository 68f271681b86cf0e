"""What services tell the journal has words there."""

import ast
from pathlib import Path

import app
from app.audit.titles import FACT_TITLES, KIND_TITLES

NO_FACTS = {"subject_kind", "subject_id", "organisation_id"}


def told():
    """Keywords and kinds of every call of `record` in the code."""
    for path in Path(app.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "record":
                yield from ((each.arg, each.value) for each in node.keywords if each.arg)


def test_every_fact_and_kind_of_thing_that_is_recorded_has_words():
    facts = {name.removesuffix("_fen").removesuffix("_ppm") for name, _ in told()} - NO_FACTS
    kinds = {
        value.value
        for name, value in told()
        if name == "subject_kind" and isinstance(value, ast.Constant)
    }
    assert (len(facts) > 50, len(kinds) > 25) == (True, True)
    assert facts - FACT_TITLES.keys() == set()
    assert kinds - KIND_TITLES.keys() == set()
