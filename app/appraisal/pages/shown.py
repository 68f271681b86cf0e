"""What the templates of this room show: titles in the reader's language, figures ready for the filters."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from flask_babel import gettext

from app.appraisal import domain
from app.appraisal.domain.cash_flows import FACTORS, YearlyFlow, whole_quantities, yearly_flows
from app.appraisal.domain.catalogue import find_spec, names_in, parameters_on
from app.appraisal.domain.formulas import (
    flow_title,
    formula_in_words,
    names_told,
    numbered,
    steps_told,
    title_of,
)
from app.appraisal.domain.valuing import fen_of, traced_figure
from app.appraisal.report_parts import figure, input_figure, is_calendar_year, yuan_figure
from app.appraisal.report_tables import cell_told
from app.appraisal.units import unit_title
from app.kernel.money import Money
from app.kernel.units import RATIO, per_cent
from app.reference.domain import STATUS_TITLES
from app.web.formats import current_locale, money_plot, money_unit, money_wan
from app.web.language import current_language
from app.web.shell import said, words
from risk_models.batches import choices_of
from risk_models.contract import Field, ModelSpec
from risk_models.words import Text

STATE_TONES: Final[Mapping[str, str]] = {
    "ordered": "amber",
    "preparing": "amber",
    "signed": "amber",
    "valid": "green",
    "expired": "grey",
    "superseded": "grey",
    "declined": "red",
    "revoked": "red",
}
RUN_TONES: Final[Mapping[str, str]] = {
    "waiting": "amber",
    "running": "amber",
    "finished": "green",
    "cancelled": "grey",
}
ITEM_TONES: Final[Mapping[str, str]] = {"waiting": "amber", "done": "green", "failed": "red"}
SEVERITY_TONES: Final[Mapping[str, str]] = {"refuse": "red", "ask": "amber", "note": "grey"}
STATUS_TONES: Final[Mapping[str, str]] = {
    "sourced": "green",
    "practice": "green",
    "judgement": "amber",
    "to-confirm": "orange",
}


def room_words() -> dict[str, Any]:
    """Titles that the templates look up."""
    return {
        "state_titles": _titles(domain.STATE_TITLES),
        "state_tones": STATE_TONES,
        "run_titles": _titles(domain.RUN_STATE_TITLES),
        "run_tones": RUN_TONES,
        "item_titles": _titles(domain.ITEM_STATE_TITLES),
        "item_tones": ITEM_TONES,
        "kind_titles": _titles(domain.KIND_TITLES),
        "role_titles": _titles(domain.SIGNATURE_ROLE_TITLES),
        "severity_tones": SEVERITY_TONES,
        "severity_titles": {
            "refuse": gettext("Refused"),
            "ask": gettext("To explain"),
            "note": gettext("Note"),
        },
        "status_titles": {key: gettext(title) for key, title in STATUS_TITLES.items()},
        "status_tones": STATUS_TONES,
        "words": words,
        "model_title": model_title,
        "unit_title": unit_title,
        "fen_of": fen_of,
    }


def _titles(titles: Mapping[Any, str]) -> dict[str, str]:
    return {key.value: gettext(title) for key, title in titles.items()}


def model_title(model_id: str) -> str:
    """The title of a model; its id when it is no longer installed."""
    spec = find_spec(model_id)
    return model_id if spec is None else words(spec.title)


def in_words(both: Mapping[str, str] | None) -> str:
    """Words that are stored in both languages."""
    return "" if both is None else words(Text(en=both.get("en", ""), zh=both.get("zh", "")))


def is_ecological(spec: ModelSpec | None) -> bool:
    """Whether the model gives a yearly ecological value, which is shown and never lent on."""
    return spec is not None and spec.value_kind == "ecological"


def result_shown(
    spec: ModelSpec | None, result: Mapping[str, Any], inputs: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """The parts of a result as tables and the chart of its components."""
    titles = {each.name: words(each.title) for each in spec.components} if spec else {}
    components = [
        {"name": titles.get(name, name), "fen": Money.parse(text).fen}
        for name, text in result.get("components", {}).items()
        if Money.parse(text).fen
    ]
    flows = list(yearly_flows(result))
    return {
        "is_ecological": is_ecological(spec),
        "components": components,
        "waterfall": _waterfall(components, Money.parse(result["value_yuan"]).fen),
        "approaches": _approaches(spec, result),
        "steps": steps_shown(spec, result.get("trace", []), {each.name for each in flows}),
        "flows": flows_shown(spec, flows),
        "findings": [{**each, "words": in_words(each)} for each in result.get("findings", [])],
        "parameters": [_parameter(each) for each in result.get("parameters", [])],
        "quantities": [
            {
                "name": titles.get(name, name),
                "value": _quantity(each["value"], each["unit"]).removeprefix("-"),
                "unit": each["unit"],
            }
            for name, each in whole_quantities(result).items()
            if each["value"] is not None and titles.get(name)
        ],
        "inputs": inputs_shown(spec, inputs, on),
    }


def _parameter(each: Mapping[str, Any]) -> dict[str, Any]:
    cited = {"reference": said(each["reference"]), "source": said(each["source"])}
    shown = {**each, **cited, "title": in_words(each), "row": row_shown(each)}
    value, unit = each["value"], each["unit"]
    if not value:
        return shown
    if unit == RATIO:
        return {**shown, "value": per_cent(value), "unit": "%"}
    return shown if is_calendar_year(value, unit) else {**shown, "value": grouped(value)}


def row_shown(each: Mapping[str, Any]) -> str:
    """The row that a choice named in a table of parameters, with its cells; empty where none is known."""
    cells = [cell_told(cell, current_language()) for cell in each.get("cells", ())]
    return f"{in_words(each['row'])}: {'; '.join(cells)}" if cells else ""


def _waterfall(components: list[dict[str, Any]], value_fen: int) -> dict[str, Any]:
    locale = current_locale()
    steps = [*components, {"name": gettext("Value"), "fen": value_fen, "total": True}]
    return {
        "unit": money_unit("wan", locale=locale),
        "steps": [
            {
                "name": each["name"],
                "value": money_plot(each["fen"], "wan", locale=locale),
                "text": money_wan(each["fen"], locale=locale),
                "total": each.get("total", False),
            }
            for each in steps
        ],
    }


def _approaches(spec: ModelSpec | None, result: Mapping[str, Any]) -> list[dict[str, Any]]:
    titles = {each.name: words(each.title) for each in spec.approaches} if spec else {}
    return [
        {
            "name": titles.get(name, name),
            "fen": Money.parse(each["value_yuan"]).fen,
            "weight": "—" if each["weight"] is None else f"{float(each['weight']):.0%}",
            "reason": in_words(each["reason"]),
        }
        for name, each in result.get("approaches", {}).items()
        if each["value_yuan"] is not None
    ]


def steps_shown(
    spec: ModelSpec | None, trace: Sequence[Mapping[str, Any]], by_year: Collection[str]
) -> list[dict[str, Any]]:
    """The steps of the model in words, shares in per cent as in the other tables of the page.

    `by_year` names the flows whose years have a table of their own.
    """
    units = {each["name"]: each["unit"] for each in trace}
    shares = {name for name in names_in(RATIO) if units.get(name, RATIO) == RATIO}
    shares |= {f"{each.name}_weight" for each in (spec.approaches if spec else ())}
    shares |= {name for name, unit in units.items() if unit == RATIO}
    return [
        _step(each, shares, told, by_year=each["name"] in by_year)
        for each, told in steps_told(spec, trace)
    ]


def flows_shown(spec: ModelSpec | None, flows: Sequence[YearlyFlow]) -> list[dict[str, Any]]:
    """The years of each flow, with what each is worth on the valuation day."""
    told = names_told(spec)
    return [
        {
            "title": words(flow_title(flow.name, told)),
            "facts": _flow_facts(flow, told),
            "columns": [
                (gettext("Years from the valuation day"), ""),
                (words(told["units"]), unit_title(flow.unit)),
                *((words(told[name]), "") for name in FACTORS[2:]),
            ],
            "years": [[*map(figure, year), yuan_figure(yuan)] for year, yuan in flow.years],
            "yuan": yuan_figure(flow.yuan),
        }
        for flow in flows
    ]


def _flow_facts(flow: YearlyFlow, told: Mapping[str, Text]) -> list[tuple[str, str]]:
    """What every year is multiplied by besides its own factors."""
    yuan = money_unit("yuan", locale=current_locale())
    price = (words(told["unit_price"]), f"{figure(flow.unit_price)} {yuan}")
    if flow.rotations == 1.0:
        return [price]
    return [price, (words(told["rotations"]), figure(flow.rotations))]


def _step(
    each: Mapping[str, Any],
    shares: Collection[str],
    told: Mapping[str, Text],
    *,
    by_year: bool,
) -> dict[str, Any]:
    value, unit = traced_figure(each["value"]), each["unit"]
    shown = _quantity(each["value"], unit)
    if unit == RATIO and isinstance(value, float):
        shown, unit = _hundredths(value), "%"
    return {
        "title": words(numbered(Text(**each["title"]), each["name"])),
        "name": each["name"],
        "formula": each["formula"],
        "words": words(formula_in_words(each["formula"], told)),
        "inputs": [
            (words(title_of(name, told)) or name, _input_figure(name, traced_figure(given), shares))
            for name, given in each["inputs"].items()
            if not (by_year and isinstance(given, list))
        ],
        "by_year": by_year,
        "value": shown,
        "unit": unit,
        "reference": said(each["reference"]),
    }


def _input_figure(name: str, given: float | str | list[float], shares: Collection[str]) -> str:
    if name in shares and isinstance(given, float):
        return f"{_hundredths(given)}%"
    return input_figure(name, given)


def _hundredths(share: float) -> str:
    return figure(100 * share)


def _quantity(given: Any, unit: str) -> str:
    """A figure of a unit; only money is written with decimals that say nothing."""
    shown = figure(traced_figure(given))
    return shown if unit.startswith("yuan") else shown.removesuffix(".00")


def inputs_shown(
    spec: ModelSpec | None, inputs: Mapping[str, Any], on: date
) -> list[dict[str, str]]:
    """Inputs with the titles, units and choices of the model."""
    if spec is None:
        return [{"title": key, "value": str(given), "unit": ""} for key, given in inputs.items()]
    return [
        {
            "title": words(each.title),
            "value": input_shown(each, inputs[each.name], on),
            "unit": _unit(each),
        }
        for each in spec.fields
        if each.name in inputs
    ]


def input_shown(each: Field, given: Any, on: date) -> str:
    """One stored input as its reader writes it: the title of a choice, per cent, separators."""
    if isinstance(given, bool):
        return gettext("Yes") if given else gettext("No")
    if isinstance(given, list):
        return ", ".join(str(part) for part in given)
    if each.kind == "choice":
        listed = choices_of(each, parameters_on(on))
        return next((words(c.title) for c in listed if c.id == given), str(given))
    if each.kind not in {"number", "integer"}:
        return str(given)
    return per_cent(given) if each.unit == RATIO else grouped(given)


def _unit(each: Field) -> str:
    if each.unit == RATIO and each.kind == "number":
        return "%"
    return "" if each.unit in {"1", "day"} else each.unit


def grouped(given: Any) -> str:
    """A number as it was entered, with separators and without a fraction of nothing."""
    try:
        number = Decimal(str(given))
    except InvalidOperation:
        return str(given)
    whole = number == number.to_integral_value()
    return f"{number.to_integral_value():,f}" if whole else f"{number:,f}"
