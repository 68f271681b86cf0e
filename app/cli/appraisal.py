"""`models`, `appraise`: the appraisal models at the terminal, without a database.

Exit 0 with a value, 1 when the model refuses the asset, 2 when the input cannot be read.
"""

import json
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Final, NoReturn, cast

import click

from app.appraisal.domain.catalogue import require_sound_models
from app.cli.terminal import DAY, REFUSED, as_json_option, echo_json, language, say
from app.kernel.text import N_
from risk_models.appraise import InvalidDocument, appraise, spec_json
from risk_models.dated import ParameterNotInForce
from risk_models.registry import UnknownModel, installed_models

__all__ = ["commands"]

MOST_BYTES: Final = 1_000_000
"""An asset's inputs are a few kilobytes; a larger file is not one."""


@click.command("models")
@as_json_option
def models(*, as_json: bool) -> None:
    """List the appraisal models, after trying those of other packages."""
    require_sound_models()
    specs = [model.spec for model in installed_models().values()]
    if as_json:
        echo_json([spec_json(spec) for spec in specs])
        return
    for spec in specs:
        click.echo(f"{spec.id}  {spec.version}  {spec.title.in_language(language())}")


@click.command("appraise")
@click.argument("model")
@click.argument("input_file", metavar="INPUT.json", type=click.Path(path_type=Path))
@click.option("--on", type=DAY, required=True, help="Valuation day.")
@click.option("--paths", type=int, help="Price paths for the low, middle and high value.")
@click.option("--seed", type=int, help="Seed of the paths; the same seed gives the same figures.")
@as_json_option
def appraise_command(
    *, model: str, input_file: Path, on: date, paths: int | None, seed: int | None, as_json: bool
) -> None:
    """Value the asset of an input file on a day, with every step."""
    require_sound_models()
    try:
        answer = appraise(model, _read(input_file), on, paths, seed, language=_words(as_json))
    except UnknownModel:
        _unreadable(f"MODEL: no model {model!r}; see `greenpledge models`.")
    except InvalidDocument as problem:
        _unreadable(str(problem))
    except ParameterNotInForce as problem:
        click.echo(
            say(N_("A parameter has no value on that day: %(what)s"), {"what": str(problem)}),
            err=True,
        )
        raise click.exceptions.Exit(REFUSED) from problem
    if as_json:
        echo_json(answer)
    else:
        _print(answer)
    if answer["value_yuan"] is None:
        raise click.exceptions.Exit(REFUSED)


def _words(as_json: bool) -> str:  # noqa: FBT001 - the flag of the command.
    """JSON is read by programs and stays English; a terminal gets its own language."""
    return "en" if as_json else language()


def _read(path: Path) -> object:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise InvalidDocument(f"{path.name}: {problem.strerror}") from problem
    if len(content) > MOST_BYTES:
        raise InvalidDocument(f"{path.name}: larger than {MOST_BYTES} bytes")
    try:
        return cast("object", json.loads(content))
    except (ValueError, RecursionError) as problem:
        raise InvalidDocument(f"{path.name}: not JSON") from problem


def _unreadable(message: str) -> NoReturn:
    raise click.UsageError(message)


def _print(answer: Mapping[str, object]) -> None:
    rows = {
        N_("Value (yuan)"): answer["value_yuan"],
        N_("Low (yuan)"): answer["low_yuan"],
        N_("Middle (yuan)"): answer["mid_yuan"],
        N_("High (yuan)"): answer["high_yuan"],
    }
    for label, shown in rows.items():
        if shown is not None:
            click.echo(f"{say(label)}: {shown}")
    for name, part in cast("Mapping[str, str]", answer["components"]).items():
        click.echo(f"  {name}: {part}")
    for finding in cast("list[Mapping[str, str]]", answer["findings"]):
        field = f" {finding['field']}" if finding["field"] else ""
        click.echo(f"[{finding['severity']}]{field}: {finding['detail']}")


commands: list[click.Command] = [models, appraise_command]
