"""A row reads the parameters that it needs, so that its result lists no others."""

from dataclasses import replace

import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.models import carbon_sink_income, forest_right
from risk_models.models.carbon_sink_income.names import DRY_LAND
from risk_models.models.forest_right.groups import (
    AGE_LIMITS,
    BEARING_AGES,
    OUTTURN_HIGH,
    STOCK_HIGH,
)
from risk_models.runner import value
from tests.risk_models.forest_rows import MATURE, ORCHARD
from tests.risk_models.helpers import ON, SINK, example


def _read_by(model, row, asked) -> set[str]:
    read: set[str] = set()
    basis = basis_on(ON, SINK)
    watched = basis.parameters.only([*basis.parameters], read)
    batch = batch_from_rows(model.spec, [row], basis.parameters)
    asked(model, batch, replace(basis, parameters=watched))
    return read


def _read_in_check(model, row) -> set[str]:
    return _read_by(model, row, lambda model, batch, basis: model.check(batch, basis))


@pytest.mark.parametrize("is_dry", [True, False])
def test_the_limit_of_dry_land_is_read_for_dry_land(is_dry):
    row = example(carbon_sink_income.MODEL, dry_land=is_dry)
    assert (DRY_LAND in _read_in_check(carbon_sink_income.MODEL, row)) == is_dry


def test_orchards_read_the_ages_of_bearing_and_timber_reads_its_stock():
    orchard, timber = (_read_in_check(forest_right.MODEL, row) for row in (ORCHARD, MATURE))
    assert BEARING_AGES in orchard - timber
    assert {STOCK_HIGH, OUTTURN_HIGH} <= timber - orchard


@pytest.mark.parametrize("species", [None, "poplar-planted"])
def test_the_table_of_a_choice_is_read_where_a_row_chooses(species):
    row = {**ORCHARD, "species_group": species}
    read = _read_by(forest_right.MODEL, row, value)
    assert (AGE_LIMITS in read) == (species is not None)
