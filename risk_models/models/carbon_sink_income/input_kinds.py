"""Short ways to write the kinds of inputs the carbon-sink model asks for."""

from risk_models.contract import Choice, Field
from risk_models.words import Text

__all__ = ["When", "choice", "flag", "pick", "row_of", "series", "when"]

When = tuple[str, frozenset[str]]


def when(field: str, *answers: str) -> When:
    return field, frozenset(answers)


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


def pick(id_: str, en: str, zh: str) -> Choice:
    return Choice(id=id_, title=Text(en=en, zh=zh))


def row_of(
    name: str,
    title: Text,
    help_: Text,
    *,
    table: str,
    example: str,
    group: str,
    needed_when: When | None = None,
) -> Field:
    """A choice among the rows of a dated table."""
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="choice",
        unit="",
        choices_from=table,
        example=example,
        required=False,
        needed_when=needed_when,
        group=group,
    )


def series(  # noqa: PLR0913 - an input has this many parts.
    name: str,
    title: Text,
    help_: Text,
    *,
    unit: str,
    example: tuple[float, ...],
    most: int,
    group: str,
    needed_when: When,
    low: float = 0.0,
    low_open: bool = False,
    high: float = 1e6,
    market: bool = False,
) -> Field:
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="series",
        unit=unit,
        low=low,
        high=high,
        low_open=low_open,
        example=example,
        required=False,
        needed_when=needed_when,
        max_length=most,
        group=group,
        market=market,
    )


def flag(name: str, title: Text, help_: Text, *, group: str) -> Field:
    return Field(
        name=name,
        title=title,
        help=help_,
        kind="flag",
        unit="",
        example=False,
        required=False,
        group=group,
    )
