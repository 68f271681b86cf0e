"""Rules of the registry: what may be registered, and the order of measuring, certifying and filing."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import product
from uuid import UUID, uuid4

import pytest

from app.assets.domain import ASSET, AssetEvent, AssetKind, AssetState, ForestCategory, MrvAct
from app.assets.domain import registration as r
from app.assets.kinds import kind_info, kinds, models_for, registry_names
from app.kernel.errors import IllegalEvent, InvalidInput
from app.policy import parameter_set
from risk_models.registry import installed_models

TODAY = date(2024, 1, 2)
FOREST = r.RegistrationFacts(
    kind=AssetKind.FOREST_RIGHT,
    land=True,
    forest_category=ForestCategory.ECONOMIC,
    mortgageable=frozenset({"economic", "timber", "fuel"}),
    right_ends_on=TODAY + timedelta(days=1),
    area_mu=Decimal(100),
    parcels=[("1", Decimal(60), None), ("2", Decimal(40), Decimal(40))],
    area_tolerance=Decimal("0.05"),
    today=TODAY,
)


def test_every_pair_of_state_and_event_is_listed_or_refused() -> None:
    reached = {ASSET.initial}
    for state, event in product(AssetState, AssetEvent):
        if (state, event) in ASSET.table:
            reached.add(ASSET.next(state, event))
        else:
            with pytest.raises(IllegalEvent):
                ASSET.next(state, event)
    assert reached == set(AssetState)
    assert ASSET.final_states() == {AssetState.WITHDRAWN}


def test_every_kind_is_complete_and_its_cap_exists() -> None:
    assert set(kinds()) == set(AssetKind)
    for info in kinds().values():
        assert info.cap_parameter in parameter_set()
        assert info.security in {"mortgage", "pledge"}
        assert info.registries
        assert set(info.registries) <= set(registry_names())
        assert info.title.zh != info.title.en
    assert kind_info("carbon-sink-income").needs_mrv
    assert not kind_info("equipment-and-buildings").ecological


@pytest.mark.parametrize("model_id", sorted(installed_models()))
def test_every_model_names_kinds_that_the_registry_knows(model_id) -> None:
    """A whole region is accounted for without being an asset of anybody."""
    spec = installed_models()[model_id].spec
    known = {kind.value for kind in AssetKind}
    assert set(spec.asset_kinds) <= (
        known | {"region"} if spec.value_kind == "ecological" else known
    )
    assert spec.asset_kinds


@pytest.mark.parametrize("kind", list(AssetKind))
def test_the_model_asked_first_values_assets_of_its_kind(kind) -> None:
    info = kind_info(kind)
    assert kind.value in installed_models()[info.model_id].spec.asset_kinds
    assert models_for(kind, info.model_id)[0] == info.model_id


def test_a_complete_forest_right_is_registered() -> None:
    r.require_registrable(FOREST)


@pytest.mark.parametrize("category", [ForestCategory.PROTECTION, ForestCategory.SPECIAL_USE])
def test_protection_forest_is_refused_with_the_advice_to_register_income(category) -> None:
    with pytest.raises(r.ForestNotMortgageable) as refused:
        r.require_registrable(replace(FOREST, forest_category=category))
    assert refused.value.facts["advice"] == ["compensation-income", "carbon-sink-income"]
    income = replace(FOREST, kind=AssetKind.COMPENSATION_INCOME, forest_category=category)
    r.require_registrable(income)


def test_a_forest_right_says_its_category() -> None:
    with pytest.raises(InvalidInput):
        r.require_registrable(replace(FOREST, forest_category=None))


@pytest.mark.parametrize(
    ("drawn", "accepted"), [("95", True), ("94.99", False), ("105", True), ("105.01", False)]
)
def test_the_area_may_be_five_per_cent_off_and_no_more(drawn, accepted) -> None:
    facts = replace(FOREST, parcels=[("1", Decimal(drawn), None)])
    if accepted:
        r.require_registrable(facts)
        return
    with pytest.raises(r.AreaDiffers) as refused:
        r.require_registrable(facts)
    assert (refused.value.facts["stated_mu"], refused.value.facts["drawn_mu"]) == ("100", drawn)


def test_each_parcel_is_held_to_its_own_stated_area() -> None:
    parcels = [("1", Decimal(60), Decimal(60)), ("2", Decimal(40), Decimal(50))]
    with pytest.raises(r.AreaDiffers) as refused:
        r.require_registrable(replace(FOREST, parcels=parcels))
    assert refused.value.facts["parcel"] == "2"


def test_land_without_parcels_or_area_is_refused_and_rights_without_land_need_none() -> None:
    for broken in (replace(FOREST, parcels=[]), replace(FOREST, area_mu=None)):
        with pytest.raises(r.ParcelsMissing):
            r.require_registrable(broken)
    tariff = replace(FOREST, kind=AssetKind.TARIFF_INCOME, land=False, parcels=[], area_mu=None)
    r.require_registrable(tariff)


def test_a_right_that_ends_today_is_refused() -> None:
    with pytest.raises(r.RightEnded):
        r.require_registrable(replace(FOREST, right_ends_on=TODAY))


OWNER, MEASURER, CERTIFIER, FILER = (uuid4() for _ in range(4))


def former(act: MrvAct, body: UUID, quantity: str = "816") -> r.FormerAct:
    return r.FormerAct(
        act=act,
        organisation_id=body,
        on=TODAY - timedelta(days=5),
        quantity=Decimal(quantity),
        unit="tCO2e",
    )


CERTIFY = r.ActFacts(
    act=MrvAct.CERTIFY,
    state=AssetState.MEASURED,
    needs_mrv=True,
    owner_id=OWNER,
    organisation_id=CERTIFIER,
    on=TODAY,
    quantity=Decimal(816),
    unit="tCO2e",
    former=[former(MrvAct.MEASURE, MEASURER)],
    right_starts_on=date(2020, 1, 1),
    today=TODAY,
)


def test_what_was_measured_may_be_certified() -> None:
    assert r.decide_act(CERTIFY) is AssetState.CERTIFIED


@pytest.mark.parametrize("state", [AssetState.DRAFT, AssetState.REGISTERED, AssetState.CERTIFIED])
def test_acts_come_in_their_order(state) -> None:
    with pytest.raises(IllegalEvent):
        r.decide_act(replace(CERTIFY, state=state))


@pytest.mark.parametrize("body", [OWNER, MEASURER])
def test_three_different_bodies_act_and_none_owns_the_asset(body) -> None:
    with pytest.raises(r.ActsBySameBody):
        r.decide_act(replace(CERTIFY, organisation_id=body))


@pytest.mark.parametrize(("days", "accepted"), [(-5, True), (-6, False), (0, True), (1, False)])
def test_an_act_lies_between_the_one_before_and_today(days, accepted) -> None:
    facts = replace(CERTIFY, on=TODAY + timedelta(days=days))
    if accepted:
        assert r.decide_act(facts) is AssetState.CERTIFIED
        return
    with pytest.raises(r.ActsOutOfOrder):
        r.decide_act(facts)


def test_no_more_is_certified_than_was_measured_and_in_its_unit() -> None:
    assert r.decide_act(replace(CERTIFY, quantity=Decimal(815))) is AssetState.CERTIFIED
    for changed in (
        replace(CERTIFY, quantity=Decimal("816.0001")),
        replace(CERTIFY, unit="t"),
    ):
        with pytest.raises(r.QuantityNotCovered):
            r.decide_act(changed)


def test_a_right_without_quantity_is_not_measured() -> None:
    with pytest.raises(r.NothingToMeasure):
        r.decide_act(replace(CERTIFY, needs_mrv=False))
