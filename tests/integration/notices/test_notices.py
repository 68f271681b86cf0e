"""Messages reach their organisation; letters wait in the outbox until the mail takes them."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.kernel.errors import NotFound
from app.notices.domain import MAX_ATTEMPTS, MailState, wait_after
from app.notices.invariants import violations
from app.notices.mail import FileMail, MemoryMail
from app.notices.models import Notice, OutboxMail
from app.notices.queries import unread_count, visible_notices
from app.notices.services import Notify, deliver_due, mark_read, notify


def tell(session, world, code: str = "C1", addresses: tuple[str, ...] = ()) -> Notice:
    command = Notify(
        organisation_id=world.organisation(code),
        kind="top-up",
        template="A top-up notice for loan %(number)s was issued.",
        facts={"number": "L-2024-000001"},
        href="/loans/1",
        addresses=addresses,
        letter_subject="追加担保通知书",
        letter_body="L-2024-000001",
    )
    return notify(session, command)


def test_an_organisation_reads_its_own_messages_only(session, world) -> None:
    row = tell(session, world)
    c1, c2 = world.actor("c1-fin"), world.actor("c2-fin")
    assert unread_count(session, c1) == 1
    assert unread_count(session, c2) == 0
    assert session.execute(visible_notices(c2)).all() == []
    with pytest.raises(NotFound):
        mark_read(session, c2, row.id)
    mark_read(session, c1, row.id)
    assert unread_count(session, c1) == 0


def test_a_letter_leaves_once(session, world, tmp_path) -> None:
    tell(session, world, addresses=("a@example.invalid",))
    session.flush()
    mail = MemoryMail()
    assert deliver_due(session, mail) == 1
    assert deliver_due(session, mail) == 0
    assert [letter.subject for letter in mail.letters] == ["追加担保通知书"]
    FileMail(tmp_path).send(mail.letters[0])
    FileMail(tmp_path).send(mail.letters[0])
    assert len(list(tmp_path.iterdir())) == 1
    assert list(violations(session)) == []


def test_a_failed_letter_waits_longer_each_time_and_is_given_up_at_last(
    session, world, clock
) -> None:
    tell(session, world, addresses=("a@example.invalid",))
    session.flush()
    broken = MemoryMail(broken=True)
    row = session.execute(sa.select(OutboxMail)).scalar_one()
    for attempt in range(1, MAX_ATTEMPTS + 1):
        assert row.state is MailState.WAITING
        assert deliver_due(session, broken) == 0
        assert row.attempts == attempt
        clock.instant += wait_after(attempt) - timedelta(seconds=1)
        assert deliver_due(session, broken) == 0
        assert row.attempts == attempt, "not before it is due"
        clock.instant += timedelta(seconds=1)
    assert row.state is MailState.FAILED
    assert deliver_due(session, MemoryMail()) == 0
