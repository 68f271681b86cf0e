"""What callers send and receive about GEP accounts."""

from datetime import date
from typing import Any

import marshmallow as ma

from app.appraisal.domain.gep import MOST_FEN, STATE_TITLES, GepAccountState
from app.appraisal.services.gep_accounts import CARBON_PRICE, AccountWorkbook, StoreAccount
from app.kernel.errors import InvalidInput
from app.kernel.money import Money
from app.kernel.text import N_
from app.web.fields import Choice, Day, Flag, Ident, Instant, Structure, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

FIRST_YEAR, LAST_YEAR = 1990, 2100
MOST_CARBON_FEN = 10_000_000
"""A hundred thousand yuan a tonne: far above any market."""


class StoreAccountSchema(CommandSchema):
    """An account of one region: its rows, and the day whose norms and price tables count."""

    command = StoreAccount

    title = Text(required=True, max_length=120, title=N_("Title"))
    source = Text(
        required=True,
        max_length=300,
        title=N_("Source"),
        help=N_("Who measured, in which report; say when figures are synthetic."),
    )
    accounted_on = Day(
        required=True,
        title=N_("Day of the tables"),
        help=N_("Norms and price tables in force on this day count."),
    )
    document = Structure(
        required=True,
        title=N_("Rows"),
        help=N_(
            "Rows with `inputs` or `stated_yuan`; what counts for all rows; `prices` by the model's"
            " price ids, each with yuan, unit and source, which are kept with the account."
        ),
    )
    year = Whole(low=FIRST_YEAR, high=LAST_YEAR, title=N_("Year of the account"))


class AccountWorkbookSchema(UploadSchema):
    """A filled-in workbook of an account."""

    file = File(
        required=True,
        title=N_("Workbook"),
        help=N_("The filled-in template of the account, XLSX; one row a unit."),
    )
    title = Text(required=True, max_length=120, title=N_("Title"))
    source = Text(
        required=True,
        max_length=300,
        title=N_("Source"),
        help=N_("Who measured, in which report; say when figures are synthetic."),
    )
    accounted_on = Day(
        required=True,
        title=N_("Day of the tables"),
        help=N_("Norms and price tables in force on this day count."),
    )
    carbon_price_fen = Yuan(
        low_fen=1,
        high_fen=MOST_CARBON_FEN,
        title=N_("Market price of carbon"),
        help=N_("Yuan a tonne of CO2, for a norm that values carbon at the market; else empty."),
    )
    carbon_price_source = Text(
        max_length=300,
        title=N_("Source of the carbon price"),
        help=N_("Which market, which day or mean; it is kept with the account."),
    )
    dry_run = Flag(
        required=True,
        title=N_("Check only"),
        help=N_(
            "Ticked, nothing is stored: the answer says what would be, and each row's problems."
        ),
    )

    def command_for(self, data: dict[str, Any]) -> AccountWorkbook:
        """The command of what was sent."""
        sent: SentFile = data["file"]
        on: date = data["accounted_on"]
        return AccountWorkbook(
            title=data["title"],
            source=data["source"],
            accounted_on=on,
            content=sent.content,
            file_name=sent.name,
            dry_run=data["dry_run"],
            prices=self._prices(data),
        )

    def _prices(self, data: dict[str, Any]) -> dict[str, Any]:
        fen, source = data.get("carbon_price_fen"), data.get("carbon_price_source")
        if fen is None:
            return {}
        if not source:
            raise InvalidInput.at("/carbon_price_source", N_("Say where the price comes from."))
        return {CARBON_PRICE: {"yuan": Money(fen).yuan, "source": source}}


class PublishAccountSchema(CommandSchema):
    """Publishing needs no more than the will to."""

    command = dict


class GepAccountSummarySchema(ViewSchema):
    """An account in a list."""

    id = Ident()
    title = Text(max_length=120)
    source = Text(max_length=300)
    region_code = Text(max_length=12)
    region = ma.fields.Nested(BilingualSchema)
    year = Whole(low=FIRST_YEAR, high=LAST_YEAR)
    state = Choice(GepAccountState, titles=STATE_TITLES)
    accounted_on = Day()
    norm_profile = Text(max_length=60)
    price_table = Text(max_length=60)
    model_version = Text(max_length=20)
    organisation = ma.fields.Nested(BilingualSchema)
    total_fen = Yuan(high_fen=MOST_FEN)
    digest = Text(max_length=64)
    version = Whole(low=1, high=2**31)
    created_at = Instant()
    published_at = Instant(allow_none=True)


class GivenPriceSchema(ViewSchema):
    """A price of the account's own with its source."""

    id = Text(max_length=60)
    title = ma.fields.Nested(BilingualSchema)
    yuan = Text(max_length=40)
    unit = Text(max_length=40)
    source = Text(max_length=300)


class GepAccountSchema(GepAccountSummarySchema):
    """An account with its totals, its own prices, differences and what was found about its rows."""

    result = Structure()
    prices = ma.fields.List(ma.fields.Nested(GivenPriceSchema))
    may_publish = Flag()
    other_publishes = Flag()


class GepComparisonQuery(CommandSchema):
    """Which account is the base."""

    base = Ident(
        title=N_("Compared with"),
        help=N_(
            "An earlier account of the same region, published or an own draft; when left out the last"
            " published one of the same units, else the last published one."
        ),
    )


class GepComparisonSchema(ViewSchema):
    """An account against its base; base and comparison are null where there is none."""

    account = ma.fields.Nested(GepAccountSummarySchema)
    base = ma.fields.Nested(GepAccountSummarySchema, allow_none=True)
    bases = ma.fields.List(ma.fields.Nested(GepAccountSummarySchema))
    comparison = Structure(allow_none=True)
    recounted = Flag()


class GepAccountQuery(ListQuery):
    """Filters of the list of accounts."""

    region_code = Text(max_length=12)
    year = Whole(low=FIRST_YEAR, high=LAST_YEAR)
    state = Choice(GepAccountState, titles=STATE_TITLES)
