"""What callers send and receive about prices."""

from typing import Any

import marshmallow as ma

from app.kernel.text import N_
from app.market import services
from app.market.domain import MAX_VALUE, NewPoint, exact
from app.web.fields import Day, Entries, Flag, Ident, Instant, Number, Text, Whole
from app.web.schemas import CommandSchema, ListQuery, ViewSchema
from app.web.uploads import File, SentFile, UploadSchema

MAX_ROWS = 5_000
"""Points in one JSON body; more come as a file."""

MAX_TEXT = 1_000_000
"""Characters of a file that a page carries from the check to the import."""

VALUE_PLACES = 6


class SeriesSchema(ViewSchema):
    """A series of prices or rates."""

    code = Text(max_length=40)
    title_zh = Text(max_length=100)
    title_en = Text(max_length=120)
    unit = Text(max_length=30)
    price_id = Text(max_length=40, allow_none=True)
    max_age_days = Whole(low=1, high=36_600, allow_none=True)
    source = Text(max_length=300)
    synthetic = Flag()


class PointSchema(ViewSchema):
    """A price on a day; higher revisions correct lower ones."""

    on = Day()
    value = Number(places=VALUE_PLACES)
    revision = Whole(low=1, high=10_000)
    source = Text(max_length=300)
    status = Text(max_length=20)
    note = Text(max_length=300)
    reason = Text(max_length=300)
    recorded_at = Instant()


class PointsQuery(ListQuery):
    """Which points of a series."""

    first_on = Day()
    last_on = Day()
    history = Flag()


def _whole_source() -> Text:
    return Text(
        max_length=300,
        title=N_("Source"),
        help=N_(
            "The source of rows that name none themselves. A price without a source is to be confirmed."
        ),
    )


class CalibrationQuery(CommandSchema):
    """The period of a calibration."""

    first_on = Day(title=N_("From"))
    last_on = Day(title=N_("To"))


class Figure(Number):
    """A computed figure, told to a millionth."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(places=6, low=-(10**12), **kwargs)

    def _serialize(self, value: Any, attr: str | None, obj: Any, **kwargs: Any) -> str | None:
        told = None if value is None else exact(value)
        return super()._serialize(told, attr, obj, **kwargs)


class ReversionSchema(ViewSchema):
    """The return to a mean: an AR(1) fit of the logarithm, and the process behind it."""

    shown = Flag(
        attribute="is_shown", help=N_("Whether a random walk would rarely look like this.")
    )
    speed = Figure(allow_none=True)
    level = Figure(allow_none=True)
    half_life_years = Figure(allow_none=True)
    volatility = Figure(allow_none=True)
    b = Figure()
    r_squared = Figure()
    residual_deviation = Figure()
    dickey_fuller = Figure()


class JumpsSchema(ViewSchema):
    """Returns beyond four standard deviations of the others."""

    count = Whole(low=0, high=10**6)
    per_year = Figure()
    mean = Figure()
    deviation = Figure()
    volatility_without = Figure()


class FitSchema(ViewSchema):
    """How likely the series is under one process."""

    log_likelihood = Figure()
    aic = Figure()


class HaircutSchema(ViewSchema):
    """The share a price may lose before it is sold: over some years, at one confidence."""

    basis = Text(
        max_length=20,
        help=N_("measured as of a random walk, reverting to a mean, in-use or stress"),
    )
    volatility = Figure()
    years = Figure()
    confidence = Figure()
    share = Figure()


class CalibrationWarningSchema(ViewSchema):
    """What makes the figures weak."""

    code = Text(max_length=20)
    detail = Text(max_length=500)


class CalibrationSchema(ViewSchema):
    """How the prices of a series moved. Volatility and drift are yearly, of the logarithm."""

    series_code = Text(max_length=40)
    points = Whole(low=1, high=10**6, attribute="report.points")
    first_on = Day(attribute="report.first_on")
    last_on = Day(attribute="report.last_on")
    span_years = Figure(attribute="report.span_years")
    step_days = Figure(attribute="report.step_days")
    volatility = Figure(attribute="report.volatility")
    drift = Figure(attribute="report.drift")
    kurtosis = Figure(attribute="report.kurtosis")
    large_share = Figure(
        attribute="report.large_share", help=N_("Share of the moves beyond ten per cent.")
    )
    still_share = Figure(
        attribute="report.still_share", help=N_("Share of the days on which the price stood still.")
    )
    gaps = Whole(low=0, high=10**6, attribute="report.gaps")
    reversion = ma.fields.Nested(ReversionSchema, attribute="report.reversion")
    jumps = ma.fields.Nested(JumpsSchema, attribute="report.jumps")
    better = Text(max_length=20, attribute="report.better", help=N_("walk or reverting"))
    walk = ma.fields.Nested(FitSchema, attribute="report.walk")
    reverting = ma.fields.Nested(FitSchema, attribute="report.reverting")
    haircuts = ma.fields.List(ma.fields.Nested(HaircutSchema))
    warnings = ma.fields.List(ma.fields.Nested(CalibrationWarningSchema))


class NewPointSchema(CommandSchema):
    """A price on a day as it is sent in."""

    command = NewPoint

    on = Day(required=True)
    value = Number(required=True, places=VALUE_PLACES, low=0, high=MAX_VALUE)
    source = Text(max_length=300)


class AddPointsSchema(CommandSchema):
    """Points sent as rows."""

    points = ma.fields.List(
        ma.fields.Nested(NewPointSchema),
        required=True,
        validate=Entries(min=1, max=MAX_ROWS),
    )
    dry_run = Flag()
    source = _whole_source()
    reason = Text(max_length=300)

    def command_for(self, code: str, data: dict[str, Any]) -> services.AddPoints:
        """The command for a series."""
        return services.AddPoints(**{**data, "points": tuple(data["points"])}, code=code)


class ImportFileSchema(UploadSchema):
    """Points sent as a CSV file."""

    file = File(
        required=True,
        title=N_("CSV file"),
        help=N_("Columns on, value and, if known, source. UTF-8 or GBK, at most 20,000 rows."),
    )
    dry_run = Flag()
    source = _whole_source()
    reason = Text(max_length=300)

    def command_for(self, code: str, data: dict[str, Any]) -> services.ImportPrices:
        """The command for a series."""
        sent: SentFile = data["file"]
        return services.ImportPrices(
            code=code,
            content=sent.content,
            file_name=sent.name,
            dry_run=data.get("dry_run", False),
            source=data.get("source", ""),
            reason=data.get("reason", ""),
        )


class CheckFileSchema(UploadSchema):
    """The file of the page that only checks."""

    file = File(
        required=True,
        title=N_("CSV file"),
        help=N_("Columns on, value and, if known, source. UTF-8 or GBK, at most 20,000 rows."),
    )
    source = _whole_source()


class AcceptTextSchema(CommandSchema):
    """What the check found good."""

    text = Text(required=True, max_length=MAX_TEXT, lines=True, title=N_("Rows"))
    source = _whole_source()
    reason = Text(
        max_length=300,
        title=N_("Reason of the corrections"),
        help=N_("Needed when a value differs from the one that is known."),
    )


class PointChangeSchema(ViewSchema):
    """What an import does with a row."""

    line = Whole(low=1, high=10**6)
    on = Day(attribute="point.on")
    value = Number(places=VALUE_PLACES, attribute="point.value")
    change = Text(max_length=20)
    former_value = Number(
        places=VALUE_PLACES, allow_none=True, help=N_("What the day has now; none for a new day.")
    )
    previous_on = Day(allow_none=True)
    previous_value = Number(
        places=VALUE_PLACES,
        allow_none=True,
        help=N_("The price of the last day before, in the series or in the same file."),
    )
    change_ratio = Number(
        places=6,
        allow_none=True,
        help=N_("The change over the former value, or else over the previous one, as a fraction."),
    )


class ImportLineErrorSchema(ViewSchema):
    """A wrong line of a file."""

    line = Whole(low=1, high=10**6)
    column = Text(max_length=40)
    detail = Text(max_length=500)


class ImportReportSchema(ViewSchema):
    """What an import did, or in a dry run would do."""

    series_code = Text(max_length=40)
    dry_run = Flag()
    new = Whole(low=0, high=10**6)
    same = Whole(low=0, high=10**6)
    corrections = Whole(low=0, high=10**6)
    changes = ma.fields.List(ma.fields.Nested(PointChangeSchema))
    errors = ma.fields.List(ma.fields.Nested(ImportLineErrorSchema))
    import_id = Ident(allow_none=True)
