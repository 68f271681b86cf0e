"""`verify` recomputes the room and names the row that was changed by SQL."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.appraisal.invariants import violations
from app.appraisal.services import (
    CloseNote,
    RecordInputs,
    RequestRevaluation,
    issue_report,
    record_inputs,
    request_revaluation,
    revoke_appraisal,
    run_revaluation,
)
from app.assets.domain import AssetKind
from tests.factories.appraisals import (
    FROST,
    REVALUED_AT,
    REVALUED_ON,
    add_asset,
    add_price,
    example_inputs,
    make_valid,
    order,
    prepare,
)

TOO_OLD = {"planted_on": "1960-04-01"}
"""Trees that the model refuses to value as bearing fruit."""


@pytest.fixture
def filled(session, database, world, carbon, forest, clock, commit):
    """Valid, superseded, revoked, prepared and ordered appraisals; two runs with a recorded frost and a failure."""
    make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    make_valid(session, world, forest, {**example_inputs("forest-right"), "area_mu": 2500})
    report = make_valid(session, world, forest, example_inputs("forest-right"))
    other = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-3")
    revoked = make_valid(session, world, other, example_inputs("forest-right"))
    revoke_appraisal(session, world.actor("ag1-a"), revoked.id, CloseNote(note="权属有误"))
    prepare(session, world, other, example_inputs("forest-right"))
    order(session, world, other)
    old = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-4")
    make_valid(session, world, old, example_inputs("forest-right"))
    commit()
    issue_report(database, world.actor("ag1-b"), report.id)
    clock.instant = REVALUED_AT
    record_inputs(
        session,
        world.actor("a-collateral"),
        old,
        RecordInputs(valid_from=date(2024, 2, 1), overrides=TOO_OLD, reason="补录"),
    )
    for on, yuan in ((date(2024, 2, 1), "27"), (REVALUED_ON, "21")):
        add_price(session, on, yuan)
        record_inputs(
            session,
            world.actor("a-collateral"),
            forest,
            RecordInputs(valid_from=on, overrides=FROST, reason="霜冻"),
        )
        commit()
        run = request_revaluation(session, world.system(), RequestRevaluation(on=on))
        commit()
        run_revaluation(database, world.system(), run.id)
    return carbon, forest


def found(database) -> set[str]:
    with database.read() as session:
        return {each.invariant for each in violations(session)}


def test_a_room_that_only_services_wrote_is_clean(database, filled):
    assert found(database) == set()


JSON_BAND = {
    "sqlite": "json_set(result, '$.scenario.{name}', {value})",
    "postgres": "jsonb_set(result, '{{scenario,{name}}}', '{value}')",
}


@pytest.mark.deep_on("postgres")
def test_a_changed_band_is_drawn_again_and_named(session, filled, engine_name):
    model = "model_id = 'carbon-sink-income' AND state = 'valid'"
    for name, value, seen in (
        ("seed", "7", True),
        ("low_yuan", "1", True),
        ("paths", "2001", True),
        ("tail", "9", False),
    ):
        changed = JSON_BAND[engine_name].format(name=name, value=value)
        session.execute(sa.text(f"UPDATE appraisal SET result = {changed} WHERE {model}"))
        session.expire_all()
        named = {each.invariant for each in violations(session)}
        assert ("appraisal-band" in named) is seen, name
        session.rollback()


JSON_AREA = {
    "sqlite": "json_set({column}, '$.area_mu', '3')",
    "postgres": "jsonb_set({column}, '{{area_mu}}', '\"3\"')",
}

TAMPERED = {
    "a value": ("UPDATE appraisal SET value_fen = value_fen + 1 WHERE state = 'valid'", "appraisal-value"),
    "the value of a draft": ("UPDATE appraisal SET value_fen = 5 WHERE state = 'preparing'", "appraisal-value"),
    "the day": ("UPDATE appraisal SET valued_on = '2023-12-20' WHERE state = 'valid'", "signed-content"),
    "the validity": ("UPDATE appraisal SET valid_until = '2030-01-01'", "appraisal-validity"),
    "the model": ("UPDATE appraisal SET model_version = '0.9'", "signed-content"),
    "a state": ("UPDATE appraisal SET state = 'valid' WHERE state = 'preparing'", "two-signatures"),
    "another state": ("UPDATE appraisal SET state = 'expired' WHERE state = 'valid'", "asset-value"),
    "a signature": ("UPDATE appraisal_signature SET digest = '0' WHERE role = 'maker'", "signed-content"),
    "a signer": ("DELETE FROM appraisal_signature WHERE role = 'reviewer'", "two-signatures"),
    "a report": ("UPDATE issued_document SET subject_id = issuer_id", "appraisal-report"),
    "a hot value": ("UPDATE asset_value SET current_fen = current_fen + 1", "asset-value"),
    "a hot day": ("UPDATE asset_value SET valid_until = '2031-01-01'", "asset-value"),
    "a lost hot row": ("DELETE FROM asset_value WHERE current_fen IS NOT NULL", "asset-value"),
    "a valuation": ("UPDATE valuation SET value_fen = value_fen - 1", "valuation-value"),
    "a valuation's day": ("UPDATE valuation SET \"on\" = '2024-02-02' WHERE \"on\" = '2024-03-20'", "valuation-value"),
    "a record": ("UPDATE valuation_input SET valid_from = '2024-03-21'", "valuation-inputs"),
    "a lost valuation": ("DELETE FROM valuation WHERE run_id IS NOT NULL", "run-item"),
    "a counter": ("UPDATE revaluation_run SET done = done - 1", "run-counters"),
    "a superseded run": ("UPDATE revaluation_run SET state = 'cancelled'", "run-superseded"),
    "an item": ("UPDATE revaluation_item SET before_fen = 1", "run-item"),
    "a failed item": ("UPDATE revaluation_item SET after_fen = 1 WHERE state = 'failed'", "run-item"),
    "an item's state": ("UPDATE revaluation_item SET state = 'waiting'", "run-finished"),
}  # fmt: skip


def test_what_sql_changed_is_named(session, database, filled):
    missed = []
    for what, (statement, invariant) in TAMPERED.items():
        session.execute(sa.text(statement))
        session.expire_all()
        if invariant not in {each.invariant for each in violations(session)}:
            missed.append(what)
        session.rollback()
    assert missed == []


def test_changed_inputs_are_named(database, filled, engine_name):
    changed = JSON_AREA[engine_name].format(column="inputs")
    with database.engine.begin() as connection:
        connection.execute(
            sa.text(f"UPDATE appraisal SET inputs = {changed} WHERE state = 'valid'")
        )
    assert {"appraisal-inputs", "signed-content", "appraisal-value", "valuation-inputs"} <= found(
        database
    )
    with database.read() as session:
        assert any(each.subject.startswith("appraisal V-2023-") for each in violations(session))
