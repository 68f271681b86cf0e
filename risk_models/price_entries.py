"""The prices of an input file as they are written, before a model reads them."""

from collections.abc import Callable, Mapping
from typing import Final

from risk_models.documents import DocumentProblem, InvalidDocument, shown
from risk_models.readings import MOST_SOURCE, is_plain_text, read_day, read_number
from risk_models.words import Text

__all__ = ["require_plain_prices"]

NUMBER: Final = Text(en="A number is needed.", zh="须为数字。")
DAY: Final = Text(en="A day such as 2023-12-26 is needed.", zh="须为日期，如2023-12-26。")
SOURCE: Final = Text(
    en=f"State where the price comes from in one line of at most {MOST_SOURCE} characters.",
    zh=f"请用一行文字注明价格来源，最多{MOST_SOURCE}个字符，不含控制字符。",
)


def require_plain_prices(document: object) -> None:
    """Refuses a price whose figures, day or source are not written plainly; what is missing is left alone."""
    prices = document.get("prices") if isinstance(document, dict) else None
    problems = [
        DocumentProblem(pointer=f"/prices/{shown([price_id])[1:-1]}/{name}", detail=words)
        for price_id, entry in (prices.items() if isinstance(prices, dict) else ())
        if isinstance(entry, dict)
        for name, (words, read) in WRITTEN.items()
        if name in entry and not _reads(read, entry[name])
    ]
    if problems:
        raise InvalidDocument(problems)


def _reads(read: Callable[[object], object], raw: object) -> bool:
    try:
        read(raw)
    except ValueError:
        return False
    return True


def _day(raw: object) -> None:
    if raw is not None:
        read_day(raw)


def _source(raw: object) -> None:
    if not is_plain_text(raw, MOST_SOURCE):
        raise ValueError


WRITTEN: Final[Mapping[str, tuple[Text, Callable[[object], object]]]] = {
    "yuan": (NUMBER, read_number),
    "growth": (NUMBER, read_number),
    "priced_on": (DAY, _day),
    "source": (SOURCE, _source),
}
"""By field of a price: what it must be, and its reader."""
