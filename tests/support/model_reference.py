"""Reference pages of the appraisal models, drawn from their passports, steps and dated parameters.

`python -m tests.support.reference_pages` writes them with the others.
"""

from collections.abc import Iterable, Iterator, Sequence

from risk_models.contract import Component, Condition, Field, Model, ModelSpec, Text
from risk_models.dated import DatedParameter
from risk_models.registry import BUILT_INS, science_parameters
from risk_models.units import SILENT
from tests.support.model_flows import flows_of
from tests.support.model_steps import steps_of

STATUS = {
    "sourced": "sourced",
    "practice": "practice",
    "judgement": "judgement",
    "to-confirm": "to confirm",
}


def model_page_of(model: Model) -> str:
    """The page of one model."""
    spec = model.spec
    return "\n".join(
        [
            f"# {_both(spec.title)}",
            "",
            f"Model `{spec.id}`, version {spec.version}. {spec.help.en} {spec.help.zh}",
            "",
            *_facts(spec),
            *_fields(spec),
            *_parts("Components", spec.components),
            *_parts("Approaches", spec.approaches),
            *_prices(spec),
            *_steps(model),
            *_flows(model),
            *_parameters(spec),
            *_limits(spec),
        ]
    )


def models_page() -> str:
    """The list of the models."""
    rows = [
        f"| [`{spec.id}`]({spec.id}.md) | {_both(spec.title)} | {spec.value_kind} |"
        f" {', '.join(part.title.en for part in spec.approaches)} |"
        for spec in (model.spec for model in BUILT_INS)
    ]
    return "\n".join(
        [
            "# Appraisal models",
            "",
            "Each page is drawn from the passport of its model. `greenpledge appraise MODEL INPUT.json --on DATE`",
            "values one asset; an example of each lies in `docs/examples`. A model of your own: see",
            "[Write an appraisal model](../../how-to/write-an-appraisal-model.md). What the formulas mean, and how",
            "flows become a value: [Conventions of the formulas](conventions.md).",
            "",
            "| Model | Title | Value | Approaches |",
            "|---|---|---|---|",
            *rows,
            "",
        ]
    )


def _both(text: Text) -> str:
    return f"{text.en} ({text.zh})"


def _facts(spec: ModelSpec) -> list[str]:
    kind = {
        "market": "A market value.",
        "ecological": "An ecological value, shown and never lent on.",
    }[spec.value_kind]
    per = {"once": "It is a value on a day.", "year": "It is a flow of a year."}[spec.per]
    standards = f" Standards: {', '.join(spec.standards)}." if spec.standards else ""
    kinds = ", ".join(f"`{each}`" for each in spec.asset_kinds)
    return [f"{kind} {per}{standards}", "", f"Kinds of assets: {kinds}.", ""]


def _fields(spec: ModelSpec) -> list[str]:
    head = [
        "## Inputs",
        "",
        "| Field | Title | Kind, unit | Range | Meaning |",
        "|---|---|---|---|---|",
    ]
    return [*head, *(_field(each) for each in spec.fields), ""]


def _field(each: Field) -> str:
    unit = f", {each.unit}" if each.unit not in {"", "1", "day"} else ""
    return (
        f"| `{each.name}` | {_both(each.title)} | {each.kind}{unit} | {_range(each)} |"
        f" {each.help.en}{_needed(each)} |"
    )


def _range(each: Field) -> str:
    if each.choices_from is not None:
        return f"rows of `{each.choices_from}`"
    if each.choices:
        return ", ".join(f"`{choice.id}`" for choice in each.choices)
    ends = [
        None if end is None else f"{end:,.6f}".rstrip("0").rstrip(".")
        for end in (each.low, each.high)
    ]
    if ends[0] is None and ends[1] is None:
        return ""
    above = "above " if each.low_open else ""
    return f"{above}{ends[0]} to {ends[1]}"


def _needed(each: Field) -> str:
    if not each.asked_when:
        return "" if each.required else " May be left out."
    told = f" Asked when {_conditions(each.shown_when)}." if each.shown_when else ""
    if each.needed_when is not None:
        told += f" Needed when {_conditions([each.needed_when])}."
    return told


def _conditions(conditions: Sequence[Condition]) -> str:
    return " and ".join(
        f"`{other}` is {' or '.join(f'`{level}`' if level else 'empty' for level in sorted(levels))}"
        for other, levels in conditions
    )


def _parts(title: str, parts: tuple[Component, ...]) -> list[str]:
    return [f"## {title}", "", *(f"- `{each.name}`: {_both(each.title)}" for each in parts), ""]


def _prices(spec: ModelSpec) -> list[str]:
    if not spec.prices:
        return []
    listed = [
        f"- `{use.id}`: {_both(use.title)}, {use.unit}."
        + (f" Used when {_conditions(use.when)}." if use.when else "")
        for use in spec.prices
    ]
    return ["## Prices", "", *listed, ""]


def _steps(model: Model) -> list[str]:
    rows = [
        f"| {_both(found.title)} | `{found.formula}` | {found.unit} | {found.reference} |"
        for found in steps_of(model)
    ]
    told = "The functions and the order of the formulas: [conventions](conventions.md)."
    head = ["## Steps", "", told, "", "| Step | Formula | Unit | Reference |", "|---|---|---|---|"]
    return [*head, *rows, ""] if rows else []


def _flows(model: Model) -> list[str]:
    rows = [
        f"| `{each.approach}` | `{each.component}` | {_listed(each.paid)} |"
        f" {_survival(each.survives)} | {_listed(each.ends)} |"
        f" {_listed(f'`{price}`' for price in each.prices)} |"
        for each in flows_of(model)
    ]
    head = [
        "## Flows",
        "",
        "How these become a value: [conventions](conventions.md). Survival is the chance that the yearly",
        "hazard of loss has not struck; a flow without it is certain to come.",
        "",
        "| Approach | Component | Paid | Survival | End of its term | Moves with |",
        "|---|---|---|---|---|---|",
    ]
    return [*head, *rows, ""]


def _listed(words: Iterable[str]) -> str:
    return "; ".join(sorted(words)) or "-"


def _survival(seen: set[bool]) -> str:
    if len(seen) > 1:
        return "in some rows"
    return "yes" if True in seen else "no"


def _parameters(spec: ModelSpec) -> list[str]:
    known = science_parameters()
    rows = [row for each in spec.parameters for row in _parameter(known[each])]
    head = [
        "## Parameters",
        "",
        "Every dated value with where it comes from. Judgement and memory are marked; tables stand in full",
        "in the parameter files and in the service's parameter browser.",
        "",
        "| Parameter | From | Value | Status | Reference |",
        "|---|---|---|---|---|",
    ]
    return [*head, *rows, ""] if rows else []


def _parameter(entry: DatedParameter) -> Iterator[str]:
    for day, given in entry.values.items():
        if given is None:
            shown = "repealed"
        elif entry.rows:
            shown = f"table of {len(entry.rows)} row{'s' if len(entry.rows) != 1 else ''}"
        else:
            shown = given if entry.unit in SILENT else f"{given} {entry.unit}"
        told = entry.references[day]
        yield (
            f"| {_both(entry.title)} `{entry.id}` | {day} | {shown} | {STATUS[entry.status]} |"
            f" {told.title} ({told.source}) |"
        )


def _limits(spec: ModelSpec) -> list[str]:
    listed = [f"- {_both(each)}" for each in spec.limits]
    return ["## Limits of validity", "", *listed, ""] if listed else []
