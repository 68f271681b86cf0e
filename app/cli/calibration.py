"""`calibrate`: how the prices of a file move, without a database."""

from datetime import date
from pathlib import Path
from typing import Final

import click

from app.cli.terminal import DAY, as_json_option, echo_json, language, say
from app.documents.content_types import decode_text
from app.kernel.csv_rows import LineError
from app.kernel.errors import FieldError, InvalidInput
from app.kernel.text import N_
from app.market.domain import SeriesRead, calibration_of, read_series
from risk_models.engines.calibration import Calibration, calibration_json
from risk_models.engines.haircuts import CONFIDENCES, HORIZONS, haircut

__all__ = ["commands"]

MOST_BYTES: Final = 5_000_000
"""Twenty thousand rows with other columns beside; a larger file is no series of prices."""


@click.command("calibrate")
@click.argument("series", metavar="SERIES.csv", type=click.Path(path_type=Path))
@click.option("--from", "first", type=DAY, help="First day of the period.")
@click.option("--to", "last", type=DAY, help="Last day of the period.")
@as_json_option
def calibrate_command(
    *, series: Path, first: date | None, last: date | None, as_json: bool
) -> None:
    """Measure how the prices of a file move.

    The file has the columns date and price, or 日期 and 收盘价; others are passed over.
    """
    read = _read(series)
    picked = [
        (on, price)
        for on, price in zip(read.days, read.prices, strict=True)
        if (first is None or on >= first) and (last is None or on <= last)
    ]
    found = calibration_of([on for on, _ in picked], [price for _, price in picked])
    if as_json:
        echo_json(calibration_json(found))
    else:
        _print(found)


def _read(path: Path) -> SeriesRead:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise click.UsageError(f"{path.name}: {problem.strerror}") from problem
    if len(content) > MOST_BYTES:
        raise click.UsageError(f"{path.name}: larger than {MOST_BYTES} bytes")
    read = read_series(decode_text(content))
    if read.errors:
        raise InvalidInput(errors=tuple(_wrong(each) for each in read.errors))
    return read


def _wrong(error: LineError) -> FieldError:
    return FieldError(pointer=f"/file/{error.line}", detail=error.detail, facts=dict(error.facts))


def _print(found: Calibration) -> None:
    reversion, jumps = found.reversion, found.jumps
    rows = [
        (N_("Period"), f"{found.first_on} - {found.last_on}"),
        (N_("Points"), f"{found.points}"),
        (N_("Days between two points"), f"{found.step_days:.2f}"),
        (N_("Volatility a year"), f"{found.volatility:.1%}"),
        (N_("Kurtosis (3 is normal)"), f"{found.kurtosis:.1f}"),
        (N_("Moves over a tenth"), f"{found.large_share:.1%}"),
        (N_("Speed of return to the mean a year"), _or_dash(reversion.speed, ".2f")),
        (N_("Level returned to"), _or_dash(reversion.level, ".2f")),
        (N_("Half-life in years"), _or_dash(reversion.half_life_years, ".2f")),
        (N_("AR(1): b, R squared"), f"{reversion.b:.5f}, {reversion.r_squared:.4f}"),
        (N_("Jumps a year"), f"{jumps.per_year:.2f}"),
        (N_("Volatility without jumps"), f"{jumps.volatility_without:.1%}"),
        (
            N_("AIC of random walk and of return to the mean"),
            f"{found.walk.aic:.1f}, {found.reverting.aic:.1f}",
        ),
    ]
    for label, shown in rows:
        click.echo(f"{say(label)}: {shown}")
    _print_haircuts(found)
    for warned in found.warnings:
        click.echo(f"! {warned.detail.in_language(language())}")


def _or_dash(figure: float | None, form: str) -> str:
    return "—" if figure is None else format(figure, form)


def _print_haircuts(found: Calibration) -> None:
    click.echo(say(N_("Haircuts by years to the sale:")))
    for years in HORIZONS:
        shares = (
            f"{confidence:.0%}: {haircut(found.process, years=years, confidence=confidence):.1%}"
            for confidence in CONFIDENCES
        )
        click.echo(f"  {years:g}  " + "  ".join(shares))


commands: list[click.Command] = [calibrate_command]
