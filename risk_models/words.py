"""Words in both languages of the service, as a model and a parameter file carry them."""

from dataclasses import dataclass
from typing import Final

__all__ = ["Text", "unit_words"]

UNITS: Final = {
    "yuan": "元",
    "mu": "亩",
    "ha": "公顷",
    "m3": "立方米",
    "t": "吨",
    "year": "年",
    "km": "公里",
}
"""Chinese words of the units of areas and of figures per area; other units are told by their signs."""


def unit_words(unit: str) -> str:
    """A unit such as yuan/mu in Chinese."""
    return "/".join(UNITS.get(part, part) for part in unit.split("/"))


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

    def about(self, **words: "Text") -> "Text":
        """The wording with some of its %(name)s places taken by words of the same language."""
        en, zh = self.en, self.zh
        for name, told in words.items():
            en = en.replace(f"%({name})s", told.en.replace("%", "%%"))
            zh = zh.replace(f"%({name})s", told.zh.replace("%", "%%"))
        return Text(en=en, zh=zh)

    @property
    def complete(self) -> bool:
        return bool(self.en.strip()) and bool(self.zh.strip())
