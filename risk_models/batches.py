"""From rows of inputs to a batch of columns, and what every batch must satisfy."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from risk_models.columns import Picked, is_constant
from risk_models.contract import Batch, Choice, Codes, Field, Finding, Floats, ModelSpec
from risk_models.dated import Parameters
from risk_models.keys import combined
from risk_models.readings import read_day, read_number
from risk_models.units import unit_words
from risk_models.words import Text, plain

__all__ = [
    "InputProblem",
    "InvalidInputs",
    "RowsRead",
    "alike",
    "batch_from_rows",
    "choices_of",
    "distinct",
    "finding",
    "findings",
    "read_rows",
    "validate",
]

EMPTY: Final = -1
"""The code of a choice that was left empty."""

NOT_A_DAY: Final = np.datetime64("NaT", "D")

CALENDAR_YEARS: Final = 1900
"""From here on a figure in years is a year of the calendar and has no separators."""

MOST_CHOICES: Final = 12
"""Choices that a refusal lists; a longer list stands in the passport of the model."""

BARE: Final = frozenset({"", "1", "ratio"})
"""Units that say nothing beside a bound."""

NOTHING: Final = Text(en="", zh="")
SHARE: Final = Text(
    en=" It is a share of one: 5%% is typed as 0.05.", zh="此项按小数填写，5%%填0.05。"
)
"""What a share typed in per cent is told."""

SHARE_ALLOWED: Final = Text(en="a share of one, 5% is typed as 0.05", zh="按小数填写，5%填0.05")
"""What may stand where something else than a number was typed as a share."""

WORDS: Final[Mapping[str, Text]] = {
    "unknown-field": Text(en="The model has no such field.", zh="该模型没有此字段。"),
    "not-a-number": Text(en="A number is needed.", zh="须为数字。"),
    "not-a-day": Text(en="A day such as 2024-01-02 is needed.", zh="须为日期，如2024-01-02。"),
    "not-a-flag": Text(en="True or false is needed.", zh="须为是或否。"),
    "unknown-choice": Text(en="This is none of the choices.", zh="不在可选项之内。"),
    "not-a-list": Text(en="A list of numbers is needed.", zh="须为数字列表。"),
    "too-long": Text(en="The list is too long.", zh="列表过长。"),
    "missing-field": Text(en="This input is needed.", zh="此项必填。"),
    "below-minimum": Text(en="The value is below the lowest allowed.", zh="数值低于允许的下限。"),
    "above-maximum": Text(en="The value is above the highest allowed.", zh="数值高于允许的上限。"),
    "not-whole": Text(en="A whole number is needed.", zh="须为整数。"),
    "not-asked": Text(
        en="The other answers do not ask for this input. Leave it out, or correct the answer that"
        " decides on it.",
        zh="按其他各项的填写，此项不适用。请留空，或更正决定此项的选择。",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputProblem:
    """One input of one row that cannot be read, or that is missing or out of bounds beside such a one."""

    row: int
    field: str
    code: str
    allowed: Text | None = None
    """What may stand there instead, where that can be listed."""
    told: Text | None = None
    """Why it is refused, where that says more than its code."""

    @property
    def detail(self) -> Text:
        words = WORDS[self.code] if self.told is None else self.told
        if self.allowed is None:
            return words
        return Text(
            en=f"{words.en.removesuffix('.')}: {self.allowed.en}.",
            zh=f"{words.zh.removesuffix('。')}：{self.allowed.zh}。",
        )


class InvalidInputs(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """Inputs that do not have the shape the model's fields ask for."""

    def __init__(self, problems: Sequence[InputProblem]) -> None:
        first = problems[0]
        super().__init__(f"row {first.row}, {first.field}: {first.code}")
        self.problems = tuple(problems)


class _UnreadableError(ValueError):
    """Carries the code of a problem from the reader of one value to the reader of the row."""


def choices_of(field: Field, parameters: Parameters) -> tuple[Choice, ...]:
    """The choices of a field on the day: its own, or the rows of its dated table."""
    if field.choices_from is None:
        return field.choices
    table = parameters.table(field.choices_from)
    return tuple(Choice(id=row, title=table.rows[row]) for row in table)


@dataclass(frozen=True, slots=True, kw_only=True)
class RowsRead:
    """What could be read of some rows: their batch, where each row of it stood, and what is wrong by row."""

    batch: Batch
    rows: Codes
    problems: Mapping[int, tuple[InputProblem, ...]]


def batch_from_rows(
    spec: ModelSpec, rows: Sequence[Mapping[str, object]], parameters: Parameters
) -> Batch:
    """Reads rows as they come from JSON, a form or a sheet; codes are made here and only here."""
    batch, problems = _whole(spec, rows, parameters)
    if problems:
        raise InvalidInputs(problems)
    return batch


def read_rows(
    spec: ModelSpec, rows: Sequence[Mapping[str, object]], parameters: Parameters
) -> RowsRead:
    """Reads what can be read: a row with a problem is left out of the batch, and every problem named."""
    whole, problems = _whole(spec, rows, parameters)
    by_row: dict[int, list[InputProblem]] = {}
    for problem in problems:
        by_row.setdefault(problem.row, []).append(problem)
    kept = np.array([at for at in range(len(rows)) if at not in by_row], dtype=np.int32)
    return RowsRead(
        batch=whole.take(kept),
        rows=kept,
        problems={at: tuple(found) for at, found in sorted(by_row.items())},
    )


def _whole(
    spec: ModelSpec, rows: Sequence[Mapping[str, object]], parameters: Parameters
) -> tuple[Batch, list[InputProblem]]:
    """All rows as a batch in which an unreadable value is empty, and what is wrong in unreadable rows."""
    levels = {
        field.name: tuple(choice.id for choice in choices_of(field, parameters))
        for field in spec.fields
        if field.kind == "choice"
    }
    problems = [problem for at, row in enumerate(rows) for problem in _strangers(spec, at, row)]
    columns = {
        field.name: _column(field, rows, levels.get(field.name, ()), parameters, problems)
        for field in spec.fields
    }
    whole = Batch(n=len(rows), columns=columns, levels=levels)
    return whole, [*problems, *_beside(spec, whole, problems)]


def _beside(
    spec: ModelSpec, whole: Batch, problems: Sequence[InputProblem]
) -> Iterator[InputProblem]:
    """What else is missing or out of bounds in the rows with a problem, so that all is told at once.

    What an unreadable value may ask for is not known, and so not missed.
    """
    unread = {(problem.row, problem.field) for problem in problems}
    rows = np.array(sorted({row for row, _ in unread}), dtype=np.int32)
    for found in validate(spec, whole.take(rows)) if len(rows) else ():
        field = spec.field(found.field)
        decided_by = {field.name, *(other for other, _ in field.asked_when)}
        for at, row in enumerate(rows[found.rows].tolist()):
            if found.severity != "refuse" or unread & {(row, name) for name in decided_by}:
                continue
            facts: dict[str, object] = {key: fact[at].item() for key, fact in found.facts.items()}
            told = found.detail.about(unit=unit_words(field.unit)).filled(facts)
            yield InputProblem(row=row, field=field.name, code=found.code, told=told)


def _strangers(spec: ModelSpec, at: int, row: Mapping[str, object]) -> list[InputProblem]:
    known = {field.name for field in spec.fields}
    return [
        InputProblem(row=at, field=name, code="unknown-field") for name in row if name not in known
    ]


def _column(
    field: Field,
    rows: Sequence[Mapping[str, object]],
    levels: tuple[str, ...],
    parameters: Parameters,
    problems: list[InputProblem],
) -> npt.NDArray[np.generic]:
    if len(rows) > 1 and all(row.get(field.name) in (None, "") for row in rows):
        return _empty_column(field, len(rows))
    values: list[object] = []
    for at, row in enumerate(rows):
        try:
            values.append(_read(field, row.get(field.name), levels))
        except _UnreadableError as problem:
            code = str(problem)
            told = None
            if code == "unknown-choice":
                told = _not_yet(field, row.get(field.name), parameters)
            allowed = _allowed(field, code, parameters)
            problems.append(
                InputProblem(row=at, field=field.name, code=code, allowed=allowed, told=told)
            )
            values.append(_read(field, None, levels))
    match field.kind:
        case "choice":
            return np.array(values, dtype=np.int32)
        case "date":
            return np.array(values, dtype="datetime64[D]")
        case "series":
            return np.array(values, dtype=np.float64).reshape(len(rows), field.max_length)
        case "number" | "integer" | "flag":
            return np.array(values, dtype=np.float64)


def _allowed(field: Field, code: str, parameters: Parameters) -> Text | None:
    """The first choices of a field, in Chinese with their titles, or the length of its list."""
    if code == "too-long":
        most = field.max_length
        return Text(en=f"at most {most} numbers", zh=f"最多{most}个数字")
    if code == "not-a-number" and field.unit == "ratio":
        return SHARE_ALLOWED
    choices = choices_of(field, parameters) if code == "unknown-choice" else ()
    if not choices:
        return None
    told, more = choices[:MOST_CHOICES], len(choices) > MOST_CHOICES
    en = ", ".join([*(each.id for each in told), *["…"] * more])
    zh = "；".join([*(f"{each.title.zh}（{each.id}）" for each in told), *["…"] * more])
    return Text(en=f"one of {en}", zh=f"可填{zh}")


def _not_yet(field: Field, raw: object, parameters: Parameters) -> Text | None:
    """That a choice is of a table to come, and from which day it counts."""
    if field.choices_from is None or not isinstance(raw, str):
        return None
    values = parameters.in_force(field.choices_from).parameter.values
    days = [day for day, rows in values.items() if isinstance(rows, Mapping) and raw in rows]
    since = min((day for day in days if day > parameters.on), default=None)
    if since is None:
        return None
    return Text(
        en=f"This choice counts from {since} on. Choose that valuation day or a later one, or"
        " another choice.",
        zh=f"该选项自{since}起生效。请选择该日或其后的评估基准日，或改选其他选项。",
    )


def _empty_column(field: Field, rows: int) -> npt.NDArray[np.generic]:
    """An input that no row has: one empty row told for all, whatever the length of a series."""
    match field.kind:
        case "choice":
            return np.broadcast_to(np.array([EMPTY], dtype=np.int32), (rows,))
        case "date":
            return np.broadcast_to(np.array([NOT_A_DAY]), (rows,))
        case "series":
            return np.broadcast_to(np.full(1, math.nan), (rows, field.max_length))
        case "number" | "integer" | "flag":
            return np.broadcast_to(np.array([math.nan]), (rows,))


def _read(field: Field, raw: object, levels: tuple[str, ...]) -> object:
    empty = raw is None or raw == ""
    match field.kind:
        case "choice":
            return EMPTY if empty else _level(raw, levels)
        case "date":
            return NOT_A_DAY if empty else _day(raw)
        case "series":
            return _series([] if empty else raw, field.max_length)
        case "flag":
            return math.nan if empty else _flag(raw)
        case "number" | "integer":
            return math.nan if empty else _number(raw)


def _number(raw: object) -> float:
    try:
        return read_number(raw)
    except ValueError:
        raise _UnreadableError("not-a-number") from None


def _day(raw: object) -> np.datetime64:
    try:
        return np.datetime64(read_day(raw).isoformat(), "D")
    except ValueError:
        raise _UnreadableError("not-a-day") from None


def _flag(raw: object) -> float:
    if not isinstance(raw, bool):
        raise _UnreadableError("not-a-flag")
    return float(raw)


def _level(raw: object, levels: tuple[str, ...]) -> int:
    if not isinstance(raw, str) or raw not in levels:
        raise _UnreadableError("unknown-choice")
    return levels.index(raw)


def _series(raw: object, max_length: int) -> list[float]:
    if not isinstance(raw, list | tuple):
        raise _UnreadableError("not-a-list")
    if len(raw) > max_length:
        raise _UnreadableError("too-long")
    return [_number(entry) for entry in raw] + [math.nan] * (max_length - len(raw))


# ---------------------------------------------------------------------------
# Checks drawn from the specification


def finding(
    code: str,
    field: str,
    rows: npt.NDArray[np.bool_],
    *,
    severity: str,
    detail: Text,
    **facts: npt.NDArray[np.generic],
) -> list[Finding]:
    """A finding on the rows where the mask holds, or nothing. Facts are given for all rows."""
    if not rows.any():
        return []
    hit = np.flatnonzero(rows).astype(np.int32)
    told = {
        name: np.asarray(fact)[hit]
        if np.shape(fact) == rows.shape
        else np.broadcast_to(fact, hit.shape)
        for name, fact in facts.items()
    }
    match severity:
        case "refuse" | "ask" | "note":
            return [
                Finding(
                    code=code, field=field, rows=hit, severity=severity, detail=detail, facts=told
                )
            ]
        case _:
            raise ValueError(f"{severity!r} is no severity")


def findings(
    severity: str,
    masks: Mapping[str, tuple[str, npt.NDArray[np.bool_]]],
    words: Mapping[str, Text],
    **facts: npt.NDArray[np.generic],
) -> list[Finding]:
    """Findings by code: the field and the rows of each, in the words of its code."""
    return [
        entry
        for code, (field, rows) in masks.items()
        for entry in finding(code, field, rows, severity=severity, detail=words[code], **facts)
    ]


def validate(spec: ModelSpec, batch: Batch) -> list[Finding]:
    """Presence and bounds of every field, as the specification states them."""
    return [found for field in spec.fields for found in _field_findings(spec, field, batch)]


def _field_findings(spec: ModelSpec, field: Field, batch: Batch) -> list[Finding]:
    needed = field.required or field.needed_when is not None
    absent = _is_absent(field, batch)
    if absent and (not needed or _is_asked_of_none(field, batch)):
        return []
    asked = _is_asked(field, batch)
    if absent:
        masks = {"missing-field": asked}
    elif asked.all() and _is_in_order(field, batch):
        return []
    else:
        empty = _is_empty(field, batch.columns[field.name])
        masks = {"missing-field": empty & asked} if needed else {}
        stray = _is_given(field, batch, empty) & ~asked
        masks["not-asked"] = stray & ~_is_undecided(spec, field, batch) if stray.any() else stray
        if field.kind in ("number", "integer", "series"):
            masks |= _bounds(field, batch)
    return [
        found
        for code, mask in masks.items()
        for found in finding(
            code,
            field.name,
            mask,
            severity="note" if code == "not-asked" else "refuse",
            detail=_refused(field, code),
            unit=np.array(field.unit),
        )
    ]


def _is_in_order(field: Field, batch: Batch) -> bool:
    """Whether no row lacks the input or has it out of bounds, seen at its least and its greatest."""
    column = batch.columns[field.name]
    some = column[:1] if is_constant(column) else column
    match field.kind:
        case "choice":
            return bool(some.min(initial=0) > EMPTY)
        case "date":
            return not np.isnat(some).any()
        case "number" | "integer":
            return _is_within(field, np.asarray(some, dtype=np.float64))
        case "series" | "flag":
            return False


def _is_within(field: Field, values: Floats) -> bool:
    """Whether all numbers lie within the bounds of a field; NaN does not."""
    if not len(values):
        return True
    least, most = values.min(), values.max()
    above = field.low is None or (least > field.low if field.low_open else least >= field.low)
    below = np.isfinite(most) if field.high is None else most <= field.high
    whole = field.kind != "integer" or bool((values == np.floor(values)).all())
    return bool(above and below and whole and np.isfinite(least))


def _refused(field: Field, code: str) -> Text:
    """Why a value is refused; beyond a bound, with the bound and its unit."""
    if code == "below-minimum" and field.low is not None:
        zh, en = ("须大于", "more than") if field.low_open else ("须不低于", "at least")
        return _bounded(field, code, zh, en, field.low)
    if code == "above-maximum" and field.high is not None:
        return _bounded(field, code, "须不高于", "at most", field.high)
    return WORDS[code]


def _bounded(field: Field, code: str, zh: str, en: str, bound: float) -> Text:
    words, figure = WORDS[code], plain(bound)
    if field.unit == "year" and bound >= CALENDAR_YEARS:
        figure = f"{bound:.0f}"
    told = field.unit not in BARE
    share = SHARE if field.unit == "ratio" and code == "above-maximum" else NOTHING
    return Text(
        en=f"{words.en.rstrip('.')}: {en} {figure}{' %(unit)s' if told else ''}.{share.en}",
        zh=f"{words.zh.rstrip('。')}：{zh}{figure}{'%(unit)s' if told else ''}。{share.zh}",
    )


def _is_absent(field: Field, batch: Batch) -> bool:
    """Whether no row has the input, seen on its first where one row is told for all."""
    column = batch.columns[field.name]
    return is_constant(column) and bool(_is_empty(field, column[:1])[0])


def _is_empty(field: Field, column: npt.NDArray[np.generic]) -> npt.NDArray[np.bool_]:
    match field.kind:
        case "choice":
            return np.asarray(column == EMPTY)
        case "date":
            return np.asarray(np.isnat(np.asarray(column, dtype="datetime64[D]")))
        case "series":
            return np.isnan(np.asarray(column[:, 0], dtype=np.float64))
        case "number" | "integer" | "flag":
            return np.isnan(np.asarray(column, dtype=np.float64))


def _is_given(field: Field, batch: Batch, empty: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """Which rows say something by the input: a flag that is off says no more than an empty one."""
    return batch.numbers(field.name) == 1.0 if field.kind == "flag" else ~empty


def _is_asked_of_none(field: Field, batch: Batch) -> bool:
    """Whether an answer that all rows share lets the input out."""
    told = ((batch.level_of_all(other), levels) for other, levels in field.asked_when)
    return any(level is not None and level not in levels for level, levels in told)


def _is_asked(field: Field, batch: Batch) -> npt.NDArray[np.bool_]:
    asked = np.ones(batch.n, dtype=np.bool_)
    for other, levels in field.asked_when:
        asked &= batch.is_level(other, *levels)
    return asked


def _is_undecided(spec: ModelSpec, field: Field, batch: Batch) -> npt.NDArray[np.bool_]:
    """Which rows lack a choice that decides on the input: that alone is told of them."""
    undecided = np.zeros(batch.n, dtype=np.bool_)
    for other, levels in field.asked_when:
        deciding = spec.field(other)
        if "" not in levels and (deciding.required or deciding.needed_when is not None):
            undecided |= batch.is_level(other, "") & _is_asked(deciding, batch)
    return undecided


def _bounds(field: Field, batch: Batch) -> dict[str, npt.NDArray[np.bool_]]:
    values = batch.numbers(field.name)
    if field.kind == "series" and np.isnan(values[:, 0]).all():
        # No row has this series: nothing to compare, and its cells are many.
        return {}
    low = -math.inf if field.low is None else field.low
    below = values <= low if field.low_open else values < low
    above = values > (math.inf if field.high is None else field.high)
    masks = {"below-minimum": below, "above-maximum": above | np.isinf(values)}
    if field.kind == "integer":
        masks["not-whole"] = np.isfinite(values) & (values != np.floor(values))
    return {code: _by_row(mask) for code, mask in masks.items()}


def _by_row(mask: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    return mask if mask.ndim == 1 else np.asarray(mask.any(axis=1))


# ---------------------------------------------------------------------------
# Profiles only for what occurs


def distinct(*columns: npt.NDArray[np.generic]) -> tuple[tuple[Floats, ...], Codes]:
    """The distinct combinations of some columns of n rows, and the combination of each row."""
    found, key = combined(*columns)
    whole = tuple(np.asarray(column, dtype=np.float64) for column in found)
    return whole, key.astype(np.int32, copy=False)


def alike(rows: Picked, *columns: npt.NDArray[np.generic]) -> tuple[npt.NDArray[np.int64], Codes]:
    """Of some rows of columns [n] one for each distinct combination, and which each of them is like."""
    _, key = combined(*(column[rows] for column in columns))
    one_of = np.zeros(int(key.max(initial=-1)) + 1, dtype=np.int64)
    one_of[key] = np.arange(len(key)) if isinstance(rows, slice) else rows
    return one_of, key.astype(np.int32, copy=False)
