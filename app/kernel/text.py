"""Marks for words that are translated later, where the reader's language is known."""

from typing import Self


def N_(message: str) -> str:  # noqa: N802 - the customary name of the mark, known to the extractor
    """Mark a message for the catalogue and give it back unchanged."""
    return message


class Coded(str):
    """A code as data, with the message that says it to people."""

    __slots__ = ("words",)

    words: str

    def __new__(cls, code: str, words: str) -> Self:
        """A code, and its message of the catalogue."""
        coded = super().__new__(cls, code)
        coded.words = words
        return coded
