"""`backup`, `restore`: the whole installation in one folder, and back."""

from dataclasses import asdict
from pathlib import Path

import click

from app.cli.archive import back_up
from app.cli.archive import restore as bring_back
from app.cli.checking import EVERY_ROOM
from app.cli.opening import any_database, current_database, settings
from app.cli.terminal import REFUSED, as_json_option, echo_json, say
from app.kernel.text import N_
from app.verify import verify

__all__ = ["commands"]

_FOLDER = click.Path(file_okay=False, path_type=Path)


@click.command("backup")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@as_json_option
def backup(*, folder: Path, as_json: bool) -> None:
    """Write database and evidence files to an empty folder."""
    chosen = settings()
    with current_database(chosen) as store:
        manifest = back_up(store, chosen, folder)
    if as_json:
        echo_json({**asdict(manifest), "folder": str(folder)})
        return
    facts = {"files": len(manifest.files), "folder": str(folder)}
    click.echo(say(N_("%(files)s files were written to %(folder)s."), facts))


@click.command("restore")
@click.argument("folder", metavar="DIR", type=_FOLDER)
@as_json_option
def restore(*, folder: Path, as_json: bool) -> None:
    """Bring a backup into an empty database and home folder."""
    chosen = settings()
    with any_database(chosen) as store:
        manifest = bring_back(store, chosen, folder)
        found = verify(store, EVERY_ROOM)
    if as_json:
        violations = [asdict(each) for each in found]
        echo_json({"ok": not found, "made_at": manifest.made_at, "violations": violations})
    else:
        facts = {"made_at": manifest.made_at, "files": len(manifest.files)}
        click.echo(say(N_("Restored the backup of %(made_at)s, %(files)s files."), facts))
        for each in found:
            click.echo(f"{each.invariant}  {each.subject}: {each.detail}")
    if found:
        raise click.exceptions.Exit(REFUSED)


commands: list[click.Command] = [backup, restore]
