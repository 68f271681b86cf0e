"""Forms drawn from the passport of a model, and what was typed read back into inputs and prices."""

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any, Final

from flask_babel import gettext

from app.appraisal.schemas import MAX_SOURCE
from app.appraisal.services import StatedPrice
from app.appraisal.units import unit_title
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_
from app.web.forms import FormField
from app.web.shell import words
from risk_models.batches import choices_of
from risk_models.contract import Field, ModelSpec, PriceUse
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
}
"""Titles of groups of inputs. A form whose model has another group keeps its inputs together."""

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


def input_groups(spec: ModelSpec, fields: Sequence[FormField]) -> list[tuple[str, list[FormField]]]:
    """The fields of a form under the titles of their groups, in the order of the passport."""
    if not {each.group for each in spec.fields} <= GROUPS.keys():
        return [(gettext("Inputs"), [*fields])]
    told = zip(spec.fields, fields, strict=True)
    return [
        (gettext(GROUPS[group]), [field for _, field in pairs])
        for group, pairs in groupby(told, key=lambda pair: pair[0].group)
    ]


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
    when = None
    if each.needed_when is not None and not changes_only:
        when = (prefix + each.needed_when[0], sorted(each.needed_when[1]))
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
        data_when=when,
    )


def _yes_no() -> list[tuple[str, str]]:
    return [("true", gettext("Yes")), ("false", gettext("No"))]


def _bounds(each: Field) -> str:
    low, high = (None if end is None else _plain(end) for end in (each.low, each.high))
    if each.kind == "series":
        return gettext("Figures in their order, separated by commas or lines.")
    if low is not None and high is not None:
        return gettext("From %(low)s to %(high)s.", low=low, high=high)
    if low is not None:
        return gettext("At least %(low)s.", low=low)
    return gettext("At most %(high)s.", high=high) if high is not None else ""


def _plain(figure: float) -> str:
    """A bound in digits: 100,000,000 and not 1e+08."""
    return f"{figure:,.6f}".rstrip("0").rstrip(".")


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
    """The inputs that a posted form stands for; fields that are not asked for some answer are left out."""
    found: dict[str, Any] = {}
    for each in spec.fields:
        text = typed.get(prefix + each.name, "").strip()
        if each.kind == "flag" and (not changes_only or text):
            found[each.name] = text in {"true", "on", "1"}
        elif text and _asked(each, typed, prefix, changes_only=changes_only):
            found[each.name] = _typed(each, text)
    return found


def _asked(each: Field, typed: Texts, prefix: str, *, changes_only: bool) -> bool:
    if each.needed_when is None or changes_only:
        return True
    other, answers = each.needed_when
    return typed.get(prefix + other, "") in answers


def _typed(each: Field, text: str) -> Any:
    if each.kind == "series":
        parts = text.replace("，", ",").replace("\n", ",").replace(";", ",").split(",")
        return [part.strip() for part in parts if part.strip()]
    if each.kind in {"number", "integer"}:
        return text.replace(",", "").replace("，", "")
    return text


# ---------------------------------------------------------------------------
# Prices stated instead of the market's


def price_fields(spec: ModelSpec, values: Texts, errors: Texts) -> list[FormField]:
    """Price and source for each price that the model reads; left empty, the market's counts."""
    found: list[FormField] = []
    for at, use in enumerate(spec.prices):
        found += _price_pair(at, use, values, errors)
    return found


def _price_pair(at: int, use: PriceUse, values: Texts, errors: Texts) -> list[FormField]:
    yuan, source = f"prices-{at}-yuan", f"prices-{at}-source"
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
        ),
    ]


def read_prices(spec: ModelSpec, typed: Texts) -> tuple[StatedPrice, ...]:
    """The prices that were stated; a price without its source is refused."""
    found: list[StatedPrice] = []
    errors: list[FieldError] = []
    for at, use in enumerate(spec.prices):
        yuan = typed.get(f"prices-{at}-yuan", "").strip().replace(",", "")
        source = typed.get(f"prices-{at}-source", "").strip()
        if not yuan:
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
