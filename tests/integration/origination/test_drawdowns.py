"""What must hold before money moves, each condition on both sides of its border."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.assets.domain import AssetKind
from app.collateral.domain.states import CallState, Level
from app.collateral.models import LoanCover, MarginCall
from app.db.engine import now
from app.kernel.errors import Forbidden, IllegalEvent, InvalidInput, NotFound
from app.loans.domain.classification import LoanClass
from app.loans.domain.states import LtvBasis
from app.loans.models import Loan, LoanNote, LoanStateRow
from app.loans.refusals import DrawdownAfterMaturity
from app.origination.domain.checks import Outcome
from app.origination.domain.states import DrawdownState, Payment
from app.origination.invariants import violations
from app.origination.refusals import DrawdownRefused, DrawdownWaiting
from app.origination.services import drawdowns
from app.origination.services.pool import OfferedAsset
from tests.factories.lending import LOAN_FEN, Lending
from tests.support.once import built_once

WAN = 1_000_000
LIMIT_FEN = 1000 * WAN
"""Above ten million yuan to one payee the bank pays itself, from July 2024; five million before."""


@pytest.fixture
@built_once
def loan_id(database, world, offers):
    """A signed loan whose security is registered."""
    with database.write() as session:
        lending = Lending(session=session, world=world)
        view = lending.contracted(lending.main_pool())
        lending.register(view.loan_id)
    return view.loan_id


def check(lending, drawdown_id, **given):
    command = drawdowns.CheckDrawdown(**given)
    return drawdowns.check_drawdown(
        lending.session, lending.staff("drawdown"), drawdown_id, command
    )


def unmet(refused) -> list[str]:
    return list(refused.value.facts["codes"])


def test_a_request_stores_its_checklist(lending, loan_id) -> None:
    view = lending.request(loan_id)
    outcomes = {each.code: each.outcome for each in view.checks}
    assert outcomes.pop("conditions-met") is Outcome.NOT_NEEDED
    assert outcomes.pop("entrusted-payment") is Outcome.NOT_NEEDED
    assert set(outcomes.values()) == {Outcome.MET}
    assert len(view.checks) == 11


def test_security_must_be_registered_and_searched_again(lending, session) -> None:
    view = lending.contracted(lending.main_pool())
    waiting = lending.request(view.loan_id)
    with pytest.raises(DrawdownRefused) as refused:
        check(lending, waiting.id)
    assert unmet(refused) == [
        "security-registered",
        "search-after-registration",
        "debt-covered",
    ]
    lending.register(view.loan_id)
    assert check(lending, waiting.id).state is DrawdownState.CHECKED


@pytest.mark.parametrize(
    ("number", "day", "met"),
    [
        ("示例查询", date(2024, 1, 2), True),
        ("示例查询", date(2024, 1, 1), False),
        ("", date(2024, 1, 2), False),
        ("示例查询", None, False),
    ],
)
def test_the_search_is_not_older_than_the_registration(
    lending, session, loan_id, number, day, met
) -> None:
    session.get_one(Loan, loan_id).signed_on = date(2024, 1, 1)
    session.flush()
    waiting = lending.request(loan_id, search_number=number, searched_on=day)
    if met:
        assert check(lending, waiting.id).state is DrawdownState.CHECKED
        return
    with pytest.raises(DrawdownRefused) as refused:
        check(lending, waiting.id)
    assert unmet(refused) == ["search-after-registration"]


@pytest.mark.parametrize("day", [date(2024, 1, 1), date(2024, 1, 3)])
def test_the_search_lies_between_contract_and_business_day(lending, loan_id, day) -> None:
    with pytest.raises(InvalidInput) as refused:
        lending.request(loan_id, searched_on=day)
    assert [error.pointer for error in refused.value.errors] == ["/searched_on"]
    waiting = lending.request(loan_id, search_number="", searched_on=None)
    with pytest.raises(InvalidInput) as refused:
        check(lending, waiting.id, search_number="补查", searched_on=day)
    assert [error.pointer for error in refused.value.errors] == ["/searched_on"]


@pytest.mark.parametrize(
    ("matures_on", "moved_days", "open_"),
    [
        (date(2024, 1, 3), None, True),
        (date(2024, 1, 2), None, False),
        (date(2024, 1, 4), [["2024-01-04", "2024-01-03"]], True),
        (date(2024, 1, 3), [["2024-01-03", "2024-01-02"]], False),
        (date(2024, 1, 2), [["2024-01-02", "2024-01-03"]], False),
    ],
)
def test_the_last_day_to_draw_is_the_one_before_the_loan_falls_due(
    lending, session, loan_id, matures_on, moved_days, open_
) -> None:
    """A request past it is refused at once, so that none waits that can never be posted."""
    waiting = lending.request(loan_id, 1_000_000_00)
    loan = session.get_one(Loan, loan_id)
    loan.matures_on, loan.moved_days = matures_on, moved_days
    session.flush()
    if open_:
        assert check(lending, waiting.id).state is DrawdownState.CHECKED
        return
    with pytest.raises(DrawdownAfterMaturity) as refused:
        check(lending, waiting.id)
    assert refused.value.facts["last_on"] == date(2024, 1, 1)
    refusing = drawdowns.RefuseDrawdown(note="已到期")
    drawdowns.refuse_drawdown(session, lending.staff("drawdown"), waiting.id, refusing)
    with pytest.raises(DrawdownAfterMaturity):
        lending.request(loan_id, 1_000_000_00)


def test_the_checker_may_add_the_search(lending, loan_id) -> None:
    waiting = lending.request(loan_id, search_number="", searched_on=None)
    view = check(lending, waiting.id, search_number="补查", searched_on=date(2024, 1, 2))
    assert (view.search_number, view.state) == ("补查", DrawdownState.CHECKED)


def test_no_more_is_drawn_than_the_contract_leaves(lending, loan_id) -> None:
    with pytest.raises(DrawdownRefused) as refused:
        lending.request(loan_id, LOAN_FEN + 1)
    assert unmet(refused) == ["within-undrawn"]
    assert lending.request(loan_id, LOAN_FEN).amount_fen == LOAN_FEN


def test_one_drawdown_waits_at_a_time(lending, loan_id) -> None:
    waiting = lending.request(loan_id, 1_000_000_00)
    with pytest.raises(DrawdownWaiting) as refused:
        lending.request(loan_id, 1_000_000_00)
    assert refused.value.facts["number"] == waiting.number


def test_what_was_drawn_is_gone(lending, session, loan_id) -> None:
    first = lending.request(loan_id, 1_000_000_00)
    check(lending, first.id)
    ops = lending.staff("ops")
    posted = drawdowns.post_checked(session, ops, first.id, drawdowns.PostChecked())
    note = session.get_one(LoanNote, posted.note_id)
    assert note.amount_fen == 1_000_000_00
    with pytest.raises(DrawdownRefused):
        lending.request(loan_id, 2_000_000_01)
    assert lending.request(loan_id, 2_000_000_00)
    assert session.get_one(LoanCover, loan_id).principal_fen == 1_000_000_00


def test_a_drawdown_is_posted_once(lending, session, loan_id) -> None:
    waiting = lending.request(loan_id)
    check(lending, waiting.id)
    ops = lending.staff("ops")
    drawdowns.post_checked(session, ops, waiting.id, drawdowns.PostChecked())
    with pytest.raises(IllegalEvent):
        drawdowns.post_checked(session, ops, waiting.id, drawdowns.PostChecked())
    assert session.execute(sa.select(sa.func.count()).select_from(LoanNote)).scalar_one() == 1


def test_an_unchecked_drawdown_is_not_posted(lending, session, loan_id) -> None:
    waiting = lending.request(loan_id)
    with pytest.raises(IllegalEvent) as refused:
        drawdowns.post_checked(session, lending.staff("ops"), waiting.id, drawdowns.PostChecked())
    assert refused.value.facts["legal"] == ["check", "refuse"]


def test_conditions_are_tested_again_when_money_moves(lending, session, loan_id) -> None:
    waiting = lending.request(loan_id)
    check(lending, waiting.id)
    pool = drawdowns.pool_of_loan(session, loan_id)
    dearest = max(pool.assets, key=lambda asset: asset.recognised_fen or 0)
    lending.recognise(dearest.asset_id, 1_000_000_00)
    with pytest.raises(DrawdownRefused) as refused:
        drawdowns.post_checked(session, lending.staff("ops"), waiting.id, drawdowns.PostChecked())
    assert unmet(refused) == ["debt-covered"]


@pytest.mark.parametrize(("recognised", "met"), [(5_472_000_00, True), (5_471_999_98, False)])
def test_the_new_debt_is_covered_to_the_fen(lending, session, loan_id, recognised, met) -> None:
    waiting = lending.request(loan_id)
    pool = drawdowns.pool_of_loan(session, loan_id)
    dearest = max(pool.assets, key=lambda asset: asset.recognised_fen or 0)
    lending.recognise(dearest.asset_id, recognised)
    if met:
        assert check(lending, waiting.id).state is DrawdownState.CHECKED
        return
    with pytest.raises(DrawdownRefused) as refused:
        check(lending, waiting.id)
    assert unmet(refused) == ["debt-covered"]


def test_an_open_top_up_case_stops_money(lending, session, loan_id) -> None:
    waiting = lending.request(loan_id)
    case = MarginCall(
        number="M-2024-000001",
        loan_id=loan_id,
        bank_id=lending.bank_id,
        state=CallState.OPEN,
        level=Level.TOP_UP,
        basis=LtvBasis.EXPOSURE,
        opened_on=date(2024, 1, 2),
        measured_on=date(2024, 1, 2),
        exposure_fen=0,
        line_ppm=700_000,
        target_ppm=600_000,
        repay_fen=0,
        add_recognised_fen=0,
        created_at=now(session),
    )
    session.add(case)
    session.flush()
    with pytest.raises(DrawdownRefused) as refused:
        check(lending, waiting.id)
    assert unmet(refused) == ["no-top-up-case"]
    case.state, case.closed_on = CallState.DISMISSED, date(2024, 1, 2)
    session.flush()
    assert check(lending, waiting.id).state is DrawdownState.CHECKED


def test_arrears_elsewhere_and_a_worse_class_stop_money(lending, session, loan_id) -> None:
    """Another loan of the same borrower is overdue; the loan itself takes its class."""
    waiting = lending.request(loan_id)
    other_id = lending.drawn(lending.main_pool()).loan_id
    other = session.get_one(LoanStateRow, other_id)
    own = session.get_one(LoanStateRow, loan_id)
    other.overdue_days, other.overdue_fen = 251, 1
    own.loan_class = LoanClass.SUBSTANDARD
    session.flush()
    with pytest.raises(DrawdownRefused) as refused:
        check(lending, waiting.id)
    assert unmet(refused) == ["class-allows", "debtor-not-overdue"]
    other.overdue_days, other.overdue_fen, own.loan_class = 0, 0, LoanClass.SPECIAL_MENTION
    session.flush()
    assert check(lending, waiting.id).state is DrawdownState.CHECKED


@pytest.fixture
def large_loan(lending):
    """A loan of twelve million yuan, approved above the single approver."""
    right = lending.asset(
        AssetKind.CARBON_ALLOWANCE, current_fen=3000 * WAN, recognised_fen=3000 * WAN
    )
    view = lending.reviewed(
        (OfferedAsset(asset_id=right, secured_fen=3000 * WAN),),
        product="allowance-loan",
        amount_fen=1200 * WAN,
        term_months=12,
        signed={"catalogue_edition": None, "catalogue_code": None, "green_evidence": ""},
    )
    lending.approve(view.id, 1200 * WAN, login="a-committee3")
    loan_id = lending.contract(view.id).loan_id
    lending.register(loan_id)
    return loan_id


def test_a_payment_above_the_threshold_is_entrusted(lending, large_loan) -> None:
    # On 2 January 2024 the threshold is five million yuan.
    with pytest.raises(DrawdownRefused) as refused:
        lending.request(large_loan, 500 * WAN + 1)
    assert unmet(refused) == ["entrusted-payment"]
    assert lending.request(large_loan, 500 * WAN).payment is Payment.SELF


def test_splitting_a_payment_does_not_lower_it(lending, session, large_loan) -> None:
    first = lending.request(large_loan, 300 * WAN)
    check(lending, first.id)
    drawdowns.post_checked(session, lending.staff("ops"), first.id, drawdowns.PostChecked())
    with pytest.raises(DrawdownRefused) as refused:
        lending.request(large_loan, 200 * WAN + 1)
    assert unmet(refused) == ["entrusted-payment"]
    assert lending.request(large_loan, 300 * WAN, payee="另一示例供货商")


def test_a_refused_drawdown_keeps_its_reason_and_frees_the_loan(
    lending, session, commit, loan_id
) -> None:
    waiting = lending.request(loan_id)
    command = drawdowns.RefuseDrawdown(note="用途凭证不符")
    refused = drawdowns.refuse_drawdown(session, lending.staff("drawdown"), waiting.id, command)
    assert (refused.state, refused.note) == (DrawdownState.REFUSED, "用途凭证不符")
    assert lending.request(loan_id).state is DrawdownState.REQUESTED
    commit()
    assert list(violations(session)) == []


def test_who_may_not_see_a_drawdown_does_not_find_it(lending, session, world, loan_id) -> None:
    waiting = lending.request(loan_id)
    for login in ("b-drawdown", "c2-fin", "pbc-1"):
        with pytest.raises(NotFound):
            drawdowns.drawdown_view(session, world.actor(login), waiting.id)
    mine = drawdowns.drawdown_view(session, world.actor("c1-fin"), waiting.id)
    assert (mine.requested_by, mine.events) == (None, ())
    with pytest.raises(Forbidden):
        drawdowns.request_drawdown(
            session,
            world.actor("c1-fin"),
            loan_id,
            drawdowns.RequestDrawdown(amount_fen=1, payee="甲", payment=Payment.SELF),
        )
