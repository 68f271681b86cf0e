"""Pages of at most 100 rows, and the links between them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from sqlmodel import Session

from app.kernel.errors import InvalidInput
from app.kernel.text import N_

T = TypeVar("T")
U = TypeVar("U")

MAX_PAGE_SIZE: Final = 100
"""A list of a hundred rows renders in well under 100 ms."""

DEFAULT_PAGE_SIZE: Final = 25
MAX_PAGE: Final = 10_000
"""Past this a reader filters; a deep OFFSET reads all rows before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRequest:
    """Which page is asked for."""

    number: int = 1
    size: int = DEFAULT_PAGE_SIZE

    @property
    def offset(self) -> int:
        """Rows to pass over."""
        return (self.number - 1) * self.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """A page of a list; `number` counts from 1."""

    items: Sequence[T]
    number: int
    size: int
    total: int

    @property
    def page(self) -> int:
        """The page number, as the API names it."""
        return self.number

    @property
    def page_size(self) -> int:
        """Rows a page, as the API names it."""
        return self.size

    @property
    def has_previous(self) -> bool:
        """Whether a page comes before."""
        return self.number > 1

    @property
    def has_next(self) -> bool:
        """Whether a page comes after."""
        return self.number * self.size < self.total

    def holding(self, items: Sequence[U]) -> "Page[U]":
        """The same page of a list, showing other items: rows turned into views."""
        return Page(items=items, number=self.number, size=self.size, total=self.total)

    def href(self, number: int) -> str:
        """The address of another page of this list with the same filters."""
        pairs = [(key, value) for key, value in request.args.items(multi=True) if key != "page"]
        return "?" + urlencode([*pairs, ("page", str(number))])


def page_request() -> PageRequest:
    """The page asked for by `?page=&page_size=`; out of range is refused with the range."""
    return PageRequest(
        number=_whole("page", 1, MAX_PAGE),
        size=_whole("page_size", DEFAULT_PAGE_SIZE, MAX_PAGE_SIZE),
    )


def _whole(name: str, default: int, high: int) -> int:
    text = request.args.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdecimal() or len(text) > 6 or not 1 <= int(text) <= high:
        raise InvalidInput.at(
            f"/{name}", N_("Enter a number from %(low)s to %(high)s."), low=1, high=high
        )
    return int(text)


def fetch_page(
    session: Session, statement: sa.Select[*tuple[Any, ...]], wanted: PageRequest
) -> Page[Any]:
    """Run a select of one entity or of columns for one page, with its total: two queries."""
    total = session.execute(
        sa.select(sa.func.count()).select_from(statement.order_by(None).subquery())
    ).scalar_one()
    result = session.execute(statement.limit(wanted.size).offset(wanted.offset))
    rows: Sequence[Any] = (
        result.scalars().all() if len(statement.column_descriptions) == 1 else result.all()
    )
    return Page(items=rows, number=wanted.number, size=wanted.size, total=total)
