"""Units of models and parameters as people read them on a page."""

from app.kernel.units import unit_name
from app.web.formats import current_locale, language_of


def unit_title(unit: str) -> str:
    """A unit in the reader's language; symbols stay as they are, a bare number has none."""
    return unit_name(unit).in_language(language_of(current_locale()))
