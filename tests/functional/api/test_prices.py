"""The API of prices: lists, dry runs, imports, corrections."""

from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest

from app.market.services import AddSeries, add_series

ROWS = {"points": [{"on": "2023-12-29", "value": "30.5", "source": "交易中心"}]}


@pytest.fixture
def path(session, world, commit) -> str:
    """The points of a series of local sinks."""
    sink = AddSeries(
        code="SINK", title_zh="碳汇", title_en="Sink", unit="yuan/tCO2e", price_id="local-sink"
    )
    add_series(session, world.system(), sink)
    commit()
    return "/price-series/SINK/points"


def send_file(client, path: str, content: bytes, *, name: str = "a.csv", **fields: str):
    data = {**fields, "file": (BytesIO(content), name)}
    return client.post(path, data=data, content_type="multipart/form-data")


def test_points_sent_as_rows_are_listed(api, path) -> None:
    report = api("tc-1").post(path, ROWS, status=201).json
    assert (report["new"], report["same"], report["corrections"]) == (1, 0, 0)
    later = {"on": "2023-12-30", "value": "33.55"}
    checked = {"points": [later], "source": "交易中心", "dry_run": True}
    change = api("tc-1").post(path, checked, status=200).json["changes"][0]
    assert (change["previous_on"], change["previous_value"]) == ("2023-12-29", "30.5")
    assert change["change_ratio"] == "0.100000"
    listed = api("c1-fin").get(path, status=200).json["items"]
    assert [(each["on"], each["value"]) for each in listed] == [("2023-12-29", "30.5")]
    assert api("c1-fin").get("/price-series/SINK", status=200).json["price_id"] == "local-sink"
    assert api("c1-fin").get("/price-series", status=200).json["total"] > 5


def test_a_dry_run_answers_what_would_happen_and_stores_nothing(api, path) -> None:
    report = api("tc-1").post(path, {**ROWS, "dry_run": True}, status=200).json
    assert report["import_id"] is None
    assert api("tc-1").get(path, status=200).json["total"] == 0
    sent = send_file(api("tc-1"), path, b"on,value,source\n2023-13-01,1,x\n", dry_run="true")
    assert sent.status_code == 200, sent.text
    assert sent.json["errors"][0]["line"] == 2


@pytest.mark.parametrize(
    ("word", "status"),
    [
        *((word, 200) for word in ("true", "True", "TRUE", "1", "on", "On")),
        *((word, 201) for word in ("false", "False", "0")),
        *((word, 422) for word in ("yes", "maybe", "no", "2", "")),
    ],
)
def test_a_dry_run_sent_with_a_file_is_true_false_or_refused(api, path, word, status) -> None:
    sent = send_file(api("tc-1"), path, b"on,value,source\n2023-12-29,30,list\n", dry_run=word)
    assert sent.status_code == status, sent.text
    assert api("tc-1").get(path, status=200).json["total"] == (1 if status == 201 else 0)
    if status == 422:
        assert [each["pointer"] for each in sent.json["errors"]] == ["/dry_run"]


def test_a_file_is_imported_and_a_wrong_one_names_its_lines(api, path) -> None:
    sent = send_file(api("tc-1"), path, "on,value,source\n2023-12-29,30,来源\n".encode("gbk"))
    assert sent.status_code == 201, sent.text
    wrong = send_file(api("tc-1"), path, b"on,value,source\n2023-12-30,NaN,x\n")
    assert wrong.status_code == 422
    assert wrong.json["errors"][0]["pointer"] == "/file/2/value"
    assert send_file(api("tc-1"), path, b"x", name="a.txt").status_code == 422


def test_a_correction_needs_a_reason_and_the_history_shows_both(api, path) -> None:
    api("tc-1").post(path, ROWS, status=201)
    changed = {"points": [{"on": "2023-12-29", "value": "31"}], "source": "交易中心"}
    answer = api("tc-1").post(path, changed, status=422)
    assert answer.json["errors"][0]["pointer"] == "/reason"
    api("tc-1").post(path, {**changed, "reason": "typing error"}, status=201)
    assert [each["value"] for each in api("tc-1").get(path).json["items"]] == ["31"]
    history = api("tc-1").get(path, history="true", status=200).json["items"]
    assert [each["revision"] for each in history] == [2, 1]


@pytest.mark.parametrize("value", ["-1", "0", "1e3", "NaN", 30.5, "1,000", " ", None, "0.0000001"])
def test_a_value_that_is_no_price_is_refused(api, path, value) -> None:
    body = {"points": [{"on": "2023-12-29", "value": value}]}
    answer = api("tc-1").post(path, body, status=422)
    assert answer.json["errors"][0]["pointer"] == "/points/0/value"


def test_readers_do_not_import_and_unknown_series_are_not_found(api, path) -> None:
    api("c1-fin").post(path, ROWS, status=403)
    api("tc-1").post("/price-series/NONE/points", ROWS, status=404)
    api("tc-1").get("/price-series/NONE/points", status=404)
    api("tc-1").get(path, status=422, first_on="2023-02-30")
    api("tc-1").post(path, ROWS, key=None, status=400)


def _daily(count: int, *, ups: float = 0.02) -> list[dict[str, str]]:
    """Days of a price that moves up and down by turns of unequal length."""
    price, points = 50.0, []
    for place in range(count):
        price *= 1 + (ups if place % 3 else -1.7 * ups) + 0.001 * (place % 7)
        day = date(2023, 1, 2) + timedelta(days=place)
        points.append({"on": day.isoformat(), "value": f"{price:.4f}", "source": "交易中心"})
    return points


def test_a_series_is_calibrated_over_a_period(api, path) -> None:
    api("tc-1").post(path, {"points": _daily(200)}, status=201)
    address = "/price-series/SINK/calibration"
    whole = api("c1-fin").get(address, status=200).json
    assert (whole["points"], whole["first_on"]) == (200, "2023-01-02")
    assert Decimal(whole["volatility"]) > Decimal("0.2")
    assert {line["basis"] for line in whole["haircuts"]} == {"measured", "in-use", "stress"}
    in_use = [line for line in whole["haircuts"] if line["basis"] == "in-use"]
    half = next(
        line for line in in_use if (line["years"], line["confidence"]) == ("0.500000", "0.990000")
    )
    assert half["volatility"] == "0.300000"
    assert Decimal(half["share"]).quantize(Decimal("0.01")) == Decimal("0.39")
    assert "short" in {warned["code"] for warned in whole["warnings"]}
    part = api("c1-fin").get(f"{address}?first_on=2023-02-01&last_on=2023-03-02", status=200).json
    assert part["points"] == 30


def test_a_series_that_says_nothing_is_refused_with_the_reason(api, path) -> None:
    api("tc-1").post(path, {"points": _daily(9)}, status=201)
    refused = api("c1-fin").get("/price-series/SINK/calibration", status=422).json
    assert refused["type"] == "/problems/series-not-calibrated"
    assert "10" in refused["detail"]
    api("c1-fin").get("/price-series/NONE/calibration", status=404)
    api("c1-fin").get("/price-series/SINK/calibration?first_on=x", status=422)


def test_prices_after_the_day_are_not_known_to_a_calibration(api) -> None:
    """The files reach to 2025; the day of the test is the second of January 2024."""
    assert api("c1-fin").get("/price-series/CEA/points", status=200).json["total"] > 10
    refused = api("c1-fin").get("/price-series/CEA/calibration", status=422).json
    assert refused["code"] == "series-not-calibrated"
