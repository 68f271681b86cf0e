"""The registry: rights with their land, the chain of three bodies, and who sees what."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from threading import Barrier
from uuid import uuid4

import pytest
import sqlalchemy as sa

from app.assets import overlap, services
from app.assets.domain import AssetKind, AssetState, EncumbranceKind, ForestCategory
from app.assets.domain import registration as r
from app.assets.invariants import violations
from app.assets.models import Asset, AssetMeasurement, AssetParcel
from app.assets.queries import AssetFilter, is_encumbered, list_assets, summaries
from app.documents.services import UploadFile
from app.kernel.errors import Forbidden, IllegalEvent, InvalidInput, NotFound

TODAY = date(2024, 1, 2)


def land(west: float = 101.0, south: float = 38.7, size: float = 0.01) -> dict:
    east, north = west + size, south + size
    ring = [[west, south], [east, south], [east, north], [west, north], [west, south]]
    return {"type": "Polygon", "coordinates": [ring]}


LAND_MU = Decimal(1448)
"""A hundredth of a degree each way near Shandan."""

FOREST = services.RegisterAsset(
    kind=AssetKind.FOREST_RIGHT,
    title="经济林（沙棘）",
    region_code="620725",
    certificate_registry="山丹县不动产登记中心",
    certificate_number="甘(2021)山丹县不动产权第0001号",
    right_starts_on=date(2021, 1, 1),
    right_ends_on=date(2051, 1, 1),
    forest_category=ForestCategory.ECONOMIC,
    area_mu=LAND_MU,
    parcels=land(),
)


@pytest.fixture
def register(session, world):
    """Register an asset of C1 with some fields changed."""

    def make(login: str = "c1-fin", **changes):
        command = replace(FOREST, certificate_number=uuid4().hex)
        return services.register_asset(session, world.actor(login), replace(command, **changes))

    return make


@pytest.fixture
def sink(register, world):
    """A registered carbon-sink income right that the three centres may see."""
    centres = tuple(world.organisation(code) for code in ("MC", "VC", "TC"))
    return register(kind=AssetKind.CARBON_SINK_INCOME, send_to=centres)


def act(number: str = "JL-1", quantity: str = "816", on: date = TODAY) -> services.RecordAct:
    return services.RecordAct(number=number, on=on, quantity=Decimal(quantity), unit="tCO2e/year")


def test_a_forest_right_is_registered_with_its_land(register, session) -> None:
    view = register()
    assert view.number == "A-2024-000001"
    assert (view.state, view.ready_for_pledge) == (AssetState.REGISTERED, True)
    assert view.drawn_area_mu == pytest.approx(LAND_MU, rel=Decimal("0.01"))
    assert (view.owner.zh, view.region.zh) == ("焉支示例林果有限公司", "山丹县")
    assert view.events == ("withdraw",)
    assert list(violations(session)) == []


def test_a_draft_is_completed_and_then_registered(register, session, world) -> None:
    owner = world.actor("c1-fin")
    view = register(parcels=None, as_draft=True)
    assert view.events == ("register", "withdraw")
    with pytest.raises(r.ParcelsMissing):
        services.register_draft(session, owner, view.id)
    drawn = services.add_parcels(session, owner, view.id, land())
    assert drawn.version > view.version
    assert services.register_draft(session, owner, view.id).state == "registered"
    with pytest.raises(r.LandDrawn):
        services.add_parcels(session, owner, view.id, land(102.0))


def test_wrong_dates_regions_and_areas_are_refused(register) -> None:
    with pytest.raises(InvalidInput):
        register(right_ends_on=FOREST.right_starts_on)
    for code in ("999999", "620700"):
        with pytest.raises(InvalidInput):
            register(region_code=code)
    for model in ("no-such", "carbon-sink-income", "income-right", "gep"):
        with pytest.raises(InvalidInput):
            register(model_id=model)
    assert register(model_id="forest-right").model_id == "forest-right"
    with pytest.raises(r.AreaDiffers):
        register(area_mu=LAND_MU * 2)
    with pytest.raises(r.ForestNotMortgageable):
        register(forest_category=ForestCategory.PROTECTION)


def test_a_certificate_belongs_to_one_active_asset(register, session, world) -> None:
    first = register(certificate_number="X-1")
    with pytest.raises(r.CertificateTaken):
        register(certificate_number="X-1", parcels=land(102.0))
    register(certificate_number="X-1", certificate_registry="临泽县", parcels=land(103.0))
    services.withdraw_asset(
        session, world.actor("c1-fin"), first.id, services.WithdrawAsset(reason="换证")
    )
    assert register(certificate_number="X-1").state == "registered"
    assert list(violations(session)) == []


def test_land_of_another_asset_of_the_kind_is_refused_beyond_the_tolerance(
    register, session
) -> None:
    register()
    with pytest.raises(r.ParcelsOverlap) as refused:
        register("c2-fin", parcels=land(101.005))
    assert refused.value.facts["other"] == "—", "whose land it is stays unsaid"
    assert refused.value.facts["overlap_percent"] == "50.00"
    edge = register("c2-fin", parcels=land(101.00995))
    assert edge.state == "registered", "half a per cent lies within the survey's precision"
    sink = register(kind=AssetKind.COMPENSATION_INCOME)
    assert sink.state == "registered", "another kind of right may lie on the same land"
    assert list(violations(session)) == []


def test_an_asset_that_draws_its_own_land_twice_is_refused(register) -> None:
    feature = {"type": "Feature", "properties": {}, "geometry": land()}
    twice = {"type": "FeatureCollection", "features": [feature, feature]}
    with pytest.raises(r.ParcelsOverlap):
        register(parcels=twice, area_mu=LAND_MU * 2)


def test_three_bodies_measure_certify_and_file_in_this_order(sink, session, world) -> None:
    mc, vc, tc = (world.actor(login) for login in ("mc-1", "vc-1", "tc-1"))
    assert not sink.ready_for_pledge
    assert services.get_asset(session, mc, sink.id).events == ("measure",)
    with pytest.raises(IllegalEvent):
        services.certify_asset(session, vc, sink.id, act())
    services.measure_asset(session, mc, sink.id, act("JL-1", "830", TODAY - timedelta(days=9)))
    with pytest.raises(r.QuantityNotCovered):
        services.certify_asset(session, vc, sink.id, act("SH-1", "831"))
    services.certify_asset(session, vc, sink.id, act("SH-1", "816", TODAY - timedelta(days=5)))
    filed = services.file_asset(session, tc, sink.id, act("BA-1", "816"))
    assert (filed.state, filed.ready_for_pledge) == (AssetState.FILED, True)
    assert [each.act.value for each in filed.measurements] == ["measure", "certify", "file"]
    assert filed.quantity == 816
    assert list(violations(session)) == []


def test_a_centre_sees_only_what_was_sent_to_it(register, session, world) -> None:
    view = register(kind=AssetKind.CARBON_SINK_INCOME)
    with pytest.raises(NotFound):
        services.measure_asset(session, world.actor("mc-1"), view.id, act())
    with pytest.raises(InvalidInput):
        services.send_asset(session, world.actor("c1-fin"), view.id, world.organisation("A"))
    services.send_asset(session, world.actor("c1-fin"), view.id, world.organisation("MC"))
    measured = services.measure_asset(session, world.actor("mc-1"), view.id, act())
    assert measured.state == "measured"


@pytest.mark.parametrize(
    ("login", "reason"),
    [("a-officer", "offered"), ("a-officer", "pledged"), ("ag1-a", "ordered"), ("mc-1", "sent")],
)
def test_each_sees_an_asset_only_for_its_own_reason(
    register, session, world, login, reason
) -> None:
    view = register()
    actor = world.actor(login)
    others = {"offered", "ordered", "sent", "pledged"} - {reason, "offered", "pledged"}
    for other in others:
        services.share_asset(
            session, asset_id=view.id, organisation_id=actor.organisation_id, reason=other
        )
    with pytest.raises(NotFound):
        services.get_asset(session, actor, view.id)
    for _ in range(2):
        services.share_asset(
            session, asset_id=view.id, organisation_id=actor.organisation_id, reason=reason
        )
    assert services.get_asset(session, actor, view.id).id == view.id
    services.unshare_asset(
        session, asset_id=view.id, organisation_id=actor.organisation_id, reason=reason
    )
    with pytest.raises(NotFound):
        services.get_asset(session, actor, view.id)


def test_the_asset_of_another_owner_is_not_found_and_regulators_see_none(
    register, session, world
) -> None:
    view = register()
    with pytest.raises(NotFound):
        services.get_asset(session, world.actor("c2-fin"), view.id)
    with pytest.raises(Forbidden):
        services.get_asset(session, world.actor("pbc-1"), view.id)
    assert services.get_asset(session, world.system(), view.id).number == view.number


def test_only_the_owner_moves_its_asset(register, session, world) -> None:
    view = register(as_draft=True)
    with pytest.raises(Forbidden):
        services.register_asset(session, world.actor("a-officer"), FOREST)
    with pytest.raises(NotFound):
        services.register_draft(session, world.actor("c2-fin"), view.id)


def test_a_pledged_asset_stays_until_it_is_released(register, session, world) -> None:
    view = register()
    bank = world.organisation("A")
    reason = services.WithdrawAsset(reason="转让")
    services.share_asset(session, asset_id=view.id, organisation_id=bank, reason="pledged")
    with pytest.raises(r.AssetInUse):
        services.withdraw_asset(session, world.actor("c1-fin"), view.id, reason)
    services.unshare_asset(session, asset_id=view.id, organisation_id=bank, reason="pledged")
    gone = services.withdraw_asset(session, world.actor("c1-fin"), view.id, reason)
    assert (gone.state, gone.ready_for_pledge, gone.events) == ("withdrawn", False, ())


def test_a_third_party_s_right_encumbers_until_it_ended(register, session, world) -> None:
    view, owner = register(), world.actor("c1-fin")
    lease = services.AddEncumbrance(
        kind=EncumbranceKind.LEASE, holder="村集体", since_on=TODAY, secured_fen=None
    )
    with pytest.raises(InvalidInput):
        services.add_encumbrance(
            session, owner, view.id, replace(lease, since_on=TODAY + timedelta(days=1))
        )
    leased = services.add_encumbrance(session, owner, view.id, lease)
    assert is_encumbered(session, view.id)
    end = services.EndEncumbrance(ended_on=TODAY)
    found = leased.encumbrances[0].id
    early = services.EndEncumbrance(ended_on=TODAY - timedelta(days=1))
    with pytest.raises(InvalidInput):
        services.end_encumbrance(session, owner, view.id, found, early)
    services.end_encumbrance(session, owner, view.id, found, end)
    assert not is_encumbered(session, view.id)
    with pytest.raises(r.EncumbranceEnded):
        services.end_encumbrance(session, owner, view.id, found, end)


LEASE = services.AddEncumbrance(kind=EncumbranceKind.LEASE, holder="村集体", since_on=TODAY)
END = services.EndEncumbrance(ended_on=TODAY)


def test_a_right_is_ended_by_who_recorded_it_or_a_bank_with_a_pledge(
    register, session, world
) -> None:
    view, owner, bank = register(), world.actor("c1-fin"), world.actor("a-officer")

    def share(reason) -> None:
        services.share_asset(
            session, asset_id=view.id, organisation_id=bank.organisation_id, reason=reason
        )

    def ends(actor, right) -> bool:
        shown = services.get_asset(session, actor, view.id).encumbrances
        return next(each.may_end for each in shown if each.id == right)

    share("offered")
    leased = services.add_encumbrance(session, owner, view.id, LEASE).encumbrances[0].id
    assert (ends(owner, leased), ends(bank, leased)) == (True, False)
    with pytest.raises(r.EncumbranceOfOthers):
        services.end_encumbrance(session, bank, view.id, leased, END)
    seizure = replace(LEASE, kind=EncumbranceKind.SEIZURE, holder="某法院")
    rights = services.add_encumbrance(session, bank, view.id, seizure).encumbrances
    seized = next(each.id for each in rights if each.id != leased)
    assert (ends(owner, seized), ends(bank, seized)) == (False, True)
    with pytest.raises(r.EncumbranceOfOthers):
        services.end_encumbrance(session, owner, view.id, seized, END)
    services.end_encumbrance(session, world.actor("a-collateral"), view.id, seized, END)
    share("pledged")
    services.end_encumbrance(session, bank, view.id, leased, END)
    assert not is_encumbered(session, view.id)


def test_a_right_ends_once_however_many_say_so_at_once(
    register, session, database, world, commit
) -> None:
    view, owner = register(), world.actor("c1-fin")
    since = replace(LEASE, since_on=TODAY - timedelta(days=9))
    right = services.add_encumbrance(session, owner, view.id, since).encumbrances[0].id
    commit()
    barrier = Barrier(4)

    def end(number: int) -> int:
        command = services.EndEncumbrance(ended_on=TODAY - timedelta(days=number))
        barrier.wait()
        try:
            with database.write() as own:
                services.end_encumbrance(own, owner, view.id, right, command)
        except r.EncumbranceEnded:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(end, range(4))) == 1


def test_a_parcel_that_spans_more_neighbours_than_are_compared_is_refused(
    register, monkeypatch
) -> None:
    monkeypatch.setattr(overlap, "MAX_NEIGHBOURS", 1)
    register(parcels=land(101.0))
    register(parcels=land(101.01))
    with pytest.raises(r.TooManyNeighbours):
        register(parcels=land(101.005, 38.71, 0.01))


def test_evidence_is_added_by_the_owner_and_not_by_a_bank(register, session, world) -> None:
    view = register()
    file = UploadFile(name="parcels.geojson", content=b'{"type": "FeatureCollection"}')
    command = services.AddEvidence(title="宗地图", file=file)
    with_file = services.add_evidence(session, world.actor("c1-fin"), view.id, command)
    assert with_file.evidence[0].title == "宗地图"
    with pytest.raises(Forbidden):
        services.add_evidence(session, world.actor("a-officer"), view.id, command)
    with pytest.raises(NotFound):
        services.add_evidence(session, world.actor("c2-fin"), view.id, command)


def test_a_list_is_filtered_by_kind_county_state_and_words(register, session, world) -> None:
    owner = world.actor("c1-fin")
    forest = register(title="红枣 100%_林")
    sink = register(kind=AssetKind.CARBON_SINK_INCOME, region_code="620723", parcels=land(102.0))

    def numbers(**wanted) -> list[str]:
        rows = session.execute(list_assets(session, owner, AssetFilter(**wanted))).scalars().all()
        return [each.number for each in summaries(session, owner, rows)]

    assert numbers() == [sink.number, forest.number]
    assert numbers(kind=AssetKind.FOREST_RIGHT) == [forest.number]
    assert numbers(county="620723") == [sink.number]
    assert numbers(county="6207") == [sink.number, forest.number]
    assert numbers(state=AssetState.FILED) == []
    assert numbers(q="100%_") == [forest.number]
    assert numbers(q="%") == [forest.number], "a wildcard is a letter"
    assert numbers(number=sink.number) == [sink.number]


@pytest.mark.parametrize(
    ("table", "change", "invariant"),
    [
        (AssetParcel, {"area_mu": Decimal(1)}, "parcel-area"),
        (AssetParcel, {"west_e7": 0}, "parcel-box"),
        (Asset, {"state": AssetState.REGISTERED}, "asset-state"),
        (Asset, {"quantity": Decimal(900)}, "asset-quantity"),
        (AssetMeasurement, {"unit": "kg"}, "asset-quantity"),
    ],
)
def test_verify_names_the_asset_whose_row_was_changed(
    sink, session, world, table, change, invariant
) -> None:
    services.measure_asset(session, world.actor("mc-1"), sink.id, act())
    assert list(violations(session)) == []
    session.execute(sa.update(table).values(**change).execution_options(synchronize_session=False))
    session.expire_all()
    found = list(violations(session))
    assert [each.invariant for each in found] == [invariant]
    assert found[0].subject == f"asset {sink.number}"
