"""Revaluation end to end: read, value, write, current values; beside a row-by-row ORM baseline.

Run with `pytest -m benchmark -s tests/benchmarks/test_revaluation.py`. The baseline values a smaller
number of the same assets one by one, as a plain ORM program would; its rate is what is compared.
"""

from time import perf_counter

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal.domain import ItemState, RunState, ValueFacts, current_value_fen
from app.appraisal.domain.catalogue import find_spec
from app.appraisal.domain.valuing import Ask, digest, laid_over, stored_inputs, value_many
from app.appraisal.models import (
    Appraisal,
    AssetValue,
    RevaluationItem,
    Valuation,
    ValuationInput,
)
from app.appraisal.queries import recorded_of
from app.appraisal.services import RequestRevaluation, request_revaluation, run_revaluation
from app.appraisal.services.prices import market_facts
from app.assets.domain import AssetKind
from app.assets.models import Asset
from app.db.bulk import insert_rows
from app.db.engine import now
from app.kernel.ids import new_id
from tests.factories.appraisals import (
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_ON,
    add_asset,
    add_price,
    example_inputs,
    lay_ground,
    make_valid,
)

pytestmark = pytest.mark.benchmark

ASSETS, BASELINE, CHUNK = 100_000, 1_000, 5_000
MODELS = (
    (AssetKind.CARBON_SINK_INCOME, "carbon-sink-income", 20_000),
    (AssetKind.FOREST_RIGHT, "forest-right", 1_000),
)


@pytest.fixture
def book(session, world, clock, commit):
    """Assets of two models with valid appraisals, each of an area of its own, copied from two real ones."""
    lay_ground(session, world)
    for at, (kind, model_id, area_mu) in enumerate(MODELS):
        asset_id = add_asset(session, world, kind, number=f"B-{at}")
        make_valid(session, world, asset_id, example_inputs(model_id), SIGNED_ON)
        _copy(session, asset_id, ASSETS // len(MODELS) - 1, area_mu)
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    commit()
    if session.get_bind().dialect.name == "postgresql":
        session.execute(sa.text("ANALYZE"))
        session.commit()


def _copy(session, asset_id, count, area_mu):
    session.flush()
    originals = [
        session.execute(sa.select(table).where(table.c[key] == asset_id)).one()
        for table, key in (
            (Asset.__table__, "id"),
            (Appraisal.__table__, "asset_id"),
            (AssetValue.__table__, "asset_id"),
        )
    ]
    spec = find_spec(originals[1].model_id)
    ids = [(new_id(), new_id()) for _ in range(count)]
    tables = (Asset.__table__, Appraisal.__table__, AssetValue.__table__)
    for table, original in zip(tables, originals, strict=True):
        columns = [column.name for column in table.columns]
        rows = (
            _row(
                table.name, dict(original._mapping), ids[at], f"{spec.id}-{at}", area_mu + at, spec
            )
            for at in range(count)
        )
        insert_rows(session, table, columns, ([row[name] for name in columns] for row in rows))


def _row(table, row, ids, mark, area_mu, spec):
    asset_id, appraisal_id = ids
    if table == "asset":
        return {**row, "id": asset_id, "number": mark[-40:], "certificate_number": mark}
    if table == "asset_value":
        return {**row, "asset_id": asset_id, "appraisal_id": appraisal_id, "valued_on": None}
    inputs = {**row["inputs"], **stored_inputs(spec, {"area_mu": area_mu})}
    return {
        **row,
        "id": appraisal_id,
        "asset_id": asset_id,
        "number": mark[-20:],
        "inputs": inputs,
        "inputs_digest": digest(inputs),
        "result": {},
        "report_id": None,
    }


def row_by_row(database, count):
    """The plain program: for each asset load, value, add, update, commit every hundred."""
    began = perf_counter()
    with database.write() as session:
        wanted = sa.select(col(AssetValue.asset_id)).order_by(col(AssetValue.asset_id)).limit(count)
        asset_ids = session.execute(wanted).scalars().all()
    for first in range(0, count, 100):
        with database.write() as session:
            for asset_id in asset_ids[first : first + 100]:
                _value_one(session, asset_id)
    return count / (perf_counter() - began)


def _value_one(session, asset_id):
    appraisal = session.execute(
        sa.select(Appraisal).where(col(Appraisal.asset_id) == asset_id)
    ).scalar_one()
    records = session.execute(
        sa.select(ValuationInput).where(col(ValuationInput.asset_id) == asset_id)
    ).scalars()
    inputs, used = laid_over(
        appraisal.inputs, recorded_of(list(records)), valued_on=appraisal.valued_on, on=REVALUED_ON
    )
    prices = market_facts(session, find_spec(appraisal.model_id).price_ids, REVALUED_ON)
    ask = Ask(model_id=appraisal.model_id, on=REVALUED_ON, rows=[inputs], prices=prices)
    answer = value_many(ask)
    session.add(
        Valuation(
            asset_id=asset_id,
            on=REVALUED_ON,
            model_id=appraisal.model_id,
            model_version=answer.model_version,
            value_fen=answer.value_fen[0],
            inputs_digest=digest(inputs),
            basis_digest=answer.basis_digest,
            prices=prices,
            recorded=used,
            appraisal_id=appraisal.id,
            created_at=now(session),
        )
    )
    value = session.get(AssetValue, asset_id)
    value.valuation_fen, value.valued_on = answer.value_fen[0], REVALUED_ON
    facts = ValueFacts(
        appraised_fen=value.appraised_fen,
        valid_until=value.valid_until,
        valuation_fen=value.valuation_fen,
    )
    value.current_fen = current_value_fen(facts, today=REVALUED_ON)
    session.add(value)
    session.flush()


def undo(database):
    with database.write() as session:
        session.execute(sa.delete(Valuation).where(col(Valuation.on) == REVALUED_ON))
        session.execute(
            sa.update(AssetValue).values(valuation_fen=None, valued_on=None, current_fen=1)
        )


def test_a_run_over_a_hundred_thousand_assets_beside_rows_by_orm(
    database, world, book, engine_name, say
):
    baseline = row_by_row(database, BASELINE)
    with database.read() as session:
        expected = dict(
            session.execute(
                sa.select(col(Valuation.asset_id), col(Valuation.value_fen)).where(
                    col(Valuation.on) == REVALUED_ON
                )
            ).all()
        )
    undo(database)
    began = perf_counter()
    with database.write() as session:
        run = request_revaluation(session, world.system(), RequestRevaluation(on=REVALUED_ON))
    filed = perf_counter() - began
    view = run_revaluation(database, world.system(), run.id, chunk=CHUNK)
    seconds = perf_counter() - began
    assert (view.state, view.done, view.failed) == (RunState.FINISHED, run.total, 0)
    with database.read() as session:
        figures = dict(
            session.execute(
                sa.select(col(Valuation.asset_id), col(Valuation.value_fen)).where(
                    col(Valuation.run_id) == run.id
                )
            ).all()
        )
        assert len(figures) == run.total
        # To the fen what the plain program gave, one by one.
        assert {key: figures[key] for key in expected if key in figures} == expected
        waiting = sa.select(sa.func.count()).where(col(RevaluationItem.state) != ItemState.DONE)
        assert session.execute(waiting).scalar_one() == 0
        wrong = sa.select(sa.func.count()).where(
            col(AssetValue.current_fen)
            != sa.func.coalesce(
                sa.case(
                    (col(AssetValue.valuation_fen) < 0, 0),
                    (
                        col(AssetValue.valuation_fen) < col(AssetValue.appraised_fen),
                        col(AssetValue.valuation_fen),
                    ),
                    else_=col(AssetValue.appraised_fen),
                ),
                -1,
            )
        )
        assert session.execute(wrong).scalar_one() == 0
    rate = run.total / seconds
    say(
        f"revaluation of {run.total:,} assets end to end, {engine_name}",
        f"{seconds:.1f} s (filed in {filed:.1f} s), {rate:,.0f} assets/s; {rate / baseline:.0f} times rows by ORM,"
        f" which made {baseline:,.0f} assets/s on {BASELINE:,} assets",
    )
    assert rate > 5 * baseline
