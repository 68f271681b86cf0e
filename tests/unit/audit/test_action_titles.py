"""What people do is told in words: every step that the source records has a title, by its name or its last part."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from app.appraisal.domain.states import AppraisalEvent
from app.assets.domain import AssetEvent
from app.audit.titles import ACTION_TITLES
from app.collateral.domain.states import CallEvent, PledgeEvent
from app.loans.domain import class_changes, inspection, ledger, signals
from app.origination.domain import changes, states
from app.reference.domain import ProposalState

APP = Path(__file__).parents[3] / "app"
RECORDERS = frozenset({"record", "_record", "_recorded", "_done"})
STEP = re.compile(r"([a-z-]+\.)?[a-z-]+")
EVENTS = (
    *(AppraisalEvent, AssetEvent, CallEvent, PledgeEvent, ProposalState),
    *(class_changes.ChangeEvent, inspection.InspectionEvent, ledger.EntryEvent),
    *(signals.SignalEvent, changes.ChangeEvent, states.ApplicationEvent, states.DrawdownEvent),
)


def recorded() -> Iterator[str]:
    """The steps that calls of the recorders name as they are."""
    for path in APP.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and _name(node.func) in RECORDERS:
                texts = [each.value for each in node.args[2:] if isinstance(each, ast.Constant)]
                yield from (str(each) for each in texts if STEP.fullmatch(str(each)))


def _name(called: ast.expr) -> str:
    return called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")


def test_every_step_that_is_recorded_has_a_title():
    steps = {*recorded(), *(each.value for events in EVENTS for each in events)}
    assert len(steps) > 100
    left = {
        step
        for step in steps
        if step not in ACTION_TITLES and step.rsplit(".", 1)[-1] not in ACTION_TITLES
    }
    assert left == set()
