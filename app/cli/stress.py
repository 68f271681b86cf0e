"""`stress`: a named scenario over all pledged assets; nothing is stored."""

from datetime import date

import click

from app.cli.opening import current_database, platform_actor
from app.cli.terminal import DAY, InputUnreadable, as_json_option, echo_json, echo_pairs, language
from app.collateral.services.stressing import StressedLoan, StressReport, stress_portfolio
from app.kernel.money import Money
from app.kernel.rates import PPM
from app.kernel.text import N_
from risk_models.stressing import scenarios

__all__ = ["commands"]


@click.command("stress")
@click.option("--scenario", required=True, help="Id of the scenario, such as price-fall-30.")
@click.option("--on", type=DAY, required=True, help="Valuation day.")
@as_json_option
def stress(*, scenario: str, on: date, as_json: bool) -> None:
    """Value every pledged asset under a scenario and measure the loans behind them."""
    if scenario not in scenarios():
        raise InputUnreadable.at(
            "--scenario",
            N_("There is no scenario %(scenario)s. Choose one of: %(scenarios)s."),
            scenario=repr(scenario[:40]),
            scenarios=list(scenarios()),
        )
    with current_database() as store, store.read() as session:
        report = stress_portfolio(session, platform_actor(), scenario, on)
    if as_json:
        echo_json(_answer(report))
        return
    total = report.total
    echo_pairs(
        [
            (N_("Scenario"), report.scenario.title.in_language(language())),
            (N_("Loans"), total.count),
            (N_("Recognised before, yuan"), Money(total.before_fen).yuan),
            (N_("Recognised after, yuan"), Money(total.after_fen).yuan),
            (N_("Loans at a line before"), total.at_line_before),
            (N_("Loans at a line after"), total.at_line_after),
            (N_("Loans newly at a line"), total.newly_at_line),
            (N_("Loans at a worse line than before"), total.at_worse_line),
            (N_("Shortfall, yuan"), Money(total.shortfall_fen).yuan),
            (N_("Assets that no model values under this scenario"), len(report.unvalued)),
        ]
    )


def _answer(report: StressReport) -> dict[str, object]:
    total = report.total
    return {
        "scenario": report.scenario.id,
        "on": report.on.isoformat(),
        "loans": total.count,
        "recognised_before_yuan": Money(total.before_fen).yuan,
        "recognised_after_yuan": Money(total.after_fen).yuan,
        "at_line_before": total.at_line_before,
        "at_line_after": total.at_line_after,
        "newly_at_line": total.newly_at_line,
        "at_worse_line": total.at_worse_line,
        "crossed": total.crossed,
        "shortfall_yuan": Money(total.shortfall_fen).yuan,
        "hit": [_loan(loan) for loan in report.loans if loan.crossed],
        "unvalued": [
            {"asset": each.number, "reason": each.problem.en if each.problem else ""}
            for each in report.unvalued
        ],
    }


def _loan(loan: StressedLoan) -> dict[str, object]:
    ratios = (loan.ltv_before_ppm, loan.ltv_after_ppm)
    before, after = (None if ppm is None else f"{ppm / PPM:.6f}" for ppm in ratios)
    return {
        "loan": loan.number,
        "ltv_before": before,
        "ltv_after": after,
        "level_before": loan.level_before.value,
        "level_after": loan.level_after.value,
        "guarantees_close_before": loan.guarantees_close_before,
        "guarantees_close_after": loan.guarantees_close_after,
        "newly_at_line": loan.newly_at_line,
        "at_worse_line": loan.at_worse_line,
        "shortfall_yuan": Money(loan.shortfall_fen).yuan,
    }


commands: list[click.Command] = [stress]
