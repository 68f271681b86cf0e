"""A top-up case from the warning to its end: duties apart, notice as a document, service, time, cure to the fen."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col

from app.assets.domain import AssetKind
from app.collateral.domain.states import CallEvent, CallState, Level
from app.collateral.models import LoanCover, MarginCall
from app.collateral.refusals import NoticeNeedsValue
from app.collateral.services import calls
from app.collateral.services.pledging import add_collateral
from app.collateral.services.watch import watch_loan
from app.documents.models import IssuedDocument
from app.documents.services import check_code, document_content
from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, InvalidInput, NotFound
from app.kernel.ids import new_id
from app.kernel.permissions import Permission
from app.loans.domain.states import LtvBasis
from app.loans.models import Loan
from app.loans.services import PostDrawdown, Repay, close_day, post_drawdown, repay
from app.notices.models import Notice
from tests.factories.collateral import WAN
from tests.factories.world import OPENED_AT, TODAY
from tests.support.documents import text_of


@pytest.fixture
def case(vault, session):
    """An open case: 75 lent on 100, lines 70 and 80, target 60."""
    vault.at_line(75 * WAN, 100 * WAN)
    vault.watch()
    return session.execute(sa.select(MarginCall)).scalar_one()


def review(vault, case, login="a-risk"):
    command = calls.ReviewCall(note="价格核对无误，确已触线。")
    return calls.review_call(vault.session, vault.world.actor(login), case.id, command)


def issue(vault, case, login="a-approve", **given):
    command = calls.IssueNotice(**given)
    return calls.issue_call(vault.session, vault.world.actor(login), case.id, command)


def serve(vault, case, **given):
    command = calls.ServeNotice(
        **{"served_on": TODAY, "served_to": "曹晚晴", "method": "当面签收", **given}
    )
    return calls.serve_call(vault.session, vault.staff("officer"), case.id, command)


def close(vault, case, event, login="a-approve"):
    actor = vault.world.actor(login)
    return calls.close_call(vault.session, actor, case.id, event, calls.CloseCall(note="理由"))


def served(vault, case):
    review(vault, case)
    issue(vault, case)
    return serve(vault, case)


# --- Duties ---


def test_who_reviewed_does_not_issue(vault, session, case, refused):
    review(vault, case)
    both = replace(
        vault.world.actor("a-risk"),
        permissions=frozenset({Permission.REVIEW_WARNING, Permission.ISSUE_TOP_UP_NOTICE}),
    )
    with refused(DutiesApart):
        calls.issue_call(session, both, case.id, calls.IssueNotice())
    view = issue(vault, case)
    assert view.state is CallState.ISSUED
    assert case.reviewer_id != case.issuer_id


def test_each_step_needs_its_own_permission(vault, case, refused):
    for login in ("a-approve", "a-ops", "a-drawdown"):
        with refused(Forbidden):
            review(vault, case, login)
    review(vault, case)
    for login in ("a-risk", "a-officer", "a-collateral", "a-committee3"):
        with refused(Forbidden):
            issue(vault, case, login)
    assert issue(vault, case).state is CallState.ISSUED


def test_no_notice_without_review_and_no_service_without_notice(vault, case, refused):
    with refused(IllegalEvent):
        issue(vault, case)
    with refused(IllegalEvent):
        serve(vault, case)
    review(vault, case)
    with refused(IllegalEvent):
        serve(vault, case)


def test_another_bank_does_not_find_it_and_the_borrower_only_once_it_is_issued(
    vault, session, case, refused
):
    borrower = vault.world.actor("c1-fin")
    with refused(NotFound):
        calls.margin_call_view(session, vault.world.actor("b-officer"), case.id)
    with refused(NotFound):
        calls.margin_call_view(session, borrower, case.id)
    review(vault, case)
    issue(vault, case)
    view = calls.margin_call_view(session, borrower, case.id)
    assert (view.review_note, view.events) == ("", ())
    officer = vault.world.actor("a-officer")
    assert calls.margin_call_view(session, officer, case.id).review_note != ""


# --- Notice ---


def test_the_notice_is_a_numbered_document_with_a_public_code(vault, session, case, tmp_path):
    review(vault, case)
    view = issue(vault, case, note="沙棘价格下跌")
    row = session.get_one(IssuedDocument, view.notice_id)
    assert row.number.startswith("DOC-2024-")
    loan = session.get_one(Loan, case.loan_id)
    text = text_of(document_content(session, row), tmp_path)
    for words in (
        row.number,
        row.code,
        loan.number,
        "追加担保通知书",
        "75.00%",
        "750,000.00",
        "1,000,000.00",
        "150,000.00",
        "250,000.00",
        "追加线",
        "沙棘价格下跌",
        "2024年1月12日",
        "焉支示例农村商业银行",
        "焉支示例林果有限公司",
        "送达回执",
    ):
        assert words in text, words
    check = check_code(session, row.code)
    assert (check.number, check.sha256) == (row.number, row.sha256)


@pytest.mark.parametrize("synthetic", [False, True])
def test_the_notice_of_an_invented_borrower_says_so(vault, session, tmp_path, synthetic):
    vault.at_line(75 * WAN, 100 * WAN, synthetic=synthetic)
    vault.watch()
    (call,) = session.execute(sa.select(MarginCall)).scalars()
    review(vault, call)
    row = session.get_one(IssuedDocument, issue(vault, call).notice_id)
    text = text_of(document_content(session, row), tmp_path)
    assert ("演示数据" in text) is synthetic


def test_the_borrower_is_told(vault, session, case):
    review(vault, case)
    issue(vault, case)
    notice = session.execute(sa.select(Notice)).scalar_one()
    assert notice.organisation_id == vault.world.organisation("C1")
    assert notice.href == f"/margin-calls/{case.id}"


def test_the_time_to_cure_is_that_of_the_contract_or_a_later_day(vault, case, refused):
    review(vault, case)
    with refused(InvalidInput):
        issue(vault, case, due_on=TODAY)
    # Ten days from Tuesday 2 January.
    assert issue(vault, case).due_on == date(2024, 1, 12)


def test_a_last_day_on_which_banks_are_closed_moves_to_the_next(vault, case):
    vault.session.get_one(Loan, case.loan_id).cure_days = 11
    review(vault, case)
    # 13 January 2024 is a Saturday.
    assert issue(vault, case).due_on == date(2024, 1, 15)


def test_the_notice_states_the_day_it_is_issued(vault, session, case):
    review(vault, case)
    vault.move_business_day(date(2024, 1, 4))
    vault.owe(case.loan_id, 75 * WAN, accrued_fen=100)
    view = issue(vault, case)
    assert (view.measured_on, view.opened_on) == (date(2024, 1, 4), TODAY)
    fixed = (view.exposure_fen, view.ratio_ppm, view.repay_fen)
    vault.owe(case.loan_id, 76 * WAN)
    vault.watch()
    session.refresh(case)
    assert (case.exposure_fen, case.ratio_ppm, case.repay_fen) == fixed


def test_what_was_cured_meanwhile_has_no_notice(vault, case, refused):
    review(vault, case)
    vault.owe(case.loan_id, 60 * WAN)
    with refused(IllegalEvent):
        issue(vault, case)
    assert vault.watch().cases_cured == 1


def test_an_unpriced_pool_has_no_notice_until_it_has_a_value(vault, session, case, refused):
    (pledge,) = vault.pledges_of(case.loan_id)
    review(vault, case)
    vault.revalue(pledge.asset_id, None)
    with refused(NoticeNeedsValue):
        issue(vault, case)
    vault.revalue(pledge.asset_id, 100 * WAN)
    vault.watch()
    vault.lending.recognise(pledge.asset_id, 100 * WAN)
    assert issue(vault, case).level is Level.TOP_UP


# --- Service, time, end ---


def test_service_is_proved_between_issue_and_today(vault, case, refused):
    review(vault, case)
    vault.move_business_day(date(2024, 1, 4))
    issue(vault, case)
    vault.move_business_day(date(2024, 1, 8))
    for wrong in (date(2024, 1, 3), date(2024, 1, 9)):
        with refused(InvalidInput) as refusal:
            serve(vault, case, served_on=wrong)
        assert refusal.value.errors[0].pointer == "/served_on"
    view = serve(vault, case, served_on=date(2024, 1, 4))
    assert (view.state, view.served_to) == (CallState.SERVED, "曹晚晴")


def test_a_receipt_that_is_not_in_sight_proves_nothing(vault, case, refused):
    review(vault, case)
    issue(vault, case)
    with refused(NotFound):
        serve(vault, case, document_id=new_id())


def test_more_time_is_later_and_keeps_the_state(vault, session, case, refused):
    due_on = served(vault, case).due_on
    actor = vault.staff("approve")
    with refused(InvalidInput):
        command = calls.ExtendCall(due_on=due_on, note="春节")
        calls.extend_call(session, actor, case.id, command)
    later = due_on + timedelta(days=1)
    view = calls.extend_call(session, actor, case.id, calls.ExtendCall(due_on=later, note="春节"))
    assert (view.state, view.due_on) == (CallState.SERVED, later)


def test_default_only_after_the_last_day(vault, case, refused):
    due_on = served(vault, case).due_on
    vault.move_business_day(due_on)
    with refused(InvalidInput) as refusal:
        close(vault, case, CallEvent.DEFAULT)
    assert refusal.value.errors[0].pointer == "/event"
    vault.move_business_day(due_on + timedelta(days=1))
    view = close(vault, case, CallEvent.DEFAULT)
    assert (view.state, view.closed_on) == (CallState.DEFAULTED, due_on + timedelta(days=1))
    assert view.events == ()


@pytest.mark.parametrize("prepare", [review, lambda vault, case: None])
def test_a_warning_is_dismissed_before_the_notice_only(vault, case, refused, prepare):
    prepare(vault, case)
    assert close(vault, case, CallEvent.DISMISS, "a-risk").state is CallState.DISMISSED
    with refused(IllegalEvent):
        close(vault, case, CallEvent.DISMISS, "a-risk")


def test_a_notice_is_waived_with_authority(vault, case, refused):
    review(vault, case)
    with refused(IllegalEvent):
        close(vault, case, CallEvent.WAIVE)
    issue(vault, case)
    with refused(Forbidden):
        close(vault, case, CallEvent.WAIVE, "a-risk")
    assert close(vault, case, CallEvent.WAIVE).state is CallState.WAIVED


# --- The path of the main job, to the fen ---

FOREST_FEN, CARBON_FEN = 5_600_000_00, 880_000_00
CLOSED_ON = date(2024, 3, 20)


@pytest.fixture
def main_path(vault, database, session, commit, clock):
    """3,000,000.00 at 4.45 % on forest and carbon, closed through 20 March 2024, after frost and price fall."""
    clock.instant = OPENED_AT - timedelta(days=7)
    vault.open_books(date(2023, 12, 26))
    forest = vault.asset(FOREST_FEN, AssetKind.FOREST_RIGHT)
    carbon = vault.asset(CARBON_FEN, AssetKind.CARBON_SINK_INCOME)
    loan_id = vault.loan(
        3_000_000_00,
        rate_ppm=44_500,
        starts_on=date(2023, 12, 26),
        matures_on=date(2026, 12, 26),
        ltv_basis=LtvBasis.EXPOSURE,
    )
    lines = (vault.line(forest, 2_800_000_00), vault.line(carbon, 264_000_00))
    for pledge in vault.pledge(loan_id, *lines):
        vault.register(pledge)
    command = PostDrawdown(loan_id=loan_id, amount_fen=3_000_000_00)
    post_drawdown(session, vault.world.system("A"), command)
    vault.watch()
    assert session.get_one(LoanCover, loan_id).ltv_ppm == 462_963
    # The close takes up every day since the drawdown.
    vault.move_business_day(CLOSED_ON)
    commit()
    clock.instant = OPENED_AT + (CLOSED_ON - TODAY)
    close_day(database, vault.world.system("A"), vault.bank_id, CLOSED_ON)
    clock.instant += timedelta(days=1)
    session.expire_all()
    vault.revalue(carbon, 545_600_00)
    vault.watch()
    assert session.get_one(LoanCover, loan_id).ltv_ppm == 488_155
    vault.revalue(forest, 3_780_000_00)
    vault.watch()
    return loan_id


def the_case(session):
    return session.execute(sa.select(MarginCall)).scalar_one()


def test_the_main_path_opens_its_case_with_the_published_figures(session, main_path):
    row, case = session.get_one(LoanCover, main_path), the_case(session)
    assert row.exposure_fen == 3_031_891_67
    assert (f"{row.ltv_ppm / 10_000:.2f}", f"{row.risk_ltv_ppm / 10_000:.2f}") == ("69.35", "70.09")
    assert (case.level, case.recognised_fen) == (Level.TOP_UP, 4_325_600_00)
    assert (case.repay_fen, case.add_recognised_fen) == (436_531_67, 727_552_79)


@pytest.mark.parametrize(
    ("paid_fen", "state"),
    [(436_531_67, CallState.CURED), (436_531_66, CallState.OPEN)],
)
def test_the_main_path_is_cured_by_repaying_the_amount_of_the_notice(
    vault, session, main_path, paid_fen, state
):
    command = Repay(amount_fen=paid_fen, prepay=True, key="cure")
    repay(session, vault.world.system("A"), main_path, command)
    watch_loan(session, vault.staff("ops"), main_path)
    assert the_case(session).state is state
    exposure_fen = session.get_one(LoanCover, main_path).exposure_fen
    assert exposure_fen == 3_031_891_67 - paid_fen


@pytest.mark.parametrize(
    ("added_fen", "state"),
    [(727_552_79, CallState.CURED), (727_552_78, CallState.OPEN)],
)
def test_the_main_path_is_cured_by_adding_the_value_of_the_notice(
    vault, session, main_path, added_fen, state
):
    asset_id = vault.asset(added_fen, AssetKind.FOREST_RIGHT)
    line = vault.line(asset_id, added_fen)
    pledge = add_collateral(session, vault.staff("officer"), main_path, line)
    vault.watch()
    assert the_case(session).state is CallState.OPEN
    vault.register(pledge)
    vault.watch()
    assert the_case(session).state is state


def test_added_value_behind_another_bank_counts_only_for_what_is_left(vault, session, main_path):
    asset_id = vault.asset(1_000_000_00, AssetKind.FOREST_RIGHT)
    vault.drawn(100_000_00, vault.line(asset_id, 400_000_00))
    line = vault.line(asset_id, 600_000_00)
    vault.register(add_collateral(session, vault.staff("officer"), main_path, line))
    vault.watch()
    assert session.get_one(LoanCover, main_path).recognised_fen == 4_925_600_00
    case = session.execute(
        sa.select(MarginCall).where(col(MarginCall.loan_id) == main_path)
    ).scalar_one()
    assert case.state is CallState.OPEN
