"""`revalue`, `close-day`: what the scheduler also does, for whoever wants it now."""

from collections.abc import Sequence
from datetime import date
from typing import Final

import click
import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.domain import ItemState
from app.appraisal.run_queries import run_items
from app.appraisal.services.executors import WAYS, is_way_of_running
from app.appraisal.services.revaluation import RequestRevaluation, find_settled_run
from app.appraisal.services.views import RunItem, RunView, item_views
from app.cli.opening import current_database, platform_actor
from app.cli.terminal import DAY, REFUSED, as_json_option, echo_json, echo_pairs, language, say
from app.identity.models import Organisation
from app.jobs.sequence import banks_with_books, close_and_watch, revalue_and_watch
from app.kernel.errors import InvalidInput
from app.kernel.money import Money
from app.kernel.text import N_
from app.loans.closing.queries import DayCloseView
from app.loans.models import BankDay

__all__ = ["commands"]

NOTHING_COMPUTED: Final = N_(
    "Nothing was computed: the run %(number)s of %(on)s is finished already (run on: %(executor)s)."
)

_WAYS: Final = {
    "serial": N_("One process"),
    "processes": N_("Several processes of this machine"),
}
"""The ways of running in words, as the page of a new run has them; a cluster is named by its address."""

MORE: Final = N_("And %(more)s more, which the API lists.")

MAX_PROBLEMS: Final = 1_000
"""Of the assets that a run could not value: more than anybody reads; the API pages through all of them."""


class WayOfRunning(click.ParamType[str]):
    """Where a run computes."""

    name = "text"

    def convert(
        self, value: object, param: click.Parameter | None, ctx: click.Context | None
    ) -> str:
        """The name, or a usage error with those that there are."""
        text = str(value)
        if not is_way_of_running(text):
            words = N_("Choose one of: %(choices)s.")
            self.fail(say(words, {"choices": ", ".join(WAYS)}), param, ctx)
        return text


@click.command("revalue")
@click.option("--on", type=DAY, required=True, help="Valuation day.")
@click.option(
    "--executor",
    type=WayOfRunning(),
    default="serial",
    help="serial (one process), processes (several of this machine), or dask://HOST:PORT.",
)
@as_json_option
def revalue(*, on: date, executor: str, as_json: bool) -> None:
    """Revalue every appraised asset on a day.

    A day that was revalued is revalued again where assets failed, or where prices, records or reports
    that count on it came since. Else its run is answered and nothing is computed, whatever the executor.
    """
    command, actor = RequestRevaluation(on=on, executor=executor), platform_actor()
    with current_database() as store:
        with store.read() as session:
            known = find_settled_run(session, actor, on)
        view = revalue_and_watch(store, actor, command)
        with store.read() as session:
            failed = run_items(session, actor, view.id, ItemState.FAILED)
            rows = session.execute(failed.limit(MAX_PROBLEMS)).all()
    _show_run(view, item_views(rows), as_json=as_json)
    if known is not None:
        facts = {"number": known.number, "on": on.isoformat(), "executor": _way(known.executor)}
        click.echo(say(NOTHING_COMPUTED, facts), err=True)


@click.command("close-day")
@click.option("--on", type=DAY, required=True, help="The open business day.")
@click.option("--bank", "code", help="Code of the bank; all banks without it.")
@as_json_option
def close_day(*, on: date, code: str | None, as_json: bool) -> None:
    """Close the business day of one bank or of all."""
    with current_database() as store:
        with store.read() as session:
            banks = _one_bank(session, code) if code else banks_with_books(session)
        views = [close_and_watch(store, bank, on) for bank in banks]
    codes = [bank.code for bank in banks]
    closes = [_close(bank, view) for bank, view in zip(codes, views, strict=True)]
    if as_json:
        echo_json({"closes": closes})
    else:
        _show_closes(closes)
    if any(view.failed for view in views):
        raise click.exceptions.Exit(REFUSED)


def _show_run(view: RunView, problems: Sequence[RunItem], *, as_json: bool) -> None:
    if as_json:
        answer = {"number": view.number, "on": view.on.isoformat(), "state": view.state.value}
        answer["executor"] = view.executor
        counts = {"total": view.total, "done": view.done, "failed": view.failed}
        echo_json({**answer, **counts, "problems": [_problem(each) for each in problems]})
        return
    echo_pairs(
        [
            (N_("Revaluation run"), view.number),
            (N_("Run on"), _way(view.executor)),
            (N_("Valued"), view.done),
            (N_("Not valued"), view.failed),
        ]
    )
    for each in problems:
        click.echo(f"  {each.asset_number}: {each.words.in_language(language())}")
    if view.failed > len(problems):
        click.echo(f"  {say(MORE, {'more': view.failed - len(problems)})}")


def _way(executor: str) -> str:
    return say(_WAYS[executor]) if executor in _WAYS else executor


def _problem(problem: RunItem) -> dict[str, object]:
    return {
        "asset": problem.asset_number,
        "code": problem.code,
        "field": problem.field,
        "detail": problem.words.en,
    }


def _one_bank(session: Session, code: str) -> list[Organisation]:
    statement = (
        sa.select(Organisation)
        .join(BankDay, col(BankDay.bank_id) == col(Organisation.id))
        .where(col(Organisation.code) == code)
    )
    found = list(session.execute(statement).scalars())
    if not found:
        raise InvalidInput.at("--bank", N_("No bank with this code keeps its books here."))
    return found


def _close(code: str, view: DayCloseView) -> dict[str, object]:
    return {
        "bank": code,
        "on": view.on.isoformat(),
        "state": view.state,
        "loans": view.done,
        "failed": view.failed,
        "accrued_yuan": Money(view.accrued_fen).yuan,
        "billed_yuan": Money(view.billed_fen).yuan,
        "errors": [{"loan": each.loan_number, "detail": each.detail} for each in view.errors],
    }


def _show_closes(closes: list[dict[str, object]]) -> None:
    for close in closes:
        facts = {
            name: close[name]
            for name in ("bank", "on", "loans", "failed", "accrued_yuan", "billed_yuan")
        }
        line = N_(
            "%(bank)s %(on)s: %(loans)s loans closed, %(failed)s left behind, "
            "accrued %(accrued_yuan)s yuan, billed %(billed_yuan)s yuan"
        )
        click.echo(say(line, facts))


commands: list[click.Command] = [revalue, close_day]
