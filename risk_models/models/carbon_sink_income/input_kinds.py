"""Short ways to write the kinds of inputs the carbon-sink model asks for."""

from risk_models.contract import Condition, Field
from risk_models.words import Text

__all__ = ["flag", "row_of", "when"]


def when(field: str, *answers: str) -> Condition:
    return field, frozenset(answers)


def row_of(
    name: str,
    title: Text,
    help_: Text,
    *,
    table: str,
    example: str,
    group: str,
    needed_when: Condition | None = None,
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
