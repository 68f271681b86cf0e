"""Words in both languages of the service, as a model and a parameter file carry them."""

from dataclasses import dataclass

__all__ = ["Text"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One wording in English and in Chinese."""

    en: str
    zh: str

    def in_language(self, language: str) -> str:
        """The wording for `en`, `zh` or a locale name that begins with one of them."""
        return self.zh if language.lower().startswith("zh") else self.en

    def filled(self, facts: dict[str, object]) -> "Text":
        """The wording with its %(name)s places filled from facts."""
        return Text(en=self.en % facts, zh=self.zh % facts) if facts else self

    @property
    def complete(self) -> bool:
        return bool(self.en.strip()) and bool(self.zh.strip())
