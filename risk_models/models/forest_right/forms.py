"""Short ways to write the choices and series of the forest-right model."""

from typing import Final, Required, TypedDict, Unpack

from risk_models.contract import Choice, Field
from risk_models.words import Text

__all__ = ["YEARS_AT_MOST", "choice", "series"]

YEARS_AT_MOST: Final = 60
"""Years that a series tells one by one."""


def choice(
    name: str, title: Text, help_: Text, *, example: str, group: str, choices: tuple[Choice, ...]
) -> Field:
    """A choice of the model's own that may be left empty."""
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="choice",
        unit="",
        choices=choices,
        example=example,
        required=False,
        group=group,
    )


class Extent(TypedDict, total=False):
    """How long a series may be, how large its entries, and when it is needed."""

    max_length: Required[int]
    high: Required[float]
    needed_when: tuple[str, frozenset[str]]
    market: bool


def series(
    name: str,
    title: Text,
    help_: Text,
    *,
    unit: str,
    example: tuple[float, ...],
    group: str,
    **extent: Unpack[Extent],
) -> Field:
    """A list of figures, none below zero; needed only where `needed_when` says so."""
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="series",
        unit=unit,
        low=0.0,
        example=example,
        required=False,
        group=group,
        **extent,
    )
