"""The split between two appraisals: every change is named, and the amounts sum to the fen."""

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.appraisal.domain.catalogue import find_model
from app.appraisal.domain.comparing import (
    CHANGE_TITLES,
    ChangeKind,
    Side,
    compared,
)
from app.appraisal.domain.valuing import Ask, stored_inputs, value_many
from app.kernel.catalogue import in_both
from tests.factories.appraisals import REVALUED_ON, SIGNED_ON, example_inputs
from tests.support.examples import examples

CARBON = "carbon-sink-income"


def price(yuan, on, growth="0"):
    return {
        "local-sink": {
            "yuan": yuan,
            "unit": "yuan/tCO2e",
            "growth": growth,
            "curve": None,
            "source": "demo",
            "priced_on": on.isoformat(),
        }
    }


def side(number, on, yuan="30", growth="0", **changes):
    spec = find_model(CARBON).spec
    inputs = stored_inputs(spec, {**example_inputs(CARBON), **changes})
    prices = price(yuan, on, growth)
    answer = value_many(Ask(model_id=CARBON, on=on, rows=[inputs], prices=prices))
    assert answer.value_fen[0] is not None
    return Side(
        number=number,
        model_id=CARBON,
        model_version=spec.version,
        on=on,
        inputs=inputs,
        prices=prices,
        value_fen=answer.value_fen[0],
    )


THEN = side("V-1", SIGNED_ON)


def amounts(found):
    return {each.kind: each.amount_fen for each in found.changes}


def test_nothing_changed_leaves_no_step():
    assert compared(THEN, replace(THEN, number="V-2")).changes == []


def test_each_change_has_its_step_in_the_stated_order():
    now = side("V-2", REVALUED_ON, "21", area_mu="29000", baseline_share="0.03")
    found = compared(THEN, now)
    assert [each.kind for each in found.changes] == ["day", "prices", "inputs"]
    assert sum(amounts(found).values()) == found.difference_fen == now.value_fen - THEN.value_fen
    inputs = found.changes[-1]
    told = {each.name: (each.old, each.new) for each in inputs.items}
    assert told == {"area_mu": ("29600", "29000"), "baseline_share": ("0.04", "0.03")}
    assert sum(each.amount_fen for each in inputs.items) == inputs.amount_fen


@examples(25)
@given(
    days=st.integers(0, 300),
    yuan=st.integers(10, 60),
    area=st.integers(20_000, 40_000),
    rate=st.integers(6, 12),
)
def test_the_amounts_always_sum_to_the_difference(days, yuan, area, rate):
    on = date.fromordinal(SIGNED_ON.toordinal() + days)
    now = side("V-2", on, str(yuan), area_mu=str(area), discount_rate=f"{rate / 100}")
    found = compared(THEN, now)
    told = [each.amount_fen for each in found.changes if each.amount_fen is not None]
    assert sum(told) == now.value_fen - THEN.value_fen


def test_a_growing_price_is_a_change_of_the_price():
    now = side("V-2", SIGNED_ON, "30", growth="0.02")
    (found,) = compared(THEN, now).changes
    assert found.kind is ChangeKind.PRICES
    assert [(each.old, each.new) for each in found.items] == [("30", "30 (+2.0%)")]


def test_prices_are_told_alike_however_their_zeros_were_written():
    now = side("V-2", SIGNED_ON, "1440.50")
    (found,) = compared(side("V-1", SIGNED_ON, "30.0"), now).changes
    assert [(each.old, each.new) for each in found.items] == [("30", "1,440.5")]
    assert compared(side("V-1", SIGNED_ON, "30.0"), side("V-2", SIGNED_ON, "30")).changes == []


def test_another_model_is_one_step():
    now = replace(THEN, model_id="forest-right", value_fen=THEN.value_fen + 7)
    (found,) = compared(THEN, now).changes
    assert (found.kind, found.amount_fen) == (ChangeKind.MODEL, 7)


def test_a_former_value_that_the_model_no_longer_gives_is_told_by_its_version():
    then = replace(THEN, model_version="0.9.0", value_fen=THEN.value_fen - 5)
    found = compared(then, replace(THEN, number="V-2"))
    assert amounts(found) == {ChangeKind.MODEL: 5}
    assert found.changes[0].items[0].old == "0.9.0"


def test_a_step_that_cannot_be_valued_alone_is_carried_by_the_next():
    """The former right has ended on the new day; only the new end makes a value again."""
    on = date(2031, 1, 2)
    then = side("V-1", SIGNED_ON, right_ends_on="2030-12-31", crediting_ends_on="2030-12-31")
    now = side("V-2", on)
    found = compared(then, now)
    assert amounts(found)[ChangeKind.DAY] is None
    told = [each.amount_fen for each in found.changes if each.amount_fen is not None]
    assert sum(told) == found.difference_fen


@pytest.mark.parametrize("kind", list(ChangeKind))
def test_every_kind_of_change_has_its_words(kind):
    words = in_both(CHANGE_TITLES[kind])
    assert words.en == CHANGE_TITLES[kind] != words.zh


def test_a_box_that_was_left_out_is_one_that_is_not_ticked():
    left_out = replace(THEN, inputs={**THEN.inputs, "also_valued_for_timber": None})
    unticked = replace(THEN, inputs={**THEN.inputs, "also_valued_for_timber": False})
    assert compared(left_out, unticked).changes == []
    assert compared(unticked, left_out).changes == []
