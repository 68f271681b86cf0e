"""Pure rules of the desk: what is urgent, and what a fall of values does to a loan."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID

from app.collateral.domain.cover import (
    Cover,
    Cure,
    Debt,
    Lines,
    PoolAsset,
    cure_of,
    measure_cover,
)
from app.kernel.actor import Name
from app.kernel.money import floor_div
from app.kernel.rates import PPM

SOON_DAYS = 2
NOBODY = Name(zh="", en="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One thing that waits for the actor. `what` is a message of the catalogue with its facts."""

    what: str
    number: str
    href: str
    facts: dict[str, object] = field(default_factory=dict)
    title: Name = NOBODY
    customer: Name = NOBODY
    amount_fen: int | None = None
    due_on: date | None = None

    def days_left(self, today: date) -> int | None:
        """Days until the last day; negative when it has passed."""
        return None if self.due_on is None else (self.due_on - today).days


def by_urgency(tasks: Iterable[Task]) -> list[Task]:
    """The nearest last day first; what has none comes after, the larger amount before."""
    return sorted(
        tasks,
        key=lambda task: (
            task.due_on is None,
            task.due_on or date.max,
            -(task.amount_fen or 0),
            task.number,
        ),
    )


def late_or_soon(tasks: Sequence[Task], today: date) -> int:
    """How many are late or due within two days."""
    left = [task.days_left(today) for task in tasks]
    return sum(1 for days in left if days is not None and days <= SOON_DAYS)


@dataclass(frozen=True, slots=True, kw_only=True)
class FallenAsset:
    """An asset of a pool with its value after a fall: what the bank would then recognise at most.

    priced: the figure comes from its model on fallen prices; else the value itself was lowered.
    """

    asset_id: UUID
    before_fen: int | None
    after_fen: int | None
    priced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """Cover of a debt after a fall, beside what would cure it. Nothing of it is stored."""

    before: Cover
    after: Cover
    cure: Cure
    assets: tuple[FallenAsset, ...]


def lowered_fen(value_fen: int, fall_ppm: int) -> int:
    """A value less a share of it, rounded down."""
    return floor_div(value_fen * (PPM - fall_ppm), PPM)


def what_if(
    debt: Debt,
    pool: Sequence[PoolAsset],
    lines: Lines,
    fallen: Sequence[FallenAsset],
    *,
    guaranteed_fen: int = 0,
) -> WhatIf:
    """Measure the cover again with each recognised value lowered to what its asset would then be worth."""
    after = {each.asset_id: each.after_fen for each in fallen}
    low = tuple(
        replace(asset, recognised_fen=after.get(asset.asset_id, asset.recognised_fen))
        for asset in pool
    )
    before_cover = measure_cover(debt, pool, lines, guaranteed_fen=guaranteed_fen)
    after_cover = measure_cover(debt, low, lines, guaranteed_fen=guaranteed_fen)
    return WhatIf(
        before=before_cover,
        after=after_cover,
        cure=cure_of(debt, after_cover.recognised_fen, lines),
        assets=tuple(fallen),
    )


def follow_down(recognised_fen: int | None, current_fen: int | None) -> int | None:
    """A recognised value follows the current value down, never up."""
    if recognised_fen is None or current_fen is None:
        return None
    return min(recognised_fen, current_fen)
