"""`schedule`, `day-count`, `classify`: the pure rules at the terminal, without a database.

Exit 0 with the answer, 1 when a rule refuses, 2 when the command line cannot be read.
"""

import unicodedata
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import Final, TypedDict, TypeVar, Unpack

import click

from app import policy
from app.cli.terminal import DAY, as_json_option, echo_json, echo_pairs, say, show_refusal
from app.kernel.clock import SystemClock
from app.kernel.daycount import DayCount
from app.kernel.errors import InvalidInput
from app.kernel.money import Money, round_half_up
from app.kernel.rates import parse_fraction
from app.kernel.schedule_dates import MAX_EVERY_DAYS, MAX_EVERY_MONTHS, Every, MonthEnd
from app.kernel.text import N_
from app.loans.domain.classification import Classification, class_rules, classify
from app.loans.domain.schedule import Instalment, Schedule, make_schedule
from app.loans.domain.terms import DayRoll, Method, OddDays, ScheduleError, Terms
from app.policy import Policy
from app.reference.official_calendar import official_calendar

_YEAR_FRACTION_DECIMALS: Final = 12

_LIMITS: Final = {"months": MAX_EVERY_MONTHS, "days": MAX_EVERY_DAYS}

_Named = TypeVar("_Named", bound=StrEnum)


class _Parsed(click.ParamType[object]):
    """A value that a pure parser reads; its ValueError is a usage error."""

    def __init__(self, name: str, parse: Callable[[str], object], words: str) -> None:
        self.name = name
        self._parse = parse
        self._words = words

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> object:
        if not isinstance(value, str):
            return value
        try:
            return self._parse(value)
        except ValueError:
            self.fail(say(self._words, _LIMITS), param, ctx)


class _OneOf(click.Choice[_Named]):
    """An enumeration by its values, as contracts and files spell them, not by Python's names."""

    def normalize_choice(self, choice: object, ctx: click.Context | None) -> str:
        return super().normalize_choice(str(choice), ctx)

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> _Named:
        try:
            return super().convert(value, param, ctx)
        except click.BadParameter:
            known = ", ".join(str(each) for each in self.choices)
            self.fail(say(N_("Choose one of: %(choices)s."), {"choices": known}), param, ctx)


def _parse_fen(text: str) -> int:
    return Money.parse(text).fen


def _parse_plan(text: str) -> tuple[int, ...]:
    return tuple(_parse_fen(part) for part in text.split(","))


_AMOUNT_WORDS: Final = N_("Enter an amount in yuan with at most two decimals, such as 1200.50.")
_YUAN: Final = _Parsed("yuan", _parse_fen, _AMOUNT_WORDS)
_PLAN: Final = _Parsed("yuan,yuan", _parse_plan, _AMOUNT_WORDS)
_RATE: Final = _Parsed(
    "fraction", parse_fraction, N_("Enter a fraction with at most six decimals, such as 0.0435.")
)
_EVERY: Final = _Parsed(
    "step",
    Every.parse,
    N_("Enter a step such as 1m or 14d, up to %(months)s months or %(days)s days."),
)


class _TermOptions(TypedDict):
    principal_fen: int
    rate_ppm: int
    start_on: date
    periods: int
    every: Every
    method: Method
    day_count: DayCount
    first_due_on: date | None
    grace_principal: int
    month_end: MonthEnd
    odd_days: OddDays
    roll: DayRoll
    plan_fen: tuple[int, ...]


@click.command("schedule")
@click.option("--principal", "principal_fen", type=_YUAN, required=True, help="Yuan.")
@click.option("--rate", "rate_ppm", type=_RATE, required=True, help="A year: 0.0435 is 4.35 %.")
@click.option("--start", "start_on", type=DAY, required=True, help="Day of the drawdown.")
@click.option("--periods", type=int, required=True, help="Number of instalments.")
@click.option("--every", type=_EVERY, required=True, help="1m, 2m, 3m, 7d, 14d.")
@click.option("--method", type=_OneOf(Method), required=True)
@click.option("--day-count", type=_OneOf(DayCount), required=True)
@click.option(
    "--first-due",
    "first_due_on",
    type=DAY,
    help="First due day, and new anchor unless it is one step after the start.",
)
@click.option("--grace-principal", type=int, default=0, help="Periods with interest alone.")
@click.option("--month-end", type=_OneOf(MonthEnd), default=MonthEnd.CLAMP)
@click.option("--odd-days", type=_OneOf(OddDays), default=OddDays.JOINED)
@click.option("--roll", type=_OneOf(DayRoll), default=DayRoll.NONE, help="On days off.")
@click.option("--plan", "plan_fen", type=_PLAN, default=(), help="Principal amounts in yuan.")
@as_json_option
def schedule(*, as_json: bool, **options: Unpack[_TermOptions]) -> None:
    """Draw a repayment schedule."""
    try:
        drawn = make_schedule(Terms(**options, calendar=official_calendar()))
    except ScheduleError as refusal:
        show_refusal(refusal, as_json=as_json)
    if as_json:
        echo_json(_schedule_facts(drawn))
    else:
        _print_schedule(drawn)


_BY_DATES = N_("By the two dates; a schedule counts each whole month as 30 days.")


@click.command("day-count")
@click.argument("convention", type=_OneOf(DayCount))
@click.argument("start_on", metavar="START", type=DAY)
@click.argument("end_on", metavar="END", type=DAY)
@as_json_option
def day_count(*, convention: DayCount, start_on: date, end_on: date, as_json: bool) -> None:
    """Count the days and the share of a year from START up to END.

    By the two dates alone. A schedule under 30/360 counts a regular period in months as 30 days for each month.
    """
    if end_on < start_on:
        refusal = InvalidInput.at("/end_on", N_("The end lies before the start."))
        show_refusal(refusal, as_json=as_json)
    days = convention.days(start_on, end_on)
    fraction = _decimal_text(convention.year_units(start_on, end_on), convention.basis)
    if as_json:
        echo_json({"days": days, "year_fraction": fraction})
    else:
        pairs = [(N_("Days"), str(days)), (N_("Year fraction"), fraction)]
        if convention is DayCount.THIRTY_360:
            pairs.append((N_("Counted"), say(_BY_DATES)))
        echo_pairs(pairs)


@click.command("classify")
@click.option("--days-overdue", type=click.IntRange(min=0), required=True)
@as_json_option
def classify_command(*, days_overdue: int, as_json: bool) -> None:
    """Name the five-tier class that the days overdue allow at best.

    The rules are those in force today.
    """
    today = SystemClock().today()
    rules = class_rules(Policy(parameters=policy.on(today)))
    classification = classify(days_overdue=days_overdue, rules=rules)
    if as_json:
        echo_json(_classification_facts(classification))
        return
    pairs = [(N_("Class"), say(_CLASS_NAMES[classification.loan_class.value]))]
    pairs += [(N_("Reason"), say(each.detail, each.facts)) for each in classification.reasons]
    echo_pairs(pairs)


commands: list[click.Command] = [schedule, day_count, classify_command]

_CLASS_NAMES: Final = {
    "normal": N_("Normal"),
    "special-mention": N_("Special mention"),
    "substandard": N_("Substandard"),
    "doubtful": N_("Doubtful"),
    "loss": N_("Loss"),
}

_COLUMNS: Final = (
    N_("No."),
    N_("Due on"),
    N_("Days"),
    N_("Instalment"),
    N_("Principal"),
    N_("Interest"),
    N_("Balance"),
)


def _schedule_facts(drawn: Schedule) -> dict[str, object]:
    return {
        "instalments": [_instalment_facts(row) for row in drawn.instalments],
        "total_interest_yuan": Money(drawn.total_interest_fen).yuan,
        "total_payment_yuan": Money(drawn.total_payment_fen).yuan,
    }


def _instalment_facts(row: Instalment) -> dict[str, object]:
    return {
        "number": row.number,
        "due_on": row.due_on.isoformat(),
        "days": row.days,
        "payment_yuan": Money(row.payment_fen).yuan,
        "principal_yuan": Money(row.principal_fen).yuan,
        "interest_yuan": Money(row.interest_fen).yuan,
        "balance_yuan": Money(row.balance_fen).yuan,
    }


def _classification_facts(classification: Classification) -> dict[str, object]:
    return {
        "class": classification.loan_class.value,
        "reasons": [reason.code for reason in classification.reasons],
    }


def _decimal_text(numerator: int, denominator: int) -> str:
    scale = 10**_YEAR_FRACTION_DECIMALS
    whole, rest = divmod(round_half_up(numerator * scale, denominator), scale)
    return f"{whole}.{rest:0{_YEAR_FRACTION_DECIMALS}d}"


def _print_schedule(drawn: Schedule) -> None:
    rows = [[say(column) for column in _COLUMNS]]
    rows += [[str(fact) for fact in _instalment_facts(row).values()] for row in drawn.instalments]
    rows.append(_totals(drawn))
    widths = [max(map(_columns_wide, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (_padded(cell, width) for cell, width in zip(row, widths, strict=True))
        click.echo("  ".join(cells).rstrip())


def _totals(drawn: Schedule) -> list[str]:
    amounts = (drawn.total_payment_fen, drawn.total_principal_fen, drawn.total_interest_fen)
    return ["", say(N_("Total")), "", *(Money(fen).yuan for fen in amounts), ""]


def _padded(text: str, width: int) -> str:
    return " " * (width - _columns_wide(text)) + text


def _columns_wide(text: str) -> int:
    """Columns at a terminal: Chinese characters take two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)
