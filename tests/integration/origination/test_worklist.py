"""What waits for whom: by duty, by charge, and never for who took an earlier step."""

from app.origination.services import decisions
from app.origination.services.lists import waiting_for

WORDS = decisions.GiveOpinion(opinion="同意")


def waits(lending, login: str) -> list[tuple[str, str]]:
    items = waiting_for(lending.session, lending.world.actor(login))
    return [(item.thing, item.what) for item in items]


def test_a_file_waits_for_one_duty_after_the_other(lending, session, world) -> None:
    view = lending.draft(lending.main_pool())
    assert waits(lending, "c1-fin") == [("application", "Complete and submit the application")]
    assert waits(lending, "a-officer") == []
    lending_view = lending.submitted(lending.main_pool())
    assert ("application", "Take the application up") in waits(lending, "a-officer")
    decisions.accept(session, world.actor("a-officer"), lending_view.id, decisions.TakeUp())
    assert waits(lending, "a-officer") == [("application", "Investigate and sign")]
    lending.sign(lending_view.id)
    assert waits(lending, "a-officer") == []
    assert waits(lending, "a-co") == [("application", "Confirm the investigation")]
    decisions.countersign(session, world.actor("a-co"), lending_view.id, WORDS)
    assert waits(lending, "a-review") == [("application", "Review the file")]
    decisions.pass_review(session, world.actor("a-review"), lending_view.id, WORDS)
    assert waits(lending, "a-approve") == [("application", "Decide")]
    assert waits(lending, "a-review") == []
    lending.approve(lending_view.id, lending_view.amount_fen)
    assert waits(lending, "a-officer") == [("application", "Sign the contract")]
    assert view.number != lending_view.number


def test_a_drawdown_waits_for_its_checker_and_then_for_operations(lending) -> None:
    view = lending.contracted(lending.main_pool())
    lending.register(view.loan_id)
    lending.request(view.loan_id)
    assert waits(lending, "a-drawdown") == [("drawdown", "Check the conditions of the drawdown")]
    assert waits(lending, "a-ops") == []
    assert waits(lending, "b-drawdown") == []


def test_an_item_says_who_what_how_much_and_by_when(lending, session) -> None:
    view = lending.submitted(lending.main_pool())
    item = waiting_for(session, lending.staff("officer"))[0]
    assert (item.number, item.customer.zh, item.amount_fen) == (
        view.number,
        "焉支示例林果有限公司",
        view.amount_fen,
    )
    assert item.href == f"/loan-applications/{view.id}"
    # Two business days after Tuesday, 2 January 2024.
    assert item.due_on.isoformat() == "2024-01-04"
