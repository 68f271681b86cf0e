"""Revaluation: the numbers of the main path, runs that resume, errors that stay with their asset."""

import hashlib
import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.appraisal import queries
from app.appraisal.domain import ItemState, RunState
from app.appraisal.invariants import violations
from app.appraisal.models import (
    Appraisal,
    AssetValue,
    RevaluationItem,
    RevaluationRun,
    Valuation,
)
from app.appraisal.services import (
    RecordInputs,
    RequestRevaluation,
    RevalueAsset,
    get_run,
    record_inputs,
    request_revaluation,
    revalue_asset,
    run_revaluation,
    waiting_runs,
)
from app.appraisal.services.errors import (
    ExecutorUnavailable,
    NoValidAppraisal,
    RecordedTooEarly,
    RunInFuture,
)
from app.appraisal.services.executors import Serial
from app.appraisal.services.revaluation import Runner, find_settled_run
from app.assets.domain import AssetKind
from app.db.leases import LeaseLost, claim
from app.kernel.errors import Busy, Forbidden, InvalidInput, NotFound
from tests.factories.appraisals import (
    CARBON_FALLEN_FEN,
    CARBON_FEN,
    FOREST_FROSTED_FEN,
    FROST,
    REVALUED_AT,
    REVALUED_ON,
    SIGNED_AT,
    add_asset,
    add_price,
    current_fen,
    example_inputs,
    lay_ground,
    make_valid,
)
from tests.support.once import built_once

SOON = timedelta(seconds=1)


class Crash(BaseException):
    """The process is gone: nothing catches this."""


@pytest.fixture
@built_once
def pair(database, world, clock):
    """Both assets of the main path with valid appraisals, then the price fall, on the day of the revaluation."""
    clock.instant = SIGNED_AT
    with database.write() as session:
        lay_ground(session, world)
        carbon = add_asset(session, world, AssetKind.CARBON_SINK_INCOME, number="A-1")
        forest = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-2")
        make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
        make_valid(session, world, forest, example_inputs("forest-right"))
        clock.instant = REVALUED_AT
        add_price(session, REVALUED_ON, "21")
    return carbon, forest


@pytest.fixture
@built_once
def many(database, world, pair):
    """Fourteen assets of two models."""
    with database.write() as session:
        return [*pair, *more_assets(session, world, 12)]


def more_assets(session, world, count):
    """Assets of two models with valid appraisals."""
    ids = []
    for number in range(count):
        forest_right = number % 3 == 0
        kind = AssetKind.FOREST_RIGHT if forest_right else AssetKind.CARBON_SINK_INCOME
        model_id = "forest-right" if forest_right else "carbon-sink-income"
        asset_id = add_asset(session, world, kind, number=f"A-1{number}")
        area = {"area_mu": (2_000 if forest_right else 20_000) + 37 * number}
        inputs = {**example_inputs(model_id), **area}
        make_valid(session, world, asset_id, inputs, date(2024, 1, 5))
        ids.append(asset_id)
    return ids


def file_run(database, actor, on=REVALUED_ON, **options):
    with database.write() as session:
        return request_revaluation(session, actor, RequestRevaluation(on=on, **options)).id


def content_hash(database) -> str:
    """What a run leaves behind, without ids and instants of its rows."""
    with database.read() as session:
        valuations = session.execute(
            sa.select(
                col(Valuation.asset_id), col(Valuation.on), col(Valuation.model_id),
                col(Valuation.model_version), col(Valuation.value_fen),
                col(Valuation.inputs_digest), col(Valuation.basis_digest),
                col(Valuation.appraisal_id), col(Valuation.run_id),
            ).order_by(col(Valuation.asset_id), col(Valuation.on))
        ).all()  # fmt: skip
        values = session.execute(
            sa.select(
                col(AssetValue.asset_id), col(AssetValue.current_fen),
                col(AssetValue.valuation_fen), col(AssetValue.valued_on), col(AssetValue.version),
            ).order_by(col(AssetValue.asset_id))
        ).all()  # fmt: skip
        items = session.execute(
            sa.select(
                col(RevaluationItem.asset_id), col(RevaluationItem.state),
                col(RevaluationItem.before_fen), col(RevaluationItem.after_fen),
                col(RevaluationItem.problem),
            ).order_by(col(RevaluationItem.asset_id))
        ).all()  # fmt: skip
        runs = session.execute(
            sa.select(
                col(RevaluationRun.state), col(RevaluationRun.total), col(RevaluationRun.done),
                col(RevaluationRun.failed),
            )
        ).all()  # fmt: skip
    plain = [[list(row) for row in rows] for rows in (valuations, values, items, runs)]
    return hashlib.sha256(json.dumps(plain, default=str).encode()).hexdigest()


def test_the_price_fall_and_the_frost_give_the_figures_of_the_main_path(
    session, database, world, pair, commit
):
    carbon, forest = pair
    record_inputs(
        session,
        world.actor("a-collateral"),
        forest,
        RecordInputs(valid_from=date(2024, 3, 18), overrides=FROST, reason="春季霜冻，现场查勘"),
    )
    commit()
    run_id = file_run(database, world.actor("a-risk"))
    view = run_revaluation(database, world.actor("a-risk"), run_id)
    assert (view.state, view.total, view.done, view.failed) == (RunState.FINISHED, 2, 2, 0)
    with database.read() as reading:
        assert current_fen(reading, world, carbon, REVALUED_ON) == CARBON_FALLEN_FEN
        assert current_fen(reading, world, forest, REVALUED_ON) == FOREST_FROSTED_FEN
        item = reading.get_one(RevaluationItem, (run_id, carbon))
        assert (item.before_fen, item.after_fen) == (CARBON_FEN, CARBON_FALLEN_FEN)


def test_a_rise_never_lifts_the_current_value_above_the_appraisal(
    session, database, world, pair, commit
):
    carbon, _forest = pair
    add_price(session, REVALUED_ON - timedelta(days=1), "60")
    commit()
    day_before = REVALUED_ON - timedelta(days=1)
    run_revaluation(database, world.system(), file_run(database, world.system(), on=day_before))
    with database.read() as reading:
        row = reading.get_one(AssetValue, carbon)
        assert row.valuation_fen > row.appraised_fen == CARBON_FEN == row.current_fen


def test_a_run_says_which_executor_worked_on_it(database, world, pair):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor, executor="processes")
    assert run_revaluation(database, actor, run_id, executor="serial").executor == "serial"


def test_a_second_run_of_the_same_day_does_nothing(database, world, pair):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)
    run_revaluation(database, actor, run_id, chunk=1)
    before = content_hash(database)
    assert file_run(database, actor) == run_id
    assert run_revaluation(database, actor, run_id).state is RunState.FINISHED
    assert content_hash(database) == before


def repeated(database, clock, actor, on=REVALUED_ON):
    """File the day of a finished run again a minute later, and run what that gives."""
    clock.instant += timedelta(minutes=1)
    run_id = file_run(database, actor, on=on)
    return run_revaluation(database, actor, run_id)


def verified(database) -> list[str]:
    with database.read() as reading:
        return [f"{each.invariant}: {each.detail}" for each in violations(reading)]


def test_a_day_whose_price_came_later_is_revalued_again(
    session, database, world, pair, clock, commit
):
    carbon, _forest = pair
    clock.instant += timedelta(days=90)
    on = REVALUED_ON + timedelta(days=61)
    first = file_run(database, world.system(), on=on)
    assert run_revaluation(database, world.system(), first).failed == 1
    add_price(session, on, "25", recorded_at=clock.instant + timedelta(seconds=1))
    commit()
    second = repeated(database, clock, world.system(), on)
    assert second.id != first
    assert (second.done, second.failed) == (2, 0)
    with database.read() as reading:
        assert get_run(reading, world.system(), first).state is RunState.SUPERSEDED
        figures = reading.execute(
            sa.select(Valuation).where(col(Valuation.asset_id) == carbon, col(Valuation.on) == on)
        )
        latest = figures.scalar_one()
        assert reading.get_one(AssetValue, carbon).valuation_fen == latest.value_fen
    assert verified(database) == []
    assert repeated(database, clock, world.system(), on).id == second.id


def test_a_price_that_counts_on_a_finished_day_gives_it_another_run(
    session, database, world, pair, clock, commit
):
    carbon, _forest = pair
    actor = world.actor("a-risk")
    first = run_revaluation(database, actor, file_run(database, actor))
    add_price(session, REVALUED_ON + timedelta(days=1), "19", recorded_at=clock.instant + SOON)
    commit()
    assert repeated(database, clock, actor).id == first.id
    add_price(session, REVALUED_ON - timedelta(days=1), "22", recorded_at=clock.instant + SOON)
    commit()
    second = repeated(database, clock, actor)
    assert second.id != first.id
    with database.read() as reading:
        by_run = {
            row.run_id: row
            for row in reading.execute(
                sa.select(Valuation).where(col(Valuation.asset_id) == carbon)
            ).scalars()
        }
        assert {first.id, second.id} <= set(by_run)
        latest = queries.latest_valuation(reading, carbon, by_run[second.id].appraisal_id)
        assert latest.run_id == second.id
        on_day = queries.value_on(reading, carbon, REVALUED_ON)
        assert on_day.valuation_fen == by_run[second.id].value_fen
    assert verified(database) == []


def test_what_was_recorded_or_signed_since_gives_a_day_another_run(
    session, database, world, pair, clock, commit
):
    _carbon, forest = pair
    actor = world.actor("a-risk")
    seen = [run_revaluation(database, actor, file_run(database, actor)).id]
    clock.instant += SOON
    frost = RecordInputs(valid_from=REVALUED_ON, overrides=FROST, reason="春季霜冻，现场查勘")
    record_inputs(session, world.actor("a-collateral"), forest, frost)
    commit()
    frosted = repeated(database, clock, actor)
    seen.append(frosted.id)
    with database.read() as reading:
        assert current_fen(reading, world, forest, REVALUED_ON) == FOREST_FROSTED_FEN
    assert repeated(database, clock, actor).id == frosted.id
    clock.instant += SOON
    make_valid(session, world, forest, example_inputs("forest-right"), REVALUED_ON)
    commit()
    seen.append(repeated(database, clock, actor).id)
    assert len(set(seen)) == 3
    assert repeated(database, clock, actor).id == seen[-1]
    assert verified(database) == []
    with database.read() as reading:
        assert find_settled_run(reading, actor, REVALUED_ON).id == seen[-1]


def test_a_run_that_waits_is_never_superseded(session, database, world, pair, clock, commit):
    actor = world.actor("a-risk")
    waiting = file_run(database, actor)
    clock.instant += SOON
    add_price(session, REVALUED_ON - timedelta(days=1), "22", recorded_at=clock.instant)
    commit()
    assert file_run(database, actor) == waiting
    with database.read() as reading:
        assert find_settled_run(reading, actor, REVALUED_ON) is None


@pytest.mark.deep_on("postgres")
def test_a_run_killed_between_chunks_and_resumed_ends_as_if_uninterrupted(
    database, world, many, clock
):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)
    run_revaluation(database, actor, run_id, chunk=500)
    undisturbed = content_hash(database)
    for killed_after in range(4):
        undo_run(database, run_id)
        kill(database, actor, run_id, after=killed_after, total=len(many))
        clock.instant += timedelta(minutes=2)
        view = run_revaluation(database, actor, run_id, chunk=5)
        assert (view.state, view.done) == (RunState.FINISHED, len(many))
        assert content_hash(database) == undisturbed


def kill(database, actor, run_id, *, after, total) -> None:
    """Pull the plug once so many chunks of four are written."""
    commits = iter(range(100))

    def pull_the_plug(_session):
        # The first commit takes the lease; the chunks follow.
        if next(commits) == after + 1:
            raise Crash

    database.before_commit.append(pull_the_plug)
    with pytest.raises(Crash):
        run_revaluation(database, actor, run_id, chunk=4)
    database.before_commit.remove(pull_the_plug)
    with database.read() as reading:
        left = get_run(reading, actor, run_id)
        assert left.state is RunState.RUNNING
        assert left.done < left.total == total
        assert waiting_runs(reading) == [run_id]


def undo_run(database, run_id) -> None:
    """Put everything back to before the run, so that it can run without interruption."""
    with database.write() as session:
        session.execute(sa.delete(Valuation).where(col(Valuation.run_id) == run_id))
        session.execute(
            sa.update(RevaluationItem).values(
                state=ItemState.WAITING, before_fen=None, after_fen=None, problem=None
            )
        )
        session.execute(
            sa.update(AssetValue).values(
                valuation_fen=AssetValue.appraised_fen,
                valued_on=AssetValue.appraised_on,
                current_fen=AssetValue.appraised_fen,
                version=1,
            )
        )
        session.execute(
            sa.update(RevaluationRun).values(
                state=RunState.WAITING, done=0, failed=0, started_at=None, finished_at=None
            )
        )


def test_one_asset_that_cannot_be_valued_is_listed_and_stops_nothing(
    session, database, world, pair, commit
):
    broken, unreadable = more_assets(session, world, 2)
    for asset_id, change in ((broken, {"discount_rate": "-3"}), (unreadable, {"area_mu": "many"})):
        row = session.execute(
            sa.select(Appraisal).where(col(Appraisal.asset_id) == asset_id)
        ).scalar_one()
        row.inputs = {**row.inputs, **change}
        session.add(row)
    commit()
    view = run_revaluation(
        database, world.actor("a-risk"), file_run(database, world.actor("a-risk"))
    )
    assert (view.state, view.failed, view.done) == (RunState.FINISHED, 2, len(pair))
    with database.read() as reading:
        failed = {
            row.asset_id: row.problem
            for row in reading.execute(
                sa.select(RevaluationItem).where(col(RevaluationItem.state) == ItemState.FAILED)
            ).scalars()
        }
        assert set(failed) == {broken, unreadable}
        assert failed[unreadable]["field"] == "area_mu"
        assert all(each["zh"] and each["en"] for each in failed.values())
        kept = reading.get_one(AssetValue, broken)
        assert kept.current_fen == kept.appraised_fen


def test_a_missing_price_fails_its_assets_and_values_the_others(
    session, database, world, pair, clock, commit
):
    carbon, forest = pair
    clock.instant += timedelta(days=90)
    on = REVALUED_ON + timedelta(days=61)
    run_id = file_run(database, world.system(), on=on)
    view = run_revaluation(database, world.system(), run_id)
    assert (view.done, view.failed) == (1, 1)
    with database.read() as reading:
        assert reading.get_one(RevaluationItem, (run_id, carbon)).problem["code"] == "price-missing"
        assert reading.get_one(RevaluationItem, (run_id, forest)).state is ItemState.DONE


def test_two_runners_exclude_each_other(database, world, pair):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)
    with database.write() as session:
        assert claim(session, f"revaluation-{run_id.hex}", "another", 60)
    with pytest.raises(Busy):
        run_revaluation(database, actor, run_id)


class Meanwhile:
    """Values chunks one after the other; something happens after the n-th was valued, before it is written."""

    def __init__(self, number, happens):
        self.number = number
        self.happens = happens

    def map(self, chunks):
        for at, (chunk, answer) in enumerate(Serial().map(chunks)):
            if at == self.number:
                self.happens()
            yield chunk, answer


def test_a_runner_that_lost_its_lease_writes_nothing_more(database, world, pair, clock):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)

    def oversleep():
        clock.instant += timedelta(minutes=5)
        with database.write() as other:
            assert claim(other, f"revaluation-{run_id.hex}", "another", 60)

    with pytest.raises(LeaseLost):
        Runner(database, actor, run_id, 1).run(Meanwhile(1, oversleep))
    with database.read() as reading:
        assert get_run(reading, actor, run_id).done == 1


@pytest.mark.deep_on("postgres")
def test_processes_give_the_same_figures_as_one_after_the_other(database, world, many):
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)
    run_revaluation(database, actor, run_id, executor="processes", chunk=4)
    parallel = content_hash(database)
    undo_run(database, run_id)
    run_revaluation(database, actor, run_id, executor="serial")
    assert content_hash(database) == parallel


def test_executors_that_are_not_there_are_refused_with_their_remedy(database, world, pair):
    with pytest.raises(ExecutorUnavailable) as refused:
        file_run(database, world.actor("a-risk"), executor="dask://127.0.0.1:8786")
    assert refused.value.facts["executor"] == "dask://127.0.0.1:8786"
    with pytest.raises(InvalidInput):
        file_run(database, world.actor("a-risk"), executor="threads")


def test_a_run_covers_what_its_actor_sees(database, world, pair):
    own = file_run(database, world.actor("a-risk"))
    other = file_run(database, world.actor("a-risk"), on=REVALUED_ON - timedelta(days=1))
    everything = file_run(database, world.system())
    with database.read() as session:
        assert session.get_one(RevaluationRun, own).total == 2
        assert session.get_one(RevaluationRun, everything).total == 2
        with pytest.raises(NotFound):
            get_run(session, world.actor("b-collateral"), own)
    assert own != other
    with database.write() as session:
        empty = request_revaluation(
            session, world.actor("b-collateral"), RequestRevaluation(on=REVALUED_ON)
        )
        assert empty.total == 0
    assert (
        run_revaluation(database, world.actor("b-collateral"), empty.id).state is RunState.FINISHED
    )


def test_days_to_come_and_roles_without_the_right_are_refused(database, world, pair):
    with pytest.raises(RunInFuture):
        file_run(database, world.actor("a-risk"), on=REVALUED_ON + timedelta(days=1))
    with pytest.raises(Forbidden):
        file_run(database, world.actor("c1-fin"))


def test_a_new_appraisal_between_valuing_and_writing_keeps_its_value(database, world, pair):
    """The figure on the old report's inputs stays in the history and does not touch the new value."""
    carbon, _forest = pair
    actor = world.actor("a-risk")
    run_id = file_run(database, actor)
    made = []

    def new_report():
        inputs = {**example_inputs("carbon-sink-income"), "area_mu": 28_000}
        with database.write() as other:
            made.append(make_valid(other, world, carbon, inputs, REVALUED_ON))

    Runner(database, actor, run_id, 500).run(Meanwhile(0, new_report))
    with database.read() as reading:
        row = reading.get_one(AssetValue, carbon)
        assert row.appraisal_id == made[0].id
        assert row.current_fen == row.valuation_fen == made[0].value_fen != CARBON_FALLEN_FEN
        old = sa.select(Valuation).where(
            col(Valuation.run_id) == run_id, col(Valuation.asset_id) == carbon
        )
        assert reading.execute(old).scalar_one().value_fen == CARBON_FALLEN_FEN
        item = reading.get_one(RevaluationItem, (run_id, carbon))
        assert item.state is ItemState.DONE
        assert item.before_fen is item.after_fen is None


def test_one_asset_is_revalued_once_for_the_same_facts(session, world, pair):
    carbon, _forest = pair
    first = revalue_asset(session, world.actor("a-risk"), carbon, RevalueAsset(on=REVALUED_ON))
    again = revalue_asset(session, world.actor("a-risk"), carbon, RevalueAsset(on=REVALUED_ON))
    assert first.id == again.id
    assert first.value_fen == CARBON_FALLEN_FEN == current_fen(session, world, carbon, REVALUED_ON)


def test_an_asset_is_revalued_on_a_day_that_has_come_and_not_before(session, world, clock, pair):
    """A figure of a day to come would stand as the latest, and hold the value up until that day."""
    carbon, _forest = pair
    risk = world.actor("a-risk")
    tomorrow = RevalueAsset(on=REVALUED_ON + timedelta(days=1))
    with pytest.raises(InvalidInput) as refused:
        revalue_asset(session, risk, carbon, tomorrow)
    assert refused.value.errors[0].pointer == "/on"
    clock.instant += timedelta(days=1)
    assert revalue_asset(session, risk, carbon, tomorrow).on == tomorrow.on


def test_recorded_inputs_count_from_their_day(session, world, pair):
    _carbon, forest = pair
    agency = world.actor("ag1-a")
    record_inputs(
        session,
        agency,
        forest,
        RecordInputs(valid_from=REVALUED_ON, overrides=FROST, reason="霜冻"),
    )
    before = RevalueAsset(on=REVALUED_ON - timedelta(days=1))
    assert (
        revalue_asset(session, world.actor("a-risk"), forest, before).value_fen > FOREST_FROSTED_FEN
    )
    on_day = revalue_asset(session, world.actor("a-risk"), forest, RevalueAsset(on=REVALUED_ON))
    assert on_day.value_fen == FOREST_FROSTED_FEN


def test_recorded_inputs_are_checked_like_any_input(session, world, pair):
    carbon, forest = pair
    officer = world.actor("a-collateral")

    def recorded(asset_id, actor=officer, day=REVALUED_ON, **overrides):
        command = RecordInputs(valid_from=day, overrides=overrides, reason="查勘")
        return record_inputs(session, actor, asset_id, command)

    with pytest.raises(InvalidInput) as refused:
        recorded(forest, no_such_field="1")
    assert refused.value.errors[0].pointer == "/overrides/no_such_field"
    with pytest.raises(InvalidInput) as refused:
        recorded(forest, area_mu="-1", survival_share="85")
    told = {each.pointer: str(each.facts["words"]) for each in refused.value.errors}
    assert set(told) == {"/overrides/area_mu", "/overrides/survival_share"}
    assert not any("%(" in words or "%%" in words for words in told.values())
    with pytest.raises(InvalidInput):
        recorded(forest)
    with pytest.raises(InvalidInput):
        recorded(forest, day=REVALUED_ON + timedelta(days=1), area_mu="10")
    with pytest.raises(RecordedTooEarly):
        recorded(carbon, day=date(2023, 12, 26), area_mu="10")
    assert recorded(carbon, day=date(2023, 12, 27), area_mu="10").overrides == {"area_mu": "10"}
    with pytest.raises(Forbidden):
        recorded(forest, actor=world.actor("a-risk"), area_mu="10")
    with pytest.raises(NotFound):
        recorded(forest, actor=world.actor("b-collateral"), area_mu="10")


def test_an_asset_without_a_valid_appraisal_cannot_be_revalued(session, world, ground):
    asset_id = add_asset(session, world, AssetKind.FOREST_RIGHT, number="A-9")
    with pytest.raises(NoValidAppraisal):
        revalue_asset(session, world.actor("a-risk"), asset_id, RevalueAsset(on=date(2023, 12, 26)))
