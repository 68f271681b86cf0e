"""The version of the installed service."""

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _installed() -> str:
    try:
        return version("greenpledge")
    except PackageNotFoundError:
        # Run from a folder that was never installed.
        return "0"


VERSION: Final = _installed()
