"""The state tables of applications and drawdowns: every pair listed or refused, every state reachable."""

from itertools import product

import pytest

from app.kernel.errors import IllegalEvent
from app.origination.domain.duties import APART, Duty, Part, decide_duty, duty_of
from app.origination.domain.states import (
    APPLICATION,
    APPLICATION_EVENT_TITLES,
    APPLICATION_STATE_TITLES,
    DRAWDOWN,
    DRAWDOWN_STATE_TITLES,
    RETURNS_FROM,
    ApplicationEvent,
    ApplicationState,
    DrawdownEvent,
    DrawdownState,
)

MACHINES = [
    (APPLICATION, ApplicationState, ApplicationEvent),
    (DRAWDOWN, DrawdownState, DrawdownEvent),
]


@pytest.mark.parametrize(("machine", "states", "events"), MACHINES)
def test_each_pair_is_listed_or_refused(machine, states, events) -> None:
    for state, event in product(states, events):
        if (state, event) in machine.table:
            assert machine.next(state, event) is machine.table[state, event]
        else:
            with pytest.raises(IllegalEvent) as refused:
                machine.next(state, event)
            assert refused.value.facts["legal"] == [each.value for each in machine.events(state)]


@pytest.mark.parametrize(("machine", "states", "events"), MACHINES)
def test_every_state_is_reached_and_every_event_has_its_permission(machine, states, events) -> None:
    reached, before = {machine.initial}, set()
    while reached != before:
        before = set(reached)
        reached |= {target for (source, _), target in machine.table.items() if source in before}
    assert reached == set(states)
    assert set(machine.permissions) == set(events)


def test_final_states_have_no_exit() -> None:
    assert APPLICATION.final_states() == {
        ApplicationState.CONTRACTED,
        ApplicationState.REJECTED,
        ApplicationState.WITHDRAWN,
    }
    assert DRAWDOWN.final_states() == {DrawdownState.POSTED, DrawdownState.REFUSED}


def test_everything_has_words() -> None:
    assert set(APPLICATION_STATE_TITLES) == set(ApplicationState)
    assert set(APPLICATION_EVENT_TITLES) == set(ApplicationEvent)
    assert set(DRAWDOWN_STATE_TITLES) == set(DrawdownState)


def test_every_step_belongs_to_a_duty_and_every_return_to_a_holder() -> None:
    for state, event in APPLICATION.table:
        assert duty_of(event, state) in Duty
    returns = {state for state, event in APPLICATION.table if event is ApplicationEvent.RETURN}
    assert set(RETURNS_FROM) == returns


ME, OTHER = "me", "other"


@pytest.mark.parametrize("duty", sorted(APART))
@pytest.mark.parametrize("earlier", list(Duty))
def test_an_earlier_part_excludes_from_every_other_deciding_duty(duty, earlier) -> None:
    mine = [Part(person_id=ME, duty=earlier), Part(person_id=OTHER, duty=duty)]
    assert decide_duty(mine, person_id=ME, duty=duty) is (earlier is duty)
    theirs = [Part(person_id=OTHER, duty=earlier)]
    assert decide_duty(theirs, person_id=ME, duty=duty)


@pytest.mark.parametrize("duty", [Duty.APPLY, Duty.INVESTIGATE])
def test_applying_and_investigating_exclude_nobody(duty) -> None:
    parts = [Part(person_id=ME, duty=each) for each in Duty]
    assert decide_duty(parts, person_id=ME, duty=duty)
