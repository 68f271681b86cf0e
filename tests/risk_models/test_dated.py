"""Dated parameters: nothing has a default, every day has a source."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from risk_models.data_files import DataFileError
from risk_models.dated import (
    ParameterNotInForce,
    UndeclaredParameter,
    load_file,
    load_folder,
)
from risk_models.registry import PARAMETERS, science_parameters

RATE = """
id: pledge.rate.forest
title: {en: Pledge rate, zh: 抵押率}
unit: ratio
values: {"2015-05-01": "0.60", "2020-01-01": "0.55", "2026-01-01": null}
references:
  "2015-05-01": {title: first, source: a}
  "2020-01-01": {title: second, source: b}
  "2026-01-01": {title: repeal, source: c}
status: sourced
checked_on: "2026-11-01"
"""
TABLE = """
id: cover.table
title: {en: Cover, zh: 覆盖}
unit: table
rows: {young: {en: Young, zh: 幼龄}, old: {en: Old, zh: 成熟}}
columns: {rate: {en: Rate, zh: 比率, unit: ratio, vary: ["0.9", "1.1"]}}
values: {"2020-01-01": {young: {rate: "0.1"}, old: {rate: "0.3"}}}
references: {"2020-01-01": {title: t, source: s}}
status: judgement
checked_on: "2026-11-01"
"""


@pytest.fixture
def parameters(tmp_path):
    (tmp_path / "rate.yaml").write_text(f"{RATE}---{TABLE}", encoding="utf-8")
    return load_folder(tmp_path)


def _file(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "broken.yaml"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2015, 5, 1), "0.60"),
        (date(2019, 12, 31), "0.60"),
        (date(2020, 1, 1), "0.55"),
        (date(2025, 12, 31), "0.55"),
    ],
)
def test_a_value_counts_from_its_day_until_the_next(parameters, day, expected):
    assert parameters.on(day).ratio("pledge.rate.forest") == Decimal(expected)


@pytest.mark.parametrize(
    ("day", "why"),
    [(date(2015, 4, 30), "not in force before 2015-05-01"), (date(2026, 1, 1), "repealed")],
)
def test_a_parameter_is_refused_before_its_first_day_and_after_its_repeal(parameters, day, why):
    with pytest.raises(ParameterNotInForce, match=why):
        parameters.on(day).ratio("pledge.rate.forest")


def test_an_unknown_parameter_is_refused(parameters):
    with pytest.raises(ParameterNotInForce, match="unknown"):
        parameters.on(date(2021, 1, 1)).number("pledge.rate.water")


def test_a_ratio_in_ppm_is_whole_and_only_of_ratios(parameters):
    day = parameters.on(date(2021, 1, 1))
    assert day.ppm("pledge.rate.forest") == 550_000
    with pytest.raises(ParameterNotInForce, match="unit is table"):
        day.ratio("cover.table")


def test_a_table_gives_numbers_by_row_and_column(parameters):
    table = parameters.on(date(2021, 1, 1)).table("cover.table")
    assert table["old"]["rate"] == 0.3
    assert list(table.column("rate", ("old", "young"))) == [0.3, 0.1]
    assert table.rows["young"].zh == "幼龄"
    assert table.columns["rate"].high == 1.1
    with pytest.raises(ParameterNotInForce, match="no row"):
        table.decimal("ancient", "rate")
    with pytest.raises(ParameterNotInForce, match="no cell"):
        table.decimal("old", "share")


def test_the_digest_moves_with_a_value_and_with_the_day(parameters):
    one, other = parameters.on(date(2021, 1, 1)), parameters.on(date(2021, 1, 2))
    assert one.digest != other.digest
    assert one.with_values({"pledge.rate.forest": 0.5}).digest != one.digest
    assert one.with_values({"pledge.rate.forest": 0.55}).digest == one.digest


def test_reading_outside_the_declared_ids_is_refused(parameters):
    seen: set[str] = set()
    narrow = parameters.on(date(2021, 1, 1)).only({"cover.table"}, seen)
    narrow.table("cover.table")
    assert seen == {"cover.table"}
    with pytest.raises(UndeclaredParameter):
        narrow.number("pledge.rate.forest")


def test_rows_of_a_house_lie_over_the_files_on_their_days(parameters, tmp_path):
    own = RATE.replace(
        '"2015-05-01": "0.60", "2020-01-01": "0.55", "2026-01-01": null',
        '"2022-01-01": "0.40", "2023-01-01": null',
    )
    own = own.replace("2015-05-01", "2022-01-01").replace("2020-01-01", "2023-01-01")
    own = "\n".join(line for line in own.splitlines() if "2026-01-01" not in line)
    laid = parameters.laid_over(load_file(_file(tmp_path, own)))
    read = {
        day: laid.on(day).ratio("pledge.rate.forest")
        for day in (date(2021, 12, 31), date(2022, 1, 1), date(2023, 1, 1))
    }
    assert list(read.values()) == [Decimal("0.55"), Decimal("0.40"), Decimal("0.55")]
    with pytest.raises(ParameterNotInForce, match="repealed"):
        laid.on(date(2026, 1, 1)).ratio("pledge.rate.forest")


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ('"0.55"', "many", "not a number"),
        ('"0.55"', "NaN", "not a number"),
        ('"2020-01-01": "0.55"', '"2014-01-01": "0.55"', "days must ascend"),
        ('  "2020-01-01": {title: second, source: b}\n', "", "every day needs one"),
        ("status: sourced", "status: rumour", "rumour"),
        ("zh: 抵押率", "zh: ''", "a text is needed"),
        ("unit: ratio", "unit: ratio\nunit: day", "given twice"),
        ("unit: ratio", "unit: ratio\nnow: 1", "unknown keys"),
        ("2026-11-01", "yesterday", "not a day"),
        ("unit: ratio", 'unit: ratio\nbounds: ["0.1"]', "two numbers are needed"),
        ("unit: ratio", 'unit: ratio\nbounds: ["0.9", "1"]', "a number within them"),
    ],
)
def test_a_file_of_the_wrong_shape_is_refused_by_name(tmp_path, old, new, problem):
    assert old in RATE
    with pytest.raises(DataFileError, match=problem) as refusal:
        load_file(_file(tmp_path, RATE.replace(old, new, 1)))
    assert "broken.yaml" in str(refusal.value)


def test_a_table_row_without_a_title_is_refused(tmp_path):
    nameless = TABLE.replace("old: {en: Old, zh: 成熟}", "")
    with pytest.raises(DataFileError, match="without a title: old"):
        load_file(_file(tmp_path, nameless))


def test_one_id_defined_twice_is_refused(tmp_path):
    with pytest.raises(DataFileError, match="defined twice"):
        load_folder(_file(tmp_path, f"{RATE}---{RATE}").parent)


def test_numbers_never_pass_through_a_float(tmp_path):
    exact = "0.123456789012345678901234567890"
    read = load_file(_file(tmp_path, RATE.replace('"0.55"', exact)))[0]
    assert read.values[date(2020, 1, 1)] == Decimal(exact)


def test_every_science_parameter_says_where_it_comes_from():
    """The files load, and a value of memory or judgement says so instead of naming a source."""
    files = list(PARAMETERS.glob("*.yaml"))
    assert files
    for parameter in science_parameters():
        assert parameter.title.complete, parameter.id
        for reference in parameter.references.values():
            assert reference.title, parameter.id
            if "Judgement" in reference.source:
                assert parameter.status in ("judgement", "practice"), parameter.id
            if "memory" in reference.source:
                assert parameter.status == "to-confirm", parameter.id


def test_a_cell_the_table_lacks_is_no_number_where_that_is_asked_for(parameters):
    table = parameters.on(date(2020, 1, 1)).table("cover.table")
    assert table.column_or_nan("rate", ("old", "ripe")).tolist() == pytest.approx(
        [0.3, float("nan")], nan_ok=True
    )
    with pytest.raises(ParameterNotInForce, match="ripe"):
        table.column("rate", ("old", "ripe"))
