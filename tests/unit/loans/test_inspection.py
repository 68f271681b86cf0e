"""When loans are checked, what a report must answer, and how checks and signals move."""

from datetime import date, timedelta
from itertools import product
from pathlib import Path

import pytest
from babel.messages.pofile import read_po
from hypothesis import given
from hypothesis import strategies as st

from app import policy
from app.kernel.errors import IllegalEvent
from app.kernel.schedule_dates import add_months
from app.loans.domain.classification import LoanClass
from app.loans.domain.inspection import (
    INSPECTION,
    PLANNED_CHECK,
    Answer,
    Conclusion,
    Finding,
    InspectionEvent,
    InspectionKind,
    InspectionState,
    LoanToCheck,
    PlanRules,
    UseOfFunds,
    brought_forward_on,
    checklist,
    concluded_too_well,
    gaps,
    interval_months,
    machine_for,
    next_check,
    plan_rules,
    tables,
)
from app.loans.domain.signals import (
    SIGNAL,
    SignalEvent,
    SignalState,
    fact_to_consider,
    is_raised,
    levels,
    signal_kinds,
    sources,
)
from app.loans.domain.states import LoanFact, Security
from app.policy import Policy

CATALOGUE = (
    Path(__file__).resolve().parents[3] / "app/translations/zh_Hans_CN/LC_MESSAGES/messages.po"
)
OPENED = date(2024, 1, 2)
RULES = plan_rules(Policy(parameters=policy.on(OPENED)))


def loan(drawn_on=OPENED, **given):
    known = {
        "first_drawn_on": drawn_on,
        "loan_class": LoanClass.NORMAL,
        "security": Security.MORTGAGE,
        "first_made": False,
        "last_checked_on": None,
    }
    return LoanToCheck(**{**known, **given})


def every_words(node):
    """Each pair of English and Chinese words of the tables."""
    if isinstance(node, dict):
        if {"en", "zh"} <= set(node):
            yield node["en"], node["zh"]
        for each in node.values():
            yield from every_words(each)
    elif isinstance(node, list):
        for each in node:
            yield from every_words(each)


def test_every_word_of_the_tables_is_a_message_with_the_same_chinese():
    with CATALOGUE.open("rb") as file:
        catalogue = read_po(file, locale="zh_Hans_CN")
    known = {each.id: each.string for each in catalogue}
    words = list(every_words(tables()))
    assert [(en, known.get(en)) for en, zh in words if known.get(en) != zh] == []


@pytest.mark.parametrize(
    ("machine", "states", "events"),
    [
        (INSPECTION, InspectionState, InspectionEvent),
        (SIGNAL, SignalState, SignalEvent),
    ],
    ids=["inspection", "signal"],
)
def test_what_is_not_listed_is_refused_and_every_state_is_reached(machine, states, events):
    reached = {machine.initial, *machine.table.values()}
    for state, event in product(states, events):
        if (state, event) in machine.table:
            assert machine.next(state, event) in set(states)
        else:
            with pytest.raises(IllegalEvent):
                machine.next(state, event)
    assert reached == set(states)
    assert set(machine.permissions) == set(events)


def test_reviewed_and_dropped_checks_and_ended_signals_are_final():
    assert INSPECTION.final_states() == {InspectionState.REVIEWED, InspectionState.DROPPED}
    assert SIGNAL.final_states() == {SignalState.RESOLVED, SignalState.DISMISSED}


def test_a_check_of_the_plan_is_never_dropped_by_hand():
    assert machine_for(InspectionKind.FIRST) is PLANNED_CHECK
    with pytest.raises(IllegalEvent):
        machine_for(InspectionKind.REGULAR).next(InspectionState.PLANNED, InspectionEvent.DROP)
    special = machine_for(InspectionKind.SPECIAL)
    assert special.next(InspectionState.PLANNED, InspectionEvent.DROP) is InspectionState.DROPPED


def test_the_first_check_is_due_fifteen_days_after_the_first_drawdown():
    found = next_check(loan(), RULES, books_since_on=OPENED)
    assert (found.kind, found.due_on, found.months) == (
        InspectionKind.FIRST,
        date(2024, 1, 17),
        None,
    )


@pytest.mark.parametrize(
    ("days_before", "kind"), [(15, InspectionKind.FIRST), (16, InspectionKind.REGULAR)]
)
def test_a_loan_whose_first_check_fell_due_elsewhere_begins_with_a_regular_one(days_before, kind):
    taken = loan(OPENED - timedelta(days=days_before))
    found = next_check(taken, RULES, books_since_on=OPENED)
    assert found.kind is kind
    regular = add_months(OPENED, 6, anchor_day=2)
    assert found.due_on == (OPENED if kind is InspectionKind.FIRST else regular)


@pytest.mark.parametrize(
    ("tier", "security", "months"),
    [
        (LoanClass.NORMAL, Security.MORTGAGE, 6),
        (LoanClass.NORMAL, Security.PLEDGE, 3),
        (LoanClass.NORMAL, Security.CREDIT, 3),
        (LoanClass.SPECIAL_MENTION, Security.MORTGAGE, 3),
        (LoanClass.SUBSTANDARD, Security.MORTGAGE, 1),
        (LoanClass.LOSS, Security.PLEDGE, 1),
        (None, None, 3),
    ],
)
def test_the_interval_is_the_shorter_of_class_and_security(tier, security, months):
    assert interval_months(RULES, tier, security) == months


def test_the_next_check_counts_from_the_last_one_made():
    made = loan(first_made=True, last_checked_on=date(2024, 1, 31), security=Security.PLEDGE)
    found = next_check(made, RULES, books_since_on=OPENED)
    assert (found.kind, found.due_on, found.months) == (
        InspectionKind.REGULAR,
        date(2024, 4, 30),
        3,
    )


@given(
    st.sampled_from(list(LoanClass)),
    st.sampled_from(list(LoanClass)),
    st.sampled_from(list(Security)),
)
def test_a_worse_class_never_lengthens_the_interval(one, other, security):
    better, worse = sorted((one, other), key=lambda tier: tier.severity)
    assert interval_months(RULES, worse, security) <= interval_months(RULES, better, security)


@pytest.mark.parametrize(
    ("due_on", "planned", "present", "expected"),
    [
        (date(2024, 1, 18), LoanClass.NORMAL, LoanClass.SUBSTANDARD, date(2024, 1, 17)),
        (date(2024, 1, 17), LoanClass.NORMAL, LoanClass.SUBSTANDARD, None),
        (date(2024, 7, 2), LoanClass.NORMAL, LoanClass.NORMAL, None),
        (date(2024, 7, 2), LoanClass.SUBSTANDARD, LoanClass.NORMAL, None),
        (date(2024, 7, 2), None, LoanClass.SPECIAL_MENTION, date(2024, 1, 17)),
    ],
)
def test_a_worse_class_brings_the_check_forward_never_back(due_on, planned, present, expected):
    assert brought_forward_on(due_on, planned, present, RULES, on=OPENED) == expected


def findings(security, **answers):
    return [
        Finding(item=item.code, answer=answers.get(item.code.replace("-", "_"), Answer.FINE))
        for item in checklist()
        if item.applies_to(security)
    ]


@pytest.mark.parametrize("security", [None, *Security])
def test_a_report_that_answers_every_point_that_applies_is_complete(security):
    whole = findings(security)
    assert gaps(whole, security) == ()
    assert [gap.item.code for gap in gaps(whole[1:], security)] == [whole[0].item]


def test_a_concern_without_words_is_a_gap_and_one_with_words_is_none():
    answered = findings(Security.CREDIT, operation=Answer.CONCERN)
    (gap,) = gaps(answered, Security.CREDIT)
    assert (gap.item.code, gap.missing_note) == ("operation", True)
    told = [
        Finding(item=each.item, answer=each.answer, note="停产两周")
        if each.answer is Answer.CONCERN
        else each
        for each in answered
    ]
    assert gaps(told, Security.CREDIT) == ()
    assert concluded_too_well(told, Conclusion.SOUND)
    assert not concluded_too_well(told, Conclusion.WATCH)


def test_points_of_land_are_asked_of_pledged_loans_alone():
    of_land = {"standing", "fire", "pests", "felling", "water"}
    asked = {item.code for item in checklist() if item.applies_to(Security.PLEDGE)}
    assert of_land <= asked
    assert not of_land & {item.code for item in checklist() if item.applies_to(Security.CREDIT)}
    assert len({item.code for item in checklist()}) == len(checklist())


@pytest.mark.parametrize(
    ("drawn", "proved", "open_fen", "over"),
    [(300, 299, 1, 0), (300, 300, 0, 0), (300, 301, 0, 1)],
)
def test_proofs_stand_beside_what_was_drawn(drawn, proved, open_fen, over):
    use = UseOfFunds(drawn_fen=drawn, proved_fen=proved)
    assert (use.open_fen, use.over_fen) == (open_fen, over)


def test_levels_rise_in_the_order_of_the_table():
    codes = list(levels())
    assert codes == ["yellow", "orange", "red"]
    assert is_raised("yellow", "orange")
    assert not is_raised("orange", "orange")
    assert not is_raised("red", "orange")


SILENT = {"class", "check-late", "registration", "proof"}
"""Kinds that say nothing of the debtor, or only what the class knows."""


@pytest.mark.parametrize("kind", list(signal_kinds()))
def test_a_red_signal_points_to_a_fact_unless_its_kind_has_none(kind):
    assert (fact_to_consider(kind, "red") is None) == (kind in SILENT)


def test_misuse_points_to_its_fact_on_any_level_and_a_fall_of_prices_does_not():
    assert fact_to_consider("misuse", "yellow") is LoanFact.FUNDS_MISUSED
    assert fact_to_consider("price-fall", "orange") is None
    assert {"inspection", "price-watch", "overdue", "outside", "system"} == set(sources())


def test_every_interval_is_a_parameter_that_a_bank_may_lay_its_own_over():
    assert isinstance(RULES, PlanRules)
    known = policy.parameter_set()
    own = [each for each in known if each.id.startswith("loans.inspection.")]
    assert len(own) == 3 + len(LoanClass) + len(Security)
    assert {each.status for each in own} <= {"judgement", "to-confirm"}
    assert {each.unit for each in own} == {"day", "month"}
