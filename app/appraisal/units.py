"""Units of models and parameters as people read them."""

from typing import Final

from flask_babel import gettext

from app.kernel.text import N_

SILENT: Final = frozenset({"", "1"})
"""A bare number needs no unit."""

WORDS: Final = (
    N_("mu"), N_("yuan"), N_("year"), N_("day"), N_("ratio"), N_("table"), N_("unit"), N_("visit"),
    N_("unit/day"), N_("m3/mu"), N_("tCO2e/mu"), N_("tCO2e/mu/year"), N_("yuan/tCO2e"),
    N_("yuan/tCO2"), N_("yuan/mu"), N_("yuan/mu/year"), N_("yuan/m3"), N_("yuan/m2"), N_("yuan/t"),
    N_("yuan/ha"), N_("yuan/kWh"), N_("yuan/visit"), N_("yuan/certificate"), N_("yuan/year"),
    N_("period"), N_("number"), N_("m"), N_("m2"), N_("m3"), N_("t"), N_("ha"), N_("km2"), N_("kWh"),
    N_("t/m3"), N_("m3/km2"), N_("tCO2"), N_("tCO2e"), N_("tCO2e/year"), N_("project"), N_("flag"),
)  # fmt: skip


def unit_title(unit: str) -> str:
    """A unit in the reader's language; symbols stay as they are, a bare number has none."""
    return "" if unit in SILENT else gettext(unit)
