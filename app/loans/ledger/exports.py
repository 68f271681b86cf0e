"""The trial balance as a table for CSV and XLSX."""

from collections.abc import Sequence

from flask_babel import gettext

from app.documents.tables import ColumnKind, ExportColumn, ExportTable, Value
from app.kernel.actor import Actor
from app.loans.domain.ledger import COLUMNS, AccountLine, column_totals
from app.loans.ledger.queries import TrialBalance
from app.loans.ledger.schemas import COLUMN_TITLES
from app.loans.schemas import ACCOUNT_TITLES
from app.web.shell import words


def trial_balance_table(found: TrialBalance, actor: Actor) -> ExportTable:
    """The six columns by account, the memorandum after the balance sheet, with their total."""
    return ExportTable(
        title=gettext("Trial balance"),
        facts=(
            (gettext("Bank"), words(actor.organisation_name)),
            (gettext("From"), found.from_on),
            (gettext("Until"), found.on),
            (gettext("Unit"), gettext("CNY")),
        ),
        columns=[
            ExportColumn(title=gettext("Account")),
            *(
                ExportColumn(title=gettext(COLUMN_TITLES[name]), kind=ColumnKind.YUAN)
                for name in COLUMNS
            ),
        ],
        rows=[_row(line) for line in (*found.balance_sheet, *found.memorandum)],
        total=_total(found.lines),
    )


def _row(line: AccountLine) -> Sequence[Value]:
    return [gettext(ACCOUNT_TITLES[line.account]), *(getattr(line, name) for name in COLUMNS)]


def _total(lines: Sequence[AccountLine]) -> Sequence[Value]:
    totals = column_totals(lines)
    return [gettext("Total"), *(totals[name] for name in COLUMNS)]


def file_name(found: TrialBalance, ending: str) -> str:
    """`trial-balance-2024-01-31.xlsx`."""
    return f"trial-balance-{found.on.isoformat()}.{ending}"
