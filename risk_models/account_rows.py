"""The rows of a GEP account as they come from JSON or a workbook, and what they must be."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from risk_models.appraise import to_fen
from risk_models.contract import Price
from risk_models.documents import InvalidDocument, object_at, require_known, shown
from risk_models.models.gep.passport import FIRST_YEAR, LAST_YEAR, SPEC
from risk_models.models.gep.services import COMPONENTS
from risk_models.readings import MOST_SOURCE, is_plain_text, read_number
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
MOST_LETTERS: Final = 60
"""Letters of a code or a name of a region, and of an ecosystem."""

SHARED: Final = ("norm_profile", "price_table", "area_unit", "price_factor")
"""Inputs a document may state once for all its rows."""


class InvalidAccount(InvalidDocument):
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
    whole = _object(raw, "/document")
    _require_known(whole, (*SHARED, "rows", "title", "prices"), "/document")
    listed = whole.get("rows")
    if not isinstance(listed, list) or not listed:
        raise InvalidAccount.at(
            "/rows", en="A list of at least one row is needed.", zh="须为至少含一行的列表。"
        )
    if len(listed) > MOST_ROWS:
        raise InvalidAccount.at(
            "/rows", en=f"At most {MOST_ROWS:,} rows.", zh=f"最多{MOST_ROWS:,}行。", was_read=True
        )
    shared = {name: whole[name] for name in SHARED if name in whole}
    rows = tuple(_row(place + 1, entry, shared) for place, entry in enumerate(listed))
    _require_tree(rows)
    _require_distinct(rows)
    return AccountDocument(rows=rows, prices=_prices(whole.get("prices", {})))


def _prices(raw: object) -> dict[str, Price]:
    units = {use.id: use.unit for use in SPEC.prices}
    found = {}
    for name, given in _object(raw, "/prices").items():
        if name not in units:
            listed = ", ".join(units)
            raise InvalidAccount.at(
                "/prices",
                en=f"There is no price {shown([name])}; one of {listed}.",
                zh=f"无价格{shown([name])}，可用：{listed}。",
            )
        found[name] = _price(name, units[name], _object(given, f"/prices/{name}"))
    return found


def _price(name: str, unit: str, entry: Mapping[str, object]) -> Price:
    here = f"/prices/{name}"
    _require_known(entry, ("yuan", "unit", "source"), here)
    if entry.get("unit", unit) != unit:
        raise InvalidAccount.at(
            f"{here}/unit", en=f"Here the unit is {unit}.", zh=f"单位须为{unit}。", was_read=True
        )
    source = entry.get("source")
    if not isinstance(source, str) or not source.strip() or not is_plain_text(source, MOST_SOURCE):
        raise InvalidAccount.at(
            f"{here}/source",
            en=f"State where the price comes from in one line of at most {MOST_SOURCE} characters.",
            zh=f"请用一行文字注明价格来源，最多{MOST_SOURCE}个字符。",
        )
    yuan = _yuan(entry.get("yuan"), f"{here}/yuan")
    if yuan <= 0.0:
        raise InvalidAccount.at(
            f"{here}/yuan", en="A price is above 0 yuan.", zh="价格须大于0元。", was_read=True
        )
    return Price(yuan=yuan, unit=unit, source=source.strip())


def _yuan(given: object, pointer: str) -> float:
    try:
        number = read_number(given)
    except ValueError:
        raise InvalidAccount.at(
            pointer, en="Here yuan are needed.", zh="须为金额（元）。"
        ) from None
    if not 0.0 <= number <= MOST_YUAN:
        raise InvalidAccount.at(
            pointer,
            en=f"The yuan lie between 0 and {MOST_YUAN:,.0f}.",
            zh=f"金额须在0元至{MOST_YUAN:,.0f}元之间。",
            was_read=True,
        )
    return number


def _object(raw: object, pointer: str) -> Mapping[str, object]:
    return object_at(raw, pointer, InvalidAccount)


def _require_known(entry: Mapping[str, object], known: Sequence[str], pointer: str) -> None:
    require_known(entry, known, pointer, InvalidAccount)


def _row(number: int, raw: object, shared: Mapping[str, object]) -> AccountRow:
    here = f"/rows/{number - 1}"
    entry = _object(raw, here)
    _require_known(entry, ("region", "parent", "ecosystem", "year", "inputs", "stated_yuan"), here)
    if ("inputs" in entry) == ("stated_yuan" in entry):
        raise InvalidAccount.at(
            here,
            en="Give either inputs or stated_yuan.",
            zh="inputs与stated_yuan须填且只能填一项。",
        )
    ecosystem = _text(entry, "ecosystem", here) or UNDIVIDED
    region = _text(entry, "region", here)
    if not region:
        raise InvalidAccount.at(
            f"{here}/region", en="Here a code or a name is needed.", zh="须填代码或名称。"
        )
    year = _year(entry.get("year"), f"{here}/year")
    given = dict(_object(entry.get("inputs", {}), f"{here}/inputs"))
    if "inputs" in entry:
        given = {**shared, **given, "ecosystem": ecosystem, "account_year": year}
    return AccountRow(
        number=number,
        region=region,
        parent=_text(entry, "parent", here),
        ecosystem=ecosystem,
        year=year,
        inputs=given,
        stated_fen=_stated(entry.get("stated_yuan", {}), f"{here}/stated_yuan"),
    )


def _year(given: object, pointer: str) -> int:
    if (
        not isinstance(given, int)
        or isinstance(given, bool)
        or not FIRST_YEAR <= given <= LAST_YEAR
    ):
        raise InvalidAccount.at(
            pointer,
            en=f"Here a year such as 2023 is needed, from {FIRST_YEAR} to {LAST_YEAR}.",
            zh=f"须为{FIRST_YEAR}至{LAST_YEAR}之间的年份，如2023。",
        )
    return given


def _text(entry: Mapping[str, object], name: str, here: str) -> str:
    given = entry.get(name, "")
    if not isinstance(given, str) or not is_plain_text(given, MOST_LETTERS):
        raise InvalidAccount.at(
            f"{here}/{name}",
            en=f"Here a text of one line and at most {MOST_LETTERS} characters is needed.",
            zh=f"须为单行文字，最多{MOST_LETTERS}个字符。",
        )
    return given.strip()


def _stated(raw: object, pointer: str) -> dict[str, int]:
    found = {}
    for service, given in _object(raw, pointer).items():
        if service not in CLASSES:
            listed = ", ".join(CLASSES)
            raise InvalidAccount.at(
                pointer,
                en=f"There is no service {shown([service])}; one of {listed}.",
                zh=f"无服务{shown([service])}，可用：{listed}。",
            )
        found[service] = to_fen(_yuan(given, f"{pointer}/{service}"))
    return found


def _require_tree(rows: Sequence[AccountRow]) -> None:
    """Refuses a region with two parents, and one that lies in itself."""
    parents: dict[str, str] = {}
    for row in rows:
        if parents.setdefault(row.region, row.parent) != row.parent:
            raise _broken(
                row,
                en=f"The region {shown([row.region])} has two parents.",
                zh=f"区域{shown([row.region])}有两个上级。",
            )
    for row in rows:
        seen = {row.region}
        for above in regions_above(row.region, parents):
            if above in seen:
                raise _broken(
                    row,
                    en=f"The region {shown([row.region])} lies in itself.",
                    zh=f"区域{shown([row.region])}不能以自身为上级。",
                )
            seen.add(above)


def _require_distinct(rows: Sequence[AccountRow]) -> None:
    seen: set[tuple[str, str, int]] = set()
    for row in rows:
        if (*row.place, row.year) in seen:
            told = f"{shown([row.region])}, {shown([row.ecosystem])}, {row.year}"
            raise _broken(row, en=f"The unit {told} stands twice.", zh=f"核算单元{told}重复。")
        seen.add((*row.place, row.year))


def _broken(row: AccountRow, *, en: str, zh: str) -> InvalidAccount:
    """A row that was read and breaks a rule of the whole."""
    return InvalidAccount.at(f"/rows/{row.number - 1}", en=en, zh=zh, was_read=True)


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
