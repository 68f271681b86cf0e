"""The page of published cases: each case once, under one heading, with a source."""

from collections import Counter

from tests.support.case_reference import UNNAMED, cases_page


def _rows() -> list[list[str]]:
    lines = [line for line in cases_page().splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def _headed() -> dict[str, list[str]]:
    """Ids by heading."""
    parts = cases_page().split("\n## ")
    return {
        part.partition("\n")[0]: [
            line.split("|")[1].strip() for line in part.splitlines() if line.startswith("| ")
        ]
        for part in parts
    }


def test_no_two_cases_have_one_id():
    counted = Counter(row[0] for row in _rows() if row[0] != "Case")
    assert [case_id for case_id, count in counted.items() if count > 1] == []


def test_every_case_names_a_source_or_says_that_none_was_recorded():
    cells = {row[0]: row for row in _rows()}
    assert all(all(row) for row in cells.values())
    assert "People's Daily" in cells["V48-2024"][2]
    assert {case_id for case_id, row in cells.items() if UNNAMED in row} <= {"P04"}


def test_a_claim_to_be_wary_of_is_a_warning_alone():
    found = _headed()
    under = [head for head, ids in found.items() if any(each.startswith("V43") for each in ids)]
    assert under == ["Warnings"]


def test_a_case_says_that_it_is_compared_before_the_discount_of_a_sale():
    cells = {row[0]: row for row in _rows()}
    for case_id in ("V42-ticket", "V47", "V48-2025"):
        assert "before the discount of a sale" in cells[case_id][1]
    assert "before the discount of a sale" not in cells["V01"][1]
    # The one that compares the discount too.
    assert "before the discount of a sale" not in cells["V45"][1]
