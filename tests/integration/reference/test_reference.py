"""Reference tables load once, catalogues grow by two people, and a bank lays its rows over the files."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
import sqlalchemy as sa

from app.kernel.errors import Forbidden, InvalidInput, NotFound
from app.reference import domain
from app.reference.invariants import violations
from app.reference.models import CatalogueItem, PolicyOverride, Region
from app.reference.queries import find_item
from app.reference.services import (
    ImportCatalogue,
    ProposeOverride,
    business_calendar,
    calendar_days,
    decide_items,
    decide_override,
    load_reference,
    policy_for,
    propose_items,
    propose_override,
    region_name,
)

TODAY = date(2024, 1, 2)
CAP = "collateral.pledge_rate.forest_right"


@pytest.fixture
def loaded(session):
    """The world's tables hold what `load_reference` loads."""
    return session


def test_loading_again_changes_nothing(loaded, world) -> None:
    def counts() -> list[int]:
        return [
            loaded.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in (Region, CatalogueItem)
        ]

    before = counts()
    load_reference(loaded, world.system())
    assert counts() == before
    assert before[0] >= 11
    assert region_name(loaded, "620725").zh == "山丹县"
    assert region_name(loaded, "999999").zh == "999999"
    assert list(violations(loaded)) == []


def test_the_calendar_knows_golden_week_made_up_days_and_where_it_ends(loaded) -> None:
    calendar = business_calendar(loaded)
    assert not calendar.is_business_day(date(2024, 1, 1))
    assert calendar.is_business_day(date(2024, 1, 2))
    assert not calendar.is_business_day(date(2024, 10, 1))
    assert calendar.is_business_day(date(2024, 9, 29)), "a Sunday that is made up"
    last = calendar.official_until
    views = calendar_days(loaded, last, last + timedelta(days=1))
    assert [view.is_official for view in views] == [True, False]


FILE = "code,level,parent_code,name_zh\n4.3.1,3,4.3,退耕还林还草\n4.3.2,3,4.3,国家储备林\n"


def send(session, actor, *, text: str = FILE, dry_run: bool = False):
    command = ImportCatalogue(
        edition="2019",
        source="发改环资〔2019〕293号附件",
        file_name="items.csv",
        content=text.encode(),
        dry_run=dry_run,
    )
    return propose_items(session, actor, command)


def test_items_enter_the_edition_only_when_a_second_person_accepts(loaded, world, commit) -> None:
    proposed = send(loaded, world.actor("sys-1"))
    assert find_item(loaded, "2019", "4.3.1") is None
    decide_items(loaded, world.actor("sec-1"), proposed.id, accept=True)
    item = find_item(loaded, "2019", "4.3.1")
    assert item is not None
    assert item.parent_code == "4.3"
    commit()
    assert list(violations(loaded)) == []
    with pytest.raises(domain.AlreadyDecided):
        decide_items(loaded, world.actor("sec-1"), proposed.id, accept=False)


def test_a_rejected_proposal_leaves_the_edition_as_it_was(loaded, world) -> None:
    proposed = send(loaded, world.actor("sys-1"))
    decide_items(loaded, world.actor("sec-1"), proposed.id, accept=False)
    assert find_item(loaded, "2019", "4.3.1") is None


def test_the_proposer_cannot_accept_even_with_the_permission(loaded, world) -> None:
    both = world.system()
    proposed = send(loaded, both)
    with pytest.raises(domain.SecondPersonNeeded):
        decide_items(loaded, both, proposed.id, accept=True)


def test_a_dry_run_stores_nothing_and_names_each_wrong_line(loaded, world) -> None:
    text = FILE + "4.3.1,3,4.3,again\n4.9.1,3,4.9,no parent\n4.4,3,4,wrong level\nx,1,,name\n"
    report = send(loaded, world.actor("sys-1"), text=text, dry_run=True)
    assert report.id is None
    assert [error.line for error in report.errors] == [4, 5, 6, 7]
    with pytest.raises(domain.ImportRefused) as refused:
        send(loaded, world.actor("sys-1"), text=text)
    assert refused.value.errors[0].pointer == "/file/4/code"


def test_only_the_platform_proposes_items(loaded, world) -> None:
    with pytest.raises(Forbidden):
        send(loaded, world.actor("a-officer"))
    with pytest.raises(NotFound):
        propose_items(
            loaded,
            world.actor("sys-1"),
            ImportCatalogue(
                edition="1999", source="x", file_name="a.csv", content=b"", dry_run=True
            ),
        )


def propose(session, actor, *, value: str = "0.40", days: int = 0, parameter: str = CAP):
    command = ProposeOverride(
        parameter_id=parameter,
        valid_from=TODAY + timedelta(days=days),
        value=Decimal(value),
        reason="会议纪要 2024-1",
    )
    return propose_override(session, actor, command)


def test_a_bank_s_row_counts_from_its_day_once_a_second_person_accepted_it(loaded, world) -> None:
    bank, other = world.organisation("A"), world.organisation("B")
    proposed = propose(loaded, world.actor("a-collateral"), days=3)
    day = TODAY + timedelta(days=3)
    assert policy_for(loaded, bank, day).ppm(CAP) == 500_000
    decide_override(loaded, world.actor("a-approve"), proposed.id, accept=True)
    assert policy_for(loaded, bank, day).ppm(CAP) == 400_000
    assert policy_for(loaded, bank, day - timedelta(days=1)).ppm(CAP) == 500_000
    assert policy_for(loaded, other, day).ppm(CAP) == 500_000


def test_another_bank_s_proposal_is_not_found(loaded, world) -> None:
    proposed = propose(loaded, world.actor("a-collateral"))
    with pytest.raises(NotFound):
        decide_override(loaded, world.actor("b-approve"), proposed.id, accept=True)


def test_what_the_law_sets_cannot_be_laid_over(loaded, world) -> None:
    with pytest.raises(domain.LawFixesThis):
        propose(loaded, world.actor("a-risk"), parameter="loans.penalty_rate.overdue_high")


@pytest.mark.parametrize(
    ("value", "days", "parameter"),
    [
        ("1.000001", 0, CAP),
        ("0.1234567", 0, CAP),
        ("0.5", -1, CAP),
        ("2.5", 0, "collateral.cure_days"),
        ("0", 0, "collateral.cure_days"),
        ("1", 0, "collateral.ltv_basis"),
        ("1", 0, "no.such.parameter"),
        ("8", 0, "loans.technical_delay"),
        ("60", 0, "loans.technical_delay"),
        ("0", 0, "loans.repayment_limit"),
        ("0.999999", 0, "loans.repayment_limit"),
        ("10.000001", 0, "loans.repayment_limit"),
        ("367", 0, "loans.lpr.longest_lag"),
        ("367", 0, "loans.lpr.lag"),
    ],
)
def test_a_value_outside_of_its_bounds_is_refused(loaded, world, value, days, parameter) -> None:
    with pytest.raises(InvalidInput):
        propose(loaded, world.actor("a-risk"), value=value, days=days, parameter=parameter)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (CAP, "0"),
        (CAP, "1"),
        ("collateral.cure_days", "1"),
        ("collateral.cure_days", "3660"),
        ("loans.technical_delay", "0"),
        ("loans.technical_delay", "7"),
        ("loans.repayment_limit", "1"),
        ("loans.repayment_limit", "10"),
        ("loans.lpr.longest_lag", "366"),
    ],
)
def test_a_value_on_its_bound_is_taken(loaded, world, parameter, value) -> None:
    actor = world.actor("a-risk")
    assert propose(loaded, actor, parameter=parameter, value=value).state == "proposed"


def test_a_value_outside_of_its_bounds_is_not_accepted_either(loaded, world) -> None:
    """One that was proposed before its file had bounds."""
    proposed = propose(loaded, world.actor("a-risk"), parameter="loans.technical_delay", value="7")
    loaded.get_one(PolicyOverride, proposed.id).value = Decimal(60)
    with pytest.raises(InvalidInput) as refused:
        decide_override(loaded, world.actor("a-approve"), proposed.id, accept=True)
    assert [each.pointer for each in refused.value.errors] == ["/value"]
    rejected = decide_override(loaded, world.actor("a-approve"), proposed.id, accept=False)
    assert rejected.state == "rejected"


WARNING, TOP_UP, DISPOSAL, TARGET = (
    f"collateral.ltv.{line}" for line in ("warning", "top_up", "disposal", "cure_target")
)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (TOP_UP, "0.50"),
        (TOP_UP, "0.60"),
        (TOP_UP, "0.80"),
        (WARNING, "0.59"),
        (DISPOSAL, "0.70"),
        (TARGET, "0.61"),
    ],
)
def test_a_line_that_would_not_rise_is_refused(loaded, world, parameter, value) -> None:
    with pytest.raises(domain.LinesDoNotRise):
        propose(loaded, world.actor("a-risk"), parameter=parameter, value=value)


@pytest.mark.parametrize(
    ("parameter", "value"),
    [(TOP_UP, "0.600001"), (TOP_UP, "0.799999"), (WARNING, "0.69"), (TARGET, "0.60")],
)
def test_a_line_between_its_neighbours_is_taken(loaded, world, parameter, value) -> None:
    assert propose(loaded, world.actor("a-risk"), parameter=parameter, value=value).version == 1


def test_two_lines_proposed_apart_do_not_cross_when_they_are_accepted(loaded, world) -> None:
    approver = world.actor("a-approve")
    lower = propose(loaded, world.actor("a-risk"), parameter=TOP_UP, value="0.65")
    higher = propose(loaded, world.actor("a-risk"), parameter=WARNING, value="0.66")
    decide_override(loaded, approver, lower.id, accept=True)
    with pytest.raises(domain.LinesDoNotRise):
        decide_override(loaded, approver, higher.id, accept=True)
    assert decide_override(loaded, approver, higher.id, accept=False).state == "rejected"


def test_a_line_may_not_cross_one_that_counts_from_a_later_day(loaded, world) -> None:
    later = propose(loaded, world.actor("a-risk"), parameter=TOP_UP, value="0.65", days=30)
    decide_override(loaded, world.actor("a-approve"), later.id, accept=True)
    with pytest.raises(domain.LinesDoNotRise) as refused:
        propose(loaded, world.actor("a-risk"), parameter=WARNING, value="0.66")
    assert refused.value.facts["on"] == (TODAY + timedelta(days=30)).isoformat()


def test_a_decision_without_a_second_person_is_found_by_verify(loaded, world) -> None:
    proposed = propose(loaded, world.actor("a-risk"))
    loaded.execute(
        sa.update(PolicyOverride)
        .where(PolicyOverride.id == proposed.id)
        .values(state="accepted")
        .execution_options(synchronize_session=False)
    )
    loaded.expire_all()
    found = list(violations(loaded))
    assert [each.invariant for each in found] == ["proposal-state", "four-eyes"]
    assert CAP in found[0].subject
