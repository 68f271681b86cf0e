"""How far the approaches that count in a value lie apart, which is asked about whatever the model."""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from risk_models.batches import finding
from risk_models.contract import Basis, Component, Finding, Floats, ModelSpec
from risk_models.words import Text

__all__ = ["APART", "WEIGHTS", "apart_findings"]

APART: Final = "approaches.apart_ratio"
"""The dated limit; a model of several approaches lists it among its parameters."""

CODE: Final = "approaches-apart"

WEIGHTS: Final = frozenset({"approach_weight", "age_group"})
"""Last names of the dated tables that weigh the approaches of a model."""


def apart_findings(
    spec: ModelSpec, basis: Basis, values: Mapping[str, Floats], weights: Mapping[str, Floats]
) -> list[Finding]:
    """Asks why approaches [n] that weigh more than nothing give values far from each other."""
    if APART not in spec.parameters:
        return []
    parts = [part for part in spec.approaches if part.name in values and weights[part.name].any()]
    if len(parts) < 2:
        return []
    worth = np.array([values[part.name] for part in parts])
    counts = np.array([weights[part.name] for part in parts]) > 0.0
    highest = np.max(worth, axis=0, where=counts, initial=-np.inf)
    lowest = np.min(worth, axis=0, where=counts, initial=np.inf)
    limit = basis.parameters.number(APART)
    apart = (counts.sum(axis=0) > 1) & (highest > 0.0) & (highest > limit * lowest)
    patterns = np.unique(counts[:, apart], axis=1).T
    return [
        entry
        for pattern in patterns
        for entry in _asked(
            [part for part, used in zip(parts, pattern, strict=True) if used],
            apart & (counts == pattern[:, np.newaxis]).all(axis=0),
            values,
            limit,
            _weighed_by(spec, basis),
        )
    ]


def _weighed_by(spec: ModelSpec, basis: Basis) -> Text:
    """Says where the weights of the approaches come from: no input holds them."""
    told = [
        basis.parameters.in_force(key).parameter.title
        for key in spec.parameters
        if key.rpartition(".")[2] in WEIGHTS
    ]
    en, zh = ("", "") if not told else (f' "{told[0].en}"', f"“{told[0].zh}”")
    return Text(
        en=f"The dated parameter table{en} gives the weights; they are no input. Check the inputs of"
        " the approach that is off, leave out those of an approach that does not fit, or say why"
        " the values differ.",
        zh=f"权重取自按日期生效的参数表{zh}，不是填报项。请核对偏离较大的方法的填报项，"
        "不适用的方法不要填写其填报项，或说明差异原因。",
    )


def _asked(
    parts: Sequence[Component],
    rows: np.ndarray,
    values: Mapping[str, Floats],
    limit: float,
    weighed: Text,
) -> list[Finding]:
    facts = {part.name: values[part.name] for part in parts}
    en = "; ".join(f"{_escaped(part.title.en)} %({part.name}).2f yuan" for part in parts)
    zh = "；".join(f"{_escaped(part.title.zh)}%({part.name}).2f元" for part in parts)
    detail = Text(
        en=f"The approaches that count lie more than %(limit).2f times apart: {en}."
        f" {_escaped(weighed.en)}",
        zh=f"参与加权的各方法结果相差超过%(limit).2f倍：{zh}。{_escaped(weighed.zh)}",
    )
    return finding(CODE, "", rows, severity="ask", detail=detail, limit=np.array(limit), **facts)


def _escaped(words: str) -> str:
    return words.replace("%", "%%")
