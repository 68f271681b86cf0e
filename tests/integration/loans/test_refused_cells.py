"""Refused rows of a file of repayments show their cells as they were typed."""

from datetime import date

import pytest

from app.kernel.csv_rows import MAX_TYPED_CHARACTERS
from app.loans.repayments.import_files import repayment_template
from tests.integration.loans.test_import_repayments import (  # noqa: F401 - fixtures
    csv,
    filled,
    loan,
    loans,
    look,
    send,
)


def typed(batch):
    return {row.line: [each.typed for each in row.problems] for row in batch.rows if row.problems}


def test_each_problem_of_a_stored_row_names_the_cell_as_typed(bank, loan):  # noqa: F811
    lines = (
        f"{loan.number},100.005,a1,,,",
        f"{loan.number}, 12 元 ,a2,soon,maybe,",
        f"{loan.number},,a3,,,",
        f"{loan.number},100.00,a4",
        "L-0000-000000,100.00,a5,,,",
        f"{loan.number},100.00,a6,,,",
    )
    expected = {
        2: ["100.005"],
        3: ["soon", "maybe", "12 元"],
        4: [""],
        5: [f"{loan.number}, 100.00, a4"],
        6: ["L-0000-000000"],
    }
    kept = send(bank, csv(*lines))
    found = {line: sorted(cells) for line, cells in typed(kept).items()}
    assert found == {line: sorted(cells) for line, cells in expected.items()}
    assert typed(look(bank, kept)) == typed(kept)
    # A CSV has no third row that could hold the unit.
    told = [str(each) for row in kept.rows for each in row.problems]
    assert any("单位见列名" in each for each in told)
    assert not any("第三行" in each for each in told)


@pytest.mark.one_engine("sqlite")
def test_cells_of_a_workbook_show_as_its_program_shows_them(bank, loan):  # noqa: F811
    rows = [
        (loan.number, 1200.505, "k1", date(2024, 1, 9)),
        (loan.number, "=1+1", 10**15),
        (loan.number, True, "k3", "1月"),
    ]
    sent = filled(rows, repayment_template(bank.actor, "zh"))
    found = typed(send(bank, sent, name="repayments.xlsx", dry_run=True))
    assert [sorted(cells) for cells in found.values()] == [
        ["1200.505", "2024-01-09"],
        ["1000000000000000", "=1+1"],
        ["1月", "True"],
    ]


@pytest.mark.one_engine("sqlite")
def test_a_long_or_hidden_text_is_shown_cut_and_in_sight(bank, loan):  # noqa: F811
    longest = "x" * MAX_TYPED_CHARACTERS
    lines = (f"{longest},1.00,a1,,,", f"{longest}y,1.00,a2,,,", "L\u200b1,1.00,a3,,,")
    cells = [row.problems[0].typed for row in send(bank, csv(*lines), dry_run=True).rows]
    assert cells == [longest, f"{longest[:-1]}…", "L\ufffd1"]
