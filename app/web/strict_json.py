"""JSON as RFC 8259 means it: no NaN, no duplicate keys, bounded depth and numbers, only real Unicode."""

import json
import math
import re
from typing import Any, Final

from app.kernel.errors import MalformedRequest
from app.kernel.text import N_

MAX_DEPTH: Final = 32
"""Deepest nesting accepted; GeoJSON of a multipolygon needs eight."""

MAX_NUMBER_DIGITS: Final = 40
"""Longest number accepted as text; no figure of the product needs half of it."""


_BRACKET: Final = re.compile(r'[\[\]{}]|"(?:[^"\\]++|\\.)*+"?', re.DOTALL)
"""A bracket, or a whole text, in which brackets mean nothing; one that does not end takes all that follows."""

_STEP: Final = {"[": 1, "{": 1, "]": -1, "}": -1}


def read_json(body: bytes) -> Any:
    """Parse a request body; `MalformedRequest` names what is wrong."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError:
        raise MalformedRequest(reason=N_("the body is not UTF-8")) from None
    if text.startswith("\ufeff"):
        raise MalformedRequest(reason=N_("the body begins with a byte order mark"))
    _require_shallow(text)
    try:
        return json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_short,
        )
    except (ValueError, RecursionError):
        raise MalformedRequest(reason=N_("the body is not valid JSON")) from None


def _require_shallow(text: str) -> None:
    depth = 0
    for found in _BRACKET.finditer(text):
        depth += _STEP.get(found[0], 0)
        if depth > MAX_DEPTH:
            raise MalformedRequest(reason=N_("the JSON is nested too deep"))


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise MalformedRequest(reason=N_("a JSON key stands twice"))
    return found


def _no_constant(_name: str) -> Any:
    raise MalformedRequest(reason=N_("NaN and Infinity are not JSON"))


def _finite(text: str) -> float:
    if len(text) > MAX_NUMBER_DIGITS:
        raise MalformedRequest(reason=N_("a number is too long"))
    value = float(text)
    if not math.isfinite(value):
        raise MalformedRequest(reason=N_("a number is too large"))
    return value


def _short(text: str) -> int:
    if len(text) > MAX_NUMBER_DIGITS:
        raise MalformedRequest(reason=N_("a number is too long"))
    return int(text)
