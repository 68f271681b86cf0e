"""Every parameter file holds what the rules and the screens rely on."""

import re
import sys
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from babel.messages.pofile import read_po

from app import policy
from app.assets.domain import AssetKind, ForestCategory
from app.policy import Policy, RuleNotInForce, parameter_set
from risk_models.contract import StepFunction
from risk_models.data_files import STATUSES
from risk_models.dated import ParameterNotInForce, Reference
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.stressing import scenarios

CATALOGUE = (
    Path(__file__).resolve().parents[3] / "app/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
)
UNITS = {"ratio", "day", "month", "period", "yuan", "person", "loan", "flag", "place", "table"}
DAY = date(2024, 1, 2)


@pytest.fixture
def in_force() -> Policy:
    return Policy(parameters=policy.on(DAY))


@pytest.mark.parametrize("parameter", list(parameter_set()), ids=lambda each: each.id)
def test_each_parameter_has_units_references_and_ascending_days(parameter) -> None:
    assert parameter.unit in UNITS
    assert {column.unit for column in parameter.columns.values()} <= UNITS - {"table"}
    assert list(parameter.values) == sorted(parameter.values)
    assert set(parameter.values) == set(parameter.references)
    assert all(each.title and each.source for each in parameter.references.values())
    assert parameter.status in STATUSES
    assert parameter.title.zh != parameter.title.en
    assert parameter.checked_on >= date(2026, 1, 1)


@pytest.mark.parametrize("kind", list(AssetKind))
def test_each_kind_of_asset_has_a_cap_and_a_revaluation_interval(kind, in_force) -> None:
    cap_ppm = in_force.ppm("collateral.pledge_rate." + kind.value.replace("-", "_"))
    # What is sourced goes up to 80 % (discharge rights); judgements of the project stay at 60 %.
    assert 0 < cap_ppm <= (800_000 if kind is AssetKind.DISCHARGE_RIGHT else 600_000)
    interval = in_force.cell("collateral.revaluation_interval", kind.value, "interval")
    assert 1 <= interval <= 365


def test_the_lines_rise_and_a_cure_ends_below_the_top_up_line(in_force) -> None:
    warning, top_up, disposal = (
        in_force.ratio(f"collateral.ltv.{name}") for name in ("warning", "top_up", "disposal")
    )
    assert warning < top_up < disposal < 1
    assert in_force.ratio("collateral.ltv.cure_target") <= warning
    assert in_force.whole("collateral.cure_days") == 10
    assert in_force.text("collateral.ltv_basis") == "exposure"


def test_only_listed_forest_may_be_mortgaged(in_force) -> None:
    assert in_force.flags("assets.forest_category", "mortgageable") == {
        ForestCategory.TIMBER,
        ForestCategory.ECONOMIC,
        ForestCategory.FUEL,
    }


def test_a_rule_does_not_count_before_its_day() -> None:
    first = date(2023, 7, 1)
    floor = policy.on(first).table("loans.classification_floor")
    assert floor.decimal("substandard", "days_above") == Decimal(90)
    before = Policy(parameters=policy.on(first - timedelta(days=1)))
    with pytest.raises(RuleNotInForce) as refused:
        before.table("loans.classification_floor")
    assert refused.value.facts["parameter"] == "loans.classification_floor"
    assert (refused.value.facts["on"], refused.value.facts["first_on"]) == (before.on, first)


def test_an_unknown_parameter_is_refused_and_has_no_default(in_force) -> None:
    with pytest.raises(ParameterNotInForce):
        in_force.ratio("collateral.pledge_rate.unknown")


def test_a_number_is_not_read_as_a_share(in_force) -> None:
    with pytest.raises(ParameterNotInForce):
        in_force.ratio("collateral.cure_days")


def _references() -> Iterator[Reference]:
    for parameter in (*parameter_set(), *science_parameters()):
        yield from parameter.references.values()
    yield from (scenario.reference for scenario in scenarios().values())


def _references_of_models() -> Iterator[str]:
    for model in BUILT_INS:
        yield from (field.reference for field in model.spec.fields)
    for name, module in list(sys.modules.items()):
        if name.startswith("risk_models."):
            steps = (each for each in vars(module).values() if isinstance(each, StepFunction))
            yield from (step.reference for step in steps)


def test_every_source_has_its_chinese_words() -> None:
    """Screens show sources through the catalogue, as they do messages."""
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file)
    said = {text for each in _references() for text in (each.title, each.source)}
    said |= set(_references_of_models())
    latin = [text for text in said if re.search(r"[a-z]{3}", text)]
    assert [
        text for text in latin if not (catalogue.get(text) and catalogue.get(text).string)
    ] == []


@pytest.mark.parametrize("which", ["classification_floor", "fact_floor", "expected_loss_floor"])
def test_each_floor_of_the_classes_is_named_as_the_best_class_that_is_left(which):
    titles = {each.id: each.title for each in parameter_set()}
    title = titles[f"loans.{which}"]
    assert "best" in title.en.lower()
    assert title.zh.endswith("最高分类")
