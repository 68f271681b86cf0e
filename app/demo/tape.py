"""Loans that banks keep in their own systems: month-end balances as reported, and the two published cards."""

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from sqlmodel import Session

from app.db.engine import now
from app.demo.files import rows, wan_to_fen
from app.demo.people import Cast
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.schedule_dates import add_months
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import Kept, LoanState
from app.loans.models import Loan, LoanMonthEnd

NOT_PUBLISHED: Final = "NOT-PUBLISHED"
_TITLE: Final = "绿色贷款"
_ONE_DAY: Final = timedelta(days=1)


def add_tape(session: Session, cast: Cast) -> int:
    """Take in every mirrored loan of the file; gives how many."""
    banks = {**cast.organisations, "": _unknown_bank(session)}
    count = 0
    for row in rows("mirrored_loans"):
        _add(session, row, banks[row["bank_id"]])
        count += 1
    session.flush()
    return count


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


def _add(session: Session, row: Mapping[str, str], bank_id: UUID) -> None:
    balances = dict(_balances(row))
    published = row["loan_id"].startswith("P")
    loan = Loan(
        number=row["loan_id"],
        bank_id=bank_id,
        borrower_name=row["borrower_name"],
        title=_TITLE,
        contract_fen=max(balances.values()),
        region_code=row["region_code"],
        green=True,
        catalogue_edition="2019",
        catalogue_code=row["catalogue_2019"],
        kept=Kept.MIRRORED,
        state=LoanState.MIRRORED,
        published=published,
        synthetic=not published,
        created_at=now(session),
    )
    session.add(loan)
    session.flush()
    loan_class = None if published else LoanClass(row["class"])
    session.add_all(
        LoanMonthEnd(loan_id=loan.id, month_end_on=on, principal_fen=fen, loan_class=loan_class)
        for on, fen in balances.items()
        if fen
    )


def _balances(row: Mapping[str, str]) -> Iterator[tuple[date, int]]:
    for name, text in row.items():
        if len(name) == len("2023-12") and name[:2] == "20":
            first = date.fromisoformat(f"{name}-01")
            yield add_months(first, 1, anchor_day=1) - _ONE_DAY, wan_to_fen(text)
