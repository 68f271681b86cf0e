"""The example of a model, as its file under `docs/examples` gives it: what a form fills in when asked to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from app.kernel.folders import find_folder
from risk_models.contract import ModelSpec

EXAMPLES: Final = "docs/examples"


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """Inputs by field, and prices in yuan by id, of an invented asset."""

    inputs: Mapping[str, Any]
    prices: Mapping[str, str] = field(default_factory=dict)


def example_of(spec: ModelSpec) -> Example:
    """The published example of a model; one that an outside model brings is that of its passport."""
    published = _published(spec.id)
    if published is not None:
        return published
    inputs = {each.name: each.example for each in spec.fields if each.example is not None}
    return Example(inputs=inputs)


@cache
def _published(model_id: str) -> Example | None:
    try:
        path = find_folder(EXAMPLES) / f"{model_id}.json"
    except FileNotFoundError:
        return None
    if not path.is_file():
        return None
    document = json.loads(path.read_text(encoding="utf-8"))
    prices = {key: str(each["yuan"]) for key, each in document["prices"].items()}
    return Example(inputs=document["inputs"], prices=prices)
