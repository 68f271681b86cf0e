"""`serve`, `scheduler`: the processes of the service."""

import click

from app.appraisal.domain.catalogue import require_sound_models
from app.cli.lifeline import end_with_parent
from app.cli.opening import current_database, settings
from app.cli.supervisor import serve
from app.cli.terminal import as_json_option
from app.jobs.scheduler import run_scheduler, stop_on_signals
from app.jobs.work import make_jobs
from app.web.operation import configure_logs

__all__ = ["commands"]


@click.command("serve")
@click.option("--demo", is_flag=True, help="Load the demo world when the database is empty.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(1, 65535),
    default=8000,
    show_default=True,
    help="Port to listen on.",
)
@as_json_option
def serve_command(*, demo: bool, host: str, port: int, as_json: bool) -> None:  # noqa: ARG001 - read where refusals are shown
    """Migrate, then run web and scheduler until stopped."""
    require_sound_models()
    chosen = settings()
    configure_logs(chosen.log_level)
    serve(chosen, demo=demo, host=host, port=port)


@click.command("scheduler")
@as_json_option
def scheduler(*, as_json: bool) -> None:  # noqa: ARG001 - read where refusals are shown
    """Run due jobs until stopped; several may stand side by side."""
    end_with_parent()
    chosen = settings()
    configure_logs(chosen.log_level)
    stop = stop_on_signals()
    with current_database(chosen) as store:
        run_scheduler(store, make_jobs(chosen), stop=stop)


commands: list[click.Command] = [serve_command, scheduler]
