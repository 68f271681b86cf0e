"""What callers send and receive about GEP accounts."""

from datetime import date
from typing import Any

import marshmallow as ma

from app.appraisal.domain.gep import MOST_FEN, STATE_TITLES, GepAccountState
from app.appraisal.services.gep_accounts import AccountWorkbook, StoreAccount
from app.kernel.text import N_
from app.web.fields import Choice, Day, Flag, Ident, Instant, Structure, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ListQuery, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

FIRST_YEAR, LAST_YEAR = 1990, 2100


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
    document = Structure(required=True, title=N_("Rows"))
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
        )


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


class GepAccountSchema(GepAccountSummarySchema):
    """An account with its totals, differences and what was found about its rows."""

    result = Structure()
    may_publish = Flag()


class GepComparisonQuery(CommandSchema):
    """Which account is the base."""

    base = Ident(
        title=N_("Compared with"),
        help=N_("An earlier published account of the same region; the last one when left out."),
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
