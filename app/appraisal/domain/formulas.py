"""Formulas of a model's steps in the words of its inputs, as a reader without its code reads them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from risk_models.contract import ModelSpec
from risk_models.registry import science_parameters
from risk_models.words import Text

__all__ = ["flow_title", "formula_in_words", "names_told", "numbered", "steps_told", "title_of"]

GENERAL: Final[Mapping[str, Text]] = {
    "valuation_on": Text(en="Valuation day", zh="评估基准日"),
    "year": Text(en="Year", zh="年序"),
    "price": Text(en="Price", zh="价格"),
    "units": Text(en="Quantity", zh="数量"),
    "unit_price": Text(en="Unit price", zh="单价"),
    "index": Text(en="Price index", zh="价格指数"),
    "survival": Text(en="Survival", zh="存续比例"),
    "discount": Text(en="Discount factor", zh="折现系数"),
    "rotations": Text(en="Rotations", zh="轮伐倍数"),
}
"""Names that the engine gives, whatever the model."""

CALLED: Final[Mapping[str, Text]] = {
    "sum": Text(en="sum", zh="合计"),
    "min": Text(en="least", zh="取小"),
    "max": Text(en="greatest", zh="取大"),
    "floor": Text(en="rounded down", zh="向下取整"),
    "years": Text(en="years", zh="年数"),
    "whole_years": Text(en="whole years", zh="整年数"),
    "cumulative": Text(en="added up", zh="累计"),
    "interpolated": Text(en="interpolated", zh="插值"),
    "placed": Text(en="placed", zh="按年列示"),
    "student_t": Text(en="Student t", zh="t分布分位数"),
}
"""What formulas call; other functions keep the name that mathematics gives them."""

SIGNS: Final[Mapping[str, str]] = {"**": "^", "*": "×", "-": "−", ">=": "≥", "<=": "≤"}
TOKEN: Final = re.compile(r"[A-Za-z_]\w*|\*\*|[<>]=|[*-]")


def names_told(spec: ModelSpec | None) -> Mapping[str, Text]:
    """What names in formulas stand for, whatever the steps."""
    told = dict(GENERAL)
    if spec is not None:
        told |= _of_parameters(spec)
        told |= {use.id: use.title for use in spec.prices}
        told |= {field.name: field.title for field in spec.fields}
        told |= {part.name: part.title for part in (*spec.components, *spec.approaches)}
        told |= {f"{part.name}_weight": _weight_of(part.title) for part in spec.approaches}
    return told


def steps_told(
    spec: ModelSpec | None, trace: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Mapping[str, Any], Mapping[str, Text]]]:
    """Each step with what the names in its formula stand for: of steps alike the last one before it."""
    told = names_told(spec)
    for step in trace:
        own = Text(**step["title"])
        alike = [name for name in step["inputs"] if told.get(name) == own]
        yield step, {**told, **dict.fromkeys(alike, _as_given(own))}
        told = {**told, step["name"]: own}


def _as_given(title: Text) -> Text:
    """An input that has the title of the step it goes into."""
    return Text(en=f"{title.en} as given", zh=f"{title.zh}（所给数值）")


def _weight_of(title: Text) -> Text:
    return Text(en=f"Weight of {title.en}", zh=f"{title.zh}权重")


def _of_parameters(spec: ModelSpec) -> dict[str, Text]:
    """Parameters by the last word of their id, and the columns of tables."""
    told: dict[str, Text] = {}
    known = science_parameters()
    for parameter in (known[each] for each in spec.parameters if each in known):
        told[parameter.id.rpartition(".")[2]] = parameter.title
        told |= {name: column.title for name, column in parameter.columns.items()}
    return told


def title_of(name: str, told: Mapping[str, Text]) -> Text | None:
    """The title of a name; the second flow of a component is named after it, with a number."""
    if name in told:
        return told[name]
    title = told.get(name.rpartition("__")[0])
    return None if title is None else numbered(title, name)


def numbered(title: Text, name: str) -> Text:
    """The title of a step or flow with the number that tells its name from that of the first."""
    number = name.rpartition("__")[2]
    if not number.isdigit():
        return title
    return Text(en=f"{title.en} ({number})", zh=f"{title.zh}（{number}）")


def flow_title(name: str, told: Mapping[str, Text]) -> Text:
    """The approach and the flow of a step that sums its years; what has no title keeps its name."""
    titles = [title_of(part, told) or Text(en=part, zh=part) for part in name.split(".")]
    return Text(
        en=": ".join(title.en for title in titles), zh="：".join(title.zh for title in titles)
    )


def formula_in_words(formula: str, told: Mapping[str, Text]) -> Text:
    """The formula with titles for names and signs as they are written by hand."""
    return Text(en=_worded(formula, told, "en"), zh=_worded(formula, told, "zh"))


def _name(title: str) -> str:
    """A title as one name: one with a comma stands in quotes, so that it does not read as two."""
    return f"“{title}”" if ", " in title else title


def _worded(formula: str, told: Mapping[str, Text], language: str) -> str:
    def word(found: re.Match[str]) -> str:
        token = found[0]
        is_called = formula[found.end() :].startswith("(")
        if is_called and token in CALLED:
            return CALLED[token].in_language(language)
        title = None if is_called else title_of(token, told)
        return SIGNS.get(token, token) if title is None else _name(title.in_language(language))

    return TOKEN.sub(word, formula)
