"""Assets with appraisals, made through the services: the two of the main path, and as many more as asked for."""

import json
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal.domain.findings import asked
from app.appraisal.domain.kinds import OutsideReport, OutsideSigner
from app.appraisal.models import PanelMember
from app.appraisal.services import (
    AppraisalView,
    CountersignAppraisal,
    FileOutsideReport,
    OrderAppraisal,
    SaveInputs,
    SignAppraisal,
    accept_order,
    asset_value,
    countersign_appraisal,
    file_outside_report,
    order_appraisal,
    save_inputs,
    sign_appraisal,
)
from app.assets.domain import AssetKind, AssetState, ForestCategory, GrantReason
from app.assets.models import Asset
from app.assets.services import share_asset
from app.documents.services import UploadFile
from app.market.models import PricePoint, PriceSeries
from app.reference.domain import RegionLevel
from app.reference.models import Region
from tests.factories.world import OPENED_AT, World

EXAMPLES: Final = Path(__file__).resolve().parents[2] / "docs" / "examples"
SIGNED_ON: Final = date(2023, 12, 26)
REVALUED_ON: Final = date(2024, 3, 20)
MAKER_NUMBER: Final = "62010001"
SIGNED: Final = SignAppraisal(qualification=MAKER_NUMBER)
COUNTERSIGNED: Final = CountersignAppraisal(qualification="62010002")
SIGNED_AT: Final = datetime(2023, 12, 26, 3, 0, tzinfo=UTC)
REVALUED_AT: Final = datetime(2024, 3, 20, 9, 0, tzinfo=UTC)

PDF: Final = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"

CARBON_FEN: Final = 880_000_00
CARBON_FALLEN_FEN: Final = 545_600_00
FOREST_FEN: Final = 5_600_000_00
FOREST_FROSTED_FEN: Final = 3_780_000_00
FROST: Final[Mapping[str, Any]] = {"net_yield_yuan_per_mu": "159.331429"}


def example_inputs(model_id: str) -> dict[str, Any]:
    """The inputs of a model's published example."""
    document = json.loads((EXAMPLES / f"{model_id}.json").read_text(encoding="utf-8"))
    inputs: dict[str, Any] = document["inputs"]
    return inputs


def lay_ground(session: Session, world: World) -> None:
    """The county, the sink price of 30 yuan, and agency AG1 on the panel of bank A."""
    session.merge(
        Region(
            code="620725",
            name_zh="山丹县",
            name_en="Shandan County",
            short_zh="山丹",
            short_en="Shandan",
            level=RegionLevel.COUNTY,
            source="GB/T 2260",
            status="sourced",
        )
    )
    session.merge(
        PriceSeries(
            code="LOCAL-SINK",
            title_zh="地方林草碳汇",
            title_en="Local sink",
            unit="yuan/tCO2e",
            price_id="local-sink",
            max_age_days=60,
        )
    )
    session.add(
        PanelMember(
            bank_id=world.organisation("A"),
            agency_id=world.organisation("AG1"),
            valid_from=date(2023, 1, 1),
        )
    )
    session.flush()
    add_price(session, SIGNED_ON, "30")


def add_price(session: Session, on: date, yuan: str, *, recorded_at: datetime = OPENED_AT) -> None:
    """A point of the local sink's series."""
    session.add(
        PricePoint(
            series_code="LOCAL-SINK",
            on=on,
            value=Decimal(yuan),
            source="demo",
            status="synthetic",
            recorded_at=recorded_at,
        )
    )
    session.flush()


def add_asset(
    session: Session,
    world: World,
    kind: AssetKind,
    *,
    number: str,
    state: AssetState = AssetState.FILED,
    owner: str = "C1",
    bank: str = "A",
) -> UUID:
    """A registered asset that its owner offered to a bank."""
    row = Asset(
        number=number,
        kind=kind,
        title=f"示例资产 {number}",
        title_en=f"Sample asset {number}",
        owner_id=world.organisation(owner),
        region_code="620725",
        state=state,
        certificate_registry="real-estate",
        certificate_number=f"CERT-{number}",
        right_starts_on=date(2013, 1, 1),
        right_ends_on=date(2043, 12, 31),
        forest_category=ForestCategory.ECONOMIC if kind is AssetKind.FOREST_RIGHT else None,
        area_mu=Decimal(29_600 if kind is AssetKind.CARBON_SINK_INCOME else 2600),
        synthetic=True,
        created_by=world.person("c1-fin"),
        created_at=OPENED_AT,
    )
    session.add(row)
    session.flush()
    share_asset(
        session,
        asset_id=row.id,
        organisation_id=world.organisation(bank),
        reason=GrantReason.OFFERED,
    )
    return row.id


def order(session: Session, world: World, asset_id: UUID) -> AppraisalView:
    """An order of bank A to AG1."""
    return order_appraisal(
        session,
        world.actor("a-officer"),
        OrderAppraisal(
            asset_id=asset_id,
            bank_id=world.organisation("A"),
            agency_id=world.organisation("AG1"),
            purpose="抵质押贷款",
        ),
    )


def prepare(
    session: Session,
    world: World,
    asset_id: UUID,
    inputs: Mapping[str, Any],
    on: date = SIGNED_ON,
) -> AppraisalView:
    """Ordered, accepted, inputs entered."""
    made = order(session, world, asset_id)
    maker = world.actor("ag1-a")
    accept_order(session, maker, made.id)
    return save_inputs(session, maker, made.id, SaveInputs(valued_on=on, inputs=inputs))


def make_valid(
    session: Session,
    world: World,
    asset_id: UUID,
    inputs: Mapping[str, Any],
    on: date = SIGNED_ON,
    outside: FileOutsideReport | None = None,
) -> AppraisalView:
    """A valid appraisal: signed by two appraisers of AG1, with their own report where one is given."""
    made = prepare(session, world, asset_id, inputs, on)
    if outside is not None:
        made = file_outside_report(session, world.actor("ag1-a"), made.id, outside)
    words = {each["name"]: "以实地核实为准（示例）。" for each in asked(made.result or {})}
    sign_appraisal(
        session,
        world.actor("ag1-a"),
        made.id,
        SignAppraisal(explanations=words, qualification=MAKER_NUMBER),
    )
    return countersign_appraisal(session, world.actor("ag1-b"), made.id, COUNTERSIGNED)


def outside_report(value_fen: int = FOREST_FEN) -> FileOutsideReport:
    """The report that AG1 made of the forest elsewhere, as it files it."""
    signers = (
        OutsideSigner(name="金石", qualification="62010001"),
        OutsideSigner(name="魏澜", qualification="62010002"),
    )
    report = OutsideReport(
        number="评报字1号", reported_on=SIGNED_ON, value_fen=value_fen, signers=signers
    )
    return FileOutsideReport(report=report, file=UploadFile(name="report.pdf", content=PDF))


def current_fen(session: Session, world: World, asset_id: UUID, day: date) -> int | None:
    """The current value of an asset on a day; None without a valid appraisal."""
    return asset_value(session, world.system(), asset_id, day).current_fen
