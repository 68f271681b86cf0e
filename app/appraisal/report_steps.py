"""The steps of a model in the appraisal report: formulas, what goes in, and the years of the flows."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from app.appraisal.report_parts import (
    LISTED_FIGURES,
    cited,
    column,
    figure,
    input_figure,
    label,
    unit_beside,
    unit_words,
    yuan_figure,
)
from app.appraisal.report_views import AppraisalReportView, Figure, FlowView, StepView
from app.documents.pdf import Block, Cell, Column, Grid, Heading, Text, Words
from app.documents.wording import BLANK

__all__ = ["steps_of", "whole_lists"]

WHEN: Final = ("距基准日（年）", "Years from the day", 3)
BEHIND_QUANTITY: Final = (
    ("价格指数", "Price index", 2),
    ("存续比例", "Survival", 2),
    ("折现系数", "Discount", 2),
    ("现值（元）", "Present value, CNY", 3),
)
"""The columns of a year of a flow behind its quantity, with their widths."""


IN_THE_TABLE: Final = "逐年各项见（三） By year: see the cash flow"


def steps_of(view: AppraisalReportView) -> list[Block]:
    """All that a reader needs to work the value out again."""
    return [
        Heading(words=label("（二）计算步骤", "Steps"), level=2),
        _steps_grid(view.steps),
        *whole_lists(_lists_of(view.steps)),
        *_yearly(view.flows),
    ]


def whole_lists(titled: Iterable[tuple[Words, Figure | Words]]) -> list[Block]:
    """Lists too long for a cell, whole: what a reader needs to repeat the figures."""
    found: list[Block] = []
    for title, given in titled:
        if isinstance(given, str | int | float | Words) or len(given) <= LISTED_FIGURES:
            continue
        listed = "；".join(f"{one:,.10g}" for one in given)
        en = f"{title.en}: all {len(given)} figures in their order"
        found.append(Text(words=Words(zh=f"{title.zh}：{listed}", en=en)))
    return found


def _lists_of(steps: Sequence[StepView]) -> Iterator[tuple[Words, Figure]]:
    """What goes into the steps and comes out of them, each list once, with the step it first stands in.

    The years of flows have their table.
    """
    told: set[tuple[Words, tuple[float, ...]]] = set()
    for step in steps:
        if step.is_flow:
            continue
        given = [
            (step.titles.get(name, Words(zh=name, en=name)), value)
            for name, value in step.inputs.items()
        ]
        for title, value in (*given, (step.title, step.value)):
            if isinstance(value, str | int | float) or (title, tuple(value)) in told:
                continue
            told.add((title, tuple(value)))
            yield title if title == step.title else _in_step(title, step), value


def _in_step(title: Words, step: StepView) -> Words:
    return Words(zh=f"{title.zh}（{step.title.zh}）", en=f"{title.en} ({step.title.en})")


def _yearly(flows: Sequence[FlowView]) -> list[Block]:
    """The years of each flow that has several: units, factors, and what the year is worth today."""
    if not flows:
        return []
    told: list[Block] = []
    for flow in flows:
        columns = _columns(flow)
        rows = [[*map(figure, factors), yuan_figure(yuan)] for *factors, yuan in flow.years]
        total = ["合计 Total", *[""] * (len(columns) - 2), yuan_figure(flow.yuan)]
        told += [
            Heading(words=flow.title, level=2),
            Text(words=_priced(flow)),
            Grid(columns=columns, rows=rows, total=total),
        ]
    return [Heading(words=label("（三）逐年现金流量", "Yearly cash flow"), level=2), *told]


def _columns(flow: FlowView) -> list[Column]:
    """The heads of the years of a flow, the quantity with its unit."""
    unit = unit_words(flow.unit, counted=True)
    zh, en = (f"数量（{unit.zh}）", f"Quantity, {unit.en}") if unit.zh else ("数量", "Quantity")
    return [column(*head, number=True) for head in (WHEN, (zh, en, 3), *BEHIND_QUANTITY)]


def _priced(flow: FlowView) -> Words:
    """What each year is multiplied by besides its own factors."""
    price, rotations = figure(flow.unit_price), figure(flow.rotations)
    if flow.rotations == 1.0:
        return label(f"单价 {price} 元", f"Unit price {price} CNY")
    return label(
        f"单价 {price} 元，轮伐倍数 {rotations}", f"Unit price {price} CNY, rotations {rotations}"
    )


def _steps_grid(steps: Sequence[StepView]) -> Grid:
    columns = [
        column("步骤与公式", "Step and formula", 5),
        column("代入", "Inputs", 5),
        column("结果", "Value", 3, number=True),
        column("单位", "Unit", 2),
        column("依据", "Reference", 3),
    ]
    return Grid(columns=columns, rows=[_step_row(step) for step in steps])


def _step_row(step: StepView) -> list[str | Cell]:
    told = {
        name: value
        for name, value in step.inputs.items()
        if not step.has_table or isinstance(value, str | int | float)
    }
    inputs = "\n".join(
        f"{_named(step, name)} = {input_figure(name, value)}" for name, value in told.items()
    )
    if len(told) < len(step.inputs):
        inputs += f"\n{IN_THE_TABLE}"
    return [
        Cell(
            text=f"{step.title.zh} = {step.told.zh}",
            note=f"{step.title.en}: {step.name} = {step.formula}",
        ),
        inputs or BLANK,
        figure(step.value),
        unit_beside(step.value, step.unit),
        cited(step.reference),
    ]


def _named(step: StepView, name: str) -> str:
    """An input by its title, where it has one, and as the formula names it."""
    return f"{step.titles[name].zh} {name}" if name in step.titles else name
