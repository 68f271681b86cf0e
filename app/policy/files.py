"""The parameter files of this room, read once."""

from datetime import date
from functools import cache
from pathlib import Path

from risk_models.dated import Parameters, ParameterSet, load_folder

FOLDER = Path(__file__).resolve().parent / "parameters"


@cache
def parameter_set() -> ParameterSet:
    """All parameters with all their days; a file of the wrong shape means no start."""
    return load_folder(FOLDER)


def on(day: date) -> Parameters:
    """What the files have in force on a day; a parameter that is not in force is refused."""
    return parameter_set().on(day)


def area_of(parameter_id: str) -> str:
    """The area of a parameter: the word before its first dot."""
    return parameter_id.split(".", 1)[0]
