"""State machines as tables: what is not listed is refused with the list of what is."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Generic, TypeVar

from app.kernel.actor import Actor
from app.kernel.errors import IllegalEvent
from app.kernel.permissions import Permission

S = TypeVar("S", bound=StrEnum)
E = TypeVar("E", bound=StrEnum)


class StateMachine(Generic[S, E]):
    """A table (state, event) -> next state, and the permission that each event needs."""

    def __init__(
        self,
        name: str,
        table: Mapping[tuple[S, E], S],
        *,
        initial: S,
        permissions: Mapping[E, Permission],
    ) -> None:
        self.name = name
        self.table = dict(table)
        self.initial = initial
        self.permissions = dict(permissions)

    def next(self, state: S, event: E) -> S:
        """The state after the event; `IllegalEvent` with the legal ones when it is not listed."""
        target = self.table.get((state, event))
        if target is None:
            legal = [each.value for each in self.events(state)]
            raise IllegalEvent(machine=self.name, state=state.value, event=event.value, legal=legal)
        return target

    def events(self, state: S) -> tuple[E, ...]:
        """The events listed for a state, in the order of the table."""
        return tuple(event for (source, event) in self.table if source == state)

    def events_for(self, state: S, actor: Actor) -> tuple[E, ...]:
        """The events of a state that the actor's roles permit."""
        return tuple(event for event in self.events(state) if actor.may(self.permissions[event]))

    def final_states(self) -> frozenset[S]:
        """The states with no way out."""
        sources = {state for (state, _) in self.table}
        return frozenset(target for target in self.table.values() if target not in sources)
