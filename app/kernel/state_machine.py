"""State machines as tables: what is not listed is refused with the list of what is."""

from collections.abc import Collection, Mapping
from enum import StrEnum
from typing import Generic, Self, TypeVar

from app.kernel.actor import Actor
from app.kernel.errors import IllegalEvent
from app.kernel.permissions import Permission
from app.kernel.text import Coded

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class StateMachine(Generic[S, E]):
    """A table (state, event) -> next state, the permission that each event needs, and the words of both."""

    def __init__(
        self,
        name: str,
        table: Mapping[tuple[S, E], S],
        *,
        initial: S,
        permissions: Mapping[E, Permission],
        state_titles: Mapping[S, str],
        event_titles: Mapping[E, str],
    ) -> None:
        self.name = name
        self.table = dict(table)
        self.initial = initial
        self.permissions = dict(permissions)
        self.state_titles = dict(state_titles)
        self.event_titles = dict(event_titles)

    def next(self, state: S, event: E) -> S:
        """The state after the event; `IllegalEvent` with the legal ones when it is not listed."""
        target = self.table.get((state, event))
        if target is None:
            raise self.refusal(state, self._coded(event))
        return target

    def refusal(self, state: S, step: Coded) -> IllegalEvent:
        """Why a step is not possible in a state, with the events that are."""
        return IllegalEvent(
            machine=self.name,
            state=Coded(state, self.state_titles[state]),
            event=step,
            legal=[self._coded(each) for each in self.events(state)],
        )

    def events(self, state: S) -> tuple[E, ...]:
        """The events listed for a state, in the order of the table."""
        return tuple(event for (source, event) in self.table if source == state)

    def events_for(self, state: S, actor: Actor) -> tuple[E, ...]:
        """The events of a state that the actor's roles permit."""
        return tuple(event for event in self.events(state) if actor.may(self.permissions[event]))

    def without(self, events: Collection[E]) -> Self:
        """The machine of things that some events never happen to."""
        table = {step: target for step, target in self.table.items() if step[1] not in events}
        return type(self)(
            self.name,
            table,
            initial=self.initial,
            permissions=self.permissions,
            state_titles=self.state_titles,
            event_titles=self.event_titles,
        )

    def final_states(self) -> frozenset[S]:
        """The states with no way out."""
        sources = {state for (state, _) in self.table}
        return frozenset(target for target in self.table.values() if target not in sources)

    def _coded(self, event: E) -> Coded:
        return Coded(event, self.event_titles[event])
