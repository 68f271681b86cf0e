"""`gep-account`: a GEP account of a file at the terminal, without a database.

Exit 0 with the account, 1 when something in it is refused, 2 when command line or file cannot be read.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final

import click

from app.appraisal.gep_rules import BETWEEN_ROWS
from app.appraisal.gep_workbook import account_rows, column_title
from app.cli.terminal import (
    DAY,
    REFUSED,
    InputRefused,
    InputUnreadable,
    as_json_option,
    content_of,
    echo_json,
    json_of,
    language,
    of_document,
    problem_of,
    refusals_shown,
    say,
    show_refusal,
    worded,
)
from app.kernel.clock import SystemClock
from app.kernel.money import Money
from app.kernel.text import N_
from app.reference.titles import region_titles
from risk_models.account_json import account_json, comparison_json
from risk_models.accounts import (
    CLASSES,
    UNDIVIDED,
    Account,
    AccountDocument,
    Comparison,
    InvalidAccount,
    RowProblem,
    account,
    compare,
    document_from,
)
from risk_models.dated import ParameterNotInForce
from risk_models.models.gep.passport import ECOSYSTEM
from risk_models.registry import science_parameters

__all__ = ["commands"]

MOST_BYTES: Final = 5_000_000
"""A few thousand rows; a larger file is not an account."""

MOST_NOTES: Final = 8
"""Different notes that fit on a screen below the totals."""

MOST_ROWS_NAMED: Final = 5
"""Rows of one note that are named; `--json` has them all."""


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

    The file is JSON or a filled-in XLSX template, of at most 5,000,000 bytes.
    """
    day = on or SystemClock().today()
    with refusals_shown(as_json=as_json):
        found, comparison = _counted(input_file, day, year, base, base_year)
        if found.refused:
            _refuse(found, comparison, as_json=as_json)
    if as_json:
        echo_json(_json(found, comparison))
        return
    _print(found, day)
    if comparison is not None:
        _print_comparison(comparison)


def _counted(
    input_file: Path, day: date, year: int | None, base: Path | None, base_year: int | None
) -> tuple[Account, Comparison | None]:
    try:
        document = _read(input_file, day)
        earlier = document if base is None else _read(base, day)
        found = account(document, day, year)
        if base is None and base_year is None:
            return found, None
        return found, compare(document, earlier, day, year=year, base_year=base_year)
    except InvalidAccount as problem:
        raise of_document(problem) from problem
    except ParameterNotInForce as problem:
        raise InputRefused(errors=(worded("--on", problem.detail),)) from problem


def _refuse(found: Account, comparison: Comparison | None, *, as_json: bool) -> None:
    """The rows that are refused: in JSON with the whole account, as text nothing but them."""
    if as_json:
        errors = tuple(
            worded(f"/rows/{each.row - 1}/inputs/{each.field}".removesuffix("/"), each.detail)
            for each in found.refused
        )
        echo_json({**_json(found, comparison), **problem_of(InputRefused(errors=errors))})
        raise click.exceptions.Exit(REFUSED)
    errors = tuple(worded(_place(each), each.detail) for each in found.refused)
    show_refusal(InputRefused(errors=errors), as_json=False)


def _json(found: Account, comparison: Comparison | None) -> dict[str, object]:
    whole = account_json(found)
    return whole if comparison is None else {**whole, "comparison": comparison_json(comparison)}


def _place(problem: RowProblem) -> str:
    """The row of a problem, and its field by title and name."""
    row = say(N_("Row %(row)s"), {"row": problem.row})
    return f"{row}, {column_title(problem.field).in_language(language())}" if problem.field else row


def _read(path: Path, day: date) -> AccountDocument:
    content = content_of(path, most_bytes=MOST_BYTES)
    if path.suffix.lower() != ".xlsx":
        return document_from(json_of(path, content))
    found = account_rows(content, science_parameters().on(day))
    if found.problems:
        read = {each.code for each in found.problems} <= BETWEEN_ROWS
        refusal = InputRefused if read else InputUnreadable
        raise refusal(errors=tuple(worded(_place(each), each.detail) for each in found.problems))
    return document_from({"rows": found.rows})


def _print(found: Account, day: date) -> None:
    click.echo(f"{say(N_('Year of the account'))}: {found.year}")
    click.echo(f"{say(N_('Total (yuan)'))}: {Money(found.total_fen).yuan}")
    _lines(
        N_("By service"),
        {CLASSES[key].in_language(language()): fen for key, fen in found.by_service.items()},
    )
    ecosystems = _ecosystems(day)
    _lines(
        N_("By ecosystem"),
        {ecosystems.get(key, key): fen for key, fen in found.by_ecosystem.items()},
    )
    _print_regions(found)
    for each in found.differences:
        title = CLASSES[each.service].in_language(language())
        click.echo(
            say(
                N_("%(region)s, %(service)s: %(difference)s yuan between its own and its parts."),
                {
                    "region": _region(each.region),
                    "service": title,
                    "difference": Money(each.fen).yuan,
                },
            )
        )
    for area in found.boundaries:
        click.echo(
            say(
                N_("%(region)s: its own area %(own)s ha, its parts %(parts)s ha."),
                {
                    "region": _region(area.region),
                    "own": f"{area.own_ha:g}",
                    "parts": f"{area.sum_ha:g}",
                },
            )
        )
    _print_problems(found)


def _ecosystems(day: date) -> dict[str, str]:
    """Titles of the ecosystems that the table of the day knows."""
    rows = science_parameters().on(day).table(ECOSYSTEM).rows
    titles = {name: title.in_language(language()) for name, title in rows.items()}
    return {**titles, UNDIVIDED: say(N_("Not divided by ecosystem"))}


def _print_regions(found: Account) -> None:
    """Each region that has parts comes first as their sum, its parts set in below it."""
    click.echo(f"{say(N_('By region'))}:")
    below: dict[str, list[str]] = {}
    for region in found.by_region:
        below.setdefault(found.parents.get(region, ""), []).append(region)
    tops = [
        region for region in found.by_region if found.parents.get(region, "") not in found.by_region
    ]
    for region in tops:
        _print_region(found, below, region, 1)


def _region(code: str) -> str:
    """A region by name and code, one that is not known as the file has it."""
    title = region_titles().get(code)
    return f"{title.in_language(language())} ({code})" if title else code


def _print_region(
    found: Account, below: Mapping[str, Sequence[str]], region: str, depth: int
) -> None:
    parts = below.get(region, ())
    name = _region(region)
    if parts:
        name = say(N_("%(region)s, sum of its parts"), {"region": name})
    click.echo(f"{'  ' * depth}{name}: {Money(found.by_region[region]).yuan}")
    for part in parts:
        _print_region(found, below, part, depth + 1)


def _print_problems(found: Account) -> None:
    """Questions one by one; notes are many, so each wording is told once with its first rows."""
    for problem in found.problems:
        if problem.severity == "ask":
            words = problem.detail.in_language(language())
            click.echo(f"[{say(N_('To explain'))}] {_place(problem)}: {words}")
    noted: dict[str, list[int]] = {}
    for problem in found.problems:
        if problem.severity == "note":
            words = problem.detail.in_language(language())
            noted.setdefault(words, []).append(problem.row)
    ordered = sorted(noted.items(), key=lambda entry: -len(entry[1]))
    for words, rows in ordered[:MOST_NOTES]:
        _print_note(words, rows)
    if ordered[MOST_NOTES:]:
        more = sum(len(rows) for _, rows in ordered[MOST_NOTES:])
        click.echo(say(N_("%(count)s more notes on the rows; see --json."), {"count": more}))


def _print_note(words: str, rows: Sequence[int]) -> None:
    """A note may be told of a row more than once, of several cells; the row is named once."""
    told = sorted(set(rows))
    if len(told) == 1:
        click.echo(say(N_("[Note, row %(row)s] %(words)s"), {"row": told[0], "words": words}))
        return
    first = [str(row) for row in told[:MOST_ROWS_NAMED]]
    named = ", ".join([*first, *(["…"] if told[MOST_ROWS_NAMED:] else [])])
    facts = {"count": len(rows), "rows": named, "words": words}
    click.echo(say(N_("[Note, %(count)s times, rows %(rows)s] %(words)s"), facts))


def _print_comparison(comparison: Comparison) -> None:
    whole = comparison.whole
    shown: Sequence[tuple[str, int | None]] = (
        (N_("Change (yuan)"), comparison.after.total_fen - comparison.before.total_fen),
        (N_("Effect of quantities (yuan)"), whole.quantity_fen),
        (N_("Effect of prices (yuan)"), whole.price_fen),
    )
    for label, fen in shown:
        click.echo(f"{say(label)}: {'-' if fen is None else Money(fen).yuan}")
    if not comparison.same_units:
        years = (comparison.before.year, comparison.only_before)
        later = (comparison.after.year, comparison.only_after)
        click.echo(say(N_("The two years do not account the same units.")))
        for year, places in (years, later):
            if places:
                units = "; ".join(_region(region) for region in dict(places))
                click.echo(say(N_("Only in %(year)s: %(units)s."), {"year": year, "units": units}))


def _lines(label: str, found: Mapping[str, int]) -> None:
    click.echo(f"{say(label)}:")
    for name, fen in found.items():
        click.echo(f"  {name}: {Money(fen).yuan}")


commands: list[click.Command] = [gep_account]
