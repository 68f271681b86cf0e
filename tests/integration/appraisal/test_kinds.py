"""Internal appraisals of small loans, and the agency's own report beside the model's value."""

from datetime import date, timedelta

import pytest

from app.appraisal.domain import AppraisalKind, AppraisalState
from app.appraisal.domain.kinds import OutsideReport, OutsideSigner
from app.appraisal.invariants import violations
from app.appraisal.models import Appraisal
from app.appraisal.reports import appraisal_report
from app.appraisal.services import (
    CountersignAppraisal,
    FileOutsideReport,
    OrderAppraisal,
    SaveInputs,
    SignAppraisal,
    accept_order,
    compare_appraisal,
    countersign_appraisal,
    file_outside_report,
    get_appraisal,
    order_appraisal,
    outside_content,
    save_inputs,
    sign_appraisal,
)
from app.appraisal.services.errors import (
    FrontOfficeAppraisal,
    InternalAboveSecured,
    InternalAfterAgency,
    InternalNotAllowed,
    MadeByAnother,
)
from app.appraisal.services.reporting import report_view
from app.collateral.models import AssetLien
from app.documents.services import UploadFile
from app.kernel.catalogue import in_both
from app.kernel.errors import Forbidden, IllegalEvent, InvalidInput, NotFound
from app.kernel.money import Money
from tests.factories.appraisals import (
    FOREST_FEN,
    SIGNED_ON,
    example_inputs,
    make_valid,
    order,
    prepare,
)
from tests.support.documents import text_of

PDF = b"%PDF-1.4\n1 0 obj<<>>endobj\ntrailer<<>>\n%%EOF\n"


def own(world, asset_id, **changes):
    command = {
        "asset_id": asset_id,
        "bank_id": world.organisation("A"),
        "purpose": "小额林权抵押贷款",
        "kind": AppraisalKind.INTERNAL,
        "loan_fen": 299_999_99,
    }
    return OrderAppraisal(**{**command, **changes})


def test_a_bank_appraises_a_small_forest_loan_itself(session, world, forest, tmp_path):
    officer, reviewer = world.actor("a-collateral"), world.actor("a-review")
    made = order_appraisal(session, world.actor("a-officer"), own(world, forest))
    assert (made.kind, made.loan_fen) == (AppraisalKind.INTERNAL, 299_999_99)
    assert made.agency_id == made.bank_id
    accept_order(session, officer, made.id)
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    saved = save_inputs(session, officer, made.id, command)
    assert saved.value_fen == FOREST_FEN
    assert get_appraisal(session, reviewer, made.id).events == ()
    with pytest.raises(Forbidden), session.begin_nested():
        sign_appraisal(session, reviewer, made.id, SignAppraisal())
    sign_appraisal(session, officer, made.id, SignAppraisal())
    assert get_appraisal(session, officer, made.id).events == ("return",)
    done = countersign_appraisal(session, reviewer, made.id)
    assert done.state is AppraisalState.VALID
    assert list(violations(session)) == []
    row = session.get_one(Appraisal, made.id)
    shown = text_of(appraisal_report(report_view(session, row, "CODE")), tmp_path)
    assert "押品内部评估报告" in shown
    assert "299,999.99" in shown


def test_the_front_office_moves_no_internal_appraisal(session, world, forest):
    made = order_appraisal(session, world.actor("a-officer"), own(world, forest))
    view = get_appraisal(session, world.actor("a-officer"), made.id)
    assert view.events == ()
    assert not view.may_prepare
    with pytest.raises(FrontOfficeAppraisal), session.begin_nested():
        accept_order(session, world.actor("a-officer"), made.id)
    for login in ("b-collateral", "ag1-a"):
        with pytest.raises(NotFound), session.begin_nested():
            accept_order(session, world.actor(login), made.id)


def test_from_the_limit_on_and_for_other_assets_an_agency_appraises(session, world, forest, carbon):
    officer = world.actor("a-collateral")
    for command in (own(world, forest, loan_fen=300_000_00), own(world, carbon)):
        with pytest.raises(InternalNotAllowed), session.begin_nested():
            order_appraisal(session, officer, command)


def secure(session, asset_id, secured_fen):
    session.merge(AssetLien(asset_id=asset_id, secured_fen=secured_fen))
    session.flush()


def signed_by_the_bank(session, world, asset_id):
    """An appraisal by bank A itself that waits for its second signature."""
    officer = world.actor("a-collateral")
    made = order_appraisal(session, officer, own(world, asset_id, loan_fen=100_000_00))
    accept_order(session, officer, made.id)
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    save_inputs(session, officer, made.id, command)
    return sign_appraisal(session, officer, made.id, SignAppraisal()).id


def test_a_small_loan_is_small_with_all_that_the_asset_secures_already(session, world, forest):
    officer = world.actor("a-collateral")
    small = own(world, forest, loan_fen=100_000_00)
    secure(session, forest, 200_000_00)
    with pytest.raises(InternalAboveSecured) as refused, session.begin_nested():
        order_appraisal(session, officer, small)
    assert (refused.value.facts["loan"], refused.value.facts["limit"]) == (
        Money(100_000_00),
        "300,000.00",
    )
    for amount in ("loan", "limit"):
        assert f"%({amount})s yuan" in refused.value.detail
        assert f"%({amount})s元" in in_both(refused.value.detail).zh
    secure(session, forest, 199_999_99)
    assert order_appraisal(session, officer, small).kind is AppraisalKind.INTERNAL


def test_an_agencys_report_behind_a_security_gives_way_to_no_bank(session, world, forest):
    valid = make_valid(session, world, forest, example_inputs("forest-right"))
    officer = world.actor("a-collateral")
    small = own(world, forest, loan_fen=100_000_00)
    assert order_appraisal(session, officer, small).kind is AppraisalKind.INTERNAL
    secure(session, forest, 1_00)
    with pytest.raises(InternalAfterAgency), session.begin_nested():
        order_appraisal(session, officer, small)
    session.get_one(Appraisal, valid.id).valid_until = SIGNED_ON - timedelta(days=1)
    session.flush()
    assert order_appraisal(session, officer, small).kind is AppraisalKind.INTERNAL


@pytest.mark.parametrize("agency", [False, True])
def test_liens_that_came_meanwhile_keep_the_banks_own_appraisal_from_holding(
    session, world, forest, agency
):
    if agency:
        make_valid(session, world, forest, example_inputs("forest-right"))
    made_id = signed_by_the_bank(session, world, forest)
    secure(session, forest, 199_999_99 if agency else 200_000_00)
    refusal = InternalAfterAgency if agency else InternalAboveSecured
    reviewer = world.actor("a-review")
    with pytest.raises(refusal), session.begin_nested():
        countersign_appraisal(session, reviewer, made_id)
    assert session.get_one(Appraisal, made_id).state is AppraisalState.SIGNED
    secure(session, forest, 0)
    assert countersign_appraisal(session, reviewer, made_id).state is AppraisalState.VALID


@pytest.mark.parametrize(
    ("login", "changes", "pointer"),
    [
        ("c1-fin", {}, "/kind"),
        ("a-collateral", {"loan_fen": None}, "/loan_yuan"),
        ("a-collateral", {"kind": AppraisalKind.EXTERNAL}, "/agency_id"),
    ],
)
def test_an_order_says_what_its_kind_needs(session, world, forest, login, changes, pointer):
    with pytest.raises(InvalidInput) as refused:
        order_appraisal(session, world.actor(login), own(world, forest, **changes))
    assert [each.pointer for each in refused.value.errors] == [pointer]


def test_an_order_to_an_agency_names_no_loan(session, world, forest):
    agency_id = world.organisation("AG1")
    command = own(world, forest, kind=AppraisalKind.EXTERNAL, agency_id=agency_id)
    with pytest.raises(InvalidInput) as refused:
        order_appraisal(session, world.actor("a-collateral"), command)
    assert [each.pointer for each in refused.value.errors] == ["/loan_yuan"]


def test_the_bank_prepares_no_order_of_an_agency(session, world, forest):
    made = order(session, world, forest)
    with pytest.raises(MadeByAnother):
        accept_order(session, world.actor("a-collateral"), made.id)


def filed(value_fen=5_600_000_00, on=SIGNED_ON, second="62010002", content=PDF, name="r.pdf"):
    signers = (
        OutsideSigner(name="金石", qualification="62010001"),
        OutsideSigner(name="魏澜", qualification=second),
    )
    report = OutsideReport(number="评报字1号", reported_on=on, value_fen=value_fen, signers=signers)
    return FileOutsideReport(report=report, file=UploadFile(name=name, content=content))


def test_an_outside_report_is_kept_signed_and_printed(session, world, forest, tmp_path):
    made = prepare(session, world, forest, example_inputs("forest-right"))
    maker = world.actor("ag1-a")
    view = file_outside_report(session, maker, made.id, filed())
    assert view.outside["number"] == "评报字1号"
    assert [each["qualification"] for each in view.outside["signers"]] == ["62010001", "62010002"]
    assert "outside-report-differs" not in {each["code"] for each in view.result["findings"]}
    assert outside_content(session, maker, made.id)[1] == PDF
    sign_appraisal(session, maker, made.id, SignAppraisal(qualification="62010001"))
    reviewer = world.actor("ag1-b")
    second = CountersignAppraisal(qualification="62010002")
    countersign_appraisal(session, reviewer, made.id, second)
    assert list(violations(session)) == []
    row = session.get_one(Appraisal, made.id)
    shown = text_of(appraisal_report(report_view(session, row, "CODE")), tmp_path)
    assert "评报字1号" in shown
    assert "资格证号No.62010002" in shown
    with pytest.raises(IllegalEvent):
        file_outside_report(session, maker, made.id, filed())


def test_a_report_far_from_the_model_is_explained_whichever_came_first(session, world, forest):
    made = prepare(session, world, forest, example_inputs("forest-right"))
    maker = world.actor("ag1-a")
    far = file_outside_report(session, maker, made.id, filed(value_fen=6_200_000_00))
    names = [each["name"] for each in far.result["findings"] if each["severity"] == "ask"]
    assert names == ["outside-report-differs"]
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    again = save_inputs(session, maker, made.id, command)
    assert names == [each["name"] for each in again.result["findings"]]
    with pytest.raises(InvalidInput), session.begin_nested():
        sign_appraisal(session, maker, made.id, SignAppraisal(qualification="62010001"))
    near = file_outside_report(session, maker, made.id, filed())
    assert near.result["findings"] == []


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"on": SIGNED_ON + timedelta(days=1)}, "/reported_on"),
        ({"second": "62010001"}, "/second_qualification"),
        ({"content": b"a,b\n1,2\n", "name": "r.csv"}, "/file"),
    ],
)
def test_a_wrong_outside_report_is_refused(session, world, forest, changes, pointer):
    made = prepare(session, world, forest, example_inputs("forest-right"))
    with pytest.raises(InvalidInput) as refused:
        file_outside_report(session, world.actor("ag1-a"), made.id, filed(**changes))
    assert [each.pointer for each in refused.value.errors] == [pointer]


def test_an_internal_appraisal_takes_no_outside_report(session, world, forest):
    officer = world.actor("a-collateral")
    made = order_appraisal(session, officer, own(world, forest))
    accept_order(session, officer, made.id)
    with pytest.raises(IllegalEvent):
        file_outside_report(session, officer, made.id, filed())


def test_the_last_appraisal_in_sight_is_compared_with(session, world, forest):
    first = make_valid(session, world, forest, example_inputs("forest-right"))
    assert compare_appraisal(session, world.actor("ag1-a"), first.id) is None
    inputs = {**example_inputs("forest-right"), "area_mu": "2500"}
    second = prepare(session, world, forest, inputs)
    found = compare_appraisal(session, world.actor("a-collateral"), second.id)
    assert found is not None
    assert (found.then.number, found.now.number) == (first.number, second.number)
    assert found.difference_fen == second.value_fen - FOREST_FEN
    assert [each.kind for each in found.changes] == ["inputs"]
    assert found.changes[0].amount_fen == found.difference_fen
    assert found.then.on == date(2023, 12, 26)


def test_the_last_appraisal_is_of_no_later_day(session, world, forest):
    inputs = example_inputs("forest-right")
    make_valid(session, world, forest, inputs)
    earlier = prepare(session, world, forest, inputs, SIGNED_ON - timedelta(days=1))
    assert compare_appraisal(session, world.actor("ag1-a"), earlier.id) is None
    same = prepare(session, world, forest, inputs)
    assert compare_appraisal(session, world.actor("ag1-a"), same.id) is not None


def test_an_agency_does_not_learn_what_another_one_found(session, world, forest):
    make_valid(session, world, forest, example_inputs("forest-right"))
    officer = world.actor("a-collateral")
    made = order_appraisal(session, officer, own(world, forest))
    accept_order(session, officer, made.id)
    command = SaveInputs(valued_on=SIGNED_ON, inputs=example_inputs("forest-right"))
    save_inputs(session, officer, made.id, command)
    with pytest.raises(NotFound):
        compare_appraisal(session, world.actor("ag2-a"), made.id)
    assert compare_appraisal(session, officer, made.id) is not None


@pytest.mark.parametrize(("area", "asked"), [("1950", False), ("1700", True)])
def test_a_value_far_from_the_last_appraisal_is_explained_before_it_is_signed(
    session, world, forest, area, asked
):
    first = make_valid(session, world, forest, example_inputs("forest-right"))
    inputs = {**example_inputs("forest-right"), "area_mu": area}
    second = prepare(session, world, forest, inputs)
    found = [
        each for each in second.result["findings"] if each["name"] == "former-appraisal-differs"
    ]
    assert bool(found) is asked
    if asked:
        assert found[0]["severity"] == "ask"
        assert first.number in found[0]["zh"]
        with pytest.raises(InvalidInput) as refused:
            sign_appraisal(
                session,
                world.actor("ag1-a"),
                second.id,
                SignAppraisal(qualification="62010001"),
            )
        pointers = {each.pointer for each in refused.value.errors}
        assert "/explanations/former-appraisal-differs" in pointers
