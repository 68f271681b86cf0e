"""An appraisal from its order to its end: panel, inputs, two signatures, report, supersession, expiry."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from threading import Barrier

import pytest
import sqlalchemy as sa

from app.appraisal.domain import AppraisalState
from app.appraisal.domain.findings import explained
from app.appraisal.invariants import violations
from app.appraisal.models import Appraisal, AssetValue
from app.appraisal.queries import visible_appraisals
from app.appraisal.services import (
    AddPanelMember,
    CloseNote,
    EndPanelMember,
    OrderAppraisal,
    RevalueAsset,
    SaveInputs,
    SignAppraisal,
    StatedPrice,
    WhatIf,
    accept_order,
    add_panel_member,
    countersign_appraisal,
    decline_order,
    end_panel_member,
    expire_appraisals,
    issue_missing_reports,
    issue_report,
    order_appraisal,
    report_content,
    return_appraisal,
    revalue_asset,
    revoke_appraisal,
    save_inputs,
    sign_appraisal,
    value_inputs,
    what_if,
)
from app.appraisal.services.errors import (
    AgencyNotOnPanel,
    ContentChanged,
    ModelNotForAsset,
    NotAnAgency,
    PriceMissing,
    SameSigner,
)
from app.appraisal.services.panel import AlreadyOnPanel
from app.appraisal.services.reporting import ReportNotReady, report_view
from app.assets.domain import EncumbranceKind, MrvAct
from app.assets.models import Asset, AssetMeasurement
from app.assets.queries import visible_assets
from app.assets.services import AddEncumbrance, add_encumbrance
from app.documents.models import IssuedDocument
from app.documents.pdf_blocks import Words
from app.documents.printing import PrintRun
from app.kernel.actor import Name
from app.kernel.errors import Forbidden, IllegalEvent, InvalidInput, NotFound, StaleVersion
from tests.factories.appraisals import (
    CARBON_FALLEN_FEN,
    CARBON_FEN,
    COUNTERSIGNED,
    FOREST_FEN,
    REVALUED_AT,
    REVALUED_ON,
    SIGNED,
    SIGNED_AT,
    SIGNED_ON,
    add_price,
    current_fen,
    example_inputs,
    make_valid,
    order,
    prepare,
)


def _sees(session, actor) -> int:
    statement = sa.select(sa.func.count()).select_from(
        visible_appraisals(session, actor).subquery()
    )
    return session.execute(statement).scalar_one()


def test_a_carbon_right_is_appraised_from_order_to_value(session, world, carbon, clock):
    view = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    assert view.state is AppraisalState.VALID
    assert view.value_fen == CARBON_FEN
    assert view.valid_until == date(2024, 12, 24)
    after = view.valid_until + timedelta(days=1)
    for day, value in ((view.valid_until, CARBON_FEN), (after, None)):
        clock.instant = datetime.combine(day, time(3), UTC)
        assert current_fen(session, world, carbon, day) == value


def test_a_finding_that_asks_is_explained_before_the_first_signature(session, world, carbon):
    """A discount rate below the usual band: the report says why, or is not signed."""
    inputs = {**example_inputs("carbon-sink-income"), "discount_rate": "0.04"}
    view = prepare(session, world, carbon, inputs)
    maker = world.actor("ag1-a")
    name = "rate-outside-band.discount_rate"
    wrong = {
        f"/explanations/{name}": ({}, {name: "  \n"}, {name: "长" * 1001}),
        "/explanations/nothing": ({name: "取自同期贷款利率。", "nothing": "x"},),
    }
    for pointer, tried in wrong.items():
        for words in tried:
            with pytest.raises(InvalidInput) as refused, session.begin_nested():
                sign_appraisal(
                    session,
                    maker,
                    view.id,
                    SignAppraisal(explanations=words, qualification="62010001"),
                )
            (error,) = refused.value.errors
            assert error.pointer == pointer
    words = SignAppraisal(explanations={name: "取自同期贷款利率。"}, qualification="62010001")
    signed = sign_appraisal(session, maker, view.id, words)
    (found,) = [each for each in signed.result["findings"] if each["severity"] == "ask"]
    assert (found["name"], found["explanation"]) == (name, "取自同期贷款利率。")
    done = countersign_appraisal(session, world.actor("ag1-b"), view.id, COUNTERSIGNED)
    assert done.state is AppraisalState.VALID
    assert [each.qualification for each in done.signatures] == [
        "62010001",
        COUNTERSIGNED.qualification,
    ]
    assert list(violations(session)) == []
    row = session.get_one(Appraisal, view.id)
    printed = report_view(session, row, "CODE").findings
    assert "取自同期贷款利率。" in {each.explanation for each in printed}
    row.result = explained(row.result, {})
    session.flush()
    assert "findings-explained" in {each.invariant for each in violations(session)}


def test_what_does_not_fit_the_registered_asset_is_explained_like_any_finding(
    session, world, carbon
):
    asset = session.get_one(Asset, carbon)
    asset.area_mu = Decimal(28_000)
    session.add(measured(world, carbon, "5169"))
    session.flush()
    view = prepare(session, world, carbon, example_inputs("carbon-sink-income"))
    found = {each["code"]: each for each in view.result["findings"]}
    assert set(found) == {"area-differs-from-asset", "removals-above-measured"}
    assert {each["severity"] for each in found.values()} == {"ask"}
    assert "29,600 mu" in found["area-differs-from-asset"]["en"]
    assert "5,170.76" in found["removals-above-measured"]["zh"]
    with pytest.raises(InvalidInput) as refused, session.begin_nested():
        sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    names = {f"/explanations/{each['name']}" for each in found.values()}
    assert {each.pointer for each in refused.value.errors} == names
    words = SignAppraisal(
        explanations={each["name"]: "以核实后的资料为准。" for each in found.values()},
        qualification="62010001",
    )
    assert sign_appraisal(session, world.actor("ag1-a"), view.id, words).state == "signed"


def test_what_goes_far_beyond_the_registered_asset_is_refused_whatever_is_said(
    session, world, carbon
):
    asset = session.get_one(Asset, carbon)
    asset.area_mu, asset.right_ends_on = Decimal(6_800), date(2039, 12, 31)
    session.add(measured(world, carbon, "816"))
    session.flush()
    with pytest.raises(InvalidInput) as refused:
        prepare(session, world, carbon, example_inputs("carbon-sink-income"))
    assert {each.pointer for each in refused.value.errors} == {
        "/inputs/area_mu",
        "/inputs/removals_tco2e_per_mu",
        "/inputs/right_ends_on",
    }


def measured(world, asset_id, quantity: str) -> AssetMeasurement:
    return AssetMeasurement(
        asset_id=asset_id,
        act=MrvAct.MEASURE,
        organisation_id=world.organisation("MC"),
        person_id=world.person("mc-1"),
        number="JL-1",
        on=SIGNED_ON,
        quantity=Decimal(quantity),
        unit="tCO2e/year",
        recorded_at=SIGNED_AT,
    )


def test_what_fits_the_registered_asset_leaves_no_finding(session, world, carbon):
    asset = session.get_one(Asset, carbon)
    asset.area_mu, asset.right_ends_on = Decimal("28190.4762"), date(2043, 12, 31)
    session.add(measured(world, carbon, "5170"))
    session.flush()
    view = prepare(session, world, carbon, example_inputs("carbon-sink-income"))
    assert view.result["findings"] == []


@pytest.mark.parametrize("day", ["9999-12-31", "2200-01-01", "1949-09-30"])
def test_days_of_inputs_lie_where_all_days_lie(session, world, carbon, day):
    view = order(session, world, carbon)
    accept_order(session, world.actor("ag1-a"), view.id)
    inputs = {**example_inputs("carbon-sink-income"), "right_ends_on": day}
    with pytest.raises(InvalidInput) as refused:
        save_inputs(
            session, world.actor("ag1-a"), view.id, SaveInputs(valued_on=SIGNED_ON, inputs=inputs)
        )
    assert [each.pointer for each in refused.value.errors] == ["/inputs/right_ends_on"]


def test_a_past_day_answers_what_stood_then(session, world, carbon, clock):
    first = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    clock.instant = REVALUED_AT
    add_price(session, REVALUED_ON, "21")
    revalue_asset(session, world.actor("a-risk"), carbon, RevalueAsset(on=REVALUED_ON))
    before = REVALUED_ON - timedelta(days=1)
    assert current_fen(session, world, carbon, REVALUED_ON) == CARBON_FALLEN_FEN
    assert current_fen(session, world, carbon, before) == CARBON_FEN
    assert current_fen(session, world, carbon, SIGNED_ON) == CARBON_FEN
    assert current_fen(session, world, carbon, SIGNED_ON - timedelta(days=1)) is None
    with pytest.raises(InvalidInput):
        current_fen(session, world, carbon, REVALUED_ON + timedelta(days=1))
    inputs = example_inputs("carbon-sink-income")
    second = make_valid(session, world, carbon, inputs, REVALUED_ON)
    assert second.value_fen != first.value_fen
    assert current_fen(session, world, carbon, REVALUED_ON) == second.value_fen
    assert current_fen(session, world, carbon, before) == CARBON_FEN
    revoke_appraisal(session, world.actor("ag1-b"), second.id, CloseNote(note="数据有误"))
    clock.instant = REVALUED_AT + timedelta(days=2)
    assert current_fen(session, world, carbon, REVALUED_ON) is None
    assert current_fen(session, world, carbon, before) == CARBON_FEN


def test_the_report_names_the_rights_of_third_parties_in_force(session, world, carbon):
    view = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    row = session.get_one(Appraisal, view.id)
    assert report_view(session, row, "CODE").object.encumbrances == []
    lease = AddEncumbrance(kind=EncumbranceKind.LEASE, holder="村集体", since_on=SIGNED_ON)
    add_encumbrance(session, world.actor("c1-fin"), carbon, lease)
    (named,) = report_view(session, row, "CODE").object.encumbrances
    assert (named.zh, named.en) == ("租赁（村集体）", "Lease (村集体)")


def test_the_report_tells_the_sources_of_parameters_in_both_languages(session, world, forest):
    view = make_valid(session, world, forest, example_inputs("forest-right"))
    found = report_view(session, session.get_one(Appraisal, view.id), "CODE")
    sources = [(each.source.zh, each.source.en) for each in found.parameters]
    assert any(
        zh.endswith("；本项目经验判断") and en.endswith("; Judgement of the project")
        for zh, en in sources
    )
    assert all(each.value for each in found.parameters)
    chosen = [each for each in found.parameters if isinstance(each.value, Words)]
    assert any("：" in each.value.zh and ": " in each.value.en for each in chosen)
    assert not any(each.unit for each in chosen)


def test_an_agency_s_appraisers_both_give_their_number(session, world, carbon):
    view = prepare(session, world, carbon, example_inputs("carbon-sink-income"))
    with pytest.raises(InvalidInput) as refused, session.begin_nested():
        sign_appraisal(session, world.actor("ag1-a"), view.id, SignAppraisal(qualification=" "))
    assert [each.pointer for each in refused.value.errors] == ["/qualification"]
    sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    with pytest.raises(InvalidInput) as refused, session.begin_nested():
        countersign_appraisal(session, world.actor("ag1-b"), view.id)
    assert [each.pointer for each in refused.value.errors] == ["/qualification"]


def test_the_report_is_printed_once_after_the_second_signature(
    session, database, world, carbon, commit
):
    view = make_valid(session, world, carbon, example_inputs("carbon-sink-income"))
    with pytest.raises(ReportNotReady):
        report_content(session, session.get_one(Appraisal, view.id))
    commit()
    actor = world.actor("ag1-b")
    issued_id = issue_report(database, actor, view.id)
    assert issue_report(database, actor, view.id) == issued_id
    assert issue_missing_reports(database, world.system()) == PrintRun()
    with database.read() as reading:
        row = reading.get_one(Appraisal, view.id)
        assert (row.report_id, row.version) == (issued_id, view.version)
        name, content = report_content(reading, row)
        assert name == f"{view.number}.pdf"
        assert content.startswith(b"%PDF")
        issued = reading.get_one(IssuedDocument, issued_id)
        assert issued.issuer_id == world.organisation("AG1")
        assert (issued.number, issued.issued_on) == (view.number, SIGNED_ON)


def test_the_parts_of_a_value_sum_to_the_whole(session, world, forest):
    view = prepare(session, world, forest, example_inputs("forest-right"))
    assert view.value_fen == FOREST_FEN
    parts = [round(float(text) * 100) for text in view.result["components"].values()]
    assert sum(parts) == view.value_fen


def test_an_agency_off_the_panel_is_refused(session, world, forest):
    command = OrderAppraisal(
        asset_id=forest,
        bank_id=world.organisation("A"),
        agency_id=world.organisation("AG2"),
        purpose="抵质押贷款",
    )
    with pytest.raises(AgencyNotOnPanel):
        order_appraisal(session, world.actor("c1-fin"), command)
    add_panel_member(
        session,
        world.actor("a-collateral"),
        AddPanelMember(agency_id=world.organisation("AG2"), valid_from=SIGNED_ON),
    )
    assert order_appraisal(session, world.actor("c1-fin"), command).state is AppraisalState.ORDERED


def test_a_place_on_the_panel_ends_with_its_last_day(session, world, forest, clock):
    officer = world.actor("a-collateral")
    place = add_panel_member(
        session, officer, AddPanelMember(agency_id=world.organisation("AG2"), valid_from=SIGNED_ON)
    )
    end_panel_member(session, officer, place.id, EndPanelMember(valid_until=SIGNED_ON))
    command = OrderAppraisal(
        asset_id=forest,
        bank_id=world.organisation("A"),
        agency_id=world.organisation("AG2"),
        purpose="抵质押贷款",
    )
    order_appraisal(session, world.actor("a-officer"), command)
    clock.instant += timedelta(days=1)
    with pytest.raises(AgencyNotOnPanel):
        order_appraisal(session, world.actor("a-officer"), command)


def test_the_panel_takes_agencies_once_and_only_agencies(session, world, ground):
    officer = world.actor("a-collateral")
    with pytest.raises(AlreadyOnPanel):
        add_panel_member(
            session,
            officer,
            AddPanelMember(agency_id=world.organisation("AG1"), valid_from=SIGNED_ON),
        )
    with pytest.raises(NotAnAgency):
        add_panel_member(
            session,
            officer,
            AddPanelMember(agency_id=world.organisation("C2"), valid_from=SIGNED_ON),
        )
    with pytest.raises(Forbidden):
        add_panel_member(
            session,
            world.actor("a-officer"),
            AddPanelMember(agency_id=world.organisation("AG2"), valid_from=SIGNED_ON),
        )


def test_the_end_of_a_place_does_not_reach_into_the_next_one(session, world, ground):
    officer, agency = world.actor("a-collateral"), world.organisation("AG2")
    first_until, next_from = SIGNED_ON + timedelta(days=9), SIGNED_ON + timedelta(days=20)
    first = add_panel_member(
        session,
        officer,
        AddPanelMember(agency_id=agency, valid_from=SIGNED_ON, valid_until=first_until),
    )
    add_panel_member(session, officer, AddPanelMember(agency_id=agency, valid_from=next_from))
    with pytest.raises(AlreadyOnPanel), session.begin_nested():
        end_panel_member(session, officer, first.id, EndPanelMember(valid_until=next_from))
    last = EndPanelMember(valid_until=next_from - timedelta(days=1))
    assert end_panel_member(session, officer, first.id, last).valid_until == last.valid_until


def test_officers_who_add_one_agency_at_once_make_one_place(
    session, database, world, ground, commit
):
    commit()
    barrier = Barrier(4)

    def add(number):
        first = SIGNED_ON + timedelta(days=number)
        command = AddPanelMember(agency_id=world.organisation("AG2"), valid_from=first)
        barrier.wait()
        try:
            with database.write() as own:
                add_panel_member(own, world.actor("a-collateral"), command)
        except AlreadyOnPanel:
            return 0
        return 1

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(add, range(4))) == 1


def test_an_order_shows_the_asset_to_the_agency_alone(session, world, forest):
    agency, other = world.actor("ag1-a"), world.actor("ag2-a")
    assert session.execute(visible_assets(session, agency)).first() is None
    order(session, world, forest)
    assert session.execute(visible_assets(session, agency)).scalar_one().id == forest
    assert session.execute(visible_assets(session, other)).first() is None
    assert [_sees(session, world.actor(login)) for login in ("ag1-b", "a-risk", "c1-fin")] == [
        1
    ] * 3
    assert [
        _sees(session, world.actor(login)) for login in ("ag2-a", "b-officer", "c2-fin", "pbc-1")
    ] == [0] * 4


def test_a_model_that_does_not_value_the_kind_is_refused(session, world, forest):
    command = OrderAppraisal(
        asset_id=forest,
        bank_id=world.organisation("A"),
        agency_id=world.organisation("AG1"),
        purpose="抵质押贷款",
        model_id="carbon-sink-income",
    )
    with pytest.raises(ModelNotForAsset) as refusal:
        order_appraisal(session, world.actor("a-officer"), command)
    facts = refusal.value.facts
    assert (facts["model"], "forest-right" in facts["models"]) == ("carbon-sink-income", True)
    # People read what the models are called.
    for told in (facts["named"], *facts["choices"]):
        assert isinstance(told, Name)
        assert told.zh not in {facts["model"], *facts["models"]}


def test_a_bank_orders_only_on_its_own_panel_and_others_do_not_see_the_asset(
    session, world, forest
):
    command = OrderAppraisal(
        asset_id=forest,
        bank_id=world.organisation("B"),
        agency_id=world.organisation("AG1"),
        purpose="抵质押贷款",
    )
    with pytest.raises(InvalidInput):
        order_appraisal(session, world.actor("a-officer"), command)
    with pytest.raises(NotFound):
        order_appraisal(session, world.actor("b-officer"), command)


def test_only_the_agency_moves_its_appraisal(session, world, forest):
    view = order(session, world, forest)
    with pytest.raises(NotFound):
        accept_order(session, world.actor("ag2-a"), view.id)
    with pytest.raises(Forbidden):
        accept_order(session, world.actor("a-officer"), view.id)
    declined = decline_order(session, world.actor("ag1-a"), view.id, CloseNote(note="人手不足"))
    assert declined.state is AppraisalState.DECLINED
    assert declined.events == ()


def test_inputs_are_entered_only_in_preparation(session, world, forest):
    view = order(session, world, forest)
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    with pytest.raises(IllegalEvent):
        save_inputs(session, world.actor("ag1-a"), view.id, command)
    accept_order(session, world.actor("ag1-a"), view.id)
    saved = save_inputs(session, world.actor("ag1-a"), view.id, command)
    sign_appraisal(session, world.actor("ag1-a"), saved.id, SIGNED)
    with pytest.raises(IllegalEvent):
        save_inputs(session, world.actor("ag1-a"), view.id, command)


def test_what_was_valued_before_the_transaction_is_kept_once(session, world, forest):
    view = order(session, world, forest)
    maker = world.actor("ag1-a")
    accept_order(session, maker, view.id)
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    valued = value_inputs(session, maker, view.id, command)
    assert save_inputs(session, maker, view.id, command, valued).value_fen == valued.value_fen
    with pytest.raises(StaleVersion):
        save_inputs(session, maker, view.id, command, valued)


def test_a_missing_price_is_refused_and_a_stated_one_is_kept_with_its_source(
    session, world, carbon, clock
):
    clock.instant += timedelta(days=90)
    on = SIGNED_ON + timedelta(days=61)
    view = order(session, world, carbon)
    maker = world.actor("ag1-a")
    accept_order(session, maker, view.id)
    inputs = example_inputs("carbon-sink-income")
    with pytest.raises(PriceMissing) as refused:
        save_inputs(session, maker, view.id, SaveInputs(valued_on=on, inputs=inputs))
    assert "local-sink" in refused.value.facts["prices"]
    stated = StatedPrice(id="local-sink", yuan="28.50", source="交易中心书面询价")
    saved = save_inputs(
        session, maker, view.id, SaveInputs(valued_on=on, inputs=inputs, prices=(stated,))
    )
    assert saved.prices["local-sink"]["yuan"] == "28.50"
    assert saved.prices["local-sink"]["source"] == "交易中心书面询价"


def test_a_price_counts_until_its_last_day(session, world, carbon, clock):
    clock.instant += timedelta(days=90)
    view = order(session, world, carbon)
    accept_order(session, world.actor("ag1-a"), view.id)
    inputs = example_inputs("carbon-sink-income")
    last = SaveInputs(valued_on=SIGNED_ON + timedelta(days=60), inputs=inputs)
    assert save_inputs(session, world.actor("ag1-a"), view.id, last).value_fen


def test_refused_inputs_are_named_by_their_fields(session, world, forest):
    view = order(session, world, forest)
    accept_order(session, world.actor("ag1-a"), view.id)
    inputs = {**example_inputs("forest-right"), "area_mu": "-5", "no_such": 1}
    command = SaveInputs(valued_on=SIGNED_ON, inputs=inputs)
    with pytest.raises(InvalidInput) as refused:
        save_inputs(session, world.actor("ag1-a"), view.id, command)
    assert "/inputs/no_such" in {each.pointer for each in refused.value.errors}
    del inputs["no_such"]
    with pytest.raises(InvalidInput) as refused:
        save_inputs(
            session, world.actor("ag1-a"), view.id, SaveInputs(valued_on=SIGNED_ON, inputs=inputs)
        )
    assert {each.pointer for each in refused.value.errors} == {"/inputs/area_mu"}


@pytest.mark.parametrize("given", ["1e300", "NaN", "1e18", [], {}, True, "二千"])
def test_no_input_breaks_the_model(session, world, forest, given):
    view = order(session, world, forest)
    accept_order(session, world.actor("ag1-a"), view.id)
    inputs = {**example_inputs("forest-right"), "area_mu": given}
    with pytest.raises(InvalidInput):
        save_inputs(
            session, world.actor("ag1-a"), view.id, SaveInputs(valued_on=SIGNED_ON, inputs=inputs)
        )


def test_a_day_to_come_is_refused(session, world, forest):
    view = order(session, world, forest)
    accept_order(session, world.actor("ag1-a"), view.id)
    inputs = example_inputs("forest-right")
    for day, legal in ((SIGNED_ON, True), (SIGNED_ON + timedelta(days=1), False)):
        command = SaveInputs(valued_on=day, inputs=inputs)
        if legal:
            save_inputs(session, world.actor("ag1-a"), view.id, command)
        else:
            with pytest.raises(InvalidInput):
                save_inputs(session, world.actor("ag1-a"), view.id, command)


def test_the_maker_cannot_countersign(session, world, forest):
    view = prepare(session, world, forest, example_inputs("forest-right"))
    signed = sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    assert "countersign" not in signed.events
    with pytest.raises(SameSigner):
        countersign_appraisal(session, world.actor("ag1-a"), view.id)
    assert (
        countersign_appraisal(session, world.actor("ag1-b"), view.id, COUNTERSIGNED).state
        is AppraisalState.VALID
    )


@pytest.mark.parametrize("column", ["inputs", "prices", "result", "value_fen", "valued_on"])
def test_content_changed_after_signing_is_refused(session, world, carbon, column):
    view = prepare(session, world, carbon, example_inputs("carbon-sink-income"))
    sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    changed = {
        "inputs": {**view.inputs, "area_mu": "99999"},
        "prices": {},
        "result": {**view.result, "value_yuan": "1.00"},
        "value_fen": view.value_fen + 1,
        "valued_on": view.valued_on - timedelta(days=1),
    }[column]
    session.execute(sa.update(Appraisal).values({column: changed}))
    session.expire_all()
    with pytest.raises(ContentChanged):
        countersign_appraisal(session, world.actor("ag1-b"), view.id, COUNTERSIGNED)


def test_a_returned_report_is_signed_again_by_either(session, world, forest):
    view = prepare(session, world, forest, example_inputs("forest-right"))
    sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    returned = return_appraisal(session, world.actor("ag1-b"), view.id, CloseNote(note="面积核对"))
    assert returned.state is AppraisalState.PREPARING
    assert not any(each.counts for each in returned.signatures)
    sign_appraisal(session, world.actor("ag1-a"), view.id, SIGNED)
    done = countersign_appraisal(session, world.actor("ag1-b"), view.id, COUNTERSIGNED)
    assert [each.counts for each in done.signatures] == [False, True, True]


def test_the_next_report_supersedes_the_valid_one(session, world, forest):
    inputs = example_inputs("forest-right")
    first = make_valid(session, world, forest, inputs)
    second = make_valid(session, world, forest, {**inputs, "area_mu": 2500})
    session.expire_all()
    assert session.get_one(Appraisal, first.id).state is AppraisalState.SUPERSEDED
    assert current_fen(session, world, forest, SIGNED_ON) == second.value_fen < first.value_fen


def test_a_revoked_report_leaves_no_value_never_zero(session, world, forest):
    view = make_valid(session, world, forest, example_inputs("forest-right"))
    version = session.get_one(AssetValue, forest).version
    revoke_appraisal(session, world.actor("ag1-b"), view.id, CloseNote(note="权属有误"))
    session.expire_all()
    row = session.get_one(AssetValue, forest)
    assert (row.current_fen, row.appraised_fen) == (None, None)
    assert row.version == version + 1
    assert current_fen(session, world, forest, SIGNED_ON) is None


def test_reports_expire_the_day_after_their_last(session, database, world, forest, commit):
    view = make_valid(session, world, forest, example_inputs("forest-right"))
    commit()
    assert expire_appraisals(database, world.system(), view.valid_until) == 0
    assert expire_appraisals(database, world.system(), view.valid_until + timedelta(days=1)) == 1
    with database.read() as reading:
        assert reading.get_one(Appraisal, view.id).state is AppraisalState.EXPIRED
        assert reading.get_one(AssetValue, forest).current_fen is None


def test_a_what_if_stores_nothing(session, world, forest):
    command = WhatIf(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    found = what_if(session, world.actor("a-risk"), "forest-right", command)
    assert found["value_yuan"] == "5600000.00"
    assert session.execute(sa.select(sa.func.count()).select_from(Appraisal)).scalar_one() == 0
    with pytest.raises(NotFound):
        what_if(session, world.actor("a-risk"), "no-such-model", command)
