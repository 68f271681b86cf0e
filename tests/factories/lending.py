"""Banks that lend, borrowers with assets of a value, and files led to where a test needs them."""

from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session, col

from app.appraisal.models import AssetValue
from app.assets.domain import AssetKind, AssetState, ForestCategory
from app.assets.kinds import kind_info
from app.assets.models import Asset
from app.assets.services import share_asset
from app.collateral.models import Pledge
from app.collateral.queries import visible_pledges
from app.collateral.services.pledging import RegisterPledge, register_pledge
from app.collateral.services.recognition import ConfirmRecognised, confirm_recognised_value
from app.db.engine import now
from app.loans.domain.terms import Method
from app.loans.services import find_business_day, open_business_day
from app.origination.domain.states import Payment
from app.origination.services import contract, decisions, drafts, drawdowns
from app.origination.services.pool import OfferedAsset, OfferedGuarantee
from app.origination.services.products import load_products
from app.origination.services.views import ApplicationView
from tests.factories.world import TODAY, World

FOREST_FEN: Final = 5_600_000_00
CARBON_FEN: Final = 880_000_00
LOAN_FEN: Final = 3_000_000_00

_CERTIFICATES = count(1)


@dataclass(slots=True)
class Lending:
    """Everything a test does with bank A unless it names another."""

    session: Session
    world: World
    bank: str = "A"

    @property
    def bank_id(self) -> UUID:
        return self.world.organisation(self.bank)

    def actor(self, login: str) -> Any:
        return self.world.actor(login)

    def staff(self, duty: str) -> Any:
        return self.actor(f"{self.bank.lower()}-{duty}")

    def open_bank(self, on: date = TODAY) -> None:
        """Open the books and offer every product of the catalogue."""
        if find_business_day(self.session, self.bank_id) is None:
            open_business_day(self.session, self.staff("ops"), self.bank_id, on)
        load_products(
            self.session, self.staff("approve"), self.bank_id, valid_from=date(2023, 1, 1)
        )

    def asset(
        self,
        kind: AssetKind = AssetKind.FOREST_RIGHT,
        *,
        owner: str = "C1",
        current_fen: int | None = FOREST_FEN,
        recognised_fen: int | None = None,
        category: ForestCategory | None = None,
        valid_until: date = date(2024, 12, 1),
        right_ends_on: date = date(2043, 12, 31),
        state: AssetState | None = None,
    ) -> UUID:
        """An asset ready to be pledged, with its value, recognised by the bank when a figure is given."""
        number = next(_CERTIFICATES)
        if kind is AssetKind.FOREST_RIGHT:
            category = category or ForestCategory.ECONOMIC
        ready = AssetState.FILED if kind_info(kind).needs_mrv else AssetState.REGISTERED
        row = Asset(
            number=f"A-2023-{number:06d}",
            kind=kind,
            title=f"示例资产{number}",
            owner_id=self.world.organisation(owner),
            region_code="620725",
            state=state or ready,
            certificate_registry="示例登记机构",
            certificate_number=f"示例证{number:06d}",
            right_starts_on=date(2020, 1, 1),
            right_ends_on=right_ends_on,
            forest_category=category,
            synthetic=True,
            created_by=self.world.person("c1-fin"),
            created_at=now(self.session),
            registered_on=date(2023, 6, 1),
        )
        self.session.add(row)
        self.session.flush()
        if current_fen is not None:
            self.value(row.id, current_fen, valid_until)
        if recognised_fen is not None:
            self.recognise(row.id, recognised_fen)
        return row.id

    def value(self, asset_id: UUID, current_fen: int, valid_until: date) -> None:
        row = self.session.get(AssetValue, asset_id) or AssetValue(asset_id=asset_id)
        row.appraised_fen = row.current_fen = current_fen
        row.appraised_on, row.valid_until = date(2023, 12, 15), valid_until
        self.session.add(row)
        self.session.flush()

    def recognise(self, asset_id: UUID, recognised_fen: int) -> None:
        share_asset(self.session, asset_id=asset_id, organisation_id=self.bank_id, reason="offered")
        command = ConfirmRecognised(recognised_fen=recognised_fen, note="核定")
        confirm_recognised_value(self.session, self.staff("collateral"), asset_id, command)

    def main_pool(self) -> tuple[OfferedAsset, ...]:
        """The forest right and the carbon income right of the main path."""
        forest = self.asset(recognised_fen=FOREST_FEN)
        carbon = self.asset(
            AssetKind.CARBON_SINK_INCOME, current_fen=CARBON_FEN, recognised_fen=CARBON_FEN
        )
        return (
            OfferedAsset(asset_id=forest, secured_fen=2_800_000_00),
            OfferedAsset(asset_id=carbon, secured_fen=264_000_00),
        )

    def draft(
        self,
        assets: tuple[OfferedAsset, ...] = (),
        guarantees: tuple[OfferedGuarantee, ...] = (),
        **given: Any,
    ) -> ApplicationView:
        """A draft of C1, complete enough to submit."""
        borrower = given.pop("login", "c1-fin")
        command = drafts.OpenDraft(
            **{
                "bank_id": self.bank_id,
                "product": "forest-carbon-loan",
                "amount_fen": LOAN_FEN,
                "term_months": 36,
                "purpose": "沙棘原料收购与管护支出",
                "region_code": "620725",
                "repayment_source": "沙棘果品销售收入",
                "credit_consent": True,
                "assets": assets,
                "guarantees": guarantees,
                **given,
            }
        )
        return drafts.open_draft(self.session, self.actor(borrower), command)

    def submitted(self, *args: Any, **given: Any) -> ApplicationView:
        login = given.get("login", "c1-fin")
        view = self.draft(*args, **given)
        return drafts.submit(self.session, self.actor(login), view.id, drafts.SubmitApplication())

    def accepted(self, *args: Any, **given: Any) -> ApplicationView:
        view = self.submitted(*args, **given)
        return decisions.accept(self.session, self.staff("officer"), view.id, decisions.TakeUp())

    def sign(self, application_id: UUID, **given: Any) -> ApplicationView:
        command = decisions.SignInvestigation(
            **{
                "opinion": "现场核实，用途真实。",
                "rate_ppm": 44_500,
                "method": Method.BULLET,
                "purpose_checked": True,
                "financial_difficulty": False,
                "catalogue_edition": "2019",
                "catalogue_code": "4.1",
                "green_evidence": "收购合同、林权证",
                **given,
            }
        )
        return decisions.sign(self.session, self.staff("officer"), application_id, command)

    def reviewed(self, *args: Any, **given: Any) -> ApplicationView:
        signed = given.pop("signed", {})
        view = self.accepted(*args, **given)
        self.sign(view.id, **signed)
        words = decisions.GiveOpinion(opinion="同意")
        decisions.countersign(self.session, self.staff("co"), view.id, words)
        return decisions.pass_review(self.session, self.staff("review"), view.id, words)

    def approved(self, *args: Any, **given: Any) -> ApplicationView:
        amount = given.get("amount_fen", LOAN_FEN)
        conditions = given.pop("conditions", "")
        view = self.reviewed(*args, **given)
        return self.approve(view.id, amount, conditions=conditions)

    def approve(
        self, application_id: UUID, amount_fen: int, *, login: str = "", conditions: str = ""
    ) -> ApplicationView:
        actor = self.actor(login) if login else self.staff("approve")
        command = decisions.Approve(amount_fen=amount_fen, opinion="同意", conditions=conditions)
        return decisions.approve(self.session, actor, application_id, command)

    def contracted(self, *args: Any, **given: Any) -> ApplicationView:
        view = self.approved(*args, **given)
        return self.contract(view.id)

    def contract(self, application_id: UUID, amount_fen: int | None = None) -> ApplicationView:
        command = contract.SignContract(amount_fen=amount_fen)
        return contract.contract(self.session, self.staff("officer"), application_id, command)

    def register(self, loan_id: UUID, on: date = TODAY) -> None:
        """Record the receipt of every registry that belongs to the pool."""
        officer = self.staff("officer")
        statement = visible_pledges(self.session, officer).where(col(Pledge.loan_id) == loan_id)
        for pledge, asset in self.session.execute(statement).all():
            for registry in kind_info(asset.kind).registries:
                command = RegisterPledge(
                    registry=registry,
                    number=f"示例登记-{registry}-{pledge.number}",
                    registered_on=on,
                )
                register_pledge(self.session, officer, pledge.id, command)

    def request(self, loan_id: UUID, amount_fen: int = LOAN_FEN, **given: Any) -> Any:
        command = drawdowns.RequestDrawdown(
            **{
                "amount_fen": amount_fen,
                "payee": "示例果品合作社",
                "payment": Payment.SELF,
                "search_number": "示例查询-0001",
                "searched_on": TODAY,
                **given,
            }
        )
        return drawdowns.request_drawdown(self.session, self.staff("officer"), loan_id, command)

    def drawn(self, *args: Any, **given: Any) -> Any:
        """A loan with its money paid out: the posted drawdown."""
        amount = given.get("amount_fen", LOAN_FEN)
        view = self.contracted(*args, **given)
        assert view.loan_id is not None
        self.register(view.loan_id)
        waiting = self.request(view.loan_id, amount)
        drawdowns.check_drawdown(
            self.session, self.staff("drawdown"), waiting.id, drawdowns.CheckDrawdown()
        )
        return drawdowns.post_checked(
            self.session, self.staff("ops"), waiting.id, drawdowns.PostChecked()
        )


__all__ = ["CARBON_FEN", "FOREST_FEN", "LOAN_FEN", "Lending"]
