"""Units of models and parameters as people read them on a page."""

from app.web import formats


def unit_title(unit: str) -> str:
    """A unit in the reader's language; symbols stay as they are, a bare number has none."""
    return formats.unit_title(unit, locale=formats.current_locale())
