"""Short ways to write the fields that most passports have."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final, TypedDict, Unpack

from risk_models.contract import Choice, Component, Condition, Field
from risk_models.words import Text

__all__ = [
    "asked_only",
    "choice",
    "day",
    "discount_rate",
    "number",
    "part",
    "pick",
    "series",
    "share",
    "yearly_loss_share",
    "yuan",
]

MOST: Final = 1e12
"""No input of one asset is above a million million; more is a slip of the unit."""

MOST_YUAN: Final = 1e10
"""No single amount of one asset is above ten billion yuan; more is a slip of the unit."""


class Extras(TypedDict, total=False):
    """What a field may have besides its name, words, unit, example and group."""

    low: float | None
    high: float | None
    low_open: bool
    required: bool
    needed_when: Condition | None
    shown_when: tuple[Condition, ...]
    vary: tuple[float, float] | None
    reference: str
    market: bool


def part(name: str, en: str, zh: str, unit: str = "yuan") -> Component:
    """A component or an approach."""
    return Component(name=name, title=Text(en=en, zh=zh), unit=unit)


def number(
    name: str,
    title: Text,
    help_: Text,
    *,
    unit: str,
    example: float | None,
    group: str,
    **extras: Unpack[Extras],
) -> Field:
    """A number, not below zero unless said otherwise."""
    told: Extras = {
        "low": 0.0,
        "high": MOST,
        "required": extras.keys().isdisjoint({"needed_when", "shown_when"}),
        **extras,
    }
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="number",
        unit=unit,
        example=example,
        group=group,
        **told,
    )


def share(
    name: str, title: Text, help_: Text, *, example: float, group: str, **extras: Unpack[Extras]
) -> Field:
    """A share of a whole."""
    told: Extras = {"high": 1.0, **extras}
    return number(name, title, help_, unit="ratio", example=example, group=group, **told)


def yuan(
    name: str, title: Text, help_: Text, *, example: float, group: str, **extras: Unpack[Extras]
) -> Field:
    """An amount of money."""
    told: Extras = {"high": MOST_YUAN, **extras}
    return number(name, title, help_, unit="yuan", example=example, group=group, **told)


def day(name: str, title: Text, help_: Text, *, example: str, **extras: Unpack[Extras]) -> Field:
    """A day of the term."""
    told: Extras = {"required": extras.keys().isdisjoint({"needed_when", "shown_when"}), **extras}
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="date",
        unit="day",
        example=example,
        group="term",
        **told,
    )


def pick(id_: str, en: str, zh: str) -> Choice:
    """One answer to a choice."""
    return Choice(id=id_, title=Text(en=en, zh=zh))


def choice(name: str, title: Text, help_: Text, *choices: Choice, group: str) -> Field:
    """A choice that may be left empty, which means its first answer."""
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="choice",
        unit="",
        choices=choices,
        example=choices[0].id,
        required=False,
        group=group,
    )


def series(
    name: str,
    title: Text,
    help_: Text,
    *,
    unit: str,
    example: tuple[float, ...],
    max_length: int,
    group: str,
    **extras: Unpack[Extras],
) -> Field:
    """A list of figures, none below zero; it may be left out but where `needed_when` asks for it."""
    told: Extras = {"low": 0.0, "required": False, **extras}
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="series",
        unit=unit,
        example=example,
        max_length=max_length,
        group=group,
        **told,
    )


def discount_rate(*, example: float, vary: tuple[float, float]) -> Field:
    """The rate, nominal and without the hazard."""
    return number(
        "discount_rate",
        Text(en="Discount rate", zh="折现率"),
        Text(
            en="Nominal, a year. The hazard of loss must not be in it a second time.",
            zh="名义年利率。损失风险不得重复计入。",
        ),
        unit="ratio",
        example=example,
        group="rate",
        high=0.5,
        low_open=True,
        vary=vary,
    )


def yearly_loss_share(title: Text, help_: Text, *, example: float) -> Field:
    """The hazard: the chance a year that what yields the income is lost."""
    return share("yearly_loss_share", title, help_, example=example, group="rate", high=0.5)


def asked_only(
    fields: Iterable[Field], shown_when: Mapping[str, tuple[Condition, ...]]
) -> tuple[Field, ...]:
    """The same fields, some of them asked for only where all of their conditions hold."""
    listed = tuple(fields)
    unknown = shown_when.keys() - {field.name for field in listed}
    if unknown:
        raise ValueError(f"no such fields: {', '.join(sorted(unknown))}")
    return tuple(
        replace(field, shown_when=shown_when.get(field.name, field.shown_when)) for field in listed
    )
