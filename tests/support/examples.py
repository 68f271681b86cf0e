"""How many examples of a property are tried: few and the same ones each time, or ten times as many at random."""

import os
from typing import Final

from hypothesis import settings

DEEP: Final = os.environ.get("GREENPLEDGE_TEST_DEEP") == "1"
EXAMPLES: Final = 50
TIMES_IN_DEPTH: Final = 10


def examples(count: int) -> settings:
    """So many examples in an ordinary run of a slow property, ten times as many in a deep one."""
    return settings(max_examples=count * TIMES_IN_DEPTH if DEEP else count)


def load_profile() -> None:
    """An ordinary run goes red only by what was changed; a deep one prints what repeats a find.

    A loaded machine is slow, not wrong: no example is timed.
    """
    name = "deep" if DEEP else "repeatable"
    settings.register_profile(
        name,
        deadline=None,
        derandomize=not DEEP,
        max_examples=EXAMPLES * TIMES_IN_DEPTH if DEEP else EXAMPLES,
        print_blob=True,
    )
    settings.load_profile(name)
