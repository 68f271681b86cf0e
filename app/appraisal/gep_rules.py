"""What rows of a GEP workbook must be beside each other, told row by row at their lines."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

from app.appraisal.workbooks.reading import WorkbookRow
from app.reference.titles import region_titles
from risk_models.accounts import CLASSES, UNDIVIDED, RowProblem
from risk_models.models.gep.passport import ECOSYSTEM
from risk_models.registry import science_parameters
from risk_models.words import Text

__all__ = ["BETWEEN_ROWS", "STATED", "rules_broken"]

STATED: Final = {f"stated_{name}_yuan": name for name in CLASSES}

UNIT_TWICE: Final = "unit-twice"
TWO_PARENTS: Final = "two-parents"

BETWEEN_ROWS: Final = frozenset({UNIT_TWICE, TWO_PARENTS})
"""Codes of rows that were read and do not go together."""

OF_UNIT: Final = frozenset({"region_code", "parent_code", "account_year", "ecosystem"})
"""Columns that say which unit a row is; a stated row has them too."""

BOTH_KINDS: Final = Text(
    en="The row has figures stated without quantities and inputs of the model. Keep one of them.",
    zh="此行既有直接填报的数，又有模型的输入项，请只保留一种。",
)


def rules_broken(rows: Sequence[WorkbookRow]) -> Iterator[RowProblem]:
    """Units that stand twice, regions with two parents, rows of both kinds; each at every line of it."""
    for alike in _alike(rows, ("region_code", "ecosystem", "account_year")):
        yield from _at(alike, "region_code", UNIT_TWICE, _twice(alike))
    for alike in _alike(_read(rows, ("parent_code",)), ("region_code",)):
        if len({each.inputs.get("parent_code") for each in alike}) > 1:
            yield from _at(alike, "parent_code", TWO_PARENTS, _parents(alike))
    for each in rows:
        if STATED.keys() & each.inputs.keys() and each.inputs.keys() - STATED.keys() - OF_UNIT:
            yield from _at([each], "", "both-kinds", BOTH_KINDS)


def _alike(rows: Iterable[WorkbookRow], names: Collection[str]) -> Iterator[Sequence[WorkbookRow]]:
    """Rows of a region that say the same in these columns, two or more; an unread cell is like no other."""
    found: dict[tuple[object, ...], list[WorkbookRow]] = {}
    for row in _read(rows, names):
        if "region_code" in row.inputs:
            found.setdefault(tuple(row.inputs.get(name) for name in names), []).append(row)
    return (group for group in found.values() if len(group) > 1)


def _read(rows: Iterable[WorkbookRow], names: Collection[str]) -> Iterator[WorkbookRow]:
    """The rows whose cells of these columns could be read, or are empty."""
    return (row for row in rows if {each.field for each in row.problems}.isdisjoint(names))


def _at(rows: Iterable[WorkbookRow], field: str, code: str, detail: Text) -> Iterator[RowProblem]:
    for row in rows:
        yield RowProblem(row=row.number, field=field, code=code, severity="refuse", detail=detail)


def _twice(rows: Sequence[WorkbookRow]) -> Text:
    first = rows[0].inputs
    region, ecosystem = _region(first), _ecosystem(first)
    year = f"{first.get('account_year', 0):.0f}"
    en, zh = _listed(rows)
    return Text(
        en=f"Lines {en} are the same unit: {region.en}, {ecosystem.en}, {year}. Keep one of them.",
        zh=f"第{zh}行是同一核算单元：{region.zh}、{ecosystem.zh}、{year}年，请只保留一行。",
    )


def _parents(rows: Sequence[WorkbookRow]) -> Text:
    region = _region(rows[0].inputs)
    en, zh = _listed(rows)
    return Text(
        en=f"Lines {en} name different regions above {region.en}. A region lies in one.",
        zh=f"第{zh}行为{region.zh}填写的上级区划不一致，一个区划只能有一个上级。",
    )


def _listed(rows: Sequence[WorkbookRow]) -> tuple[str, str]:
    *most, last = [str(row.number) for row in rows]
    return f"{', '.join(most)} and {last}", "、".join([*most, last])


def _region(inputs: Mapping[str, Any]) -> Text:
    code = f"{inputs['region_code']:.0f}"
    title = region_titles().get(code)
    return Text(
        en=f"{title.en} ({code})" if title else code,
        zh=f"{title.zh}（{code}）" if title else code,
    )


def _ecosystem(inputs: Mapping[str, Any]) -> Text:
    key = str(inputs.get("ecosystem", UNDIVIDED))
    undivided = Text(en="not divided by ecosystem", zh="未分生态系统")
    return science_parameters()[ECOSYSTEM].rows.get(key, undivided)
