"""Lists of a wrong length or type are refused in words of the catalogue."""

import marshmallow as ma
import pytest

from app.kernel.errors import InvalidInput
from app.web.fields import Entries, Text
from app.web.reading import load_schema


class Sent(ma.Schema):
    """A list with both bounds, and one with the upper."""

    both = ma.fields.List(Text(max_length=3), validate=Entries(min=1, max=2))
    upper = ma.fields.List(Text(max_length=3), validate=Entries(max=2))


@pytest.mark.parametrize("found", [1, 2])
def test_a_list_within_its_bounds_is_taken(found):
    assert load_schema(Sent(), {"both": ["a"] * found})["both"] == ["a"] * found


@pytest.mark.parametrize(
    ("name", "sent", "words", "facts"),
    [
        (
            "both",
            [],
            "Send %(low)s to %(high)s entries; these are %(found)s.",
            {"low": 1, "high": 2, "found": 0},
        ),
        (
            "upper",
            ["a"] * 3,
            "Send at most %(high)s entries; these are %(found)s.",
            {"low": 0, "high": 2, "found": 3},
        ),
        ("upper", "a", "Send a list.", {}),
    ],
)
def test_another_list_is_refused_in_our_words(name, sent, words, facts):
    with pytest.raises(InvalidInput) as refused:
        load_schema(Sent(), {name: sent})
    (error,) = refused.value.errors
    assert (error.pointer, error.detail, error.facts) == (f"/{name}", words, facts)
