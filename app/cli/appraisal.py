"""`models`, `appraise`: the appraisal models at the terminal, without a database.

Exit 0 with a value, 1 when the asset is read and refused, 2 when command line or file cannot be read.
"""

from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Final, cast

import click

from app.appraisal.domain.catalogue import require_sound_models
from app.appraisal.domain.spread import MAX_SEED
from app.appraisal.domain.valuing import failure_problem
from app.cli.terminal import (
    DAY,
    REFUSED,
    InputRefused,
    InputUnreadable,
    WholeRange,
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
from app.kernel.errors import FieldError
from app.kernel.text import N_
from risk_models.appraise import LEAST_PATHS, InvalidDocument, ModelFailed, appraise, spec_json
from risk_models.contract import ModelSpec
from risk_models.dated import ParameterNotInForce
from risk_models.engines.paths import MOST_PATHS
from risk_models.registry import UnknownModel, get_model, installed_models
from risk_models.units import unit_words
from risk_models.words import Text

__all__ = ["commands"]

OF_PRICES: Final = frozenset({"price-missing", "price-ended", "price-unit"})
"""Refusals that a price mends, not the input they were found at."""

ACCOUNT: Final = "gep-account"
"""Its example lies beside those of the models; it has a command of its own."""

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
@click.option(
    "--paths",
    type=WholeRange(LEAST_PATHS, MOST_PATHS),
    help="Price paths for the low, middle and high value.",
)
@click.option(
    "--seed",
    type=WholeRange(0, MAX_SEED),
    help="Seed of the paths, beside --paths; without one it is 0. The same seed gives the same figures.",
)
@click.option(
    "--losses",
    is_flag=True,
    help="Draw on each path the year in which the stand is lost, beside --paths; otherwise losses are expected.",
)
@click.option("--steps", "with_steps", is_flag=True, help="Print every step with its formula.")
@as_json_option
def appraise_command(
    *,
    model: str,
    input_file: Path,
    on: date,
    paths: int | None,
    seed: int | None,
    losses: bool,
    with_steps: bool,
    as_json: bool,
) -> None:
    """Value the asset of an input file on a day.

    The file is JSON of at most 1,000,000 bytes: an object with `inputs` and, where needed, `prices`.
    A price has `yuan` and `unit`, and may have `growth`, `source` and `priced_on`, its day; without one it is
    of the valuation day. A day to come is valued with what is known today, and a note says so. Figures are
    JSON numbers or plain digits, days are written as 2024-01-02, a source is one line of at most 300
    characters, and no name stands twice in an object.
    With --steps the text has every step; JSON always has them.
    """
    require_sound_models()
    with refusals_shown(as_json=as_json):
        spec = _spec(model)
        if seed is not None and paths is None:
            words = N_("A seed draws paths: give --paths as well, or leave the seed out.")
            raise InputUnreadable.at("--seed", words)
        if losses and paths is None:
            words = N_("Losses are drawn on paths: give --paths as well, or leave --losses out.")
            raise InputUnreadable.at("--losses", words)
        answer = _answer(
            spec,
            input_file,
            on,
            paths,
            seed,
            losses=losses,
            words="en" if as_json else language(),
        )
        if on > SystemClock().today():
            _note_day_ahead(answer, "en" if as_json else language())
        if answer["value_yuan"] is None:
            _refuse(spec, answer, as_json=as_json)
    if as_json:
        echo_json(answer)
        return
    _print(spec, answer)
    if answer["low_yuan"] is not None:
        click.echo(
            say(
                N_("Drawn on %(paths)s paths with seed %(seed)s."),
                {"paths": paths, "seed": seed or 0},
            )
        )
    if with_steps:
        _print_steps(cast("list[Mapping[str, object]]", answer["trace"]))


def _spec(model_id: str) -> ModelSpec:
    if model_id == ACCOUNT:
        raise InputUnreadable.at(
            "MODEL",
            N_("An account is no model. Add it up with: greenpledge gep-account INPUT --on DATE."),
        )
    try:
        return get_model(model_id).spec
    except UnknownModel as problem:
        raise InputUnreadable.at(
            "MODEL",
            N_("There is no model %(model)s. Choose one of: %(models)s."),
            model=repr(model_id[:40]),
            models=list(installed_models()),
        ) from problem


def _answer(
    spec: ModelSpec,
    input_file: Path,
    on: date,
    paths: int | None,
    seed: int | None,
    *,
    losses: bool,
    words: str,
) -> dict[str, object]:
    """JSON is read by programs and stays English; a terminal gets its own language."""
    document = json_of(input_file, content_of(input_file, most_bytes=MOST_BYTES))
    try:
        return appraise(spec.id, document, on, paths, seed, losses=losses, language=words)
    except InvalidDocument as problem:
        raise of_document(problem) from problem
    except ParameterNotInForce as problem:
        raise InputRefused(errors=(worded("--on", problem.detail),)) from problem
    except ModelFailed as problem:
        told = failure_problem(cast("Exception", problem.__cause__))
        words_told = Text(en=told.en, zh=told.zh)
        raise InputRefused(errors=(worded("/inputs", words_told),)) from problem


DAY_AHEAD: Final = Text(
    en="The valuation day lies ahead: prices and parameters of that day are not known yet; this is what"
    " the figures known today give.",
    zh="评估基准日尚未到来：该日的价格和参数尚不可知，本结果仅按现有数据测算。",
)


def _note_day_ahead(answer: Mapping[str, object], words: str) -> None:
    note = {"code": "day-ahead", "field": "", "severity": "note"}
    cast("list[Mapping[str, str]]", answer["findings"]).append(
        {**note, "detail": DAY_AHEAD.in_language(words)}
    )


def _refuse(spec: ModelSpec, answer: Mapping[str, object], *, as_json: bool) -> None:
    """The reasons of the model: in JSON with the whole answer, as text nothing but them."""
    found = [each for each in _findings(answer) if each["severity"] == "refuse"]
    if as_json:
        errors = tuple(_reason(_pointer(each), each) for each in found)
        echo_json({**answer, **problem_of(InputRefused(errors=errors))})
        raise click.exceptions.Exit(REFUSED)
    errors = tuple(_reason(_place(spec, each), each) for each in found)
    show_refusal(InputRefused(errors=errors), as_json=False)


def _reason(place: str, found: Mapping[str, str]) -> FieldError:
    return worded(place, Text(en=found["detail"], zh=found["detail"]))


def _pointer(found: Mapping[str, str]) -> str:
    if found["code"] in OF_PRICES:
        return "/prices"
    return f"/inputs/{found['field']}".removesuffix("/")


def _place(spec: ModelSpec, found: Mapping[str, str]) -> str:
    return say(N_("Prices")) if found["code"] in OF_PRICES else _field_title(spec, found["field"])


def _findings(answer: Mapping[str, object]) -> list[Mapping[str, str]]:
    return cast("list[Mapping[str, str]]", answer["findings"])


def _field_title(spec: ModelSpec, name: str) -> str:
    """The title of a field before its name, by which the file has it."""
    for field in spec.fields:
        if field.name == name:
            return f"{field.title.in_language(language())} ({name})"
    return name


SEVERITIES: Final[Mapping[str, str]] = {"ask": N_("To explain"), "note": N_("Note")}


def _print(spec: ModelSpec, answer: Mapping[str, object]) -> None:
    rows = {
        N_("Value (yuan)"): answer["value_yuan"],
        N_("Low (yuan)"): answer["low_yuan"],
        N_("Middle (yuan)"): answer["mid_yuan"],
        N_("High (yuan)"): answer["high_yuan"],
    }
    for label, shown in rows.items():
        if shown is not None:
            click.echo(f"{say(label)}: {shown}")
    _print_approaches(spec, answer)
    titles = {each.name: each.title.in_language(language()) for each in spec.components}
    for name, part in cast("Mapping[str, str]", answer["components"]).items():
        if float(part) != 0.0:
            click.echo(f"  {titles.get(name, name)}: {part}")
    _print_prices(spec, answer)
    for found in _findings(answer):
        place = _field_title(spec, found["field"])
        words = f"{place}: {found['detail']}" if place else found["detail"]
        click.echo(f"[{say(SEVERITIES[found['severity']])}] {words}")


def _print_approaches(spec: ModelSpec, answer: Mapping[str, object]) -> None:
    """Of a model with several approaches: what each gives, and that the parts below are weighted."""
    if len(spec.approaches) == 1:
        return
    given = cast("Mapping[str, Mapping[str, object]]", answer["approaches"])
    click.echo(f"{say(N_('Approaches (yuan, weight)'))}:")
    for each in spec.approaches:
        if found := given.get(each.name):
            title = each.title.in_language(language())
            click.echo(f"  {title}: {found['value_yuan']}, {found['weight']:.4g}")
    click.echo(f"{say(N_('Components, each times the weight of its approach (yuan)'))}:")


def _print_prices(spec: ModelSpec, answer: Mapping[str, object]) -> None:
    """The prices that were stated or on file, each with its day and source."""
    given = cast("Mapping[str, Mapping[str, object]]", answer["prices"])
    if given:
        click.echo(f"{say(N_('Prices'))}:")
    for use in spec.prices:
        if found := given.get(use.id):
            words = (
                f"{_figure(found['yuan'])} {unit_words(use.unit).in_language(language())}",
                found["priced_on"],
                found["source"],
            )
            told = ", ".join(str(each) for each in words if each)
            click.echo(f"  {use.title.in_language(language())}: {told}")


def _print_steps(steps: Sequence[Mapping[str, object]]) -> None:
    click.echo(f"{say(N_('Steps'))}:")
    for step in steps:
        title = cast("Mapping[str, str]", step["title"])[language()]
        unit = (
            "" if step["unit"] == "ratio" else unit_words(str(step["unit"])).in_language(language())
        )
        click.echo(f"  {title} ({step['name']}): {_figure(step['value'])} {unit}".rstrip())
        click.echo(f"    = {step['formula']}")
        given = cast("Mapping[str, object]", step["inputs"]).items()
        for name, figure in given:
            click.echo(f"    {name}: {_figure(figure)}")


def _figure(figure: object) -> str:
    if isinstance(figure, list):
        return ", ".join(_figure(each) for each in figure)
    return f"{figure:.10g}" if isinstance(figure, float) else str(figure)


commands: list[click.Command] = [models, appraise_command]
