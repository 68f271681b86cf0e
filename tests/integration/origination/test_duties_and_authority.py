"""Duties apart by person, authority by amount, and what an approval binds."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from app.identity.services import GrantAuthority, OwnRoles, grant_authority
from app.kernel.errors import DutiesApart, Forbidden, IllegalEvent, NotFound
from app.origination.domain.states import ApplicationState
from app.origination.refusals import (
    ApprovalRefused,
    DraftClosed,
    DrawdownRefused,
    NewApprovalNeeded,
    PoolClosed,
)
from app.origination.services import contract, decisions, drafts, drawdowns
from app.origination.services.pool import ComposePool, OfferedAsset
from app.origination.services.views import get_application
from tests.factories.lending import LOAN_FEN

AUTHORITY_FEN = 5_000_000_00
WORDS = decisions.GiveOpinion(opinion="同意")


@pytest.fixture
def large_pool(lending) -> tuple[OfferedAsset, ...]:
    """Security for more than the approver may decide."""
    forest = lending.asset(current_fen=20_000_000_00, recognised_fen=20_000_000_00)
    return (OfferedAsset(asset_id=forest, secured_fen=20_000_000_00),)


def wearing(world, login: str, like: str):
    """The same person in another role, as after a re-assignment or through a second account."""

    other = world.actor(like)
    return replace(world.actor(login), permissions=other.permissions, roles=other.roles)


# --- Duties apart ---


def test_the_investigator_may_not_confirm(lending, session, world) -> None:
    view = lending.accepted(lending.main_pool())
    lending.sign(view.id)
    same = wearing(world, "a-officer", "a-co")
    with pytest.raises(DutiesApart):
        decisions.countersign(session, same, view.id, WORDS)
    assert "countersign" not in get_application(session, same, view.id).events


@pytest.mark.parametrize("login", ["a-officer", "a-co"])
def test_investigators_may_not_review(lending, session, world, login) -> None:
    view = lending.accepted(lending.main_pool())
    lending.sign(view.id)
    decisions.countersign(session, world.actor("a-co"), view.id, WORDS)
    with pytest.raises(DutiesApart):
        decisions.pass_review(session, wearing(world, login, "a-review"), view.id, WORDS)


@pytest.mark.parametrize("login", ["a-officer", "a-co", "a-review"])
@pytest.mark.parametrize("decide", ["approve", "reject"])
def test_who_took_part_may_not_decide(lending, session, world, login, decide) -> None:
    view = lending.reviewed(lending.main_pool())
    same = wearing(world, login, "a-approve")
    command = decisions.Approve(amount_fen=LOAN_FEN, opinion="同意")
    step, said = {
        "approve": (decisions.approve, command),
        "reject": (decisions.reject, WORDS),
    }[decide]
    with pytest.raises(DutiesApart):
        step(session, same, view.id, said)
    assert not {"approve", "reject", "return"} & set(get_application(session, same, view.id).events)


def test_who_opened_the_draft_may_not_decide_it(lending, session, world) -> None:
    pool = lending.main_pool()
    view = lending.draft(
        pool, login="a-officer", bank_id=None, borrower_id=world.organisation("C1")
    )
    drafts.submit(session, world.actor("c1-fin"), view.id, drafts.SubmitApplication())
    second = wearing(world, "a-custody", "a-officer")
    decisions.accept(session, second, view.id, decisions.TakeUp())
    lending.sign(view.id)
    with pytest.raises(DutiesApart):
        decisions.countersign(session, wearing(world, "a-officer", "a-co"), view.id, WORDS)


def test_the_own_step_may_be_taken_again_after_a_return(lending, session, world) -> None:
    view = lending.accepted(lending.main_pool())
    lending.sign(view.id)
    decisions.countersign(session, world.actor("a-co"), view.id, WORDS)
    back = decisions.send_back(session, world.actor("a-review"), view.id, WORDS)
    assert back.state is ApplicationState.INVESTIGATING
    lending.sign(view.id)
    decisions.countersign(session, world.actor("a-co"), view.id, WORDS)
    again = decisions.pass_review(session, world.actor("a-review"), view.id, WORDS)
    assert again.state is ApplicationState.REVIEWED


def test_a_drawdown_takes_three_people(lending, session, world) -> None:
    view = lending.contracted(lending.main_pool())
    lending.register(view.loan_id)
    waiting = lending.request(view.loan_id)
    command = drawdowns.CheckDrawdown()
    with pytest.raises(DutiesApart):
        drawdowns.check_drawdown(
            session, wearing(world, "a-officer", "a-drawdown"), waiting.id, command
        )
    with pytest.raises(DutiesApart):
        drawdowns.refuse_drawdown(
            session,
            wearing(world, "a-officer", "a-drawdown"),
            waiting.id,
            drawdowns.RefuseDrawdown(note="不符"),
        )
    drawdowns.check_drawdown(session, world.actor("a-drawdown"), waiting.id, command)
    for login in ("a-officer", "a-drawdown"):
        same = wearing(world, login, "a-ops")
        with pytest.raises(DutiesApart):
            drawdowns.post_checked(session, same, waiting.id, drawdowns.PostChecked())
        assert drawdowns.drawdown_view(session, same, waiting.id).events == ()


def test_each_step_needs_its_role(lending, session, world) -> None:
    view = lending.submitted(lending.main_pool())
    for login in ("a-co", "a-review", "a-approve", "c1-fin"):
        with pytest.raises(Forbidden):
            decisions.accept(session, world.actor(login), view.id, decisions.TakeUp())
    lending.asset()
    with pytest.raises(Forbidden):
        decisions.send_back(session, world.actor("c1-fin"), view.id, WORDS)
    assert "return" not in get_application(session, world.actor("c1-fin"), view.id).events


# --- Authority ---


def test_authority_ends_at_its_ceiling(lending, session, large_pool) -> None:
    view = lending.reviewed(large_pool, product="forest-right-loan", amount_fen=AUTHORITY_FEN + 1)
    with pytest.raises(ApprovalRefused) as refused:
        lending.approve(view.id, AUTHORITY_FEN + 1)
    assert refused.value.facts["codes"] == ["within-authority"]
    approved = lending.approve(view.id, AUTHORITY_FEN)
    assert approved.approved_fen == AUTHORITY_FEN


def test_a_higher_authority_approves_what_is_above(lending, large_pool) -> None:
    view = lending.reviewed(large_pool, product="forest-right-loan", amount_fen=AUTHORITY_FEN + 1)
    approved = lending.approve(view.id, AUTHORITY_FEN + 1, login="a-committee3")
    assert approved.state is ApplicationState.APPROVED


def test_without_an_authority_nothing_is_approved(lending, session, world) -> None:
    view = lending.reviewed(lending.main_pool())
    bare = wearing(world, "a-risk", "a-approve")
    command = decisions.Approve(amount_fen=1, opinion="同意")
    with pytest.raises(ApprovalRefused):
        decisions.approve(session, bare, view.id, command)


def test_an_authority_for_one_product_serves_that_product_only(lending, session, world) -> None:
    view = lending.reviewed(lending.main_pool())
    admin, risk = world.actor("a-admin"), wearing(world, "a-risk", "a-approve")
    grant = GrantAuthority(
        organisation_id=risk.organisation_id,
        product="water-right-loan",
        ceiling_fen=LOAN_FEN,
        valid_from=date(2024, 1, 1),
        basis="授权书",
    )
    with pytest.raises(OwnRoles):
        grant_authority(session, admin, grant, person_id=admin.person_id)
    grant_authority(session, admin, grant, person_id=risk.person_id)
    command = decisions.Approve(amount_fen=LOAN_FEN, opinion="同意")
    with pytest.raises(ApprovalRefused):
        decisions.approve(session, risk, view.id, command)


def test_the_pool_bounds_the_approval_to_the_fen(lending) -> None:
    pool = lending.main_pool()
    view = lending.reviewed(pool, amount_fen=3_064_000_01)
    with pytest.raises(ApprovalRefused) as refused:
        lending.approve(view.id, 3_064_000_01)
    assert refused.value.facts["codes"] == ["within-limit"]
    assert lending.approve(view.id, 3_064_000_00).approved_fen == 3_064_000_00


def test_no_more_is_approved_than_was_asked(lending) -> None:
    view = lending.reviewed(lending.main_pool())
    with pytest.raises(ApprovalRefused):
        lending.approve(view.id, LOAN_FEN + 1)


def test_more_than_approved_needs_a_new_approval(lending) -> None:
    view = lending.approved(lending.main_pool())
    with pytest.raises(NewApprovalNeeded) as refused:
        lending.contract(view.id, LOAN_FEN + 1)
    assert refused.value.facts["codes"] == ["within-approval"]
    assert lending.contract(view.id, LOAN_FEN - 1).state is ApplicationState.CONTRACTED


@pytest.mark.parametrize(("days", "signed"), [(180, True), (181, False)])
def test_an_approval_lapses_after_its_last_day(lending, session, clock, days, signed) -> None:
    from app.loans.models import BankDay

    pool = lending.main_pool()
    for each in pool:
        lending.value(each.asset_id, 6_000_000_00, date(2026, 1, 1))
    view = lending.approved(pool)
    clock.instant += timedelta(days=days)
    books = session.get_one(BankDay, lending.bank_id)
    books.open_on += timedelta(days=days)
    session.flush()
    if signed:
        assert lending.contract(view.id).state is ApplicationState.CONTRACTED
    else:
        with pytest.raises(NewApprovalNeeded):
            lending.contract(view.id)


# --- What stands still once it is signed ---


def test_the_pool_is_fixed_by_the_first_signature(lending, session) -> None:
    view = lending.accepted(lending.main_pool())
    officer = lending.staff("officer")
    lending.sign(view.id)
    with pytest.raises(PoolClosed):
        drafts.set_pool(session, officer, view.id, ComposePool())


def test_a_submitted_application_is_not_edited(lending, session, world) -> None:
    view = lending.submitted(lending.main_pool())
    with pytest.raises(DraftClosed):
        drafts.change_draft(
            session, world.actor("c1-fin"), view.id, drafts.ChangeDraft(amount_fen=1)
        )


def test_a_final_file_takes_no_step(lending, session, world) -> None:
    view = lending.contracted(lending.main_pool())
    with pytest.raises(IllegalEvent) as refused:
        contract.contract(session, world.actor("a-officer"), view.id, contract.SignContract())
    assert refused.value.facts["legal"] == []


def test_other_banks_and_borrowers_find_nothing(lending, session, world) -> None:
    view = lending.submitted(lending.main_pool())
    for login in ("b-officer", "c2-fin", "pbc-1", "ag1-a", "sys-1"):
        with pytest.raises(NotFound):
            get_application(session, world.actor(login), view.id)


def test_a_draft_of_the_borrower_stays_with_the_borrower(lending, session, world) -> None:
    view = lending.draft(lending.main_pool())
    with pytest.raises(NotFound):
        get_application(session, world.actor("a-officer"), view.id)
    assert get_application(session, world.actor("c1-fin"), view.id).number == view.number


def test_opinions_of_the_bank_stay_inside(lending, session, world) -> None:
    view = lending.reviewed(lending.main_pool())
    outside = get_application(session, world.actor("c1-fin"), view.id)
    assert [act.opinion for act in outside.acts] == [""] * len(outside.acts)
    assert all(act.facts == {} for act in outside.acts)
    named = [act.event.value for act in outside.acts if act.person is not None]
    assert named == ["submit"]
    inside = get_application(session, world.actor("a-review"), view.id)
    assert inside.acts[2].opinion
    assert inside.acts[2].person is not None


def test_a_role_given_later_does_not_open_the_own_file(lending, session, world) -> None:
    view = lending.reviewed(lending.main_pool())
    held = wearing(world, "a-review", "a-committee3")
    with pytest.raises(DutiesApart):
        decisions.approve(session, held, view.id, decisions.Approve(amount_fen=1, opinion="同意"))


def test_conditions_must_be_evidenced_before_money_moves(lending, session, world) -> None:
    view = lending.contracted(lending.main_pool(), conditions="办妥森林保险，第一受益人为本行")
    lending.register(view.loan_id)
    waiting = lending.request(view.loan_id)
    checker = world.actor("a-drawdown")
    with pytest.raises(DrawdownRefused) as refused:
        drawdowns.check_drawdown(session, checker, waiting.id, drawdowns.CheckDrawdown())
    assert refused.value.facts["codes"] == ["conditions-met"]
    command = drawdowns.CheckDrawdown(conditions_evidence="保单号示例-001")
    assert drawdowns.check_drawdown(session, checker, waiting.id, command).events == ()
