"""Loans that banks keep in their own systems: month-end balances as reported, and the two published cards."""

import csv
import io
from collections.abc import Mapping
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.db.engine import now
from app.demo.files import rows, wan_to_fen
from app.demo.people import Cast
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import system_actor
from app.kernel.money import Money
from app.loans.repayments.mirroring import ImportMirrored, import_mirrored

NOT_PUBLISHED: Final = "NOT-PUBLISHED"
_TITLE: Final = "绿色贷款"
_EDITION: Final = "2019"


def add_tape(session: Session, cast: Cast) -> int:
    """Take in the reported loans of every bank as its file would be; gives how many."""
    banks = {**cast.organisations, "": _unknown_bank(session)}
    by_bank: dict[str, list[Mapping[str, str]]] = {}
    for row in rows("mirrored_loans"):
        by_bank.setdefault(row["bank_id"], []).append(row)
    for code, reported in by_bank.items():
        bank_id = banks[code]
        command = ImportMirrored(
            bank_id=bank_id,
            content=_file(reported),
            file_name=f"{code or NOT_PUBLISHED}.csv",
            dry_run=False,
            synthetic=not reported[0]["loan_id"].startswith("P"),
        )
        actor = system_actor(organisation_id=bank_id, organisation_kind="bank-mirrored")
        import_mirrored(session, actor, command)
    return sum(len(each) for each in by_bank.values())


def _unknown_bank(session: Session) -> UUID:
    """The lender of a published loan whose name was not published."""
    bank = Organisation(
        kind=OrganisationKind.BANK_MIRRORED,
        code=NOT_PUBLISHED,
        name_zh="未公布",
        name_en="Not published",
        region_code="620700",
        created_at=now(session),
    )
    session.add(bank)
    session.flush()
    return bank.id


def _file(reported: list[Mapping[str, str]]) -> bytes:
    """A bank's file: one row a loan, one column a month, balances in yuan; a month without balance is empty."""
    months = [name for name in reported[0] if name[:2] == "20"]
    head = ["loan_number", "title", "borrower_name", "region_code", "class", "green", "published"]
    lines = io.StringIO()
    writer = csv.writer(lines)
    writer.writerow([*head, "catalogue_edition", "catalogue_code", *months])
    for row in reported:
        published = row["loan_id"].startswith("P")
        cells = [
            row["loan_id"],
            _TITLE,
            row["borrower_name"],
            row["region_code"],
            "" if published else row["class"],
            "yes",
            "yes" if published else "no",
            _EDITION,
            row["catalogue_2019"],
        ]
        writer.writerow([*cells, *(_yuan(row[month]) for month in months)])
    return lines.getvalue().encode("utf-8")


def _yuan(wan: str) -> str:
    fen = wan_to_fen(wan)
    return Money(fen).yuan if fen else ""
