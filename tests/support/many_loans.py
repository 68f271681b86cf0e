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

FIRST = date(2024, 1, 2)
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
    rows: dict[type[SQLModel], list[dict[str, Any]]] = {
        model: [] for model in (Loan, LoanStateRow, LoanNote, NoteStateRow, NotePlan)
    }
    for number in numbers:
        loan_id, note_id, fen = new_id(), new_id(), 1_000_000 + 37 * number
        terms = {"starts_on": FIRST, "matures_on": date(2025, 1, 2), "region_code": "620725"}
        loan = {
            "id": loan_id,
            "number": f"X-{number}",
            "bank_id": bank.id,
            "borrower_id": bank.world.organisation("C1"),
            "title": "x",
            "contract_fen": fen,
            "rate_ppm": 43_500,
            "state": LoanState.PERFORMING,
            "created_at": bank.clock.now(),
        }
        rows[Loan].append(Loan(**loan, **terms).model_dump())
        state = {"loan_id": loan_id, "principal_fen": fen, "closed_on": closed_on}
        classes = {"own_class": LoanClass.NORMAL, "loan_class": LoanClass.NORMAL}
        rows[LoanStateRow].append(LoanStateRow(**state, **classes).model_dump())
        note = {"id": note_id, "number": f"NX-{number}", "loan_id": loan_id, "amount_fen": fen}
        days = {"drawn_on": FIRST, "rate_ppm": 43_500, "matures_on": date(2025, 1, 2)}
        rows[LoanNote].append(LoanNote(**note, **days).model_dump())
        period = {"period_number": 1, "period_starts_on": FIRST}
        due = {"period_due_on": date(2024, 3, 21), "next_due_on": date(2024, 3, 21)}
        running = {"note_id": note_id, "loan_id": loan_id, "unbilled_fen": fen}
        rows[NoteStateRow].append(NoteStateRow(**running, **period, **due).model_dump())
        plan = [{"on": "2025-01-02", "fen": fen}]
        rows[NotePlan].append(
            NotePlan(note_id=note_id, number=1, from_on=FIRST, plan=plan).model_dump()
        )
    with bank.database.write() as session:
        for model, values in rows.items():
            session.execute(sa.insert(model), values)
    return [row["id"] for row in rows[Loan]]
