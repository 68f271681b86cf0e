"""The deterministic engine: quantity x price x profile x index x survival x discount, summed.

float64 throughout. One factor runs by recurrence from year to year and years are added in their
order, so that a row has the same bits alone and in a batch. Rows that share profile, rate and
hazard share one cell, which is valued once; a row reads the running sum of its cell where its term
ends.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.columns import Picked, is_constant, told_once
from risk_models.contract import (
    Exposure,
    Floats,
    Flow,
    Keyed,
    Price,
    Prices,
    Step,
    Stress,
    Text,
    traced,
)
from risk_models.keys import distinct_values, joint

__all__ = [
    "ON_TIME",
    "Assessment",
    "Cells",
    "assess",
    "discount",
    "year_table",
]

ON_TIME: Final = 1e-9
"""A payment this many years after the term still counts: it is the rounding of a day count."""

BLOCK: Final = 1 << 13
"""Cells valued at once: a column of 64 KiB stays in the processor's cache."""

NO_STRESS: Final = Stress()

Places = npt.NDArray[np.integer]


class Cells:
    """The distinct (profile, rate, hazard, term) of one flow, and the cell of each row.

    What is asked for some cells [c] is told year by year [c, T]; year j lies at `first` + j.
    """

    __slots__ = (
        "_by_year",
        "_discount",
        "_flow",
        "_growth",
        "_price",
        "_stress",
        "_survival",
        "_term",
        "_years",
        "first",
        "of_row",
        "profile",
    )

    def __init__(self, exposure: Exposure, flow: Flow, prices: Prices, stress: Stress) -> None:
        self._flow = flow
        self._stress = stress
        self._price = prices[flow.index] if flow.index is not None else None
        self._by_year = np.ascontiguousarray(flow.profile.values.T)
        self._years = np.arange(len(self._by_year), dtype=np.float64)
        profile, rate, hazard = flow.profile, exposure.rate, exposure.hazard
        if not flow.at_risk:
            # Whatever the hazard, such a flow is the same.
            hazard = Keyed.one(0.0, exposure.n)
        terms, term_key = _distinct_terms(flow, exposure.n)
        (self.profile, of_rate, of_hazard, of_term), self.of_row = _crossed(
            (profile.key, rate.key, hazard.key, term_key),
            (len(profile.values), len(rate.values), len(hazard.values), len(terms)),
        )
        first = np.broadcast_to(np.asarray(flow.first, dtype=np.float64), (len(profile.values),))
        self.first = first[self.profile]
        self._term = terms[of_term]
        growth = 0.0 if self._price is None or self._has_curve else self._price.growth
        kept = 1.0 - (hazard.values + stress.hazard_add) * flow.at_risk
        self._discount = _Carried(1.0 / (1.0 + rate.values + stress.rate_add), of_rate, self._years)
        self._survival = _Carried(kept, of_hazard, self._years)
        self._growth = _Carried(
            np.array([1.0 + growth]), np.zeros(len(self), np.int64), self._years
        )

    def __len__(self) -> int:
        return len(self.profile)

    def at(self, some: Picked) -> Floats:
        """When each year is paid."""
        return np.asarray(self.first[some][:, np.newaxis] + self._years)

    def units(self, some: Picked) -> Floats:
        """Units inside the term."""
        units = np.asarray(self._flow.profile.values[self.profile[some]], dtype=np.float64)
        if self._flow.term is not None:
            units *= self._counted(some)
        return units

    def index(self, some: Picked) -> Floats | float:
        """The relative price."""
        grown = self._growth.from_the_day(some, self.first[some])
        return grown * self._on_curve(self.at(some))

    def survival(self, some: Picked) -> Floats | float:
        """What is left of a flow at risk; a loss in a given year cuts what follows it."""
        stands = self._survival.from_the_day(some, self.first[some])
        return stands if self._stress.loss is None else stands * self._kept(self.at(some))

    def discount(self, some: Picked) -> Floats:
        """What a yuan of each year is worth on the day; one of the past has compounded."""
        return self._discount.throughout(some, self.first[some])

    def totals(self, some: Picked) -> Floats:
        """Present value per unit of quantity of the first years [T + 1, c], from none to all.

        Discount, survival and growth are one factor, carried from each year to the next.
        """
        profile, first = self.profile[some], self.first[some]
        totals = np.zeros((len(self._years) + 1, len(profile)))
        carried = self._survival.base(some) * self._growth.base(some)
        per_year = self._discount.base(some)
        present = per_year**first * carried ** np.maximum(first, 0.0)
        step = per_year * carried
        past = bool(np.any(first < 0.0))
        for year, units in enumerate(self._by_year):
            worth = units[profile] * present
            if self._has_curve or self._stress.loss is not None:
                worth *= self._aside(first + year)
            np.add(totals[year], worth, out=totals[year + 1])
            present *= per_year * _since_the_day(carried, first + year) if past else step
        return totals

    def _aside(self, at: Floats) -> Floats | float:
        """What no yearly factor carries: a price curve, and what a loss in a given year leaves."""
        return self._on_curve(at) * self._kept(at)

    def rotations(self, some: Picked) -> Floats:
        """What repeating the rotation without end multiplies some cells [c] by."""
        if self._flow.repeat is None:
            return np.ones(len(self.profile[some]))
        if self._has_curve or self._growth.moves:
            raise ValueError(f"{self._flow.name}: a repeated rotation needs a flat price")
        yearly = self._survival.base(some) * self._discount.base(some)
        return np.asarray(1.0 / (1.0 - yearly ** self._flow.repeat[self.profile[some]]))

    @property
    def repeats(self) -> bool:
        """Whether the rotation starts again without end."""
        return self._flow.repeat is not None

    @property
    def _has_curve(self) -> bool:
        return self._price is not None and self._price.curve is not None

    def _on_curve(self, at: Floats) -> Floats | float:
        return curve_at(self._price, at) if self._has_curve else 1.0

    def _kept(self, at: Floats) -> Floats | float:
        """What a loss in a given year leaves of the flows at risk after it."""
        if self._stress.loss is None or not self._flow.at_risk:
            return 1.0
        year, share = self._stress.loss
        return np.asarray(np.where(at > year, 1.0 - share, 1.0))

    def _counted(self, some: Picked) -> Floats | npt.NDArray[np.bool_]:
        at, term = self.at(some), self._term[some][:, np.newaxis]
        if not self._flow.even:
            return at <= term + ON_TIME
        begins = at - _length_of_first_period(self.first[some])[:, np.newaxis]
        return np.asarray(np.clip(term - begins, 0.0, 1.0))


class _Carried:
    """A yearly factor that some cells share: its base to the years passed."""

    __slots__ = ("_bases", "_key", "_powers", "_years", "moves")

    def __init__(self, bases: Floats, key: Places, years: Floats) -> None:
        self._bases, self._key, self._years = bases, key, years
        self.moves = bool(np.any(bases != 1.0))
        self._powers: Floats | None = None

    def base(self, some: Picked) -> Floats:
        return np.asarray(self._bases[self._key[some]])

    def throughout(self, some: Picked, first: Floats) -> Floats:
        """The factor of each year, those before the day too."""
        if self._powers is None:
            self._powers = self._bases[:, np.newaxis] ** self._years
        start = self.base(some) ** first
        found = self._powers[self._key[some]]
        found *= start[:, np.newaxis]
        return np.asarray(found)

    def from_the_day(self, some: Picked, first: Floats) -> Floats | float:
        """The same, 1 up to the valuation day."""
        if not self.moves:
            return 1.0
        found = self.throughout(some, np.maximum(first, 0.0))
        past = np.flatnonzero(first < 0.0)
        if len(past):
            # A flow that begins in the past meets the day between two of its payments.
            at = np.maximum(first[past][:, np.newaxis] + self._years, 0.0)
            found[past] = self.base(some)[past][:, np.newaxis] ** at
        return found


def _crossed(keys: Sequence[Places], sizes: Sequence[int]) -> tuple[Sequence[Places], Places]:
    """The combinations of keys that occur, key by key, and the one of each row.

    Where one key alone tells rows apart and all of its values occur, it is the combination itself.
    """
    told = [place for place, size in enumerate(sizes) if size > 1]
    if len(told) != 1:
        return joint(keys, sizes)
    key, size = keys[told[0]], sizes[told[0]]
    occurs = np.zeros(size, dtype=np.bool_)
    occurs[key] = True
    if not occurs.all():
        return joint(keys, sizes)
    found = [np.zeros(size, np.int64) for _ in sizes]
    found[told[0]] = np.arange(size)
    return found, key


def _since_the_day(base: Floats, at: Floats) -> Floats:
    """What a factor does from `at` to a year later, nothing of it before the day."""
    return np.asarray(base ** np.clip(at + 1.0, 0.0, 1.0))


def _length_of_first_period(first: Floats) -> Floats:
    """A flow at 0 pays in advance (0), at 1 in arrears (1), at 0.5 in the middle (0.5)."""
    return np.where(first > 0.0, first - np.ceil(first) + 1.0, 0.0)


def curve_at(price: Price | None, at: Floats) -> Floats:
    """The relative price at fractional years, 1 before the day and flat after the curve's end."""
    curve = price.curve if price is not None and price.curve is not None else (1.0,)
    years = np.arange(len(curve), dtype=np.float64)
    return np.asarray(np.interp(at, years, np.asarray(curve)))


def _distinct_terms(flow: Flow, rows: int) -> tuple[Floats, Places]:
    if flow.term is None:
        return np.array([np.inf]), np.zeros(rows, dtype=np.int64)
    return distinct_values(flow.term)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Assessment:
    """What one pass over an exposure gives: yuan by row, whole and by component, and units."""

    value: Floats
    components: Mapping[str, Floats]
    quantities: Mapping[str, tuple[Floats, str]]


def assess(exposure: Exposure, prices: Prices, stress: Stress | None = None) -> Assessment:
    """Values every flow once. Units are undiscounted, inside the term; money is no unit."""
    value = np.zeros(exposure.n)
    components: dict[str, Floats] = {}
    units: dict[str, tuple[Floats, str]] = {}
    for flow in exposure.flows:
        worth, amount = _flow_value(exposure, flow, prices, stress or NO_STRESS)
        before = components.get(flow.name)
        components[flow.name] = worth if before is None else before + worth
        value += worth
        if flow.unit != "yuan":
            counted = units.get(flow.name)
            units[flow.name] = (amount if counted is None else counted[0] + amount, flow.unit)
    return Assessment(value=value, components=components, quantities=units)


def discount(
    exposure: Exposure, prices: Prices, stress: Stress | None = None
) -> tuple[Floats, Mapping[str, Floats]]:
    """Yuan by row of the exposure, whole and by component."""
    found = assess(exposure, prices, stress)
    return found.value, found.components


def _flow_value(
    exposure: Exposure, flow: Flow, prices: Prices, stress: Stress
) -> tuple[Floats, Floats]:
    """Yuan and undiscounted units of one flow by row, each read from the years of its cell."""
    yuan = flow.quantity * flow.unit_price
    if _is_paid_today(flow):
        units = flow.profile.values[flow.profile.key, 0]
        return yuan * units, flow.quantity * units
    # The term is read row by row, so that rows of other terms share their cells.
    cells = Cells(exposure, replace(flow, term=None), prices, stress)
    last, share = _ends(flow)
    units = _read(_running(flow.profile.values), flow.profile.key, last, share)
    return yuan * _per_unit(flow, cells, last, share), flow.quantity * units


def _is_paid_today(flow: Flow) -> bool:
    """Whether all is one payment on the valuation day, which nothing changes."""
    one = flow.profile.values.shape[1] == 1 and np.ndim(flow.first) == 0 and flow.first == 0.0
    return bool(one and flow.index is None and flow.term is None and flow.repeat is None)


def _per_unit(flow: Flow, cells: Cells, last: Places, share: Floats | None) -> Floats:
    """Present value by row of a flow for one unit of its quantity."""
    per_unit = np.empty(len(cells.of_row))
    for here, rows in _rows_of_blocks(cells):
        at = cells.of_row[rows] - here.start if here.start else cells.of_row[rows]
        found = _read(cells.totals(here), at, last[rows], None if share is None else share[rows])
        if flow.repeat is not None:
            found *= cells.rotations(here)[at]
        if isinstance(rows, slice):
            return found
        per_unit[rows] = found
    return per_unit


def _rows_of_blocks(cells: Cells) -> Iterator[tuple[slice, Picked]]:
    """Each block of cells with its rows."""
    starts = range(0, len(cells), BLOCK)
    if len(starts) == 1:
        yield slice(0, BLOCK), slice(None)
        return
    block = cells.of_row // BLOCK
    # Small whole numbers are sorted by counting.
    order = np.argsort(block.astype(np.min_scalar_type(len(starts))), kind="stable")
    ends = np.cumsum(np.bincount(block, minlength=len(starts)))
    for start, begin, end in zip(starts, [0, *ends], ends, strict=False):
        yield slice(start, start + BLOCK), order[begin:end]


def _running(profiles: Floats) -> Floats:
    """What profiles [P, T] have added up to [T + 1, P]."""
    totals = np.zeros((profiles.shape[1] + 1, len(profiles)))
    for year in range(profiles.shape[1]):
        np.add(totals[year], profiles[:, year], out=totals[year + 1])
    return totals


def _read(
    totals: Floats, at: npt.NDArray[np.integer], last: Places, share: Floats | None
) -> Floats:
    """Of running totals [T + 1, c] the first `last` years by row, and a share of the next one."""
    cells = totals.shape[1]
    place = last * cells + at
    whole = np.asarray(totals.ravel().take(place))
    if share is None:
        return whole
    # What the year after adds; nothing does after the last.
    added = np.asarray(np.diff(totals, axis=0, append=totals[-1:]).ravel().take(place))
    added *= share
    added += whole
    return added


def _ends(flow: Flow) -> tuple[Places, Floats | None]:
    """How many years of a flow count whole by row, and what share of the next one counts."""
    years, key = flow.profile.values.shape[1], flow.profile.key
    if flow.term is None:
        return np.full(len(key), years), None
    first = told_once(np.atleast_1d(np.asarray(flow.first, dtype=np.float64)))
    begins = first[0] if len(first) == 1 or is_constant(first) else first[key]
    if not flow.even:
        whole = flow.term - begins
        whole += ON_TIME
        np.floor(whole, out=whole)
        whole += 1.0
        return np.clip(whole, 0.0, years, out=whole).astype(np.int64), None
    counted = flow.term - begins
    counted += _length_of_first_period(np.asarray(begins))
    np.maximum(counted, 0.0, out=counted)
    whole = np.floor(counted)
    return np.minimum(whole, years).astype(np.int64), counted - whole


def year_table(
    approach: str,
    exposure: Exposure,
    prices: Prices,
    stress: Stress | None,
    titles: Mapping[str, Text],
) -> list[Step]:
    """The years of each flow and their sum, for an exposure of one row.

    `titles` names the approach and each component.
    """
    names = _step_names(exposure.flows)
    tables = [
        _flow_table(
            f"{approach}.{name}", _titled(flow, titles), exposure, flow, prices, stress or NO_STRESS
        )
        for name, flow in zip(names, exposure.flows, strict=True)
    ]
    inputs = {name: table.value for name, table in zip(names, tables, strict=True)}
    total = discount(exposure, prices, stress)[0]
    formula = " + ".join(names) or "0"
    whole = Step(
        name=approach,
        title=titles[approach],
        formula=formula,
        unit="yuan",
        reference="",
        inputs=inputs,
        value=traced(total),
    )
    return [*tables, whole]


def _titled(flow: Flow, titles: Mapping[str, Text]) -> Text:
    """A flow that is no component keeps its name; conformance names it."""
    return titles.get(flow.name, Text(en=flow.name, zh=flow.name))


def _step_names(flows: tuple[Flow, ...]) -> list[str]:
    names: list[str] = []
    for flow in flows:
        earlier = sum(name == flow.name or name.startswith(f"{flow.name}__") for name in names)
        names.append(f"{flow.name}__{earlier + 1}" if earlier else flow.name)
    return names


def _flow_table(
    name: str, title: Text, exposure: Exposure, flow: Flow, prices: Prices, stress: Stress
) -> Step:
    cells = Cells(exposure, flow, prices, stress)
    one = cells.of_row[:1]
    units = cells.units(one)
    # Nothing of what has grown without end is no payment.
    paid = np.isfinite(units[0]) & (units[0] != 0.0)

    def listed(factor: Floats | float) -> list[float]:
        return [float(each) for each in np.broadcast_to(factor, units.shape)[0, paid]]

    inputs: Mapping[str, list[float] | float] = {
        "year": listed(cells.at(one)),
        "units": listed(flow.quantity[0] * units),
        "unit_price": float(np.atleast_1d(flow.unit_price)[0]),
        "index": listed(cells.index(one)),
        "survival": listed(cells.survival(one)),
        "discount": listed(cells.discount(one)),
        "rotations": float(cells.rotations(one)[0]),
    }
    return Step(
        name=name,
        title=title,
        formula="sum(units * unit_price * index * survival * discount) * rotations",
        unit="yuan",
        reference="",
        inputs=inputs,
        value=traced(_flow_value(exposure, flow, prices, stress)[0]),
    )
