"""`job status`: what the scheduler did."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

import click

from app.cli.opening import current_database, platform_actor, settings
from app.cli.terminal import REFUSED, as_json_option, echo_json, language, say
from app.jobs.domain import RUN_STATE_TITLES, read_rules
from app.jobs.queries import JobStatus, JobView, job_status
from app.kernel.text import N_

__all__ = ["commands"]


@click.group("job")
def job() -> None:
    """What the scheduler did."""


@job.command("status")
@click.option("--alive", is_flag=True, help="Exit 1 unless a scheduler is at work.")
@as_json_option
def status(*, alive: bool, as_json: bool) -> None:
    """Show each job with its last run, and the schedulers."""
    chosen = settings()
    with current_database(chosen) as store, store.read() as session:
        found = job_status(session, platform_actor(), read_rules(chosen.scheduler_seconds))
    if as_json:
        echo_json({**_plain(asdict(found)), "alive": found.alive})
    else:
        _show(found)
    if alive and not found.alive:
        raise click.exceptions.Exit(REFUSED)


def _show(found: JobStatus) -> None:
    for each in found.jobs:
        title = each.title.in_language(language())
        click.echo(f"{each.name:<22} {_last(each)}  {title}")
    if not found.alive:
        click.echo(say(N_("No scheduler is at work")))
    for process in found.schedulers:
        click.echo(f"{process.owner}  {process.seen_at.isoformat(timespec='seconds')}")


def _last(each: JobView) -> str:
    if each.last is None:
        return "-"
    words = say(RUN_STATE_TITLES[each.last.state])
    return f"{each.last.tick} {words} {each.last.detail}".rstrip()


def _plain(value: Any) -> Any:
    """Views as JSON values."""
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(each) for each in value]
    return value.isoformat() if isinstance(value, datetime) else value


commands: list[click.Command] = [job]
