"""Loading the demonstration into an empty database, in steps that each commit."""

from dataclasses import asdict
from datetime import timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlmodel import Session, col

from app.appraisal.services import RevalueAsset, revalue_asset
from app.collateral.models import MarginCall
from app.collateral.services.calls import (
    IssueNotice,
    ReviewCall,
    ServeNotice,
    issue_call,
    review_call,
    serve_call,
)
from app.collateral.services.recognition import (
    ConfirmRecognised,
    confirm_recognised_value,
    follow_down,
)
from app.collateral.services.watch import watch_bank
from app.db.engine import Database, now, pretend_day
from app.db.models import CivilDay
from app.demo import care, estate, filing, gep, lending, tape
from app.demo.files import DATA, day_of, rows, table, wan_to_fen
from app.demo.people import Cast, add_cast
from app.identity.domain import OrganisationKind
from app.identity.models import Organisation
from app.kernel.actor import PLATFORM_ORGANISATION_ID, system_actor
from app.kernel.errors import Conflict
from app.kernel.text import N_
from app.market.services import AddSeries, add_series, load_market, load_point_file
from app.reference.services import load_reference


class NotEmpty(Conflict):
    """The demonstration never mixes with real rows."""

    code = "database-not-empty"
    title = N_("The database is not empty")
    detail = N_(
        "The demonstration is loaded into an empty database only. Use a new home folder or database."
    )


def load(database: Database) -> dict[str, Any]:
    """Load the demonstration; gives organisations and users with passwords and tokens.

    Refuses a database that has any organisation beside the platform.
    """
    with database.write() as session:
        _require_empty(session)
        _add_ground(session)
        cast = add_cast(session)
    with database.write() as session:
        estate.add_panels(session, cast)
        assets = estate.add_assets(session, cast)
    estate.appraise_assets(database, cast, assets)
    with database.write() as session:
        estate.recognise_assets(session, cast, assets)
        loans = lending.add_loans(session, cast, assets)
        tape.add_tape(session, cast)
    with database.write() as session:
        _value_again(session, cast, assets)
    with database.write() as session:
        _watch(session, cast, loans)
    with database.write() as session:
        care.add_care(session, cast, loans)
    care.print_checks(database)
    with database.write() as session:
        gep.add_accounts(session, cast)
    with database.write() as session:
        filing.offer_products(session, cast)
        filing.add_applications(session, cast, assets)
    return _answer(cast)


def is_loaded(session: Session) -> bool:
    """Whether this database holds a demonstration."""
    return session.execute(sa.select(col(CivilDay.id))).first() is not None


def _require_empty(session: Session) -> None:
    others = sa.select(col(Organisation.id)).where(col(Organisation.id) != PLATFORM_ORGANISATION_ID)
    if session.execute(others).first() is not None:
        raise NotEmpty


def _add_ground(session: Session) -> None:
    """The day, the platform, the public tables, and the prices of the demonstration."""
    session.add(CivilDay(on=lending.OPEN_ON))
    actor = system_actor(
        organisation_id=PLATFORM_ORGANISATION_ID, organisation_kind=OrganisationKind.PLATFORM.value
    )
    if session.get(Organisation, PLATFORM_ORGANISATION_ID) is None:
        session.add(_platform(session))
        session.flush()
    load_reference(session, actor)
    load_market(session, actor)
    for code, entry in table("demo_series").items():
        series = AddSeries(code=code, source="示例价格", synthetic=True, **entry)
        add_series(session, actor, series)
    for name in ("demo_sink.csv", "demo_means.csv"):
        load_point_file(session, actor, DATA / name)


def _platform(session: Session) -> Organisation:
    return Organisation(
        id=PLATFORM_ORGANISATION_ID,
        kind=OrganisationKind.PLATFORM,
        code="PLATFORM",
        name_zh="平台",
        name_en="Platform",
        region_code="620000",
        created_at=now(session),
    )


def _value_again(session: Session, cast: Cast, assets: dict[str, UUID]) -> None:
    """At the year's end the field was seen again: values fall at once, the banks then confirm theirs."""
    estate.record_field_findings(session, cast, assets)
    banks = estate.bank_of_asset()
    for asset_id, row in table("appraisals").items():
        if "overrides" not in row:
            continue
        on = day_of(row["later_on"])
        pretend_day(session, on)
        officer = cast.of(session, banks[asset_id][0], "collateral")
        revalue_asset(session, officer, assets[asset_id], RevalueAsset(on=on))
    for bank in lending.BANKS:
        actor, bank_id = lending.system_of(cast, bank), cast.organisations[bank]
        follow_down(session, actor, bank_id, lending.OPEN_ON - timedelta(days=1))
    for row in rows("assets"):
        if row["former_recognised_wan"]:
            officer = cast.of(session, banks[row["asset_id"]][0], "collateral")
            command = ConfirmRecognised(
                recognised_fen=wan_to_fen(row["recognised_wan"]), note=row["note_zh"]
            )
            confirm_recognised_value(session, officer, assets[row["asset_id"]], command)


def _watch(session: Session, cast: Cast, loans: dict[str, UUID]) -> None:
    """Every loan is measured; the case of S11 has come as far as the proof of service."""
    for bank in lending.BANKS:
        bank_id = cast.organisations[bank]
        watch_bank(session, lending.system_of(cast, bank), bank_id, everything=True)
    statement = sa.select(MarginCall).where(col(MarginCall.loan_id) == loans["S11"])
    call = session.execute(statement).scalar_one()
    officer, approver = cast.of(session, "B", "collateral"), cast.of(session, "B", "approve")
    review_call(
        session, officer, call.id, ReviewCall(note="霜冻后红枣减产，重估下调，属实（示例）")
    )
    issue_call(session, approver, call.id, IssueNotice(note="霜冻致红枣减产，押品重估下调（示例）"))
    served = ServeNotice(served_on=lending.OPEN_ON, served_to="严冬生（示例）", method="当面签收")
    serve_call(session, officer, call.id, served)


def _answer(cast: Cast) -> dict[str, Any]:
    return {
        "organisations": [
            {"code": code, "id": str(key)} for code, key in sorted(cast.organisations.items())
        ],
        "users": [asdict(login) for login in cast.logins],
    }
