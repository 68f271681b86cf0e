"""What changed between two appraisals of one asset, and what each change did to the value. Pure.

The former appraisal is valued again step by step: by the model of today, then on the new day, then
at the new prices, under the new parameters, on the new inputs. Each step keeps what came before, so
the amounts sum to the difference in fen. What a step alone cannot be valued with (inputs refused on
the new day) carries no amount; the next step that can be valued carries both.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

import numpy as np

from app.appraisal.domain.catalogue import find_model, parameters_on
from app.appraisal.domain.price_use import usable_prices
from app.appraisal.domain.valuing import Inputs, PriceFacts, price_of
from app.kernel.text import N_
from risk_models.appraise import to_fen
from risk_models.batches import batch_from_rows
from risk_models.contract import Basis, Model, ModelSpec, Prices
from risk_models.dated import Parameters
from risk_models.runner import value
from risk_models.words import Text


class ChangeKind(StrEnum):
    """What changed, in the order in which the steps are taken."""

    MODEL = "model"
    DAY = "day"
    PRICES = "prices"
    PARAMETERS = "parameters"
    INPUTS = "inputs"
    REST = "rest"


CHANGE_TITLES: Mapping[ChangeKind, str] = {
    ChangeKind.MODEL: N_("Model version"),
    ChangeKind.DAY: N_("Valuation day"),
    ChangeKind.PRICES: N_("Prices"),
    ChangeKind.PARAMETERS: N_("Parameters"),
    ChangeKind.INPUTS: N_("Inputs"),
    ChangeKind.REST: N_("Not to be told apart"),
}
TABLE: Final = "table"
"""Stands for a parameter that is a table, which is told as changed and not printed; also its unit."""

PRICE_FACTS: Final = ("unit", "growth", "curve")


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One appraisal of the two: what it stood on and what it gave."""

    number: str
    model_id: str
    model_version: str
    on: date
    inputs: Inputs
    prices: Mapping[str, PriceFacts]
    value_fen: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that changed, old and new as they are stored; None where there was or is none."""

    name: str
    title: Text
    unit: str
    old: Any
    new: Any
    amount_fen: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A step of the split: what changed in it, and by how much it moved the value."""

    kind: ChangeKind
    amount_fen: int | None
    items: Sequence[Item] = field(default_factory=tuple)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Two appraisals of one asset and the split of their difference."""

    then: Side
    now: Side
    changes: Sequence[Change]

    @property
    def difference_fen(self) -> int:
        return self.now.value_fen - self.then.value_fen


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stand:
    """What one run stands on."""

    on: date
    parameters: Parameters
    prices: Mapping[str, PriceFacts]
    inputs: Inputs


def compared(then: Side, now: Side) -> Comparison:
    """The split of the difference; another model than before makes one step of it."""
    model = find_model(now.model_id)
    if model is None or then.model_id != now.model_id:
        changes: Sequence[Change] = [_other_model(then, now)]
    else:
        changes = list(_Split(model, then, now).changes())
    return Comparison(then=then, now=now, changes=changes)


def _other_model(then: Side, now: Side) -> Change:
    models = [f"{each.model_id} {each.model_version}" for each in (then, now)]
    return Change(
        kind=ChangeKind.MODEL,
        amount_fen=now.value_fen - then.value_fen,
        items=[_item("model", Text(en="Model", zh="模型"), "", models)],
    )


def _item(
    name: str, title: Text, unit: str, sides: Sequence[Any], amount_fen: int | None = None
) -> Item:
    old, new = sides
    return Item(name=name, title=title, unit=unit, old=old, new=new, amount_fen=amount_fen)


class _Split:
    """The walk from the former stand to the present one; `reached` is the last value on the way."""

    def __init__(self, model: Model, then: Side, now: Side) -> None:
        self.model = model
        self.then = then
        self.now = now
        self.reached = then.value_fen
        self.stand = _Stand(
            on=then.on, parameters=parameters_on(then.on), prices=then.prices, inputs=then.inputs
        )

    def changes(self) -> Iterator[Change]:
        yield from self._model()
        yield from self._day()
        yield from self._prices()
        yield from self._parameters()
        yield from self._inputs()
        rest = self.now.value_fen - self.reached
        if rest:
            yield Change(kind=ChangeKind.REST, amount_fen=rest)

    def _step(self, **moved: Any) -> int | None:
        """Take a step; gives what it did to the value, None when it cannot be valued alone."""
        self.stand = _replaced(self.stand, moved)
        found = _valued(self.model, self.stand)
        if found is None:
            return None
        amount, self.reached = found - self.reached, found
        return amount

    def _model(self) -> Iterator[Change]:
        installed = self.model.spec.version
        amount = self._step()
        versions = (self.then.model_version, installed)
        if amount or versions[0] != versions[1]:
            title = Text(en="Version", zh="版本")
            yield Change(
                kind=ChangeKind.MODEL,
                amount_fen=amount,
                items=[_item("version", title, "", versions)],
            )

    def _day(self) -> Iterator[Change]:
        if self.then.on == self.now.on:
            return
        days = (self.then.on.isoformat(), self.now.on.isoformat())
        title = Text(en="Valuation day", zh="评估基准日")
        yield Change(
            kind=ChangeKind.DAY,
            amount_fen=self._step(on=self.now.on, prices=self._kept_prices()),
            items=[_item("valued_on", title, "", days)],
        )

    def _kept_prices(self) -> Mapping[str, PriceFacts]:
        """The former prices as if they were of the new day: else a model refuses them for their age."""
        today = self.now.on.isoformat()
        return {key: {**facts, "priced_on": today} for key, facts in self.then.prices.items()}

    def _prices(self) -> Iterator[Change]:
        spec = self.model.spec
        titles = {use.id: use.title for use in spec.prices}
        known = usable_prices(spec, self.then.inputs) | usable_prices(spec, self.now.inputs)
        items = []
        for price_id, title in titles.items():
            if price_id not in known:
                continue
            old, new = self.then.prices.get(price_id), self.now.prices.get(price_id)
            if _price_facts(old) != _price_facts(new):
                moved = dict(self.stand.prices)
                if new is None:
                    moved.pop(price_id, None)
                else:
                    moved[price_id] = new
                facts = new or old or {}
                amount = self._step(prices=moved)
                yuan = [None if each is None else _price_text(each) for each in (old, new)]
                items.append(_item(price_id, title, facts.get("unit", ""), yuan, amount))
        yield from self._whole(ChangeKind.PRICES, items)

    def _parameters(self) -> Iterator[Change]:
        before, after = self.stand.parameters, parameters_on(self.now.on)
        changed = list(_changed_parameters(self.model.spec, before, after))
        amount = self._step(parameters=after)
        if changed or amount:
            yield Change(kind=ChangeKind.PARAMETERS, amount_fen=amount, items=changed)

    def _inputs(self) -> Iterator[Change]:
        items = []
        for each in self.model.spec.fields:
            old, new = self.then.inputs.get(each.name), self.now.inputs.get(each.name)
            if not _same(old, new):
                moved = dict(self.stand.inputs)
                if new is None:
                    moved.pop(each.name, None)
                else:
                    moved[each.name] = new
                amount = self._step(inputs=moved)
                items.append(_item(each.name, each.title, each.unit, (old, new), amount))
        yield from self._whole(ChangeKind.INPUTS, items)

    def _whole(self, kind: ChangeKind, items: list[Item]) -> Iterator[Change]:
        amounts = [each.amount_fen for each in items if each.amount_fen is not None]
        if items:
            yield Change(kind=kind, amount_fen=sum(amounts) if amounts else None, items=items)


def _replaced(stand: _Stand, moved: Mapping[str, Any]) -> _Stand:
    kept = {name: getattr(stand, name) for name in _Stand.__dataclass_fields__}
    return _Stand(**{**kept, **moved})


def _valued(model: Model, stand: _Stand) -> int | None:
    known = {
        key: price_of(facts) for key, facts in stand.prices.items() if key in model.spec.price_ids
    }
    basis = Basis(on=stand.on, parameters=stand.parameters, prices=Prices(known))
    try:
        batch = batch_from_rows(model.spec, [stand.inputs], stand.parameters)
        with np.errstate(all="ignore"):
            found = float(value(model, batch, basis).value[0])
    except Exception:  # noqa: BLE001 - a mixture of two days that breaks the model has no figure
        return None
    return to_fen(found) if np.isfinite(found) else None


def _price_facts(facts: PriceFacts | None) -> list[Any]:
    """What makes a price: 30.0 is 30."""
    if facts is None:
        return []
    return [Decimal(facts["yuan"]), *(facts.get(name) for name in PRICE_FACTS)]


def _price_text(facts: PriceFacts) -> str:
    growth = float(facts.get("growth") or 0.0)
    yuan = f"{Decimal(facts['yuan']).normalize():,f}"
    return yuan if not growth else f"{yuan} ({growth:+.1%})"


def _same(old: Any, new: Any) -> bool:
    """Whether two stored inputs say the same: 0.10 is 0.1, and what is not ticked is left out or false."""
    if old == new or (_is_left_out(old) and _is_left_out(new)):
        return True
    try:
        return float(old) == float(new)
    except (TypeError, ValueError):
        return False


def _is_left_out(given: Any) -> bool:
    return given is None or given is False


def _changed_parameters(spec: ModelSpec, before: Parameters, after: Parameters) -> Iterator[Item]:
    for name in spec.parameters:
        sides = [each.in_force(name) if name in each else None for each in (before, after)]
        values = [None if each is None else each.value for each in sides]
        known = sides[1] or sides[0]
        if values[0] == values[1] or known is None:
            continue
        shown = [
            None if each is None else f"{each:f}" if isinstance(each, Decimal) else TABLE
            for each in values
        ]
        yield _item(name, known.parameter.title, known.parameter.unit, shown)
