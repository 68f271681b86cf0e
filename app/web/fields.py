"""Field types of commands and views: strict on the way in, exact on the way out.

Each field carries `title`, `help` and `unit` for the forms drawn from a schema. Attribute names end in their
unit; the wire name follows from it: `amount_fen` -> `amount_yuan`, `rate_ppm` -> `rate`.
"""

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final, Self
from uuid import UUID

import marshmallow as ma

from app.kernel.calendar import FIRST_DAY, LAST_DAY
from app.kernel.errors import MalformedRequest
from app.kernel.money import LARGEST_FEN, MAX_FEN, Money, TooLongError
from app.kernel.rates import format_fraction, format_percent, parse_fraction
from app.kernel.text import N_
from app.web.strict_json import read_json

MONEY_PATTERN: Final = r"^-?\d{1,13}(\.\d{1,2})?$"
SUM_PATTERN: Final = r"^-?\d{1,17}\.\d{2}$"
"""Sums that are answered may be longer than any one amount that is taken in."""
RATE_PATTERN: Final = r"^-?\d{1,3}(\.\d{1,6})?$"
DAY_PATTERN: Final = r"^\d{4}-\d{2}-\d{2}$"
FLAG_WORDS: Final = {"true": True, "1": True, "on": True, "false": False, "0": False}
"""How a form or a query answers true or false; browsers send `on` for a ticked box."""


class Message(str):  # noqa: SLOT000 - it carries facts
    """A message of the catalogue with its facts, so that it can be translated where it is shown."""

    facts: Mapping[str, object]

    def __new__(cls, template: str, **facts: object) -> Self:
        """A template and the facts of its placeholders."""
        message = super().__new__(cls, template)
        message.facts = facts
        return message


class Typed(str):
    """What a person typed into a form and what could not be read as a number: a refusal speaks of the form."""

    __slots__ = ()


def refuse(template: str, **facts: object) -> ma.ValidationError:
    """A validation error whose words are translated later."""
    return ma.ValidationError([Message(template, **facts)])


def typed_number(text: str) -> str:
    """What a person means by digits: full width as half width, without spaces and thousands separators."""
    return re.sub(r"[\s,]", "", unicodedata.normalize("NFKC", text))


class Entries(ma.validate.Length):
    """How many entries a list may have, refused in our words."""

    def _format_error(self, value: Any, message: str) -> str:  # noqa: ARG002 - as in the parent
        if self.min:
            words = N_("Send %(low)s to %(high)s entries; these are %(found)s.")
        else:
            words = N_("Send at most %(high)s entries; these are %(found)s.")
        return Message(words, low=self.min or 0, high=self.max, found=len(value))


class Words(ma.fields.Field[Any]):
    """Base of all our fields: words for the form, and how a form's text becomes a JSON value."""

    form_kind = "text"
    default_error_messages = {  # noqa: RUF012 - marshmallow reads it from the class
        "required": N_("Enter a value."),
        "null": N_("Enter a value."),
        "validator_failed": N_("This value is not possible."),
        "invalid": N_("This value is not possible."),
    }

    def __init__(
        self,
        *,
        title: str = "",
        help: str = "",  # noqa: A002 - the word that forms use
        unit: str = "",
        example: str = "",
        **kwargs: Any,
    ) -> None:
        self.title = title
        self.help = help
        self.unit = unit
        self.example = example
        super().__init__(**kwargs)

    def from_form(self, text: str) -> Any:
        """The JSON value that a form's text stands for."""
        return text.strip()


class Yuan(Words):
    """Whole fen, written as yuan in a string with two decimals. Floats and third decimals are refused."""

    form_kind = "money"

    def __init__(
        self, *, low_fen: int = 0, high_fen: int = MAX_FEN, unit: str = N_("CNY"), **kwargs: Any
    ) -> None:
        self.low_fen = low_fen
        self.high_fen = high_fen
        super().__init__(unit=unit, **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else Money(value).yuan

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        if not isinstance(value, str):
            raise refuse(N_("Write the amount as text with two decimals, such as “1200.50”."))
        try:
            fen = Money.parse(value).fen
        except TooLongError:
            beyond_fen = max(self.high_fen, MAX_FEN) + 1
            fen = -beyond_fen if value.startswith("-") else beyond_fen
        except ValueError:
            raise refuse(
                N_("Enter an amount in yuan with at most two decimals, such as 1200.50.")
            ) from None
        if fen < self.low_fen == 1:
            raise refuse(N_("Enter an amount above 0.00 yuan."))
        if fen < self.low_fen:
            low = Money(self.low_fen)
            raise refuse(N_("Enter an amount of at least %(low)s yuan."), low=low)
        if fen > self.high_fen:
            high = Money(min(self.high_fen, LARGEST_FEN))
            raise refuse(N_("Enter an amount of at most %(high)s yuan."), high=high)
        return fen

    def from_form(self, text: str) -> str:
        """Thousands separators of the reader's habit are dropped."""
        return typed_number(text)


class Rate(Words):
    """Parts per million, written as a fraction in a string: 43500 is "0.0435". Forms show per cent."""

    form_kind = "percent"

    def __init__(self, *, low_ppm: int = 0, high_ppm: int = 1_000_000, **kwargs: Any) -> None:
        self.low_ppm = low_ppm
        self.high_ppm = high_ppm
        super().__init__(unit="%", **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else format_fraction(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        if isinstance(value, Typed):
            raise refuse(N_("Enter a rate in per cent with at most four decimals, such as 4.35."))
        try:
            ppm = parse_fraction(value) if isinstance(value, str) else None
        except ValueError:
            ppm = None
        if ppm is None:
            raise refuse(
                N_(
                    "Write the rate as a fraction in text with at most six decimals: 4.35 per cent is “0.0435”."
                )
            )
        if not self.low_ppm <= ppm <= self.high_ppm:
            raise refuse(
                N_("Enter a rate between %(low)s and %(high)s per cent."),
                low=format_percent(self.low_ppm),
                high=format_percent(self.high_ppm),
            )
        return ppm

    def from_form(self, text: str) -> str:
        """Per cent to a fraction; what is not a number stays as it is and is refused later."""
        plain = typed_number(text).removesuffix("%")
        if not re.fullmatch(r"-?\d{1,5}(\.\d{1,4})?", plain, re.ASCII):
            return Typed(text)
        return format(Decimal(plain).scaleb(-2), "f")


class Text(Words):
    """Text in NFC without control characters, never only spaces, within its length."""

    def __init__(
        self,
        *,
        max_length: int,
        lines: bool = False,
        pattern: str = "",
        pattern_help: str = "",
        **kwargs: Any,
    ) -> None:
        self.max_length = max_length
        self.pattern = pattern
        self.pattern_help = pattern_help
        self.form_kind = "textarea" if lines else "text"
        self.lines = lines
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:  # noqa: ARG002
        if not isinstance(value, str):
            raise refuse(N_("Write this as text."))
        clean = unicodedata.normalize("NFC", value.replace("\r\n", "\n")).strip()
        if len(clean) > self.max_length:
            raise refuse(N_("Write at most %(limit)s characters."), limit=self.max_length)
        if any(_forbidden(character, lines=self.lines) for character in clean):
            raise refuse(N_("Take out the control characters."))
        if not clean:
            raise refuse(N_("Enter a value."))
        if self.pattern and not re.fullmatch(self.pattern, clean, re.ASCII):
            raise refuse(self.pattern_help or N_("This does not have the expected form."))
        return clean


def _forbidden(character: str, *, lines: bool) -> bool:
    if character == "\n":
        return not lines
    return (
        unicodedata.category(character) in {"Cc", "Cs", "Co"}
        or character in "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
    )


class Day(Words):
    """A calendar day, written YYYY-MM-DD."""

    form_kind = "date"

    def __init__(self, *, first: date = FIRST_DAY, last: date = LAST_DAY, **kwargs: Any) -> None:
        self.first = first
        self.last = last
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else value.isoformat()

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> date:  # noqa: ARG002
        if not isinstance(value, str) or not re.fullmatch(DAY_PATTERN, value, re.ASCII):
            raise refuse(N_("Enter a day as YYYY-MM-DD, such as 2024-01-02."))
        try:
            day = date.fromisoformat(value)
        except ValueError:
            raise refuse(N_("There is no such day in the calendar.")) from None
        if not self.first <= day <= self.last:
            raise refuse(
                N_("Enter a day from %(first)s to %(last)s."),
                first=self.first.isoformat(),
                last=self.last.isoformat(),
            )
        return day


class Instant(Words):
    """An instant for output, ISO 8601 in UTC."""

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else value.isoformat().replace("+00:00", "Z")


class Choice(Words):
    """A value of a StrEnum; `titles` gives each value's words.

    `refused` names values that the service always refuses with a reason: nobody is offered them.
    """

    form_kind = "choice"

    def __init__(
        self,
        enum: type[StrEnum],
        *,
        titles: Mapping[Any, str] | None = None,
        refused: Collection[StrEnum] = (),
        **kwargs: Any,
    ) -> None:
        self.enum = enum
        self.offered = [member for member in enum if member not in refused]
        self.titles: dict[str, str] = {str(key): words for key, words in (titles or {}).items()}
        super().__init__(**kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> StrEnum:  # noqa: ARG002
        legal = [member.value for member in self.enum]
        if not isinstance(value, str) or value not in legal:
            raise refuse(N_("Choose one of: %(choices)s."), choices=", ".join(legal))
        return self.enum(value)


class OneOf(Words):
    """Text out of a list that the service checks (codes of a catalogue); `known` tells programs the list.

    `codes` tells programs what the values mean; a form has its own words for each.
    """

    form_kind = "choice"

    def __init__(
        self, *, max_length: int = 60, known: Iterable[str] = (), codes: str = "", **kwargs: Any
    ) -> None:
        self.max_length = max_length
        self.known = tuple(known)
        self.codes = codes
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> str:  # noqa: ARG002
        if (
            not isinstance(value, str)
            or not value
            or len(value) > self.max_length
            or not value.isprintable()
        ):
            raise refuse(N_("Choose a value from the list."))
        return value


def orders_of(sorts: Iterable[str]) -> list[str]:
    """What a list may be sorted by: each name, and with a minus the other way round."""
    return [f"{sign}{name}" for name in sorts for sign in ("", "-")]


class Flag(Words):
    """True or false, nothing else."""

    form_kind = "flag"

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> bool:  # noqa: ARG002
        if not isinstance(value, bool):
            raise refuse(N_("Answer true or false."))
        return value

    def from_form(self, text: str) -> Any:
        """A ticked box or the word of a program; what is neither stays as it is and is refused later."""
        return FLAG_WORDS.get(text.strip().lower(), text)


class Whole(Words):
    """A whole number within its bounds."""

    form_kind = "integer"

    def __init__(self, *, low: int, high: int, **kwargs: Any) -> None:
        self.low = low
        self.high = high
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> int:  # noqa: ARG002
        if isinstance(value, bool) or not isinstance(value, int):
            raise refuse(N_("Enter a whole number."))
        if not self.low <= value <= self.high:
            raise refuse(
                N_("Enter a number from %(low)s to %(high)s."), low=self.low, high=self.high
            )
        return value

    def from_form(self, text: str) -> Any:
        """Digits to a number; what is not stays as it is and is refused later."""
        plain = typed_number(text)
        return int(plain) if re.fullmatch(r"-?\d{1,12}", plain, re.ASCII) else text


class Number(Words):
    """An exact decimal, written as a string; floats are refused."""

    form_kind = "number"

    def __init__(
        self, *, places: int, low: Decimal | int = 0, high: Decimal | int = 10**12, **kwargs: Any
    ) -> None:
        self.places = places
        self.low = Decimal(low)
        self.high = Decimal(high)
        super().__init__(**kwargs)

    @property
    def text_pattern(self) -> str:
        """The form of the text."""
        return rf"^-?\d{{1,15}}(\.\d{{1,{self.places}}})?$" if self.places else r"^-?\d{1,15}$"

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else format(value, "f")

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Decimal:  # noqa: ARG002
        if isinstance(value, Typed):
            raise refuse(
                N_("Enter a number in digits with at most %(places)s decimals."),
                places=self.places,
            )
        if not isinstance(value, str) or not re.fullmatch(self.text_pattern, value, re.ASCII):
            raise refuse(
                N_("Write the number as text with at most %(places)s decimals."), places=self.places
            )
        number = Decimal(value)
        if not self.low <= number <= self.high:
            raise refuse(
                N_("Enter a number from %(low)s to %(high)s."),
                low=f"{self.low:f}",
                high=f"{self.high:f}",
            )
        return number

    def from_form(self, text: str) -> str:
        """Digits as the reader types them; what is not a number stays as it is and is refused later."""
        plain = typed_number(text)
        return plain if re.fullmatch(self.text_pattern, plain, re.ASCII) else Typed(text)


class Ident(Words):
    """A UUID."""

    form_kind = "choice"

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002
        return None if value is None else str(value)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> UUID:  # noqa: ARG002
        try:
            return UUID(value) if isinstance(value, str) and len(value) == 36 else UUID("refused")
        except ValueError:
            raise refuse(N_("Choose an existing entry.")) from None


class Structure(Words):
    """A JSON object or list with a shape of its own (GeoJSON, model inputs); the service checks it."""

    form_kind = "textarea"

    def __init__(self, *, kind: type = dict, **kwargs: Any) -> None:
        self.kind = kind
        super().__init__(**kwargs)

    def _deserialize(self, value: Any, attr: str | None, data: Any, **kwargs: Any) -> Any:  # noqa: ARG002
        if not isinstance(value, self.kind):
            raise refuse(N_("This does not have the expected form."))
        require_storable(value)
        return value

    def from_form(self, text: str) -> Any:
        """JSON written into a text area; what is not JSON is refused later."""
        try:
            return read_json(text.encode("utf-8", "surrogatepass"))
        except (MalformedRequest, UnicodeEncodeError):
            return text


def require_storable(value: Any) -> None:
    """Refuse NUL and lone surrogates anywhere inside a JSON value."""
    if isinstance(value, str):
        if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
            raise refuse(N_("Take out the control characters."))
    elif isinstance(value, Mapping):
        for key, each in value.items():
            require_storable(key)
            require_storable(each)
    elif isinstance(value, list):
        for each in value:
            require_storable(each)
