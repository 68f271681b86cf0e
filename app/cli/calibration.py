"""`calibrate`: how the prices of a file move, without a database.

Exit 0 with the figures, 1 when the prices say nothing of it, 2 when command line or file cannot be read.
"""

from datetime import date
from pathlib import Path
from typing import Final

import click

from app.cli.terminal import (
    DAY,
    InputUnreadable,
    as_json_option,
    echo_json,
    language,
    refusals_shown,
    say,
    text_of,
    worded,
)
from app.kernel.clock import SystemClock
from app.kernel.csv_rows import LineError
from app.kernel.errors import FieldError
from app.kernel.text import N_
from app.market.domain import SeriesRead, calibration_of, read_series, require_period
from risk_models.engines.calibration import Calibration, calibration_json, series_problems
from risk_models.engines.haircuts import CONFIDENCES, HORIZONS, haircut
from risk_models.engines.paths import Process
from risk_models.registry import science_parameters

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

    The file is CSV of at most 5,000,000 bytes with the columns date and price, or 日期 and 收盘价;
    others are passed over.
    """
    with refusals_shown(as_json=as_json):
        require_period(first, last)
        read = _read(series)
        picked = [
            (on, price)
            for on, price in zip(read.days, read.prices, strict=True)
            if (first is None or on >= first) and (last is None or on <= last)
        ]
        days, prices = [on for on, _ in picked], [price for _, price in picked]
        found = calibration_of(days, prices, science_parameters().on(SystemClock().today()))
    if as_json:
        echo_json(calibration_json(found))
    else:
        _print(found)


def _read(path: Path) -> SeriesRead:
    """The series, or everything that is wrong with its file in one round."""
    read = read_series(text_of(path, most_bytes=MOST_BYTES))
    if not read.errors:
        return read
    wrong = [_wrong(each) for each in read.errors]
    if read.days:
        wrong += [worded("/file", each.detail) for each in series_problems(read.days, read.prices)]
    raise InputUnreadable(errors=tuple(wrong))


def _wrong(error: LineError) -> FieldError:
    return FieldError(pointer=f"/file/{error.line}", detail=error.detail, facts=dict(error.facts))


def _print(found: Calibration) -> None:
    jumps = found.jumps
    rows = [
        (N_("Period"), f"{found.first_on} - {found.last_on}"),
        (N_("Points"), f"{found.points}"),
        (N_("Days between two points"), f"{found.step_days:.2f}"),
        (N_("Volatility a year"), f"{found.volatility:.1%}"),
        (N_("Kurtosis (3 is normal)"), f"{found.kurtosis:.1f}"),
        (N_("Moves over a tenth"), f"{found.large_share:.1%}"),
        (N_("Jumps a year"), f"{jumps.per_year:.2f}"),
        (N_("Volatility without jumps"), f"{jumps.volatility_without:.1%}"),
        (
            N_("Dickey-Fuller statistic (below -2.86 shows a return)"),
            f"{found.reversion.dickey_fuller:.2f}",
        ),
        (
            N_("AIC of random walk and of return to the mean"),
            f"{found.walk.aic:.1f}, {found.reverting.aic:.1f}",
        ),
    ]
    for label, shown in [*rows, *_reversion(found)]:
        click.echo(f"{say(label)}: {shown}")
    if found.reverting_process is None:
        click.echo(say(N_("These prices show no return to a mean; a random walk describes them.")))
    _print_haircuts(N_("Haircuts by years to the sale, as a random walk:"), found.process)
    if found.reverting_process is not None:
        title = N_("Haircuts by years to the sale, with the return to the mean:")
        _print_haircuts(title, found.reverting_process)
    for warned in found.warnings:
        if warned.code != "no-return":
            click.echo(f"! {warned.detail.in_language(language())}")


def _reversion(found: Calibration) -> list[tuple[str, str]]:
    """The figures of the return to a mean, where the prices show one."""
    fit = found.reversion
    if not fit.is_shown:
        return []
    return [
        (N_("Speed of return to the mean a year"), _or_dash(fit.speed, ".2f")),
        (N_("Level returned to"), _or_dash(fit.level, ",.2f")),
        (N_("Half-life in years"), _or_dash(fit.half_life_years, ".2f")),
        (N_("AR(1): b, R squared"), f"{fit.b:.5f}, {fit.r_squared:.4f}"),
    ]


def _or_dash(figure: float | None, form: str) -> str:
    return "—" if figure is None else format(figure, form)


def _print_haircuts(title: str, process: Process) -> None:
    click.echo(say(title))
    for years in HORIZONS:
        shares = (
            f"{confidence:.0%}: {haircut(process, years=years, confidence=confidence):.1%}"
            for confidence in CONFIDENCES
        )
        click.echo(f"  {years:g}  " + "  ".join(shares))


commands: list[click.Command] = [calibrate_command]
