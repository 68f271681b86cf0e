"""The state table, the current value at its borders, and who signs."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.appraisal.domain import (
    APPRAISAL,
    AppraisalEvent,
    AppraisalState,
    ValueFacts,
    current_value_fen,
    may_countersign,
    report_valid_until,
)
from app.kernel.errors import IllegalEvent
from app.kernel.ids import new_id

LAST = date(2024, 12, 24)
ENDED = {
    AppraisalState.DECLINED,
    AppraisalState.REVOKED,
    AppraisalState.EXPIRED,
    AppraisalState.SUPERSEDED,
}


def facts(appraised_fen=100, valuation_fen=None, valid_until=LAST):
    return ValueFacts(
        appraised_fen=appraised_fen, valid_until=valid_until, valuation_fen=valuation_fen
    )


@pytest.mark.parametrize(("state", "event"), list(product(AppraisalState, AppraisalEvent)))
def test_every_pair_is_listed_or_refused(state, event):
    if (state, event) in APPRAISAL.table:
        assert APPRAISAL.next(state, event) is APPRAISAL.table[state, event]
    else:
        with pytest.raises(IllegalEvent):
            APPRAISAL.next(state, event)


def test_ended_states_have_no_exit():
    assert {state for state in AppraisalState if not APPRAISAL.events(state)} == ENDED


def test_a_value_lasts_through_the_last_day_and_is_never_zero_after_it():
    assert current_value_fen(facts(), today=LAST) == 100
    assert current_value_fen(facts(), today=LAST + timedelta(days=1)) is None


def test_without_an_appraisal_a_valuation_alone_is_no_value():
    assert current_value_fen(facts(None, 500), today=LAST) is None
    assert current_value_fen(facts(100, 500, None), today=LAST) is None


@given(st.integers(0, 10**15), st.integers(-(10**15), 10**15))
def test_the_current_value_is_the_lower_of_both_and_not_below_nothing(appraised, valued):
    found = current_value_fen(facts(appraised, valued), today=LAST)
    assert found == max(min(appraised, valued), 0)


def test_the_second_signature_is_another_persons():
    maker = new_id()
    assert not may_countersign(maker_id=maker, person_id=maker)
    assert not may_countersign(maker_id=None, person_id=maker)
    assert may_countersign(maker_id=maker, person_id=new_id())


def test_the_valuation_day_is_the_first_of_the_valid_days():
    assert report_valid_until(valued_on=date(2023, 12, 26), validity_days=365) == LAST
    assert report_valid_until(valued_on=LAST, validity_days=1) == LAST
