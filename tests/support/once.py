"""Fixtures whose rows are made once a process and engine: later tests find a copy of them."""

from collections.abc import Callable
from functools import wraps
from inspect import Parameter, signature
from typing import Any


def built_once(build: Callable[..., Any]) -> Callable[..., Any]:
    """`@pytest.fixture` above it, steps that fill the database below: they are taken once, then copied.

    The steps commit what they do, follow from nothing but the world, and answer with what never changes.
    They come before anything else that a test does with its database.
    """

    @wraps(build)
    def fixture(*, once: Callable[[str, Callable[[], Any]], Any], **given: Any) -> Any:
        return once(f"{build.__module__}.{build.__qualname__}", lambda: build(**given))

    asked = [
        each.replace(kind=Parameter.KEYWORD_ONLY) for each in signature(build).parameters.values()
    ]
    once = Parameter("once", Parameter.KEYWORD_ONLY)
    fixture.__signature__ = signature(build).replace(parameters=[*asked, once])  # type: ignore[attr-defined]
    # Else pytest would look through it and ask the steps themselves.
    del fixture.__wrapped__  # type: ignore[attr-defined]
    return fixture
