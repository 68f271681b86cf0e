"""`gep-account`: a GEP account of a file at the terminal, without a database.

Exit 0 with the account, 1 when a row is refused, 2 when the file cannot be read.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, NoReturn, cast

import click

from app.appraisal.gep_workbook import account_rows
from app.cli.terminal import DAY, REFUSED, as_json_option, echo_json, language, say
from app.kernel.clock import SystemClock
from app.kernel.text import N_
from risk_models.account_json import account_json, comparison_json
from risk_models.accounts import (
    CLASSES,
    Account,
    AccountDocument,
    Comparison,
    InvalidAccount,
    account,
    compare,
    document_from,
)
from risk_models.dated import ParameterNotInForce
from risk_models.registry import science_parameters

__all__ = ["commands"]

MOST_BYTES: Final = 5_000_000
"""A few thousand rows; a larger file is not an account."""


@click.command("gep-account")
@click.argument("input_file", metavar="INPUT", type=click.Path(path_type=Path))
@click.option("--on", type=DAY, help="Day whose price tables and norms count; today when left out.")
@click.option("--year", type=int, help="Year of the account; the last of the file when left out.")
@click.option("--base", type=click.Path(path_type=Path), help="File of the year compared with.")
@click.option("--base-year", type=int, help="Year compared with, in the base or the same file.")
@as_json_option
def gep_account(
    *,
    input_file: Path,
    on: date | None,
    year: int | None,
    base: Path | None,
    base_year: int | None,
    as_json: bool,
) -> None:
    """Add up a GEP account of a file, and compare two years.

    The file is JSON or a filled-in XLSX template.
    """
    day = on or SystemClock().today()
    try:
        document = _read(input_file, day)
        earlier = document if base is None else _read(base, day)
        found = account(document, day, year)
        comparison = None
        if base is not None or base_year is not None:
            comparison = compare(document, earlier, day, year=year, base_year=base_year)
    except (InvalidAccount, ParameterNotInForce) as problem:
        _unreadable(str(problem))
    if as_json:
        whole = account_json(found)
        if comparison is not None:
            whole["comparison"] = comparison_json(comparison)
        echo_json(whole)
    else:
        _print(found)
        if comparison is not None:
            _print_comparison(comparison)
    if found.refused:
        raise click.exceptions.Exit(REFUSED)


def _read(path: Path, day: date) -> AccountDocument:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InvalidAccount(f"{path.name}: {problem.strerror}") from problem
    if len(content) > MOST_BYTES:
        raise InvalidAccount(f"{path.name}: larger than {MOST_BYTES} bytes")
    if path.suffix.lower() == ".xlsx":
        found = account_rows(content, science_parameters().on(day))
        if found.problems:
            first = found.problems[0]
            raise InvalidAccount(f"row {first.row}, {first.field}: {first.detail.en}")
        return document_from({"rows": found.rows})
    try:
        return document_from(cast("object", json.loads(content)))
    except (ValueError, RecursionError) as problem:
        if isinstance(problem, InvalidAccount):
            raise
        raise InvalidAccount(f"{path.name}: not JSON") from problem


def _unreadable(message: str) -> NoReturn:
    raise click.UsageError(message)


def _print(found: Account) -> None:
    click.echo(f"{say(N_('Year of the account'))}: {found.year}")
    click.echo(f"{say(N_('Total (yuan)'))}: {_yuan(found.total_fen)}")
    _lines(
        N_("By service"),
        {CLASSES[key].in_language(language()): fen for key, fen in found.by_service.items()},
    )
    _lines(N_("By ecosystem"), found.by_ecosystem)
    _lines(N_("By region"), found.by_region)
    for each in found.differences:
        title = CLASSES[each.service].in_language(language())
        click.echo(
            say(
                N_("%(region)s, %(service)s: %(difference)s yuan between its own and its parts."),
                {"region": each.region, "service": title, "difference": _yuan(each.fen)},
            )
        )
    for area in found.boundaries:
        click.echo(
            say(
                N_("%(region)s: its own area %(own)s ha, its parts %(parts)s ha."),
                {"region": area.region, "own": f"{area.own_ha:g}", "parts": f"{area.sum_ha:g}"},
            )
        )
    _print_problems(found)


def _print_problems(found: Account) -> None:
    """Refusals and questions one by one; notes are many, so they are counted."""
    for problem in found.problems:
        if problem.severity != "note":
            where = f"{problem.row} {problem.field}".strip()
            click.echo(f"[{problem.severity}] {where}: {problem.detail.in_language(language())}")
    notes = sum(problem.severity == "note" for problem in found.problems)
    if notes:
        click.echo(say(N_("%(count)s notes on the rows; see --json."), {"count": notes}))


def _print_comparison(comparison: Comparison) -> None:
    whole = comparison.whole
    shown: Sequence[tuple[str, int | None]] = (
        (N_("Change (yuan)"), whole.after_fen - whole.before_fen),
        (N_("Effect of quantities (yuan)"), whole.quantity_fen),
        (N_("Effect of prices (yuan)"), whole.price_fen),
    )
    for label, fen in shown:
        click.echo(f"{say(label)}: {'-' if fen is None else _yuan(fen)}")


def _lines(label: str, found: Mapping[str, int]) -> None:
    click.echo(f"{say(label)}:")
    for name, fen in found.items():
        click.echo(f"  {name}: {_yuan(fen)}")


def _yuan(fen: int) -> str:
    whole, rest = divmod(abs(fen), 100)
    return f"{'-' if fen < 0 else ''}{whole}.{rest:02d}"


commands: list[click.Command] = [gep_account]
