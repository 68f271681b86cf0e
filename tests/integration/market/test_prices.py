"""Prices: a file is tried before it counts, history stays, and an old price is no price."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.kernel.errors import Forbidden, InvalidInput, NotFound
from app.market import queries
from app.market.domain import NewPoint
from app.market.invariants import violations
from app.market.models import PricePoint
from app.market.services import (
    AddPoints,
    AddSeries,
    ImportPrices,
    add_points,
    add_series,
    import_points,
    load_market,
    model_prices,
)
from app.reference.domain import ImportRefused
from app.web.problems import fill

TODAY = date(2024, 1, 2)


@pytest.fixture
def loaded(session, world):
    sink = AddSeries(
        code="SINK", title_zh="碳汇", title_en="Sink", unit="yuan/tCO2e", price_id="local-sink"
    )
    add_series(session, world.system(), sink)
    return session


def send(
    session,
    world,
    text: str | bytes,
    *,
    dry_run: bool = False,
    reason: str = "",
    source: str = "交易公告",
    code: str = "SINK",
):
    content = text.encode() if isinstance(text, str) else text
    command = ImportPrices(
        code=code, content=content, dry_run=dry_run, reason=reason, source=source
    )
    return import_points(session, world.actor("tc-1"), command)


def test_loading_again_adds_no_point(loaded, world) -> None:
    count = sa.select(sa.func.count()).select_from(PricePoint)
    before = loaded.execute(count).scalar_one()
    load_market(loaded, world.system())
    assert loaded.execute(count).scalar_one() == before
    assert before > 30
    assert list(violations(loaded)) == []


def test_a_dry_run_names_the_lines_and_stores_nothing(loaded, world) -> None:
    text = "on,value\n2023-12-01,30\n2023-13-01,30\n2024-01-03,30\n2023-12-02,0\n2023-12-01,31\n2023-12-03,1e3\n"
    report = send(loaded, world, text, dry_run=True)
    assert [(error.line, error.column) for error in report.errors] == [
        (3, "on"),
        (4, "on"),
        (5, "value"),
        (6, "on"),
        (7, "value"),
    ]
    assert (report.new, report.import_id) == (1, None)
    assert model_prices(loaded, ["local-sink"], TODAY) == {}
    with pytest.raises(ImportRefused) as refused:
        send(loaded, world, text)
    assert refused.value.errors[0].pointer == "/file/3/on"
    twice = next(each for each in refused.value.errors if each.pointer == "/file/6/on")
    assert fill(twice.detail, twice.facts) == "The same day stands in line 2."
    assert model_prices(loaded, ["local-sink"], TODAY) == {}


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_a_file_is_read_in_the_encodings_that_desks_write(loaded, world, encoding) -> None:
    content = "on,value,source\r\n2023-12-29,30.5,交易中心\r\n".encode(encoding)
    send(loaded, world, content)
    point = loaded.execute(queries.points("SINK")).scalars().one()
    assert (point.value, point.source) == (Decimal("30.5"), "交易中心")


@pytest.mark.parametrize(
    "text", ["", "on,value\n", "day,price\n2023-12-01,3\n", "on;value\n2023-12-01;3\n"]
)
def test_a_file_without_points_or_with_other_columns_is_refused(loaded, world, text) -> None:
    with pytest.raises(InvalidInput):
        send(loaded, world, text)


def test_utf_16_is_refused_and_not_guessed(loaded, world) -> None:
    with pytest.raises(InvalidInput):
        send(loaded, world, "on,value\n2023-12-01,30\n".encode("utf-16"))


def test_a_correction_needs_a_reason_and_keeps_what_it_corrects(loaded, world) -> None:
    send(loaded, world, "on,value\n2023-12-29,30\n")
    with pytest.raises(InvalidInput) as refused:
        send(loaded, world, "on,value\n2023-12-29,31\n")
    assert refused.value.errors[0].pointer == "/reason"
    report = send(loaded, world, "on,value\n2023-12-29,31\n", reason="typing error")
    assert report.corrections == 1
    assert model_prices(loaded, ["local-sink"], TODAY)["local-sink"].yuan == 31
    history = loaded.execute(queries.points("SINK", history=True)).scalars().all()
    assert [(row.revision, row.value) for row in history] == [(2, 31), (1, 30)]
    assert list(violations(loaded)) == []


def test_the_same_file_again_changes_nothing(loaded, world) -> None:
    send(loaded, world, "on,value\n2023-12-29,30\n")
    report = send(loaded, world, "on,value\n2023-12-29,30.0\n")
    assert (report.new, report.same, report.corrections) == (0, 1, 0)


def test_a_price_counts_until_its_age_and_not_a_day_longer(loaded, world) -> None:
    on = TODAY - timedelta(days=60)
    send(loaded, world, f"on,value\n{on},30\n")
    assert model_prices(loaded, ["local-sink"], on - timedelta(days=1)) == {}
    assert "local-sink" in model_prices(loaded, ["local-sink"], TODAY)
    assert model_prices(loaded, ["local-sink"], TODAY + timedelta(days=1)) == {}


def test_a_missing_price_is_absent_and_never_zero(loaded) -> None:
    assert model_prices(loaded, ["local-sink", "ccer", "no-such"], TODAY) == {}
    found = model_prices(loaded, ["cea"], TODAY)["cea"]
    assert (found.yuan, found.unit, found.priced_on) == (79.42, "yuan/tCO2e", date(2023, 12, 29))


def test_rows_sent_by_a_program_follow_the_same_rules(loaded, world) -> None:
    actor = world.actor("tc-1")
    good = NewPoint(on=TODAY, value=Decimal(30), source="交易公告")
    report = add_points(loaded, actor, AddPoints(code="SINK", points=(good,)))
    assert report.new == 1
    late = NewPoint(on=TODAY + timedelta(days=1), value=Decimal(30), source="交易公告")
    with pytest.raises(InvalidInput) as refused:
        add_points(loaded, actor, AddPoints(code="SINK", points=(late, late)))
    assert [error.pointer for error in refused.value.errors] == [
        "/points/0/on",
        "/points/1/on",
        "/points/1/on",
    ]


@pytest.mark.parametrize("text", ["on,value\n2023-12-29,30\n", "on,value,source\n2023-12-29,30,\n"])
def test_a_price_without_a_source_is_to_be_confirmed(loaded, world, text) -> None:
    send(loaded, world, text, source="")
    point = loaded.execute(queries.points("SINK")).scalars().one()
    assert (point.source, point.status) == ("", "to-confirm")


def test_rows_name_their_source_or_one_holds_for_all(loaded, world) -> None:
    actor = world.actor("tc-1")
    rows = (
        NewPoint(on=TODAY, value=Decimal(30)),
        NewPoint(on=TODAY - timedelta(days=1), value=Decimal(29), source="公告二"),
    )
    add_points(loaded, actor, AddPoints(code="SINK", points=rows, source="公告一"))
    stored = loaded.execute(queries.points("SINK")).scalars().all()
    assert [(row.source, row.status) for row in stored] == [
        ("公告一", "sourced"),
        ("公告二", "sourced"),
    ]


def test_a_point_of_a_synthetic_series_is_never_sourced(loaded, world) -> None:
    made_up = AddSeries(
        code="MADE", title_zh="示例", title_en="Demo", unit="yuan/tCO2e", synthetic=True
    )
    add_series(loaded, world.system(), made_up)
    send(loaded, world, "on,value\n2023-12-29,30\n", code="MADE")
    assert loaded.execute(queries.points("MADE")).scalars().one().status == "synthetic"


def test_a_check_shows_each_row_beside_the_price_before(loaded, world) -> None:
    send(loaded, world, "on,value\n2023-11-30,20\n2023-12-29,30\n")
    text = "on,value\n2023-12-30,33\n2023-12-28,25\n2023-12-29,300\n2023-11-29,7\n"
    report = send(loaded, world, text, dry_run=True)
    assert [
        (each.former_value, each.previous_on, each.previous_value, each.change_ratio)
        for each in report.changes
    ] == [
        (None, date(2023, 12, 29), 300, Decimal("-0.89")),
        (None, date(2023, 11, 30), 20, Decimal("0.25")),
        (30, date(2023, 12, 28), 25, Decimal(9)),
        (None, None, None, None),
    ]


def test_who_may_not_import_is_refused_and_an_unknown_series_is_not_found(loaded, world) -> None:
    command = ImportPrices(code="SINK", content=b"on,value\n")
    with pytest.raises(Forbidden):
        import_points(loaded, world.actor("c1-fin"), command)
    unknown = ImportPrices(code="NO-SUCH", content=b"on,value\n")
    with pytest.raises(NotFound):
        import_points(loaded, world.actor("tc-1"), unknown)


def test_a_deleted_point_is_found_by_verify(loaded, world) -> None:
    send(loaded, world, "on,value\n2023-12-28,30\n2023-12-29,30\n")
    loaded.execute(
        sa.delete(PricePoint)
        .where(PricePoint.series_code == "SINK", PricePoint.on == date(2023, 12, 28))
        .execution_options(synchronize_session=False)
    )
    assert [each.invariant for each in violations(loaded)] == ["price-import"]
