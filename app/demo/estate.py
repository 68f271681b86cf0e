"""Assets of the demonstration: registered, measured, appraised, recognised, and what the field found later."""

import json
from collections.abc import Mapping
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, Final
from uuid import UUID

from sqlmodel import Session

from app.appraisal.services.inputs import RecordInputs, SaveInputs, record_inputs, save_inputs
from app.appraisal.services.orders import OrderAppraisal, accept_order, order_appraisal
from app.appraisal.services.panel import AddPanelMember, add_panel_member
from app.appraisal.services.prices import StatedPrice
from app.appraisal.services.signing import (
    CountersignAppraisal,
    SignAppraisal,
    countersign_appraisal,
    sign_appraisal,
)
from app.assets.domain import AssetKind, ForestCategory, GrantReason
from app.assets.kinds import kind_info, registry_names
from app.assets.services import (
    RecordAct,
    RegisterAsset,
    certify_asset,
    file_asset,
    measure_asset,
    register_asset,
    share_asset,
)
from app.collateral.services.recognition import ConfirmRecognised, confirm_recognised_value
from app.db.engine import Database, pretend_day
from app.demo.files import DATA, day_of, rows, table, wan_to_fen
from app.demo.people import Cast
from app.kernel.actor import Actor, system_actor

REGISTERED_ON: Final = date(2023, 1, 10)
RIGHT_STARTS_ON: Final = date(2014, 1, 1)
QUALIFICATIONS: Final = ("示例 62010001", "示例 62010002")
"""Invented numbers of the two appraisers' qualifications."""
REPORT_AFTER: Final = timedelta(days=2)
ACTS: Final = (("mc-1", measure_asset, 3), ("vc-1", certify_asset, 10), ("tc-1", file_asset, 17))
"""Who acts on an asset that must be measured, and how many days after its registration."""


def add_panels(session: Session, cast: Cast) -> None:
    """The agency AG1 stands on the panels of both banks; AG2 on neither."""
    for bank in ("A", "B"):
        member = AddPanelMember(agency_id=cast.organisations["AG1"], valid_from=REGISTERED_ON)
        add_panel_member(session, cast.of(session, bank, "collateral"), member)


def add_assets(session: Session, cast: Cast) -> dict[str, UUID]:
    """Register every asset of the file; those that need it are measured, certified and filed."""
    parcels = _parcels()
    pretend_day(session, REGISTERED_ON)
    found = {row["asset_id"]: _register(session, cast, row, parcels) for row in rows("assets")}
    for row in rows("assets"):
        if kind_info(row["kind"]).needs_mrv:
            _measure(session, cast, found[row["asset_id"]], row)
    banks = bank_of_asset()
    for asset_id, key in found.items():
        for bank in banks.get(asset_id, ()):
            share_asset(
                session,
                asset_id=key,
                organisation_id=cast.organisations[bank],
                reason=GrantReason.OFFERED,
            )
    return found


def appraise_assets(database: Database, cast: Cast, assets: Mapping[str, UUID]) -> None:
    """Order, prepare and sign the report of every asset, each in a transaction of its own."""
    inputs = table("appraisals")
    banks = bank_of_asset()
    for asset_id, key in assets.items():
        bank = banks[asset_id][0]
        with database.write() as session:
            _appraise(session, cast, key, bank, inputs[asset_id])


def recognise_assets(session: Session, cast: Cast, assets: Mapping[str, UUID]) -> None:
    """The banks recognise what they recognised when the loans were made."""
    banks = bank_of_asset()
    reports = table("appraisals")
    for row in rows("assets"):
        bank = banks[row["asset_id"]][0]
        pretend_day(session, day_of(reports[row["asset_id"]]["valued_on"]) + REPORT_AFTER)
        value = row["former_recognised_wan"] or row["recognised_wan"]
        command = ConfirmRecognised(recognised_fen=wan_to_fen(value), note="签约时认定（示例）")
        confirm_recognised_value(
            session, cast.of(session, bank, "collateral"), assets[row["asset_id"]], command
        )


def record_field_findings(session: Session, cast: Cast, assets: Mapping[str, UUID]) -> date:
    """What was found since: frost, drought, fewer visitors. Gives the day of the findings."""
    banks = bank_of_asset()
    found_on = REGISTERED_ON
    for asset_id, row in table("appraisals").items():
        if "overrides" not in row:
            continue
        found_on = day_of(row["later_on"])
        pretend_day(session, found_on)
        command = RecordInputs(
            valid_from=found_on, overrides=row["overrides"], reason="年末实地复核（示例）"
        )
        collateral = cast.of(session, banks[asset_id][0], "collateral")
        record_inputs(session, collateral, assets[asset_id], command)
    return found_on


def _register(
    session: Session, cast: Cast, row: Mapping[str, str], parcels: Mapping[str, Any]
) -> UUID:
    owner = _owner(cast, row["owner_id"])
    kind = AssetKind(row["kind"])
    command = RegisterAsset(
        kind=kind,
        title=row["title_zh"],
        title_en=row["title_en"],
        region_code=row["region_code"],
        certificate_registry=f"{registry_names()[kind_info(kind).registries[0]].zh}（示例）",
        certificate_number=f"示例-{row['asset_id']}",
        right_starts_on=RIGHT_STARTS_ON,
        right_ends_on=day_of(row["right_ends_on"]),
        forest_category=ForestCategory(row["forest_category"]) if row["forest_category"] else None,
        area_mu=Decimal(row["area_mu"]) if row["area_mu"] else None,
        model_id=table("appraisals")[row["asset_id"]]["model"],
        note=row["note_zh"],
        parcels=parcels.get(row["asset_id"]),
        send_to=_centres(cast) if kind_info(kind).needs_mrv else (),
        synthetic=True,
    )
    return register_asset(session, owner, command).id


def _centres(cast: Cast) -> tuple[UUID, ...]:
    return tuple(cast.organisations[cast.home[login]] for login, _, _ in ACTS)


def _measure(session: Session, cast: Cast, asset_id: UUID, row: Mapping[str, str]) -> None:
    for login, act, days in ACTS:
        on = REGISTERED_ON + timedelta(days=days)
        pretend_day(session, on)
        command = RecordAct(
            number=f"示例-{row['asset_id']}-{login[:2].upper()}",
            on=on,
            quantity=Decimal(row["quantity"] or row["area_mu"]),
            unit=row["quantity_unit"] or "mu",
        )
        act(session, cast.actor(session, login), asset_id, command)


def _appraise(
    session: Session, cast: Cast, asset_id: UUID, bank: str, report: Mapping[str, Any]
) -> None:
    valued_on = day_of(report["valued_on"])
    pretend_day(session, valued_on + REPORT_AFTER)
    order = OrderAppraisal(
        asset_id=asset_id,
        bank_id=cast.organisations[bank],
        agency_id=cast.organisations["AG1"],
        purpose="抵质押贷款（示例）",
        model_id=report["model"],
    )
    ordered = order_appraisal(session, cast.of(session, bank, "officer"), order)
    maker, reviewer = cast.actor(session, "ag1-a"), cast.actor(session, "ag1-b")
    accept_order(session, maker, ordered.id)
    prices = tuple(
        StatedPrice(
            id=price_id,
            yuan=str(price["yuan"]),
            growth=str(price.get("growth", 0)),
            source="示例价格",
        )
        for price_id, price in report.get("prices", {}).items()
    )
    command = SaveInputs(valued_on=valued_on, inputs=report["inputs"], prices=prices)
    save_inputs(session, maker, ordered.id, command)
    words = SignAppraisal(
        explanations=report.get("explanations", {}), qualification=QUALIFICATIONS[0]
    )
    sign_appraisal(session, maker, ordered.id, words)
    second = CountersignAppraisal(qualification=QUALIFICATIONS[1])
    countersign_appraisal(session, reviewer, ordered.id, second)


def _owner(cast: Cast, code: str) -> Actor:
    return system_actor(organisation_id=cast.organisations[code], organisation_kind="enterprise")


def _parcels() -> dict[str, Any]:
    collection = json.loads((DATA / "parcels.geojson").read_text(encoding="utf-8"))
    found: dict[str, Any] = {}
    for feature in collection["features"]:
        properties = feature["properties"]
        drawn = found.setdefault(
            properties["asset_id"], {"type": "FeatureCollection", "features": []}
        )
        drawn["features"].append(
            {
                "type": "Feature",
                "geometry": feature["geometry"],
                "properties": {"name": properties["parcel_no"], "area_mu": properties["area_mu"]},
            }
        )
    return found


def bank_of_asset() -> dict[str, tuple[str, ...]]:
    """The banks that hold each asset, by the loans it secures."""
    bank_of_loan = {row["loan_id"]: row["bank_id"] for row in rows("serviced_loans")}
    return {
        row["asset_id"]: tuple(
            dict.fromkeys(bank_of_loan[each] for each in row["secures"].split(";"))
        )
        for row in rows("assets")
    }
