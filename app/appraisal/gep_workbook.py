"""The workbook of a GEP account: one row a unit, in the shape of the model's own template."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, Final

from app.appraisal.gep_rules import STATED, rules_broken
from app.appraisal.workbooks.layout import REF, REF_TITLE
from app.appraisal.workbooks.reading import WorkbookRow, read_workbook
from app.appraisal.workbooks.template import template_xlsx
from risk_models.accounts import CLASSES, RowProblem
from risk_models.appraise import finding_detail
from risk_models.batches import read_rows, validate
from risk_models.conformance import as_asked
from risk_models.contract import Field, ModelSpec
from risk_models.dated import Parameters
from risk_models.models.gep import MODEL
from risk_models.words import Text

__all__ = ["AccountRows", "account_rows", "account_template", "column_title", "workbook_spec"]

TITLE: Final = Text(en="GEP account", zh="GEP核算")
CITY: Final = 620_700.0
FIRST_CODE: Final = 110_000.0
LAST_CODE: Final = 659_999.0
REGIONS: Final = ("region_code", "parent_code")
NO_REGION: Final = Text(
    en=f"No region: codes have six digits from {FIRST_CODE:.0f} to {LAST_CODE:.0f}.",
    zh=f"无此区域：行政区划代码为{FIRST_CODE:.0f}至{LAST_CODE:.0f}之间的六位数字。",
)
UNREADABLE: Final = "?"
"""Stands for a cell that could not be read, so that the model neither misses nor takes it."""


@cache
def workbook_spec() -> ModelSpec:
    """The fields of the model, with the region of a row and figures stated without quantities.

    Nothing is required here but region and year: a stated row has no inputs of the model, and the
    model itself asks for what it needs. The example has what its own answers ask for.
    """
    spec = MODEL.spec
    asked = as_asked(spec, {each.name: each.example for each in spec.fields})
    fields = [
        replace(
            each,
            required=False,
            needed_when=None,
            shown_when=(),
            example=each.example if each.name in asked else None,
        )
        for each in spec.fields
    ]
    year = replace(spec.field("account_year"), required=True, needed_when=None)
    plain = [each for each in fields if each.name != year.name]
    stated = [_stated(column, CLASSES[name]) for column, name in STATED.items()]
    columns = (*_regions(), year, *plain, *stated)
    return replace(spec, id="gep-account", title=TITLE, fields=columns)


def _regions() -> tuple[Field, ...]:
    return (
        _code(
            "region_code",
            Text(en="Region", zh="行政区划代码"),
            Text(
                en="Six digits of the division the unit lies in.", zh="核算单元所在区划的六位代码。"
            ),
            CITY + 21,
            required=True,
        ),
        _code(
            "parent_code",
            Text(en="Region above", zh="上级行政区划代码"),
            Text(en="The city of a county; empty at the top.", zh="县区所属的市；最上级留空。"),
            CITY,
            required=False,
        ),
    )


def _code(name: str, title: Text, help_: Text, example: float, *, required: bool) -> Field:
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="integer",
        unit="",
        low=FIRST_CODE,
        high=LAST_CODE,
        example=example,
        required=required,
        group="unit",
    )


def _stated(column: str, service: Text) -> Field:
    return Field(
        name=column,
        title=Text(en=f"Stated: {service.en}", zh=f"直接填报：{service.zh}"),
        help=Text(
            en="A published figure without quantities; then leave the inputs of the model empty.",
            zh="无实物量的已发布数；填报后模型各项输入留空。",
        ),
        kind="number",
        unit="yuan",
        low=0.0,
        high=1e15,
        example=None,
        required=False,
        group="stated",
    )


def account_template(parameters: Parameters, language: str) -> bytes:
    """An empty workbook with titles, units, an example and the lists of the choices."""
    return template_xlsx(workbook_spec(), parameters, language)


def column_title(name: str) -> Text:
    """What a column or an input of a row is called: its title before the name that the workbook has."""
    titles = {REF: REF_TITLE} | {each.name: each.title for each in workbook_spec().fields}
    if name not in titles:
        return Text(en=name, zh=name)
    title = titles[name]
    return Text(en=f"{title.en} ({name})", zh=f"{title.zh}（{name}）")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRows:
    """Rows as `document_from` takes them, the line of each in the sheet, and what cannot be read."""

    rows: list[dict[str, object]]
    lines: list[int]
    problems: list[RowProblem]

    def in_sheet(self, problem: RowProblem) -> RowProblem:
        """A problem of a row of the document, at its line of the sheet."""
        return replace(problem, row=self.lines[problem.row - 1])


def account_rows(content: bytes, parameters: Parameters) -> AccountRows:
    """Reads a filled-in template; refuses a file that is none, as the other workbooks are."""
    read = read_workbook(workbook_spec(), parameters, content)
    broken = list(rules_broken(read))
    alone = {row.number for row in read if not row.problems} - {each.row for each in broken}
    clean = [row for row in read if row.number in alone]
    return AccountRows(
        rows=[_entry(row.inputs) for row in clean],
        lines=[row.number for row in clean],
        problems=[
            *broken,
            *(problem for row in read for problem in _problems(row, parameters, alone)),
        ],
    )


def _problems(
    row: WorkbookRow, parameters: Parameters, alone: Container[int]
) -> Iterator[RowProblem]:
    """Everything wrong with a row: cells, regions, and what the model says beside unreadable cells."""
    for each in row.problems:
        yield _refused(row, each.field, each.code, Text(en=each.en, zh=each.zh))
    for name in REGIONS:
        if name in row.inputs and not FIRST_CODE <= float(row.inputs[name]) <= LAST_CODE:
            yield _refused(row, name, "no-region", NO_REGION)
    if row.number not in alone:
        yield from _beside(row, parameters)


def _beside(row: WorkbookRow, parameters: Parameters) -> Iterator[RowProblem]:
    """What else the model refuses of a row that is left out; other rows it is asked itself."""
    known = {each.name for each in MODEL.spec.fields}
    unread = {each.field for each in row.problems} & known
    if STATED.keys() & row.inputs.keys():
        return
    inputs = {name: given for name, given in row.inputs.items() if name in known}
    read = read_rows(MODEL.spec, [inputs | dict.fromkeys(unread, UNREADABLE)], parameters)
    for each in read.problems.get(0, ()):
        if each.field not in unread:
            yield _refused(row, each.field, each.code, each.detail)
    for found in validate(MODEL.spec, read.batch):
        if found.severity == "refuse" and len(found.rows):
            yield _refused(row, found.field, found.code, finding_detail(found, 0))


def _refused(row: WorkbookRow, field: str, code: str, detail: Text) -> RowProblem:
    return RowProblem(row=row.number, field=field, code=code, severity="refuse", detail=detail)


def _entry(inputs: Mapping[str, Any]) -> dict[str, object]:
    left = dict(inputs)
    entry: dict[str, object] = {
        "region": _digits(left.pop("region_code", None)),
        "parent": _digits(left.pop("parent_code", None)),
        "year": _whole(left.pop("account_year", None)),
        "ecosystem": left.pop("ecosystem", ""),
    }
    stated = {name: left.pop(column) for column, name in STATED.items() if column in left}
    return {**entry, "stated_yuan": stated} if stated else {**entry, "inputs": left}


def _digits(code: object) -> str:
    return "" if code is None else str(_whole(code))


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number
