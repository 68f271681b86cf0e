"""What rows of a GEP workbook must be beside each other, told row by row at their lines."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
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
    for lines, row in _alike(rows, ("region_code", "ecosystem", "account_year")):
        yield from _at(lines, "region_code", UNIT_TWICE, _twice(lines, row))
    for lines, row in _alike(rows, ("region_code",)):
        parents = {each.inputs.get("parent_code") for each in rows if each.number in lines}
        if len(parents) > 1:
            yield from _at(lines, "parent_code", TWO_PARENTS, _parents(lines, row))
    for each in rows:
        if STATED.keys() & each.inputs.keys() and each.inputs.keys() - STATED.keys() - OF_UNIT:
            yield from _at([each.number], "", "both-kinds", BOTH_KINDS)


def _alike(
    rows: Sequence[WorkbookRow], names: Iterable[str]
) -> Iterator[tuple[list[int], WorkbookRow]]:
    """Lines that say the same in these columns, with their first row; an unread cell is like no other."""
    found: dict[tuple[object, ...], list[WorkbookRow]] = {}
    for row in rows:
        unread = {each.field for each in row.problems}
        if "region_code" in row.inputs and unread.isdisjoint(names):
            found.setdefault(tuple(row.inputs.get(name) for name in names), []).append(row)
    for group in found.values():
        if len(group) > 1:
            yield [each.number for each in group], group[0]


def _at(lines: Iterable[int], field: str, code: str, detail: Text) -> Iterator[RowProblem]:
    for line in lines:
        yield RowProblem(row=line, field=field, code=code, severity="refuse", detail=detail)


def _twice(lines: Sequence[int], row: WorkbookRow) -> Text:
    region, ecosystem = _region(row.inputs), _ecosystem(row.inputs)
    year = f"{row.inputs.get('account_year', 0):.0f}"
    en, zh = _listed(lines)
    return Text(
        en=f"Lines {en} are the same unit: {region.en}, {ecosystem.en}, {year}. Keep one of them.",
        zh=f"第{zh}行是同一核算单元：{region.zh}、{ecosystem.zh}、{year}年，请只保留一行。",
    )


def _parents(lines: Sequence[int], row: WorkbookRow) -> Text:
    region = _region(row.inputs)
    en, zh = _listed(lines)
    return Text(
        en=f"Lines {en} name different regions above {region.en}. A region lies in one.",
        zh=f"第{zh}行为{region.zh}填写的上级区划不一致，一个区划只能有一个上级。",
    )


def _listed(lines: Sequence[int]) -> tuple[str, str]:
    *most, last = [str(line) for line in lines]
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
