# The part of Flask-Babel that the service uses, typed; the package carries no types.

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from babel.core import Locale
from flask import Flask

class Babel:
    def __init__(
        self,
        app: Flask | None = ...,
        *,
        default_locale: str = ...,
        default_timezone: str = ...,
        locale_selector: Callable[[], str | None] | None = ...,
        timezone_selector: Callable[[], str | None] | None = ...,
    ) -> None: ...

def gettext(message: str, /, **variables: Any) -> str: ...
def ngettext(singular: str, plural: str, num: int, /, **variables: Any) -> str: ...
def pgettext(context: str, message: str, /, **variables: Any) -> str: ...
def lazy_gettext(message: str, /, **variables: Any) -> str: ...
def get_locale() -> Locale | None: ...
def force_locale(locale: str | Locale) -> AbstractContextManager[None]: ...
def refresh() -> None: ...
