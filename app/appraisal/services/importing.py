"""Whole workbooks: a portfolio valued without storing, and inputs taken into appraisals in preparation."""

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col

from app.appraisal import queries
from app.appraisal.domain import AppraisalState
from app.appraisal.domain.catalogue import parameters_on
from app.appraisal.domain.portfolio import Portfolio, RowValue, value_portfolio
from app.appraisal.domain.valuing import Problem, stored_inputs
from app.appraisal.models import Appraisal
from app.appraisal.services.inputs import (
    WORDS,
    SaveInputs,
    ValuedInputs,
    get_spec,
    keep_inputs,
    require_past,
    value_inputs,
)
from app.appraisal.services.prices import market_facts, prices_for
from app.appraisal.workbooks.layout import MAX_STORED_ROWS, REF
from app.appraisal.workbooks.reading import WorkbookRow, read_workbook
from app.appraisal.workbooks.template import template_xlsx
from app.db.engine import today
from app.documents.cells import require_workbook
from app.kernel.actor import Actor, Name
from app.kernel.csv_rows import LineError
from app.kernel.errors import InvalidInput, Refusal
from app.kernel.permissions import Permission
from app.kernel.text import N_
from risk_models.contract import ModelSpec
from risk_models.dated import ParameterNotInForce
from risk_models.words import Text

NOT_ASKED: Final = "not-asked"
STRAY: Final = Text(
    en="The other answers do not ask for these inputs, and they count for nothing: {}. Leave them"
    " empty, or correct the answer that decides on them.",
    zh="按其他各项的填写，以下各项不适用，不计入评估：{}。请留空，或更正决定它们的选择。",
)

LOOKED_UP: Final = 500
"""Numbers in one statement."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueWorkbook:
    """A filled-in template to be valued on a day; nothing of it is stored."""

    valued_on: date
    content: bytes
    file_name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportWorkbook:
    """A filled-in template whose references are numbers of appraisals in preparation."""

    valued_on: date
    content: bytes
    file_name: str
    dry_run: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportedRow:
    """One row: its line, its reference, its value and parts in fen, whether it was stored.

    `problems` stop the row, `findings` are asked about or noted; both name the column.
    `appraisal_id` is the appraisal whose number the row bears, where an import found it.
    """

    line: int
    ref: str
    appraisal_id: UUID | None = None
    value_fen: int | None = None
    components: Mapping[str, int] = field(default_factory=dict)
    stored: bool = False
    problems: tuple[LineError, ...] = ()
    findings: tuple[LineError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportReport:
    """What a workbook gave: every row in its order."""

    model_id: str
    valued_on: date
    dry_run: bool
    rows: tuple[ImportedRow, ...]

    @property
    def total(self) -> int:
        """How many rows the workbook holds."""
        return len(self.rows)

    @property
    def refused(self) -> int:
        """How many of them have a problem."""
        return sum(1 for row in self.rows if row.problems)

    @property
    def stored(self) -> int:
        """How many were stored."""
        return sum(1 for row in self.rows if row.stored)

    @property
    def value_fen(self) -> int:
        """The values together of the rows that nothing stands against."""
        return sum(row.value_fen or 0 for row in self.rows)

    @property
    def negative(self) -> int:
        """How many rows have a value below zero: the sum is net of them."""
        return len(self._below_zero)

    @property
    def negative_fen(self) -> int:
        """The values below zero together."""
        return sum(self._below_zero)

    @property
    def _below_zero(self) -> list[int]:
        return [fen for row in self.rows if (fen := row.value_fen or 0) < 0]


def import_template(session: Session, actor: Actor, model_id: str, language: str) -> bytes:
    """The workbook to fill in for a model, its choices those of today."""
    actor.require(Permission.READ_APPRAISALS)
    return template_xlsx(get_spec(model_id), parameters_on(today(session)), language)


def value_workbook(
    session: Session, actor: Actor, model_id: str, command: ValueWorkbook
) -> ImportReport:
    """Value each row of a workbook on a day; a row that cannot be valued is listed and stops no other."""
    actor.require(Permission.READ_APPRAISALS)
    spec = get_spec(model_id)
    rows = _read(session, spec, command.valued_on, command.content, command.file_name)
    valued = _valued(session, spec, command.valued_on, rows)
    made = [_row(spec, row, found) for row, found in zip(rows, valued, strict=True)]
    return _report(spec, command.valued_on, made, dry_run=True)


@dataclass(frozen=True, slots=True)
class PreparedRow:
    """A row as it will be told, and what is to be kept of it; None where something stands against it."""

    told: ImportedRow
    appraisal_id: UUID | None = None
    valued: ValuedInputs | None = None


@dataclass(frozen=True, slots=True)
class PreparedImport:
    """A workbook judged and valued, nothing of it written."""

    model_id: str
    rows: tuple[PreparedRow, ...]


def prepare_import(
    session: Session, actor: Actor, model_id: str, command: ImportWorkbook
) -> PreparedImport:
    """Judge and value every row as saving would; reads only, so that no write waits for a model."""
    actor.require(Permission.PREPARE_APPRAISAL)
    spec = get_spec(model_id)
    rows = _read(session, spec, command.valued_on, command.content, command.file_name)
    if len(rows) > MAX_STORED_ROWS:
        raise InvalidInput.at(
            "/file",
            N_("One import takes at most %(limit)s appraisals. Divide the workbook."),
            limit=MAX_STORED_ROWS,
        )
    found = _appraisals(session, actor, [row.ref for row in rows])
    valued = _valued(session, spec, command.valued_on, rows)
    return PreparedImport(
        model_id,
        tuple(
            _prepared(session, actor, spec, command, _Line(row, known, found.get(row.ref)))
            for row, known in zip(rows, valued, strict=True)
        ),
    )


def import_workbook(
    session: Session,
    actor: Actor,
    model_id: str,
    command: ImportWorkbook,
    prepared: PreparedImport | None = None,
) -> ImportReport:
    """Store the inputs of each good row in the appraisal it names, as the form does, and list the bad rows.

    A dry run tells the same and stores nothing. A row is stored whole or not at all. An appraisal of
    another model takes this one when it values the asset. What was prepared before the transaction
    is not valued again; an appraisal that changed since is refused.
    """
    actor.require(Permission.PREPARE_APPRAISAL)
    spec = get_spec(model_id)
    ready = prepared or prepare_import(session, actor, model_id, command)
    rows = [row.told if command.dry_run else _stored(session, actor, row) for row in ready.rows]
    return _report(spec, command.valued_on, rows, dry_run=command.dry_run)


@dataclass(frozen=True, slots=True)
class _Line:
    row: WorkbookRow
    valued: RowValue
    appraisal: Appraisal | None


def _prepared(
    session: Session, actor: Actor, spec: ModelSpec, command: ImportWorkbook, line: _Line
) -> PreparedRow:
    """One row judged as saving would judge it."""
    told = _row(spec, line.row, line.valued)
    if line.appraisal is not None:
        told = dataclasses.replace(told, appraisal_id=line.appraisal.id)
    obstacles = told.problems or _obstacles(line)
    if obstacles or line.appraisal is None:
        return PreparedRow(_refused(told, obstacles))
    wanted = SaveInputs(
        valued_on=command.valued_on,
        inputs=line.row.inputs,
        model_id=None if line.appraisal.model_id == spec.id else spec.id,
    )
    try:
        valued = value_inputs(session, actor, line.appraisal.id, wanted, banded=not command.dry_run)
    except Refusal as refusal:
        return PreparedRow(_refused(told, _said(line.row.number, refusal)))
    told = dataclasses.replace(
        told,
        value_fen=valued.value_fen,
        findings=_lines(line.row.number, _gathered(spec, _found(valued))),
    )
    return PreparedRow(told, line.appraisal.id, valued)


def _found(valued: ValuedInputs) -> list[Problem]:
    """What the model, the registered asset and the agency's own report ask or note."""
    return [
        Problem(code=each["code"], field=each["field"], en=each["en"], zh=each["zh"])
        for each in valued.found.result["findings"]
    ]


def _stored(session: Session, actor: Actor, row: PreparedRow) -> ImportedRow:
    """A good row written; one whose appraisal moved meanwhile is refused and leaves nothing."""
    if row.appraisal_id is None or row.valued is None:
        return row.told
    try:
        with session.begin_nested():
            keep_inputs(session, actor, row.appraisal_id, row.valued)
    except Refusal as refusal:
        return _refused(row.told, _said(row.told.line, refusal))
    return dataclasses.replace(row.told, stored=True)


def _refused(row: ImportedRow, problems: tuple[LineError, ...]) -> ImportedRow:
    """A row that is not taken counts for nothing: its value would be read as taken."""
    return dataclasses.replace(row, problems=problems, value_fen=None, components={})


def _obstacles(line: _Line) -> tuple[LineError, ...]:
    """What of the appraisal itself keeps a row from being stored in it."""
    if line.appraisal is None:
        detail = N_("Your agency has no appraisal with this number.")
    elif line.appraisal.state is not AppraisalState.PREPARING:
        detail = N_("This appraisal is not in preparation; its inputs stand.")
    else:
        return ()
    return (LineError(line=line.row.number, column=REF, detail=detail),)


def _appraisals(session: Session, actor: Actor, refs: Sequence[str]) -> dict[str, Appraisal]:
    """The appraisals of the actor's agency with these numbers."""
    found: dict[str, Appraisal] = {}
    for start in range(0, len(refs), LOOKED_UP):
        seen = queries.visible_appraisals(session, actor)
        statement = seen.where(col(Appraisal.number).in_(refs[start : start + LOOKED_UP]))
        if actor.sees("*") != "all":
            statement = statement.where(col(Appraisal.agency_id) == actor.organisation_id)
        found |= {row.number: row for row in session.execute(statement).scalars()}
    return found


# ---------------------------------------------------------------------------
# Reading and valuing


def _read(
    session: Session, spec: ModelSpec, on: date, content: bytes, file_name: str
) -> list[WorkbookRow]:
    require_past(session, on)
    require_workbook(file_name, content)
    # A day before the market's rules is refused as it is for one asset, before any choice is read.
    market_facts(session, spec.price_ids, on)
    try:
        return read_workbook(spec, parameters_on(on), content)
    except ParameterNotInForce as refusal:
        raise not_in_force(refusal, "/valued_on") from refusal


def not_in_force(refusal: ParameterNotInForce, pointer: str) -> InvalidInput:
    """The refusal of a day on which a parameter has no value, with the first day that has one."""
    told = Name(zh=refusal.detail.zh, en=refusal.detail.en)
    return InvalidInput.at(pointer, WORDS, words=told, parameter=refusal.parameter_id)


def _valued(
    session: Session, spec: ModelSpec, on: date, rows: Sequence[WorkbookRow]
) -> list[RowValue]:
    """What the model says of each row, in one call; rows that cannot be read are not asked about."""
    good = [at for at, row in enumerate(rows) if not row.problems]
    asked = Portfolio(
        model_id=spec.id,
        on=on,
        rows=[stored_inputs(spec, rows[at].inputs) for at in good],
        prices=prices_for(session, spec, on),
    )
    answers = dict(zip(good, value_portfolio(asked), strict=True))
    return [answers.get(at) or RowValue() for at in range(len(rows))]


def _row(spec: ModelSpec, row: WorkbookRow, valued: RowValue) -> ImportedRow:
    return ImportedRow(
        line=row.number,
        ref=row.ref,
        value_fen=valued.value_fen,
        components=valued.components,
        problems=_lines(row.number, [*row.problems, *valued.problems]),
        findings=_lines(row.number, _gathered(spec, valued.findings)),
    )


def _gathered(spec: ModelSpec, findings: Sequence[Problem]) -> list[Problem]:
    """What a row is asked about or told; inputs that its answers do not ask for are one line together."""
    stray = [each for each in findings if each.code == NOT_ASKED]
    if len(stray) < 2:
        return list(findings)
    titles = [spec.field(each.field).title for each in stray]
    told = Problem(
        code=NOT_ASKED,
        field="",
        en=STRAY.en.format(", ".join(title.en for title in titles)),
        zh=STRAY.zh.format("、".join(title.zh for title in titles)),
    )
    return [*(each for each in findings if each.code != NOT_ASKED), told]


def _lines(number: int, problems: Sequence[Problem]) -> tuple[LineError, ...]:
    return tuple(
        LineError(
            line=number,
            column=each.field,
            detail=WORDS,
            facts={"words": Name(zh=each.zh, en=each.en)},
        )
        for each in problems
    )


def _said(number: int, refusal: Refusal) -> tuple[LineError, ...]:
    """A refusal of the service as lines: each field it names, or the whole."""
    if not refusal.errors:
        facts: dict[str, Any] = dict(refusal.facts)
        return (LineError(line=number, column="", detail=refusal.detail, facts=facts),)
    return tuple(
        LineError(
            line=number,
            column=each.pointer.rpartition("/")[2],
            detail=each.detail,
            facts=dict(each.facts),
        )
        for each in refusal.errors
    )


def _report(
    spec: ModelSpec, on: date, rows: Sequence[ImportedRow], *, dry_run: bool
) -> ImportReport:
    return ImportReport(model_id=spec.id, valued_on=on, dry_run=dry_run, rows=tuple(rows))
