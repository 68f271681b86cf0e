"""Which level a cause has, and what becomes of one that is seen again."""

from datetime import date, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app import policy
from app.kernel.actor import Name
from app.loans.domain.causes import (
    LastCause,
    Move,
    Trigger,
    TriggerRule,
    both,
    cause_told,
    decide,
    figure_words,
    told_by_system,
    trigger_rule,
    trigger_words,
)
from app.loans.domain.inspection import tables
from app.loans.domain.signals import OPEN_SIGNALS, SignalState, is_raised, levels, signal_kinds
from app.policy import Policy

ON = date(2024, 1, 2)
RULE = TriggerRule(
    trigger=Trigger.OVERDUE, steps=(("yellow", 1), ("orange", 31), ("red", 91)), quiet_days=5
)
LEVELS = st.sampled_from(list(levels()))


def last(level="yellow", ended=None, state=SignalState.OPEN):
    ended_on = None if ended is None else ON - timedelta(days=ended)
    return LastCause(level=level, ended_on=ended_on, state=state)


@pytest.mark.parametrize(
    ("measure", "level"),
    [(0, None), (1, "yellow"), (30, "yellow"), (31, "orange"), (90, "orange"), (91, "red")],
)
def test_a_level_counts_from_its_measure_on(measure, level):
    assert RULE.level_of(measure) == level


def test_a_cause_never_seen_before_is_raised():
    assert decide(RULE, None, "yellow", on=ON) is Move.RAISE


@pytest.mark.parametrize("state", SignalState)
def test_a_cause_that_holds_on_is_kept_whatever_became_of_its_signal(state):
    assert decide(RULE, last("orange", state=state), "orange", on=ON) is Move.KEEP
    assert decide(RULE, last("orange", state=state), "yellow", on=ON) is Move.KEEP


def test_a_graver_cause_worsens_an_open_signal_and_raises_another_after_a_closed_one():
    for state in SignalState:
        expected = Move.WORSEN if state in OPEN_SIGNALS else Move.RAISE
        assert decide(RULE, last(state=state), "orange", on=ON) is expected


@pytest.mark.parametrize(("days", "move"), [(0, Move.RESUME), (5, Move.RESUME), (6, Move.RAISE)])
def test_a_cause_that_returns_within_the_quiet_days_is_the_same_episode(days, move):
    assert decide(RULE, last(ended=days), "yellow", on=ON) is move
    dismissed = last(ended=days, state=SignalState.DISMISSED)
    assert decide(RULE, dismissed, "yellow", on=ON) is move


def test_a_cause_that_returns_after_its_signal_was_resolved_is_raised_anew():
    resolved = last(ended=0, state=SignalState.RESOLVED)
    assert decide(RULE, resolved, "yellow", on=ON) is Move.RAISE


def test_what_was_ruled_out_is_raised_anew_on_a_graver_level():
    dismissed = last(ended=0, state=SignalState.DISMISSED)
    assert decide(RULE, dismissed, "orange", on=ON) is Move.RAISE


@given(before=LEVELS, now=LEVELS, state=st.sampled_from(SignalState))
def test_no_second_signal_while_a_cause_holds_unless_it_is_graver_and_the_first_closed(
    before, now, state
):
    move = decide(RULE, last(before, state=state), now, on=ON)
    graver = is_raised(before, now) and state not in OPEN_SIGNALS
    assert (move is Move.RAISE) == graver


@pytest.mark.parametrize("trigger", Trigger)
def test_every_trigger_has_words_a_kind_and_rising_steps_on_rising_levels(trigger):
    words, rule = trigger_words()[trigger], trigger_rule(Policy(parameters=policy.on(ON)), trigger)
    assert words.kind in signal_kinds()
    assert set(words.figures) <= set(tables()["figures"])
    assert words.name.zh
    assert words.over.en
    assert rule.quiet_days >= 0
    starts = [start for _level, start in rule.steps]
    assert starts == sorted(set(starts))
    assert starts[0] >= 1
    for (lower, _), (higher, _) in zip(rule.steps, rule.steps[1:], strict=False):
        assert is_raised(lower, higher)


@pytest.mark.parametrize(
    ("code", "value", "text"),
    [
        ("debt_fen", 123_456_05, "123,456.05"),
        ("ratio_ppm", 714_300, "71.43%"),
        ("recognised_fen", None, "—"),
        ("ends_on", "2024-06-30", "2024-06-30"),
        ("days_late", 3, "3"),
        ("line", 2, "Top-up line"),
        ("tier", 4, "Loss"),
    ],
)
def test_figures_are_written_in_their_units(code, value, text):
    assert figure_words(code, value).en == text
    told = cause_told(Name(zh="情形", en="Cause"), {code: value})
    assert told.en.endswith(f" {text}")
    assert told_by_system(both(told)) == told


def test_each_trigger_is_told_once_in_the_tables():
    assert list(trigger_words()) == list(Trigger)
    pairs = list(product(trigger_words().values(), repeat=2))
    assert all(one.name != other.name for one, other in pairs if one is not other)
