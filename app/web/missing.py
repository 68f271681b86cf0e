"""What a template may leave open: asking whether a name is there is fine, printing what is not is a bug."""

from jinja2 import Undefined


class Missing(Undefined):
    """A name or key without a value: false in a test, empty in a loop, an error when printed."""

    def __str__(self) -> str:
        return str(self._fail_with_undefined_error())

    def __html__(self) -> str:
        return str(self)
