"""The assets of a revaluation as a table for CSV and XLSX."""

from collections.abc import Mapping, Sequence

from flask_babel import gettext

from app.appraisal.domain import ITEM_STATE_TITLES
from app.appraisal.services import RunItem, RunView
from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Value
from app.kernel.actor import Actor
from app.web.shell import words


def items_table(
    run: RunView, items: Sequence[RunItem], models: Mapping[str, str], actor: Actor
) -> ExportTable:
    """Every asset with its current value before and after, or with the reason why it has none."""
    yuan = ColumnKind.YUAN
    return ExportTable(
        title=gettext("Revaluation %(number)s", number=run.number),
        facts=(
            (gettext("Prepared for"), words(actor.organisation_name)),
            (gettext("Valuation day"), run.on),
            (gettext("Done"), str(run.done)),
            (gettext("Failed"), str(run.failed)),
        ),
        columns=[
            ExportColumn(title=gettext("Number")),
            ExportColumn(title=gettext("Asset")),
            ExportColumn(title=gettext("Appraisal model")),
            ExportColumn(title=gettext("State")),
            ExportColumn(title=gettext("Current value before, yuan"), kind=yuan),
            ExportColumn(title=gettext("Current value after, yuan"), kind=yuan),
            ExportColumn(title=gettext("Change, yuan"), kind=yuan),
            ExportColumn(title=gettext("What is wrong")),
        ],
        rows=[_row(each, models) for each in items],
    )


def _row(item: RunItem, models: Mapping[str, str]) -> list[Value]:
    return [
        item.asset_number,
        words(item.asset_title),
        models[item.model_id],
        gettext(ITEM_STATE_TITLES[item.state]),
        item.before_fen,
        item.after_fen,
        item.change_fen,
        words(item.words),
    ]


def file_name(run: RunView, ending: str) -> str:
    """`revaluation-R-2024-000001.xlsx`."""
    return f"revaluation-{run.number}.{ending}"
