"""The assets of a revaluation as a table for CSV and XLSX."""

from collections.abc import Mapping, Sequence
from typing import Final

from flask_babel import gettext

from app.appraisal.domain import ITEM_STATE_TITLES, ItemState
from app.appraisal.services import RunItem, RunView
from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Fact, Value
from app.kernel.actor import Actor
from app.kernel.errors import RuleViolation
from app.kernel.text import N_
from app.web.shell import words

MAX_RUN_EXPORT_ROWS: Final = 20_000
"""Assets of one file, made within about two seconds; programs read more page by page."""


class RunExportTooLong(RuleViolation):
    """More assets than one file holds."""

    code = "run-export-too-long"
    title = N_("Too many assets for one file")
    detail = N_(
        "The list has %(rows)s assets; a file holds %(most)s. Choose a state with fewer, "
        "or read the items of the run over the API."
    )


def items_table(
    run: RunView,
    items: Sequence[RunItem],
    models: Mapping[str, str],
    actor: Actor,
    state: ItemState | None,
) -> ExportTable:
    """Every asset with its figure of the day, or what is wrong, and its current value before and after."""
    yuan = ColumnKind.YUAN
    return ExportTable(
        title=gettext("Revaluation %(number)s", number=run.number),
        facts=_facts(run, actor, state),
        columns=[
            ExportColumn(title=gettext("Number")),
            ExportColumn(title=gettext("Asset")),
            ExportColumn(title=gettext("Appraisal model")),
            ExportColumn(title=gettext("State")),
            ExportColumn(title=gettext("Figure of the day, yuan"), kind=yuan),
            ExportColumn(title=gettext("Current value before, yuan"), kind=yuan),
            ExportColumn(title=gettext("Current value after, yuan"), kind=yuan),
            ExportColumn(title=gettext("Change, yuan"), kind=yuan),
            ExportColumn(title=gettext("What is wrong")),
        ],
        rows=[_row(each, models) for each in items],
    )


def _facts(run: RunView, actor: Actor, state: ItemState | None) -> list[Fact]:
    """Whose list it is, of which day, and what of the run stands in it."""
    facts: list[Fact] = [
        (gettext("Prepared for"), words(actor.organisation_name)),
        (gettext("Valuation day"), run.on),
        (gettext("State"), gettext(ITEM_STATE_TITLES[state]) if state else gettext("All")),
    ]
    if run.of_platform:
        facts.append((gettext("Scope"), gettext("Whole platform; the assets in your sight")))
    return facts


def _row(item: RunItem, models: Mapping[str, str]) -> list[Value]:
    return [
        item.asset_number,
        words(item.asset_title),
        models[item.model_id],
        gettext(ITEM_STATE_TITLES[item.state]),
        item.value_fen,
        item.before_fen,
        item.after_fen,
        item.change_fen,
        words(item.words),
    ]


def file_name(run: RunView, state: ItemState | None, ending: str) -> str:
    """`revaluation-R-2024-000001-failed.xlsx`."""
    parts = ("revaluation", run.number, *([state.value] if state else []))
    return f"{'-'.join(parts)}.{ending}"
