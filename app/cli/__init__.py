"""The `greenpledge` command.

Each command's module is imported when it is called, so that those that need no database start without one.
"""

from collections.abc import Sequence
from importlib import import_module
from typing import Any, Final

import click

from app import __version__
from app.cli.command_line import echo_usage, places_of, unreadable
from app.cli.terminal import language, refusals_shown

COMMANDS: Final[dict[str, tuple[str, str]]] = {
    "serve": ("operation", "Migrate, then run web and scheduler until stopped."),
    "db": ("database", "The schema: upgrade, downgrade, status, check."),
    "demo": ("demo", "The demo world."),
    "organisation": ("people", "Organisations: banks, enterprises, agencies, desks."),
    "user": ("people", "People and their roles."),
    "token": ("people", "Tokens for programs."),
    "models": ("appraisal", "List the appraisal models, after trying those of other packages."),
    "appraise": ("appraisal", "Value the asset of an input file on a day."),
    "gep-account": ("accounts", "Add up a GEP account of a file, and compare two years."),
    "calibrate": ("calibration", "Measure how the prices of a file move."),
    "schedule": ("finance", "Draw a repayment schedule."),
    "schedule-book": (
        "book_schedules",
        "Draw the schedules of a book of loans with equal monthly instalments under 30/360.",
    ),
    "day-count": (
        "finance",
        "Count the days and the share of a year from START up to END.",
    ),
    "classify": ("finance", "Name the five-tier class that the days overdue allow at best."),
    "revalue": ("closing", "Revalue every appraised asset on a day."),
    "stress": (
        "stress",
        "Value every pledged asset under a scenario and measure the loans behind them.",
    ),
    "close-day": ("closing", "Close the business day of one bank or of all."),
    "scheduler": ("operation", "Run due jobs until stopped; several may stand side by side."),
    "job": ("jobs", "What the scheduler did."),
    "verify": ("checking", "Recompute every stored figure, schedule, lien, state and chain."),
    "audit": ("checking", "The audit chains: heads to publish, and their verification."),
    "backup": ("backup", "Write database and evidence files to an empty folder."),
    "restore": ("backup", "Bring a backup into an empty database and home folder."),
    "doctor": ("doctor", "Look for what would keep the service from working."),
}
"""Name -> module of this package, and what the list of commands says."""


class LazyGroup(click.Group):
    """A group whose commands are found by the table above, and imported when one is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """The commands in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Import the module of a command and find the command in it."""
        if cmd_name not in COMMANDS:
            return None
        found: Sequence[click.Command] = import_module(f"app.cli.{COMMANDS[cmd_name][0]}").commands
        return next(command for command in found if command.name == cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """The list of commands, without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; a refusal is shown and ends with exit 1, what cannot be read with exit 2."""
        given = [*ctx._protected_args, *ctx.args]  # noqa: SLF001 - click gives it no other name
        as_json = "--json" in given
        with refusals_shown(as_json=as_json, places=lambda: places_of(self, ctx, given)):
            try:
                return super().invoke(ctx)
            except click.UsageError as problem:
                if not as_json:
                    if language() == "en":
                        raise
                    echo_usage(problem)
                raise unreadable(problem) from None


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="greenpledge")
def main() -> None:
    """Ecological assets become pledge loans: registry, appraisal, lending, collateral, oversight.

    Exit 0 when done, 1 when something is read and refused, or found wrong, 2 when the command line or
    the input file cannot be read.
    """
