"""Many drawn loans at once, written past the services, for closes of many loans."""

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import SQLModel

from app.kernel.ids import new_id
from app.loans.domain.classification import LoanClass, Reason
from app.loans.domain.debtor import reasons_to_json
from app.loans.domain.states import LoanState
from app.loans.models import (
    Loan,
    LoanClassification,
    LoanNote,
    LoanStateRow,
    NotePlan,
    NoteStateRow,
)

FIRST, FIRST_DUE, MATURES = date(2024, 1, 2), date(2024, 3, 21), date(2025, 1, 2)
RATE_PPM, NOBODY = 43_500, UUID(int=0)
ONE_DAY = timedelta(days=1)
WRITTEN_AT_ONCE = 20_000
NOT_OVERDUE = Reason(
    code="not-overdue", floor=LoanClass.NORMAL, detail="Nothing is overdue.", facts={}
)


def fill(
    bank: Any,
    loans: int,
    *,
    first: int = 0,
    closed_on: date = FIRST - ONE_DAY,
    classified: bool = False,
) -> None:
    """Loans drawn on the first day, performing, each of one note, numbered from `first`.

    `classified` loans have taken a class before, as every loan of a real bank has.
    """
    for begin in range(first, loans, WRITTEN_AT_ONCE):
        numbers = range(begin, min(begin + WRITTEN_AT_ONCE, loans))
        loan_ids = _fill(bank, numbers, closed_on)
        if classified:
            _classify(bank, loan_ids, closed_on)


def _classify(bank: Any, loan_ids: list[UUID], on: date) -> None:
    normal = {"loan_class": LoanClass.NORMAL, "own_class": LoanClass.NORMAL, "overdue_days": 0}
    reasons = {"reasons": reasons_to_json([NOT_OVERDUE])}
    taken = {"bank_id": bank.id, "on": on, **normal, **reasons}
    with bank.database.write() as session:
        session.execute(
            sa.insert(LoanClassification),
            [{"id": new_id(), "loan_id": loan_id, **taken} for loan_id in loan_ids],
        )


def _fill(bank: Any, numbers: range, closed_on: date) -> list[UUID]:
    alike = _alike(bank, closed_on)
    rows: dict[type[SQLModel], list[dict[str, Any]]] = {model: [] for model in alike}
    for number in numbers:
        loan_id, note_id, fen = new_id(), new_id(), 1_000_000 + 37 * number
        own: dict[type[SQLModel], dict[str, Any]] = {
            Loan: {"id": loan_id, "number": f"X-{number}", "contract_fen": fen},
            LoanStateRow: {"loan_id": loan_id, "principal_fen": fen},
            LoanNote: {"id": note_id, "number": f"NX-{number}", "loan_id": loan_id}
            | {"amount_fen": fen},
            NoteStateRow: {"note_id": note_id, "loan_id": loan_id, "unbilled_fen": fen},
            NotePlan: {"id": new_id(), "note_id": note_id}
            | {"plan": [{"on": MATURES.isoformat(), "fen": fen}]},
        }
        for model, values in own.items():
            rows[model].append(alike[model] | values)
    with bank.database.write() as session:
        for model, values in rows.items():
            session.connection().execute(sa.insert(sa.inspect(model).local_table), values)
    return [row["id"] for row in rows[Loan]]


def _alike(bank: Any, closed_on: date) -> dict[type[SQLModel], dict[str, Any]]:
    """What all these loans have alike, with the columns that a row takes by itself."""
    days = {"starts_on": FIRST, "matures_on": MATURES}
    held = {"bank_id": bank.id, "borrower_id": bank.world.organisation("C1")}
    loan = {"number": "", "title": "x", "contract_fen": 1, "rate_ppm": RATE_PPM, **held, **days}
    state = {"state": LoanState.PERFORMING, "created_at": bank.clock.now()}
    classes = {"own_class": LoanClass.NORMAL, "loan_class": LoanClass.NORMAL}
    note = {"number": "", "loan_id": NOBODY, "amount_fen": 1, "rate_ppm": RATE_PPM}
    period = {"period_number": 1, "period_starts_on": FIRST}
    due = {"period_due_on": FIRST_DUE, "next_due_on": FIRST_DUE}
    of = {"note_id": NOBODY}
    rows: dict[type[SQLModel], SQLModel] = {
        Loan: Loan(**loan, **state, region_code="620725"),
        LoanStateRow: LoanStateRow(loan_id=NOBODY, closed_on=closed_on, **classes),
        LoanNote: LoanNote(**note, drawn_on=FIRST, matures_on=MATURES),
        NoteStateRow: NoteStateRow(**of, loan_id=NOBODY, **period, **due),
        NotePlan: NotePlan(**of, number=1, from_on=FIRST, plan=[]),
    }
    return {model: row.model_dump() for model, row in rows.items()}
