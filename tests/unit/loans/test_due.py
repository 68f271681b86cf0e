"""A month of days and its sums."""

from datetime import date

from app.loans.domain.due import DueSums, sums_by_day, total_of, weeks_of


def test_a_month_is_shown_in_weeks_from_monday_without_days_of_other_months():
    weeks = weeks_of(2024, 2, {})
    assert len(weeks) == 5
    assert [each is None for each in weeks[0]] == [True, True, True, False, False, False, False]
    assert [each is None for each in weeks[-1]] == [False, False, False, False, True, True, True]
    days = [each.on for week in weeks for each in week if each]
    assert days == [date(2024, 2, number) for number in range(1, 30)]


def test_a_day_carries_the_sum_of_what_falls_due_on_it():
    first, second = date(2024, 3, 20), date(2024, 3, 21)
    parts = [
        (second, DueSums(count=1, principal_fen=100, interest_fen=7, left_fen=107)),
        (first, DueSums(count=1, interest_fen=3, left_fen=3)),
        (second, DueSums(count=1, interest_fen=5, overdue_count=1, overdue_fen=5, left_fen=5)),
    ]
    days = sums_by_day(parts)
    assert days[second] == DueSums(
        count=2, principal_fen=100, interest_fen=12, left_fen=112, overdue_count=1, overdue_fen=5
    )
    assert days[second].payment_fen == 112
    assert total_of(days.values()).left_fen == 115
    shown = [each.sums.count for week in weeks_of(2024, 3, days) for each in week if each]
    assert (shown[19], shown[20], sum(shown)) == (1, 2, 3)
