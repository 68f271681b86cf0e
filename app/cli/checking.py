"""`verify`, `audit head`, `audit verify`: whether what is stored is still what it must be."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final, cast

import click
import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit import invariants
from app.audit.models import AuditChain, AuditEvent
from app.cli.opening import current_database
from app.cli.terminal import REFUSED, as_json_option, echo_json, language, say
from app.db.invariants import Violation
from app.identity.models import Organisation
from app.jobs import invariants as jobs
from app.kernel.actor import Name
from app.kernel.text import N_
from app.verify import CHECKERS, verify

__all__ = ["commands"]

EVERY_ROOM: Final = (*CHECKERS, ("jobs", jobs.violations))
"""The room of jobs lies above `app.verify`."""


@click.command("verify")
@as_json_option
def verify_command(*, as_json: bool) -> None:
    """Recompute every stored figure, schedule, lien, state and chain."""
    with current_database() as store:
        found = verify(store, EVERY_ROOM)
    _show(found, as_json=as_json)


@click.group("audit")
def audit() -> None:
    """The audit chains: heads to publish, and their verification."""


@audit.command("head")
@as_json_option
def head(*, as_json: bool) -> None:
    """Print the head of every chain; kept elsewhere, it proves later that nothing was rewritten."""
    with current_database() as store, store.read() as session:
        heads = _heads(session)
        names = _names(session)
    if as_json:
        rows = [
            {"organisation": organisation_id, "seq": seq, "hash": digest}
            for organisation_id, (seq, digest) in heads.items()
        ]
        echo_json({"heads": rows})
        return
    for organisation_id, (seq, digest) in heads.items():
        name = names[organisation_id].in_language(language()) if organisation_id in names else ""
        click.echo(f"{organisation_id}  {seq}  {digest}  {name}".rstrip())


@audit.command("verify")
@click.option(
    "--from",
    "head_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    metavar="HEAD",
    help="File with what `audit head --json` printed earlier.",
)
@as_json_option
def verify_chains(*, head_file: Path | None, as_json: bool) -> None:
    """Verify every chain from its first event; with --from also that it extends the heads kept."""
    published = _read_heads(head_file) if head_file else {}
    with current_database() as store, store.read() as session:
        found = [*invariants.violations(session), *_forks(session, published)]
    _show(found, as_json=as_json)


Heads = dict[str, tuple[int, str]]


def _heads(session: Session) -> Heads:
    statement = sa.select(AuditChain).order_by(col(AuditChain.organisation_id))
    rows = session.execute(statement).scalars()
    return {str(row.organisation_id): (row.head_seq, row.head_hash) for row in rows}


def _names(session: Session) -> dict[str, Name]:
    found = sa.select(col(Organisation.id), col(Organisation.name_zh), col(Organisation.name_en))
    return {str(row.id): Name(zh=row.name_zh, en=row.name_en) for row in session.execute(found)}


def _read_heads(path: Path) -> Heads:
    try:
        table = cast("dict[str, list[dict[str, object]]]", json.loads(path.read_text("utf-8")))
        return {
            str(row["organisation"]): (int(str(row["seq"])), str(row["hash"]))
            for row in table["heads"]
        }
    except (ValueError, TypeError, KeyError) as error:
        raise click.UsageError(f"{path.name} is not what `audit head --json` prints.") from error


def _forks(session: Session, published: Heads) -> Iterator[Violation]:
    """Published heads that are no longer part of their chain."""
    statement = sa.select(
        col(AuditEvent.organisation_id), col(AuditEvent.seq), col(AuditEvent.hash)
    ).where(col(AuditEvent.seq).in_({seq for seq, _digest in published.values()}))
    known = {(str(row[0]), row[1]): row[2] for row in session.execute(statement)}
    for organisation_id, (seq, digest) in published.items():
        if seq and known.get((organisation_id, seq)) != digest:
            detail = f"event {seq} is not the one that was published"
            subject = f"organisation {organisation_id}"
            yield Violation(invariant="audit-chain", subject=subject, detail=detail)


def _show(found: list[Violation], *, as_json: bool) -> None:
    if as_json:
        echo_json({"ok": not found, "violations": [asdict(each) for each in found]})
    elif not found:
        click.echo(say(N_("Everything holds.")))
    else:
        for each in found:
            click.echo(f"{each.invariant}  {each.subject}: {each.detail}")
    if found:
        raise click.exceptions.Exit(REFUSED)


commands: list[click.Command] = [verify_command, audit]
