"""The words beside a notice fit its state: only what was dropped or failed says why."""

import pytest

from app.loans.domain.notices import (
    DROP_REASONS,
    NO_CHANGE,
    PAID_BEFORE,
    NoticeKind,
    NoticeState,
    fits_state,
)


@pytest.mark.parametrize("state", [NoticeState.WAITING, NoticeState.ISSUED])
def test_what_waits_or_was_issued_gives_no_reason(state):
    assert fits_state(NoticeKind.DUE, state, "")
    assert not fits_state(NoticeKind.DUE, state, PAID_BEFORE)


def test_what_could_not_be_printed_says_why():
    assert fits_state(NoticeKind.DUE, NoticeState.FAILED, "ValueError: ink")
    assert not fits_state(NoticeKind.DUE, NoticeState.FAILED, "")


@pytest.mark.parametrize("kind", NoticeKind)
def test_what_was_dropped_gives_a_reason_of_its_kind(kind):
    assert all(fits_state(kind, NoticeState.DROPPED, each) for each in DROP_REASONS[kind])
    foreign = NO_CHANGE if kind is not NoticeKind.RATE_CHANGE else PAID_BEFORE
    for reason in ("", "ValueError: ink", foreign):
        assert not fits_state(kind, NoticeState.DROPPED, reason)
