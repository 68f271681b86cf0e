"""Forms drawn from the passport of a model, and what was typed read back into inputs and prices."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypedDict

from flask_babel import gettext

from app.appraisal.domain.examples import Example
from app.appraisal.schemas import MAX_SOURCE
from app.appraisal.services import StatedPrice
from app.appraisal.units import unit_title
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_
from app.kernel.units import bound
from app.web.forms import FormField
from app.web.shell import words
from risk_models.batches import choices_of
from risk_models.contract import Condition, Field, ModelSpec, PriceUse
from risk_models.dated import Parameters

PREFIX: Final = "inputs-"
KINDS: Final[Mapping[str, str]] = {
    "number": "number",
    "integer": "integer",
    "choice": "choice",
    "flag": "flag",
    "date": "date",
    "series": "textarea",
}

THOUSANDS: Final = re.compile(r"(?<![\d.,\uff0c])\d{1,3}(?:[,\uff0c]\d{3})+(?![\d,\uff0c])")
"""One figure with its thousands parted, or several of three digits: a list does not tell which."""

SEPARATOR: Final = re.compile(r"[,;\uff0c\uff1b][^\S\n]*\n|[,;\uff0c\uff1b\n]")
"""Between two figures of a list: commas and semicolons of both widths, lines; at its end they are one with the line."""

GROUPS: Final[Mapping[str, str]] = {
    "sink": N_("The sink"),
    "removals": N_("Removals"),
    "deductions": N_("Deductions from the removals"),
    "precision": N_("Precision of the sample"),
    "term": N_("Term"),
    "price": N_("Price taken"),
    "costs": N_("Costs and tax"),
    "rate": N_("Discount rate and hazard"),
    "evidence": N_("Evidence beside income"),
    "stand": N_("The stand"),
    "yield": N_("Yields and other income"),
    "timber": N_("Timber"),
    "land": N_("The land"),
    "plan": N_("Timber or carbon"),
    "comparables": N_("Comparable rights"),
    "holding": N_("The holding"),
    "market": N_("The market"),
    "fee": N_("Fees paid"),
    "water": N_("The water"),
    "pollutants": N_("Pollutants"),
    "ticket": N_("The tickets"),
    "stream": N_("Certificates of the years to come"),
    "income": N_("Income and costs"),
    "unit": N_("The accounting unit"),
    "ecological_value": N_("Ecological value"),
}
"""Titles of groups of inputs, besides those that bear the name of a component of the model."""

FOLDED: Final = frozenset({"comparables"})
"""Groups whose inputs are all extras: they stay folded until one of them is filled in."""


@dataclass(frozen=True, slots=True)
class InputGroup:
    """A card of the form."""

    title: str
    fields: list[FormField]
    folded: bool = False


Texts = Mapping[str, str]


def input_fields(
    spec: ModelSpec,
    parameters: Parameters,
    values: Texts,
    errors: Texts,
    *,
    changes_only: bool = False,
    prefix: str = PREFIX,
) -> list[FormField]:
    """One field of the form for each input of the model; with `changes_only` none is required."""
    return [
        _input_field(each, parameters, values, errors, changes_only=changes_only, prefix=prefix)
        for each in spec.fields
    ]


def input_groups(spec: ModelSpec, fields: Sequence[FormField]) -> list[InputGroup]:
    """The fields of a form under the titles of their groups, in the order in which the passport begins them.

    A form whose model has a group without a title keeps its inputs together.
    """
    titles = {part.name: words(part.title) for part in spec.components}
    titles |= {group: gettext(title) for group, title in GROUPS.items()}
    if not {each.group for each in spec.fields} <= titles.keys():
        return [InputGroup(gettext("Inputs"), [*fields])]
    members: dict[str, list[FormField]] = {}
    for each, field in zip(spec.fields, fields, strict=True):
        members.setdefault(each.group, []).append(field)
    return [
        InputGroup(titles[group], listed, folded=group in FOLDED and _is_untouched(listed))
        for group, listed in members.items()
    ]


def _is_untouched(fields: Sequence[FormField]) -> bool:
    return not any(each.value or each.error or each.required for each in fields)


def _input_field(
    each: Field,
    parameters: Parameters,
    values: Texts,
    errors: Texts,
    *,
    changes_only: bool,
    prefix: str,
) -> FormField:
    name = prefix + each.name
    choices = [(choice.id, words(choice.title)) for choice in choices_of(each, parameters)]
    when = () if changes_only else _conditions(each.asked_when, prefix)
    return FormField(
        name=name,
        id=name,
        kind="choice" if changes_only and each.kind == "flag" else KINDS[each.kind],
        label=words(each.title),
        help=" ".join(part for part in (words(each.help), _bounds(each)) if part),
        unit="" if each.kind in {"choice", "date"} else unit_title(each.unit),
        value=values.get(name, ""),
        required=(each.required or each.needed_when is not None) and not changes_only,
        choices=_yes_no() if each.kind == "flag" and changes_only else choices,
        error=errors.get(name, ""),
        data_when=when[0] if when else None,
        also_when=when[1:],
    )


def _conditions(
    conditions: Sequence[Condition], prefix: str
) -> tuple[tuple[str, Sequence[str]], ...]:
    return tuple((prefix + other, sorted(levels)) for other, levels in conditions)


def _yes_no() -> list[tuple[str, str]]:
    return [("true", gettext("Yes")), ("false", gettext("No"))]


def _bounds(each: Field) -> str:
    low, high = (None if end is None else bound(end, each.unit) for end in (each.low, each.high))
    if each.kind == "series":
        return gettext("Figures in their order, separated by commas or lines.")
    if low is not None and high is not None and each.low_open:
        return gettext("More than %(low)s, up to %(high)s.", low=low, high=high)
    if low is not None and high is not None:
        return gettext("From %(low)s to %(high)s.", low=low, high=high)
    if low is not None:
        return gettext("At least %(low)s.", low=low)
    return gettext("At most %(high)s.", high=high) if high is not None else ""


def shown_inputs(
    spec: ModelSpec, inputs: Mapping[str, Any], prefix: str = PREFIX
) -> dict[str, str]:
    """Stored inputs as the texts of the form."""
    known = {each.name for each in spec.fields}
    return {prefix + name: _text(given) for name, given in inputs.items() if name in known}


def _text(given: Any) -> str:
    if isinstance(given, list | tuple):
        return ", ".join(_text(each) for each in given)
    if isinstance(given, bool):
        return "true" if given else "false"
    return "" if given is None else str(given)


def read_inputs(
    spec: ModelSpec, typed: Texts, *, changes_only: bool = False, prefix: str = PREFIX
) -> dict[str, Any]:
    """The inputs that a posted form stands for; fields that are not asked for some answer are left out.

    Refuses a list with an empty place, as what follows it would move to an earlier year, and one in
    which a comma may part figures or thousands.
    """
    asked = _asked_fields(spec, typed, prefix, everything=changes_only)
    found: dict[str, Any] = {}
    errors: list[FieldError] = []
    for each in asked:
        text = typed.get(prefix + each.name, "").strip()
        if each.kind == "flag" and (not changes_only or text):
            found[each.name] = text in {"true", "on", "1"}
        elif text:
            found[each.name] = _typed(each, text)
        if each.kind == "series" and (grouped := THOUSANDS.search(text)):
            errors.append(_grouped(prefix, each, grouped[0]))
        elif each.kind == "series" and "" in found.get(each.name, ()):
            errors.append(_empty_place(prefix, each, found[each.name]))
    if errors:
        raise InvalidInput(errors=tuple(errors))
    return found


def _empty_place(prefix: str, each: Field, parts: Sequence[str]) -> FieldError:
    return FieldError(
        pointer=f"/{prefix.rstrip('-')}/{each.name}",
        detail=N_("Figure %(place)s of the list is empty. Write it; for a year without, write 0."),
        facts={"place": parts.index("") + 1},
    )


def _grouped(prefix: str, each: Field, figure: str) -> FieldError:
    return FieldError(
        pointer=f"/{prefix.rstrip('-')}/{each.name}",
        detail=N_(
            "%(figure)s may be one figure or several. Write figures without separators of thousands,"
            " each on a line of its own."
        ),
        facts={"figure": figure},
    )


def _asked_fields(
    spec: ModelSpec, typed: Texts, prefix: str, *, everything: bool = False
) -> list[Field]:
    """The fields that the other answers ask for; what a choice not asked for would decide goes with it."""
    asked = [*spec.fields]
    left = -1
    while not everything and left != len(asked):
        left = len(asked)
        given = {each.name: typed.get(prefix + each.name, "").strip() for each in asked}
        asked = [each for each in asked if _hold(each.asked_when, given)]
    return asked


def _hold(conditions: Sequence[Condition], given: Texts) -> bool:
    return all(given.get(other, "") in levels for other, levels in conditions)


def _typed(each: Field, text: str) -> Any:
    if each.kind == "series":
        return _figures(text)
    if each.kind in {"number", "integer"}:
        return text.replace(",", "").replace("，", "")
    return text


def _figures(text: str) -> list[str]:
    """The figures of a list in their order, "" for an empty place before the last one."""
    found = [part.strip() for part in SEPARATOR.split(text)]
    while found and not found[-1]:
        found.pop()
    return found


# ---------------------------------------------------------------------------
# Prices stated instead of the market's


def price_fields(spec: ModelSpec, values: Texts, errors: Texts) -> list[FormField]:
    """Price and source for each price that the answers can use; left empty, the market's counts."""
    found: list[FormField] = []
    for at, use in enumerate(spec.prices):
        found += _price_pair(at, use, values, errors)
    return found


class _Asked(TypedDict):
    data_when: tuple[str, Sequence[str]] | None
    also_when: Sequence[tuple[str, Sequence[str]]]


def _price_pair(at: int, use: PriceUse, values: Texts, errors: Texts) -> list[FormField]:
    yuan, source = f"prices-{at}-yuan", f"prices-{at}-source"
    when = _conditions(use.when, PREFIX)
    asked: _Asked = {"data_when": when[0] if when else None, "also_when": when[1:]}
    return [
        FormField(
            name=yuan,
            id=yuan,
            kind="number",
            label=words(use.title),
            help=gettext("Left empty, the price of the market on the day is taken."),
            unit=unit_title(use.unit),
            value=values.get(yuan, ""),
            required=False,
            error=errors.get(yuan, "") or errors.get(f"prices-{at}-id", ""),
            **asked,
        ),
        FormField(
            name=source,
            id=source,
            kind="text",
            label=gettext("Source of the price"),
            value=values.get(source, ""),
            required=False,
            error=errors.get(source, ""),
            max_length=MAX_SOURCE,
            **asked,
        ),
    ]


def example_texts(
    spec: ModelSpec, example: Example, known: Collection[str], source: str
) -> dict[str, str]:
    """The form with the example filled in; of its prices those that are not `known`, from this source."""
    texts = shown_inputs(spec, example.inputs)
    for at, use in enumerate(spec.prices):
        if use.id in example.prices and use.id not in known:
            texts |= {f"prices-{at}-yuan": example.prices[use.id], f"prices-{at}-source": source}
    return texts


def read_prices(spec: ModelSpec, typed: Texts) -> tuple[StatedPrice, ...]:
    """The prices that were stated and can be used; a price without its source is refused."""
    found: list[StatedPrice] = []
    errors: list[FieldError] = []
    asked = _asked_fields(spec, typed, PREFIX)
    given = {each.name: typed.get(PREFIX + each.name, "").strip() for each in asked}
    for at, use in enumerate(spec.prices):
        yuan = typed.get(f"prices-{at}-yuan", "").strip().replace(",", "")
        source = typed.get(f"prices-{at}-source", "").strip()
        if not yuan or not _hold(use.when, given):
            continue
        if not _is_price(yuan):
            detail = N_("Enter the price as digits with at most six decimals, above zero.")
            errors.append(FieldError(pointer=f"/prices/{at}/yuan", detail=detail))
        elif not source:
            detail = N_("Say where the price comes from.")
            errors.append(FieldError(pointer=f"/prices/{at}/source", detail=detail))
        elif len(source) > MAX_SOURCE:
            errors.append(
                FieldError(
                    pointer=f"/prices/{at}/source",
                    detail=N_("Write at most %(limit)s characters."),
                    facts={"limit": MAX_SOURCE},
                )
            )
        found.append(StatedPrice(id=use.id, yuan=yuan, source=source))
    if errors:
        raise InvalidInput(errors=tuple(errors))
    return tuple(found)


def _is_price(text: str) -> bool:
    whole, _, decimals = text.partition(".")
    digits = (whole + decimals).isascii() and (whole + decimals).isdecimal()
    return digits and 1 <= len(whole) <= 12 and len(decimals) <= 6 and float(text) > 0
