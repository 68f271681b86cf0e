"""What callers send and receive about portfolio stress."""

import marshmallow as ma

from app.collateral.domain.states import LEVEL_TITLES, Level
from app.collateral.schemas import MAX_RATIO_PPM
from app.kernel.text import N_
from app.web.fields import Choice, Day, Flag, Ident, OneOf, Rate, Text, Whole, Yuan
from app.web.schemas import BilingualSchema, CommandSchema, ViewSchema

MAX_TOTAL_FEN = 10**18
"""Sums over a portfolio: a thousand times the largest single amount."""


class StressQuery(CommandSchema):
    """Which scenario, and on which day; without one, today."""

    scenario = OneOf(required=True, max_length=60, title=N_("Scenario"))
    on = Day(title=N_("Day"))


class ScenarioSchema(ViewSchema):
    """A named scenario: what changes, from when, on what ground."""

    id = Text(max_length=60)
    title = ma.fields.Nested(BilingualSchema)
    help = ma.fields.Nested(BilingualSchema)
    since = Day()
    status = Text(max_length=20)
    checked_on = Day()
    reference = Text(max_length=300)
    source = Text(max_length=300)


class ScenarioListSchema(ViewSchema):
    """The scenarios that count today."""

    items = ma.fields.List(ma.fields.Nested(ScenarioSchema))


class StressedAssetSchema(ViewSchema):
    """An asset by its model as it is and under the stress, and its recognised value before and after."""

    asset_id = Ident()
    number = Text(max_length=40)
    kind = Text(max_length=60)
    base_fen = Yuan(allow_none=True, low_fen=-MAX_TOTAL_FEN)
    stressed_fen = Yuan(allow_none=True, low_fen=-MAX_TOTAL_FEN)
    recognised_before_fen = Yuan(allow_none=True)
    recognised_after_fen = Yuan(allow_none=True)
    problem = ma.fields.Nested(BilingualSchema, allow_none=True)


class StressedLoanSchema(ViewSchema):
    """A loan before and after.

    `guarantees_close_before` and `guarantees_close_after`: its ratio crosses a line, and guarantees close the
    gap between lendable value and exposure, so that it is at no line and short of nothing.
    """

    loan_id = Ident()
    number = Text(max_length=40)
    exposure_fen = Yuan()
    recognised_before_fen = Yuan(allow_none=True)
    recognised_after_fen = Yuan(allow_none=True)
    ltv_before_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)
    ltv_after_ppm = Rate(high_ppm=MAX_RATIO_PPM, allow_none=True)
    level_before = Choice(Level, titles=LEVEL_TITLES)
    level_after = Choice(Level, titles=LEVEL_TITLES)
    guarantees_close_before = Flag()
    guarantees_close_after = Flag()
    newly_at_line = Flag()
    at_worse_line = Flag()
    crossed = Flag()
    shortfall_fen = Yuan()
    assets = ma.fields.List(ma.fields.Nested(StressedAssetSchema))


class StressTotalSchema(ViewSchema):
    """Sums over the loans of a bank, or over all.

    `at_line_before` and `at_line_after` count the loans that stand at a line, `newly_at_line` those at
    none before, `at_worse_line` those at a line before and at a worse one after, and `crossed` the
    last two together.
    """

    key = Text(max_length=60)
    name = ma.fields.Nested(BilingualSchema)
    count = Whole(low=0, high=10**9)
    before_fen = Yuan()
    after_fen = Yuan()
    exposure_fen = Yuan()
    crossed = Whole(low=0, high=10**9)
    at_line_before = Whole(low=0, high=10**9)
    at_line_after = Whole(low=0, high=10**9)
    newly_at_line = Whole(low=0, high=10**9)
    at_worse_line = Whole(low=0, high=10**9)
    shortfall_fen = Yuan()


class StressedKindSchema(ViewSchema):
    """Recognised values of the assets of a kind; exposure and lines are of loans, which hold assets of several."""

    key = Text(max_length=60)
    name = ma.fields.Nested(BilingualSchema)
    count = Whole(low=0, high=10**9)
    before_fen = Yuan()
    after_fen = Yuan()


class StressReportSchema(ViewSchema):
    """What a scenario does to the loans in sight, the hardest hit first, at most a thousand of them."""

    scenario = ma.fields.Nested(ScenarioSchema)
    on = Day()
    total = ma.fields.Nested(StressTotalSchema)
    kinds = ma.fields.List(ma.fields.Nested(StressedKindSchema))
    banks = ma.fields.List(ma.fields.Nested(StressTotalSchema))
    loans = ma.fields.List(ma.fields.Nested(StressedLoanSchema))
    unvalued = ma.fields.List(ma.fields.Nested(StressedAssetSchema))
