"""The rows of a GEP account as they come from JSON or a workbook, and what they must be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from risk_models.appraise import to_fen
from risk_models.contract import Price
from risk_models.models.gep.passport import SPEC
from risk_models.models.gep.services import COMPONENTS
from risk_models.words import Text

__all__ = [
    "CLASSES",
    "UNDIVIDED",
    "AccountDocument",
    "AccountRow",
    "InvalidAccount",
    "document_from",
    "regions_above",
]

UNDIVIDED: Final = "undivided"
"""A row, or a figure, that is not divided by ecosystem or by service."""

CLASSES: Final[Mapping[str, Text]] = {
    **{name: Text(en=en, zh=zh) for name, en, zh in COMPONENTS},
    "regulating": Text(en="Regulating services, undivided", zh="调节服务（未分项）"),
    UNDIVIDED: Text(en="All services, undivided", zh="全部服务（未分项）"),
}
"""What a figure may be stated for: a service, the regulating class, or everything together."""

MOST_ROWS: Final = 5_000
"""A city has a few hundred units; more rows are another kind of file."""

MOST_YUAN: Final = 1e15
MOST_SOURCE: Final = 300
"""Letters that name a source, as wherever a price is stated."""
SHARED: Final = ("norm_profile", "price_table", "area_unit", "price_factor")
"""Inputs a document may state once for all its rows."""


class InvalidAccount(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """A document that is no account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One unit: inputs of the model, or yuan stated by class of service."""

    number: int
    region: str
    parent: str
    ecosystem: str
    year: int
    inputs: Mapping[str, object] = field(default_factory=dict)
    stated_fen: Mapping[str, int] = field(default_factory=dict)

    @property
    def place(self) -> tuple[str, str]:
        return self.region, self.ecosystem


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountDocument:
    """Rows of one or several years, and the prices given with them, each with its source."""

    rows: tuple[AccountRow, ...]
    prices: Mapping[str, Price]

    @property
    def years(self) -> tuple[int, ...]:
        return tuple(sorted({row.year for row in self.rows}))


def document_from(raw: object) -> AccountDocument:
    """Reads `{"norm_profile", "price_table", ..., "rows": [{region, parent, ecosystem, year, ...}]}`.

    A row gives `inputs` of the model or `stated_yuan` by service; what the document states for all
    rows counts where a row says nothing. `"prices": {id: {"yuan", "unit", "source"}}` are prices
    that count instead of those of the table, or where it has none.
    """
    whole = _mapping(raw, "document")
    strangers = sorted(set(whole) - {*SHARED, "rows", "title", "prices"})
    if strangers:
        raise InvalidAccount(f"document: no field {strangers[0][:40]!a}")
    listed = whole.get("rows")
    if not isinstance(listed, list) or not listed:
        raise InvalidAccount("rows: a list of at least one row is needed")
    if len(listed) > MOST_ROWS:
        raise InvalidAccount(f"rows: at most {MOST_ROWS}")
    shared = {name: whole[name] for name in SHARED if name in whole}
    rows = tuple(_row(place + 1, entry, shared) for place, entry in enumerate(listed))
    _require_tree(rows)
    _require_distinct(rows)
    return AccountDocument(rows=rows, prices=_prices(whole.get("prices", {})))


def _prices(raw: object) -> dict[str, Price]:
    units = {use.id: use.unit for use in SPEC.prices}
    found = {}
    for name, given in _mapping(raw, "prices").items():
        if name not in units:
            raise InvalidAccount(f"prices: no price {name[:40]!a}; one of {', '.join(units)}")
        found[name] = _price(name, units[name], _mapping(given, f"prices: {name}"))
    return found


def _price(name: str, unit: str, entry: Mapping[str, object]) -> Price:
    strangers = sorted(set(entry) - {"yuan", "unit", "source"})
    if strangers:
        raise InvalidAccount(f"prices: {name}: no field {strangers[0][:40]!a}")
    if entry.get("unit", unit) != unit:
        raise InvalidAccount(f"prices: {name}: the unit is {unit}")
    source = entry.get("source")
    if not isinstance(source, str) or not 0 < len(source.strip()) <= MOST_SOURCE:
        raise InvalidAccount(f"prices: {name}: where the price comes from is needed")
    yuan = _yuan(entry.get("yuan"), f"prices: {name}")
    if yuan <= 0.0:
        raise InvalidAccount(f"prices: {name}: yuan above 0 are needed")
    return Price(yuan=yuan, unit=unit, source=source.strip())


def _yuan(given: object, what: str) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float | str):
        raise InvalidAccount(f"{what}: yuan are needed")
    try:
        yuan = float(given)
    except (ValueError, OverflowError):
        raise InvalidAccount(f"{what}: yuan are needed") from None
    if not 0.0 <= yuan <= MOST_YUAN:
        raise InvalidAccount(f"{what}: yuan between 0 and {MOST_YUAN:.0e}")
    return yuan


def _mapping(raw: object, what: str) -> Mapping[str, object]:
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise InvalidAccount(f"{what}: an object is needed")
    return raw


def _row(number: int, raw: object, shared: Mapping[str, object]) -> AccountRow:
    entry = _mapping(raw, f"row {number}")
    known = {"region", "parent", "ecosystem", "year", "inputs", "stated_yuan"}
    strangers = sorted(set(entry) - known)
    if strangers:
        raise InvalidAccount(f"row {number}: no field {strangers[0][:40]!a}")
    if ("inputs" in entry) == ("stated_yuan" in entry):
        raise InvalidAccount(f"row {number}: either inputs or stated_yuan is needed")
    year = entry.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not 1990 <= year <= 2100:
        raise InvalidAccount(f"row {number}: year: a year such as 2023 is needed")
    ecosystem = _text(entry, "ecosystem", number) or UNDIVIDED
    region = _text(entry, "region", number)
    if not region:
        raise InvalidAccount(f"row {number}: region: a code or a name is needed")
    given = dict(_mapping(entry.get("inputs", {}), f"row {number}: inputs"))
    if "inputs" in entry:
        given = {**shared, **given, "ecosystem": ecosystem, "account_year": year}
    return AccountRow(
        number=number,
        region=region,
        parent=_text(entry, "parent", number),
        ecosystem=ecosystem,
        year=year,
        inputs=given,
        stated_fen=_stated(entry.get("stated_yuan", {}), number),
    )


def _text(entry: Mapping[str, object], name: str, number: int) -> str:
    given = entry.get(name, "")
    if not isinstance(given, str) or len(given) > 60:
        raise InvalidAccount(f"row {number}: {name}: a short text is needed")
    return given.strip()


def _stated(raw: object, number: int) -> dict[str, int]:
    found = {}
    for service, given in _mapping(raw, f"row {number}: stated_yuan").items():
        if service not in CLASSES:
            raise InvalidAccount(f"row {number}: no service {service[:40]!a}")
        found[service] = to_fen(_yuan(given, f"row {number}: {service}"))
    return found


def _require_tree(rows: Sequence[AccountRow]) -> None:
    """Refuses a region with two parents, and one that lies in itself."""
    parents: dict[str, str] = {}
    for row in rows:
        if parents.setdefault(row.region, row.parent) != row.parent:
            raise InvalidAccount(f"row {row.number}: {row.region!a} has two parents")
    for row in rows:
        seen = {row.region}
        for above in regions_above(row.region, parents):
            if above in seen:
                raise InvalidAccount(f"row {row.number}: {row.region!a} lies in itself")
            seen.add(above)


def _require_distinct(rows: Sequence[AccountRow]) -> None:
    seen: set[tuple[str, str, int]] = set()
    for row in rows:
        if (*row.place, row.year) in seen:
            raise InvalidAccount(
                f"row {row.number}: {row.region!a}, {row.ecosystem}, {row.year} stands twice"
            )
        seen.add((*row.place, row.year))


def regions_above(region: str, parents: Mapping[str, str]) -> Iterator[str]:
    """The regions above one, stopping where a chain would begin again."""
    passed = {region}
    above = parents.get(region, "")
    while above:
        yield above
        if above in passed:
            return
        passed.add(above)
        above = parents.get(above, "")
