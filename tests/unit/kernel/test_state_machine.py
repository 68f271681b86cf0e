"""A step that a table does not list is refused in words of both languages, and in codes for programs."""

import pytest

from app.appraisal.domain import APPRAISAL
from app.assets.domain import ASSET
from app.collateral.domain.states import MARGIN_CALL, PLEDGE
from app.identity.domain import PERSON, PersonEvent, PersonState
from app.kernel.errors import IllegalEvent
from app.loans.domain.states import LOAN
from app.origination.domain.states import APPLICATION, DRAWDOWN
from app.reference.domain import ITEMS, OVERRIDE

MACHINES = (
    *(APPLICATION, APPRAISAL, ASSET, DRAWDOWN, ITEMS, LOAN, MARGIN_CALL, OVERRIDE),
    *(PERSON, PLEDGE),
)


@pytest.mark.parametrize("machine", MACHINES, ids=lambda each: each.name)
def test_every_state_and_event_has_its_title(machine) -> None:
    assert set(machine.state_titles) == set(type(machine.initial))
    (event_type,) = {type(event) for _, event in machine.table}
    assert set(machine.event_titles) == set(event_type)


def test_a_refused_step_names_state_step_and_legal_steps_by_code_and_words() -> None:
    with pytest.raises(IllegalEvent) as refused:
        PERSON.next(PersonState.DISABLED, PersonEvent.DISABLE)
    facts = refused.value.facts
    assert (facts["machine"], facts["state"], facts["event"]) == ("person", "disabled", "disable")
    assert facts["legal"] == ["enable"]
    assert (facts["state"].words, facts["event"].words) == ("Disabled", "Disable")
    assert [each.words for each in facts["legal"]] == ["Enable"]
