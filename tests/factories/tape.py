"""The tape of the demo world's month-end balances, as rows of loans and month ends without anything around them."""

import csv
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session

from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.ids import new_id
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import Kept, LoanState
from app.loans.models import Loan, LoanMonthEnd, LoanStateRow
from tests.factories.world import OPENED_AT, World

DATA: Final = Path(__file__).resolve().parents[2] / "app" / "demo" / "data"
FEN_PER_WAN: Final = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Tape:
    banks: list[Organisation] = field(default_factory=list)
    loans: list[Loan] = field(default_factory=list)
    states: list[LoanStateRow] = field(default_factory=list)
    month_ends: list[LoanMonthEnd] = field(default_factory=list)


def load_tape(session: Session, world: World) -> dict[str, UUID]:
    """Insert mirrored and serviced loans with their month ends; gives loans by the tape's id."""
    tables, found = _tables(frozenset(world.organisations.items()))
    for table, rows in tables:
        session.execute(sa.insert(table), rows)
    return found


@cache
def _tables(
    organisations: frozenset[tuple[str, UUID]],
) -> tuple[list[tuple[sa.Table, list[dict[str, Any]]]], dict[str, UUID]]:
    """The rows of the tape in a world, worked out once."""
    tape, known = _Tape(), dict(organisations)
    banks = _banks(tape, known)
    balances = {row["loan_id"]: row for row in _rows("serviced_balances.csv")}
    found = {}
    for row in _rows("serviced_loans.csv"):
        found[row["loan_id"]] = _add(tape, known["C1"], banks, row, balances[row["loan_id"]])
    for row in _rows("mirrored_loans.csv"):
        found[row["loan_id"]] = _add(tape, known["C1"], banks, row, row)
    filled = [tape.banks, tape.loans, tape.states, tape.month_ends]
    return [(rows[0].__table__, [row.model_dump() for row in rows]) for rows in filled], found


def _rows(name: str) -> list[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def _banks(tape: _Tape, known: dict[str, UUID]) -> dict[str, UUID]:
    """The banks of the tape: A stands in every world, the others come with the tape."""
    banks = {}
    for row in _rows("organisations.csv"):
        if row["kind"] not in {"bank", "bank-mirrored"}:
            continue
        if row["org_id"] in known:
            banks[row["org_id"]] = known[row["org_id"]]
            continue
        bank = Organisation(
            kind=OrganisationKind(row["kind"]),
            code=row["org_id"],
            name_zh=row["name_zh"],
            name_en=row["name_en"],
            region_code=row["region_code"],
            synthetic=True,
            created_at=OPENED_AT,
        )
        tape.banks.append(bank)
        banks[row["org_id"]] = bank.id
    return banks


def _add(
    tape: _Tape,
    borrower_id: UUID,
    banks: dict[str, UUID],
    row: dict[str, str],
    balances: dict[str, str],
) -> UUID:
    mirrored = "customer_id" not in row
    published = row["loan_id"].startswith("P")
    tier = LoanClass(row["class"]) if row["class"] in {each.value for each in LoanClass} else None
    months = {_month_end(key): int(value) for key, value in balances.items() if _is_month(key)}
    loan = Loan(
        id=new_id(),
        number=row["loan_id"],
        bank_id=banks.get(row["bank_id"], banks["PUB"]),
        borrower_id=None if mirrored else borrower_id,
        borrower_name=row.get("borrower_name", ""),
        title=row.get("product_zh", "") or "报送贷款",
        contract_fen=0 if mirrored else int(row["contract_wan"]) * FEN_PER_WAN,
        region_code=row["region_code"],
        green=mirrored or row["is_green"] == "yes",
        catalogue_edition="2019",
        catalogue_code=row["catalogue_2019"],
        kept=Kept.MIRRORED if mirrored else Kept.SERVICED,
        published=published,
        synthetic=not published,
        state=LoanState.MIRRORED if mirrored else LoanState.PERFORMING,
        created_at=OPENED_AT,
    )
    tape.loans.append(loan)
    last = months[max(months)] * FEN_PER_WAN
    tape.states.append(LoanStateRow(loan_id=loan.id, principal_fen=last, loan_class=tier))
    tape.month_ends.extend(_month_ends(loan.id, months, tier))
    return loan.id


def _month_ends(loan_id: UUID, months: dict[date, int], tier: Any) -> list[LoanMonthEnd]:
    return [
        LoanMonthEnd(
            loan_id=loan_id, month_end_on=day, principal_fen=wan * FEN_PER_WAN, loan_class=tier
        )
        for day, wan in months.items()
    ]


def _is_month(key: str) -> bool:
    return len(key) == 7 and key[4] == "-"


def _month_end(key: str) -> date:
    first = date(int(key[:4]), int(key[5:]), 1)
    return (first + timedelta(days=32)).replace(day=1) - timedelta(days=1)
