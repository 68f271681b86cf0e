"""The message catalogue where no request tells the reader's language: at the terminal, in documents."""

import gettext
from functools import cache
from pathlib import Path
from typing import Final

from app.kernel.actor import Name

_TRANSLATIONS: Final = Path(__file__).parent.parent / "translations"


@cache
def catalogue(language: str) -> gettext.NullTranslations:
    """The messages in `zh`; for any other language each message says itself."""
    languages = ["zh_Hans_CN"] if language == "zh" else []
    return gettext.translation(
        "messages", localedir=_TRANSLATIONS, languages=languages, fallback=True
    )


def in_both(message: str) -> Name:
    """A message in both languages; words without a message of their own stand alone, as Chinese."""
    # The catalogue answers an empty message with its own head.
    chinese = catalogue("zh").gettext(message) if message else ""
    return Name(zh=chinese, en="" if chinese == message else message)
