"""Notices of rates: a reset that leaves the rate as it was tells the borrower nothing."""

from datetime import date

import pytest

from app.loans.domain.notices import NoticeKind
from tests.integration.loans.test_notices import close_to, notices  # noqa: F401 - a fixture
from tests.integration.loans.test_rates import lpr, rates, taken_over  # noqa: F401 - a fixture


@pytest.mark.parametrize(
    ("drawn_on", "reset_on", "before_ppm", "after_ppm"),
    [
        # The LPR of a year was 3.45 % from August 2023 to July 2024.
        (date(2024, 1, 2), date(2024, 4, 1), 40_000, 40_000),
        (date(2024, 7, 1), date(2024, 10, 1), 40_000, 39_000),
    ],
)
def test_only_a_rate_that_changed_is_told(lpr, notices, drawn_on, reset_on, before_ppm, after_ppm):  # noqa: F811
    lpr.open(reset_on.replace(day=1))
    loan_id = taken_over(lpr, starts_on=drawn_on, matures_on=date(2025, 1, 1))
    close_to(lpr, reset_on.replace(day=3))
    assert [each[1] for each in rates(lpr, loan_id)] == [before_ppm, after_ppm]
    told = [each.about_on for each in notices(kind=NoticeKind.RATE_CHANGE)]
    assert told == ([reset_on] if after_ppm != before_ppm else [])
