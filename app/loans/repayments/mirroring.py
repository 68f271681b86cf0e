"""Loans kept in banks' own core systems: their month-end balances, taken in from a file.

A mirrored loan has balances and at most a class; nothing is booked on it. A row marked as
published facts carries no class at all.
"""

import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.audit.domain import canonical, json_value
from app.audit.services import record
from app.db.engine import now
from app.kernel.actor import Actor
from app.kernel.csv_rows import Line, LineError, read_rows
from app.kernel.errors import NotFound
from app.kernel.ids import new_id
from app.kernel.money import Money
from app.kernel.permissions import Permission
from app.kernel.schedule_dates import add_months
from app.kernel.text import N_
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import Kept, LoanState
from app.loans.models import Loan, LoanMonthEnd, LoanStateRow
from app.reference.domain import ImportRefused
from app.reference.services import import_text, line_errors

MAX_IMPORT_ROWS: Final = 5_000
"""The green loans of a city's largest bank; more comes in several files."""

REQUIRED: Final = ("loan_number", "title", "borrower_name", "region_code")
OPTIONAL: Final = ("class", "green", "published", "catalogue_edition", "catalogue_code", "product")

_MONTH = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])")
_REGION = re.compile(r"[1-9][0-9]{5}")
_FLAGS: Final = {"": False, "no": False, "yes": True}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportMirrored:
    """A CSV file of a bank's loans with one column for each month.

    Columns: `REQUIRED`, any of `OPTIONAL`, and months such as `2023-12` with the balance at
    the month's end in yuan; an empty cell was not reported.
    """

    bank_id: UUID
    content: bytes
    file_name: str = "loans.csv"
    dry_run: bool = True
    synthetic: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MirroredReport:
    """What a file came to: with errors, or when only tried, nothing was taken in."""

    rows: int
    created: int
    month_ends: int
    dry_run: bool
    errors: tuple[LineError, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    line: int
    cells: Mapping[str, str]
    published: bool
    green: bool
    loan_class: LoanClass | None
    balances: dict[date, int] = field(default_factory=dict)


def import_mirrored(session: Session, actor: Actor, command: ImportMirrored) -> MirroredReport:
    """Take in month-end balances of a bank's own loans; all rows or none.

    A month end on file is never changed: another balance for it is an error of the row.
    """
    actor.require(Permission.IMPORT_LOANS)
    if actor.organisation_id != command.bank_id and actor.sees("*") != "all":
        raise NotFound
    rows, errors = _read(import_text(command.file_name, command.content))
    known = _known(session, command.bank_id)
    errors += _clashes(session, rows, known)
    fresh = [row for row in rows if row.cells["loan_number"] not in known]
    report = MirroredReport(
        rows=len(rows),
        created=len(fresh),
        month_ends=sum(len(row.balances) for row in rows),
        dry_run=command.dry_run,
        errors=tuple(sorted(errors, key=lambda each: each.line)),
    )
    if command.dry_run:
        return report
    if errors:
        raise ImportRefused(errors=line_errors(report.errors))
    _take_in(session, command, rows, known)
    record(
        session,
        actor,
        "loan.import",
        subject_kind="bank",
        subject_id=command.bank_id,
        organisation_id=command.bank_id,
        rows=report.rows,
        created=report.created,
        month_ends=report.month_ends,
        sha256=mirrored_digest(session, command.bank_id),
    )
    return report


_REPORTED: Final = ("number", "contract_fen", "method", "region_code", "green", "published")


def mirrored_digest(session: Session, bank_id: UUID) -> str:
    """SHA-256 over all that a bank reported of its own loans so far; the journal keeps it with each import."""
    statement = (
        sa.select(Loan, LoanMonthEnd)
        .outerjoin(LoanMonthEnd, col(LoanMonthEnd.loan_id) == col(Loan.id))
        .where(col(Loan.bank_id) == bank_id, col(Loan.kept) == Kept.MIRRORED)
        .order_by(col(Loan.number), col(LoanMonthEnd.month_end_on))
    )
    digest = hashlib.sha256()
    for loan, row in session.execute(statement):
        reported = (row.month_end_on, row.principal_fen, row.loan_class) if row else ()
        known = [getattr(loan, name) for name in _REPORTED]
        digest.update(canonical(json_value([*known, *reported])).encode() + b"\n")
    return digest.hexdigest()


def _read(text: str) -> tuple[list[_Row], list[LineError]]:
    header = text.split("\n", 1)[0].strip().lower().split(",")
    months = [name.strip() for name in header if _MONTH.fullmatch(name.strip())]
    found = read_rows(
        text, required=REQUIRED, optional=(*OPTIONAL, *months), max_rows=MAX_IMPORT_ROWS
    )
    rows, errors = [], list(found.errors)
    seen: set[str] = set()
    for line in found.lines:
        wrong = [*_wrong_cells(line, months), *_repeated(line, seen)]
        errors += wrong
        if not wrong:
            rows.append(_row(line, months))
    return rows, errors


def _wrong_cells(line: Line, months: Sequence[str]) -> list[LineError]:
    cells = line.cells
    wrong = [_error(line, name, N_("Enter a value.")) for name in REQUIRED if not cells.get(name)]
    if cells.get("region_code") and not _REGION.fullmatch(cells["region_code"]):
        wrong.append(_error(line, "region_code", N_("Enter a region code of six digits.")))
    wrong += [
        _error(line, name, N_("Enter yes or no."))
        for name in ("green", "published")
        if cells.get(name, "") not in _FLAGS
    ]
    if cells.get("class") and cells["class"] not in {each.value for each in LoanClass}:
        choices = ", ".join(each.value for each in LoanClass)
        wrong.append(_error(line, "class", N_("Choose one of: %(choices)s."), choices=choices))
    if cells.get("published") == "yes" and cells.get("class"):
        detail = N_("A card of published facts carries no class. Leave it empty.")
        wrong.append(_error(line, "class", detail))
    return wrong + [
        _error(line, month, N_("Enter a balance in yuan, such as 1200.50."))
        for month in months
        if cells[month] and _balance(cells[month]) is None
    ]


def _repeated(line: Line, seen: set[str]) -> list[LineError]:
    number = line.cells.get("loan_number", "")
    if number in seen:
        return [_error(line, "loan_number", N_("This number stands in the file twice."))]
    seen.add(number)
    return []


def _error(line: Line, column: str, detail: str, **facts: object) -> LineError:
    return LineError(line=line.number, column=column, detail=detail, facts=facts)


def _balance(text: str) -> int | None:
    try:
        fen = Money.parse(text).fen
    except ValueError:
        return None
    return fen if fen >= 0 else None


def _row(line: Line, months: Sequence[str]) -> _Row:
    cells = line.cells
    balances = {
        _month_end(month): fen for month in months if (fen := _balance(cells[month])) is not None
    }
    return _Row(
        line=line.number,
        cells=cells,
        published=_FLAGS[cells.get("published", "")],
        green=_FLAGS[cells.get("green", "yes") or "yes"],
        loan_class=LoanClass(cells["class"]) if cells.get("class") else None,
        balances=balances,
    )


def _month_end(month: str) -> date:
    first = date.fromisoformat(f"{month}-01")
    return add_months(first, 1, anchor_day=1) - timedelta(days=1)


def _known(session: Session, bank_id: UUID) -> dict[str, Loan]:
    statement = sa.select(Loan).where(col(Loan.bank_id) == bank_id)
    return {loan.number: loan for loan in session.execute(statement).scalars()}


def _clashes(session: Session, rows: Sequence[_Row], known: Mapping[str, Loan]) -> list[LineError]:
    held = _month_ends(session, [loan.id for loan in known.values()])
    errors = []
    for row in rows:
        loan = known.get(row.cells["loan_number"])
        if loan is None:
            continue
        if loan.kept is not Kept.MIRRORED:
            detail = N_("The books of this loan are kept here; its balances follow from them.")
            errors.append(LineError(line=row.line, column="loan_number", detail=detail))
            continue
        for day, fen in row.balances.items():
            stored = held.get((loan.id, day), fen)
            if stored != fen:
                detail = N_("For %(day)s %(stored)s yuan are on file; a month end is not changed.")
                facts: dict[str, object] = {"day": day.isoformat(), "stored": Money(stored).yuan}
                column = day.strftime("%Y-%m")
                errors.append(LineError(line=row.line, column=column, detail=detail, facts=facts))
    return errors


def _month_ends(session: Session, loan_ids: Sequence[UUID]) -> dict[tuple[UUID, date], int]:
    if not loan_ids:
        return {}
    statement = sa.select(LoanMonthEnd).where(col(LoanMonthEnd.loan_id).in_(loan_ids))
    return {
        (row.loan_id, row.month_end_on): row.principal_fen
        for row in session.execute(statement).scalars()
    }


def _take_in(
    session: Session, command: ImportMirrored, rows: Sequence[_Row], known: Mapping[str, Loan]
) -> None:
    held = _month_ends(session, [loan.id for loan in known.values()])
    for row in rows:
        loan = known.get(row.cells["loan_number"])
        if loan is None:
            loan = _new_loan(session, command, row)
            session.add(loan)
            session.flush()
            session.add(LoanStateRow(loan_id=loan.id))
            session.flush()
        fresh = {day: fen for day, fen in row.balances.items() if (loan.id, day) not in held}
        _add_month_ends(session, loan.id, row.loan_class, fresh)
    session.flush()


def _new_loan(session: Session, command: ImportMirrored, row: _Row) -> Loan:
    copied: dict[str, Any] = {
        name: row.cells.get(name, "")
        for name in ("title", "borrower_name", "region_code", "product")
    }
    return Loan(
        id=new_id(),
        number=row.cells["loan_number"],
        bank_id=command.bank_id,
        **copied,
        contract_fen=max(row.balances.values(), default=0),
        catalogue_edition=row.cells.get("catalogue_edition", ""),
        catalogue_code=row.cells.get("catalogue_code", ""),
        green=row.green,
        published=row.published,
        synthetic=command.synthetic,
        kept=Kept.MIRRORED,
        state=LoanState.MIRRORED,
        created_at=now(session),
    )


def _add_month_ends(
    session: Session, loan_id: UUID, loan_class: LoanClass | None, fresh: Mapping[date, int]
) -> None:
    """Zero balances are kept too: a loan that ended is not a loan that was not reported."""
    for day, fen in fresh.items():
        session.add(
            LoanMonthEnd(
                loan_id=loan_id, month_end_on=day, principal_fen=fen, loan_class=loan_class
            )
        )
    session.flush()
    last = session.execute(
        sa.select(LoanMonthEnd)
        .where(col(LoanMonthEnd.loan_id) == loan_id)
        .order_by(col(LoanMonthEnd.month_end_on).desc())
        .limit(1)
    ).scalar_one_or_none()
    if last is not None:
        state = session.get_one(LoanStateRow, loan_id)
        state.principal_fen, state.loan_class = last.principal_fen, last.loan_class
        state.version += 1
