"""A warning signal of the system on its pages: figures in the reader's language, filters, the end of its cause."""

import pytest
import sqlalchemy as sa

from app.loans.inspection.models import WarningSignal
from tests.factories.collateral import WAN, Vault


@pytest.fixture
def place(session, world, commit):
    """The page of the signal of a loan over its warning line."""
    vault = Vault(session, world)
    vault.at_line(65 * WAN, 100 * WAN)
    vault.watch()
    signal_id = session.execute(sa.select(WarningSignal)).scalar_one().id
    commit()
    return f"/warning-signals/{signal_id}"


@pytest.mark.parametrize(
    ("language", "trigger", "line", "told"),
    [
        ("en", "Cover below its lines", "Warning line", "Line crossed Warning line"),
        ("zh", "押品覆盖不足", "预警线", "触及的线预警线"),
    ],
)
def test_what_led_to_a_signal_is_shown_in_the_language_of_the_reader(
    sign_in, place, language, trigger, line, told
):
    text = sign_in("a-officer", language=language).get(place, status=200).text
    for words in (trigger, line, told, "650,000.00", "1,000,000.00", "65.00%"):
        assert words in text


def test_the_list_narrows_to_signals_of_the_system_and_to_ended_causes(
    sign_in, place, session, world, commit
):
    officer = sign_in("a-officer", language="en")
    assert place in officer.get("/warning-signals?source=system", status=200).text
    assert place not in officer.get("/warning-signals?source=outside", status=200).text
    assert place not in officer.get("/warning-signals?over=true", status=200).text
    vault = Vault(session, world)
    signal = session.execute(sa.select(WarningSignal)).scalar_one()
    vault.owe(signal.loan_id, 10 * WAN)
    vault.watch(everything=True)
    commit()
    assert place in officer.get("/warning-signals?over=true", status=200).text
    shown = officer.get(place, status=200).text
    assert "The cause ended on 2024-01-02" in shown
    assert "The cover is within its lines" in shown
    assert "End the signal: its cause has ended" in officer.get("/worklist", status=200).text
    officer.submit(f"{place}/events/resolve", {"note": "已归还大部分本金"}, status=303)
