"""Documents of a caller that cannot be taken: where, why in both languages, and whether they were read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

from risk_models.words import Text

__all__ = ["DocumentProblem", "InvalidDocument", "object_at", "require_known", "shown"]


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentProblem:
    """One place of a document, as a JSON pointer, and what is wrong there.

    `was_read` says that the value was understood and lies outside of what is allowed.
    """

    pointer: str
    detail: Text
    was_read: bool = False

    @property
    def told(self) -> Text:
        """The words with their place before them, rows counted from 1."""
        en, zh = _place(self.pointer)
        return Text(
            en=f"{en}: {self.detail.en}" if en else self.detail.en,
            zh=f"{zh}：{self.detail.zh}" if zh else self.detail.zh,
        )


class InvalidDocument(ValueError):  # noqa: N818 - the name states the refusal, as the others do.
    """An input document that cannot be taken, with all that is known to be wrong with it."""

    def __init__(self, problems: Sequence[DocumentProblem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.detail.en)

    @classmethod
    def at(cls, pointer: str, *, en: str, zh: str, was_read: bool = False) -> Self:
        """One problem at one place."""
        detail = Text(en=en, zh=zh)
        return cls([DocumentProblem(pointer=pointer, detail=detail, was_read=was_read)])

    @property
    def detail(self) -> Text:
        """All problems in one line of each language, without a stop at the end."""
        told = [problem.told for problem in self.problems]
        return Text(
            en="; ".join(text.en.removesuffix(".") for text in told),
            zh="；".join(text.zh.removesuffix("。") for text in told),
        )

    @property
    def was_read(self) -> bool:
        """Whether every value was understood, so that only rules are broken."""
        return all(problem.was_read for problem in self.problems)


def object_at(
    raw: object, pointer: str, refusal: type[InvalidDocument] = InvalidDocument
) -> Mapping[str, object]:
    """The object that must stand at a place."""
    if not isinstance(raw, dict) or not all(isinstance(key, str) for key in raw):
        raise refusal.at(pointer, en="Here an object is needed.", zh="此处须为对象。")
    return raw


def require_known(
    entry: Mapping[str, object],
    known: Sequence[str],
    pointer: str,
    refusal: type[InvalidDocument] = InvalidDocument,
) -> None:
    """Refuses fields of an object that nobody reads."""
    strangers = sorted(set(entry) - set(known))
    if strangers:
        raise refusal.at(
            pointer,
            en=f"There is no field {shown(strangers)}; the fields are {', '.join(known)}.",
            zh=f"无字段{shown(strangers)}，可用字段：{', '.join(known)}。",
        )


def shown(names: Sequence[str]) -> str:
    """Names a stranger chose, what cannot be printed written as an escape."""
    return ", ".join(repr(name[:40]) for name in names[:5])


def _place(pointer: str) -> tuple[str, str]:
    first, *rest = pointer.strip("/").split("/")
    if first == "rows" and rest:
        row = int(rest[0]) + 1
        return ": ".join([f"row {row}", *rest[1:]]), "：".join([f"第{row}行", *rest[1:]])
    place = ".".join([first, *rest])
    return place, place
