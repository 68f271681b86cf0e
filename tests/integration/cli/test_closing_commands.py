"""`revalue`, `close-day`, `job status` at the terminal."""

import pytest
import sqlalchemy as sa

from app.appraisal.models import Appraisal, RevaluationRun
from app.assets.domain import AssetKind
from tests.factories.appraisals import (
    SIGNED_AT,
    SIGNED_ON,
    add_asset,
    example_inputs,
    lay_ground,
    make_valid,
)


def test_revaluation_of_a_day_is_run_once(terminal):
    first = terminal("revalue", "--on", "2024-01-02", "--json")
    assert (first.code, first.json["state"]) == (0, "finished")
    assert (first.json["executor"], first.err) == ("serial", "")
    second = terminal("revalue", "--on", "2024-01-02", "--executor", "processes", "--json")
    assert second.json == first.json
    assert "Nothing was computed" in second.err
    assert first.json["number"] in second.err


def test_the_way_of_running_is_told_in_words(terminal, monkeypatch):
    asked = ("revalue", "--on", "2024-01-02", "--executor")
    assert "Run on: Several processes of this machine" in terminal(*asked, "processes").out
    monkeypatch.setenv("LC_ALL", "zh_CN.UTF-8")
    second = terminal(*asked, "serial")
    assert "执行方式: 本机多进程" in second.out
    assert "（执行方式：本机多进程）" in second.err


def test_a_cluster_that_does_not_answer_leaves_no_run_behind(terminal, monkeypatch, database):
    pytest.importorskip("distributed")
    monkeypatch.setenv("GREENPLEDGE_DASK_SCHEDULER", "127.0.0.1:1")
    monkeypatch.setattr("app.appraisal.services.executors.CLUSTER_WAIT_SECONDS", 1)
    asked = ("revalue", "--on", "2024-01-02", "--json", "--executor")
    refused = terminal(*asked, "dask://127.0.0.1:1")
    assert (refused.code, refused.json["code"]) == (1, "cluster-unreachable")
    with database.read() as session:
        assert session.execute(sa.select(RevaluationRun.number)).all() == []
    done = terminal(*asked, "processes")
    assert (done.code, done.json["executor"]) == (0, "processes")


def test_executor_that_is_not_installed_is_refused_with_its_remedy(terminal):
    refused = terminal(
        "revalue", "--on", "2024-01-02", "--executor", "dask://127.0.0.1:8786", "--json"
    )
    assert refused.code == 1
    assert "greenpledge[cluster]" in refused.json["detail"]


def test_assets_that_could_not_be_valued_are_named_with_the_reason(
    terminal, database, world, clock, monkeypatch
):
    clock.instant = SIGNED_AT
    with database.write() as session:
        lay_ground(session, world)
        for number, area in (("A-1", "many"), ("A-2", "none"), ("A-3", 2000)):
            asset_id = add_asset(session, world, AssetKind.FOREST_RIGHT, number=number)
            made = make_valid(session, world, asset_id, example_inputs("forest-right"))
            row = session.get_one(Appraisal, made.id)
            row.inputs = {**row.inputs, "area_mu": area}
            session.add(row)
    asked = ("revalue", "--on", SIGNED_ON.isoformat())
    told = terminal(*asked, "--json").json
    assert (told["total"], told["done"], told["failed"]) == (3, 1, 2)
    first, second = told["problems"]
    assert (first["asset"], second["asset"]) == ("A-1", "A-2")
    assert first["field"] == "area_mu"
    assert first["code"]
    shown = terminal(*asked).out
    assert f"  A-1: {first['detail']}" in shown
    assert "more" not in shown
    monkeypatch.setattr("app.cli.closing.MAX_PROBLEMS", 1)
    shown = terminal(*asked).out
    assert "A-2" not in shown
    assert "And 1 more" in shown


def test_executor_that_nobody_knows_is_a_usage_error(terminal, database):
    for name in ("threads", "dask://", "dask://host", "", "Serial"):
        refused = terminal("revalue", "--on", "2024-01-02", "--executor", name, "--json")
        assert (refused.code, refused.json["code"]) == (2, "input-unreadable"), name
    assert "serial, processes, dask://HOST:PORT" in str(refused.json)
    with database.read() as session:
        assert session.execute(sa.select(RevaluationRun.number)).all() == []


def test_day_that_is_no_day_is_a_usage_error(terminal):
    for text in ("2024-02-30", "20240102", "tomorrow"):
        assert terminal("revalue", "--on", text, "--json").code == 2


def test_bank_without_books_is_refused(terminal):
    refused = terminal("close-day", "--on", "2024-01-02", "--bank", "C1", "--json")
    assert (refused.code, refused.json["code"]) == (1, "invalid-input")


def test_without_a_bank_every_bank_with_books_is_closed(terminal):
    done = terminal("close-day", "--on", "2024-01-02", "--json")
    assert done.code == 0
    assert [each["state"] for each in done.json["closes"]] == ["finished"] * len(
        done.json["closes"]
    )


def test_job_status_lists_every_job(terminal):
    done = terminal("job", "status", "--json")
    assert done.code == 0
    assert {"collateral-watch", "revaluation"} <= {job["name"] for job in done.json["jobs"]}
    assert done.json["alive"] is False


def test_job_status_can_demand_a_scheduler(terminal):
    assert terminal("job", "status", "--alive").code == 1
