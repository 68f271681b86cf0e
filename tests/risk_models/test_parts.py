"""A batch valued in parts gives what one run over all of it gives."""

import numpy as np
import pytest

from risk_models.appraise import basis_on
from risk_models.batches import batch_from_rows
from risk_models.conformance import random_rows
from risk_models.contract import Model, Price
from risk_models.parts import joined, parts_of, side_by_side
from risk_models.registry import BUILT_INS
from risk_models.runner import value
from tests.risk_models.helpers import ON

ROWS, PART = 50, 7


def _same(found: np.ndarray, wanted: np.ndarray) -> bool:
    return np.array_equal(found, wanted, equal_nan=found.dtype.kind == "f")


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_parts_joined_are_the_whole(model: Model):
    prices = {use.id: Price(yuan=35.0, unit=use.unit) for use in model.spec.prices}
    basis = basis_on(ON, prices)
    rows = random_rows(model.spec, basis.parameters, ROWS, seed=5)
    rows[0] = {**rows[0], model.spec.fields[0].name: None}
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    whole = value(model, batch, basis)
    parts = joined([value(model, part, basis) for part in parts_of(batch, PART)])
    assert _same(parts.value, whole.value)
    assert _same(parts.valid, whole.valid)
    assert 0 < whole.valid.sum() < ROWS
    for kind in ("components", "approaches", "weights"):
        found, wanted = getattr(parts, kind), getattr(whole, kind)
        assert found.keys() == wanted.keys()
        assert all(_same(found[name], wanted[name]) for name in wanted), kind
    assert parts.quantities.keys() == whole.quantities.keys()
    for name, (amount, unit) in whole.quantities.items():
        assert _same(parts.quantities[name][0], amount)
        assert parts.quantities[name][1] == unit
    told = [None if code < 0 else parts.reasons[code] for code in parts.reason]
    assert told == [None if code < 0 else whole.reasons[code] for code in whole.reason]


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_parts_side_by_side_are_the_whole(model: Model):
    prices = {use.id: Price(yuan=35.0, unit=use.unit) for use in model.spec.prices}
    basis = basis_on(ON, prices)
    rows = random_rows(model.spec, basis.parameters, ROWS, seed=5)
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    whole = value(model, batch, basis)
    parts = side_by_side(lambda part: value(model, part, basis), batch, PART)
    assert _same(parts.value, whole.value)
    assert _same(parts.valid, whole.valid)
    assert whole.valid.sum() > 0


def test_what_the_caller_set_for_its_context_holds_in_every_part():
    basis = basis_on(ON, {})
    model = BUILT_INS[0]
    rows = random_rows(model.spec, basis.parameters, ROWS, seed=5)
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    seen = []

    def looking(part):
        seen.append(np.geterr()["divide"])
        return value(model, part, basis)

    with np.errstate(divide="raise"):
        side_by_side(looking, batch, PART)
    assert set(seen) == {"raise"}


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_rows_that_are_all_alike_are_valued_as_one_of_them(model: Model):
    """What is the same for all rows is told once; it changes no bit of a figure."""
    prices = {use.id: Price(yuan=35.0, unit=use.unit) for use in model.spec.prices}
    basis = basis_on(ON, prices)
    rows = random_rows(model.spec, basis.parameters, 12, seed=7)
    rows.append({field.name: field.example for field in model.spec.fields if field.required})
    valued = 0
    for row in rows:
        one = value(model, batch_from_rows(model.spec, [row], basis.parameters), basis)
        many = value(model, batch_from_rows(model.spec, [row] * PART, basis.parameters), basis)
        assert _same(many.value, np.repeat(one.value, PART))
        for name, column in one.components.items():
            assert _same(many.components[name], np.repeat(column, PART)), name
        for name, (amount, _unit) in one.quantities.items():
            assert _same(many.quantities[name][0], np.repeat(amount, PART)), name
        codes = sorted((found.code, found.field) for found in one.findings)
        assert sorted((found.code, found.field) for found in many.findings) == codes
        assert all(len(found.rows) == PART for found in many.findings)
        valued += bool(one.valid[0])
    assert valued


@pytest.mark.parametrize("model", BUILT_INS, ids=lambda model: model.spec.id)
def test_each_row_has_the_findings_it_has_in_the_whole(model: Model):
    basis = basis_on(ON, {})
    rows = random_rows(model.spec, basis.parameters, ROWS, seed=6)
    batch = batch_from_rows(model.spec, rows, basis.parameters)
    results = (
        value(model, batch, basis),
        joined([value(model, part, basis) for part in parts_of(batch, PART)]),
    )
    told = [
        sorted(
            (int(row), found.code, found.field, found.severity, found.detail.en, str(facts))
            for found in result.findings
            for at, row in enumerate(found.rows)
            for facts in [{name: fact[at] for name, fact in found.facts.items()}]
        )
        for result in results
    ]
    assert told[0] == told[1]
    heads = [(found.code, found.field, found.detail) for found in results[1].findings]
    assert len(heads) == len(set(heads))
