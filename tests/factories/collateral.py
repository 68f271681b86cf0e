"""Loans with security, made fast: signed by the service, pledged by the service, debts written as they stand."""

from dataclasses import dataclass
from datetime import date, timedelta
from itertools import count
from typing import Any, Final
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.domain import AssetKind
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.collateral.domain.states import SecurityKind
from app.collateral.models import Pledge
from app.collateral.queries import ACTIVE
from app.collateral.services.pledge_views import PledgeView
from app.collateral.services.pledging import (
    GuaranteeLine,
    PledgeAtContract,
    PledgeLine,
    RegisterPledge,
    pledge_at_contract,
    register_pledge,
)
from app.collateral.services.watch import WatchReport, watch_bank
from app.db.engine import today
from app.loans.books import find_business_day
from app.loans.domain.states import LoanState, LtvBasis
from app.loans.models import BankDay, Loan, LoanStateRow
from app.loans.services import OpenLoan, open_business_day, open_loan
from tests.factories.lending import Lending
from tests.factories.world import World

WAN: Final = 1_000_000
"""Fen in ten thousand yuan."""

LINES: Final = {
    "warning_ppm": 600_000,
    "top_up_ppm": 700_000,
    "disposal_ppm": 800_000,
    "cure_ppm": 600_000,
    "cure_days": 10,
    "ltv_basis": LtvBasis.PRINCIPAL,
}
_RECEIPTS = count(1)


@dataclass(slots=True)
class Vault:
    """Assets, loans and pledges of bank A, unless it names another."""

    session: Session
    world: World
    bank: str = "A"

    @property
    def bank_id(self) -> UUID:
        return self.world.organisation(self.bank)

    @property
    def lending(self) -> Lending:
        return Lending(self.session, self.world, self.bank)

    def staff(self, duty: str) -> Any:
        return self.world.actor(f"{self.bank.lower()}-{duty}")

    def open_books(self, on: date | None = None) -> None:
        if find_business_day(self.session, self.bank_id) is None:
            day = on or today(self.session)
            open_business_day(self.session, self.world.system(self.bank), self.bank_id, day)

    def asset(
        self,
        current_fen: int | None = 1000 * WAN,
        kind: AssetKind = AssetKind.OPERATING_INCOME,
        *,
        recognised_fen: int | None = -1,
        **given: Any,
    ) -> UUID:
        """An asset of C1; the bank recognises the whole of its current value unless told otherwise."""
        recognised = current_fen if recognised_fen == -1 else recognised_fen
        return self.lending.asset(kind, current_fen=current_fen, recognised_fen=recognised, **given)

    def revalue(self, asset_id: UUID, current_fen: int | None) -> None:
        """A new valuation, as a revaluation run leaves it."""
        row = self.session.get_one(AssetValue, asset_id)
        row.valuation_fen = row.current_fen = current_fen
        row.version += 1
        self.session.add(row)
        self.session.flush()

    def loan(self, contract_fen: int = 100 * WAN, **terms: Any) -> UUID:
        """A signed loan of C1, nothing drawn."""
        start = today(self.session)
        given: dict[str, Any] = {
            "bank_id": self.bank_id,
            "borrower_id": self.world.organisation("C1"),
            "title": "林权抵押贷款",
            "contract_fen": contract_fen,
            "rate_ppm": 43_500,
            "penalty_ppm": 500_000,
            "starts_on": start,
            "matures_on": start + timedelta(days=360),
            "region_code": "620725",
            **LINES,
            **terms,
        }
        return open_loan(self.session, self.world.system(self.bank), OpenLoan(**given))

    def line(self, asset_id: UUID, secured_fen: int) -> PledgeLine:
        asset = self.session.get_one(Asset, asset_id)
        security = SecurityKind(kind_info(asset.kind).security)
        return PledgeLine(asset_id=asset_id, security=security, secured_fen=secured_fen)

    def pledge(
        self, loan_id: UUID, *lines: PledgeLine, guaranteed_fen: int = 0
    ) -> list[PledgeView]:
        """Take the lines, and a guarantee of G1 for an amount."""
        guarantee = GuaranteeLine(
            guarantor_id=self.world.organisation("G1"), covered_fen=guaranteed_fen
        )
        command = PledgeAtContract(
            loan_id=loan_id, lines=lines, guarantees=(guarantee,) if guaranteed_fen else ()
        )
        return pledge_at_contract(self.session, self.staff("officer"), command)

    def register(self, pledge: PledgeView, *registries: str, **given: Any) -> PledgeView:
        """Record receipts: of all registries of the kind unless some are named."""
        for registry in registries or kind_info(pledge.asset_kind).registries:
            command = RegisterPledge(
                registry=registry,
                number=f"示例登记{next(_RECEIPTS):06d}",
                registered_on=given.get("on", today(self.session)),
                expires_on=given.get("expires_on"),
            )
            pledge = register_pledge(self.session, self.staff("officer"), pledge.id, command)
        return pledge

    def owe(self, loan_id: UUID, principal_fen: int, accrued_fen: int = 0) -> None:
        """Write what is owed into the hot row, as drawdowns, closes and repayments leave it."""
        row = self.session.get_one(LoanStateRow, loan_id)
        row.principal_fen, row.accrued_fen = principal_fen, accrued_fen
        row.version += 1
        loan = self.session.get_one(Loan, loan_id)
        loan.state = LoanState.PERFORMING if principal_fen else LoanState.SETTLED
        self.session.add_all([row, loan])
        self.session.flush()

    def drawn(
        self, principal_fen: int, *lines: PledgeLine, guaranteed_fen: int = 0, **terms: Any
    ) -> UUID:
        """A loan drawn in full, its security registered."""
        loan_id = self.loan(terms.pop("contract_fen", principal_fen), **terms)
        for pledge in self.pledge(loan_id, *lines, guaranteed_fen=guaranteed_fen):
            self.register(pledge)
        self.owe(loan_id, principal_fen)
        return loan_id

    def at_line(self, principal_fen: int, recognised_fen: int, **terms: Any) -> tuple[UUID, UUID]:
        """A loan and its one asset, of which the value fell to a figure since the contract."""
        asset_id = self.asset(max(2 * principal_fen, recognised_fen))
        loan_id = self.drawn(principal_fen, self.line(asset_id, principal_fen), **terms)
        self.revalue(asset_id, recognised_fen)
        return loan_id, asset_id

    def watch(self, *, everything: bool = False) -> WatchReport:
        self.open_books()
        actor = self.world.system(self.bank)
        return watch_bank(self.session, actor, self.bank_id, everything=everything)

    def move_business_day(self, on: date) -> None:
        """Open another business day without closing those before."""
        row = self.session.get_one(BankDay, self.bank_id)
        row.open_on = on
        self.session.add(row)
        self.session.flush()

    def pledges_of(self, loan_id: UUID) -> list[Pledge]:
        statement = sa.select(Pledge).where(
            col(Pledge.loan_id) == loan_id, col(Pledge.state).in_(ACTIVE)
        )
        return list(self.session.execute(statement.order_by(col(Pledge.number))).scalars())
