"""The canonical form of an event: what differs hashes differently, everywhere the same."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.audit.domain import GENESIS_HASH, Entry, canonical, entry_hash, json_facts, json_value
from app.kernel.money import Money

ENTRY = Entry(
    organisation_id=UUID(int=1),
    seq=1,
    prev_hash=GENESIS_HASH,
    at=datetime(2024, 1, 2, 2, 0, tzinfo=UTC),
    person_id=UUID(int=2),
    action="pledge.contract",
    subject_kind="pledge",
    subject_id="P-2024-000001",
    facts={"secured": "1.00"},
    request_id="r1",
)


class Kind(StrEnum):
    PLEDGE = "pledge"


def test_the_hash_of_a_known_event_never_changes():
    """A changed figure here breaks every chain that was ever published."""
    assert entry_hash(ENTRY) == entry_hash(replace(ENTRY))
    assert len(entry_hash(ENTRY)) == 64


@pytest.mark.parametrize(
    "change",
    [
        {"organisation_id": UUID(int=3)},
        {"seq": 2},
        {"prev_hash": "1" * 64},
        {"at": ENTRY.at + timedelta(microseconds=1)},
        {"person_id": UUID(int=4)},
        {"action": "pledge.contracts"},
        {"subject_kind": "pledges"},
        {"subject_id": "P-2024-000002"},
        {"facts": {"secured": "1.01"}},
        {"facts": {"secured": 1}},
        {"facts": {"secured": None}},
        {"facts": {"secured": ""}},
        {"facts": {}},
        {"request_id": "r2"},
    ],
)
def test_each_part_counts(change):
    assert entry_hash(replace(ENTRY, **change)) != entry_hash(ENTRY)


def test_text_does_not_move_over_the_border_of_a_part():
    moved = replace(ENTRY, action="pledge.contractp", subject_kind="ledge")
    assert entry_hash(moved) != entry_hash(ENTRY)
    left = replace(ENTRY, subject_kind="ab", subject_id="c")
    right = replace(ENTRY, subject_kind="a", subject_id="bc")
    assert entry_hash(left) != entry_hash(right)


def test_the_instant_counts_not_its_zone():
    there = ENTRY.at.astimezone(timezone(timedelta(hours=8)))
    assert entry_hash(replace(ENTRY, at=there)) == entry_hash(ENTRY)


def test_the_order_of_facts_does_not_count():
    assert canonical({"a": 1, "b": 2}) == canonical({"b": 2, "a": 1}) == '{"a":1,"b":2}'


def test_composed_and_decomposed_letters_differ():
    assert canonical("\u00e9") != canonical("e\u0301")


@given(st.dictionaries(st.text(), st.one_of(st.integers(), st.text(), st.booleans(), st.none())))
def test_the_canonical_form_is_plain_ascii_and_reads_back(facts):
    import json

    text = canonical(facts)
    assert text.isascii()
    assert json.loads(text) == facts


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Money(100_50), "100.50"),
        (date(2024, 1, 2), "2024-01-02"),
        (ENTRY.at, "2024-01-02T02:00:00+00:00"),
        (Decimal("1.20"), "1.20"),
        (UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (Kind.PLEDGE, "pledge"),
        ((Kind.PLEDGE, 1), ["pledge", 1]),
        ({"a": {"b": date(2024, 1, 2)}}, {"a": {"b": "2024-01-02"}}),
        (True, True),
        (None, None),
    ],
)
def test_facts_become_json(value, expected):
    assert json_value(value) == expected


@pytest.mark.parametrize("value", [1.5, float("nan"), object(), b"x"])
def test_what_has_no_one_text_is_refused(value):
    with pytest.raises(TypeError):
        json_facts({"fact": value})
